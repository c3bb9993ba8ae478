//! The one bound on a call: connecting, handshake and answer share it, so that no peer can add up
//! waits, each of which is short. The pause between two tries is measured by it too.
//!
//! It is the module's only clock, monotonic, and refuses to be extended.

use std::time::{Duration, Instant};

/// When a call ends, answered or not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    start: Instant,
    allowed: Duration,
}

impl Deadline {
    /// Starts now.
    #[expect(clippy::disallowed_methods, reason = "the module's one clock")]
    pub(crate) fn after(allowed: Duration) -> Self {
        Self { start: Instant::now(), allowed }
    }

    /// How long the call may still take, at least a millisecond; `None` once it is over.
    ///
    /// Whole milliseconds, rounded up: `poll` counts in them, and a wait of zero would spin.
    pub(crate) fn left(&self) -> Option<Duration> {
        let left = self.allowed.checked_sub(self.start.elapsed()).filter(|left| !left.is_zero())?;
        let millis = u64::try_from(left.as_nanos().div_ceil(1_000_000)).ok()?;
        Some(Duration::from_millis(millis))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_shrinks_to_nothing() {
        assert_eq!(Deadline::after(Duration::ZERO).left(), None);
        let deadline = Deadline::after(Duration::from_secs(60));
        let left = deadline.left().unwrap();
        assert!(left > Duration::from_secs(50) && left <= Duration::from_secs(60));
    }

    #[test]
    fn a_started_millisecond_counts_whole() {
        let left = Deadline::after(Duration::from_micros(59_999_999_900)).left().unwrap();
        assert_eq!(left.subsec_nanos() % 1_000_000, 0);
        assert!(!left.is_zero());
    }
}
