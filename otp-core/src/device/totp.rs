//! A TOTP device: RFC 6238 with a learned drift and no step accepted twice. A code further out than
//! the window lets nobody in; it is noted, and the one after it shows where the device's clock is.

use serde::{Deserialize, Serialize};

use super::{Found, Hint, KindState, Matched, Probe};
use crate::{Algorithm, Code, Digits, Period, Seconds, Secret, TimeStep, UnixTime, totp};

/// How many steps a device's clock may be off for it to stay in sync by itself.
pub const DRIFT_LIMIT: i64 = 20;

/// How many steps beside the expected one are looked at (RFC 6238 section 5.2 asks for at most
/// one).
const WINDOW: i64 = 1;

/// How far out a code at the prompt is noted, and how long it stays noted.
const FAR: Seconds = Seconds(5 * 60);

/// How far out a device is found on command.
const RESYNC: Seconds = Seconds(20 * 60);

/// How far a TOTP device has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct TotpState {
    /// The hash under HMAC.
    pub algorithm: Algorithm,
    /// How many digits a code has.
    pub digits: Digits,
    /// How long a step lasts.
    pub period: Period,
    /// By how many steps the device's clock was last seen ahead of ours.
    pub drift: i64,
    /// The latest step of which a code was accepted. Neither it nor an earlier one ever is again.
    pub last: Option<TimeStep>,
    /// A code far out, if the one before was such.
    candidate: Option<Candidate>,
}

/// A code that was found far out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Candidate {
    /// Its step by the device's clock.
    step: TimeStep,
    /// When it was typed, by ours.
    at: UnixTime,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    algorithm: Algorithm,
    digits: Digits,
    period: Period,
    drift: i64,
    last: Option<TimeStep>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    candidate: Option<Candidate>,
}

impl TotpState {
    /// The kind's name.
    pub const KIND: &'static str = "totp";
    /// How many codes are right at one moment, at most: those around the expected step, and those
    /// around the second of two, if one far out was noted.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a small positive number
    pub(crate) const CODES: u32 = (2 * (2 * WINDOW + 1)) as u32;

    /// A new device.
    pub fn new(algorithm: Algorithm, digits: Digits, period: Period) -> Self {
        Self { algorithm, digits, period, drift: 0, last: None, candidate: None }
    }

    /// At most 47 HMACs, 27 at the usual period of 30 s: the last accepted step, three around the
    /// expected one, three around the second of two codes, and what lies within [`FAR`] of now.
    pub(super) fn probe(&self, secret: &Secret, code: &Code, now: UnixTime) -> Probe {
        let matches =
            |step: &TimeStep| totp(secret, *step, self.algorithm, self.digits).same_as(code);
        if self.last.as_ref().is_some_and(matches) {
            return Probe::Used;
        }
        let here = TimeStep::at(now, self.period);
        // The latest step that matches: should two codes of the window be equal by chance, both
        // are spent.
        if let Some(step) = self.near(here).find(matches) {
            let farthest = DRIFT_LIMIT.max(self.drift.abs());
            let drift = here.until(step).clamp(-farthest, farthest);
            return self.accept(step, here, drift, Found::Near);
        }
        if let Some(step) = self.second_of_two(here, now).find(matches) {
            return self.accept(step, here, here.until(step), Found::Resynchronised);
        }
        let candidate = self.far(here).find(matches).map(|step| {
            KindState::Totp(Self { candidate: Some(Candidate { step, at: now }), ..self.clone() })
        });
        Probe::NoMatch { hint: self.hint(here), candidate }
    }

    /// Looks for two consecutive codes, both newer than the last accepted one, within [`RESYNC`] of
    /// now. At most 163 HMACs.
    pub(super) fn resync(
        &self,
        secret: &Secret,
        (first, second): (&Code, &Code),
        now: UnixTime,
    ) -> Option<(KindState, Matched)> {
        let here = TimeStep::at(now, self.period);
        let reach = self.steps_in(RESYNC);
        let code = |step| totp(secret, step, self.algorithm, self.digits);
        let step =
            (-reach..=reach).rev().filter_map(|offset| here.shifted(offset)).find(|&step| {
                let before = step.shifted(-1).filter(|before| self.is_fresh(*before));
                before
                    .is_some_and(|before| code(step).same_as(second) && code(before).same_as(first))
            })?;
        Some(self.accepted(step, here, here.until(step), Found::Resynchronised))
    }

    /// Where codes are looked for, the latest first.
    fn near(&self, here: TimeStep) -> impl Iterator<Item = TimeStep> {
        (self.drift - WINDOW..=self.drift + WINDOW)
            .rev()
            .filter_map(move |offset| here.shifted(offset))
            .filter(|step| self.is_fresh(*step))
    }

    /// Where the code after the noted one must be: as much later as time has passed, give or take
    /// a step, and never the same again.
    fn second_of_two(&self, here: TimeStep, now: UnixTime) -> impl Iterator<Item = TimeStep> {
        let noted = self.candidate.filter(|noted| now.since(noted.at) <= FAR);
        noted.into_iter().flat_map(move |noted| {
            let elapsed = TimeStep::at(noted.at, self.period).until(here).max(0);
            (elapsed - WINDOW..=elapsed + WINDOW)
                .rev()
                .filter_map(move |offset| noted.step.shifted(offset))
                .filter(move |step| *step > noted.step && self.is_fresh(*step))
        })
    }

    /// Where a code is noted, beyond where it counts.
    fn far(&self, here: TimeStep) -> impl Iterator<Item = TimeStep> {
        let reach = self.steps_in(FAR);
        let near = self.drift - WINDOW..=self.drift + WINDOW;
        (-reach..=reach)
            .rev()
            .filter(move |offset| !near.contains(offset))
            .filter_map(move |offset| here.shifted(offset))
            .filter(|step| self.is_fresh(*step))
    }

    fn is_fresh(&self, step: TimeStep) -> bool {
        self.last.is_none_or(|last| step > last)
    }

    fn steps_in(&self, length: Seconds) -> i64 {
        i64::try_from(length.0 / u64::from(self.period.as_secs())).unwrap_or(0)
    }

    fn accept(&self, step: TimeStep, here: TimeStep, drift: i64, found: Found) -> Probe {
        let (state, matched) = self.accepted(step, here, drift, found);
        Probe::Match(state, matched)
    }

    fn accepted(
        &self,
        step: TimeStep,
        here: TimeStep,
        drift: i64,
        found: Found,
    ) -> (KindState, Matched) {
        let expected = here.shifted(self.drift).unwrap_or_default();
        // With the drift as it is now, the step leaves the window once the one after next begins.
        let until = step.shifted(WINDOW + 1 - drift).unwrap_or_default().start(self.period);
        let skipped = expected.until(step);
        let matched = Matched::Totp { step, expected, skipped, drift, until, found };
        let state = Self { drift, last: Some(step), candidate: None, ..self.clone() };
        (KindState::Totp(state), matched)
    }

    fn hint(&self, here: TimeStep) -> Hint {
        let reach = here.shifted(self.drift + WINDOW);
        match (self.last, reach) {
            (Some(last), Some(reach)) if reach < last => Hint::ClockBehind,
            _ => Hint::None,
        }
    }
}

impl TryFrom<Stored> for TotpState {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        let Stored { algorithm, digits, period, drift, last, candidate } = stored;
        let state = Self { algorithm, digits, period, drift, last, candidate };
        if drift.unsigned_abs() > DRIFT_LIMIT.max(state.steps_in(RESYNC)).unsigned_abs() {
            return Err("drift is beyond its limit");
        }
        Ok(state)
    }
}

impl From<TotpState> for Stored {
    fn from(state: TotpState) -> Self {
        let TotpState { algorithm, digits, period, drift, last, candidate } = state;
        Self { algorithm, digits, period, drift, last, candidate }
    }
}

#[cfg(test)]
mod tests;
