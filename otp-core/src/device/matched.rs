//! What a device says to a code: that it is its own, was, or is not; and where it was found.

use super::KindState;
use crate::{Counter, TimeStep, UnixTime};

/// What a device says to a code. It is not changed by saying so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Probe {
    /// It is a code of this device that was never accepted, and accepting it leaves this state.
    Match(KindState, Matched),
    /// It is the code that this device accepted last.
    Used,
    /// It is no code of this device that counts now.
    NoMatch {
        /// What is worth logging about it.
        hint: Hint,
        /// The device with this code noted: it is one of the device's codes, too far out to count
        /// by itself, and the next one after it will show that the device is there.
        candidate: Option<KindState>,
    },
}

/// Something worth logging about a code that did not match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hint {
    /// Nothing is known.
    None,
    /// The clock is behind the last accepted step, so that no code can match: it was set back.
    ClockBehind,
}

/// Where an accepted code was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matched {
    /// In a TOTP step.
    Totp {
        /// The step of the code.
        step: TimeStep,
        /// The step that was expected, by the clock and the drift learned before.
        expected: TimeStep,
        /// By how many steps the device was ahead of what was expected.
        skipped: i64,
        /// By how many steps the device's clock is now known to be ahead of ours.
        drift: i64,
        /// From when on the code would not have counted any more; until then it could have been
        /// replayed, had it not been spent.
        until: UnixTime,
        /// How it came to count.
        found: Found,
    },
    /// At an HOTP counter.
    Hotp {
        /// The counter of the code.
        counter: Counter,
        /// The counter that was expected.
        expected: Counter,
        /// How many codes before it were skipped, and are spent with it.
        skipped: u64,
        /// How it came to count.
        found: Found,
    },
    /// Among recovery codes.
    Recovery {
        /// How many are left.
        left: u32,
    },
    /// It was the one that was sent last.
    Message,
}

/// How a code came to count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// It was where codes are looked for.
    Near,
    /// It was the second of two consecutive codes, further out: the device is in step again.
    Resynchronised,
}
