//! `exempt`, and what is shown of who is.

use otp_bus::Error;

use crate::case::Case;
use crate::fake::{Fake, status};

const GIVE: [&str; 7] = ["exempt", "-u", "alice", "--for", "2h", "--reason", "lost phone"];

#[test]
fn it_tells_until_when_and_how_to_end_it() {
    Case::root(&GIVE).expect("exempt", &Fake::new());
    let json = ["exempt", "-u", "alice", "--for", "7d", "--reason", "lost phone \u{1b}", "--json"];
    Case::root(&json).expect("exempt-json", &Fake::new());
}

#[test]
fn it_is_ended() {
    let fake = Fake::new();
    fake.state().exempt = true;
    Case::root(&["exempt", "-u", "alice", "--end"]).expect("exempt-end", &fake);
    Case::root(&["exempt", "-u", "alice", "--end"]).expect("exempt-end-none", &Fake::new());
    Case::root(&["exempt", "-u", "alice", "--end", "--json"])
        .expect("exempt-end-json", &Fake::new());
}

#[test]
fn without_a_length_and_a_reason_nobody_is_asked() {
    for words in [
        &["exempt", "-u", "alice"][..],
        &["exempt", "-u", "alice", "--for", "2h"],
        &["exempt", "-u", "alice", "--reason", "why"],
        &["exempt", "-u", "alice", "--end", "--for", "2h", "--reason", "why"],
        &["exempt", "-u", "alice", "--for", "59s", "--reason", "why"],
        &["exempt", "-u", "alice", "--for", "8d", "--reason", "why"],
        &["exempt", "-u", "alice", "--for", "2", "--reason", "why"],
        &["exempt", "-u", "alice", "--for", "99999999999d", "--reason", "why"],
        &["exempt", "--for", "2h", "--reason", "why"],
    ] {
        let fake = Fake::new();
        let run = Case::root(words).run(&fake);
        assert_eq!((run.exit, fake.asked().len()), (2, 0), "{words:?}: {}", run.err);
    }
}

#[test]
fn nobody_exempts_themselves() {
    let text = "uid 1000 may not give exemptions for yourself; ask an administrator".to_owned();
    let fake = Fake::new().refusing("Exempt", [Error::NotAllowed(text)]);
    Case::alice(&["exempt", "--for", "2h", "--reason", "why"]).expect("exempt-self", &fake);
}

#[test]
fn it_shows_in_the_status() {
    let fake = Fake::new().with(|state| {
        state.status = status(&[]);
        state.status.exempt_until = Some(1_784_124_000);
        state.status.exempt_reason = Some("lost \u{1b} phone".to_owned());
    });
    Case::alice(&["status"]).expect("status-exempt", &fake);
    Case::alice(&["status", "--json"]).expect("status-exempt-json", &fake);
}
