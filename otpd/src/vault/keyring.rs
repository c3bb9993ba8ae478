//! The keyring: tagged 256-bit keys as text, one `TAG HEX` a line; the last one seals, all open. It
//! refuses whatever is not exactly that: a key half read would seal what nobody can open. Where the
//! text lies is `keyfile`'s.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use data_encoding::HEXLOWER;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::entropy::{self, NoEntropy};

/// The name of the systemd credential.
pub const CREDENTIAL: &str = "otpd.keyring";

/// Bytes of a key.
const KEY_BYTES: usize = 32;

/// Bytes of the longest tag.
const MAX_TAG_BYTES: usize = 16;

/// What a key is called: 1 to 16 letters, digits or hyphens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag(String);

/// The keys, at least one.
pub struct Keyring {
    sealing: Key,
    older: Vec<Key>,
}

pub(super) struct Key {
    pub(super) tag: Tag,
    /// On the heap, so that a key that moves leaves no copy behind.
    pub(super) bytes: Zeroizing<Vec<u8>>,
}

/// Why there is no keyring.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The file is not there although the store is: it holds what nothing else can open.
    #[error("keyring {0} is missing but the store needs it; restore it from backup")]
    Missing(PathBuf),
    /// The file cannot be read or made.
    #[error("keyring {path}: {error}; check the file and its owner")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Whoever else can read the file can open the store.
    #[error(
        "keyring {path} has mode {mode:04o}, so that others can read the keys; chmod 600 {path}, \
         and where somebody may have read it: otpctl keys add, then otpctl keys reseal"
    )]
    Exposed {
        /// Which file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The file is no keyring.
    #[error(
        "keyring {path}, line {line}: expected a tag, a space and 64 hexadecimal digits; \
         restore it from backup"
    )]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
    },
    /// The file holds no key, or one tag twice.
    #[error("keyring {0} holds no key, or two of one tag; restore it from backup")]
    NoKeys(PathBuf),
    /// The file is longer than any keyring.
    #[error("keyring {0} is longer than 64 KiB; restore it from backup")]
    TooLong(PathBuf),
    /// No key could be made.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
}

impl Tag {
    /// Reads a tag.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (plain && (1..=MAX_TAG_BYTES).contains(&text.len())).then(|| Self(text.to_owned()))
    }

    /// The tag of the key of this number.
    pub(super) fn numbered(number: u64) -> Self {
        Self(format!("k{number}"))
    }

    /// The tag as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Keyring {
    /// Reads the text of the keyring at `path`.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str, path: &Path) -> Result<Self, KeyringError> {
        let mut keys: Vec<Key> = Vec::new();
        for (line, text) in (1..).zip(text.lines()) {
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let malformed = || KeyringError::Malformed { path: path.to_owned(), line };
            let key = Key::parse(text).ok_or_else(malformed)?;
            if keys.iter().any(|other| other.tag == key.tag) {
                return Err(KeyringError::NoKeys(path.to_owned()));
            }
            keys.push(key);
        }
        let sealing = keys.pop().ok_or_else(|| KeyringError::NoKeys(path.to_owned()))?;
        Ok(Self { sealing, older: keys })
    }

    /// The tags, in the order of the text; the last one seals.
    pub fn tags(&self) -> impl Iterator<Item = &Tag> {
        self.keys().map(|key| &key.tag)
    }

    /// The tag of the key that seals.
    pub fn sealing_tag(&self) -> &Tag {
        &self.sealing.tag
    }

    /// The key that seals.
    pub(super) fn sealing(&self) -> &Key {
        &self.sealing
    }

    /// The key of a tag.
    pub(super) fn tagged(&self, tag: &str) -> Option<&Key> {
        self.keys().find(|key| key.tag.0 == tag)
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.older.iter().chain([&self.sealing])
    }
}

impl Key {
    /// Makes a key.
    pub(super) fn make(tag: Tag) -> Result<Self, NoEntropy> {
        Ok(Self { tag, bytes: entropy::secret(KEY_BYTES)? })
    }

    /// Whether two keys are the same, in constant time as to their bytes.
    pub(super) fn same_as(&self, other: &Self) -> bool {
        self.tag == other.tag && bool::from(self.bytes.ct_eq(&other.bytes))
    }

    /// The key's line, with its end.
    pub(super) fn line(&self) -> Zeroizing<String> {
        let hex = Zeroizing::new(HEXLOWER.encode(&self.bytes));
        // Never grows: text that moves while it grows leaves copies behind.
        let mut line = Zeroizing::new(String::with_capacity(self.tag.0.len() + hex.len() + 2));
        for part in [self.tag.as_str(), " ", &hex, "\n"] {
            line.push_str(part);
        }
        line
    }

    fn parse(line: &str) -> Option<Self> {
        let (tag, hex) = line.split_once(' ')?;
        let bytes = Zeroizing::new(HEXLOWER.decode(hex.as_bytes()).ok()?);
        let tag = Tag::parse(tag)?;
        (bytes.len() == KEY_BYTES).then_some(Self { tag, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Keyring, KeyringError> {
        Keyring::parse(text, Path::new("keyring"))
    }

    #[test]
    fn the_last_key_seals_and_all_open() {
        let ring =
            parse(&format!("# keys\nold {}\n\nnew {}\n", "0".repeat(64), "1".repeat(64))).unwrap();
        assert_eq!(ring.sealing().tag.as_str(), "new");
        assert!(ring.tagged("old").is_some() && ring.tagged("new").is_some());
        assert!(ring.tagged("other").is_none());
        assert_eq!(ring.tags().map(Tag::as_str).collect::<Vec<_>>(), ["old", "new"]);
    }

    #[test]
    fn a_line_reads_back() {
        let key = Key::make(Tag::parse("k1").unwrap()).unwrap();
        let ring = parse(&key.line()).unwrap();
        assert!(ring.sealing().same_as(&key));
        let other = Key::make(Tag::parse("k1").unwrap()).unwrap();
        assert!(!other.same_as(&key), "the same key twice");
    }

    #[test]
    fn anything_else_is_refused() {
        let key = "0".repeat(64);
        for text in [
            format!("k1 {}", "0".repeat(63)),
            format!("k1 {}", "0".repeat(66)),
            format!("k1 {}", "g".repeat(64)),
            format!("k1  {key}"),
            format!("k1\t{key}"),
            format!(" {key}"),
            format!("a/b {key}"),
            key.clone(),
        ] {
            assert!(
                matches!(parse(&text), Err(KeyringError::Malformed { line: 1, .. })),
                "{text:?}"
            );
        }
        assert!(matches!(parse(""), Err(KeyringError::NoKeys(_))));
        assert!(matches!(parse(&format!("a {key}\na {key}")), Err(KeyringError::NoKeys(_))));
    }
}
