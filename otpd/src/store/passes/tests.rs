//! What is kept of passes, and that no other byte is taken for it.

use otp_core::{
    Beside, Change, Changes, Ending, Generator, PassState, Purpose, Reason, Related, Restrictions,
};
use rusqlite::Connection;
use zeroize::Zeroizing;

use super::*;
use crate::{
    store::{Key, load, schema},
    vault::{KeyFile, Vault},
};

struct Disk {
    _dir: tempfile::TempDir,
    connection: Connection,
    vault: Vault,
    pepper: Pepper,
}

const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);

fn alice() -> UserName {
    UserName::parse("alice").unwrap()
}

fn at(secs: i64) -> UnixTime {
    UnixTime::from_secs(NOW.as_secs().saturating_add_signed(secs))
}

fn pass(seed: u8, owner: Option<UserName>) -> Pass {
    let state = PassState {
        purpose: Purpose::login(),
        maker: 1001,
        origin: "bob@host".to_owned(),
        reason: Some(Reason::parse("lost phone").unwrap()),
        created: NOW,
        expires: at(600),
        generator: Generator::default(),
        restrictions: Restrictions::try_from(vec!["service:sshd".to_owned()]).unwrap(),
        related: Related::try_from(vec!["b".to_owned(), "a".to_owned()]).unwrap(),
        ended: None,
    };
    let data = Some(Data::parse("{\"ticket\": 7}").unwrap());
    Pass { id: PassId::new([seed; 8]), owner, digest: CodeHash::new([seed; 32]), data, state }
}

fn ended(pass: &Pass, at: UnixTime) -> Pass {
    let state = PassState { ended: Some((at, Ending::Used)), ..pass.state.clone() };
    Pass { state, ..pass.clone() }
}

impl Disk {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("PRAGMA foreign_keys = ON").unwrap();
        schema::migrate(&mut connection).unwrap();
        let vault = Vault::new(KeyFile::own(dir.path().join("keyring")).create().unwrap());
        let pepper = Pepper::new(Zeroizing::new(vec![7; Pepper::BYTES]));
        let disk = Self { _dir: dir, connection, vault, pepper };
        let head = Change::Head { uid: Some(Uid(1000)), enrolled: false };
        disk.save(Changes { account: Some(alice()), list: vec![head], beside: Vec::new() })
            .unwrap();
        disk
    }

    fn by(&self) -> OpenedBy<'_> {
        OpenedBy { vault: &self.vault, pepper: &self.pepper }
    }

    fn save(&self, changes: Changes) -> Result<(), StoreError> {
        let Self { connection, vault, pepper, .. } = self;
        Saver { connection, vault, pepper, now: NOW, by: Uid(0) }.save(changes, None)
    }

    fn put(&self, pass: Pass) -> Result<(), StoreError> {
        let beside = vec![Beside::Pass(Box::new(pass))];
        self.save(Changes { beside, ..Changes::default() })
    }

    fn found(&self, seed: u8) -> Result<Option<Pass>, StoreError> {
        let key = Key::pass(&CodeHash::new([seed; 32]));
        let (seen, _) = load::records(&self.connection, self.by(), &[key], UnixTime::default())?;
        Ok(seen.pass(&CodeHash::new([seed; 32])).cloned())
    }

    fn sql(&self, text: &str) -> usize {
        self.connection.execute(text, []).unwrap()
    }
}

#[test]
fn what_is_written_is_read() {
    let disk = Disk::new();
    for pass in [pass(1, Some(alice())), pass(2, None)] {
        disk.put(pass.clone()).unwrap();
        let seed = if pass.owner.is_some() { 1 } else { 2 };
        assert_eq!(disk.found(seed).unwrap(), Some(pass.clone()));
        disk.put(ended(&pass, at(5))).unwrap();
        assert_eq!(disk.found(seed).unwrap(), Some(ended(&pass, at(5))));
    }
    assert_eq!(disk.found(3).unwrap(), None);
    // One key is one pass's.
    let same = Pass { id: PassId::new([9; 8]), ..pass(1, None) };
    assert!(disk.put(same).is_err());
}

/// A byte that the disk or somebody changed makes no used pass live again, nor one somebody else's.
#[test]
fn what_was_changed_is_refused() {
    let bob = Change::Head { uid: Some(Uid(1001)), enrolled: false };
    for change in [
        "UPDATE pass SET state = replace(state, '1700000600', '1800000600')",
        "UPDATE pass SET state = replace(state, 'service:sshd', 'x-service:sshd')",
        "UPDATE pass SET data = '{\"ticket\": 8}'",
        "UPDATE pass SET data = NULL",
        "UPDATE pass SET account = 'bob'",
        "UPDATE pass SET account = NULL",
        "UPDATE pass SET id = 'pass/0000000000000000'",
        "UPDATE pass SET digest = zeroblob(32)",
        "UPDATE pass SET purpose = 'reset'",
        "UPDATE pass SET maker = 0",
        "UPDATE pass SET expires = expires + 1",
        "UPDATE pass SET over = over + 1",
        "UPDATE pass SET ended = 1",
        "UPDATE pass SET mark = zeroblob(32)",
    ] {
        let disk = Disk::new();
        let Change::Head { uid, enrolled } = bob else { panic!() };
        let list = vec![Change::Head { uid, enrolled }];
        let name = UserName::parse("bob").unwrap();
        disk.save(Changes { account: Some(name), list, beside: Vec::new() }).unwrap();
        disk.put(pass(1, Some(alice()))).unwrap();
        assert_eq!(disk.sql(change), 1, "{change}");
        let seed = u8::from(!change.contains("digest"));
        assert!(matches!(disk.found(seed), Err(StoreError::Corrupt(_))), "{change}");
    }
}

#[test]
fn a_used_one_is_not_brought_back_by_its_column() {
    let disk = Disk::new();
    disk.put(ended(&pass(1, None), at(1))).unwrap();
    assert_eq!(disk.sql("UPDATE pass SET ended = 0"), 1);
    assert!(matches!(disk.found(1), Err(StoreError::Corrupt(_))));
    let unended = unended(&disk.connection, disk.by(), None, &Purpose::login());
    assert!(matches!(unended, Err(StoreError::Corrupt(_))));
}

#[test]
fn they_go_with_the_account_and_are_renamed_with_it() {
    let disk = Disk::new();
    for seed in [1, 2] {
        disk.put(pass(seed, Some(alice()))).unwrap();
    }
    disk.put(pass(3, None)).unwrap();
    let carol = UserName::parse("carol").unwrap();
    let given = vec![Change::Give { name: carol.clone(), uid: Uid(1002) }];
    disk.save(Changes { account: Some(alice()), list: given, beside: Vec::new() }).unwrap();
    for seed in [1, 2] {
        assert_eq!(disk.found(seed).unwrap(), Some(pass(seed, Some(carol.clone()))));
    }
    disk.sql("DELETE FROM account WHERE name = 'carol'");
    assert_eq!([1, 2, 3].map(|seed| disk.found(seed).unwrap().is_some()), [false, false, true]);
}

#[test]
fn those_that_are_over_are_forgotten_in_time() {
    let disk = Disk::new();
    disk.put(pass(1, None)).unwrap();
    disk.put(ended(&pass(2, None), at(10))).unwrap();
    for (before, left) in [
        (at(10), [true, true]),
        (at(11), [true, false]),
        (at(600), [true, false]),
        (at(601), [false, false]),
    ] {
        let beside = vec![Beside::ForgetPasses(before)];
        disk.save(Changes { beside, ..Changes::default() }).unwrap();
        assert_eq!([1, 2].map(|seed| disk.found(seed).unwrap().is_some()), left, "{before:?}");
    }
}

#[test]
fn an_id_that_is_anothers_changes_nothing() {
    let disk = Disk::new();
    disk.put(pass(1, None)).unwrap();
    assert!(disk.put(Pass { digest: CodeHash::new([2; 32]), ..pass(1, None) }).is_err());
    assert_eq!(disk.found(1).unwrap(), Some(pass(1, None)));
}

#[test]
fn they_are_found_by_owner_purpose_and_page() {
    let disk = Disk::new();
    for (seed, owner) in [(1, Some(alice())), (2, Some(alice())), (3, None), (4, None)] {
        disk.put(pass(seed, owner)).unwrap();
    }
    disk.put(ended(&pass(2, Some(alice())), at(1))).unwrap();
    let ids = |passes: Vec<Pass>| passes.into_iter().map(|pass| pass.id).collect::<Vec<_>>();
    let id = |seed| PassId::new([seed; 8]);
    let login = Purpose::login();
    let by_owner = |owner: Option<&UserName>| {
        ids(unended(&disk.connection, disk.by(), owner, &login).unwrap())
    };
    assert_eq!(by_owner(Some(&alice())), [id(1)]);
    assert_eq!(by_owner(None), [id(3), id(4)]);
    let other = unended(&disk.connection, disk.by(), None, &Purpose::parse("reset").unwrap());
    assert!(other.unwrap().is_empty());
    let paged = |listing: &Listing, after: &str, most| {
        ids(page(&disk.connection, disk.by(), listing, (after, most)).unwrap())
    };
    assert_eq!(paged(&Listing::All, "", 3), [id(1), id(2), id(3)]);
    assert_eq!(paged(&Listing::All, id(3).as_str(), 3), [id(4)]);
    assert_eq!(paged(&Listing::Of(alice()), "", 9), [id(1), id(2)]);
    let lives = lives(&disk.connection, Some(&alice()), Uid(1001)).unwrap();
    assert_eq!((lives.owned.len(), lives.made.len()), (1, 3));
}
