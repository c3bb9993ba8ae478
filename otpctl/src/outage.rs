//! Every way of not getting an answer of the contract, and what to do about each. It keeps apart
//! what was never sent, so that nothing changed, and what may have been done all the same.

use std::time::Duration;

use zbus::fdo;

use crate::connect::Unreachable;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Subject;

const AGAIN: &str = "try again; if it stays so, the log says why: `journalctl -u otpd`";
const OTHER_VERSION: &str = "otpd and otpctl may be of different versions; an administrator \
                             restarts it: `systemctl restart otpd`";

/// There was nobody to ask, so nothing changed.
pub(crate) fn no_way(unreachable: &Unreachable) -> Failure {
    let (word, next) = match unreachable {
        Unreachable::Impostor { .. } => (
            "impostor",
            "nothing was sent; an administrator finds out who answers there, and starts otpd",
        ),
        Unreachable::NotRunning(_) => (
            "not-running",
            "an administrator starts it: `systemctl start otpd.socket otpd.service`",
        ),
        Unreachable::Socket(..) => ("unreachable", AGAIN),
        Unreachable::Bus(_) => {
            ("unreachable", "see whether the system bus runs; without it root alone reaches otpd")
        }
        Unreachable::Local(_) => {
            ("unreachable", "see whether this machine is out of memory or descriptors")
        }
    };
    failure(word, unreachable.to_string(), next)
}

/// The deadline passed.
pub(crate) fn silence(limit: Duration, subject: &Subject, verb: &str) -> Failure {
    let message = format!("otpd did not answer within {} s", limit.as_secs());
    failure("no-answer", message, open_outcome(subject, verb))
}

/// The connection failed under the call, or the answer is none of the contract.
#[expect(clippy::wildcard_enum_match_arm, reason = "zbus's enums are not ours, and grow")]
pub(crate) fn broken(error: &zbus::Error, subject: &Subject, verb: &str) -> Failure {
    match error {
        zbus::Error::InputOutput(_) => hung_up(error, subject, verb),
        zbus::Error::FDO(answer) => match **answer {
            fdo::Error::AccessDenied(_) => failure(
                "bus-policy",
                format!("the system bus does not let this through: {error}"),
                "an administrator installs otpd's bus policy, org.otpd1.conf, and reloads the bus",
            ),
            fdo::Error::NoReply(_) | fdo::Error::Disconnected(_) | fdo::Error::Timeout(_) => {
                hung_up(error, subject, verb)
            }
            _ => not_understood(error),
        },
        _ => not_understood(error),
    }
}

fn hung_up(error: &zbus::Error, subject: &Subject, verb: &str) -> Failure {
    failure("hung-up", format!("otpd hung up: {error}"), open_outcome(subject, verb))
}

fn not_understood(error: &zbus::Error) -> Failure {
    let message = format!("otpd and otpctl do not understand each other: {error}");
    failure("not-understood", message, OTHER_VERSION)
}

fn failure(word: &'static str, message: String, next: impl Into<String>) -> Failure {
    Failure::new(Exit::Unavailable, word, message, next)
}

/// What to do when the answer, but perhaps not the deed, is missing.
pub(crate) fn open_outcome(subject: &Subject, verb: &str) -> String {
    match verb {
        "list" | "log" | "status" | "keys list" | "pass list" | "pass check" | "pass get" => {
            AGAIN.to_owned()
        }
        "keys add" | "keys reseal" | "keys retire" => {
            "whether anything changed is not known: see `otpctl keys list`, and the log: \
             `journalctl -u otpd`"
                .to_owned()
        }
        "pass use" => {
            "the key may be used up; the log says whether: `journalctl -u otpd`".to_owned()
        }
        "pass create" | "pass extend" | "pass deactivate" => format!(
            "whether anything changed is not known: see `{}` before trying again",
            subject.command("pass list")
        ),
        "reload" => {
            "which configuration is in force, says the log: `journalctl -u otpd`".to_owned()
        }
        "verify" => {
            "the code may be spent: use the next one; the log says more: `journalctl -u otpd`"
                .to_owned()
        }
        _ => format!(
            "whether anything changed is not known: see `{}` before trying again, and the log: \
             `journalctl -u otpd`",
            subject.command("list")
        ),
    }
}
