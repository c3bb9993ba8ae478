//! `confirm` and `verify`.

use otp_bus::{Details, Error, Outcome, Reason};
use otpctl::InputError;

use crate::case::Case;
use crate::fake::{Fake, verdict};

#[test]
fn confirm_at_a_terminal_and_from_a_pipe() {
    Case::root(&["confirm", "-u", "alice", "phone"])
        .types(&["123 456"])
        .expect("confirm", &Fake::new());
    Case::alice(&["confirm", "phone", "-", "--json"])
        .pipe(&["123456"])
        .expect("confirm-json", &Fake::new());
}

#[test]
fn confirm_refused() {
    let text = "what failed; what to do next".to_owned();
    for (name, error) in [
        ("wrong", Error::WrongCode(text.clone())),
        ("used", Error::UsedCode(text.clone())),
        ("unknown", Error::UnknownDevice(text.clone())),
        ("ambiguous", Error::AmbiguousDevice(text.clone())),
        ("confirmed", Error::AlreadyExists(text.clone())),
        ("throttled", Error::Throttled(text.clone())),
        ("locked", Error::Locked(text)),
    ] {
        let fake = Fake::new().refusing("Confirm", [error]);
        Case::alice(&["confirm", "phone", "--json"])
            .pipe(&["123456"])
            .expect(&format!("confirm-{name}"), &fake);
    }
    let fake =
        Fake::new().refusing("Confirm", [Error::WrongCode("what failed; what to do next".into())]);
    Case::alice(&["confirm", "phone"]).pipe(&["123456"]).expect("confirm-wrong-people", &fake);
}

#[test]
fn verify_accepted() {
    Case::alice(&["verify"]).types(&["123456"]).expect("verify", &Fake::new());
    Case::alice(&["verify", "-", "--json"]).pipe(&["123456"]).expect("verify-json", &Fake::new());
}

#[test]
fn verify_tells_where_a_code_was_found() {
    let details = Details {
        counter: Some(58_000_008),
        expected: Some(58_000_000),
        skipped: Some(8),
        drift: Some(8),
        until: Some(1_740_000_060),
        resynchronised: Some(true),
        ..Details::default()
    };
    let fake = Fake::new().with(|state| state.verdict.details = details);
    Case::alice(&["verify", "--json", "--device", "phone"])
        .pipe(&["123456"])
        .expect("verify-details-json", &fake);
    Case::alice(&["verify", "--device", "phone"]).types(&["123456"]).expect("verify-device", &fake);
    let left = Details { recovery_left: Some(2), ..Details::default() };
    let fake = Fake::new().with(|state| state.verdict.details = left);
    Case::alice(&["verify"]).types(&["abcd-efgh"]).expect("verify-recovery", &fake);
    let fake = Fake::new().with(|state| {
        state.verdict = verdict(Outcome::Refused, Reason::Wrong, 0);
        state.verdict.details.noted = Some("totp/7f3a9c01".into());
    });
    Case::alice(&["verify"]).types(&["123456"]).expect("verify-noted", &fake);
}

#[test]
fn verify_refused() {
    for (name, reason, wait) in [
        ("wrong", Reason::Wrong, 0),
        ("used", Reason::Used, 17),
        ("used-hotp", Reason::Used, 0),
        ("malformed", Reason::Malformed, 0),
        ("throttled", Reason::Throttled, 121),
        ("locked", Reason::Locked, 0),
        ("not-enrolled", Reason::NotEnrolled, 0),
        ("unknown-user", Reason::UnknownUser, 0),
        ("uid-mismatch", Reason::UidMismatch, 0),
        ("contradiction", Reason::Matched, 0),
    ] {
        let fake =
            Fake::new().with(|state| state.verdict = verdict(Outcome::Refused, reason, wait));
        Case::root(&["verify", "-u", "alice"])
            .pipe(&["123456"])
            .expect(&format!("verify-{name}"), &fake);
    }
}

#[test]
fn a_refusal_in_json_is_an_answer_and_an_error() {
    let fake =
        Fake::new().with(|state| state.verdict = verdict(Outcome::Refused, Reason::Used, 17));
    Case::alice(&["verify", "--json"]).pipe(&["123456"]).expect("verify-used-json", &fake);
}

#[test]
fn an_unenrolled_account_is_not_accepted() {
    let fake =
        Fake::new().with(|state| state.verdict = verdict(Outcome::Refused, Reason::NotEnrolled, 0));
    let run = Case::alice(&["verify"]).pipe(&["123456"]).run(&fake);
    assert_eq!((run.exit, run.out.as_str()), (4, ""), "{}", run.err);
}

#[test]
fn codes_in_arguments_are_refused_unsent_and_unrepeated() {
    for args in [
        vec!["verify", "123456"],
        vec!["verify", "123", "456"],
        vec!["verify", "-", "123456"],
        vec!["confirm", "phone", "123456"],
    ] {
        let fake = Fake::new();
        let run = Case::alice(&args).pipe(&["654321"]).run(&fake);
        assert_eq!(run.exit, 2);
        assert!(!run.err.contains("123") && !run.err.contains("456"), "{}", run.err);
        assert_eq!(fake.asked(), [""; 0]);
    }
}

#[test]
fn what_is_no_code_is_not_sent() {
    let long: &'static str = "1".repeat(otp_bus::names::MAX_CODE_BYTES + 1).leak();
    for line in ["", " \t", long] {
        let fake = Fake::new();
        assert_eq!(Case::alice(&["verify"]).pipe(&[line]).run(&fake).exit, 2);
        assert_eq!(fake.asked(), [""; 0]);
    }
    let fake = Fake::new();
    assert_eq!(Case::alice(&["verify"]).pipe(&[&long[1..]]).run(&fake).exit, 0);
}

#[test]
fn inputs_that_end_otherwise() {
    for (error, exit, word) in [
        (InputError::Ended, 7, "input"),
        (InputError::Interrupted, 130, "interrupted"),
        (InputError::TooLong, 2, "usage"),
        (InputError::NotText, 2, "usage"),
        (InputError::Io(std::io::ErrorKind::Other.into()), 7, "input"),
    ] {
        let fake = Fake::new();
        let run = Case::alice(&["verify", "--json"]).person(vec![Err(error)]).run(&fake);
        let error: serde_json::Value =
            serde_json::from_str(run.err.lines().last().unwrap()).unwrap();
        assert_eq!((run.exit, error["error"].as_str()), (exit, Some(word)));
        assert_eq!(error["exit"], exit);
        assert_eq!(fake.asked(), [""; 0]);
    }
}
