//! Values that more than one table has: numbers between bounds, lengths of time, text that
//! authenticators can show.

use otp_core::Seconds;
use serde::Deserialize;

/// A number between bounds that the type names.
#[derive(Deserialize)]
#[serde(try_from = "u32")]
pub(super) struct Bounded<const LEAST: u32, const MOST: u32>(pub(super) u32);

impl<const LEAST: u32, const MOST: u32> TryFrom<u32> for Bounded<LEAST, MOST> {
    type Error = String;

    fn try_from(number: u32) -> Result<Self, String> {
        let within = (LEAST..=MOST).contains(&number);
        within.then_some(Self(number)).ok_or_else(|| format!("must be {LEAST} to {MOST}"))
    }
}

/// A length of time such as `"24h"`: a number and one of s, min, h, d.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Length(pub(crate) Seconds);

impl TryFrom<String> for Length {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match Self::seconds(&text)? {
            secs @ 60..=31_536_000 => Ok(Self(Seconds(secs))),
            _ => Err("must be between 1min and 365d".to_owned()),
        }
    }
}

impl Length {
    /// The seconds of a length of time, however many.
    pub(super) fn seconds(text: &str) -> Result<u64, String> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let factor: u64 = match unit {
            "s" => 1,
            "min" => 60,
            "h" => 3600,
            "d" => 86_400,
            _ => return Err("must be a number and s, min, h or d, such as \"24h\"".to_owned()),
        };
        // What no number holds is beyond every bound.
        Ok(number.parse::<u64>().map_or(u64::MAX, |number| number.saturating_mul(factor)))
    }
}

/// Text that authenticators can show.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Issuer(pub(super) String);

impl TryFrom<String> for Issuer {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        check_issuer(&text).map(|()| Self(text))
    }
}

/// Whether a text can be an issuer.
///
/// # Errors
/// With what is wrong and what would do.
pub fn check_issuer(text: &str) -> Result<(), String> {
    let fits = (1..=64).contains(&text.len());
    let plain = !text.chars().any(|c| c.is_control() || c == ':');
    (fits && plain).then_some(()).ok_or_else(|| {
        "issuer must have 1 to 64 bytes without ':' and control characters".to_owned()
    })
}
