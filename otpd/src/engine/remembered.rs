//! Remembered logins: looked for where a login begins, shown and forgotten.

use std::time::Instant;

use otp_core::{
    Changed, Origin, Recalled, Refusal, Remembered, Remembering, Uid, forget_remembered, recall,
};

use super::{Asked, Engine, Unavailable, steps::OnAccount};
use crate::{
    nss::Person,
    store::{Persisted, Store},
};

impl Engine {
    /// Whether a login goes on without a code because one was shown before. It is decided and
    /// written in one transaction, so that no change of the devices falls between.
    pub async fn recall(
        &self,
        person: Person,
        by: Uid,
        wanted: Remembering,
        (origin, kinds): (Origin, Option<Vec<String>>),
        before: Instant,
    ) -> Result<Persisted<Recalled>, Unavailable> {
        let policy = self.throttle();
        let step = OnAccount::new(person, by, Refusal::NotRemembered, move |account, now| {
            recall(account, &wanted, (&origin, kinds.as_deref()), &policy, now)
        });
        Ok(self.store.transact(step, before).await?)
    }

    /// Forgets one remembered login of a user, or all.
    pub async fn forget_remembered(
        &self,
        person: Person,
        asked: Asked,
        which: Option<u32>,
        before: Instant,
    ) -> Result<Persisted<Changed<Vec<Remembered>>>, Unavailable> {
        let policy = self.throttle();
        let step = OnAccount::new(person, asked.by, Refusal::NotRemembered, move |account, now| {
            forget_remembered(account, which, &asked.asking(&policy, now))
        });
        Ok(self.store.transact(step, before).await?)
    }
}
