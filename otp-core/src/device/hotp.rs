//! An HOTP device: RFC 4226 with a look-ahead. A wrong code never moves its counter.

use serde::{Deserialize, Serialize};

use super::{Hint, KindState, Probe};
use crate::{Algorithm, Code, Counter, Digits, Secret, hotp};

/// How many codes may have been made and not used (RFC 4226 section 7.4's `s`).
const LOOK_AHEAD: u64 = 5;

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
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    algorithm: Algorithm,
    digits: Digits,
    next: Counter,
    used: Option<Counter>,
}

impl HotpState {
    /// The kind's name.
    pub const KIND: &'static str = "hotp";

    /// A new device whose next code is of counter `next`.
    pub fn new(algorithm: Algorithm, digits: Digits, next: Counter) -> Self {
        Self { algorithm, digits, next, used: None }
    }

    /// At most seven HMACs: the last accepted counter and six from the expected one on.
    pub(super) fn probe(&self, secret: &Secret, code: &Code) -> Probe {
        let matches = |counter| hotp(secret, counter, self.algorithm, self.digits).same_as(code);
        if self.used.is_some_and(matches) {
            return Probe::Used;
        }
        // A counter at its end has no next, so it is not accepted: a code must never be left to
        // count again. The latest that matches: should two be equal by chance, both are spent.
        let hit = (0..=LOOK_AHEAD)
            .rev()
            .filter_map(|steps| self.next.ahead(steps))
            .filter_map(|counter| Some((counter, counter.ahead(1)?)))
            .find(|&(counter, _)| matches(counter));
        match hit {
            Some((used, next)) => {
                Probe::Match(KindState::Hotp(Self { next, used: Some(used), ..self.clone() }))
            }
            None => Probe::NoMatch(Hint::None),
        }
    }
}

impl TryFrom<Stored> for HotpState {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        let Stored { algorithm, digits, next, used } = stored;
        if used.is_some_and(|used| used >= next) {
            return Err("the counter is not behind the last accepted one");
        }
        Ok(Self { algorithm, digits, next, used })
    }
}

impl From<HotpState> for Stored {
    fn from(state: HotpState) -> Self {
        let HotpState { algorithm, digits, next, used } = state;
        Self { algorithm, digits, next, used }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> Secret {
        Secret::from_bytes(b"12345678901234567890".to_vec()).unwrap()
    }

    fn device(next: u64, used: Option<u64>) -> HotpState {
        let state = HotpState::new(Algorithm::Sha1, Digits::SIX, Counter(next));
        HotpState { used: used.map(Counter), ..state }
    }

    fn probe(state: &HotpState, code_of: u64) -> Probe {
        let code = hotp(&secret(), Counter(code_of), state.algorithm, state.digits);
        state.probe(&secret(), &code)
    }

    #[test]
    fn looks_ahead_and_never_back() {
        let state = device(10, None);
        for (code_of, accepted) in [(8, false), (9, false), (10, true), (15, true), (16, false)] {
            assert_eq!(matches!(probe(&state, code_of), Probe::Match(_)), accepted, "{code_of}");
        }
    }

    #[test]
    fn moves_behind_what_it_accepted() {
        let Probe::Match(KindState::Hotp(next)) = probe(&device(10, None), 13) else { panic!() };
        assert_eq!(next, device(14, Some(13)));
        assert_eq!(probe(&next, 13), Probe::Used);
        assert_eq!(probe(&next, 12), Probe::NoMatch(Hint::None));
    }

    #[test]
    fn the_last_counter_is_never_accepted() {
        let state = device(u64::MAX - 1, None);
        assert!(matches!(probe(&state, u64::MAX - 1), Probe::Match(_)));
        assert_eq!(probe(&state, u64::MAX), Probe::NoMatch(Hint::None));
    }
}
