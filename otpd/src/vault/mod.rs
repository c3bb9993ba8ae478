//! Sealing: secrets at rest are XChaCha20-Poly1305 under a key of the keyring, bound to the place
//! where they are stored, so that a sealed secret moved to another account does not open there.
//! Hashes are keyed by the database's pepper, which is itself sealed, so that keys can be rotated
//! without the hashed values.

mod keyfile;
mod keyring;

use std::sync::{Arc, PoisonError, RwLock};

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::entropy::{self, NoEntropy};
pub use keyfile::{ChangeError, KeyFile};
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

    /// What is sealed, in words.
    pub fn named(&self) -> String {
        match (self.account, self.device) {
            ("", _) => format!("the database's {}", self.field),
            (account, device) => format!("{} of {device} of {account}", self.field),
        }
    }
}

/// Seals and opens, with keys that can be changed while it is in use.
pub struct Vault {
    keyring: RwLock<Arc<Keyring>>,
}

impl Vault {
    /// A vault with these keys.
    pub fn new(keyring: Keyring) -> Self {
        Self { keyring: RwLock::new(Arc::new(keyring)) }
    }

    /// Uses these keys from now on. For whoever made sure that they are durable, open what is
    /// sealed, and that nothing is being sealed meanwhile.
    pub fn change(&self, keyring: Keyring) {
        *self.keyring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keyring);
    }

    /// The keys in use.
    pub fn keyring(&self) -> Arc<Keyring> {
        self.keyring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Seals a value for its place.
    ///
    /// # Errors
    /// When the kernel gives no nonce.
    pub fn seal(&self, place: Place<'_>, value: &[u8]) -> Result<Vec<u8>, VaultError> {
        let keyring = self.keyring();
        let key = keyring.sealing();
        let nonce: [u8; NONCE_BYTES] = entropy::array()?;
        let damaged = || VaultError::Damaged { place: place.named() };
        let cipher = XChaCha20Poly1305::new_from_slice(&key.bytes).map_err(|_| damaged())?;
        let aad = place.bound(key.tag.as_str());
        let sealed = cipher
            .encrypt(&XNonce::from(nonce), Payload { msg: value, aad: &aad })
            .map_err(|_| damaged())?;
        let mut bytes = header(&key.tag);
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
        let keyring = self.keyring();
        let key = keyring
            .tagged(parts.tag)
            .ok_or_else(|| VaultError::NoKey { place: place.named(), tag: parts.tag.to_owned() })?;
        let cipher = XChaCha20Poly1305::new_from_slice(&key.bytes).map_err(|_| damaged())?;
        let aad = place.bound(parts.tag);
        let payload = Payload { msg: parts.ciphertext, aad: &aad };
        cipher
            .decrypt(&XNonce::from(parts.nonce), payload)
            .map(Zeroizing::new)
            .map_err(|_| damaged())
    }

    /// Seals a sealed value with the key that seals now. What is given opens to the same value:
    /// that was tried.
    ///
    /// # Errors
    /// When the value does not open, or the kernel gives no nonce.
    pub fn reseal(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let value = self.open(place, sealed)?;
        let anew = self.seal(place, &value)?;
        if *self.open(place, &anew)? == *value {
            return Ok(anew);
        }
        Err(VaultError::Damaged { place: place.named() })
    }

    /// What the values begin with that the sealing key has sealed, and no others do.
    pub fn sealing_header(&self) -> Vec<u8> {
        header(&self.keyring().sealing().tag)
    }
}

/// The tag of the key with which a value is sealed, as the value says; none: it is no sealed value.
pub fn tag_of(sealed: &[u8]) -> Option<Tag> {
    let (&version, rest) = sealed.split_first()?;
    let (&tag_bytes, rest) = rest.split_first()?;
    let tag = std::str::from_utf8(rest.get(..tag_bytes.into())?).ok()?;
    (version == VERSION).then(|| Tag::parse(tag)).flatten()
}

fn header(tag: &Tag) -> Vec<u8> {
    let tag = tag.as_str().as_bytes();
    // A tag has 16 bytes at most.
    let mut bytes = vec![VERSION, u8::try_from(tag.len()).unwrap_or(u8::MAX)];
    bytes.extend_from_slice(tag);
    bytes
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

    /// The keyed hash by which a code for a contact is kept, or its identifier, of these parts.
    pub fn contact(&self, parts: &[&[u8]]) -> Option<[u8; 32]> {
        let subkey = Zeroizing::new(hash(&self.0, b"otpd contact")?);
        let mut message = Zeroizing::new(Vec::new());
        for part in parts {
            message.extend_from_slice(&(part.len() as u64).to_be_bytes());
            message.extend_from_slice(part);
        }
        hash(&subkey, &message)?.try_into().ok()
    }

    /// The keyed hash by which a token is kept.
    pub fn token(&self, token: &[u8]) -> Option<[u8; 32]> {
        let subkey = Zeroizing::new(hash(&self.0, b"otpd token")?);
        hash(&subkey, token)?.try_into().ok()
    }

    /// The keyed hash by which a token shows that it was made here.
    pub fn token_origin(&self, token: &[u8]) -> Option<[u8; 32]> {
        let subkey = Zeroizing::new(hash(&self.0, b"otpd token origin")?);
        hash(&subkey, token)?.try_into().ok()
    }

    /// The keyed hash by which a pass is kept and found: of its purpose and its key, so that a key of
    /// one purpose is none of another. There is none of an empty key.
    pub fn pass(&self, purpose: &[u8], key: &[u8]) -> Option<[u8; 32]> {
        if key.is_empty() {
            return None;
        }
        let subkey = Zeroizing::new(hash(&self.0, b"otpd pass")?);
        // Length-prefixed, so that no two pairs read alike.
        let mut message = Zeroizing::new((purpose.len() as u64).to_be_bytes().to_vec());
        message.extend_from_slice(purpose);
        message.extend_from_slice(key);
        hash(&subkey, &message)?.try_into().ok()
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
mod tests;
