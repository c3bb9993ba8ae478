//! Whether a caller is an application that the configuration names. It is asked by uid, and root is
//! none unless it is named.

use otp_bus::Error;

use super::{
    Call, Services,
    permit::{ALL, relation},
};
use crate::{
    audit::Event,
    config::Application,
    policy::{Action, Answer, may},
};

impl Services {
    /// The application that calls.
    pub(super) fn listed(&self, call: &Call, action: Action) -> Result<Application, Error> {
        let named = match may(action, relation(call, None)) {
            Answer::Listed => self.engine.config().applications.of(call.uid).cloned(),
            Answer::Allowed | Answer::Denied | Answer::WithWarrant | Answer::Polkit(_) => None,
        };
        named.ok_or_else(|| {
            let (uid, verb) = (call.uid, action.verb());
            let event = Event::NotAllowed { uid, action: verb, user: ALL, why: None };
            self.log.log_of(Some(uid), &event);
            Error::NotAllowed(format!(
                "uid {uid} may not {verb}; an administrator lists it under [[application]]"
            ))
        })
    }
}
