//! With what families go, what is refused as damaged, and what is kept no longer.

use otp_core::{
    Algorithm, Change, Changes, CodeHash, Counter, Device, DeviceId, Digits, Generation, Label,
    PairHashes, Scope, Secret,
    device::{HotpState, KindState},
};
use zeroize::Zeroizing;

use super::*;
use crate::{
    store::{Key, load, schema},
    vault::{KeyFile, Pepper, Vault},
};

struct Disk {
    _dir: tempfile::TempDir,
    connection: Connection,
    vault: Vault,
    pepper: Pepper,
}

fn name(text: &str) -> UserName {
    UserName::stored(text).unwrap()
}

fn id(number: u8) -> FamilyId {
    FamilyId::new([number; 8])
}

fn device(number: u8) -> DeviceId {
    DeviceId::parse(&format!("hotp/0000000{number}")).unwrap()
}

fn family(number: u8, by: u8) -> Family {
    let pair = PairHashes { access: CodeHash::new([1; 32]), refresh: CodeHash::new([2; 32]) };
    let at = UnixTime::from_secs;
    Family {
        id: id(number),
        holder: Uid(33),
        scope: Scope::parse("shop").unwrap(),
        device: device(by),
        made: at(100 + u64::from(number)),
        until: at(1000 + u64::from(number)),
        generation: Generation(0),
        issued: at(100),
        access_until: at(200),
        pair,
    }
}

impl Disk {
    /// With alice and an application's person, two devices and three families each.
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "foreign_keys", true).unwrap();
        schema::migrate(&mut connection).unwrap();
        let vault = Vault::new(KeyFile::own(dir.path().join("keyring")).create().unwrap());
        let pepper = Pepper::new(Zeroizing::new(vec![7; Pepper::BYTES]));
        let disk = Self { _dir: dir, connection, vault, pepper };
        for (who, uid, first) in [("alice", Some(Uid(1000)), 1), ("app:33.1", None, 4)] {
            let mut list = vec![Change::Head { uid, enrolled: true }];
            list.extend([1, 2].map(|seed| {
                let state = HotpState::new(Algorithm::Sha1, Digits::SIX, Counter(0));
                Change::Add(Device {
                    id: device(seed),
                    label: Label::parse(&seed.to_string()).unwrap(),
                    confirmed: true,
                    created: UnixTime::default(),
                    last_used: None,
                    replaces: None,
                    kind: KindState::Hotp(state)
                        .with_secret(Secret::from_bytes(vec![seed; 20]).ok())
                        .unwrap(),
                })
            }));
            list.extend(
                [(0, 1), (1, 1), (2, 2)].map(|(number, by)| {
                    Change::Tokens(TokenChange::Keep(family(first + number, by)))
                }),
            );
            disk.save(who, list).unwrap();
        }
        disk
    }

    fn saver(&self) -> Saver<'_> {
        let Self { connection, vault, pepper, .. } = self;
        Saver { connection, vault, pepper, now: UnixTime::default(), by: Uid(0) }
    }

    fn save(&self, who: &str, list: Vec<Change>) -> Result<(), StoreError> {
        let changes = Changes { account: Some(name(who)), list, beside: Vec::new() };
        self.saver().save(changes, None)
    }

    fn seen(&self, key: Key) -> Result<Vec<Owned>, StoreError> {
        let by = OpenedBy { vault: &self.vault, pepper: &self.pepper };
        load::records(&self.connection, by, &[key], UnixTime::default())
            .map(|(seen, _)| seen.families)
    }

    /// The numbers of the families of an account.
    fn of(&self, who: &str) -> Vec<u8> {
        let families = self.seen(Key::Families(name(who))).unwrap();
        families.iter().map(|(_, family)| family.id.bytes()[0]).collect()
    }
}

#[test]
fn what_is_written_is_read() {
    let disk = Disk::new();
    assert_eq!((disk.of("alice"), disk.of("app:33.1")), (vec![1, 2, 3], vec![4, 5, 6]));
    assert_eq!(disk.seen(Key::Family(id(5))).unwrap(), [(name("app:33.1"), family(5, 1))]);
    assert_eq!(disk.seen(Key::Family(id(9))).unwrap(), []);
    let newest = disk.seen(Key::NewestFamilies(2)).unwrap();
    assert_eq!(newest.iter().map(|(_, it)| it.id).collect::<Vec<_>>(), [id(6), id(5)]);
    assert_eq!(held(&disk.connection, Uid(33), UnixTime::default()).unwrap(), 6);
    assert_eq!(held(&disk.connection, Uid(34), UnixTime::default()).unwrap(), 0);
    let moved = Family { generation: Generation(1), ..family(1, 1) };
    disk.save("alice", vec![Change::Tokens(TokenChange::Keep(moved.clone()))]).unwrap();
    assert_eq!(disk.seen(Key::Family(id(1))).unwrap(), [(name("alice"), moved)]);
}

#[test]
fn a_family_goes_with_its_device_and_with_its_account() {
    let disk = Disk::new();
    disk.save("alice", vec![Change::Drop(device(1))]).unwrap();
    assert_eq!(disk.of("alice"), [3]);
    disk.connection.execute("DELETE FROM account WHERE name = 'alice'", []).unwrap();
    assert_eq!((disk.of("alice"), disk.of("app:33.1")), (vec![], vec![4, 5, 6]));
    disk.save("app:33.1", vec![Change::Tokens(TokenChange::EndAll)]).unwrap();
    assert!(disk.of("app:33.1").is_empty());
    disk.save("app:33.1", vec![Change::Tokens(TokenChange::EndAll)]).unwrap();
}

#[test]
fn an_account_that_is_given_away_has_none() {
    let disk = Disk::new();
    let given = Change::Give { name: name("bob"), uid: Uid(1001) };
    disk.save("alice", vec![Change::Tokens(TokenChange::EndAll), given]).unwrap();
    assert_eq!((disk.of("alice"), disk.of("bob")), (vec![], vec![]));
}

#[test]
fn what_is_anothers_cannot_be_changed_or_ended() {
    let disk = Disk::new();
    for change in [
        TokenChange::Keep(Family { holder: Uid(34), ..family(1, 1) }),
        TokenChange::Keep(Family { until: UnixTime::from_secs(9), ..family(1, 1) }),
        TokenChange::Keep(family(4, 1)),
        TokenChange::Keep(family(9, 9)),
        TokenChange::End(id(4)),
        TokenChange::End(id(9)),
    ] {
        let refused = disk.save("alice", vec![Change::Tokens(change)]);
        assert!(matches!(refused, Err(StoreError::Failed(_))), "{refused:?}");
    }
    assert_eq!((disk.of("alice"), disk.of("app:33.1")), (vec![1, 2, 3], vec![4, 5, 6]));
}

#[test]
fn what_is_not_as_it_was_written_is_refused() {
    for sql in [
        "UPDATE token_family SET state = replace(state, '\"generation\":0', '\"generation\":1')",
        "UPDATE token_family SET state = replace(state, '33', '34')",
        "UPDATE token_family SET mark = x'00'",
        "UPDATE token_family SET account = 'alice', id = 'ffffffffffffffff' WHERE id LIKE '04%'",
    ] {
        let disk = Disk::new();
        disk.connection.execute(sql, []).unwrap();
        let seen = disk.seen(Key::Families(name("alice")));
        assert!(matches!(seen, Err(StoreError::Corrupt(_))), "{sql}: {seen:?}");
    }
}

#[test]
fn what_was_over_before_is_kept_no_longer() {
    let disk = Disk::new();
    let alive = [0, 1001, 2000]
        .map(|now| held(&disk.connection, Uid(33), UnixTime::from_secs(now)).unwrap());
    assert!(alive[0] > alive[1] && alive[1] > 0 && alive[2] == 0, "{alive:?}");
    for (before, left) in [(1001, vec![1, 2, 3]), (1002, vec![2, 3]), (1003, vec![3])] {
        tidy(&disk.saver(), UnixTime::from_secs(before)).unwrap();
        assert_eq!(disk.of("alice"), left, "{before}");
    }
}
