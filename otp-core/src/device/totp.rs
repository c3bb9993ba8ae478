//! A TOTP device: RFC 6238 with a learned drift and no step accepted twice.

use serde::{Deserialize, Serialize};

use super::{Hint, KindState, Probe};
use crate::{Algorithm, Code, Digits, Period, Secret, TimeStep, UnixTime, totp};

/// How many steps a device's clock may be off for it to stay in sync by itself.
pub const DRIFT_LIMIT: i64 = 20;

/// How many steps beside the expected one are looked at (RFC 6238 section 5.2 asks for at most
/// one).
const WINDOW: i64 = 1;

/// How far a TOTP device has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TotpState {
    /// The hash under HMAC.
    pub algorithm: Algorithm,
    /// How many digits a code has.
    pub digits: Digits,
    /// How long a step lasts.
    pub period: Period,
    /// By how many steps the device's clock was last seen ahead of ours.
    #[serde(deserialize_with = "drift_within_limit")]
    pub drift: i64,
    /// The latest step of which a code was accepted. Neither it nor an earlier one ever is again.
    pub last: Option<TimeStep>,
}

impl TotpState {
    /// The kind's name.
    pub const KIND: &'static str = "totp";

    /// A new device.
    pub fn new(algorithm: Algorithm, digits: Digits, period: Period) -> Self {
        Self { algorithm, digits, period, drift: 0, last: None }
    }

    /// At most four HMACs: the last accepted step and three around the expected one.
    pub(super) fn probe(&self, secret: &Secret, code: &Code, now: UnixTime) -> Probe {
        let matches = |step| totp(secret, step, self.algorithm, self.digits).same_as(code);
        if self.last.is_some_and(matches) {
            return Probe::Used;
        }
        let here = TimeStep::at(now, self.period);
        // The latest step that matches: should two codes of the window be equal by chance, both
        // are spent.
        let hit = (self.drift - WINDOW..=self.drift + WINDOW)
            .rev()
            .filter_map(|offset| Some((offset, here.shifted(offset)?)))
            .find(|&(_, step)| self.last.is_none_or(|last| step > last) && matches(step));
        match hit {
            Some((offset, step)) => Probe::Match(KindState::Totp(self.accepted(offset, step))),
            None => Probe::NoMatch(self.hint(here)),
        }
    }

    /// Drift follows the device by one step an acceptance, as the window is one step wide.
    fn accepted(&self, offset: i64, step: TimeStep) -> Self {
        let drift = offset.clamp(-DRIFT_LIMIT, DRIFT_LIMIT);
        Self { drift, last: Some(step), ..self.clone() }
    }

    fn hint(&self, here: TimeStep) -> Hint {
        let reach = here.shifted(self.drift + WINDOW);
        match (self.last, reach) {
            (Some(last), Some(reach)) if reach < last => Hint::ClockBehind,
            _ => Hint::None,
        }
    }
}

fn drift_within_limit<'de, D: serde::Deserializer<'de>>(reader: D) -> Result<i64, D::Error> {
    let drift = i64::deserialize(reader)?;
    if (-DRIFT_LIMIT..=DRIFT_LIMIT).contains(&drift) {
        Ok(drift)
    } else {
        Err(serde::de::Error::custom("drift is beyond its limit"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> Secret {
        Secret::from_bytes(b"12345678901234567890".to_vec()).unwrap()
    }

    fn device(drift: i64, last: Option<u64>) -> TotpState {
        let state = TotpState::new(Algorithm::Sha1, Digits::SIX, Period::default());
        TotpState { drift, last: last.map(TimeStep), ..state }
    }

    fn at(step: u64) -> UnixTime {
        TimeStep(step).start(Period::default())
    }

    fn probe(state: &TotpState, code_of: u64, now: u64) -> Probe {
        let code = totp(&secret(), TimeStep(code_of), state.algorithm, state.digits);
        state.probe(&secret(), &code, at(now))
    }

    #[test]
    fn one_step_to_either_side() {
        for (code_of, accepted) in
            [(998, false), (999, true), (1000, true), (1001, true), (1002, false)]
        {
            let matched = matches!(probe(&device(0, None), code_of, 1000), Probe::Match(_));
            assert_eq!(matched, accepted, "{code_of}");
        }
    }

    #[test]
    fn never_a_step_up_to_the_last() {
        let state = device(0, Some(1000));
        assert_eq!(probe(&state, 1000, 1000), Probe::Used);
        assert_eq!(probe(&state, 999, 1000), Probe::NoMatch(Hint::None));
        assert!(matches!(probe(&state, 1001, 1000), Probe::Match(_)));
        // Long after, the last code is still told apart.
        assert_eq!(probe(&state, 1000, 5000), Probe::Used);
    }

    #[test]
    fn drift_follows_and_stops() {
        let mut state = device(0, None);
        for now in (1000..1060).step_by(2) {
            // A clock that gains a step every other step.
            let ahead = (now - 1000) / 2;
            match probe(&state, now + ahead, now) {
                Probe::Match(KindState::Totp(next)) => {
                    assert!(next.drift.abs_diff(state.drift) <= 1);
                    state = next;
                }
                other @ (Probe::Match(_) | Probe::Used | Probe::NoMatch(_)) => {
                    assert_eq!(other, Probe::NoMatch(Hint::None));
                    assert!(ahead > 21);
                }
            }
        }
        assert_eq!(state.drift, DRIFT_LIMIT);
    }

    #[test]
    fn a_clock_set_back_is_named() {
        assert_eq!(probe(&device(0, Some(5000)), 1000, 1000), Probe::NoMatch(Hint::ClockBehind));
        assert_eq!(probe(&device(0, Some(1001)), 1000, 1000), Probe::NoMatch(Hint::None));
    }

    #[test]
    fn near_the_epoch() {
        assert!(matches!(probe(&device(0, None), 0, 0), Probe::Match(_)));
        assert!(matches!(probe(&device(-20, None), 5, 0), Probe::NoMatch(_)));
    }
}
