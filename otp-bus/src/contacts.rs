//! What crosses `org.otpd1.Contacts`: people who sign up by an application, at an address of theirs.

use std::fmt;

use serde::{Deserialize, Serialize};
use zbus::Type;

/// The longest address, in bytes, and the longest identifier.
pub const MAX_ADDRESS_BYTES: usize = 320;

/// The longest identifier, in bytes.
pub const MAX_IDENTIFIER_BYTES: usize = 1024;

/// That somebody has an address. Its fields are the method's out arguments, `st`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Identified {
    /// With what to enroll, once. Secret.
    pub identifier: String,
    /// Until when it counts, in seconds since 1970 UTC.
    pub until: u64,
}

impl fmt::Debug for Identified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identified").field("until", &self.until).finish_non_exhaustive()
    }
}

/// The account that an identifier led to. Its fields are the method's out arguments, `ss`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct SignedUp {
    /// Its name, such as `app:33.7f3a9c01a1b2c3d4`.
    pub user: String,
    /// The new device; empty where the account had one at that address.
    pub device: String,
}
