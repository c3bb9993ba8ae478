//! How long the testbed waits: every wait in it has a [`Deadline`], so that a test that hangs ends
//! with a sentence. This is the testbed's only home of the monotonic clock.

use std::{
    thread,
    time::{Duration, Instant},
};

use nix::poll::PollTimeout;

use crate::{Failure, Result};

const CENTURY: Duration = Duration::from_secs(100 * 365 * 86_400);

/// A moment until which something must have happened.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    from: Instant,
    end: Instant,
}

impl Deadline {
    /// That long from now.
    #[expect(clippy::disallowed_methods, reason = "the testbed's one home of the monotonic clock")]
    pub fn after(length: Duration) -> Self {
        let from = Instant::now();
        // A length beyond what the clock can say is as good as a century.
        let end = from.checked_add(length).unwrap_or_else(|| from + CENTURY);
        Self { from, end }
    }

    /// What is left; zero once it has passed.
    pub fn left(&self) -> Duration {
        self.end.duration_since(self.now())
    }

    /// Whether it has passed.
    pub fn passed(&self) -> bool {
        self.left().is_zero()
    }

    /// How long ago it was made.
    pub fn elapsed(&self) -> Duration {
        self.now().duration_since(self.from)
    }

    /// Asks `condition` again and again until it gives something, for what cannot be awaited.
    pub fn poll<T>(
        &self,
        what: &str,
        mut condition: impl FnMut() -> Result<Option<T>>,
    ) -> Result<T> {
        loop {
            if let Some(value) = condition()? {
                return Ok(value);
            }
            if self.passed() {
                return Err(Failure::new(format!("waited {:?} in vain: {what}", self.elapsed())));
            }
            thread::sleep(Duration::from_millis(5).min(self.left()));
        }
    }

    pub(crate) fn poll_timeout(&self) -> PollTimeout {
        // Rounded up: a rest below a millisecond must not spin.
        let left = self.left().as_millis().saturating_add(1);
        PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)
    }

    #[expect(clippy::disallowed_methods, reason = "the testbed's one home of the monotonic clock")]
    fn now(&self) -> Instant {
        Instant::now().max(self.from)
    }
}
