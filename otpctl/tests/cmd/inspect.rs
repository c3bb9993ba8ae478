//! `list`, `status` and `explain`.

use otp_bus::Error;

use crate::case::Case;
use crate::fake::{Fake, explanation, status, token};

#[test]
fn list_shows_a_table_in_local_time() {
    Case::alice(&["list"]).expect("list", &Fake::new());
    Case::alice(&["list", "--json"]).expect("list-json", &Fake::new());
}

#[test]
fn list_of_some() {
    let fake = Fake::new().with(|state| state.devices.clear());
    Case::alice(&["list", "--only", "unconfirmed"]).expect("list-only", &fake);
    let run = Case::alice(&["list", "--only", "confirmed"]).run(&Fake::new());
    assert_eq!(run.exit, 0, "{}", run.err);
    let run = Case::alice(&["list", "--only", "confirmed", "--all"]).run(&Fake::new());
    assert_eq!(run.exit, 2, "{}", run.out);
}

#[test]
fn list_of_nothing() {
    let none = || Fake::new().with(|state| state.devices.clear());
    Case::root(&["list", "-u", "al ice"]).expect("list-empty", &none());
    Case::root(&["list", "-u", "alice", "--json"]).expect("list-empty-json", &none());
}

#[test]
fn labels_cannot_command_the_terminal() {
    let evil = || {
        Fake::new().with(|state| {
            state.devices[0].label = "\u{1b}[2Jx\r\nroot\u{9b}31m\u{202e}".into();
            state.devices[1].id = "hotp/\u{7}".into();
        })
    };
    Case::alice(&["list"]).expect("list-escapes", &evil());
    Case::alice(&["list", "--json"]).expect("list-escapes-json", &evil());
}

#[test]
fn wide_labels_move_nothing() {
    let fake = Fake::new().with(|state| {
        state.devices = vec![token(), token()];
        state.devices[0].label = "電話".into();
    });
    Case::alice(&["list"]).expect("list-wide", &fake);
}

#[test]
fn status_of_accounts() {
    let lanes =
        [("local", 1, 5, 0, false), ("remote", 4, 4, 3, false), ("self", 9, 12, 300, false)];
    let fake = |status| Fake::new().with(|state| state.status = status);
    Case::alice(&["status"]).expect("status", &fake(status(&lanes)));
    Case::alice(&["status", "--json"]).expect("status-json", &fake(status(&lanes)));
    Case::alice(&["status"]).expect("status-quiet", &fake(status(&[])));
    let locked = status(&[("remote", 100, 140, 0, true)]);
    Case::root(&["status", "-u", "alice"]).expect("status-locked", &fake(locked));
    let mut bare = status(&[]);
    (bare.enrolled, bare.devices) = (false, 0);
    Case::alice(&["status"]).expect("status-not-enrolled", &fake(bare));
}

#[test]
fn explain_says_what_guessing_can_bring() {
    Case::alice(&["explain"]).expect("explain", &Fake::new());
    Case::root(&["explain", "-u", "alice", "--json"]).expect("explain-json", &Fake::new());
}

#[test]
fn explain_of_several_devices_and_of_none() {
    let fake = |told| Fake::new().with(|state| state.explanation = told);
    let mut several = explanation();
    several.unlock_after = Some(86_400);
    several.devices.push(several.devices[0].clone());
    several.devices[1].label = "\u{1b}[2J".into();
    several.guess = Some(83_313);
    several.lanes_in_a_year = Some(1);
    Case::alice(&["explain"]).expect("explain-several", &fake(several));
    let mut none = explanation();
    none.devices.clear();
    (none.guess, none.lane_until_locked, none.lanes_until_locked) = (None, None, None);
    (none.lane_in_a_year, none.lanes_in_a_year) = (None, None);
    Case::alice(&["explain"]).expect("explain-none", &fake(none.clone()));
    Case::alice(&["explain", "--json"]).expect("explain-none-json", &fake(none));
}

#[test]
fn errors_of_every_kind_lead_on() {
    let text = "what failed; what to do next".to_owned();
    for (name, error) in [
        ("not-allowed", Error::NotAllowed(text.clone())),
        ("unknown-user", Error::UnknownUser(text.clone())),
        ("uid-mismatch", Error::UidMismatch(text.clone())),
        ("busy", Error::Busy(text.clone())),
        ("unavailable", Error::Unavailable(text)),
    ] {
        let fake = Fake::new().refusing("List", [error]);
        Case::root(&["list", "-u", r"DOM\alice", "--json"]).expect(&format!("error-{name}"), &fake);
    }
    let fake = Fake::new().refusing("List", [Error::NotAllowed("no \u{1b}[2J".into())]);
    Case::root(&["list", "-u", "alice", "--json"]).expect("error-json", &fake);
    let fake = Fake::new().refusing("List", [Error::NotAllowed("no \u{1b}[2J".into())]);
    Case::root(&["list", "-u", "alice"]).expect("error-people", &fake);
}
