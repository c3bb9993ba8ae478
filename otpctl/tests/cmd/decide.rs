//! `explain` with a service.

use otp_bus::{Decision, DeviceFits, LaneStatus, RuleSeen};

use crate::case::Case;
use crate::fake::Fake;

fn seen(rule: &str, seen: &str, why: &[&str]) -> RuleSeen {
    let why = why.iter().map(ToString::to_string).collect();
    RuleSeen { rule: rule.to_owned(), seen: seen.to_owned(), why }
}

fn fits(device: &str, label: &str, counts: bool) -> DeviceFits {
    DeviceFits { device: device.to_owned(), label: label.to_owned(), counts }
}

fn lane(failures: u32, wait: u32, locked: bool) -> LaneStatus {
    LaneStatus { lane: "remote".to_owned(), failures, recent: failures, wait, locked }
}

fn decision() -> Decision {
    Decision {
        user: "alice".to_owned(),
        rules: vec![
            seen("console", "differs", &["service", "remote"]),
            seen("office", "matches", &[]),
            seen("nobody \u{1b} else", "not-reached", &[]),
        ],
        rule: "office".to_owned(),
        demand: "code".to_owned(),
        exempt_until: None,
        exempt_reason: None,
        why: None,
        enrolled: true,
        nullok: false,
        methods: Some(vec!["totp".to_owned(), "recovery".to_owned()]),
        remember: Some(28_800),
        enroll: None,
        devices: vec![fits("totp/7f3a9c01", "phone", true), fits("hotp/11aa22bb", "token", false)],
        lane: Some(lane(2, 0, false)),
    }
}

fn telling(decision: Decision) -> Fake {
    Fake::new().with(|state| state.decision = Some(decision))
}

const ASK: [&str; 6] = ["explain", "-u", "alice", "sshd", "--from", "192.0.2.7"];

#[test]
fn the_whole_decision_is_told() {
    Case::root(&ASK).expect("decide", &telling(decision()));
    let json = ["explain", "-u", "alice", "sshd", "--from", "192.0.2.7", "--tty", "ssh", "--json"];
    Case::root(&json).expect("decide-json", &telling(decision()));
}

#[test]
fn what_stands_in_the_way_is_told() {
    let no_device = Decision {
        methods: Some(vec!["totp".to_owned()]),
        devices: vec![fits("hotp/11aa22bb", "token", false)],
        lane: Some(lane(100, 0, true)),
        ..decision()
    };
    Case::root(&ASK).expect("decide-no-device", &telling(no_device));
    let waiting = Decision { lane: Some(lane(5, 12, false)), ..decision() };
    let run = Case::root(&ASK).run(&telling(waiting));
    assert!(run.out.contains("lane remote: the next attempt is looked at in 12 s"), "{}", run.out);
    assert!(run.out.contains("PAM_AUTH_ERR to whatever is typed"), "{}", run.out);
    let denied = Decision {
        rules: vec![seen("office", "undecided", &["the remote host has no numeric address"])],
        demand: "denied".to_owned(),
        why: Some("rule \"office\" cannot be decided".to_owned()),
        ..decision()
    };
    Case::root(&ASK).expect("decide-denied", &telling(denied.clone()));
    Case::root(&["explain", "-u", "alice", "sshd", "--json"])
        .expect("decide-denied-json", &telling(denied));
}

#[test]
fn who_passes_is_told() {
    let default = Decision {
        rules: Vec::new(),
        rule: "default".to_owned(),
        enrolled: false,
        nullok: true,
        methods: None,
        devices: Vec::new(),
        lane: Some(lane(0, 0, false)),
        ..decision()
    };
    Case::root(&["explain", "-u", "alice", "su"]).expect("decide-nullok", &telling(default));
    let nothing = Decision { demand: "nothing".to_owned(), methods: None, ..decision() };
    Case::root(&ASK).expect("decide-nothing", &telling(nothing));
    let exempt = Decision {
        rule: "exemption".to_owned(),
        demand: "nothing".to_owned(),
        exempt_until: Some(1_784_124_000),
        exempt_reason: Some("lost phone".to_owned()),
        ..decision()
    };
    Case::root(&ASK).expect("decide-exempt", &telling(exempt));
}

#[test]
fn who_enrolls_at_the_prompt_is_told_by_what() {
    let new = |enroll: &str, demand: &str| Decision {
        enrolled: false,
        devices: Vec::new(),
        enroll: Some(enroll.to_owned()),
        demand: demand.to_owned(),
        ..decision()
    };
    Case::root(&ASK).expect("decide-enroll", &telling(new("required", "enroll")));
    Case::root(&ASK).expect("decide-enroll-over", &telling(new("over", "code")));
    for word in ["required-invited", "offered", "offered-invited"] {
        let run = Case::root(&ASK).run(&telling(new(word, "code")));
        assert_eq!(run.out.contains("by its invitation"), word.ends_with("invited"), "{}", run.out);
        assert_eq!(run.out.contains("offered"), word.starts_with("offered"), "{}", run.out);
    }
}

#[test]
fn where_it_comes_from_needs_a_service() {
    let fake = Fake::new();
    let run = Case::root(&["explain", "-u", "alice", "--from", "192.0.2.7"]).run(&fake);
    assert_eq!((run.exit, fake.asked().len()), (2, 0), "{}", run.err);
}
