//! How long a pass is live. Zero and the past are mistakes, never the default; a key that can be
//! guessed sooner lives shorter.

use super::Generator;
use crate::{Seconds, UnixTime};

/// Bits of a key that is live for [`SHORT`] at most, and of one that is live longer.
const BITS: (u32, u32) = (20, 40);

/// How long a key of few bits can be live.
const SHORT: Seconds = Seconds(600);

/// The longest that any pass can be live.
const LONGEST: Seconds = Seconds(30 * 86_400);

/// How far ahead of the clock the making of a live pass can lie. A clock that was set back makes no
/// pass live longer than this.
const AHEAD: Seconds = Seconds(60);

/// How long passes are live and kept, as configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PassPolicy {
    /// For how long where nobody says.
    pub default: Seconds,
    /// For how long at most where somebody makes one for themselves.
    pub own_longest: Seconds,
    /// For how long at most.
    pub longest: Seconds,
    /// How long one that is over is kept, to be looked at.
    pub keep: Seconds,
}

impl Default for PassPolicy {
    fn default() -> Self {
        Self {
            default: SHORT,
            own_longest: Seconds(3600),
            longest: LONGEST,
            keep: Seconds(7 * 86_400),
        }
    }
}

/// When a pass is to be over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// As configured.
    Default,
    /// So long from now.
    In(Seconds),
    /// At this time.
    At(UnixTime),
}

/// A time at which a pass cannot be over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TermError {
    /// Now, or before.
    #[error("a pass must be live for a second at least; give a time in the future")]
    Past,
    /// Too late.
    #[error("a pass like this can be live for {} s at most; give an earlier time", .0.0)]
    TooLong(Seconds),
    /// Too late for a key of so few bits.
    #[error(
        "a key of {0} bits can be guessed in that time: 20 bits are needed for up to 10 minutes, 40 \
         beyond; take a longer key or a shorter time"
    )]
    Guessable(u32),
}

impl Expiry {
    /// When a pass that lives from `now` on is over; `longest` bounds it.
    pub(super) fn of(
        self,
        policy: &PassPolicy,
        longest: Seconds,
        now: UnixTime,
    ) -> Result<UnixTime, TermError> {
        let longest = longest.min(policy.longest).min(LONGEST);
        let length = match self {
            Self::Default => policy.default.min(longest),
            Self::In(length) => length,
            Self::At(time) => time.since(now),
        };
        match length {
            Seconds(0) => Err(TermError::Past),
            length if length > longest => Err(TermError::TooLong(longest)),
            length => Ok(now.plus(length)),
        }
    }
}

/// Whether a key of this generator can be live from `created` until `expires`.
pub(super) fn unguessable(
    generator: Generator,
    created: UnixTime,
    expires: UnixTime,
) -> Result<(), TermError> {
    let (short, long) = BITS;
    let needed = if expires.since(created) <= SHORT { short } else { long };
    let bits = generator.bits();
    if bits >= needed { Ok(()) } else { Err(TermError::Guessable(bits)) }
}

/// Whether a clock that shows `now` has come to the making of a pass, and not to its end.
pub(super) fn is_within(created: UnixTime, expires: UnixTime, now: UnixTime) -> bool {
    created <= now.plus(AHEAD) && now < expires
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);

    fn until(expiry: Expiry) -> Result<u64, TermError> {
        let longest = Seconds(3600);
        expiry.of(&PassPolicy::default(), longest, NOW).map(|time| time.since(NOW).0)
    }

    #[test]
    fn zero_and_the_past_are_mistakes_and_not_the_default() {
        assert_eq!(until(Expiry::Default), Ok(600));
        assert_eq!(until(Expiry::In(Seconds(0))), Err(TermError::Past));
        for secs in [0, 1, 1_699_999_999, 1_700_000_000] {
            assert_eq!(
                until(Expiry::At(UnixTime::from_secs(secs))),
                Err(TermError::Past),
                "{secs}"
            );
        }
        assert_eq!(until(Expiry::At(NOW.plus(Seconds(1)))), Ok(1));
        assert_eq!(until(Expiry::In(Seconds(1))), Ok(1));
    }

    #[test]
    fn the_longest_is_the_longest() {
        assert_eq!(until(Expiry::In(Seconds(3600))), Ok(3600));
        let too_long = Err(TermError::TooLong(Seconds(3600)));
        for expiry in [Expiry::In(Seconds(3601)), Expiry::At(NOW.plus(Seconds(3601)))] {
            assert_eq!(until(expiry), too_long);
        }
        assert_eq!(until(Expiry::In(Seconds(u64::MAX))), too_long);
        assert_eq!(until(Expiry::At(UnixTime::from_secs(u64::MAX))), too_long);
        let month = Expiry::In(Seconds(LONGEST.0 + 1));
        let lax = PassPolicy { longest: Seconds(u64::MAX), ..PassPolicy::default() };
        assert_eq!(month.of(&lax, Seconds(u64::MAX), NOW), Err(TermError::TooLong(LONGEST)));
        let hasty = PassPolicy { default: Seconds(7200), ..PassPolicy::default() };
        assert_eq!(Expiry::Default.of(&hasty, Seconds(3600), NOW), Ok(NOW.plus(Seconds(3600))));
    }

    #[test]
    fn few_bits_live_shortly() {
        for (generator, length, fits) in [
            (Generator::Digits(6), 1, false),
            (Generator::Digits(7), 600, true),
            (Generator::Digits(7), 601, false),
            (Generator::Alnum(4), 600, true),
            (Generator::Alnum(7), 601, false),
            (Generator::Alnum(8), 601, true),
            (Generator::Digits(12), 601, false),
            (Generator::Digits(13), 2_592_000, true),
            (Generator::Words(1), 1, false),
            (Generator::Words(3), 601, false),
        ] {
            let fit = unguessable(generator, NOW, NOW.plus(Seconds(length)));
            assert_eq!(fit.is_ok(), fits, "{generator} for {length}");
        }
    }

    #[test]
    fn live_until_the_second_before() {
        let over = NOW.plus(Seconds(10));
        for (now, live) in [(9, true), (10, false), (11, false), (0, true)] {
            assert_eq!(is_within(NOW, over, NOW.plus(Seconds(now))), live, "{now}");
        }
        let before = |secs| UnixTime::from_secs(NOW.as_secs() - secs);
        assert!(is_within(NOW, over, before(60)) && !is_within(NOW, over, before(61)));
    }
}
