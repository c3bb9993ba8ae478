//! Password and code in one answer: what is sent, what the next module gets, and when.

use super::*;

fn forward() -> Arguments {
    Arguments { content: Content::PasswordAndCode, ..Arguments::default() }
}

#[test]
fn the_code_alone_is_sent_and_the_password_handed_on() {
    for (typed, code, password) in [
        (&b"secret12123456"[..], "123456", &b"secret12"[..]),
        (b"se,cret,abcd-2345", "abcd-2345", b"se,cret"),
        (b"123456", "123456", b""),
        (b"caf\xe9123456", "123456", b"caf\xe9"),
    ] {
        let mut host = Script::typing(b"");
        host.answer = Some(typed);
        let daemon = Oracle::saying(vec![Ok(accepted())]);
        assert_eq!(run(&mut host, &daemon, &forward()), PamResultCode::PAM_SUCCESS);
        assert_eq!(daemon.codes(), [code]);
        assert_eq!(host.handed_on, [password]);
        assert_eq!(host.asked.len(), 1);
    }
}

#[test]
fn nothing_is_handed_on_before_a_code_was_accepted() {
    for reason in [Reason::Wrong, Reason::Throttled, Reason::UnknownUser] {
        let mut host = Script::typing(b"secret123456");
        let daemon = Oracle::saying(vec![Ok(refused(reason))]);
        assert_eq!(run(&mut host, &daemon, &forward()), PamResultCode::PAM_AUTH_ERR);
        assert!(host.handed_on.is_empty() && host.exported.is_empty());
    }
    for lost in [Error::Unable("x".to_owned()), Error::Refused] {
        let mut host = Script::typing(b"secret123456");
        let _ = run(&mut host, &Oracle::saying(vec![Err(lost)]), &forward());
        assert!(host.handed_on.is_empty());
    }
}

/// By the same calls as any other answer, and nothing of what may be a password.
#[test]
fn an_answer_without_a_code_is_not_sent() {
    for (typed, sent) in [
        (&b""[..], ""),
        (b"12345", "no code"),
        (b"secret", "no code"),
        (b"hunter,password", "no code"),
    ] {
        let mut host = Script::typing(b"");
        host.answer = Some(typed);
        let daemon = Oracle::saying(vec![Ok(refused(Reason::Malformed))]);
        assert_eq!(run(&mut host, &daemon, &forward()), PamResultCode::PAM_AUTH_ERR);
        assert_eq!(daemon.codes(), [sent]);
        assert!(host.handed_on.is_empty());
    }
}

#[test]
fn who_needs_no_code_is_not_asked_and_their_password_is_not_touched() {
    let nullok = || Arguments { unenrolled: Unenrolled::MayPass, ..forward() };
    for demand in [Demand::Exempt, Demand::Unenrolled] {
        let mut host = Script { first_pass: Some(b"pw123456"), ..Script::typing(b"pw123456") };
        let daemon = Oracle::demanding(Ok(demand), vec![]);
        assert_eq!(run(&mut host, &daemon, &nullok()), PamResultCode::PAM_IGNORE);
        assert!(host.asked.is_empty() && host.handed_on.is_empty() && host.delays.is_empty());
    }
}

/// Digits at a password's end are the password's own where no code is asked for.
#[test]
fn who_is_remembered_is_let_in_and_their_password_is_not_touched() {
    for first_pass in [FirstPass::Ignore, FirstPass::Try, FirstPass::Only] {
        let arguments = Arguments { first_pass, ..forward() };
        let mut host = Script { first_pass: Some(b"pw123456"), ..Script::typing(b"pw123456") };
        let daemon = Oracle::demanding(Ok(Demand::Remembered), vec![]);
        assert_eq!(run(&mut host, &daemon, &arguments), PamResultCode::PAM_SUCCESS);
        assert!(host.asked.is_empty() && host.handed_on.is_empty() && host.delays.is_empty());
        assert_eq!(daemon.codes(), [""; 0]);
        let said = ("OTPD_METHOD".to_owned(), "remembered".to_owned());
        assert_eq!(host.exported, [said]);
    }
}

#[test]
fn an_earlier_modules_answer_is_parted_too() {
    let arguments = Arguments { first_pass: FirstPass::Only, ..forward() };
    let mut host = Script { first_pass: Some(b"secret123456"), ..Script::typing(b"typed") };
    let daemon = Oracle::saying(vec![Ok(accepted())]);
    assert_eq!(run(&mut host, &daemon, &arguments), PamResultCode::PAM_SUCCESS);
    assert_eq!(
        (daemon.codes(), host.handed_on),
        (vec!["123456".to_owned()], vec![b"secret".to_vec()])
    );
}

#[test]
fn a_password_that_cannot_be_handed_on_is_no_success() {
    let mut host = Script { takes_nothing: true, ..Script::typing(b"secret123456") };
    let daemon = Oracle::saying(vec![Ok(accepted())]);
    assert_eq!(run(&mut host, &daemon, &forward()), PamResultCode::PAM_AUTHINFO_UNAVAIL);
    assert_eq!(errors(&host).len(), 1);
}

/// A wrong code takes as long as a wrong password, which `pam_unix` keeps back; elsewhere the
/// daemon's own delay does.
#[test]
fn a_failure_is_delayed_where_it_could_be_either() {
    let mut host = Script::typing(b"secret000000");
    let _ = run(&mut host, &Oracle::saying(vec![Ok(refused(Reason::Wrong))]), &forward());
    assert_eq!(host.delays, [Duration::from_secs(2)]);
    let mut host = Script::typing(b"000000");
    let daemon = Oracle::saying(vec![Ok(refused(Reason::Wrong))]);
    let _ = run(&mut host, &daemon, &Arguments::default());
    assert!(host.delays.is_empty());
}
