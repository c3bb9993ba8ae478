//! `[self_service]`: what users may do to their own accounts. It can take away from the table of who
//! may what (`policy`), never add to it.

use serde::Deserialize;

/// Whether something is left to users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "bool")]
pub enum Switch {
    /// It is.
    On,
    /// It is an administrator's.
    Off,
}

impl From<bool> for Switch {
    fn from(on: bool) -> Self {
        if on { Self::On } else { Self::Off }
    }
}

/// What users may change of their own. Each change but the first needs a fresh code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SelfService {
    /// Add a device.
    pub enroll: Switch,
    /// Give a device another secret.
    pub replace: Switch,
    /// Remove a device.
    pub remove: Switch,
    /// Make new recovery codes.
    pub recovery: Switch,
    /// Make passes for themselves.
    pub pass: Switch,
    /// Add a first device with nothing but the session that they are in.
    pub first: Switch,
    /// Remove the last confirmed device, and be let in by none.
    pub remove_last_device: Switch,
}

impl Default for SelfService {
    fn default() -> Self {
        Self {
            enroll: Switch::On,
            replace: Switch::On,
            remove: Switch::On,
            recovery: Switch::On,
            pass: Switch::On,
            first: Switch::Off,
            remove_last_device: Switch::Off,
        }
    }
}
