//! An HOTP device: RFC 4226 with a look-ahead. A wrong code never moves its counter; one further
//! ahead than the look-ahead is noted, and the one after it shows where the device's counter is.

use serde::{Deserialize, Serialize};

use super::{Found, Hint, KindState, Matched, Probe};
use crate::{Algorithm, Code, Counter, Digits, Seconds, Secret, UnixTime, hotp};

/// How many codes may have been made and not used (RFC 4226 section 7.4's `s`).
const LOOK_AHEAD: u64 = 5;

/// How far ahead a code at the prompt is noted.
const FAR: u64 = 20;

/// How long it stays noted.
const NOTED_FOR: Seconds = Seconds(5 * 60);

/// How far ahead a device is found on command.
const RESYNC: u64 = 100;

/// How far an HOTP device has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct HotpState {
    /// The hash under HMAC.
    pub algorithm: Algorithm,
    /// How many digits a code has.
    pub digits: Digits,
    /// The next counter whose code is expected. Earlier ones never count again.
    pub next: Counter,
    /// The counter whose code was accepted last.
    pub used: Option<Counter>,
    /// A code far ahead, if the one before was such.
    candidate: Option<Candidate>,
}

/// A code that was found far ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Candidate {
    counter: Counter,
    /// When it was typed.
    at: UnixTime,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    algorithm: Algorithm,
    digits: Digits,
    next: Counter,
    used: Option<Counter>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    candidate: Option<Candidate>,
}

impl HotpState {
    /// The kind's name.
    pub const KIND: &'static str = "hotp";
    /// How many codes are right at one moment, at most: those from the expected one on, and the
    /// second of two, if one far ahead was noted.
    #[allow(clippy::cast_possible_truncation)] // a small number
    pub(crate) const CODES: u32 = LOOK_AHEAD as u32 + 2;

    /// A new device whose next code is of counter `next`.
    pub fn new(algorithm: Algorithm, digits: Digits, next: Counter) -> Self {
        Self { algorithm, digits, next, used: None, candidate: None }
    }

    /// At most 23 HMACs: the last accepted counter, six from the expected one on, the second of two
    /// codes, and up to [`FAR`] ahead.
    pub(super) fn probe(&self, secret: &Secret, code: &Code, now: UnixTime) -> Probe {
        let matches =
            |counter: &Counter| hotp(secret, *counter, self.algorithm, self.digits).same_as(code);
        if self.used.as_ref().is_some_and(matches) {
            return Probe::Used;
        }
        // The latest that matches: should two be equal by chance, both are spent.
        let near = self.ahead(0, LOOK_AHEAD).find(matches);
        if let Some((state, matched)) = near.and_then(|at| self.accepted(at, Found::Near)) {
            return Probe::Match(state, matched);
        }
        let second = self.second_of_two(now).filter(matches);
        let found = second.and_then(|at| self.accepted(at, Found::Resynchronised));
        if let Some((state, matched)) = found {
            return Probe::Match(state, matched);
        }
        let candidate = self.ahead(LOOK_AHEAD + 1, FAR).find(matches).map(|counter| {
            let noted = Candidate { counter, at: now };
            KindState::Hotp(Self { candidate: Some(noted), ..self.clone() })
        });
        Probe::NoMatch { hint: Hint::None, candidate }
    }

    /// Looks for two consecutive codes up to [`RESYNC`] ahead. At most 202 HMACs.
    pub(super) fn resync(
        &self,
        secret: &Secret,
        (first, second): (&Code, &Code),
    ) -> Option<(KindState, Matched)> {
        let code = |counter| hotp(secret, counter, self.algorithm, self.digits);
        let pair = |counter: &Counter| {
            code(*counter).same_as(first)
                && counter.ahead(1).is_some_and(|next| code(next).same_as(second))
        };
        let counter = self.ahead(0, RESYNC).find(pair)?.ahead(1)?;
        self.accepted(counter, Found::Resynchronised)
    }

    /// The counters from `least` to `most` ahead, the latest first.
    fn ahead(&self, least: u64, most: u64) -> impl Iterator<Item = Counter> {
        (least..=most).rev().filter_map(|steps| self.next.ahead(steps))
    }

    fn second_of_two(&self, now: UnixTime) -> Option<Counter> {
        let noted = self.candidate.filter(|noted| now.since(noted.at) <= NOTED_FOR)?;
        noted.counter.ahead(1).filter(|counter| *counter >= self.next)
    }

    /// A counter at its end has no next, so it is not accepted: a code must never be left to count
    /// again.
    fn accepted(&self, counter: Counter, found: Found) -> Option<(KindState, Matched)> {
        let next = counter.ahead(1)?;
        let skipped = counter.0.saturating_sub(self.next.0);
        let matched = Matched::Hotp { counter, expected: self.next, skipped, found };
        let state = Self { next, used: Some(counter), candidate: None, ..self.clone() };
        Some((KindState::Hotp(state), matched))
    }
}

impl TryFrom<Stored> for HotpState {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        let Stored { algorithm, digits, next, used, candidate } = stored;
        if used.is_some_and(|used| used >= next) {
            return Err("the counter is not behind the last accepted one");
        }
        Ok(Self { algorithm, digits, next, used, candidate })
    }
}

impl From<HotpState> for Stored {
    fn from(state: HotpState) -> Self {
        let HotpState { algorithm, digits, next, used, candidate } = state;
        Self { algorithm, digits, next, used, candidate }
    }
}

#[cfg(test)]
mod tests;
