//! A device's shared secret. It cannot be copied, printed or serialised, and is wiped when dropped.

mod text;

use data_encoding::{BASE32_NOPAD, DecodeError, Encoding};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

pub use text::{SecretForm, SecretText, SecretTextError};

/// The key `K` of RFC 4226: 10 to 128 bytes.
pub struct Secret(Zeroizing<Vec<u8>>);

/// Why bytes or text are no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// Under [`Secret::MIN_BYTES`].
    #[error("secret is shorter than 10 bytes (16 characters of base32); use a longer one")]
    TooShort,
    /// Over [`Secret::MAX_BYTES`].
    #[error("secret is longer than 128 bytes; use a shorter one")]
    TooLong,
    /// Not base32 (RFC 4648 section 6).
    #[error("secret is not base32 (letters A to Z, digits 2 to 7); check for missing characters")]
    NotBase32,
}

impl Secret {
    /// The shortest secret that is taken: 80 bits are in wide use.
    pub const MIN_BYTES: usize = 10;
    /// What RFC 4226 section 4 R6 asks for, 128 bits. Shorter ones are warned of.
    pub const ASKED_BYTES: usize = 16;
    /// The longest secret: SHA-512's block, beyond which HMAC would only hash it.
    pub const MAX_BYTES: usize = 128;
    /// What is generated: RFC 4226 section 4 R6 recommends 160 bits.
    pub const DEFAULT_BYTES: usize = 20;

    /// Takes the bytes of a secret.
    ///
    /// # Errors
    /// When there are too few or too many.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, SecretError> {
        let bytes = Zeroizing::new(bytes);
        match bytes.len() {
            0..Self::MIN_BYTES => Err(SecretError::TooShort),
            Self::MIN_BYTES..=Self::MAX_BYTES => Ok(Self(bytes)),
            _ => Err(SecretError::TooLong),
        }
    }

    /// Reads base32 as programs write it: any case, spaces and hyphens between groups, padding or
    /// none. What people write is read by [`SecretText`].
    ///
    /// # Errors
    /// When the text is not base32 or the secret too short or too long.
    pub fn from_base32(text: &str) -> Result<Self, SecretError> {
        let mut plain = Zeroizing::new(String::with_capacity(text.len()));
        let kept = text.chars().filter(|c| !matches!(c, ' ' | '-'));
        plain.extend(kept.map(|c| c.to_ascii_uppercase()));
        let mut bytes = decode(&BASE32_NOPAD, plain.trim_end_matches('='))
            .map_err(|_| SecretError::NotBase32)?;
        Self::from_bytes(std::mem::take(&mut *bytes))
    }

    /// The bytes, for HMAC and for sealing.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Base32 without padding, as authenticators take it. As secret as the secret.
    pub fn to_base32(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE32_NOPAD.encode(&self.0))
    }

    /// Whether two secrets are the same, in constant time.
    pub fn same_as(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

/// Decodes into a buffer that is wiped, whatever comes of it.
fn decode(encoding: &Encoding, plain: &str) -> Result<Zeroizing<Vec<u8>>, DecodeError> {
    let mut bytes = Zeroizing::new(vec![0; encoding.decode_len(plain.len())?]);
    let len = encoding.decode_mut(plain.as_bytes(), &mut bytes).map_err(|part| part.error)?;
    bytes.truncate(len);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base32_as_people_write_it() {
        let plain = Secret::from_base32("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").unwrap();
        assert_eq!(plain.expose(), b"12345678901234567890");
        for text in
            ["gezd gnbv gy3t qojq gezd gnbv gy3t qojq", "GEZD-GNBVGY3TQOJQ-GEZDGNBVGY3TQOJQ===="]
        {
            assert!(Secret::from_base32(text).unwrap().same_as(&plain), "{text}");
        }
        assert_eq!(plain.to_base32().as_str(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }

    #[test]
    fn bounds() {
        assert_eq!(Secret::from_bytes(vec![1; 9]).err(), Some(SecretError::TooShort));
        assert!(Secret::from_bytes(vec![1; 10]).is_ok());
        assert!(Secret::from_bytes(vec![1; 128]).is_ok());
        assert_eq!(Secret::from_bytes(vec![1; 129]).err(), Some(SecretError::TooLong));
        assert_eq!(Secret::from_base32("1").err(), Some(SecretError::NotBase32));
        assert_eq!(Secret::from_base32("GEZDGNBVGY3TQOJQé").err(), Some(SecretError::NotBase32));
    }
}
