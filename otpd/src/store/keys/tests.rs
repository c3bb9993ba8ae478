//! Keys that come and go on a store that is in use, damaged, or given other keys.

use std::{
    fs,
    path::Path,
    sync::{Arc, atomic::AtomicU64},
};

use otp_core::{
    Algorithm, Asking, Changed, Counter, Decision, DeviceSummary, Digits, Kind, NewDevice, Secret,
    ThrottlePolicy, Uid, UnixTime, UserName, Warrant, device::HotpState, enroll,
};

use super::*;
use crate::{
    clock::monotonic,
    store::{Key, OpenError, Query, Records, Step, Store, contract::SetClock},
    vault::{KeyFile, VaultError},
};

fn open(dir: &Path, credential: Option<&Path>) -> Result<SqliteStore, OpenError> {
    SqliteStore::open(dir, credential, Arc::new(SetClock(AtomicU64::new(1_700_000_000))))
}

fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
}

fn soon() -> Instant {
    monotonic() + Duration::from_secs(20)
}

fn tag(text: &str) -> Tag {
    Tag::parse(text).unwrap()
}

/// The account of a number: enrolls its device, or counts its devices.
struct Person(UserName, [Key; 1]);

impl Person {
    fn new(number: u32) -> Self {
        let name = UserName::parse(&format!("user{number}")).unwrap();
        Self(name.clone(), [Key::Account(name)])
    }
}

impl Step for Person {
    type Outcome = Changed<DeviceSummary>;

    fn keys(&self) -> &[Key] {
        &self.1
    }

    fn by(&self) -> Uid {
        Uid(0)
    }

    fn decide(&self, seen: &Records, now: UnixTime) -> Decision<Self::Outcome> {
        let number = self.0.as_str().trim_start_matches("user").parse().unwrap();
        let state = HotpState::new(Algorithm::Sha1, Digits::SIX, Counter(0));
        let secret = Secret::from_bytes(format!("{:-<20}", self.0.as_str()).into_bytes()).unwrap();
        let kind = Kind::Hotp(secret, state);
        let new = NewDevice { label: None, replaces: None, kind, random: [7; 4] };
        let policy = ThrottlePolicy::default();
        let asking = Asking { by: Uid(0), warrant: Warrant::Standing, policy: &policy, now };
        enroll(seen.account(&self.0), &self.0, Uid(number), new, &asking)
    }
}

impl Query for Person {
    type Row = usize;

    fn keys(&self) -> &[Key] {
        &self.1
    }

    fn answer(&self, seen: &Records, _: UnixTime) -> usize {
        seen.account(&self.0).map_or(0, |account| account.devices.len())
    }
}

async fn enrolled(store: &SqliteStore, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let done = store.transact(Person::new(number), soon()).await.unwrap();
        done.into_result().unwrap().unwrap();
    }
}

/// Every device opens.
async fn whole(store: &SqliteStore, numbers: std::ops::Range<u32>) -> bool {
    for number in numbers {
        if store.snapshot(Person::new(number), soon()).await != Ok(1) {
            return false;
        }
    }
    true
}

async fn listed(store: &SqliteStore) -> Vec<(String, u64, KeyRole)> {
    let keys = store.keys(soon()).await.unwrap();
    keys.into_iter().map(|key| (key.tag, key.values, key.role)).collect()
}

fn key(tag: &str, values: u64, role: KeyRole) -> (String, u64, KeyRole) {
    (tag.to_owned(), values, role)
}

/// Changes sealed bytes behind the store's back.
fn meddle(dir: &Path, sql: &str) {
    assert_eq!(Connection::open(dir.join("otpd.db")).unwrap().execute(sql, []).unwrap(), 1);
}

#[test]
fn from_one_key_to_the_next() {
    let dir = tempfile::tempdir().unwrap();
    run(async {
        let store = open(dir.path(), None).unwrap();
        enrolled(&store, 1..6).await;
        assert_eq!(listed(&store).await, [key("k1", 6, KeyRole::Seals)]);
        assert_eq!(store.add_key(soon()).await.unwrap(), tag("k2"));
        enrolled(&store, 6..7).await;
        let both = [key("k1", 6, KeyRole::Opens), key("k2", 1, KeyRole::Seals)];
        assert_eq!(listed(&store).await, both);

        let retire = async |text| store.retire_key(tag(text), soon()).await;
        assert!(matches!(retire("k2").await, Err(KeysError::Seals(_))));
        assert!(matches!(retire("k9").await, Err(KeysError::Unknown)));
        let needed = retire("k1").await.unwrap_err();
        assert!(matches!(needed, KeysError::Needed { values: 6, .. }), "{needed}");
        assert!(needed.to_string().contains("Backups made before"), "{needed}");

        for done in [4, 2, 0] {
            let resealed = store.reseal(4, soon()).await.unwrap();
            assert_eq!(resealed, Resealed { done, ..Resealed::default() });
        }
        retire("k1").await.unwrap();
        assert!(whole(&store, 1..7).await);
        store.close();
    });
    run(async {
        let store = open(dir.path(), None).unwrap();
        assert_eq!(listed(&store).await, [key("k2", 7, KeyRole::Seals)]);
        assert!(whole(&store, 1..7).await);
        store.close();
    });
}

/// The log is lost with the power or by mistake: what is left in the database needs no key that
/// was retired.
#[test]
fn a_retired_key_is_not_needed_by_the_database_without_its_log() {
    let dir = tempfile::tempdir().unwrap();
    let kept = tempfile::tempdir().unwrap();
    run(async {
        let store = open(dir.path(), None).unwrap();
        enrolled(&store, 1..3).await;
        store.add_key(soon()).await.unwrap();
        store.reseal(100, soon()).await.unwrap();
        store.retire_key(tag("k1"), soon()).await.unwrap();
        for file in ["keyring", "lock", "otpd.db"] {
            fs::copy(dir.path().join(file), kept.path().join(file)).unwrap();
        }
        store.close();
        let store = open(kept.path(), None).unwrap();
        assert_eq!(listed(&store).await, [key("k2", 3, KeyRole::Seals)]);
        assert!(whole(&store, 1..3).await);
        store.close();
    });
}

#[test]
fn what_does_not_open_is_named_and_left() {
    let dir = tempfile::tempdir().unwrap();
    run(async {
        let store = open(dir.path(), None).unwrap();
        enrolled(&store, 1..6).await;
        store.add_key(soon()).await.unwrap();
        let moved = "UPDATE device SET secret = (SELECT secret FROM device WHERE account = 'user2')
                     WHERE account = 'user1'";
        meddle(dir.path(), moved);
        meddle(dir.path(), "UPDATE device SET secret = x'01026b3700' WHERE account = 'user3'");
        meddle(dir.path(), "UPDATE device SET secret = x'00' WHERE account = 'user4'");
        let resealed = store.reseal(100, soon()).await.unwrap();
        assert_eq!((resealed.done, resealed.damaged), (3, 3), "{resealed:?}");
        for (user, named) in ["user1", "user3", "user4"].iter().zip(&resealed.named) {
            assert!(named.starts_with("secret of hotp/07070707 of user"), "{named}");
            assert!(named.contains(user), "{named}");
        }
        let left = [
            key("k1", 1, KeyRole::Opens),
            key("k2", 3, KeyRole::Seals),
            key("", 1, KeyRole::Unreadable),
            key("k7", 1, KeyRole::Missing),
        ];
        assert_eq!(listed(&store).await, left);
        let again = store.reseal(100, soon()).await.unwrap();
        assert_eq!((again.done, again.damaged), (0, 3));
        let needed = store.retire_key(tag("k1"), soon()).await.unwrap_err();
        assert!(matches!(needed, KeysError::Needed { values: 1, .. }), "{needed}");
        store.close();
    });
}

/// Two callers, and steps that make devices meanwhile.
#[test]
fn at_once_with_others_each_value_is_resealed_once() {
    let dir = tempfile::tempdir().unwrap();
    run(async {
        let store = open(dir.path(), None).unwrap();
        enrolled(&store, 1..41).await;
        store.add_key(soon()).await.unwrap();
        let caller = async || {
            let mut all = 0;
            loop {
                match store.reseal(3, soon()).await.unwrap().done {
                    0 => return all,
                    done => all += done,
                }
            }
        };
        let (one, other, ()) = tokio::join!(caller(), caller(), enrolled(&store, 41..61));
        assert_eq!(one + other, 41, "{one} and {other}");
        assert!(one > 0 && other > 0, "one had it all: {one} and {other}");
        assert_eq!(listed(&store).await.last(), Some(&key("k2", 61, KeyRole::Seals)));
        assert!(whole(&store, 1..61).await);
        store.close();
    });
}

#[test]
fn of_a_credential_the_keys_are_used_and_not_changed() {
    let dir = tempfile::tempdir().unwrap();
    let credential = dir.path().join("credential");
    KeyFile::own(credential.clone()).create().unwrap();
    run(async {
        let store = open(dir.path(), Some(&credential)).unwrap();
        enrolled(&store, 1..3).await;
        for error in [
            store.add_key(soon()).await.unwrap_err(),
            store.retire_key(tag("k9"), soon()).await.unwrap_err(),
        ] {
            let fixed = matches!(error, KeysError::Change(ChangeError::Fixed { .. }));
            assert!(fixed || matches!(error, KeysError::Unknown), "{error}");
        }
        store.close();
        let text = fs::read_to_string(&credential).unwrap();
        fs::write(&credential, format!("{text}mine {}\n", "a".repeat(64))).unwrap();
        let store = open(dir.path(), Some(&credential)).unwrap();
        assert_eq!(store.reseal(100, soon()).await.unwrap().done, 3);
        let error = store.retire_key(tag("k1"), soon()).await.unwrap_err();
        assert!(error.to_string().contains("take the line of that key out"), "{error}");
        store.close();
        fs::write(&credential, format!("mine {}\n", "a".repeat(64))).unwrap();
        let store = open(dir.path(), Some(&credential)).unwrap();
        assert!(whole(&store, 1..3).await);
        store.close();
    });
}

#[test]
fn a_key_that_is_missing_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keyring");
    run(async {
        let store = open(dir.path(), None).unwrap();
        enrolled(&store, 1..2).await;
        store.add_key(soon()).await.unwrap();
        enrolled(&store, 2..3).await;
        store.close();
    });
    let text = fs::read_to_string(&path).unwrap();
    let line = |start: &str| text.lines().find(|line| line.starts_with(start)).unwrap();
    // The pepper's: nothing can be checked without it.
    fs::write(&path, format!("{}\n", line("k2"))).unwrap();
    let refused = open(dir.path(), None).err().unwrap();
    assert!(
        matches!(&refused, OpenError::Vault { error: VaultError::NoKey { tag, .. }, .. } if tag == "k1"),
        "{refused}"
    );
    // A device's: its owner alone is denied.
    fs::write(&path, format!("{}\n", line("k1"))).unwrap();
    run(async {
        let store = open(dir.path(), None).unwrap();
        let keys = [key("k1", 2, KeyRole::Seals), key("k2", 1, KeyRole::Missing)];
        assert_eq!(listed(&store).await, keys);
        assert!(whole(&store, 1..2).await);
        let denied = store.snapshot(Person::new(2), soon()).await.unwrap_err();
        assert!(denied.to_string().contains("sealed with key \"k2\""), "{denied}");
        store.close();
    });
}
