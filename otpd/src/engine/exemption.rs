//! Exemptions, given and ended.

use std::time::Instant;

use otp_core::{Changed, ExemptionReason, Refusal, Seconds, UnixTime, end_exemption, exempt};

use super::{
    Asked, Engine, Unavailable,
    steps::{OnAccount, OnPerson},
};
use crate::{
    nss::Person,
    store::{Persisted, Store},
};

impl Engine {
    /// Exempts a user from codes for a time; until when.
    pub async fn exempt(
        &self,
        person: Person,
        asked: Asked,
        (length, reason): (Seconds, ExemptionReason),
        before: Instant,
    ) -> Result<Persisted<Changed<UnixTime>>, Unavailable> {
        let policy = self.throttle();
        let step = OnPerson::new(person, asked.by, move |account, person: &Person, now| {
            let given = (length, reason.clone());
            exempt(account, &person.name, person.uid, given, &asked.asking(&policy, now))
        });
        Ok(self.store.transact(step, before).await?)
    }

    /// Ends a user's exemption.
    pub async fn end_exemption(
        &self,
        person: Person,
        asked: Asked,
        before: Instant,
    ) -> Result<Persisted<Changed<()>>, Unavailable> {
        let policy = self.throttle();
        let step = OnAccount::new(person, asked.by, Refusal::NotExempt, move |account, now| {
            end_exemption(account, &asked.asking(&policy, now))
        });
        Ok(self.store.transact(step, before).await?)
    }
}
