//! What crosses `org.otpd1.Auth` where somebody enrolls at the prompt of a login. Nothing of it counts
//! until that login has succeeded: what is made is named by a token, which the module keeps in the very
//! PAM transaction in which the code was shown, and nowhere else.

use std::fmt;

use serde::{Deserialize, Serialize};
use zbus::Type;

use crate::{Outcome, Reason};

/// A device that could be, told once. Its fields are the method's out arguments, `sss`. All of them are
/// secret.
#[must_use]
#[derive(Clone, Serialize, Deserialize, Type)]
pub struct Candidate {
    /// What names it from now on.
    pub token: String,
    /// Its secret in base32, in groups, for typing.
    pub secret: String,
    /// Its QR code, in lines of text; empty where none is to be shown.
    pub qr: String,
}

impl fmt::Debug for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Candidate").finish_non_exhaustive()
    }
}

impl Candidate {
    /// The method's out arguments.
    pub fn into_args(self) -> (String, String, String) {
        (self.token, self.secret, self.qr)
    }
}

/// What became of a code of it. Its fields are the method's out arguments, `ssas`.
#[must_use]
#[derive(Clone, Serialize, Deserialize, Type)]
pub struct Proof {
    /// Whether the code was right.
    pub outcome: Outcome,
    /// Why not.
    pub reason: Reason,
    /// The recovery codes, as `xxxx-xxxx`, where it was. Secret.
    pub codes: Vec<String>,
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proof").field("outcome", &self.outcome).finish_non_exhaustive()
    }
}

impl Proof {
    /// The method's out arguments.
    pub fn into_args(self) -> (Outcome, Reason, Vec<String>) {
        (self.outcome, self.reason, self.codes)
    }
}

/// A device that counts from now on. Its fields are the method's out arguments, `ss`.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Settled {
    /// The device, such as `totp/7f3a9c01`.
    pub device: String,
    /// Its label.
    pub label: String,
}

impl Settled {
    /// The method's out arguments.
    pub fn into_args(self) -> (String, String) {
        (self.device, self.label)
    }
}
