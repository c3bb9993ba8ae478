//! TOTP, RFC 6238: HOTP over the number of periods since the epoch.

use serde::{Deserialize, Serialize};

use crate::{Algorithm, Code, Counter, Digits, Secret, UnixTime, hotp};

/// The length `X` of a time step in seconds, 15 to 120 (RFC 6238 section 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Period(u32);

/// A period that no device has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a period has 15 to 120 seconds, not {0}; 30 is what most authenticators use")]
pub struct PeriodError(pub u32);

impl Period {
    /// The length in seconds.
    pub const fn as_secs(self) -> u32 {
        self.0
    }
}

impl Default for Period {
    fn default() -> Self {
        Self(30)
    }
}

impl TryFrom<u32> for Period {
    type Error = PeriodError;

    fn try_from(secs: u32) -> Result<Self, PeriodError> {
        if (15..=120).contains(&secs) { Ok(Self(secs)) } else { Err(PeriodError(secs)) }
    }
}

impl From<Period> for u32 {
    fn from(period: Period) -> Self {
        period.0
    }
}

/// The number `T` of whole periods since the epoch (RFC 6238 section 4.2, with `T0` = 0).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TimeStep(pub u64);

impl TimeStep {
    /// The step that `time` lies in.
    pub fn at(time: UnixTime, period: Period) -> Self {
        Self(time.as_secs() / u64::from(period.0))
    }

    /// The step `offset` steps later, or earlier where it is negative; none before the epoch.
    pub fn shifted(self, offset: i64) -> Option<Self> {
        self.0.checked_add_signed(offset).map(Self)
    }

    /// How many steps later `other` is; negative where it is earlier.
    pub fn until(self, other: Self) -> i64 {
        let distance = i64::try_from(self.0.abs_diff(other.0)).unwrap_or(i64::MAX);
        if other < self { -distance } else { distance }
    }

    /// When the step begins.
    pub fn start(self, period: Period) -> UnixTime {
        UnixTime::from_secs(self.0.saturating_mul(u64::from(period.0)))
    }
}

/// The code of `secret` in `step`.
pub fn totp(secret: &Secret, step: TimeStep, algorithm: Algorithm, digits: Digits) -> Code {
    hotp(secret, Counter(step.0), algorithm, digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238 appendix B. Its table names one seed; the values were made with seeds of the
    /// digest's length, as its reference code has them (erratum 2866).
    #[test]
    fn rfc_6238_appendix_b() {
        let table = [
            (59, "94287082", "46119246", "90693936"),
            (1_111_111_109, "07081804", "68084774", "25091201"),
            (1_111_111_111, "14050471", "67062674", "99943326"),
            (1_234_567_890, "89005924", "91819424", "93441116"),
            (2_000_000_000, "69279037", "90698825", "38618901"),
            (20_000_000_000, "65353130", "77737706", "47863826"),
        ];
        let seed = |len| {
            let bytes = b"1234567890".iter().copied().cycle().take(len).collect();
            Secret::from_bytes(bytes).unwrap()
        };
        let eight = Digits::try_from(8).unwrap();
        for (time, sha1, sha256, sha512) in table {
            let step = TimeStep::at(UnixTime::from_secs(time), Period::default());
            for (algorithm, value) in
                [(Algorithm::Sha1, sha1), (Algorithm::Sha256, sha256), (Algorithm::Sha512, sha512)]
            {
                let code = totp(&seed(algorithm.secret_bytes()), step, algorithm, eight);
                assert_eq!(code.reveal(), value, "{algorithm} at {time}");
            }
        }
    }

    #[test]
    fn steps_begin_on_the_second() {
        let period = Period::default();
        for (time, step) in [(0, 0), (29, 0), (30, 1), (59, 1), (60, 2)] {
            assert_eq!(TimeStep::at(UnixTime::from_secs(time), period), TimeStep(step));
        }
        assert_eq!(TimeStep(2).start(period), UnixTime::from_secs(60));
        assert_eq!(TimeStep(0).shifted(-1), None);
    }

    #[test]
    fn periods_have_bounds() {
        for secs in [0, 14, 121] {
            assert_eq!(Period::try_from(secs), Err(PeriodError(secs)));
        }
        assert!(Period::try_from(15).is_ok() && Period::try_from(120).is_ok());
    }
}
