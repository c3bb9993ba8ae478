//! Keys of passes: how they are made of random bytes, and how they are read again. The random bytes
//! are the caller's; each symbol is equally likely, and one that is not is not made.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// RFC 4648 section 6, in lower case: no digit that looks like a letter.
const ALNUM: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// A word is a consonant and a vowel, twice: 12 bits that can be said on the telephone.
const CONSONANTS: &[u8; 16] = b"bdfghjklmnprstvz";
const VOWELS: &[u8; 4] = b"aeiu";

/// The fewest and the most symbols of a key.
const SYMBOLS: std::ops::RangeInclusive<usize> = 4..=64;

/// How a key is made: `alnum:20`, `digits:8` or `words:4`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Generator {
    /// So many letters and digits, 5 bits each.
    Alnum(u8),
    /// So many digits.
    Digits(u8),
    /// So many words of two syllables, 12 bits each.
    Words(u8),
}

/// A text that is no generator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a generator is alnum:N (4 to 64), digits:N (4 to 64) or words:N (1 to 16), such as alnum:20"
)]
pub struct GeneratorError;

impl Default for Generator {
    fn default() -> Self {
        Self::Alnum(20)
    }
}

impl Generator {
    /// How many bits a guesser does not know, rounded down.
    pub const fn bits(self) -> u32 {
        match self {
            Self::Alnum(symbols) => symbols as u32 * 5,
            // log2 10 is a little over 3.3219.
            Self::Digits(digits) => digits as u32 * 33_219 / 10_000,
            Self::Words(words) => words as u32 * 12,
        }
    }

    /// How many random bytes are enough, but for once in many lifetimes.
    pub const fn random_bytes(self) -> usize {
        match self {
            Self::Alnum(symbols) => symbols as usize,
            Self::Digits(digits) => digits as usize * 2 + 32,
            Self::Words(words) => words as usize * 4,
        }
    }

    /// The key of random bytes; none where they do not suffice, and others are to be taken.
    pub fn make(self, random: &[u8]) -> Option<PassKey> {
        let (symbols, wanted): (Vec<u8>, u8) = match self {
            Self::Alnum(wanted) => {
                (random.iter().filter_map(|&byte| pick(ALNUM, byte)).collect(), wanted)
            }
            // The last bytes that would make some digits likelier than others are passed over.
            Self::Digits(wanted) => (
                random.iter().filter(|byte| **byte < 250).map(|byte| b'0' + byte % 10).collect(),
                wanted,
            ),
            Self::Words(words) => {
                let pairs = random.chunks_exact(2).filter_map(<[u8]>::first_chunk::<2>);
                let pairs =
                    pairs.filter_map(|[c, v]| Some([pick(CONSONANTS, *c)?, pick(VOWELS, *v)?]));
                (pairs.flatten().collect(), words.saturating_mul(4))
            }
        };
        let symbols = Zeroizing::new(symbols);
        PassKey::normal(symbols.get(..usize::from(wanted))?)
    }
}

/// One of as many symbols as divide 256.
fn pick<const N: usize>(symbols: &[u8; N], byte: u8) -> Option<u8> {
    symbols.get(usize::from(byte) % N).copied()
}

impl FromStr for Generator {
    type Err = GeneratorError;

    fn from_str(text: &str) -> Result<Self, GeneratorError> {
        let (name, number) = text.split_once(':').ok_or(GeneratorError)?;
        let plain = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let number: u8 = plain.then(|| number.parse().ok()).flatten().ok_or(GeneratorError)?;
        match (name, number) {
            ("alnum", 4..=64) => Ok(Self::Alnum(number)),
            ("digits", 4..=64) => Ok(Self::Digits(number)),
            ("words", 1..=16) => Ok(Self::Words(number)),
            _ => Err(GeneratorError),
        }
    }
}

impl TryFrom<String> for Generator {
    type Error = GeneratorError;

    fn try_from(text: String) -> Result<Self, GeneratorError> {
        text.parse()
    }
}

impl From<Generator> for String {
    fn from(generator: Generator) -> Self {
        generator.to_string()
    }
}

impl fmt::Display for Generator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alnum(number) => write!(f, "alnum:{number}"),
            Self::Digits(number) => write!(f, "digits:{number}"),
            Self::Words(number) => write!(f, "words:{number}"),
        }
    }
}

/// A key as it is made or typed, in its one normal form. Never empty; wiped when dropped.
pub struct PassKey(Zeroizing<Vec<u8>>);

impl PassKey {
    /// Reads what was typed: in any case, with or without spaces and hyphens, and where it has letters
    /// with the digits that people write for those they look like. None where it can be no key.
    pub fn parse(typed: &str) -> Option<Self> {
        let symbols: Zeroizing<Vec<u8>> =
            typed.bytes().filter(|byte| !matches!(byte, b' ' | b'-')).collect::<Vec<_>>().into();
        Self::normal(&symbols)
    }

    fn normal(symbols: &[u8]) -> Option<Self> {
        let fits = SYMBOLS.contains(&symbols.len());
        if !fits || !symbols.iter().all(u8::is_ascii_alphanumeric) {
            return None;
        }
        if symbols.iter().all(u8::is_ascii_digit) {
            return Some(Self(Zeroizing::new(symbols.to_vec())));
        }
        let letter = |byte: &u8| match byte {
            b'0' => b'o',
            b'1' => b'l',
            b'8' => b'b',
            other => other.to_ascii_lowercase(),
        };
        Some(Self(Zeroizing::new(symbols.iter().map(letter).collect())))
    }

    /// The bytes that are hashed.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The key as it is shown, once: in fours.
    pub fn reveal(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(2 * self.0.len()));
        for (place, byte) in self.0.iter().enumerate() {
            if place > 0 && place % 4 == 0 {
                text.push('-');
            }
            text.push(char::from(*byte));
        }
        text
    }
}

impl fmt::Debug for PassKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PassKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(typed: &str) -> Option<String> {
        PassKey::parse(typed).map(|key| String::from_utf8(key.expose().to_vec()).unwrap())
    }

    #[test]
    fn generators_by_name() {
        for text in ["alnum:4", "alnum:64", "digits:13", "words:1", "words:16"] {
            assert_eq!(text.parse::<Generator>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "alnum",
            "alnum:",
            "alnum:3",
            "alnum:65",
            "digits:+8",
            "words:0",
            "words:17",
            "debug:20",
            "Alnum:20",
            "alnum:20:1",
            "alnum: 20",
            "digits:999",
            "digits:-1",
        ] {
            assert_eq!(text.parse::<Generator>(), Err(GeneratorError), "{text:?}");
        }
    }

    /// A generator that claims more bits than it has would let in who guesses.
    #[test]
    fn bits_are_not_overstated() {
        for (text, bits) in [
            ("alnum:20", 100),
            ("alnum:4", 20),
            ("words:4", 48),
            ("digits:6", 19),
            ("digits:7", 23),
            ("digits:12", 39),
            ("digits:13", 43),
            ("digits:64", 212),
        ] {
            assert_eq!(text.parse::<Generator>().unwrap().bits(), bits, "{text}");
        }
    }

    /// Of all bytes that can come, each symbol is made by as many: what the kernel gives evenly stays
    /// even.
    #[test]
    fn every_symbol_is_equally_likely() {
        let all: Vec<u8> = (0..=255).collect();
        for (symbols, each) in [(&ALNUM[..], 8), (&CONSONANTS[..], 16), (&VOWELS[..], 64)] {
            for symbol in symbols {
                let made = all.iter().filter(|byte| match symbols.len() {
                    32 => pick(ALNUM, **byte) == Some(*symbol),
                    16 => pick(CONSONANTS, **byte) == Some(*symbol),
                    _ => pick(VOWELS, **byte) == Some(*symbol),
                });
                assert_eq!(made.count(), each);
            }
        }
        for digit in b'0'..=b'9' {
            let made = all.iter().filter(|byte| **byte < 250 && b'0' + **byte % 10 == digit);
            assert_eq!(made.count(), 25);
        }
    }

    #[test]
    fn other_bytes_make_another_key_and_too_few_make_none() {
        for generator in
            ["alnum:20", "digits:13", "words:4"].map(|t| t.parse::<Generator>().unwrap())
        {
            let make = |seed: u8| {
                let bytes: Vec<u8> = (0..generator.random_bytes())
                    .map(|place| u8::try_from(place % 200).unwrap().wrapping_mul(7) ^ seed)
                    .collect();
                generator.make(&bytes).unwrap().reveal().to_string()
            };
            assert_eq!(make(1), make(1));
            assert_ne!(make(1), make(2));
            assert!(generator.make(&[7; 3]).is_none(), "{generator}");
        }
        assert!(Generator::Digits(7).make(&[255; 100]).is_none(), "bytes that make no digit");
    }

    #[test]
    fn what_is_shown_is_read_again() {
        for generator in ["alnum:20", "alnum:5", "digits:13", "words:4"] {
            let generator: Generator = generator.parse().unwrap();
            let random: Vec<u8> = (0..=255).collect();
            let made = generator.make(&random).unwrap();
            let shown = made.reveal();
            for typed in [shown.to_string(), shown.to_uppercase(), shown.replace('-', " ")] {
                assert_eq!(PassKey::parse(&typed).unwrap().expose(), made.expose(), "{generator}");
            }
            assert_eq!(format!("{made:?}"), "PassKey");
        }
        assert_eq!(
            Generator::Words(2).make(&[0, 1, 2, 3, 4, 5, 6, 7]).unwrap().reveal().as_str(),
            "befu-heku"
        );
    }

    #[test]
    fn as_people_type_them() {
        assert_eq!(normal(" ABCD-ef01 8888 ").as_deref(), Some("abcdefolbbbb"));
        assert_eq!(normal("0018-9999").as_deref(), Some("00189999"), "digits stay digits");
    }

    /// An empty key never matches, as there is none.
    #[test]
    fn what_is_no_key() {
        let long = "a".repeat(65);
        for typed in ["", " ", "--", "abc", "abc_def", "abcdé", "abcd\n", "abcd\0", &long] {
            assert!(PassKey::parse(typed).is_none(), "{typed:?}");
        }
        for count in 1..60 {
            let replaced: String = "\x08\n\r\x7fINCORRECT".chars().cycle().take(count).collect();
            assert!(PassKey::parse(&replaced).is_none(), "{count}: sshd's own answer");
        }
    }
}
