//! `[throttle]`: how failures slow an attacker down. What is left out is the core's default.

use otp_core::ThrottlePolicy;
use serde::Deserialize;

use super::values::{Bounded, Length};

/// The table as it is written.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Throttle {
    free: Option<Bounded<0, 20>>,
    lock_after: Option<Bounded<1, 100>>,
    lock_after_recent: Option<Bounded<1, 10_000>>,
    unlock_after: Option<Length>,
}

impl From<Throttle> for ThrottlePolicy {
    fn from(written: Throttle) -> Self {
        let default = Self::default();
        Self {
            free: written.free.map_or(default.free, |n| n.0),
            lock_after: written.lock_after.map_or(default.lock_after, |n| n.0),
            lock_after_recent: written.lock_after_recent.map_or(default.lock_after_recent, |n| n.0),
            unlock_after: written.unlock_after.map(|length| length.0),
            ..default
        }
    }
}
