//! `invite`, and `enroll --invitation`.

use otp_bus::Error;

use crate::case::Case;
use crate::fake::{Fake, status};

#[test]
fn it_tells_the_invitation_and_until_when() {
    Case::root(&["invite", "-u", "alice"]).expect("invite", &Fake::new());
    Case::root(&["invite", "-u", "alice", "--for", "7d", "--json"])
        .expect("invite-json", &Fake::new());
}

#[test]
fn times_that_are_none_are_not_asked_for() {
    for time in ["24", "h", "0h", "59s", "31d", "1w", "-1h", "99999999999d"] {
        let fake = Fake::new();
        let run = Case::root(&["invite", "-u", "alice", "--for", time]).run(&fake);
        assert_eq!((run.exit, fake.asked().len()), (2, 0), "{time}: {}", run.err);
    }
    let fake = Fake::new();
    for time in ["60s", "1min", "30d"] {
        assert_eq!(Case::root(&["invite", "-u", "alice", "--for", time]).run(&fake).exit, 0);
    }
}

#[test]
fn one_that_nobody_saw_is_made_anew() {
    let case = Case::root(&["invite", "-u", "alice"]).broken_output();
    let run = case.run(&Fake::new());
    assert!(run.exit == 7 && run.err.contains("otpctl invite -u alice"), "{}", run.err);
    assert!(!run.err.contains("abcd-efgh"), "{}", run.err);
}

#[test]
fn an_invited_user_types_it() {
    Case::alice(&["enroll", "--invitation", "--qr", "never"])
        .types(&["abcd-efgh-ijkl-mnop-qrst-uvwx", "123456"])
        .expect("enroll-invitation", &Fake::new());
    Case::alice(&["enroll", "--invitation", "--json"])
        .pipe(&["abcd-efgh-ijkl-mnop-qrst-uvwx"])
        .expect("enroll-invitation-pipe", &Fake::new());
    let text = "no such invitation is open: it was mistyped, used, or is over; ask for another";
    let fake = Fake::new().refusing("Enroll", [Error::WrongCode(text.into())]);
    Case::alice(&["enroll", "--invitation"]).types(&["x"]).expect("enroll-invitation-wrong", &fake);
    let fake = Fake::new();
    let run = Case::alice(&["enroll", "--invitation"]).types(&[" "]).run(&fake);
    assert_eq!((run.exit, fake.asked().len()), (2, 0), "{}", run.err);
    let run = Case::alice(&["enroll", "--invitation=abcd-efgh-ijkl-mnop-qrst-uvwx"]).run(&fake);
    assert_eq!((run.exit, fake.asked().len()), (2, 0), "never an argument");
}

#[test]
fn an_open_one_shows_in_the_status() {
    let fake = Fake::new().with(|state| {
        state.status = status(&[]);
        state.status.invited_until = Some(1_784_116_800);
    });
    Case::alice(&["status"]).expect("status-invited", &fake);
}
