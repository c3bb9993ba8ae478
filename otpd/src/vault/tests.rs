//! Sealed, opened, sealed anew: in their place and with their key alone.

use super::*;

const PLACE: Place<'_> = Place { account: "alice", device: "totp/7f3a9c01", field: "secret" };

fn vault(dir: &tempfile::TempDir, name: &str) -> Vault {
    let file = KeyFile::own(dir.path().join(name));
    Vault::new(file.read().or_else(|_| file.create()).unwrap())
}

#[test]
fn resealed_it_opens_with_the_new_key_alone() {
    let dir = tempfile::tempdir().unwrap();
    let file = KeyFile::own(dir.path().join("a"));
    let vault = Vault::new(file.create().unwrap());
    let old = vault.seal(PLACE, b"secret").unwrap();
    assert!(old.starts_with(&vault.sealing_header()));
    vault.change(file.add(&vault.keyring()).unwrap());
    assert!(!old.starts_with(&vault.sealing_header()));
    let new = vault.reseal(PLACE, &old).unwrap();
    let tags = [&old, &new].map(|sealed| tag_of(sealed).unwrap().to_string());
    assert_eq!(tags, ["k1", "k2"]);
    let elsewhere = Place { account: "mallory", ..PLACE };
    assert!(matches!(vault.reseal(elsewhere, &old), Err(VaultError::Damaged { .. })));
    vault.change(file.retire(&vault.keyring(), &Tag::parse("k1").unwrap()).unwrap());
    assert_eq!(vault.open(PLACE, &new).unwrap().as_slice(), b"secret");
    assert!(matches!(vault.open(PLACE, &old), Err(VaultError::NoKey { tag, .. }) if tag == "k1"));
}

#[test]
fn a_value_says_its_tag_or_is_none() {
    assert_eq!(tag_of(b"\x01\x02k7rest").unwrap().as_str(), "k7");
    for strange in
        [b"".as_slice(), b"\x02\x02k7", b"\x01", b"\x01\x05k7", b"\x01\x02k/", b"\x01\x00"]
    {
        assert!(tag_of(strange).is_none(), "{strange:?}");
    }
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

/// A key of one purpose is none of another, however the two are cut; and an empty one is none.
#[test]
fn the_hash_of_a_key_is_bound_to_its_purpose() {
    let pepper = |seed| Pepper::new(Zeroizing::new(vec![seed; Pepper::BYTES]));
    let hash = |purpose: &str, key: &str| pepper(1).pass(purpose.as_bytes(), key.as_bytes());
    assert_eq!(hash("login", "abcd"), hash("login", "abcd"));
    for other in [("reset", "abcd"), ("login", "abce"), ("logina", "bcd"), ("logi", "nabcd")] {
        assert_ne!(hash("login", "abcd"), hash(other.0, other.1), "{other:?}");
    }
    assert_eq!(hash("login", ""), None);
    assert_ne!(hash("login", "abcd"), pepper(2).pass(b"login", b"abcd"));
    assert_ne!(pepper(1).recovery_code(b"abcd"), hash("login", "abcd"), "a subkey of its own");
}
