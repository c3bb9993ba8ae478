//! What the file holds after each change, and after those that did not come about.

use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

struct Dir(tempfile::TempDir);

impl Dir {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("keyring")
    }

    fn file(&self) -> KeyFile {
        KeyFile::own(self.path())
    }

    fn text(&self) -> String {
        fs::read_to_string(self.path()).unwrap()
    }

    fn write(&self, text: &str) {
        fs::write(self.path(), text).unwrap();
        fs::set_permissions(self.path(), fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// Nothing but the keyring, 0600.
    fn is_tidy(&self) -> bool {
        let mode = fs::metadata(self.path()).unwrap().permissions().mode();
        fs::read_dir(self.0.path()).unwrap().count() == 1 && mode & 0o777 == 0o600
    }
}

fn tags(keyring: &Keyring) -> Vec<&str> {
    keyring.tags().map(Tag::as_str).collect()
}

fn tag(text: &str) -> Tag {
    Tag::parse(text).unwrap()
}

#[test]
fn made_once_and_read_again() {
    let dir = Dir::new();
    assert!(matches!(dir.file().read(), Err(KeyringError::Missing(_))));
    let made = dir.file().create().unwrap();
    let read = dir.file().read().unwrap();
    assert!(made.sealing().same_as(read.sealing()));
    assert!(matches!(dir.file().create(), Err(KeyringError::Io { .. })), "made twice");
    assert!(dir.is_tidy());
}

#[test]
fn added_a_key_seals_and_the_others_stay() {
    let dir = Dir::new();
    dir.write(&format!("# mine\n2026 {}", "0".repeat(64)));
    let first = dir.file().read().unwrap();
    let second = dir.file().add(&first).unwrap();
    assert_eq!(tags(&second), ["2026", "k1"]);
    assert!(second.tagged("2026").unwrap().same_as(first.sealing()));
    assert!(dir.text().starts_with("# mine\n2026 00"), "{}", dir.text());
    let third = dir.file().add(&second).unwrap();
    assert_eq!((tags(&third).len(), third.sealing().tag.as_str()), (3, "k2"));
    assert_eq!(tags(&dir.file().read().unwrap()), tags(&third));
    assert!(dir.is_tidy());
}

#[test]
fn a_retired_tag_is_never_given_again() {
    let dir = Dir::new();
    let ring = dir.file().add(&dir.file().create().unwrap()).unwrap();
    let ring = dir.file().retire(&ring, &tag("k1")).unwrap();
    assert_eq!(tags(&ring), ["k2"]);
    assert!(dir.text().starts_with("# k1 retired\nk2 "), "{}", dir.text());
    dir.write(&dir.text().replace("k2 ", "mine "));
    let ring = dir.file().read().unwrap();
    assert_eq!(tags(&dir.file().add(&ring).unwrap()), ["mine", "k2"]);
    assert!(dir.is_tidy());
}

/// An `add` whose last sync fails tells its caller no, and yet the key may be in the file.
#[test]
fn a_key_that_was_left_in_the_file_is_taken_by_the_next_add() {
    let dir = Dir::new();
    let old = dir.file().create().unwrap();
    let new = dir.file().add(&old).unwrap();
    let again = dir.file().add(&old).unwrap();
    assert!(again.sealing().same_as(new.sealing()));
    assert_eq!(tags(&again), ["k1", "k2"]);
    let less = dir.file().retire(&new, &tag("k1")).unwrap();
    assert_eq!(tags(&dir.file().retire(&new, &tag("k1")).unwrap()), tags(&less), "retired again");
    assert_eq!(tags(&dir.file().add(&new).unwrap()), ["k2", "k3"], "the retired one is gone");
}

#[test]
fn a_file_that_lacks_what_is_in_use_is_left_alone() {
    let dir = Dir::new();
    let ring = dir.file().create().unwrap();
    let other = format!("k1 {}\nk2 {0}\n", "0".repeat(64));
    for text in [other.as_str(), "k9 "] {
        dir.write(&text.replace("k9 ", &format!("k9 {}", "1".repeat(64))));
        let before = dir.text();
        assert!(matches!(dir.file().add(&ring), Err(ChangeError::Changed { .. })), "{before}");
        assert!(matches!(dir.file().retire(&ring, &tag("k2")), Err(ChangeError::Changed { .. })));
        assert_eq!(dir.text(), before);
    }
    assert!(dir.is_tidy());
}

#[test]
fn what_is_not_ours_is_read_and_not_changed() {
    let dir = Dir::new();
    let ring = dir.file().create().unwrap();
    let credential = KeyFile::credential(dir.path());
    let error = credential.add(&ring).err().unwrap();
    assert!(error.to_string().contains("add a line"), "{error}");
    let error = credential.retire(&ring, &tag("k1")).err().unwrap();
    assert!(error.to_string().contains("take the line"), "{error}");
    let link = dir.0.path().join("link");
    symlink(dir.path(), &link).unwrap();
    assert!(matches!(KeyFile::own(link).add(&ring), Err(ChangeError::Linked(_))));
    assert_eq!(tags(&credential.read().unwrap()), ["k1"]);
}

#[test]
fn what_others_can_read_is_refused_and_says_what_to_run() {
    let dir = Dir::new();
    dir.file().create().unwrap();
    let credential = KeyFile::credential(dir.path());
    for (mode, own, given) in [
        (0o600, true, true),
        (0o400, true, true),
        (0o640, false, true),
        (0o604, false, false),
        (0o620, false, true),
    ] {
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(dir.file().read().is_ok(), own, "{mode:o}");
        assert_eq!(credential.read().is_ok(), given, "{mode:o} as a credential");
    }
    let Err(error) = dir.file().read() else { panic!("0620 was read") };
    assert!(error.to_string().contains("chmod 600 "), "{error}");
}

#[test]
fn there_is_an_end_to_what_is_read_and_added() {
    let dir = Dir::new();
    let mut ring = dir.file().create().unwrap();
    for _ in 1..MAX_KEYS {
        ring = dir.file().add(&ring).unwrap();
    }
    assert!(matches!(dir.file().add(&ring), Err(ChangeError::Full)));
    let line = format!("x {}\n", "0".repeat(64));
    dir.write(&format!("{}{line}", "#\n".repeat(MAX_BYTES / 2)));
    assert!(matches!(dir.file().read(), Err(KeyringError::TooLong(_))));
}
