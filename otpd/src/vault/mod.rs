//! Sealing: secrets at rest are XChaCha20-Poly1305 under a key of the keyring, bound to the place
//! where they are stored, so that a sealed secret moved to another account does not open there.
//! Hashes are keyed by the database's pepper, which is itself sealed, so that keys can be rotated
//! without the hashed values.

mod keyring;

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::entropy::{self, NoEntropy};
pub use keyring::{CREDENTIAL, Keyring, KeyringError, Tag};

/// The format of what is sealed: version, tag length, tag, nonce, ciphertext.
const VERSION: u8 = 1;

/// Bytes of XChaCha20's nonce.
const NONCE_BYTES: usize = 24;

/// What cannot be opened or sealed.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The key is not in the keyring.
    #[error("{place}: sealed with key {tag:?}, which the keyring does not hold; restore that key")]
    NoKey {
        /// What is sealed.
        place: String,
        /// The key's tag.
        tag: String,
    },
    /// The key does not fit, or the bytes were changed or moved.
    #[error(
        "{place}: does not open with its key: it was damaged, moved, or the keyring is another's"
    )]
    Damaged {
        /// What is sealed.
        place: String,
    },
    /// No nonce could be made.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
}

/// Where a sealed value belongs. It is bound into the seal.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The account's name; empty for what is the database's own.
    pub account: &'a str,
    /// The device's id; empty where there is none.
    pub device: &'a str,
    /// Which value.
    pub field: &'a str,
}

impl Place<'_> {
    /// Length-prefixed, so that no two places read alike.
    fn bound(&self, tag: &str) -> Vec<u8> {
        let mut bytes = b"otpd sealed 1".to_vec();
        for part in [tag, self.account, self.device, self.field] {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes
    }

    fn named(&self) -> String {
        match (self.account, self.device) {
            ("", _) => format!("the database's {}", self.field),
            (account, device) => format!("{} of {device} of {account}", self.field),
        }
    }
}

/// Seals and opens, and keys hashes.
pub struct Vault {
    keyring: Keyring,
}

impl Vault {
    /// A vault with these keys.
    pub fn new(keyring: Keyring) -> Self {
        Self { keyring }
    }

    /// Seals a value for its place.
    ///
    /// # Errors
    /// When the kernel gives no nonce.
    pub fn seal(&self, place: Place<'_>, value: &[u8]) -> Result<Vec<u8>, VaultError> {
        let key = self.keyring.sealing();
        let nonce: [u8; NONCE_BYTES] = entropy::array()?;
        let cipher = XChaCha20Poly1305::new((&*key.bytes).into());
        let aad = place.bound(key.tag.as_str());
        let sealed = cipher
            .encrypt(&XNonce::from(nonce), Payload { msg: value, aad: &aad })
            .map_err(|_| VaultError::Damaged { place: place.named() })?;
        // A tag has 16 bytes at most.
        let tag_bytes = u8::try_from(key.tag.as_str().len()).unwrap_or(u8::MAX);
        let mut bytes = vec![VERSION, tag_bytes];
        bytes.extend_from_slice(key.tag.as_str().as_bytes());
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&sealed);
        Ok(bytes)
    }

    /// Opens what [`seal`](Self::seal) sealed for the same place.
    ///
    /// # Errors
    /// When the key is missing or does not fit.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let damaged = || VaultError::Damaged { place: place.named() };
        let parts = Parts::split(sealed).ok_or_else(damaged)?;
        let key = self
            .keyring
            .tagged(parts.tag)
            .ok_or_else(|| VaultError::NoKey { place: place.named(), tag: parts.tag.to_owned() })?;
        let cipher = XChaCha20Poly1305::new((&*key.bytes).into());
        let aad = place.bound(parts.tag);
        let payload = Payload { msg: parts.ciphertext, aad: &aad };
        cipher
            .decrypt(&XNonce::from(parts.nonce), payload)
            .map(Zeroizing::new)
            .map_err(|_| damaged())
    }
}

struct Parts<'a> {
    tag: &'a str,
    nonce: [u8; NONCE_BYTES],
    ciphertext: &'a [u8],
}

impl<'a> Parts<'a> {
    fn split(sealed: &'a [u8]) -> Option<Self> {
        let (&version, rest) = sealed.split_first()?;
        let (&tag_bytes, rest) = rest.split_first()?;
        let (tag, rest) = rest.split_at_checked(tag_bytes.into())?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_BYTES>()?;
        let tag = std::str::from_utf8(tag).ok()?;
        (version == VERSION).then_some(Self { tag, nonce: *nonce, ciphertext })
    }
}

/// Keys for hashes, each purpose its own.
pub struct Pepper(Zeroizing<Vec<u8>>);

impl Pepper {
    /// Bytes of a pepper.
    pub const BYTES: usize = 32;

    /// A pepper of these bytes.
    pub fn new(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }

    /// The keyed hash of a device secret, by which two of the same are found.
    pub fn fingerprint(&self, secret: &[u8]) -> Option<Vec<u8>> {
        let subkey = Zeroizing::new(hash(&self.0, b"otpd device secret")?);
        hash(&subkey, secret)
    }

    /// The keyed hash by which a recovery code is kept.
    pub fn recovery_code(&self, code: &[u8]) -> Option<[u8; 32]> {
        let subkey = Zeroizing::new(hash(&self.0, b"otpd recovery code")?);
        hash(&subkey, code)?.try_into().ok()
    }

    /// The keyed hash by which an invitation is kept.
    pub fn invitation(&self, token: &[u8]) -> Option<[u8; 32]> {
        let subkey = Zeroizing::new(hash(&self.0, b"otpd invitation")?);
        hash(&subkey, token)?.try_into().ok()
    }

    /// The keyed hash of what a stored record says, in these parts. A disk that gives back other
    /// bytes than were written must not move a counter back or make an account unenrolled.
    pub fn mark(&self, parts: &[&[u8]]) -> Option<Vec<u8>> {
        let subkey = Zeroizing::new(hash(&self.0, b"otpd record")?);
        let mut message = Vec::new();
        for part in parts {
            // Length-prefixed, so that no two records read alike.
            message.extend_from_slice(&(part.len() as u64).to_be_bytes());
            message.extend_from_slice(part);
        }
        hash(&subkey, &message)
    }
}

fn hash(key: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    let mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    Some(mac.chain_update(message).finalize().into_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place<'_> = Place { account: "alice", device: "totp/7f3a9c01", field: "secret" };

    fn vault(dir: &tempfile::TempDir, name: &str) -> Vault {
        let path = dir.path().join(name);
        Vault::new(Keyring::read(&path).or_else(|_| Keyring::create(&path)).unwrap())
    }

    #[test]
    fn opens_what_it_sealed_in_its_place_alone() {
        let dir = tempfile::tempdir().unwrap();
        let vault = vault(&dir, "a");
        let sealed = vault.seal(PLACE, b"12345678901234567890").unwrap();
        assert_eq!(vault.open(PLACE, &sealed).unwrap().as_slice(), b"12345678901234567890");
        assert!(!sealed.windows(10).any(|part| part == b"1234567890"));
        for place in [
            Place { account: "mallory", ..PLACE },
            Place { device: "totp/00000000", ..PLACE },
            Place { field: "label", ..PLACE },
            Place { account: "alicetotp/7f3a9c01", device: "", ..PLACE },
        ] {
            assert!(matches!(vault.open(place, &sealed), Err(VaultError::Damaged { .. })));
        }
    }

    #[test]
    fn every_changed_or_missing_byte_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let vault = vault(&dir, "a");
        let sealed = vault.seal(PLACE, b"secret").unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(vault.open(PLACE, &changed).is_err(), "byte {at} changed");
            assert!(vault.open(PLACE, &sealed[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn another_keyring_does_not_open() {
        let dir = tempfile::tempdir().unwrap();
        let sealed = vault(&dir, "a").seal(PLACE, b"secret").unwrap();
        assert!(matches!(vault(&dir, "b").open(PLACE, &sealed), Err(VaultError::Damaged { .. })));
    }
}
