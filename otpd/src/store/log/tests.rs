//! What an account's events hold out against: floods, damage, restarts, and halves of a transaction.

use otp_core::{EventClass, Lane};

use super::*;
use crate::store::schema;

const START: u64 = 1_700_000_000;

fn tables() -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    schema::migrate(&mut connection).unwrap();
    for name in ["alice", "bob"] {
        let insert = "INSERT INTO account VALUES (?1, NULL, 1, 1, 0, x'')";
        connection.execute(insert, [name]).unwrap();
    }
    connection
}

fn event(at: u64, kind: EventKind) -> Event {
    Event { at: UnixTime::from_secs(at), kind }
}

fn wrong(from: &str, at: u64) -> Event {
    let (service, from) = ("sshd".to_owned(), from.to_owned());
    let (lane, first) = (Lane::Remote, UnixTime::from_secs(at));
    event(at, EventKind::Wrong { lane, service, from, count: 1, first, locked: false })
}

fn login(at: u64) -> Event {
    let (service, from, devices) = ("sshd".to_owned(), String::new(), Vec::new());
    event(at, EventKind::Accepted { lane: Lane::Remote, service, from, devices })
}

fn removed(at: u64) -> Event {
    event(at, EventKind::Removed { device: "totp/7f3a9c01".to_owned() })
}

fn put(connection: &Connection, account: &str, event: Event) {
    write(connection, account, Uid(0), event).unwrap();
}

fn all(connection: &Connection) -> Vec<Logged> {
    read(connection, None, u32::MAX).unwrap()
}

fn failures(events: &[Logged]) -> Vec<u32> {
    let count = |logged: &Logged| match logged.what {
        Some(EventKind::Wrong { count, .. }) => Some(count),
        _ => None,
    };
    events.iter().filter_map(count).collect()
}

#[test]
fn a_flood_of_failures_is_counted_whole_and_pushes_nothing_else_out() {
    let connection = tables();
    let changes = EventClass::Change.kept();
    for turn in 0..changes {
        put(&connection, "alice", removed(START + u64::from(turn)));
    }
    put(&connection, "alice", login(START));
    put(&connection, "bob", wrong("192.0.2.1", START));
    connection.execute_batch("BEGIN").unwrap();
    for turn in 0..100_000_u64 {
        put(&connection, "alice", wrong(&format!("192.0.2.{}", turn % 8), START + turn / 50));
    }
    let few = all(&connection);
    assert_eq!(failures(&few).iter().sum::<u32>(), 100_000 + 1);
    assert_eq!(failures(&few).len(), 8 + 1);
    // From an address each: those are bounded, and push out one another alone.
    for turn in 0..1000 {
        put(&connection, "alice", wrong(&format!("2001:db8::{turn:x}"), START + 2000));
    }
    connection.execute_batch("COMMIT").unwrap();
    let many = all(&connection);
    let kept = EventClass::Failure.kept() + changes + 2;
    assert_eq!(many.len(), usize::try_from(kept).unwrap());
    let first =
        connection.query_row("SELECT count(*) FROM event WHERE class = 'change'", [], |r| {
            r.get::<_, u32>(0)
        });
    assert_eq!(first.unwrap(), changes);
    assert_eq!(many.iter().filter(|logged| logged.account == "bob").count(), 1);
    // Nor do many logins or changes.
    for _ in 0..1000 {
        put(&connection, "alice", login(START + 3000));
        put(&connection, "alice", removed(START + 3000));
    }
    let kept = kept + EventClass::Login.kept() - 1;
    assert_eq!(all(&connection).len(), usize::try_from(kept).unwrap());
}

#[test]
fn the_newest_come_first_by_their_order_and_not_by_the_clock() {
    let connection = tables();
    put(&connection, "alice", wrong("192.0.2.7", START));
    put(&connection, "alice", removed(START + 10));
    put(&connection, "bob", removed(START - 86_400));
    put(&connection, "alice", wrong("192.0.2.7", START + 20));
    let told: Vec<(String, u64)> = all(&connection)
        .into_iter()
        .map(|it| (it.account, it.at.as_secs() + 86_400 - START))
        .collect();
    let expected = [("alice", 86_420), ("bob", 0), ("alice", 86_410)];
    assert_eq!(told, expected.map(|(name, at)| (name.to_owned(), at)));
    let alice = UserName::parse("alice").unwrap();
    assert_eq!(read(&connection, Some(&alice), 1).unwrap(), all(&connection)[..1]);
    assert_eq!(read(&connection, Some(&alice), 9).unwrap().len(), 2);
}

#[test]
fn a_login_ends_a_row_of_failures() {
    let connection = tables();
    for event in [wrong("", START), wrong("", START), login(START), wrong("", START)] {
        put(&connection, "alice", event);
    }
    assert_eq!(failures(&all(&connection)), [1, 2]);
}

#[test]
fn what_is_damaged_is_told_hides_nothing_and_stands_in_nobodys_way() {
    let connection = tables();
    put(&connection, "alice", wrong("192.0.2.7", START));
    put(&connection, "alice", removed(START));
    for damage in ["", "{}", "{\"event\":\"teleported\"}", "nonsense"] {
        let insert = "INSERT INTO event (account, at, by, class, body)
                      VALUES ('alice', ?1, 1000, 'failure', ?2)";
        connection.execute(insert, params![secs(UnixTime::from_secs(START + 1)), damage]).unwrap();
    }
    let bytes = "INSERT INTO event (account, at, by, class, body)
                 VALUES (CAST(x'616c696365' AS TEXT), -1, -1, 'failure', CAST(x'ff' AS TEXT))";
    connection.execute(bytes, []).unwrap();
    let told = all(&connection);
    assert_eq!(told.iter().filter(|logged| logged.what.is_none()).count(), 5);
    assert_eq!((told[0].by, told[0].at), (None, UnixTime::from_secs(0)));
    assert_eq!((told[1].by, told[1].at), (Some(Uid(1000)), UnixTime::from_secs(START + 1)));
    assert!(told.iter().all(|logged| logged.account == "alice"));
    // Behind them, the failure that was there is still found and counted on.
    put(&connection, "alice", wrong("192.0.2.7", START + 2));
    assert_eq!(failures(&all(&connection)), [2]);
    assert_eq!(all(&connection).len(), 7);
}
