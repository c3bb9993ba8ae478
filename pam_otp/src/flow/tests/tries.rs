//! Several tries in one call: how often is asked, how long is waited, and that neither tells
//! strangers from users.

use std::num::NonZeroU8;

use super::*;

fn tries(number: u8) -> Arguments {
    Arguments { tries: NonZeroU8::new(number).unwrap(), ..Arguments::default() }
}

fn again(reason: Reason, wait: u32) -> Vec<Result<Verdict, Error>> {
    (0..5).map(|_| Ok(verdict(Outcome::Refused, reason, wait))).collect()
}

#[test]
fn another_code_is_asked_for_until_one_is_right() {
    let mut host = Script::typing(b"000000");
    host.further = [&b"111111"[..], b"123456"].into();
    let verdicts = vec![Ok(refused(Reason::Wrong)), Ok(refused(Reason::Used)), Ok(accepted())];
    let daemon = Oracle::saying(verdicts);
    assert_eq!(run(&mut host, &daemon, &tries(5)), PamResultCode::PAM_SUCCESS);
    assert_eq!(daemon.codes(), ["000000", "111111", "123456"]);
    assert_eq!((host.asked.len(), host.held.get()), (3, 2));
    assert_eq!(daemon.heard.borrow().len(), 4, "one question of what is demanded, for all tries");
}

/// One call costs the same attempts and the same pauses, whoever is asked.
#[test]
fn strangers_are_asked_as_often_as_users() {
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
        for number in 1..=5 {
            let mut host = Script::typing(b"000000");
            host.rhost = b"192.0.2.7".to_vec();
            let daemon = Oracle::saying(again(reason, 900));
            let code = run(&mut host, &daemon, &tries(number));
            assert_eq!(code, PamResultCode::PAM_AUTH_ERR, "{reason:?}");
            let number = usize::from(number);
            assert_eq!((host.asked.len(), daemon.codes().len()), (number, number), "{reason:?}");
            assert_eq!((host.held.get(), host.told.len()), (number - 1, 0), "{reason:?}");
        }
    }
}

#[test]
fn who_has_been_told_that_it_is_hopeless_is_not_asked_again() {
    let asked = |reason, wait, tell| {
        let mut host = Script::typing(b"000000");
        let daemon = Oracle::saying(again(reason, wait)).telling(tell);
        let _ = run(&mut host, &daemon, &tries(3));
        assert_eq!(daemon.codes().len(), host.asked.len());
        host.asked.len()
    };
    assert_eq!(asked(Reason::Locked, 0, Tell::Local), 1);
    assert_eq!(asked(Reason::Throttled, 3, Tell::Local), 1);
    assert_eq!(asked(Reason::Throttled, 2, Tell::Local), 3);
    for reason in [Reason::Wrong, Reason::Used, Reason::NotEnrolled, Reason::Denied] {
        assert_eq!(asked(reason, 0, Tell::Local), 3, "{reason:?}");
    }
    assert_eq!(asked(Reason::Locked, 0, Tell::Never), 3);
}

#[test]
fn an_answer_is_held_for_the_first_waits_and_no_longer_than_a_call() {
    for (timeout, bound) in [(10, 2), (1, 1)] {
        let timeout = Duration::from_secs(timeout);
        let mut host = Script::typing(b"000000");
        let daemon = Oracle::saying(again(Reason::Wrong, 2));
        let _ = run(&mut host, &daemon, &Arguments { timeout, ..tries(2) });
        let held = host.longest_hold.get();
        assert!(!held.is_zero() && held <= Duration::from_secs(bound), "{held:?}");
    }
}

#[test]
fn only_a_refusal_is_followed_by_another_question() {
    let mut host = Script::typing(b"123456");
    let daemon = Oracle::saying(vec![Err(Error::Unable("busy".to_owned()))]);
    assert_eq!(run(&mut host, &daemon, &tries(5)), PamResultCode::PAM_AUTHINFO_UNAVAIL);
    assert_eq!(host.asked.len(), 1, "asked although the code may be spent");

    let mut host = Script::typing(b"123456");
    let daemon = Oracle::saying(vec![Ok(verdict(Outcome::Accepted, Reason::Wrong, 0))]);
    assert_eq!(run(&mut host, &daemon, &tries(5)), PamResultCode::PAM_AUTHINFO_UNAVAIL);
    assert_eq!(host.asked.len(), 1);
}

#[test]
fn a_user_who_changes_at_a_later_try_is_refused() {
    let mut host = Script::typing(b"000000");
    host.user_behind_a_text = Some("root");
    let daemon = Oracle::saying(again(Reason::Used, 0));
    assert_eq!(run(&mut host, &daemon, &tries(5)), PamResultCode::PAM_AUTH_ERR);
    assert_eq!(daemon.codes().len(), 1);
    assert_eq!(errors(&host).len(), 1);
}

#[test]
fn an_earlier_modules_answer_is_one_try_more() {
    let arguments = Arguments { first_pass: FirstPass::Try, ..tries(2) };
    let mut host = Script { first_pass: Some(b"secret"), ..Script::typing(b"000000") };
    let daemon = Oracle::saying(again(Reason::Malformed, 0));
    assert_eq!(run(&mut host, &daemon, &arguments), PamResultCode::PAM_AUTH_ERR);
    assert_eq!(daemon.codes(), ["secret", "000000", "000000"]);
    assert_eq!(host.held.get(), 1);

    let arguments = Arguments { first_pass: FirstPass::Only, ..tries(5) };
    let mut host = Script { first_pass: Some(b"000000"), ..Script::typing(b"typed") };
    let daemon = Oracle::saying(again(Reason::Wrong, 0));
    assert_eq!(run(&mut host, &daemon, &arguments), PamResultCode::PAM_AUTH_ERR);
    assert_eq!((daemon.codes().len(), host.asked.len()), (1, 0));
}
