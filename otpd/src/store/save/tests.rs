//! What a commit refuses: an account that is not as it was seen, a record that is not there.

use otp_core::{
    Algorithm, Counter, DeviceId, Digits, Label, Lane, LaneState, Secret, Tried,
    device::{HotpState, KindState},
};
use zeroize::Zeroizing;

use super::*;
use crate::{
    store::{Key, load, load::OpenedBy, schema},
    vault::KeyFile,
};

struct Disk {
    _dir: tempfile::TempDir,
    connection: Connection,
    vault: Vault,
    pepper: Pepper,
}

impl Disk {
    /// With alice's account, at version 1.
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut connection = Connection::open_in_memory().unwrap();
        schema::migrate(&mut connection).unwrap();
        let vault = Vault::new(KeyFile::own(dir.path().join("keyring")).create().unwrap());
        let pepper = Pepper::new(Zeroizing::new(vec![7; Pepper::BYTES]));
        let disk = Self { _dir: dir, connection, vault, pepper };
        disk.save(vec![Change::Head { uid: Some(Uid(1000)), enrolled: true }], None).unwrap();
        disk
    }

    fn save(&self, list: Vec<Change>, seen: Option<i64>) -> Result<(), StoreError> {
        let Self { connection, vault, pepper, .. } = self;
        let saver = Saver { connection, vault, pepper, now: UnixTime::default(), by: Uid(0) };
        let account = UserName::parse("alice").unwrap();
        saver.save(Changes { account: Some(account), list, beside: Vec::new() }, seen)
    }

    fn count(&self, sql: &str) -> i64 {
        self.connection.query_row(sql, [], |row| row.get(0)).unwrap()
    }
}

#[test]
fn each_commit_must_find_the_version_that_was_seen() {
    let disk = Disk::new();
    disk.save(Vec::new(), Some(1)).unwrap();
    assert_eq!(disk.count("SELECT version FROM account"), 2);
    for stale in [0, 1, 3] {
        let refused = disk.save(Vec::new(), Some(stale));
        assert!(matches!(refused, Err(StoreError::Failed(_))), "{stale}: {refused:?}");
    }
    disk.connection.execute("DELETE FROM account", []).unwrap();
    assert!(disk.save(Vec::new(), Some(2)).is_err(), "the account is gone");
}

#[test]
fn what_is_not_there_cannot_change() {
    let (disk, device) = (Disk::new(), DeviceId::parse("hotp/00000000").unwrap());
    let state = KindState::Hotp(HotpState::new(Algorithm::Sha1, Digits::SIX, Counter(1)));
    let used = UnixTime::default();
    let moved = Change::Move { device: device.clone(), state, used, confirmed: true };
    for change in [moved, Change::Drop(device)] {
        let refused = disk.save(vec![change], None);
        assert!(matches!(refused, Err(StoreError::Failed(_))), "{refused:?}");
    }
}

/// Not in that of their ids, which are random.
#[test]
fn devices_are_in_the_order_of_their_enrolment() {
    let disk = Disk::new();
    for seed in [9, 1, 5] {
        let state = KindState::Hotp(HotpState::new(Algorithm::Sha1, Digits::SIX, Counter(0)));
        let device = Device {
            id: DeviceId::parse(&format!("hotp/0000000{seed}")).unwrap(),
            label: Label::parse(&seed.to_string()).unwrap(),
            confirmed: false,
            created: UnixTime::default(),
            last_used: None,
            replaces: None,
            kind: state.with_secret(Secret::from_bytes(vec![seed; 20]).ok()).unwrap(),
        };
        disk.save(vec![Change::Add(device)], None).unwrap();
    }
    let (opened_by, alice) =
        (OpenedBy { vault: &disk.vault, pepper: &disk.pepper }, UserName::parse("alice").unwrap());
    let keys = [Key::Account(alice.clone())];
    let (seen, _) = load::records(&disk.connection, opened_by, &keys, UnixTime::default()).unwrap();
    let labels: Vec<&str> =
        seen.account(&alice).unwrap().devices.iter().map(|it| it.label.as_str()).collect();
    assert_eq!(labels, ["9", "1", "5"]);
}

#[test]
fn a_lane_without_failures_is_not_kept() {
    let disk = Disk::new();
    let failed = r#"{"failures":1,"last":0,"locked":null,"days":[]}"#;
    let failed = serde_json::from_str(failed).unwrap();
    disk.save(vec![Change::Lane(Lane::Local, failed)], None).unwrap();
    assert_eq!(disk.count("SELECT count(*) FROM lane"), 1);
    disk.save(vec![Change::Lane(Lane::Remote, LaneState::default())], None).unwrap();
    disk.save(vec![Change::Lane(Lane::Local, LaneState::default())], None).unwrap();
    assert_eq!(disk.count("SELECT count(*) FROM lane"), 0);
}

#[test]
fn what_a_caller_has_failed_is_kept_until_it_is_clear() {
    let disk = Disk::new();
    let (uid, now) = (Uid(1001), UnixTime::default());
    let save = |state: &LaneState| {
        let Disk { connection, vault, pepper, .. } = &disk;
        let beside = vec![Beside::Caller(uid, Tried::Codes, state.clone())];
        let changes = Changes { beside, ..Changes::default() };
        Saver { connection, vault, pepper, now, by: uid }.save(changes, None).unwrap();
    };
    let of = |tried| {
        let by = OpenedBy { vault: &disk.vault, pepper: &disk.pepper };
        let records =
            load::records(&disk.connection, by, &[Key::Caller(uid, tried)], UnixTime::default());
        records.map(|(seen, _)| seen.caller(uid, tried))
    };
    let seen = || of(Tried::Codes);
    assert!(seen().unwrap().is_clear());
    let mut failed = LaneState::default();
    failed.failures = 3;
    save(&failed);
    assert_eq!(seen().unwrap(), failed);
    assert!(of(Tried::Passes).unwrap().is_clear(), "one is not held for the other");
    disk.connection.execute("UPDATE caller SET purpose = 'passes'", []).unwrap();
    assert!(matches!(of(Tried::Passes), Err(StoreError::Corrupt(_))), "nor moved to it");
    disk.connection.execute("UPDATE caller SET purpose = 'codes'", []).unwrap();
    let beside = vec![Beside::Caller(uid, Tried::Passes, LaneState::default())];
    let changes = Changes { beside, ..Changes::default() };
    let Disk { connection, vault, pepper, .. } = &disk;
    Saver { connection, vault, pepper, now, by: uid }.save(changes, None).unwrap();
    assert_eq!(seen().unwrap(), failed, "nor cleared by it");
    disk.connection.execute("UPDATE caller SET uid = 1002", []).unwrap();
    assert!(seen().unwrap().is_clear());
    disk.connection.execute("UPDATE caller SET uid = 1001, state = '{}'", []).unwrap();
    assert!(matches!(seen(), Err(StoreError::Corrupt(_))), "the mark is of another state");
    save(&LaneState::default());
    assert_eq!(disk.count("SELECT count(*) FROM caller"), 0);
}

#[test]
fn a_contact_that_is_over_or_led_to_something_fills_no_place() {
    let disk = Disk::new();
    let sql = r#"INSERT INTO contact (holder, address, touched, state, mark) VALUES
        (33, x'01', 100, '{"live":{},"identifier":null}', x''),
        (33, x'02', 100, '{"live":null,"identifier":null}', x'')"#;
    disk.connection.execute(sql, []).unwrap();
    for (now, left) in [(100, 1), (86_500, 1), (86_501, 0)] {
        let held = contacts::held(&disk.connection, Uid(33), UnixTime::from_secs(now));
        assert_eq!(held.unwrap(), left, "{now}");
    }
}
