//! HOTP, RFC 4226: HMAC over a counter, truncated to digits. SHA-256 and SHA-512 as RFC 6238
//! section 1.2 allows them.

use std::{fmt, str::FromStr};

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use zeroize::Zeroizing;

use crate::{Code, Digits, Secret};

/// The moving factor `C` of RFC 4226.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Counter(pub u64);

impl Counter {
    /// The counter `steps` further on; none beyond the last.
    pub fn ahead(self, steps: u64) -> Option<Self> {
        self.0.checked_add(steps).map(Self)
    }
}

/// The hash under HMAC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Algorithm {
    /// What RFC 4226 defines and authenticators know best.
    #[default]
    #[serde(rename = "SHA1")]
    Sha1,
    /// RFC 6238's second.
    #[serde(rename = "SHA256")]
    Sha256,
    /// RFC 6238's third.
    #[serde(rename = "SHA512")]
    Sha512,
}

/// A name of no algorithm that devices use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("algorithm must be SHA1, SHA256 or SHA512; SHA1 is what every authenticator knows")]
pub struct AlgorithmError;

impl Algorithm {
    /// The name in otpauth URIs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }

    /// How many bytes a generated secret has: the digest's length (RFC 6238 section 5.1).
    pub const fn secret_bytes(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Algorithm {
    type Err = AlgorithmError;

    fn from_str(text: &str) -> Result<Self, AlgorithmError> {
        match text.to_ascii_uppercase().as_str() {
            "SHA1" | "SHA-1" => Ok(Self::Sha1),
            "SHA256" | "SHA-256" => Ok(Self::Sha256),
            "SHA512" | "SHA-512" => Ok(Self::Sha512),
            _ => Err(AlgorithmError),
        }
    }
}

/// The code of `secret` at `counter` (RFC 4226 section 5.3).
pub fn hotp(secret: &Secret, counter: Counter, algorithm: Algorithm, digits: Digits) -> Code {
    let message = counter.0.to_be_bytes();
    let number = match algorithm {
        Algorithm::Sha1 => truncated_mac::<Hmac<Sha1>>(secret, &message),
        Algorithm::Sha256 => truncated_mac::<Hmac<Sha256>>(secret, &message),
        Algorithm::Sha512 => truncated_mac::<Hmac<Sha512>>(secret, &message),
    };
    // HMAC takes a key of any length (RFC 2104 section 3) and these digests have 20 bytes or more,
    // so there always is a number. Were that to change, the code would equal none that is typed.
    number.map_or_else(Code::never, |number| Code::of_number(number, digits))
}

fn truncated_mac<M: Mac + KeyInit>(secret: &Secret, message: &[u8]) -> Option<u32> {
    let mac = M::new_from_slice(secret.expose()).ok()?;
    let digest = Zeroizing::new(mac.chain_update(message).finalize().into_bytes().to_vec());
    truncate(&digest)
}

/// Dynamic truncation, RFC 4226 section 5.3: 31 bits at the offset that the last nibble names.
fn truncate(digest: &[u8]) -> Option<u32> {
    let offset = usize::from(digest.last()? & 0x0f);
    let four = digest.get(offset..offset + 4)?;
    Some(u32::from_be_bytes(four.try_into().ok()?) & 0x7fff_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4226 appendix D: the secret and its first ten values.
    #[test]
    fn rfc_4226_appendix_d() {
        let secret = Secret::from_bytes(b"12345678901234567890".to_vec()).unwrap();
        let values = [
            "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583",
            "399871", "520489",
        ];
        for (counter, value) in (0..).zip(values) {
            let code = hotp(&secret, Counter(counter), Algorithm::Sha1, Digits::SIX);
            assert_eq!(code.reveal(), value, "counter {counter}");
        }
    }

    /// RFC 4226 appendix D: the intermediate decimal numbers, which are longer codes' ends.
    #[test]
    fn rfc_4226_appendix_d_ten_digits() {
        let secret = Secret::from_bytes(b"12345678901234567890".to_vec()).unwrap();
        let values = ["1284755224", "1094287082", "0137359152", "1726969429", "1640338314"];
        for (counter, value) in (0..).zip(values) {
            let code =
                hotp(&secret, Counter(counter), Algorithm::Sha1, Digits::try_from(10).unwrap());
            assert_eq!(code.reveal(), value, "counter {counter}");
        }
    }

    #[test]
    fn counters_end() {
        assert_eq!(Counter(u64::MAX).ahead(1), None);
        assert_eq!(Counter(u64::MAX - 1).ahead(1), Some(Counter(u64::MAX)));
    }

    #[test]
    fn algorithm_names() {
        for text in ["sha1", "SHA-256", "Sha512"] {
            assert!(text.parse::<Algorithm>().is_ok(), "{text}");
        }
        assert_eq!("md5".parse::<Algorithm>(), Err(AlgorithmError));
    }
}
