//! `remove` and `unlock`.

use otp_bus::Error;
use otpctl::InputError;

use crate::case::Case;
use crate::fake::{Fake, lanes, phone};

#[test]
fn remove_asks_and_sends_the_id_that_was_shown() {
    Case::alice(&["remove", "phone"]).types(&["y"]).expect("remove", &Fake::new());
    Case::alice(&["remove", "hotp/11aa22bb", "--json"])
        .types(&["YES"])
        .expect("remove-json", &Fake::new());
}

#[test]
fn remove_takes_no_for_an_answer() {
    for (name, answer) in [("no", "n"), ("nothing", ""), ("else", "phone")] {
        let fake = Fake::new();
        let run = Case::alice(&["remove", "phone"]).types(&[answer]).run(&fake);
        assert_eq!(run.exit, 1, "{name}");
        assert_eq!(fake.asked(), [r#"List("alice", All)"#]);
    }
    Case::alice(&["remove", "phone"]).types(&["n"]).expect("remove-declined", &Fake::new());
    let fake = Fake::new();
    let run = Case::alice(&["remove", "phone"]).person(vec![Err(InputError::Ended)]).run(&fake);
    assert_eq!((run.exit, fake.asked().len()), (7, 1));
}

#[test]
fn remove_without_a_terminal_wants_yes() {
    Case::root(&["remove", "-u", "alice", "key ring"]).expect("remove-no-terminal", &Fake::new());
    Case::root(&["remove", "-u", "alice", "phone", "--yes"]).expect("remove-yes", &Fake::new());
}

#[test]
fn remove_of_what_is_not_there() {
    Case::alice(&["remove", "tablet"]).types(&["y"]).expect("remove-unknown", &Fake::new());
    let twice = Fake::new().with(|state| state.devices = vec![phone(), phone()]);
    Case::alice(&["remove", "phone"]).types(&["y"]).expect("remove-ambiguous", &twice);
    let text = "alice has no device tablet; see otpctl list".to_owned();
    let fake = Fake::new().refusing("Remove", [Error::UnknownDevice(text)]);
    Case::alice(&["remove", "tablet", "-y"]).expect("remove-yes-unknown", &fake);
}

#[test]
fn an_id_wins_over_a_label() {
    let fake = Fake::new().with(|state| state.devices[0].label = "hotp/11aa22bb".into());
    Case::alice(&["remove", "hotp/11aa22bb"]).types(&["y"]).run(&fake);
    assert_eq!(fake.asked()[1], r#"Remove("alice", "hotp/11aa22bb")"#);
}

#[test]
fn unlock_tells_what_it_cleared() {
    let fake = Fake::new().with(|state| {
        state.cleared = lanes(&[("local", 1, 1, 0, false), ("remote", 100, 140, 0, true)]);
    });
    Case::root(&["unlock", "-u", "alice"]).expect("unlock", &fake);
    let fake = Fake::new().with(|state| state.cleared = lanes(&[("remote", 1, 1, 0, false)]));
    Case::root(&["unlock", "-u", "alice", "--json"]).expect("unlock-json", &fake);
    Case::root(&["unlock", "-u", "alice"]).expect("unlock-nothing", &Fake::new());
}

#[test]
fn unlock_is_not_for_everybody() {
    let text = "unlocking is for administrators; ask one".to_owned();
    let fake = Fake::new().refusing("Unlock", [Error::NotAllowed(text)]);
    Case::alice(&["unlock"]).expect("unlock-not-allowed", &fake);
}
