//! Lines about enrolling at the prompt. Each begins with whom it is about, as all lines of logins do.

use std::fmt;

use otp_core::{DeviceId, Refusal};

use super::{Escaped, Severity, Subject};

/// What somebody did who enrolls at the prompt.
#[derive(Clone, Copy, Debug)]
pub enum AtPrompt<'a> {
    /// A device was made for them by this rule, that does not count.
    Begun(&'a str),
    /// They have none, and the time of this rule for getting one is over.
    Closed(&'a str),
    /// A code was none of it.
    Wrong,
    /// What came is of no enrolment that is under way.
    Unknown,
    /// A code of it was right.
    Proved,
    /// The login has succeeded: it counts. Where the owner has a way to be told, they are told of this.
    Settled(&'a DeviceId),
    /// The login has succeeded, but it does not count.
    Unsettled(&'a Refusal),
    /// It was given up.
    Dropped,
}

impl AtPrompt<'_> {
    pub(super) const fn severity(self) -> Severity {
        match self {
            Self::Begun(_) | Self::Proved | Self::Dropped => Severity::Info,
            Self::Closed(_)
            | Self::Wrong
            | Self::Unknown
            | Self::Settled(_)
            | Self::Unsettled(_) => Severity::Notice,
        }
    }

    pub(super) fn line(self, who: &Subject, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (by, user) = (who.by(), Escaped(&who.user));
        match self {
            Self::Begun(rule) => write!(
                f,
                "{who} enrolls {by}: rule {rule:?}; nothing counts until the login has succeeded"
            ),
            Self::Closed(rule) => write!(
                f,
                "{who} has no confirmed device {by}, and rule {rule:?} lets nobody enroll at the \
                 prompt any more; otpctl invite -u {user}"
            ),
            Self::Wrong => write!(f, "{who} refused {by}: wrong code of a device to be enrolled"),
            Self::Unknown => write!(
                f,
                "{who} refused {by}: no such enrolment is under way: it took more than ten minutes, \
                 or otpd was restarted; log in again"
            ),
            Self::Proved => {
                write!(
                    f,
                    "{who} showed a code {by} of a device that counts once the login succeeds"
                )
            }
            Self::Settled(device) => write!(f, "{who} enrolled {by}: device {device} counts now"),
            Self::Unsettled(Refusal::AlreadyConfirmed(device)) => write!(
                f,
                "{who} refused {by}: device {device} was enrolled meanwhile; log in with a code of it"
            ),
            Self::Unsettled(refusal) => {
                write!(f, "{who} refused {by}: the new device does not count: {refusal:?}")
            }
            Self::Dropped => write!(f, "{who} gave up to enroll {by}"),
        }
    }
}
