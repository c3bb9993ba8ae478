//! `log`.

use otp_bus::{Error, LogEntry};

use crate::case::Case;
use crate::fake::Fake;

/// In the zone of the tests, 2026-07-15 14:00.
const NOON: u64 = 1_784_116_800;

fn entry(user: &str, at: u64, by: u32, event: &str) -> LogEntry {
    let (user, event, by) = (user.to_owned(), event.to_owned(), Some(by));
    LogEntry { user, at, by, event, ..LogEntry::default() }
}

fn device(user: &str, at: u64, by: u32, event: &str) -> LogEntry {
    LogEntry { devices: Some(vec!["totp/7f3a9c01".into()]), ..entry(user, at, by, event) }
}

fn code(entry: LogEntry, lane: &str, service: &str, from: &str) -> LogEntry {
    let (lane, service, from) = (Some(lane.into()), Some(service.into()), Some(from.into()));
    LogEntry { lane, service, from, ..entry }
}

fn wrong(user: &str, by: u32, (count, first): (u32, u64), locked: bool) -> LogEntry {
    let (count, first, locked) = (Some(count), Some(first), Some(locked));
    LogEntry { count, first, locked, ..entry(user, NOON, by, "wrong") }
}

fn events() -> Vec<LogEntry> {
    vec![
        LogEntry {
            devices: Some(vec!["totp/7f3a9c01".into(), "hotp/11aa22bb".into()]),
            ..code(entry("alice", NOON + 60, 0, "accepted"), "known", "sshd", "192.0.2.7")
        },
        code(wrong("bob", 0, (100, NOON - 86_400), true), "remote", "sshd", "2001:db8::1"),
        code(wrong("alice", 0, (1, NOON), false), "local", "", ""),
        code(wrong("alice", 1000, (2, NOON - 60), false), "self", "self", ""),
        code(device("alice", NOON - 90, 1000, "accepted"), "self", "self", ""),
        entry("alice", NOON - 100, 0, "unlocked"),
        device("alice", NOON - 200, 1000, "removed"),
        device("alice", NOON - 300, 0, "confirmed"),
        device("alice", NOON - 400, 0, "enrolled"),
        LogEntry {
            service: Some("sshd".into()),
            from: Some("192.0.2.7".into()),
            ..device("alice", NOON - 405, 0, "enrolled-at-prompt")
        },
        LogEntry {
            label: Some("key \"ring\"".into()),
            ..device("alice", NOON - 410, 1000, "renamed")
        },
        LogEntry {
            former: Some("totp/00000000".into()),
            ..device("alice", NOON - 420, 1000, "replaced")
        },
        LogEntry { count: Some(10), ..device("alice", NOON - 430, 0, "recovery-made") },
        device("alice", NOON - 440, 0, "resynchronised"),
        LogEntry {
            since: Some(NOON - 3600),
            until: Some(NOON + 25_200),
            ..code(device("alice", NOON - 450, 0, "remembered"), "known", "sshd", "192.0.2.7")
        },
        LogEntry { count: Some(2), ..entry("alice", NOON - 460, 1000, "forgotten") },
        LogEntry { by: None, ..entry("alice", NOON - 500, 0, "damaged") },
        device("alice", NOON - 600, 0, "teleported"),
    ]
}

fn happened() -> Fake {
    Fake::new().with(|state| state.log = events())
}

#[test]
fn what_happened_in_words_and_local_time() {
    Case::alice(&["log"]).expect("log", &happened());
    Case::root(&["log", "--last", "1000"]).expect("log-all", &happened());
    Case::root(&["log", "-u", "alice", "--last", "18", "--json"]).expect("log-json", &happened());
    Case::root(&["log", "--json"]).expect("log-all-json", &Fake::new());
}

#[test]
fn where_nothing_happened() {
    Case::alice(&["log"]).expect("log-empty", &Fake::new());
    Case::root(&["log"]).expect("log-all-empty", &Fake::new());
}

#[test]
fn those_who_knock_cannot_command_the_terminal() {
    let evil = "\u{1b}[2Jx\r\nroot accepted\u{9b}31m\u{202e}";
    let fake = || {
        Fake::new().with(|state| {
            let named = entry(evil, NOON, 0, evil);
            let knocks = code(wrong("alice", 0, (3, NOON), true), evil, evil, evil);
            state.log = vec![knocks, LogEntry { devices: Some(vec![evil.into()]), ..named }];
        })
    };
    Case::root(&["log"]).expect("log-escapes", &fake());
    Case::root(&["log", "--json"]).expect("log-escapes-json", &fake());
}

#[test]
fn it_has_bounds_and_is_not_for_everybody() {
    for last in ["0", "1001", "-1", "all"] {
        let fake = Fake::new();
        let run = Case::alice(&["log", "--last", last]).run(&fake);
        assert_eq!((run.exit, fake.asked().len()), (2, 0), "{last}");
    }
    let text = "uid 1000 may not see the log for others; ask an administrator".to_owned();
    let fake = Fake::new().refusing("Log", [Error::NotAllowed(text)]);
    Case::alice(&["log", "-u", "bob"]).expect("log-not-allowed", &fake);
    let fake = Fake::new().refusing("LogAll", [Error::Unavailable("the store failed".into())]);
    Case::root(&["log", "--json"]).expect("log-all-unavailable", &fake);
}

#[test]
fn what_happened_to_passes() {
    let pass = |at, by, event| LogEntry {
        devices: Some(vec!["pass/0000000000000001".into()]),
        ..entry("alice", at, by, event)
    };
    let of = |entry: LogEntry, service: Option<&str>| LogEntry {
        label: Some("door".into()),
        service: service.map(str::to_owned),
        ..entry
    };
    let fake = Fake::new().with(|state| {
        state.log = vec![
            code(pass(NOON + 60, 0, "accepted"), "remote", "sshd", "192.0.2.7"),
            pass(NOON, 0, "pass-deactivated"),
            of(pass(NOON - 60, 1001, "pass-used"), Some("self")),
            of(pass(NOON - 70, 0, "pass-used"), Some("door daemon")),
            pass(NOON - 80, 1000, "pass-extended"),
            of(pass(NOON - 90, 1002, "pass-made"), None),
        ];
    });
    Case::alice(&["log"]).expect("log-passes", &fake);
}
