//! What is told and logged, and to whom.

use super::*;

/// Whoever is let in hears what happened meanwhile, from wherever they come.
#[test]
fn who_is_let_in_hears_of_failures_and_codes_left() {
    let told = |details| {
        let mut host = Script::typing(b"000000");
        host.rhost = b"192.0.2.7".to_vec();
        let verdict = Verdict { details, ..accepted() };
        let _ = run(&mut host, &Oracle::saying(vec![Ok(verdict)]), &Arguments::default());
        host.told.join("|")
    };
    assert_eq!(told(Details::default()), "");
    assert_eq!(told(Details { failures: Some(0), ..Details::default() }), "");
    assert_eq!(
        told(Details { failures: Some(7), recovery_left: Some(2), ..Details::default() }),
        "7 attempts to log in have failed since your last login.|2 recovery codes are left. Make \
         new ones: otpctl recovery"
    );
    let nine = Details { recovery_left: Some(9), ..Details::default() };
    assert_eq!(told(nine), "9 recovery codes are left.");
}

#[test]
fn a_code_that_was_noted_is_told_to_a_local_user_alone() {
    let told = |rhost: &[u8]| {
        let mut host = Script::typing(b"000000");
        host.rhost = rhost.to_vec();
        let details = Details { noted: Some("totp/1".to_owned()), ..Details::default() };
        let verdict = Verdict { details, ..refused(Reason::Wrong) };
        let _ = run(&mut host, &Oracle::saying(vec![Ok(verdict)]), &Arguments::default());
        host.told.join("|")
    };
    assert!(told(b"").contains("the very next one"));
    assert_eq!(told(b"192.0.2.7"), "");
}

#[test]
fn only_a_local_user_hears_why() {
    let told = |reason, rhost: &[u8]| {
        let mut host = Script::typing(b"000000");
        host.rhost = rhost.to_vec();
        let _ = run(&mut host, &Oracle::saying(vec![Ok(refused(reason))]), &Arguments::default());
        host.told.join("|")
    };
    let used = "That code was already used. Wait for the next one (up to 30 s).";
    assert_eq!(told(Reason::Used, b""), used);
    assert_eq!(told(Reason::Throttled, b""), "Too many wrong codes. Try again in 12 s.");
    let locked = "Locked after too many wrong codes. Ask an administrator.";
    assert_eq!(told(Reason::Locked, b""), locked);
    for reason in [Reason::Wrong, Reason::Malformed, Reason::NotEnrolled, Reason::UnknownUser] {
        assert_eq!(told(reason, b""), "", "{reason:?}");
    }
    for reason in [Reason::Used, Reason::Throttled, Reason::Locked] {
        assert_eq!(told(reason, b"192.0.2.7"), "", "{reason:?}");
        assert_eq!(told(reason, b"\xff"), "", "{reason:?}");
    }
}

#[test]
fn debug_shows_steps_and_no_code() {
    let mut host = Script::typing(b"123456");
    let arguments = Arguments { chatter: Chatter::Debug, ..Arguments::default() };
    let _ = run(&mut host, &Oracle::saying(vec![Ok(refused(Reason::Used))]), &arguments);
    let logged = host.logged.borrow();
    assert_eq!(logged.len(), 2);
    assert!(logged.iter().all(|(level, _)| *level == Severity::Debug));
    assert!(logged[0].1.contains("otpd demands a code (default)"));
    assert!(logged[1].1.contains("Refused, Used"));
    assert!(!logged.iter().any(|(_, text)| text.contains("123456")));
}
