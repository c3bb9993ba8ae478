//! Counts of messages are kept, bound to whom they are about, and dropped when they are over.

use otp_core::{
    Beside, Change, Changes, Device, DeviceId, Kind, Label, Seconds, Uid, UnixTime, UserName,
    device::{KindState, MessageState, Recipient},
    message::{Address, AddressKind, SendLimits},
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

impl Disk {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut connection = Connection::open_in_memory().unwrap();
        schema::migrate(&mut connection).unwrap();
        let vault = Vault::new(KeyFile::own(dir.path().join("keyring")).create().unwrap());
        let pepper = Pepper::new(Zeroizing::new(vec![7; Pepper::BYTES]));
        Self { _dir: dir, connection, vault, pepper }
    }

    fn seen(&self, tally: &Tally) -> Result<SendTally, StoreError> {
        let by = OpenedBy { vault: &self.vault, pepper: &self.pepper };
        let keys = [Key::Sent(tally.clone())];
        load::records(&self.connection, by, &keys, UnixTime::default())
            .map(|(seen, _)| seen.sent(tally))
    }

    fn send(&self, tally: &Tally, now: UnixTime) -> Vec<Beside> {
        let limits = SendLimits::default();
        let seen = self.seen(tally).unwrap();
        let beside = otp_core::message::counted([(tally, seen)], &limits, now).unwrap();
        let Self { connection, vault, pepper, .. } = self;
        let changes = Changes { beside, ..Changes::default() };
        Saver { connection, vault, pepper, now, by: Uid(0) }.save(changes, None).unwrap();
        otp_core::message::counted([(tally, self.seen(tally).unwrap())], &limits, now).unwrap()
    }
}

#[test]
fn a_count_is_kept_and_bound_to_its_subject() {
    let (disk, now) = (Disk::new(), UnixTime::from_secs(1_700_000_000));
    let alice = Tally::Account(UserName::parse("alice").unwrap());
    for tally in [&alice, &Tally::All, &Tally::Address(vec![0xab; 32])] {
        assert_eq!(disk.seen(tally).unwrap(), SendTally::default());
        let next = disk.send(tally, now);
        assert_eq!(next.len(), 1);
        assert_ne!(disk.seen(tally).unwrap(), SendTally::default());
    }
    let bob = Tally::Account(UserName::parse("bob").unwrap());
    disk.connection
        .execute("UPDATE sent SET subject = 'account:bob' WHERE subject = 'account:alice'", [])
        .unwrap();
    assert!(matches!(disk.seen(&bob), Err(StoreError::Corrupt(_))), "the mark is of alice's");
    disk.connection.execute("UPDATE sent SET state = '{\"parts\":[]}'", []).unwrap();
    assert!(matches!(disk.seen(&Tally::All), Err(StoreError::Corrupt(_))));
}

#[test]
fn what_is_over_is_dropped() {
    let (disk, now) = (Disk::new(), UnixTime::from_secs(1_700_000_000));
    let address = Tally::Address(vec![1; 32]);
    disk.send(&address, now);
    disk.send(&Tally::All, now.plus(KEPT));
    assert_ne!(disk.seen(&address).unwrap(), SendTally::default());
    disk.send(&Tally::All, now.plus(Seconds(KEPT.0 + 1)));
    assert_eq!(disk.seen(&address).unwrap(), SendTally::default());
}

/// Sending changes a device's state and nothing else of it; its address is in no column as it is.
#[test]
fn a_code_that_is_sent_leaves_the_device_as_it_was() {
    let disk = Disk::new();
    let (alice, now) = (UserName::parse("alice").unwrap(), UnixTime::from_secs(1_700_000_000));
    let address = Address::parse(AddressKind::Phone, "+4915123456742").unwrap();
    let kind = Kind::Message(
        Recipient::new(address, [7; Recipient::KEY_BYTES]),
        MessageState::new("sms".to_owned()),
    );
    let id = |text: &str| DeviceId::parse(text).unwrap();
    let device = Device {
        id: id("message/00000001"),
        label: Label::parse("mobile").unwrap(),
        confirmed: false,
        created: now,
        last_used: None,
        replaces: Some(id("totp/00000002")),
        kind,
    };
    let replaces = device.replaces.clone();
    let json = r#"{"channel":"sms","live":null,"spent":null,"pace":1700000000}"#;
    let state = KindState::load("message", json).unwrap();
    let sent = Change::Sent {
        device: device.id.clone(),
        state,
        confirmed: false,
        replaces: replaces.clone(),
    };
    let head = Change::Head { uid: Some(Uid(1000)), enrolled: false };
    let changes = Changes {
        account: Some(alice.clone()),
        list: vec![head, Change::Add(device), sent],
        beside: Vec::new(),
    };
    let Disk { connection, vault, pepper, .. } = &disk;
    Saver { connection, vault, pepper, now, by: Uid(0) }.save(changes, None).unwrap();
    let by = OpenedBy { vault, pepper };
    let (seen, _) =
        load::records(connection, by, &[Key::Account(alice.clone())], UnixTime::default()).unwrap();
    let read = seen.account(&alice).unwrap().devices.first().unwrap();
    assert_eq!((read.state().store().as_str(), &read.replaces), (json, &replaces));
    assert_eq!(read.summary().address.as_deref(), Some("•••42"));
    let open: i64 = connection
        .query_row(
            "SELECT count(*) FROM device WHERE instr(secret, CAST('4915' AS BLOB)) OR instr(state, '4915')",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(open, 0);
}
