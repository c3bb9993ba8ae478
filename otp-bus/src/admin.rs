//! What crosses `org.otpd1.Admin`: accounts as a whole. Records are `a{sv}` dictionaries, so that
//! they can grow; an unknown key is passed over.

use serde::{Deserialize, Serialize};
use zbus::{DeserializeDict, OwnedVariant, SerializeDict, Type, Variant};

/// An account in the list of all. What cannot be read of a damaged one is absent.
#[derive(Clone, Debug, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "a{sv}", rename_all = "kebab-case")]
pub struct AccountInfo {
    /// Its name; `hex:` and the bytes in hexadecimal where these are no name any more.
    pub name: String,
    /// The uid that it belongs to.
    pub uid: Option<u32>,
    /// Whether a code is demanded.
    pub enrolled: Option<bool>,
    /// Confirmed devices.
    pub devices: Option<u32>,
    /// The lanes that are locked; a [`LaneName`](crate::LaneName)'s word each.
    pub locked: Option<Vec<String>>,
    /// When a code was last accepted, in seconds since 1970 UTC; absent: never.
    pub last_used: Option<u64>,
    /// Until when its user logs in without a code, in seconds since 1970 UTC; absent: not at all.
    pub exempt_until: Option<u64>,
    /// When it was made, in seconds since 1970 UTC.
    pub created: Option<u64>,
    /// What is wrong with it. Nobody is let in by a damaged account.
    pub damaged: Option<String>,
}

/// All that is stored under a name, as far as it can be read and whether or not it can be used.
#[derive(Clone, Debug, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "a{sv}", rename_all = "kebab-case")]
pub struct StoredAccount {
    /// The name, as in [`AccountInfo`].
    pub name: String,
    /// The uid that it belongs to.
    pub uid: Option<u32>,
    /// Whether a code is demanded.
    pub enrolled: Option<bool>,
    /// When it was made, in seconds since 1970 UTC.
    pub created: Option<u64>,
    /// The devices, in the order of their enrolment.
    pub devices: Vec<DeviceName>,
    /// How many lanes have failures.
    pub lanes: u32,
    /// How many addresses are known.
    pub addresses: u32,
    /// How many events are remembered.
    pub events: u32,
    /// What is wrong with it.
    pub damaged: Option<String>,
}

/// An account that was given to another name or uid.
#[derive(Clone, Debug, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "a{sv}", rename_all = "kebab-case")]
pub struct Adoption {
    /// The canonical name of the user to whom it belongs now.
    pub user: String,
    /// That user's uid.
    pub uid: u32,
    /// The name that it had.
    pub from: String,
    /// The uid that it belonged to.
    pub from_uid: u32,
    /// Another user who has that uid now.
    pub holder: Option<String>,
    /// What went with it, in the order of enrolment.
    pub devices: Vec<DeviceName>,
}

/// A configuration that was put in force.
#[derive(Clone, Debug, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "a{sv}", rename_all = "kebab-case")]
pub struct InForce {
    /// The files that were read, in order.
    pub files: Vec<String>,
    /// How many rules there are.
    pub rules: u32,
    /// What is odd about them, a sentence each.
    pub remarks: Vec<String>,
}

/// A device by its names. Signature `(ssb)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type, Variant, OwnedVariant)]
pub struct DeviceName {
    /// The persistent id, such as `totp/7f3a9c01`.
    pub id: String,
    /// What people call it.
    pub label: String,
    /// Whether it can log somebody in.
    pub confirmed: bool,
}
