//! The keyring: tagged 256-bit keys in a text file, one `TAG HEX` a line; the last one seals, all
//! open. It comes from a systemd credential or lies beside the store, 0600, made at first start.
//! It refuses whatever is not exactly that: a key half read would seal what nobody can open.

use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use data_encoding::HEXLOWER;
use zeroize::Zeroizing;

use crate::entropy::{self, NoEntropy};

/// The name of the systemd credential.
pub const CREDENTIAL: &str = "otpd.keyring";

/// Bytes of a key.
pub(super) const KEY_BYTES: usize = 32;

/// The largest keyring that is read, in bytes.
const MAX_BYTES: u64 = 64 * 1024;

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
    pub(super) bytes: Zeroizing<[u8; KEY_BYTES]>,
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
    /// No key could be made.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
}

impl Tag {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (plain && (1..=16).contains(&text.len())).then(|| Self(text.to_owned()))
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
    /// Reads a keyring.
    ///
    /// # Errors
    /// When it is missing, cannot be read, or is none.
    pub fn read(path: &Path) -> Result<Self, KeyringError> {
        let io_error = |error| KeyringError::Io { path: path.to_owned(), error };
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(KeyringError::Missing(path.to_owned()));
            }
            Err(error) => return Err(io_error(error)),
        };
        let mut text = Zeroizing::new(String::new());
        file.take(MAX_BYTES).read_to_string(&mut text).map_err(io_error)?;
        Self::parse(&text, path)
    }

    /// Makes a keyring of one new key, durably, at a path where there is none.
    ///
    /// # Errors
    /// When the file is there already or cannot be made.
    pub fn create(path: &Path) -> Result<Self, KeyringError> {
        let io_error = |error| KeyringError::Io { path: path.to_owned(), error };
        let bytes = entropy::secret(KEY_BYTES)?;
        let text = Zeroizing::new(format!("k1 {}\n", *Zeroizing::new(HEXLOWER.encode(&bytes))));
        let keyring = Self::parse(&text, path)?;
        // Written whole under another name first: after a power cut there is a keyring or none.
        Self::tidy(path)?;
        let draft = draft(path);
        let mut options = OpenOptions::new();
        let mut file =
            options.write(true).create_new(true).mode(0o600).open(&draft).map_err(io_error)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(io_error)?;
        // A link, unlike a rename, never replaces a keyring that somebody made meanwhile.
        let linked = fs::hard_link(&draft, path);
        fs::remove_file(&draft).map_err(io_error)?;
        linked.map_err(io_error)?;
        let parent = path.parent().unwrap_or(Path::new("/"));
        File::open(parent).and_then(|dir| dir.sync_all()).map_err(io_error)?;
        Ok(keyring)
    }

    /// Removes what a [`create`](Self::create) that was cut off has left: a second name of the
    /// keyring, or a draft of one that never was. For whoever holds the lock on the directory.
    ///
    /// # Errors
    /// When it is there and cannot be removed.
    pub fn tidy(path: &Path) -> Result<(), KeyringError> {
        let draft = draft(path);
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(KeyringError::Io { path: draft, error })
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

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

    /// The key that seals.
    pub(super) fn sealing(&self) -> &Key {
        &self.sealing
    }

    /// The key of a tag.
    pub(super) fn tagged(&self, tag: &str) -> Option<&Key> {
        std::iter::once(&self.sealing).chain(&self.older).find(|key| key.tag.0 == tag)
    }
}

fn draft(path: &Path) -> PathBuf {
    path.with_extension("new")
}

impl Key {
    fn parse(line: &str) -> Option<Self> {
        let (tag, hex) = line.split_once(' ')?;
        let decoded = Zeroizing::new(HEXLOWER.decode(hex.as_bytes()).ok()?);
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        if decoded.len() != KEY_BYTES {
            return None;
        }
        bytes.copy_from_slice(&decoded);
        Some(Self { tag: Tag::parse(tag)?, bytes })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn parse(text: &str) -> Result<Keyring, KeyringError> {
        Keyring::parse(text, Path::new("keyring"))
    }

    #[test]
    fn made_once_and_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keyring");
        assert!(matches!(Keyring::read(&path), Err(KeyringError::Missing(_))));
        let made = Keyring::create(&path).unwrap();
        let read = Keyring::read(&path).unwrap();
        assert_eq!(*made.sealing().bytes, *read.sealing().bytes);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(matches!(Keyring::create(&path), Err(KeyringError::Io { .. })), "made twice");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "a draft was left behind");
    }

    #[test]
    fn the_last_key_seals_and_all_open() {
        let ring =
            parse(&format!("# keys\nold {}\n\nnew {}\n", "0".repeat(64), "1".repeat(64))).unwrap();
        assert_eq!(ring.sealing().tag.as_str(), "new");
        assert!(ring.tagged("old").is_some() && ring.tagged("new").is_some());
        assert!(ring.tagged("other").is_none());
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
