//! `enroll`.

use otp_bus::{Caution, Error};
use otpctl::InputError;

use crate::case::Case;
use crate::fake::{Fake, SECRET};

#[test]
fn at_a_terminal() {
    Case::alice(&["enroll", "--label", "phone"])
        .types(&["123 456"])
        .screen(Some(80), false, true)
        .expect("enroll-terminal", &Fake::new());
}

#[test]
fn for_another_user_with_every_option() {
    let options = [
        "enroll",
        "-u",
        "alice",
        "--kind",
        "hotp",
        "--label",
        "key ring",
        "--algorithm",
        "sha256",
        "--digits",
        "8",
        "--counter",
        "7",
        "--issuer",
        "Example",
        "--qr",
        "never",
        "--no-confirm",
    ];
    Case::root(&options).types(&[]).expect("enroll-options", &Fake::new());
}

#[test]
fn with_a_secret_from_a_pipe() {
    Case::root(&["enroll", "-u", "alice", "--secret", "-", "--period", "60"])
        .pipe(&["gezd gnbv gy3t qojq gezd gnbv gy3t qojq"])
        .expect("enroll-secret-pipe", &Fake::new());
}

#[test]
fn with_a_secret_typed() {
    Case::alice(&["enroll", "--secret", "-", "--qr", "never"])
        .types(&["hex:31323334353637383930", "123456"])
        .expect("enroll-secret-typed", &Fake::new());
}

#[test]
fn with_the_uri_of_a_device() {
    let uri = "otpauth://hotp/Example%20Co:bob?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
               &issuer=Example%20Co&algorithm=SHA256&digits=8&counter=7";
    Case::root(&["enroll", "-u", "alice", "--secret", "-", "--label", "key ring"])
        .pipe(&[uri])
        .expect("enroll-uri", &Fake::new());
    let fake = Fake::new();
    Case::alice(&["enroll", "--secret", "-", "--issuer", "Here"]).pipe(&[uri]).run(&fake);
    assert!(fake.asked()[0].contains(r#"issuer Some("Here")"#), "{:?}", fake.asked());
}

#[test]
fn an_option_beside_a_uri_is_refused() {
    let uri = "otpauth://totp/bob?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    Case::alice(&["enroll", "--secret", "-", "--digits", "6"])
        .pipe(&[uri])
        .expect("enroll-uri-option", &Fake::new());
    let options = [("--kind", "totp"), ("--algorithm", "sha1"), ("--period", "30")];
    for (option, value) in options {
        let fake = Fake::new();
        let run = Case::alice(&["enroll", "--secret", "-", option, value]).pipe(&[uri]).run(&fake);
        assert_eq!((run.exit, fake.asked().len()), (2, 0), "{}", run.err);
        assert!(run.err.contains(option), "{}", run.err);
    }
}

#[test]
fn a_uri_that_contradicts_itself_is_not_sent() {
    Case::alice(&["enroll", "--secret", "-", "--json"])
        .pipe(&["otpauth://totp/A:bob?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=B"])
        .expect("enroll-uri-bad", &Fake::new());
}

#[test]
fn what_is_odd_is_told_and_enrolled() {
    let all = || {
        Fake::new().with(|state| {
            state.cautions =
                vec![Caution::ShortSecret, Caution::ManyDigits, Caution::SecretElsewhere];
        })
    };
    Case::alice(&["enroll", "--secret", "-", "--digits", "9"])
        .pipe(&["gezd gn8v gy3t q0jq"])
        .expect("enroll-odd", &all());
    Case::alice(&["enroll", "--secret", "-", "--json"])
        .pipe(&["otpauth://totp/bob?secret=GEZDGNBVGY3TQOJQ&image=http%3A%2F%2Fx&digits=9"])
        .expect("enroll-odd-json", &all());
}

#[test]
fn json_neither_draws_nor_asks() {
    Case::alice(&["enroll", "--json", "--qr", "always"])
        .types(&["never read"])
        .expect("enroll-json", &Fake::new());
}

#[test]
fn a_wrong_code_is_asked_for_again() {
    let fake = Fake::new().refusing(
        "Confirm",
        [
            Error::WrongCode("that code is wrong; try the next one".into()),
            Error::UsedCode("that code was accepted before; wait for the next one".into()),
        ],
    );
    Case::alice(&["enroll", "--qr", "never"])
        .types(&["111111", "222222", "333333"])
        .expect("enroll-wrong-then-right", &fake);
}

#[test]
fn three_wrong_codes_end_it() {
    let wrong = || Error::WrongCode("that code is wrong; try the next one".into());
    let fake = Fake::new().refusing("Confirm", [wrong(), wrong(), wrong()]);
    Case::root(&["-u", "alice", "enroll", "--qr", "never"])
        .types(&["111111", "222222", "333333", "444444"])
        .expect("enroll-gave-up", &fake);
}

#[test]
fn nothing_typed_leaves_it_for_later() {
    Case::alice(&["enroll", "--qr", "never"]).types(&[" "]).expect("enroll-later", &Fake::new());
}

#[test]
fn ctrl_c_leaves_it_for_later() {
    Case::alice(&["enroll", "--qr", "never"])
        .person(vec![Err(InputError::Interrupted)])
        .expect("enroll-interrupted", &Fake::new());
}

#[test]
fn a_throttle_ends_it() {
    let throttled = Error::Throttled("alice: too soon after failures; wait 4 s".into());
    let fake = Fake::new().refusing("Confirm", [throttled]);
    Case::alice(&["enroll", "--qr", "never"])
        .types(&["111111", "222222"])
        .expect("enroll-throttled", &fake);
}

#[test]
fn refused_by_the_daemon() {
    let taken =
        Error::AlreadyExists("alice has a device labelled phone; choose another label".into());
    let fake = Fake::new().refusing("Enroll", [taken]);
    Case::alice(&["enroll", "--label", "phone"]).expect("enroll-taken", &fake);
    let full =
        Error::LimitReached("alice has 8 devices, no more are kept; remove one first".into());
    let fake = Fake::new().refusing("Enroll", [full]);
    Case::alice(&["enroll"]).expect("enroll-full", &fake);
}

#[test]
fn a_narrow_terminal_gets_no_broken_code() {
    Case::alice(&["enroll", "--no-confirm"])
        .types(&[])
        .screen(Some(24), true, true)
        .expect("enroll-narrow", &Fake::new());
}

#[test]
fn without_a_terminal_nothing_is_drawn_unless_asked_for() {
    let run = Case::alice(&["enroll"]).run(&Fake::new());
    assert!(!run.out.contains('█') && run.out.contains("otpauth://"), "{}", run.out);
    let run = Case::alice(&["enroll", "--qr", "always"]).run(&Fake::new());
    assert!(run.out.contains('█'), "{}", run.out);
}

#[test]
fn secrets_in_arguments_are_refused_unsent_and_unrepeated() {
    let fake = Fake::new();
    let run = Case::alice(&["enroll", "--secret", SECRET]).run(&fake);
    assert_eq!(run.exit, 2);
    assert!(!run.err.contains(SECRET) && !run.out.contains(SECRET), "{}", run.err);
    assert_eq!(fake.asked(), [""; 0]);
}

#[test]
fn a_secret_that_cannot_be_one_is_not_sent() {
    Case::alice(&["enroll", "--secret", "-"])
        .pipe(&["GEZDGNBVGY3TQ9JQ"])
        .expect("enroll-secret-bad", &Fake::new());
}

#[test]
fn options_of_the_other_kind_are_refused() {
    for args in [
        ["enroll", "--kind", "hotp", "--period", "30"],
        ["enroll", "--kind", "totp", "--counter", "1"],
    ] {
        let fake = Fake::new();
        let run = Case::alice(&args).run(&fake);
        assert_eq!((run.exit, fake.asked().len()), (2, 0), "{}", run.err);
    }
}

#[test]
fn bounds_of_numbers() {
    for (option, inside, outside) in
        [("--digits", ["6", "10"], ["5", "11"]), ("--period", ["15", "120"], ["14", "121"])]
    {
        for value in inside {
            assert_eq!(
                Case::alice(&["enroll", option, value]).run(&Fake::new()).exit,
                0,
                "{option} {value}"
            );
        }
        for value in outside {
            assert_eq!(
                Case::alice(&["enroll", option, value]).run(&Fake::new()).exit,
                2,
                "{option} {value}"
            );
        }
    }
}

#[test]
fn a_secret_that_nobody_saw_is_said_to_be_useless() {
    let run = Case::alice(&["enroll"]).broken_output().run(&Fake::new());
    assert_eq!(run.exit, 7);
    assert!(run.err.contains("otpctl remove totp/7f3a9c01 --yes"), "{}", run.err);
}

#[test]
fn what_the_daemon_says_cannot_command_the_terminal() {
    let evil = Error::InvalidArgument("label \u{1b}]0;x\u{7} has \u{9b}2J".into());
    let fake = Fake::new().refusing("Enroll", [evil]);
    Case::alice(&["enroll"]).expect("enroll-escapes", &fake);
}
