//! Accounts as a whole: given to another name or uid, removed, listed. What the user database says
//! of those concerned is asked here; what follows from it is the core's to decide.

use std::time::Instant;

use otp_core::{
    Adopted, Claim, Concerned, Decision, Device, Former, Lane, ThrottlePolicy, Uid, UnixTime,
    UserName, adopt,
};

use super::{Engine, Unavailable};
use crate::{
    nss::Person,
    store::{Entry, Key, Page, Persisted, Query, Records, Step, Store, Stored, StoredName},
};

/// An account in the list of all.
pub struct Listed {
    /// What is there under its name.
    pub stored: Stored,
    /// What only an account shows that is whole.
    pub whole: Option<Whole>,
}

/// What an account shows that is whole.
pub struct Whole {
    /// Whether a code is demanded.
    pub demands_code: bool,
    /// The lanes that are locked.
    pub locked: Vec<Lane>,
    /// When a code was last accepted.
    pub last_used: Option<UnixTime>,
    /// Until when no code is demanded.
    pub exempt: Option<UnixTime>,
}

impl Engine {
    /// Gives an account to the name and uid that `person` has now: the one of that name, or the one
    /// of a former name.
    pub async fn adopt(
        &self,
        person: Person,
        former: Option<UserName>,
        caller: Uid,
        before: Instant,
    ) -> Result<Persisted<Adopted>, Unavailable> {
        let name = former.as_ref().unwrap_or(&person.name).clone();
        let belongs = Belongs { keys: [Key::Account(name.clone())], name };
        let belonged = self.store.snapshot(belongs, before).await?;
        let former = match former {
            Some(name) => {
                let means = self.nss.person(&name, caller, before).await?;
                Some(Former { name, means: means.map(|person| person.name) })
            }
            None => None,
        };
        let holder = match belonged {
            Some(uid) if uid != person.uid => self.nss.holder(uid, caller, before).await?,
            Some(_) | None => None,
        };
        let holder = holder.map(|person| person.name);
        let claim = Claim { user: person.name, uid: person.uid, former, belonged, holder };
        Ok(self.store.transact(Adopt::new(claim, caller), before).await?)
    }

    /// Removes all that is stored under a name; what that was.
    pub async fn forget(
        &self,
        name: StoredName,
        before: Instant,
    ) -> Result<Persisted<Option<Stored>>, Unavailable> {
        Ok(self.store.erase(name, before).await?)
    }

    /// All that is stored under a name.
    pub async fn stored(
        &self,
        name: StoredName,
        before: Instant,
    ) -> Result<Option<Stored>, Unavailable> {
        Ok(self.store.stored(name, before).await?)
    }

    /// The first `most` accounts behind a name.
    pub async fn accounts(
        &self,
        after: StoredName,
        most: u32,
        before: Instant,
    ) -> Result<Vec<Listed>, Unavailable> {
        let Page { now, entries } = self.store.accounts(after, most, before).await?;
        let policy = &self.throttle();
        Ok(entries.into_iter().map(|entry| listed(entry, policy, now)).collect())
    }
}

fn listed(Entry { stored, account }: Entry, policy: &ThrottlePolicy, now: UnixTime) -> Listed {
    let whole = account.map(|account| {
        let locked = account.lanes.iter().filter(|(_, state)| state.is_locked(policy, now));
        Whole {
            demands_code: account.demands_code(),
            locked: locked.map(|(lane, _)| *lane).collect(),
            exempt: account.exempt(now).map(|given| given.until),
            last_used: account.devices.iter().filter_map(|device: &Device| device.last_used).max(),
        }
    });
    Listed { stored, whole }
}

/// To which uid an account belongs.
struct Belongs {
    name: UserName,
    keys: [Key; 1],
}

impl Query for Belongs {
    type Row = Option<Uid>;

    fn keys(&self) -> &[Key] {
        &self.keys
    }

    fn answer(&self, seen: &Records, _: UnixTime) -> Option<Uid> {
        seen.account(&self.name).and_then(|account| account.uid)
    }
}

struct Adopt {
    claim: Claim,
    by: Uid,
    keys: Vec<Key>,
}

impl Adopt {
    fn new(claim: Claim, by: Uid) -> Self {
        let former = claim.former.iter().map(|former| Key::Account(former.name.clone()));
        let own = [Key::Account(claim.user.clone()), Key::Owner(claim.uid)];
        let keys = former.chain(own).collect();
        Self { claim, by, keys }
    }
}

impl Step for Adopt {
    type Outcome = Adopted;

    fn keys(&self) -> &[Key] {
        &self.keys
    }

    fn by(&self) -> Uid {
        self.by
    }

    fn decide(&self, seen: &Records, now: UnixTime) -> Decision<Adopted> {
        let Self { claim, .. } = self;
        let found = Concerned {
            account: seen.account(&claim.user),
            former: claim.former.as_ref().and_then(|former| seen.account(&former.name)),
            owned: seen.owner(claim.uid),
        };
        adopt(found, claim, now)
    }
}
