//! What `Begin` tells of the configuration: how a host is to put the question. Alike for
//! everybody, so that users and strangers are asked alike.
//!
//! It refuses what is out of its bounds where it is read, in `otpd.toml` and off the bus alike.

use serde::{Deserialize, Serialize};
use zbus::{DeserializeDict, SerializeDict, Type};

/// How a code is asked for. The defaults are those of an `otpd.toml` that says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "a{sv}", rename_all = "kebab-case")]
pub struct Terms {
    /// Who is told why a code was refused.
    pub tell: Tell,
    /// With how many digits an answer ends that holds password and code.
    pub forward_digits: ForwardDigits,
    /// What stands between a password and a code of another shape.
    pub forward_separator: Separator,
    /// What can be typed to have a code sent: the names of the channels, where there are any.
    pub words: Option<Vec<String>>,
}

impl Terms {
    /// What can be typed to have a code sent.
    pub fn words(&self) -> &[String] {
        self.words.as_deref().unwrap_or_default()
    }
}

/// Who is told why a code was refused. It shows strangers that others are no strangers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "kebab-case")]
#[zbus(signature = "s")]
pub enum Tell {
    /// Who logs in on this machine.
    #[default]
    Local,
    /// Everybody.
    Always,
    /// Nobody.
    Never,
}

/// How many digits at the end of an answer are the code: 6 to 10.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(try_from = "u32", into = "u32")]
#[zbus(signature = "u")]
pub struct ForwardDigits(u32);

impl ForwardDigits {
    /// How many there are.
    pub fn count(self) -> usize {
        self.0 as usize
    }
}

impl Default for ForwardDigits {
    fn default() -> Self {
        Self(6)
    }
}

impl TryFrom<u32> for ForwardDigits {
    type Error = &'static str;

    fn try_from(number: u32) -> Result<Self, Self::Error> {
        (6..=10).contains(&number).then_some(Self(number)).ok_or("must be 6 to 10")
    }
}

impl From<ForwardDigits> for u32 {
    fn from(digits: ForwardDigits) -> Self {
        digits.0
    }
}

/// One character of ASCII that no code holds: neither letter, digit, space nor hyphen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(try_from = "String", into = "String")]
#[zbus(signature = "s")]
pub struct Separator(u8);

impl Separator {
    /// The character.
    pub fn byte(self) -> u8 {
        self.0
    }
}

impl Default for Separator {
    fn default() -> Self {
        Self(b',')
    }
}

impl TryFrom<String> for Separator {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_bytes() {
            [byte] if byte.is_ascii_punctuation() && *byte != b'-' => Ok(Self(*byte)),
            _ => Err("must be one character such as \",\", no letter, digit, space or hyphen"),
        }
    }
}

impl From<Separator> for String {
    fn from(separator: Separator) -> Self {
        char::from(separator.0).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_kept() {
        assert_eq!(ForwardDigits::default().count(), 6);
        for (number, fits) in [(5, false), (6, true), (10, true), (11, false), (u32::MAX, false)] {
            assert_eq!(ForwardDigits::try_from(number).is_ok(), fits, "{number}");
        }
        assert_eq!(Separator::default().byte(), b',');
        for (text, fits) in [(",", true), ("/", true), ("~", true), ("-", false), (" ", false)] {
            assert_eq!(Separator::try_from(text.to_owned()).is_ok(), fits, "{text:?}");
        }
        for text in ["", "a", "7", "\n", "\u{7f}", ",,", "\u{e9}"] {
            assert!(Separator::try_from(text.to_owned()).is_err(), "{text:?}");
        }
    }
}
