//! What an attacker who guesses codes can hope for: upper bounds on the chance to hit one, per
//! guess, until a lane locks, and in a year. They hold for whoever does not know the secret, guesses
//! whenever the throttle admits it, and sees the owner succeed in between as often as helps.
//!
//! *A guess* hits a device with at most the sum of the chances of the codes that it would accept at
//! that moment, taking it that a code far out is always noted, and so the one after it is right too. Dynamic truncation makes one of 2³¹ numbers, all equally likely as far as HMAC is a
//! pseudo-random function (RFC 4226 appendix A), and cuts them to digits: the code made by most of
//! them has the chance ⌈2³¹/10ᵈ⌉/2³¹. A recovery code is one of its 40 bits. Of the codes that are
//! sent one counts, all being equally likely. A guess is tried on
//! every device, so these add up. Two codes for a resynchronisation are a guess that hits less.
//!
//! *Many guesses* hit with at most the sum of their chances: until the first hit every answer is
//! "wrong", or "used", which is not counted and says nothing of codes to come. So the guesses are a
//! list that could have been written down before. How many there can be is counted in
//! `chance/guesses.rs`.

mod guesses;

use crate::{
    Digits, Lane, RecoveryCode, Seconds, ThrottlePolicy,
    device::{HotpState, KindState, TotpState},
    message::MESSAGE_DIGITS,
};

pub use guesses::YEAR;

/// A probability, never rounded down, in units of 2⁻⁶⁴.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Chance(u128);

/// How many codes there are of those that are sent.
const MESSAGE_CODES: u64 = 10_u64.pow(MESSAGE_DIGITS.count());

/// Certainty.
const CERTAIN: u128 = 1 << 64;

impl Chance {
    /// What cannot happen.
    pub const NONE: Self = Self(0);

    /// The likeliest code of so many digits.
    fn of_code(digits: Digits) -> Self {
        // At most 10 digits; of 2147 numbers of 31 bits more or less each six-digit code is made.
        let numbers = (1_u64 << 31).div_ceil(10_u64.pow(digits.count()));
        Self(u128::from(numbers) << (64 - 31))
    }

    /// One of so many codes that are equally likely.
    fn of_one_among(codes: u64) -> Self {
        Self(CERTAIN.div_ceil(u128::from(codes)))
    }

    /// That one of so many, each with this chance, happens: at most the sum.
    #[must_use]
    pub fn times(self, count: u64) -> Self {
        Self(self.0.saturating_mul(u128::from(count)).min(CERTAIN))
    }

    /// That one or the other happens: at most the sum.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self((self.0 + other.0).min(CERTAIN))
    }

    /// The chance as "at most 1 in so many"; none where it cannot happen.
    pub fn one_in(self) -> Option<u64> {
        let many = CERTAIN.checked_div(self.0)?;
        Some(u64::try_from(many).unwrap_or(u64::MAX))
    }
}

/// What one device offers a guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Odds {
    /// How many codes it would accept at one moment, at most.
    pub codes: u32,
    /// The chance that a guess is one of them.
    pub guess: Chance,
}

impl Odds {
    /// The odds of a device with this state. Each kind of device says here how many of its codes
    /// are right at one moment, and how likely each of them is.
    pub fn of(state: &KindState) -> Self {
        let (codes, code) = match state {
            KindState::Totp(state) => (TotpState::CODES, Chance::of_code(state.digits)),
            KindState::Hotp(state) => (HotpState::CODES, Chance::of_code(state.digits)),
            KindState::Message(_) => (1, Chance::of_one_among(MESSAGE_CODES)),
            KindState::Recovery(state) => (state.left(), Chance::of_one_among(RecoveryCode::COUNT)),
        };
        Self { codes, guess: code.times(u64::from(codes)) }
    }
}

/// What an attacker can hope for, at most, against an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// That one guess is right.
    pub guess: Chance,
    /// Guesses in a row that a lane admits; with the last of them it locks.
    pub in_a_row: u32,
    /// How long these take at least, by the waits between them.
    pub quickest: Seconds,
    /// Guesses that a lane admits in any [`YEAR`], if nobody unlocks it by hand.
    pub a_year: u64,
    /// That one of those in a row is right.
    pub lane_until_locked: Chance,
    /// The same in all four lanes, one after the other or at once.
    pub lanes_until_locked: Chance,
    /// That one of those in a year is right.
    pub lane_in_a_year: Chance,
    /// The same in all four lanes.
    pub lanes_in_a_year: Chance,
}

impl Bounds {
    /// The bounds for an account whose confirmed devices have these states.
    pub fn of<'a>(
        confirmed: impl IntoIterator<Item = &'a KindState>,
        policy: &ThrottlePolicy,
    ) -> Self {
        let guess =
            confirmed.into_iter().fold(Chance::NONE, |sum, state| sum.or(Odds::of(state).guess));
        let (in_a_row, quickest) = (guesses::in_a_row(policy), guesses::quickest(policy));
        let a_year = guesses::a_year(policy);
        let lane_until_locked = guess.times(u64::from(in_a_row));
        let lane_in_a_year = guess.times(a_year);
        let everywhere = |lane: Chance| Lane::ALL.iter().fold(Chance::NONE, |sum, _| sum.or(lane));
        Self {
            guess,
            in_a_row,
            quickest,
            a_year,
            lane_until_locked,
            lanes_until_locked: everywhere(lane_until_locked),
            lane_in_a_year,
            lanes_in_a_year: everywhere(lane_in_a_year),
        }
    }
}

#[cfg(test)]
mod tests;
