//! What is kept of an accepted login for the session that it opens. Of hosts that run as root alone:
//! what opens sessions.

use otp_core::{Remembered, Uid};

use super::{super::Call, AuthService, Believed};
use crate::{
    clock::{Clock, SystemClock},
    nss::Person,
    sessions::Accepted,
};

/// Who was let in, by what, and by which rule.
pub(super) struct LetIn {
    pub(super) user: String,
    pub(super) uid: Uid,
    pub(super) method: String,
    pub(super) device: String,
    pub(super) rule: String,
}

impl LetIn {
    /// By a code of this device.
    pub(super) fn by(device: &str, person: &Person, rule: &str) -> Self {
        let (kind, _) = device.split_once('/').unwrap_or_default();
        let (user, uid) = (person.name.to_string(), person.uid);
        let (method, device, rule) = (kind.to_owned(), device.to_owned(), rule.to_owned());
        Self { user, uid, method, device, rule }
    }

    /// By a code that was accepted before.
    pub(super) fn again(login: &Remembered, person: &Person) -> Self {
        let by = Self::by(login.device.as_str(), person, &login.rule);
        Self { method: "remembered".to_owned(), ..by }
    }
}

impl AuthService {
    /// A login begins: whatever the same process was told before is over.
    pub(super) fn begun(&self, call: &Call) {
        if let Some(host) = &call.process {
            self.services.sessions.begun(host);
        }
    }

    /// Keeps it for the session that the host may open.
    pub(super) fn let_in(&self, call: &Call, believed: &Believed, by: LetIn) {
        let Some(host) = &call.process else { return };
        let LetIn { user, uid, method, device, rule } = by;
        let (service, from) = (believed.who.service.clone(), believed.who.from.clone());
        let at = SystemClock.now();
        let login = Accepted { user, uid, service, from, method, device, rule, at };
        self.services.sessions.accepted(host, login);
    }
}
