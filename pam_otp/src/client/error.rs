//! Why a call to the daemon gave no answer to go by.
//!
//! Each variant is another thing for an administrator to do, and its text says which. It refuses to
//! carry anything that was typed.

use std::fmt;
use std::time::Duration;

use super::address::Address;
use super::transport::Trouble;

/// Why there is no challenge and no verdict.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Error {
    /// Nobody listens: start the daemon, or the bus.
    Unreachable(String),
    /// The deadline passed: see whether the daemon hangs.
    Late { place: String, allowed: Duration },
    /// The connection broke: see what became of the daemon.
    Broken { place: String, what: String },
    /// Somebody listens who may not: find out who.
    Distrusted(String),
    /// What came is not this contract: do versions fit, is it the daemon at all?
    NotUnderstood { place: String, what: String },
    /// The daemon, or the bus, says that it cannot answer; its own words.
    Unable(String),
    /// The bus does not pass the call on: its policy is not installed.
    Undelivered(String),
    /// The daemon does not serve this caller. It has logged why.
    NotAllowed,
    /// The daemon refuses this login. It has logged why.
    Refused,
}

impl Error {
    /// `trouble` on the way to `address`, where a call was allowed to take `allowed`.
    pub(super) fn at(address: &Address, allowed: Duration, trouble: &Trouble) -> Self {
        let place = address.to_string();
        match trouble {
            Trouble::Late => Self::Late { place, allowed },
            Trouble::Closed => Self::Broken { place, what: "it was closed".to_owned() },
            Trouble::Failed(errno) => Self::Broken { place, what: errno.desc().to_owned() },
            Trouble::Nonsense(what) => Self::NotUnderstood { place, what: (*what).to_owned() },
        }
    }

    /// What the daemon answered instead of what was asked for.
    pub(super) fn answered(address: &Address, error: otp_bus::Error) -> Self {
        use otp_bus::Error as Answer;
        match error {
            Answer::NotAllowed(_) => Self::NotAllowed,
            Answer::UnknownUser(_)
            | Answer::WrongCode(_)
            | Answer::UsedCode(_)
            | Answer::Throttled(_)
            | Answer::Locked(_)
            | Answer::UidMismatch(_) => Self::Refused,
            Answer::Busy(text) | Answer::Unavailable(text) => Self::Unable(text),
            Answer::ZBus(zbus::Error::FDO(error)) => {
                if let zbus::fdo::Error::AccessDenied(text) = *error {
                    Self::Undelivered(text)
                } else {
                    Self::Unable(error.to_string())
                }
            }
            other @ (Answer::CodeNeeded(_)
            | Answer::UnknownAccount(_)
            | Answer::UnknownDevice(_)
            | Answer::UnknownPass(_)
            | Answer::AmbiguousDevice(_)
            | Answer::InvalidArgument(_)
            | Answer::AlreadyExists(_)
            | Answer::LimitReached(_)
            | Answer::Undelivered(_)
            | Answer::UnknownKey(_)
            | Answer::UnknownToken(_)
            | Answer::KeyNeeded(_)
            | Answer::KeyringFixed(_)
            | Answer::BadConfiguration(_)
            | Answer::ZBus(_)) => {
                Self::NotUnderstood { place: address.to_string(), what: other.to_string() }
            }
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(what) => {
                write!(f, "otpd cannot be reached ({what}); start it, or see its own log")
            }
            Self::Late { place, allowed } => {
                let seconds = allowed.as_secs();
                write!(f, "no answer at {place} within {seconds} s; see whether otpd hangs")
            }
            Self::Broken { place, what } => {
                write!(f, "the connection to {place} broke ({what}); see the log of otpd")
            }
            Self::Distrusted(what) => write!(f, "{what}; find out who runs it, no code was sent"),
            Self::NotUnderstood { place, what } => {
                write!(f, "the answer at {place} was not understood ({what}); ")?;
                f.write_str("see whether otpd and pam_otp are of one version")
            }
            Self::Unable(text) => write!(f, "otpd cannot answer: {text}; see its own log"),
            Self::Undelivered(text) => {
                write!(f, "the bus does not let us call otpd: {text}; install its bus policy")
            }
            Self::NotAllowed => f.write_str("otpd does not serve this caller; its log says why"),
            Self::Refused => f.write_str("otpd refuses this login; its log says why"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_by_name_has_its_place() {
        use otp_bus::Error as Answer;
        let address = Address::Path("/run/x".to_owned());
        let of = |answer| Error::answered(&address, answer);
        let text = || "why".to_owned();
        assert_eq!(of(Answer::NotAllowed(text())), Error::NotAllowed);
        for refusal in [
            Answer::UnknownUser(text()),
            Answer::WrongCode(text()),
            Answer::UsedCode(text()),
            Answer::Throttled(text()),
            Answer::Locked(text()),
            Answer::UidMismatch(text()),
        ] {
            assert_eq!(of(refusal), Error::Refused);
        }
        assert_eq!(of(Answer::Busy(text())), Error::Unable(text()));
        assert_eq!(of(Answer::Unavailable(text())), Error::Unable(text()));
        let fdo = |error| Answer::ZBus(zbus::Error::FDO(Box::new(error)));
        let denied = of(fdo(zbus::fdo::Error::AccessDenied(text())));
        assert_eq!(denied, Error::Undelivered(text()));
        assert!(matches!(of(fdo(zbus::fdo::Error::NoReply(text()))), Error::Unable(_)));
        for strange in [
            Answer::UnknownAccount(text()),
            Answer::UnknownDevice(text()),
            Answer::UnknownPass(text()),
            Answer::AmbiguousDevice(text()),
            Answer::InvalidArgument(text()),
            Answer::AlreadyExists(text()),
            Answer::LimitReached(text()),
            Answer::UnknownKey(text()),
            Answer::KeyNeeded(text()),
            Answer::KeyringFixed(text()),
            Answer::BadConfiguration(text()),
            Answer::ZBus(zbus::Error::InvalidReply),
        ] {
            assert!(matches!(of(strange), Error::NotUnderstood { .. }));
        }
    }

    #[test]
    fn a_message_says_where_and_what_next() {
        let address = Address::Path("/run/otpd/auth".to_owned());
        let late = Error::at(&address, Duration::from_secs(10), &Trouble::Late).to_string();
        assert_eq!(late, "no answer at /run/otpd/auth within 10 s; see whether otpd hangs");
        let closed = Error::at(&address, Duration::ZERO, &Trouble::Closed).to_string();
        assert!(closed.contains("/run/otpd/auth broke (it was closed)"), "{closed}");
    }
}
