//! `remembered`.

use otp_bus::{Error, RememberedLogin};

use crate::case::Case;
use crate::fake::Fake;

/// In the zone of the tests, 2026-07-15 14:00.
const NOON: u64 = 1_784_116_800;

fn logins() -> Vec<RememberedLogin> {
    let of = |number, service: &str| RememberedLogin {
        number,
        service: service.to_owned(),
        rule: "office".to_owned(),
        device: "totp/7f3a9c01".to_owned(),
        since: NOON,
        until: NOON + 28_800,
        last: NOON + 60,
        ..RememberedLogin::default()
    };
    let (from, tty) = (Some("2001:db8::7".to_owned()), Some("pts/3".to_owned()));
    vec![
        RememberedLogin { from, ..of(1, "sshd") },
        RememberedLogin { tty, session: Some(4711), ..of(12, "sudo") },
    ]
}

fn fake() -> Fake {
    Fake::new().with(|state| state.remembered = logins())
}

#[test]
fn they_are_listed() {
    Case::alice(&["remembered"]).expect("remembered", &fake());
    Case::root(&["remembered", "-u", "alice", "--json"]).expect("remembered-json", &fake());
    Case::alice(&["remembered"]).expect("remembered-none", &Fake::new());
}

#[test]
fn they_are_forgotten() {
    let all = fake();
    Case::alice(&["remembered", "--forget", "all"]).expect("remembered-forget-all", &all);
    assert_eq!(all.asked(), ["ForgetRemembered(\"alice\", 0)"]);
    let one = fake();
    Case::alice(&["remembered", "--forget", "12", "--json"]).expect("remembered-forget-json", &one);
    assert_eq!(one.asked(), ["ForgetRemembered(\"alice\", 12)"]);
    let text = "no such login of alice is remembered; otpctl remembered -u alice shows which are";
    let fake = Fake::new().refusing("ForgetRemembered", [Error::UnknownDevice(text.into())]);
    Case::alice(&["remembered", "--forget", "77"]).expect("remembered-forget-unknown", &fake);
}

#[test]
fn what_is_no_number_is_not_asked_for() {
    for number in ["0", "-1", "", "everything", "4294967296"] {
        let fake = fake();
        let run = Case::alice(&["remembered", "--forget", number]).run(&fake);
        assert_eq!((run.exit, fake.asked().len()), (2, 0), "{number:?}: {}", run.err);
    }
}

#[test]
fn who_knocked_cannot_command_the_terminal() {
    let evil = "\u{1b}[2Jx\r\n\u{202e}".to_owned();
    let fake = Fake::new().with(|state| {
        let service = evil.clone();
        state.remembered =
            vec![RememberedLogin { service, from: Some(evil), ..logins().remove(0) }];
    });
    let run = Case::alice(&["remembered"]).run(&fake);
    assert!(run.exit == 0 && !run.out.contains(['\u{1b}', '\r', '\u{202e}']), "{:?}", run.out);
}
