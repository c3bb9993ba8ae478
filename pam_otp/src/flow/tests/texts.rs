//! What is told and logged, and to whom.

use std::num::NonZeroU8;

use super::*;

#[test]
fn reasons_are_told_to_whom_the_administrator_says() {
    let told = |tell, rhost: &[u8]| {
        let mut host = Script::typing(b"000000");
        host.rhost = rhost.to_vec();
        let daemon = Oracle::saying(vec![Ok(refused(Reason::Used))]).telling(tell);
        let _ = run(&mut host, &daemon, &Arguments::default());
        host.told.len()
    };
    let remote = b"192.0.2.7";
    for (tell, here, elsewhere) in [(Tell::Local, 1, 0), (Tell::Always, 1, 1), (Tell::Never, 0, 0)]
    {
        assert_eq!((told(tell, b""), told(tell, remote)), (here, elsewhere), "{tell:?}");
    }
}

/// Only who is let in has a device to speak of.
#[test]
fn the_session_is_told_of_the_device_on_success_alone() {
    let exported = |verdict: Verdict| {
        let mut host = Script::typing(b"000000");
        let _ = run(&mut host, &Oracle::saying(vec![Ok(verdict)]), &Arguments::default());
        host.exported.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>()
    };
    assert_eq!(exported(accepted()), ["OTPD_METHOD=totp", "OTPD_DEVICE=totp/1"]);
    for reason in [Reason::Wrong, Reason::Used, Reason::Locked, Reason::Malformed] {
        assert!(exported(refused(reason)).is_empty(), "{reason:?}");
    }
    assert!(exported(verdict(Outcome::Accepted, Reason::Wrong, 0)).is_empty());
    let hostile = Verdict { device: "totp/$(id)\n;x=\u{e9}\"".to_owned(), ..accepted() };
    assert_eq!(exported(hostile), ["OTPD_METHOD=totp", "OTPD_DEVICE=totp/__id___x___"]);
    let long = Verdict { device: format!("totp/{}", "a".repeat(500)), ..accepted() };
    assert!(exported(long).iter().all(|set| set.len() < 80));
    let nameless = Verdict { device: String::new(), ..accepted() };
    assert!(exported(nameless).is_empty());
}

#[test]
fn an_environment_that_cannot_be_set_keeps_nobody_out() {
    let mut host = Script { takes_nothing: true, ..Script::typing(b"123456") };
    let daemon = Oracle::saying(vec![Ok(accepted())]);
    assert_eq!(run(&mut host, &daemon, &Arguments::default()), PamResultCode::PAM_SUCCESS);
}

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

/// Whatever is typed, however it goes, and whatever each step says.
#[test]
fn debug_shows_each_step_and_no_secret() {
    let arguments = |content, first_pass| Arguments {
        chatter: Chatter::Debug,
        content,
        first_pass,
        tries: NonZeroU8::new(2).unwrap(),
        ..Arguments::default()
    };
    let mut lines = Vec::new();
    for content in [Content::Code, Content::PasswordAndCode] {
        for first_pass in [FirstPass::Ignore, FirstPass::Try] {
            for last in [Ok(accepted()), Ok(refused(Reason::Used)), Err(Error::Refused)] {
                let mut host = Script::typing(b"hunter2222222");
                host.first_pass = Some(b"hunter3333333");
                host.further = [&b"hunter4444444"[..]].into();
                let mut verdicts = vec![Ok(refused(Reason::Wrong)), Ok(refused(Reason::Wrong))];
                verdicts.insert(if first_pass == FirstPass::Try { 2 } else { 1 }, last);
                let daemon = Oracle::saying(verdicts);
                let _ = run(&mut host, &daemon, &arguments(content, first_pass));
                assert!(daemon.codes().len() > 1);
                let logged = host.logged.into_inner();
                assert!(logged.iter().all(|(level, _)| *level == Severity::Debug));
                lines.extend(logged.into_iter().map(|(_, text)| text));
            }
        }
    }
    for step in [
        "otpd demands a code (default)",
        "an earlier module's answer is tried",
        "asking, 1 of 2",
        "asking, 2 of 2",
        "Refused, Used",
        "Accepted, Matched",
        "the next module gets the password",
        "OTPD_DEVICE=totp/1",
    ] {
        assert!(lines.iter().any(|line| line.contains(step)), "{step}: {lines:#?}");
    }
    for secret in ["hunter", "222", "333", "444"] {
        assert!(!lines.iter().any(|line| line.contains(secret)), "{secret}: {lines:#?}");
    }
}
