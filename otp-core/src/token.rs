//! A code with all that its holder wants to know of it: what it is made of, from when and until
//! when it holds. For those who have the secret; what a login accepts is decided elsewhere, and by
//! a window.

use crate::{Code, Counter, Seconds, Secret, TimeStep, UnixTime, device::KindState, hotp, totp};

/// A code and what it is made of.
#[derive(Debug)]
pub struct Token {
    /// The code.
    pub code: Code,
    /// What it is made of.
    pub factor: Factor,
}

/// The moving factor of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Factor {
    /// RFC 6238: the time.
    Time {
        /// The number of whole periods since the epoch.
        step: TimeStep,
        /// The first second at which the code is shown.
        start: UnixTime,
        /// The first second at which the next one is.
        expires: UnixTime,
        /// From now until then; at least one second.
        remaining: Seconds,
    },
    /// RFC 4226: a counter.
    Count {
        /// The code's own.
        counter: Counter,
        /// The next code's.
        next: Counter,
    },
}

/// The code that a device with this secret and state shows at `now`, if its clock is right: the
/// drift of a TOTP device is not its holder's to know. None at the end of a counter, where no code
/// is ever accepted, and for recovery codes and messages, which no secret makes.
pub fn token(secret: &Secret, state: &KindState, now: UnixTime) -> Option<Token> {
    match state {
        KindState::Totp(state) => {
            let step = TimeStep::at(now, state.period);
            let period = u64::from(state.period.as_secs());
            let remaining = Seconds(period - now.as_secs() % period);
            let (start, expires) = (step.start(state.period), now.plus(remaining));
            let code = totp(secret, step, state.algorithm, state.digits);
            Some(Token { code, factor: Factor::Time { step, start, expires, remaining } })
        }
        KindState::Hotp(state) => {
            let (counter, next) = (state.next, state.next.ahead(1)?);
            let code = hotp(secret, counter, state.algorithm, state.digits);
            Some(Token { code, factor: Factor::Count { counter, next } })
        }
        KindState::Recovery(_) | KindState::Message(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Algorithm, Digits, Period,
        device::{HotpState, TotpState},
    };

    fn seed(len: usize) -> Secret {
        let bytes = b"1234567890".iter().copied().cycle().take(len).collect();
        Secret::from_bytes(bytes).unwrap()
    }

    fn by_time(algorithm: Algorithm, period: u32) -> KindState {
        let (eight, period) = (Digits::try_from(8).unwrap(), Period::try_from(period).unwrap());
        KindState::Totp(TotpState::new(algorithm, eight, period))
    }

    fn by_count(counter: u64) -> KindState {
        KindState::Hotp(HotpState::new(Algorithm::Sha1, Digits::SIX, Counter(counter)))
    }

    /// RFC 6238, appendix B, with its column T and the step's edges.
    #[test]
    fn rfc_6238_appendix_b() {
        for (time, step, algorithm, value) in [
            (59, 0x1, Algorithm::Sha1, "94287082"),
            (1_111_111_109, 0x0235_23EC, Algorithm::Sha256, "68084774"),
            (1_111_111_111, 0x0235_23ED, Algorithm::Sha512, "99943326"),
            (20_000_000_000, 0x27BC_86AA, Algorithm::Sha1, "65353130"),
        ] {
            let (now, state) = (UnixTime::from_secs(time), by_time(algorithm, 30));
            let token = token(&seed(algorithm.secret_bytes()), &state, now).unwrap();
            assert_eq!(token.code.reveal(), value, "{time}");
            let start = step * 30;
            let expected = Factor::Time {
                step: TimeStep(step),
                start: UnixTime::from_secs(start),
                expires: UnixTime::from_secs(start + 30),
                remaining: Seconds(start + 30 - time),
            };
            assert_eq!(token.factor, expected, "{time}");
        }
    }

    /// RFC 4226, appendix D.
    #[test]
    fn rfc_4226_appendix_d() {
        for (counter, value) in [(0, "755224"), (1, "287082"), (9, "520489")] {
            let token = token(&seed(20), &by_count(counter), UnixTime::default()).unwrap();
            assert_eq!(token.code.reveal(), value, "{counter}");
            let (counter, next) = (Counter(counter), Counter(counter + 1));
            assert_eq!(token.factor, Factor::Count { counter, next });
        }
    }

    #[test]
    fn a_step_lasts_from_its_first_second_to_its_last() {
        let remaining = |time| {
            let now = UnixTime::from_secs(time);
            match token(&seed(20), &by_time(Algorithm::Sha1, 60), now).unwrap().factor {
                Factor::Time { expires, remaining, .. } => (expires.as_secs(), remaining.0),
                Factor::Count { .. } => panic!("a counter"),
            }
        };
        assert_eq!([0, 59, 60, 119].map(remaining), [(60, 60), (60, 1), (120, 60), (120, 1)]);
    }

    #[test]
    fn the_last_counter_has_no_code() {
        assert!(token(&seed(20), &by_count(u64::MAX), UnixTime::default()).is_none());
        assert!(token(&seed(20), &by_count(u64::MAX - 1), UnixTime::default()).is_some());
    }
}
