//! A session's beginning and end, so that the daemon can tell whoever asks in it how it logged in.
//!
//! It refuses to let anything depend on that: a session without the daemon is a session.

use otp_bus::names::MAX_FIELD_BYTES;

use crate::args::{Arguments, Chatter};
use crate::client::{Error, Registrar};
use crate::host::{Host, Item};
use crate::log::Severity;
use crate::outcome::Ending;

/// What a session does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    Opens,
    Closes,
}

/// Tells the daemon. What goes wrong is logged where each step is, and changes nothing.
pub(crate) fn session(
    host: &impl Host,
    registrar: &impl Registrar,
    arguments: &Arguments,
    moment: Moment,
) -> Ending {
    let service = String::from_utf8_lossy(&host.item(Item::Service)).into_owned();
    let told = match moment {
        Moment::Opens if service.len() > MAX_FIELD_BYTES => {
            Err(Error::Unable("the service's name is too long".to_owned()))
        }
        Moment::Opens => registrar.open(&service),
        Moment::Closes => registrar.close(),
    };
    match (told, arguments.chatter) {
        (Ok(()), _) | (Err(_), Chatter::Quiet) => {}
        (Err(error), Chatter::Debug) => {
            host.log(Severity::Debug, &format!("the session is not known to otpd: {error}"));
        }
    }
    Ending::NotOurs
}
