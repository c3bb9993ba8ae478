//! What crosses `org.otpd1.Auth`: a login, the demand it meets, the verdict on a code.
//!
//! Every enum here is a string on the bus and closed in the code: a word that the reader does not
//! know fails to decode, and what fails to decode lets nobody in.

use serde::{Deserialize, Serialize};
use zbus::{DeserializeDict, SerializeDict, Type};

use crate::Terms;

/// Who wants in, by which service, from where. Signature `(sssssas)`.
///
/// From a caller whose uid is not 0, `rhost`, `ruser` and `tty` are its own claim and are dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Login {
    /// The name that is logging in (`PAM_USER`), before the daemon makes it canonical.
    pub user: String,
    /// The PAM service, such as `sshd` or `sudo` (`PAM_SERVICE`).
    pub service: String,
    /// The remote host as the service names it, empty for a local login (`PAM_RHOST`).
    pub rhost: String,
    /// The asking user, empty where the service names none (`PAM_RUSER`).
    pub ruser: String,
    /// The terminal, empty where there is none (`PAM_TTY`).
    pub tty: String,
    /// What the administrator wrote behind the module in the PAM stack and the daemon should weigh.
    pub hints: Vec<Hint>,
}

/// A module argument that is the daemon's to weigh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "kebab-case")]
#[zbus(signature = "s")]
pub enum Hint {
    /// `nullok`: where no policy rule matches, an account without a confirmed device may pass.
    Nullok,
    /// Enrolling was offered in this login and is not wanted: what would be demanded without the offer?
    Declined,
}

/// What `Begin` asks of a login. Its fields are the method's out arguments, `ssa{sv}`.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Challenge {
    /// What the login must do.
    pub demand: Demand,
    /// The policy rule that decided, or `default`.
    pub rule: String,
    /// How to ask.
    pub terms: Terms,
}

impl Challenge {
    /// The method's out arguments.
    pub fn into_args(self) -> (Demand, String, Terms) {
        (self.demand, self.rule, self.terms)
    }
}

/// What a login must do to get on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "kebab-case")]
#[zbus(signature = "s")]
pub enum Demand {
    /// Ask for a code and let `Verify` decide. Strangers get this answer too.
    Ask,
    /// The account has no confirmed device and `nullok` lets such accounts pass without a code.
    Unenrolled,
    /// A rule of the administrator, which is named, lets this login pass without a code.
    Exempt,
    /// A code was accepted before, by the same service from the same place, and the rule that is
    /// named remembers that. It is recorded on disk.
    Remembered,
    /// The account has no device, and a rule demands that it gets one here.
    Enroll,
    /// The same, by an administrator's invitation, whose token is to be asked for.
    EnrollInvited,
    /// The account has no device, and a rule offers one: who declines begins again with that hint.
    Offer,
    /// The same, by an administrator's invitation, whose token is to be asked for.
    OfferInvited,
}

/// What became of an attempt. Its fields are the method's out arguments, `ssssua{sv}`.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Verdict {
    /// Whether the login may go on.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
    /// The device that decided, such as `totp/7f3a9c01`; empty where none did.
    pub device: String,
    /// That device's label.
    pub label: String,
    /// Seconds until trying again can make sense; 0 where waiting does not help or is not needed.
    pub wait: u32,
    /// What else is known.
    pub details: Details,
}

/// What is known of an attempt beside the verdict. Nothing in it lets anybody in; a reader passes
/// over keys that it does not know.
#[derive(Clone, Debug, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "a{sv}", rename_all = "kebab-case")]
pub struct Details {
    /// The TOTP step or HOTP counter of the accepted code.
    pub counter: Option<u64>,
    /// The step or counter that was expected.
    pub expected: Option<u64>,
    /// How far ahead of the expected one it was.
    pub skipped: Option<i64>,
    /// By how many steps the device's clock is known to be ahead.
    pub drift: Option<i64>,
    /// From when on the code would not have counted any more, in seconds since 1970 UTC.
    pub until: Option<u64>,
    /// Whether two codes far out have just brought the device back into step.
    pub resynchronised: Option<bool>,
    /// How many recovery codes are left, where one was used.
    pub recovery_left: Option<u32>,
    /// How many attempts have failed since the last login, where any have.
    pub failures: Option<u32>,
    /// The device that made this code, too far out to count: its next code will.
    pub noted: Option<String>,
}

impl Verdict {
    /// The method's out arguments.
    pub fn into_args(self) -> (Outcome, Reason, String, String, u32, Details) {
        (self.outcome, self.reason, self.device, self.label, self.wait, self.details)
    }
}

/// Whether a login may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "kebab-case")]
#[zbus(signature = "s")]
pub enum Outcome {
    /// The code was right; it is spent, and that is on disk.
    Accepted,
    /// The login may not go on.
    Refused,
}

/// Why an attempt was accepted or refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "kebab-case")]
#[zbus(signature = "s")]
pub enum Reason {
    /// A code matched.
    Matched,
    /// No code matched; the failure was counted.
    Wrong,
    /// The code was right once and has been accepted before; not counted.
    Used,
    /// What was typed is no code at all; not counted.
    Malformed,
    /// Too soon after failures; nothing was checked, not counted.
    Throttled,
    /// Locked after too many failures; nothing was checked.
    Locked,
    /// The account has no confirmed device.
    NotEnrolled,
    /// No such user on this system.
    UnknownUser,
    /// The account belongs to another uid than the user has now.
    UidMismatch,
    /// The account has no such device, or several of that label; nothing was checked.
    UnknownDevice,
    /// The name of a channel was typed: if the account has a device of it, a code was sent. Not
    /// counted; to be asked again.
    Sent,
    /// The same, but no message was sent; told to those alone who may know. Waiting may help.
    NotSent,
    /// A rule of the administrator denies this login, or cannot be decided; nothing was checked.
    Denied,
}
