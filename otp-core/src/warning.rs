//! What is odd about a secret or a device and no reason to refuse it. Whoever takes one tells its
//! warnings; none repeats anything secret.

use crate::{Digits, Secret};

/// Something that should be looked at before a device is relied on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// The secret has this many bytes, under [`Secret::ASKED_BYTES`].
    #[error("secret has {0} bytes and RFC 4226 asks for 16; use a longer one where you can choose")]
    ShortSecret(usize),
    /// Most authenticators cut codes of so many digits.
    #[error(
        "most authenticators do not show codes of {0} digits; try this one before you rely on it"
    )]
    ManyDigits(u32),
    /// This many characters that base32 does not have were read as those they look like.
    #[error(
        "base32 has neither 0 nor 8: {0} of them in the secret read as O and B; compare a code with \
         the device's"
    )]
    Corrected(usize),
    /// An otpauth URI says something that nothing is done about: its name, if it is one, and its
    /// place among the parameters, from 1.
    #[error("parameter {place}{} of the URI is not known and was left out; see whether it matters",
        .name.as_ref().map(|name| format!(", {name:?},")).unwrap_or_default())]
    UnknownParameter {
        /// Its name where it is short: what is long may be a secret that lost its own name.
        name: Option<String>,
        /// Its place among the parameters.
        place: usize,
    },
}

impl Warning {
    /// The word for programs, stable across releases.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::ShortSecret(_) => "short-secret",
            Self::ManyDigits(_) => "many-digits",
            Self::Corrected(_) => "corrected",
            Self::UnknownParameter { .. } => "unknown-parameter",
        }
    }

    /// Whether a secret is shorter than it should be.
    pub fn of_secret(secret: &Secret) -> Option<Self> {
        let bytes = secret.expose().len();
        (bytes < Secret::ASKED_BYTES).then_some(Self::ShortSecret(bytes))
    }

    /// Whether codes are longer than most authenticators show.
    pub fn of_digits(digits: Digits) -> Option<Self> {
        (digits.count() > 8).then_some(Self::ManyDigits(digits.count()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_odd_is_told() {
        for (bytes, warned) in [(10, true), (15, true), (16, false), (128, false)] {
            let secret = Secret::from_bytes(vec![7; bytes]).unwrap();
            let expected = warned.then_some(Warning::ShortSecret(bytes));
            assert_eq!(Warning::of_secret(&secret), expected);
        }
        for (count, warned) in [(6, false), (8, false), (9, true), (10, true)] {
            let digits = Digits::try_from(count).unwrap();
            assert_eq!(Warning::of_digits(digits).is_some(), warned, "{count}");
        }
    }

    #[test]
    fn a_name_cannot_command_a_terminal() {
        let name = Some("a\u{1b}[2J".to_owned());
        let told = Warning::UnknownParameter { name, place: 3 }.to_string();
        assert!(told.starts_with("parameter 3, \"a\\u{1b}[2J\", of"), "{told}");
        let told = Warning::UnknownParameter { name: None, place: 3 }.to_string();
        assert!(told.starts_with("parameter 3 of"), "{told}");
    }
}
