//! Questions for what happened to one account or to all of them.

use otp_core::{Refusal, UnixTime};

use super::steps::Whose;
use crate::{
    nss::Person,
    store::{Key, Logged, Query, Records},
};

/// Of one account, for whoever it is theirs.
pub(super) struct Log(Whose);

impl Log {
    pub(super) fn new(person: Person, most: u32) -> Self {
        let log = Key::Log(Some(person.name.clone()), most);
        let mut whose = Whose::new(person);
        whose.keys.push(log);
        Self(whose)
    }
}

impl Query for Log {
    type Row = Result<Vec<Logged>, Refusal>;

    fn keys(&self) -> &[Key] {
        &self.0.keys
    }

    fn answer(&self, seen: &Records, _: UnixTime) -> Self::Row {
        self.0.account(seen).map(|_| seen.log().to_vec())
    }
}

/// Of all accounts, also of those that belong to nobody any more.
pub(super) struct LogOfAll([Key; 1]);

impl LogOfAll {
    pub(super) fn new(most: u32) -> Self {
        Self([Key::Log(None, most)])
    }
}

impl Query for LogOfAll {
    type Row = Vec<Logged>;

    fn keys(&self) -> &[Key] {
        &self.0
    }

    fn answer(&self, seen: &Records, _: UnixTime) -> Vec<Logged> {
        seen.log().to_vec()
    }
}
