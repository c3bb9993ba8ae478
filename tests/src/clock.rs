//! Time: the machine's, for what runs on it, and a clock that stands still until a test moves it,
//! for a daemon started with it (libfaketime; the monotonic clock stays the kernel's).

use std::{
    cell::Cell,
    fs,
    path::PathBuf,
    time::{SystemTime, UNIX_EPOCH},
};

use crate::{Context, Invocation, Result};

const FILE: &str = "/run/fake-clock";

/// Seconds since 1970 UTC by the machine's clock.
#[expect(clippy::disallowed_methods, reason = "the testbed's one home of wall time")]
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct FakeClock {
    now: Cell<u64>,
    library: PathBuf,
}

impl FakeClock {
    /// A clock at the beginning of a TOTP step, so that neighbouring steps are ±30 s away.
    pub fn new() -> Result<Self> {
        let multiarch = format!("/usr/lib/{}-linux-gnu", std::env::consts::ARCH);
        let library = PathBuf::from(multiarch).join("faketime/libfaketimeMT.so.1");
        fs::metadata(&library).context("no libfaketime (package libfaketime)")?;
        let clock = Self { now: Cell::new(1_800_000_000), library };
        clock.show()?;
        Ok(clock)
    }

    /// Seconds since 1970 UTC.
    pub fn now(&self) -> u64 {
        self.now.get()
    }

    /// Moves it on.
    pub fn advance(&self, seconds: u64) -> Result {
        self.set(self.now() + seconds)
    }

    /// Moves it anywhere, back too.
    pub fn set(&self, now: u64) -> Result {
        self.now.set(now);
        self.show()
    }

    /// A program that lives by this clock.
    #[must_use]
    pub fn rule(&self, invocation: Invocation) -> Invocation {
        invocation
            .env("LD_PRELOAD", self.library.display())
            .env("FAKETIME_TIMESTAMP_FILE", FILE)
            .env("FAKETIME_FMT", "%s")
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    }

    fn show(&self) -> Result {
        let new = format!("{FILE}.new");
        fs::write(&new, format!("{}\n", self.now())).context(&new)?;
        // Renamed, so that nobody ever reads half a time.
        fs::rename(&new, FILE).context(FILE)
    }
}
