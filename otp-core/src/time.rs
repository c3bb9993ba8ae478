//! Wall time as the core sees it: whole seconds, given by the caller, never read here.

use serde::{Deserialize, Serialize};

/// A duration in whole seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Seconds(pub u64);

/// Seconds since 1970-01-01 00:00 UTC, leap seconds not counted (RFC 6238 section 4.1's `T`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixTime(u64);

impl UnixTime {
    /// The time `secs` seconds after the epoch.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs)
    }

    /// Seconds since the epoch.
    pub const fn as_secs(self) -> u64 {
        self.0
    }

    /// The time that has passed since `earlier`; zero where the clock went back behind it.
    pub const fn since(self, earlier: Self) -> Seconds {
        Seconds(self.0.saturating_sub(earlier.0))
    }

    /// This time and `later` seconds.
    #[must_use]
    pub const fn plus(self, later: Seconds) -> Self {
        Self(self.0.saturating_add(later.0))
    }

    /// Days since the epoch, for counting by day.
    pub(crate) const fn day(self) -> u64 {
        self.0 / 86_400
    }
}
