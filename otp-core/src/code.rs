//! Codes: how many digits they have, and what people type for one. What is typed is decided here
//! once; anything that is not plainly a code is refused before any device is looked at.

use std::fmt;

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// How many digits a code has (RFC 4226 section 5.3: at least 6), 6 to 10.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Digits(u8);

/// A number of digits that no device has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a code has 6 to 10 digits, not {0}; 6 is what most authenticators show")]
pub struct DigitsError(pub u32);

impl Digits {
    /// The digits of most devices.
    pub const SIX: Self = Self(6);

    /// How many.
    pub const fn count(self) -> u32 {
        self.0 as u32
    }
}

impl Default for Digits {
    fn default() -> Self {
        Self::SIX
    }
}

impl TryFrom<u32> for Digits {
    type Error = DigitsError;

    fn try_from(count: u32) -> Result<Self, DigitsError> {
        match u8::try_from(count) {
            Ok(count @ 6..=10) => Ok(Self(count)),
            _ => Err(DigitsError(count)),
        }
    }
}

impl From<Digits> for u32 {
    fn from(digits: Digits) -> Self {
        digits.count()
    }
}

/// A one-time code of 6 to 10 ASCII digits, wiped when dropped. Compared in constant time only.
pub struct Code {
    text: [u8; 10],
    digits: Digits,
}

/// Why what was typed is no code. None of these touches an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Nothing, or only spaces and hyphens.
    #[error("nothing was typed")]
    Empty,
    /// What sshd puts in place of the answer of somebody who may not log in anyway.
    #[error("sshd replaced the answer: the user may not log in")]
    Replaced,
    /// Anything else but 6 to 10 ASCII digits or a recovery code.
    #[error("what was typed is no code of 6 to 10 digits, nor a recovery code")]
    NotDigits,
}

/// What sshd sends instead of an answer, cycled or cut to the typed length (auth-pam.c). Were it
/// counted as a failure, anybody remote could lock out root under `PermitRootLogin no`.
const REPLACED: &[u8] = b"\x08\n\r\x7fINCORRECT";

impl Code {
    /// Reads what was typed: spaces and hyphens are dropped, leading zeros kept.
    ///
    /// # Errors
    /// When it is no code.
    pub fn parse(typed: &str) -> Result<Self, Malformed> {
        let typed = typed.as_bytes();
        if !typed.is_empty() && typed.iter().eq(REPLACED.iter().cycle().take(typed.len())) {
            return Err(Malformed::Replaced);
        }
        let mut text = [0; 10];
        let mut count = 0;
        for &byte in typed.iter().filter(|byte| !matches!(byte, b' ' | b'-')) {
            let slot = text.get_mut(count).ok_or(Malformed::NotDigits)?;
            *slot = byte;
            count += 1;
        }
        if count == 0 {
            return Err(Malformed::Empty);
        }
        let read = u32::try_from(count).ok().and_then(|count| Digits::try_from(count).ok());
        match read {
            Some(digits) if text.iter().take(count).all(u8::is_ascii_digit) => {
                Ok(Self { text, digits })
            }
            _ => Err(Malformed::NotDigits),
        }
    }

    /// The code that stands for `number`, cut to its last digits (RFC 4226 section 5.3).
    pub(crate) fn of_number(number: u32, digits: Digits) -> Self {
        let mut text = [0; 10];
        let mut rest = number;
        for slot in text.iter_mut().take(usize::from(digits.0)).rev() {
            // The remainder is below 10.
            #[allow(clippy::cast_possible_truncation)]
            let digit = (rest % 10) as u8;
            *slot = b'0' + digit;
            rest /= 10;
        }
        Self { text, digits }
    }

    /// A code that equals none that can be typed.
    pub(crate) const fn never() -> Self {
        Self { text: [0; 10], digits: Digits(0) }
    }

    /// Whether both are the same code, in a time that depends on their lengths alone.
    pub fn same_as(&self, other: &Self) -> bool {
        let same = self.text.ct_eq(&other.text) & self.digits.0.ct_eq(&other.digits.0);
        same.into()
    }

    /// The digits as text, for somebody who holds the secret anyway.
    pub fn reveal(&self) -> String {
        self.text.iter().take(usize::from(self.digits.0)).map(|&byte| char::from(byte)).collect()
    }
}

impl Drop for Code {
    fn drop(&mut self) {
        self.text.zeroize();
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Code({} digits)", self.digits.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type() {
        for (typed, code) in [
            ("123456", "123456"),
            ("123 456", "123456"),
            (" 12-34-56 ", "123456"),
            ("000000", "000000"),
            ("0012345678", "0012345678"),
        ] {
            assert_eq!(Code::parse(typed).unwrap().reveal(), code, "{typed:?}");
        }
    }

    #[test]
    fn what_is_no_code() {
        for typed in ["", " ", "- -"] {
            assert_eq!(Code::parse(typed).unwrap_err(), Malformed::Empty, "{typed:?}");
        }
        for typed in [
            "12345",
            "12345678901",
            "12345a",
            "１２３４５６",
            "123456\n",
            "123456\0",
            "+123456",
            "0x123456",
            "1234567890 1",
            "١٢٣٤٥٦",
        ] {
            assert_eq!(Code::parse(typed).unwrap_err(), Malformed::NotDigits, "{typed:?}");
        }
    }

    #[test]
    fn what_sshd_sends_instead() {
        let whole = "\x08\n\r\x7fINCORRECT".repeat(40);
        for len in 1..=whole.len() {
            assert_eq!(Code::parse(&whole[..len]).unwrap_err(), Malformed::Replaced, "{len}");
        }
        assert_eq!(Code::parse("INCORRECT").unwrap_err(), Malformed::NotDigits);
    }

    #[test]
    fn lengths_are_not_mixed() {
        let six = Code::of_number(0, Digits::SIX);
        let seven = Code::of_number(0, Digits::try_from(7).unwrap());
        assert!(!six.same_as(&seven));
        assert!(six.same_as(&Code::parse("000000").unwrap()));
        assert_eq!(format!("{six:?}"), "Code(6 digits)");
    }

    #[test]
    fn digits_have_bounds() {
        for count in [0, 5, 11, 262] {
            assert_eq!(Digits::try_from(count), Err(DigitsError(count)));
        }
        assert_eq!((6..=10).filter_map(|c| Digits::try_from(c).ok()).count(), 5);
    }
}
