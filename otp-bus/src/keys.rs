//! What crosses `org.otpd1.Keys`: the keys that seal secrets at rest, by their tags, and what came of
//! sealing anew. A key itself never crosses.

use serde::{Deserialize, Serialize};
use zbus::Type;

/// A key and what it is needed for. Signature `(sts)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct KeyInfo {
    /// What it is called, such as `k1`; empty where values name no key at all.
    pub tag: String,
    /// How many sealed values need it.
    pub values: u64,
    /// What it is for.
    pub role: KeyRole,
}

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "kebab-case")]
#[zbus(signature = "s")]
pub enum KeyRole {
    /// It seals what is stored from now on, and opens what it has sealed.
    Seals,
    /// It opens what it has sealed.
    Opens,
    /// Values need it and the keyring does not hold it.
    Missing,
    /// What lies where sealed values should be is none.
    Unreadable,
}

/// What came of one `Reseal`. Its fields are the method's out arguments, `utuas`.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Resealing {
    /// How many values were sealed with the sealing key.
    pub done: u32,
    /// How many are left that were not, those that do not open included.
    pub left: u64,
    /// How many values were met that do not open; they stay as they are.
    pub damaged: u32,
    /// The first 20 of those, in words.
    pub named: Vec<String>,
}

impl Resealing {
    /// The method's out arguments.
    pub fn into_args(self) -> (u32, u64, u32, Vec<String>) {
        (self.done, self.left, self.damaged, self.named)
    }
}
