//! `[pass]`: how long passes are live, and kept once they are over.

use otp_core::{PassPolicy, Seconds};
use serde::Deserialize;

use super::values::Length;

/// The table as it is written.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Passes {
    /// For how long where nobody says.
    expires: Option<Within<1, MONTH>>,
    /// For how long at most where somebody makes one for themselves.
    own_longest: Option<Within<1, MONTH>>,
    /// For how long at most.
    longest: Option<Within<1, MONTH>>,
    /// How long one that is over is kept.
    keep: Option<Within<3600, YEAR>>,
}

const MONTH: u64 = 30 * 86_400;
const YEAR: u64 = 365 * 86_400;

/// A length of time between bounds that the type names, in seconds.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Within<const LEAST: u64, const MOST: u64>(Seconds);

impl<const LEAST: u64, const MOST: u64> TryFrom<String> for Within<LEAST, MOST> {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let seconds = Length::seconds(&text)?;
        let fits = (LEAST..=MOST).contains(&seconds);
        let bounds = || format!("must be between {LEAST}s and {}d", MOST / 86_400);
        fits.then_some(Self(Seconds(seconds))).ok_or_else(bounds)
    }
}

impl Passes {
    /// The policy that it comes to.
    pub(super) fn policy(self) -> PassPolicy {
        let default = PassPolicy::default();
        PassPolicy {
            default: self.expires.map_or(default.default, |length| length.0),
            own_longest: self.own_longest.map_or(default.own_longest, |length| length.0),
            longest: self.longest.map_or(default.longest, |length| length.0),
            keep: self.keep.map_or(default.keep, |length| length.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use otp_core::{PassPolicy, Seconds};

    use crate::config::Config;

    fn policy(text: &str) -> Result<PassPolicy, String> {
        let config = Config::parse(&format!("[pass]\n{text}"), "host");
        config.map(|config| config.passes).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_said_is_done() {
        assert_eq!(policy(""), Ok(PassPolicy::default()));
        let said = policy("expires = '1s'\nown_longest = '2h'\nlongest = '30d'\nkeep = '1h'");
        let expected = PassPolicy {
            default: Seconds(1),
            own_longest: Seconds(7200),
            longest: Seconds(2_592_000),
            keep: Seconds(3600),
        };
        assert_eq!(said, Ok(expected));
    }

    #[test]
    fn what_is_out_of_its_bounds_is_named() {
        for text in [
            "expires = '0s'",
            "longest = '31d'",
            "own_longest = '0h'",
            "keep = '59min'",
            "keep = '366d'",
            "expires = 600",
            "expires = '10'",
            "default = '1h'",
        ] {
            let error = policy(text).unwrap_err();
            assert!(error.contains("line"), "{text}: {error}");
        }
    }
}
