//! The daemon's clocks, in the one place where they are read. Wall time makes codes and is stored;
//! monotonic time bounds calls and never leaves the process.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use otp_core::UnixTime;

/// Where wall time comes from.
pub trait Clock: Send + Sync + 'static {
    /// The wall time now.
    fn now(&self) -> UnixTime;
}

/// The machine's clock. A time before 1970 reads as 1970: no code was made then.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods)] // this is the clock's home
    fn now(&self) -> UnixTime {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        UnixTime::from_secs(since.as_secs())
    }
}

/// The monotonic clock, for deadlines.
#[allow(clippy::disallowed_methods)] // this is the clock's home
pub fn monotonic() -> Instant {
    Instant::now()
}
