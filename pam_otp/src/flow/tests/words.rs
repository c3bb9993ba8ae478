//! Words in place of a code: offered to everybody alike, answered alike, and never a try.

use super::*;
use crate::args::Content;
use crate::flow::words::{SENT, prompt};

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn offering(mut daemon: Oracle, offered: &[&str]) -> Oracle {
    daemon.terms.words = Some(words(offered));
    daemon
}

fn said(reason: Reason, wait: u32) -> Verdict {
    verdict(Outcome::Refused, reason, wait)
}

#[test]
fn the_prompt_offers_them() {
    let usual = "One-time code: ";
    assert_eq!(prompt(usual, &[]), usual);
    assert_eq!(prompt(usual, &words(&["sms"])), "One-time code (or type sms): ");
    assert_eq!(prompt("Code?", &words(&["sms", "email"])), "Code? (or type sms or email) ");
    let many = words(&["a1", "a2", "a3", "a4", "a5"]);
    assert_eq!(prompt(usual, &many), "One-time code (or type a1, a2, a3 or a4): ");
}

#[test]
fn a_word_is_no_try_and_the_code_is_asked_for_again() {
    let mut host = Script::typing(b"sms");
    host.further = VecDeque::from([&b"123456"[..]]);
    let daemon = Oracle::saying(vec![Ok(said(Reason::Sent, 0)), Ok(accepted())]);
    let daemon = offering(daemon, &["sms"]);
    let code = run(&mut host, &daemon, &Arguments::default());
    assert_eq!(code, PamResultCode::PAM_SUCCESS);
    assert_eq!(daemon.codes(), ["sms", "123456"]);
    assert_eq!(host.told, [SENT]);
    assert!(host.asked.iter().all(|(asked, _)| asked == "One-time code (or type sms): "));
    assert_eq!((host.asked.len(), host.held.get()), (2, 0));
}

#[test]
fn two_words_a_call_and_no_more() {
    let mut host = Script::typing(b"sms");
    let daemon = Oracle::saying((0..3).map(|_| Ok(said(Reason::Sent, 0))).collect());
    let daemon = offering(daemon, &["sms"]);
    let code = run(&mut host, &daemon, &Arguments::default());
    assert_eq!(code, PamResultCode::PAM_AUTH_ERR);
    assert_eq!(daemon.codes().len(), 3);
}

#[test]
fn what_went_wrong_is_told_to_who_may_hear_it() {
    for (wait, text) in [(0, "could not be sent"), (42, "in 42 s")] {
        let mut host = Script::typing(b"sms");
        host.further = VecDeque::from([&b"123456"[..]]);
        let daemon = Oracle::saying(vec![Ok(said(Reason::NotSent, wait)), Ok(accepted())]);
        let code = run(&mut host, &offering(daemon, &["sms"]), &Arguments::default());
        assert_eq!(code, PamResultCode::PAM_SUCCESS);
        assert!(host.told.iter().any(|told| told.contains(text)), "{:?}", host.told);
    }
}

#[test]
fn a_word_alone_is_sent_where_password_and_code_are_one_answer() {
    let mut host = Script::typing(b"SMS");
    host.further = VecDeque::from([&b"secret123456"[..]]);
    let daemon = Oracle::saying(vec![Ok(said(Reason::Sent, 0)), Ok(accepted())]);
    let daemon = offering(daemon, &["sms"]);
    let arguments = Arguments { content: Content::PasswordAndCode, ..Arguments::default() };
    assert_eq!(run(&mut host, &daemon, &arguments), PamResultCode::PAM_SUCCESS);
    assert_eq!(daemon.codes(), ["SMS", "123456"]);
    assert_eq!(host.handed_on, [b"secret".to_vec()]);
}

#[test]
fn a_short_password_is_not_sent_and_answered_like_a_word() {
    for typed in [&b"abc"[..], b"\x08\n\r"] {
        let mut host = Script::typing(typed);
        let daemon = Oracle::saying((0..3).map(|_| Ok(said(Reason::Sent, 0))).collect());
        let daemon = offering(daemon, &["sms"]);
        let arguments = Arguments { content: Content::PasswordAndCode, ..Arguments::default() };
        assert_eq!(run(&mut host, &daemon, &arguments), PamResultCode::PAM_AUTH_ERR);
        assert_eq!(daemon.codes(), ["\u{8}\n\r"; 3]);
    }
}
