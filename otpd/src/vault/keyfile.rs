//! Where the keyring lies: a file beside the store, 0600, made at the first start, which the daemon
//! changes; or a systemd credential, which it only reads. Every change is written whole under
//! another name, synced and put in place, so that after a power cut there is the old keyring or the
//! new one; nothing is sealed with a key before its file is durable.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use super::keyring::{Key, Keyring, KeyringError, Tag};

/// The largest keyring, in bytes.
const MAX_BYTES: usize = 64 * 1024;

/// How many keys the daemon adds at most. One is in use, another on its way out.
const MAX_KEYS: usize = 16;

/// A keyring's file.
#[derive(Clone, Debug)]
pub struct KeyFile {
    path: PathBuf,
    origin: Origin,
}

/// Whose the file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// The daemon's own.
    Own,
    /// The service manager's.
    Credential,
}

/// Why a keyring's file was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The keyring is a credential.
    #[error(
        "the keyring is the systemd credential otpd.keyring, which otpd cannot change; {next} \
         and restart otpd"
    )]
    Fixed {
        /// What to do where the credential comes from.
        next: &'static str,
    },
    /// The file lacks a key that is in use.
    #[error(
        "keyring {path} lacks key {tag}, or holds another one of that name: somebody has changed \
         it since otpd read it; restore it from backup"
    )]
    Changed {
        /// Which file.
        path: PathBuf,
        /// The key.
        tag: Tag,
    },
    /// The file is elsewhere.
    #[error("keyring {0} is a link, and otpd changes a file of its own alone; move the file there")]
    Linked(PathBuf),
    /// There are too many keys.
    #[error("the keyring holds {MAX_KEYS} keys or more; retire some first")]
    Full,
    /// The file is no keyring, or could not be written.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
}

impl KeyFile {
    /// The daemon's own file.
    pub fn own(path: PathBuf) -> Self {
        Self { path, origin: Origin::Own }
    }

    /// A systemd credential.
    pub fn credential(path: PathBuf) -> Self {
        Self { path, origin: Origin::Credential }
    }

    /// Reads the keyring. What the daemon may seal with is durable then.
    ///
    /// # Errors
    /// When it is missing, cannot be read, is open to others, or is none.
    pub fn read(&self) -> Result<Keyring, KeyringError> {
        let keyring = Keyring::parse(&self.text()?, &self.path)?;
        match self.origin {
            Origin::Own => self.settle()?,
            Origin::Credential => {}
        }
        Ok(keyring)
    }

    /// Makes a keyring of one new key, durably, where there is none.
    ///
    /// # Errors
    /// When the file is there already or cannot be made.
    pub fn create(&self) -> Result<Keyring, KeyringError> {
        let text = Key::make(next_tag(""))?.line();
        let keyring = Keyring::parse(&text, &self.path)?;
        let draft = self.write_draft(&text)?;
        // A link, unlike a rename, never replaces a keyring that somebody made meanwhile.
        let linked = fs::hard_link(&draft, &self.path);
        fs::remove_file(&draft).map_err(|error| self.io(error))?;
        linked.map_err(|error| self.io(error))?;
        self.sync_dir()?;
        Ok(keyring)
    }

    /// Adds a new key, which seals from now on. One that an earlier call has left in the file,
    /// without its being known whether that was durable, is taken in its place.
    ///
    /// # Errors
    /// When the file is not ours to change, was changed by others, or cannot be written. The old
    /// keyring stays in use then.
    pub fn add(&self, used: &Keyring) -> Result<Keyring, ChangeError> {
        self.must_be_own("add a line `TAG HEX` with a new key (32 random bytes) at its end")?;
        let text = self.text()?;
        let found = self.holding(&text, used.keys())?;
        if used.tagged(found.sealing().tag.as_str()).is_none() {
            self.settle()?;
            return Ok(found);
        }
        if found.keys().count() >= MAX_KEYS {
            return Err(ChangeError::Full);
        }
        let line = Key::make(next_tag(&text)).map_err(KeyringError::from)?.line();
        let end = if text.ends_with('\n') { "" } else { "\n" };
        self.replace([text.as_str(), end, line.as_str()])
    }

    /// Takes a key out, which must not seal. A note of its tag stays, so that no other key gets it.
    ///
    /// # Errors
    /// As for [`add`](Self::add).
    pub fn retire(&self, used: &Keyring, tag: &Tag) -> Result<Keyring, ChangeError> {
        self.must_be_own("take the line of that key out of it")?;
        let text = self.text()?;
        self.holding(&text, used.keys().filter(|key| key.tag != *tag))?;
        let note = note(tag) + "\n";
        let is_its =
            |line: &&str| line.split_once(' ').is_some_and(|(word, _)| word == tag.as_str());
        let lines =
            text.split_inclusive('\n').map(|line| if is_its(&line) { note.as_str() } else { line });
        self.replace(lines)
    }

    /// Removes what a change that was cut off has left: a second name of the keyring, or a draft of
    /// one that never was. For whoever holds the lock on the directory.
    ///
    /// # Errors
    /// When it is there and cannot be removed.
    pub fn tidy(&self) -> Result<(), KeyringError> {
        let draft = self.draft();
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(KeyringError::Io { path: draft, error })
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn must_be_own(&self, next: &'static str) -> Result<(), ChangeError> {
        match self.origin {
            Origin::Own if self.path.is_symlink() => Err(ChangeError::Linked(self.path.clone())),
            Origin::Own => Ok(()),
            Origin::Credential => Err(ChangeError::Fixed { next }),
        }
    }

    /// Reads the file's text, in which what is in use must be: what is written next is made of it. A
    /// key may be missing that an earlier call has taken out, without its being known whether that
    /// was durable.
    fn holding<'k>(
        &self,
        text: &str,
        used: impl IntoIterator<Item = &'k Key>,
    ) -> Result<Keyring, ChangeError> {
        let found = Keyring::parse(text, &self.path)?;
        let is_there = |key: &Key| match found.tagged(key.tag.as_str()) {
            Some(other) => other.same_as(key),
            None => text.lines().any(|line| line == note(&key.tag)),
        };
        match used.into_iter().find(|key| !is_there(key)) {
            None => Ok(found),
            Some(key) => {
                Err(ChangeError::Changed { path: self.path.clone(), tag: key.tag.clone() })
            }
        }
    }

    fn text(&self) -> Result<Zeroizing<String>, KeyringError> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(KeyringError::Missing(self.path.clone()));
            }
            Err(error) => return Err(self.io(error)),
        };
        let mode = file.metadata().map_err(|error| self.io(error))?.mode() & 0o7777;
        // Where systemd lets the service's user read a credential by an ACL, the bits of the group
        // show the ACL's mask.
        let others = match self.origin {
            Origin::Own => 0o077,
            Origin::Credential => 0o007,
        };
        if mode & others != 0 {
            return Err(KeyringError::Exposed { path: self.path.clone(), mode });
        }
        // Never grows: text that moves while it grows leaves copies behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_BYTES + 64));
        let most = u64::try_from(MAX_BYTES + 1).unwrap_or(u64::MAX);
        file.take(most).read_to_end(&mut bytes).map_err(|error| self.io(error))?;
        if bytes.len() > MAX_BYTES {
            return Err(KeyringError::TooLong(self.path.clone()));
        }
        let text = std::str::from_utf8(&bytes)
            .map_err(|error| self.io(io::Error::new(io::ErrorKind::InvalidData, error)))?;
        Ok(Zeroizing::new(text.to_owned()))
    }

    /// Puts a new text in the place of the file, durably.
    fn replace<'t>(
        &self,
        parts: impl IntoIterator<Item = &'t str>,
    ) -> Result<Keyring, ChangeError> {
        let mut text = Zeroizing::new(String::with_capacity(MAX_BYTES));
        for part in parts {
            if text.len() + part.len() > MAX_BYTES {
                return Err(ChangeError::Full);
            }
            text.push_str(part);
        }
        let keyring = Keyring::parse(&text, &self.path)?;
        let draft = self.write_draft(&text)?;
        if let Err(error) = fs::rename(&draft, &self.path) {
            // The next change or start removes it where this does not.
            let _ = self.tidy();
            return Err(self.io(error).into());
        }
        self.sync_dir()?;
        Ok(keyring)
    }

    fn write_draft(&self, text: &str) -> Result<PathBuf, KeyringError> {
        self.tidy()?;
        let draft = self.draft();
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let written = options
            .open(&draft)
            .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
        if let Err(error) = written {
            let _ = self.tidy();
            return Err(self.io(error));
        }
        Ok(draft)
    }

    /// Makes durable what is in place: whoever put it there may have been cut off before that.
    fn settle(&self) -> Result<(), KeyringError> {
        File::open(&self.path).and_then(|file| file.sync_all()).map_err(|error| self.io(error))?;
        self.sync_dir()
    }

    fn sync_dir(&self) -> Result<(), KeyringError> {
        let parent = self.path.parent().unwrap_or(Path::new("/"));
        File::open(parent).and_then(|dir| dir.sync_all()).map_err(|error| self.io(error))
    }

    fn draft(&self) -> PathBuf {
        self.path.with_extension("new")
    }

    fn io(&self, error: io::Error) -> KeyringError {
        KeyringError::Io { path: self.path.clone(), error }
    }
}

/// What stands in the place of a key that was retired.
fn note(tag: &Tag) -> String {
    format!("# {tag} retired")
}

/// The tag behind all of the form `k1`, `k2` … that the text has, be it in a note: no backup may
/// know another key by the tag of a new one.
fn next_tag(text: &str) -> Tag {
    let number = |word: &str| word.strip_prefix('k').and_then(|digits| digits.parse::<u32>().ok());
    let last = text.split_whitespace().filter_map(number).max().unwrap_or(0);
    Tag::numbered(u64::from(last) + 1)
}

#[cfg(test)]
mod tests;
