//! What people type at a prompt, read once: the digits of a code, or a recovery code. Anything that
//! is plainly neither is refused before any device is looked at.

use std::fmt;

use data_encoding::{BASE32_NOPAD, HEXLOWER};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use crate::{Code, Malformed};

/// What was typed.
pub enum Entry {
    /// 6 to 10 digits.
    Code(Code),
    /// A recovery code.
    Recovery(RecoveryCode),
    /// What no device makes and can be the key of a pass, as [`PassKey`](crate::PassKey) reads it.
    /// Only for who lets passes in: everybody else has typed no code.
    Key,
}

impl Entry {
    /// Reads what was typed: spaces and hyphens are dropped.
    ///
    /// # Errors
    /// When it is neither kind of code.
    pub fn parse(typed: &str) -> Result<Self, Malformed> {
        match Code::parse(typed) {
            Ok(code) => Ok(Self::Code(code)),
            Err(Malformed::NotDigits) => {
                RecoveryCode::parse(typed).map(Self::Recovery).ok_or(Malformed::NotDigits)
            }
            Err(malformed @ (Malformed::Empty | Malformed::Replaced)) => Err(malformed),
        }
    }
}

/// What devices are shown: a recovery code is shown by its keyed hash alone.
#[derive(Debug)]
pub enum Offer {
    /// 6 to 10 digits.
    Code(Code),
    /// The hash of a recovery code.
    Recovery(CodeHash),
    /// What no device makes: it can only be the key of a pass.
    Key,
}

/// A one-time code of 40 bits for the day on which every device is lost: eight letters and digits
/// of base32 (RFC 4648 section 6), shown as `xxxx-xxxx`, at least one of them a letter, so that it
/// is never taken for the digits of a device. Wiped when dropped.
pub struct RecoveryCode([u8; RecoveryCode::SYMBOLS]);

impl RecoveryCode {
    /// Symbols of a code, five bits each.
    const SYMBOLS: usize = 8;
    /// How many codes there are: 40 bits, but for those of digits alone, of which there are six.
    pub(crate) const COUNT: u64 = (1 << 40) - 6_u64.pow(8);

    /// The code of random bytes; none for the few that make a code without a letter, where others
    /// are to be taken.
    pub fn of_random(random: [u8; 5]) -> Option<Self> {
        let text = Zeroizing::new(BASE32_NOPAD.encode(&random));
        Self::normal(text.bytes())
    }

    /// Reads a code: any case, with or without spaces and hyphens, and with the digits that people
    /// write for the letters they look like, as those digits do not occur.
    fn parse(typed: &str) -> Option<Self> {
        Self::normal(typed.bytes().filter(|byte| !matches!(byte, b' ' | b'-')))
    }

    fn normal(bytes: impl Iterator<Item = u8>) -> Option<Self> {
        let code = Self(symbols(bytes)?);
        code.0.iter().any(u8::is_ascii_uppercase).then_some(code)
    }

    /// The bytes that are hashed.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The code as it is shown, once: `xxxx-xxxx`.
    pub fn reveal(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(Self::SYMBOLS + 1));
        for (place, byte) in self.0.iter().enumerate() {
            if place == Self::SYMBOLS / 2 {
                text.push('-');
            }
            text.push(char::from(byte.to_ascii_lowercase()));
        }
        text
    }
}

/// Exactly `N` symbols of base32, in capitals. People write some digits for the letters that they
/// look like; those digits do not occur.
pub(crate) fn symbols<const N: usize>(bytes: impl Iterator<Item = u8>) -> Option<[u8; N]> {
    let mut symbols = [0; N];
    let mut count = 0;
    for byte in bytes {
        *symbols.get_mut(count)? = match byte.to_ascii_uppercase() {
            b'0' => b'O',
            b'1' => b'L',
            b'8' => b'B',
            other => other,
        };
        count += 1;
    }
    let known = symbols.iter().all(|byte| matches!(byte, b'A'..=b'Z' | b'2'..=b'7'));
    (count == N && known).then_some(symbols)
}

impl Drop for RecoveryCode {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode")
    }
}

/// The keyed hash by which a one-time code is kept: whoever reads the store learns no code. Made
/// by whoever holds the key; compared in constant time.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CodeHash([u8; 32]);

impl CodeHash {
    /// A hash of these bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Whether both are of one code.
    pub fn same_as(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl PartialEq for CodeHash {
    fn eq(&self, other: &Self) -> bool {
        self.same_as(other)
    }
}

impl Eq for CodeHash {}

impl TryFrom<String> for CodeHash {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let bytes = HEXLOWER.decode(text.as_bytes()).ok();
        let whole = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        whole.map(Self).ok_or("the hash of a code is not 64 hexadecimal digits")
    }
}

impl From<CodeHash> for String {
    fn from(hash: CodeHash) -> Self {
        HEXLOWER.encode(&hash.0)
    }
}

impl fmt::Debug for CodeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeHash")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recovery(typed: &str) -> Option<String> {
        match Entry::parse(typed) {
            Ok(Entry::Recovery(code)) => Some(code.reveal().to_string()),
            Ok(Entry::Code(_) | Entry::Key) | Err(_) => None,
        }
    }

    #[test]
    fn recovery_codes_as_people_type_them() {
        for typed in ["abcd-efgh", "ABCDEFGH", " abcd efgh ", "a-b-c-d-e-f-g-h"] {
            assert_eq!(recovery(typed).as_deref(), Some("abcd-efgh"), "{typed:?}");
        }
        assert_eq!(recovery("0i18-2345").as_deref(), Some("oilb-2345"));
    }

    #[test]
    fn digits_are_never_a_recovery_code() {
        assert!(matches!(Entry::parse("2345-6723"), Ok(Entry::Code(_))));
        assert!(RecoveryCode::parse("23456723").is_none());
        let digits = data_encoding::BASE32_NOPAD.decode(b"23456723").unwrap();
        assert!(RecoveryCode::of_random(digits.try_into().unwrap()).is_none());
    }

    #[test]
    fn neither_is_refused() {
        for typed in ["abcd-efg", "abcd-efghi", "abcd-efg9", "abcd_efgh", "äbcdefg", "abcdefg\n"] {
            assert_eq!(Entry::parse(typed).err(), Some(Malformed::NotDigits), "{typed:?}");
        }
        assert_eq!(Entry::parse("--").err(), Some(Malformed::Empty));
        let replaced = "\x08\n\r\x7fINCO";
        assert_eq!(Entry::parse(replaced).err(), Some(Malformed::Replaced));
    }

    #[test]
    fn shown_and_read_again() {
        for seed in 0..=255_u8 {
            let Some(code) = RecoveryCode::of_random([seed, 7, seed ^ 0x55, 200, seed / 3]) else {
                continue;
            };
            let shown = code.reveal();
            assert_eq!(recovery(&shown).as_deref(), Some(shown.as_str()));
            assert_eq!(format!("{code:?}"), "RecoveryCode");
        }
    }

    #[test]
    fn hashes_are_stored_as_hex() {
        let hash = CodeHash::new([0xab; 32]);
        let stored = serde_json::to_string(&hash).unwrap();
        assert_eq!(stored, format!("{:?}", "ab".repeat(32)));
        assert!(serde_json::from_str::<CodeHash>(&stored).unwrap().same_as(&hash));
        assert!(serde_json::from_str::<CodeHash>("\"ab\"").is_err());
        assert_eq!(format!("{hash:?}"), "CodeHash");
    }
}
