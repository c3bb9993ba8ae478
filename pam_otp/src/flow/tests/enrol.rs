//! Enrolling at the prompt: what is shown, what is sent, what is kept, and what never counts.

use super::*;

fn demanding(demand: Demand, proofs: &[Reason]) -> Oracle {
    let daemon = Oracle::demanding(Ok(demand), vec![]);
    *daemon.proofs.borrow_mut() = proofs.to_vec();
    daemon
}

fn calls(daemon: &Oracle) -> Vec<String> {
    daemon.calls.borrow().clone()
}

fn typing(answers: &[&'static [u8]]) -> Script {
    let mut answers = answers.iter().copied();
    Script { further: answers.clone().skip(1).collect(), ..Script::typing(answers.next().unwrap()) }
}

fn settled(host: &mut Script, daemon: &Oracle) -> PamResultCode {
    let ending = settle(host, daemon, &Arguments::default());
    crate::report(host, &ending);
    ending.code()
}

#[test]
fn nothing_counts_before_the_account_phase() {
    let mut host = typing(&[b"123456", b""]);
    let daemon = demanding(Demand::Enroll, &[Reason::Matched]);
    assert_eq!(run(&mut host, &daemon, &Arguments::default()), PamResultCode::PAM_SUCCESS);
    assert_eq!(calls(&daemon), ["begin ", "prove TOKEN 123456"]);
    let [(first, _), (second, _)] = host.asked.as_slice() else { panic!("{:?}", host.asked) };
    assert!(first.starts_with('\n') && first.contains("##  ##\n") && first.contains("ABCD EFGH"));
    assert!(first.ends_with("\nCode: ") && !first.contains("empty"), "{first}");
    assert_eq!(second.matches("aaaa-bbbb").count(), 10);
    assert!(host.told.is_empty(), "texts are shown late, or never");
    assert_eq!(host.kept.as_deref(), Some("TOKEN"));
    assert!(is_unsettled(&host));
    assert!(host.exported.iter().all(|(_, value)| !value.contains("TOKEN")), "{:?}", host.exported);

    assert_eq!(settled(&mut host, &daemon), PamResultCode::PAM_IGNORE);
    assert_eq!(calls(&daemon).last().unwrap(), "settle TOKEN");
    assert!(host.kept.is_none() && !is_unsettled(&host));
    assert!(host.exported.contains(&("OTPD_DEVICE".to_owned(), "totp/1".to_owned())));
    assert_eq!(settled(&mut host, &daemon), PamResultCode::PAM_IGNORE, "nothing is there");
    assert_eq!(calls(&daemon).len(), 3);
}

#[test]
fn what_is_not_settled_goes_no_further() {
    let mut host = typing(&[b"123456", b""]);
    let daemon = demanding(Demand::Enroll, &[Reason::Matched]);
    daemon.settles.set(false);
    let _ = run(&mut host, &daemon, &Arguments::default());
    assert_eq!(settled(&mut host, &daemon), PamResultCode::PAM_PERM_DENIED);
    assert!(is_unsettled(&host), "credentials and session refuse it too");
    assert_eq!(Ending::Unsettled.code(), PamResultCode::PAM_CRED_ERR);
}

#[test]
fn without_an_account_line_nothing_is_shown() {
    let mut host = Script { no_account_line: true, ..typing(&[b"123456"]) };
    let daemon = demanding(Demand::Enroll, &[]);
    assert_eq!(run(&mut host, &daemon, &Arguments::default()), PamResultCode::PAM_AUTH_ERR);
    assert!(host.asked.is_empty() && calls(&daemon).is_empty());
    assert_eq!(errors(&host), ["refused: no account line"]);
}

#[test]
fn an_offer_that_is_declined_goes_on_as_if_there_had_been_none() {
    for no_account_line in [false, true] {
        let mut host = Script { no_account_line, ..typing(&[b""]) };
        let daemon = demanding(Demand::Offer, &[]);
        daemon.demand.borrow_mut().insert(0, Ok(Demand::Exempt));
        assert_eq!(run(&mut host, &daemon, &Arguments::default()), PamResultCode::PAM_IGNORE);
        let heard: Vec<Vec<Hint>> =
            daemon.heard.borrow().iter().map(|(login, _)| login.hints.clone()).collect();
        assert_eq!(heard, [vec![], vec![Hint::Declined]]);
        if no_account_line {
            assert!(host.asked.is_empty() && calls(&daemon).is_empty());
        } else {
            assert!(host.asked[0].0.contains("Leave it empty"));
            assert_eq!(calls(&daemon), ["begin ", "drop TOKEN"]);
        }
    }
}

#[test]
fn an_offer_is_made_once() {
    let mut host = typing(&[b""]);
    let daemon = demanding(Demand::Offer, &[]);
    daemon.demand.borrow_mut().insert(0, Ok(Demand::Offer));
    assert_eq!(run(&mut host, &daemon, &Arguments::default()), PamResultCode::PAM_AUTHINFO_UNAVAIL);
}

#[test]
fn who_is_to_enroll_and_does_not_is_refused() {
    let mut host = typing(&[b""]);
    let daemon = demanding(Demand::Enroll, &[]);
    assert_eq!(run(&mut host, &daemon, &Arguments::default()), PamResultCode::PAM_AUTH_ERR);
    assert_eq!(calls(&daemon), ["begin ", "drop TOKEN"]);
    assert!(host.kept.is_none() && !is_unsettled(&host));
}

#[test]
fn wrong_codes_end_it() {
    let mut host = typing(&[b"1", b"2", b"3", b"4"]);
    let daemon = demanding(Demand::Enroll, &[Reason::Wrong, Reason::Malformed, Reason::Wrong]);
    assert_eq!(run(&mut host, &daemon, &Arguments::default()), PamResultCode::PAM_AUTH_ERR);
    let sent = ["begin ", "prove TOKEN 1", "prove TOKEN 2", "prove TOKEN 3", "drop TOKEN"];
    assert_eq!(calls(&daemon), sent);
    assert!(host.kept.is_none());

    let mut host = typing(&[b"1", b"2"]);
    let daemon = demanding(Demand::Enroll, &[Reason::Locked]);
    assert_eq!(run(&mut host, &daemon, &Arguments::default()), PamResultCode::PAM_AUTH_ERR);
    assert_eq!(host.asked.len(), 1);
}

#[test]
fn a_host_that_hangs_up_leaves_nothing_behind() {
    let mut host = Script { user: b"alice".to_vec(), ..Script::default() };
    let daemon = demanding(Demand::Enroll, &[]);
    assert_eq!(run(&mut host, &daemon, &Arguments::default()), PamResultCode::PAM_CONV_ERR);
    assert_eq!(calls(&daemon), ["begin ", "drop TOKEN"]);
    assert!(host.kept.is_none() && !is_unsettled(&host));
}

#[test]
fn another_name_behind_the_prompt_is_refused() {
    let mut host = Script { user_behind_the_prompt: Some("root"), ..typing(&[b"123456"]) };
    let daemon = demanding(Demand::Enroll, &[Reason::Matched]);
    assert_eq!(run(&mut host, &daemon, &Arguments::default()), PamResultCode::PAM_AUTH_ERR);
    assert_eq!(calls(&daemon), ["begin ", "drop TOKEN"]);
}

#[test]
fn an_invitation_is_asked_for_first() {
    let mut host = typing(&[b"abcd-efgh", b"123456", b""]);
    let daemon = demanding(Demand::EnrollInvited, &[Reason::Matched]);
    assert_eq!(run(&mut host, &daemon, &Arguments::default()), PamResultCode::PAM_SUCCESS);
    assert_eq!(calls(&daemon)[0], "begin abcd-efgh");
    assert!(host.asked[0].0.ends_with("Invitation: "));

    let mut host = typing(&[b""]);
    let daemon = demanding(Demand::EnrollInvited, &[]);
    assert_eq!(run(&mut host, &daemon, &Arguments::default()), PamResultCode::PAM_AUTH_ERR);
    assert!(calls(&daemon).is_empty());
}

#[test]
fn where_nothing_may_be_asked_nobody_enrolls() {
    let mut host = Script { first_pass: Some(b"123456"), ..typing(&[b"123456"]) };
    let daemon = demanding(Demand::Enroll, &[]);
    let arguments = Arguments { first_pass: FirstPass::Only, ..Arguments::default() };
    assert_eq!(run(&mut host, &daemon, &arguments), PamResultCode::PAM_AUTH_ERR);
    assert!(host.asked.is_empty() && calls(&daemon).is_empty());
}

/// As sudo does with one handle, three times.
#[test]
fn an_earlier_authentication_leaves_nothing() {
    let mut host = typing(&[b"123456", b""]);
    let daemon = demanding(Demand::Enroll, &[Reason::Matched]);
    let _ = run(&mut host, &daemon, &Arguments::default());
    assert!(is_unsettled(&host));
    let daemon = Oracle::saying(vec![Ok(accepted())]);
    assert_eq!(run(&mut host, &daemon, &Arguments::default()), PamResultCode::PAM_SUCCESS);
    assert!(host.kept.is_none() && !is_unsettled(&host));
}
