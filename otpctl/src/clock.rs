//! The wall clock, in the one place of this program where it is read.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use otp_core::UnixTime;

/// The machine's time. A time before 1970 reads as 1970: no code was made then.
#[allow(clippy::disallowed_methods)] // this is the clock's home
pub(crate) fn wall() -> UnixTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    UnixTime::from_secs(since.as_secs())
}
