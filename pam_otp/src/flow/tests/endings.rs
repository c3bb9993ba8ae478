//! How a login ends: each answer of the daemon, and none.

use super::*;

#[test]
fn every_refusal_is_one_code_and_the_daemons_to_log() {
    for reason in [
        Reason::Wrong,
        Reason::Used,
        Reason::Malformed,
        Reason::Throttled,
        Reason::Locked,
        Reason::NotEnrolled,
        Reason::UnknownUser,
        Reason::UidMismatch,
        Reason::UnknownDevice,
        Reason::Denied,
    ] {
        let mut host = Script::typing(b"000000");
        let daemon = Oracle::saying(vec![Ok(refused(reason))]);
        let code = run(&mut host, &daemon, &Arguments::default());
        assert_eq!(code, PamResultCode::PAM_AUTH_ERR, "{reason:?}");
        assert!(host.logged.borrow().is_empty(), "{reason:?}");
    }
}

#[test]
fn unenrolled_passes_only_where_nullok_was_said() {
    let nullok = || Arguments { unenrolled: Unenrolled::MayPass, ..Arguments::default() };
    let demand = || Oracle::demanding(Ok(Demand::Unenrolled), vec![]);

    let mut host = Script::typing(b"");
    let daemon = demand();
    assert_eq!(run(&mut host, &daemon, &nullok()), PamResultCode::PAM_IGNORE);
    assert!(host.asked.is_empty() && host.logged.borrow().is_empty());
    assert_eq!(daemon.heard.borrow()[0].0.hints, [Hint::Nullok]);

    let mut host = Script::typing(b"");
    let code = run(&mut host, &demand(), &Arguments::default());
    assert_eq!(code, PamResultCode::PAM_AUTHINFO_UNAVAIL);
    assert_eq!(errors(&host).len(), 1);
}

#[test]
fn a_verdict_that_contradicts_itself_is_no_answer() {
    for absurd in [
        verdict(Outcome::Accepted, Reason::Wrong, 0),
        verdict(Outcome::Accepted, Reason::NotEnrolled, 0),
        verdict(Outcome::Refused, Reason::Matched, 0),
    ] {
        let mut host = Script::typing(b"123456");
        let nullok = Arguments { unenrolled: Unenrolled::MayPass, ..Arguments::default() };
        let code = run(&mut host, &Oracle::saying(vec![Ok(absurd)]), &nullok);
        assert_eq!(code, PamResultCode::PAM_AUTHINFO_UNAVAIL);
        assert_eq!(errors(&host).len(), 1);
    }
}

#[test]
fn no_answer_of_the_daemon_is_never_success_and_logged_once() {
    let text = || "why".to_owned();
    let cases = || {
        let late = Error::Late { place: text(), allowed: Duration::from_secs(10) };
        let strange = Error::NotUnderstood { place: text(), what: text() };
        [
            (Error::Unreachable(text()), PamResultCode::PAM_AUTHINFO_UNAVAIL, 1),
            (late, PamResultCode::PAM_AUTHINFO_UNAVAIL, 1),
            (Error::Broken { place: text(), what: text() }, PamResultCode::PAM_AUTHINFO_UNAVAIL, 1),
            (Error::Distrusted(text()), PamResultCode::PAM_AUTHINFO_UNAVAIL, 1),
            (strange, PamResultCode::PAM_AUTHINFO_UNAVAIL, 1),
            (Error::Unable(text()), PamResultCode::PAM_AUTHINFO_UNAVAIL, 1),
            (Error::Undelivered(text()), PamResultCode::PAM_PERM_DENIED, 1),
            (Error::NotAllowed, PamResultCode::PAM_PERM_DENIED, 0),
            (Error::Refused, PamResultCode::PAM_AUTH_ERR, 0),
        ]
    };
    for (error, expected, lines) in cases() {
        let mut host = Script::typing(b"123456");
        let said = error.to_string();
        let code = run(&mut host, &Oracle::demanding(Err(error), vec![]), &Arguments::default());
        assert_eq!(code, expected, "{said}");
        assert!(host.asked.is_empty(), "asked although nobody can decide: {said}");
        assert_eq!(errors(&host).len(), lines, "{said}");
    }
    for (error, expected, lines) in cases() {
        let mut host = Script::typing(b"123456");
        let said = error.to_string();
        let daemon = Oracle::saying(vec![Err(error)]);
        assert_eq!(run(&mut host, &daemon, &Arguments::default()), expected, "{said}");
        assert_eq!(daemon.codes().len(), 1, "sent again: {said}");
        assert_eq!(errors(&host).len(), lines, "{said}");
        assert!(!errors(&host).concat().contains("123456"));
    }
}

#[test]
fn a_conversation_that_fails_is_logged_once_and_verifies_nothing() {
    let mut host = Script { user: b"alice".to_vec(), ..Script::default() };
    let daemon = Oracle::saying(vec![]);
    let code = run(&mut host, &daemon, &Arguments::default());
    assert_eq!(code, PamResultCode::PAM_CONV_ERR);
    assert_eq!(errors(&host), ["no code to check: nobody there"]);
}
