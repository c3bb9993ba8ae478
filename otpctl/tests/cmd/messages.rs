//! Devices that are addresses: `enroll --kind message`, `send`, `confirm --send`, and how they are
//! shown.

use otp_bus::{Caution, Error, LogEntry};

use crate::case::Case;
use crate::fake::{Fake, address, phone};

#[test]
fn an_address_is_enrolled_and_confirmed() {
    let by_sms = ["enroll", "-u", "alice", "--kind", "message", "--channel", "sms"];
    Case::root(&by_sms)
        .types(&["+49 151 23456742", "123456"])
        .expect("enroll-message", &Fake::new());
    let given =
        [&by_sms[..], &["--address", "+4915123456742", "--label", "mobile", "--json"]].concat();
    Case::root(&given).expect("enroll-message-json", &Fake::new());
    let piped = [&by_sms[..], &["--address", "-"]].concat();
    Case::root(&piped).pipe(&["+4915123456742"]).expect("enroll-message-piped", &Fake::new());
    let unsent = Fake::new().with(|state| state.cautions = vec![Caution::NotSent]);
    Case::root(&given[..given.len() - 1]).expect("enroll-message-unsent", &unsent);
}

#[test]
fn what_does_not_go_together_is_refused_before_anybody_is_asked() {
    for args in [
        &["enroll", "--kind", "message"][..],
        &["enroll", "--channel", "sms"],
        &["enroll", "--address", "alice@example.org"],
        &["enroll", "--kind", "message", "--channel", "sms", "--digits", "8"],
        &["enroll", "--kind", "message", "--channel", "sms", "--secret", "-"],
        &["code", "--kind", "message"],
    ] {
        let fake = Fake::new();
        let run = Case::alice(args).run(&fake);
        assert_eq!((run.exit, fake.asked().len()), (2, 0), "{args:?}: {}", run.err);
    }
}

#[test]
fn a_code_is_sent_on_request() {
    Case::alice(&["send", "mobile"]).expect("send", &Fake::new());
    Case::alice(&["send", "mobile", "--json"]).expect("send-json", &Fake::new());
    let text = "a code was sent a short while ago; another can be sent in 42 s".to_owned();
    let fake = Fake::new().refusing("Send", [Error::Throttled(text)]);
    Case::alice(&["send", "mobile"]).expect("send-lately", &fake);
    let text = "as many messages were sent to that address as [messages] allows".to_owned();
    let fake = Fake::new().refusing("Send", [Error::LimitReached(text)]);
    Case::alice(&["send", "mobile"]).expect("send-capped", &fake);
    let text = "the message could not be sent: otp-deliver: no route".to_owned();
    let fake = Fake::new().refusing("Send", [Error::Undelivered(text)]);
    Case::alice(&["send", "mobile"]).expect("send-undelivered", &fake);
    Case::alice(&["confirm", "mobile", "--send"])
        .types(&["123456"])
        .expect("confirm-send", &Fake::new());
}

#[test]
fn an_address_is_shown_masked() {
    let fake = || Fake::new().with(|state| state.devices = vec![phone(), address()]);
    Case::alice(&["list"]).expect("list-message", &fake());
    Case::alice(&["show", "mobile"]).expect("show-message", &fake());
    Case::alice(&["show", "mobile", "--json"]).expect("show-message-json", &fake());
    let sent = LogEntry {
        user: "alice".to_owned(),
        at: 1_784_116_800,
        by: Some(0),
        event: "sent".to_owned(),
        lane: Some("remote".to_owned()),
        service: Some("sshd".to_owned()),
        from: Some("192.0.2.7".to_owned()),
        devices: Some(vec!["message/55ee66ff".to_owned()]),
        address: Some("•••42".to_owned()),
        ..LogEntry::default()
    };
    let fake = || Fake::new().with(|state| state.log = vec![sent.clone()]);
    Case::alice(&["log"]).expect("log-sent", &fake());
    Case::alice(&["log", "--json"]).expect("log-sent-json", &fake());
}
