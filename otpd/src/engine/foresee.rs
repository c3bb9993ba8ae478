//! How an account stands to a login that nobody has begun: what `explain` tells beside the rules.

use std::time::Instant;

use otp_core::{Account, Origin, Refusal, UnixTime};

use super::{
    Engine, Unavailable,
    steps::{LaneOverview, Look, Overview, Standing},
};
use crate::{
    nss::Person,
    store::{Key, Query, Records, Store},
};

/// How an account stands to a login.
pub struct Foreseen {
    /// What there is.
    pub overview: Overview,
    /// Where a wrong code would count, and what has failed there.
    pub lane: LaneOverview,
}

impl Engine {
    /// How a user stands to a login from there, or why the account is not theirs.
    pub async fn foresee(
        &self,
        person: Person,
        origin: Origin,
        before: Instant,
    ) -> Result<Result<Foreseen, Refusal>, Unavailable> {
        let query = Foresee { look: Look::new(person, self.throttle()), origin };
        Ok(self.store.snapshot(query, before).await?)
    }
}

struct Foresee {
    look: Look,
    origin: Origin,
}

impl Query for Foresee {
    type Row = Result<Foreseen, Refusal>;

    fn keys(&self) -> &[Key] {
        self.look.keys()
    }

    fn answer(&self, seen: &Records, now: UnixTime) -> Self::Row {
        let Self { look: Look(whose, policy), origin } = self;
        let standing: Standing = self.look.answer(seen, now);
        let overview = standing?;
        let nothing = Account::new(overview.name.clone(), whose.uid());
        let account = whose.account(seen)?.unwrap_or(&nothing);
        let lane = origin.lane(account, now);
        let lane = LaneOverview::of(lane, &account.lane(lane), policy, now);
        Ok(Foreseen { overview, lane })
    }
}
