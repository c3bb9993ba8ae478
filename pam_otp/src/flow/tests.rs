//! Conversations with a scripted application and a scripted daemon: what is asked, sent, told,
//! logged and returned.

use std::cell::RefCell;
use std::time::Duration;

use otp_bus::{Challenge, Details, Outcome};
use pam::constants::PamResultCode;

use super::*;
use crate::args::Echo;
use crate::client::Error;

/// An application that answers as it was told to, and keeps what it heard.
#[derive(Default)]
struct Script {
    user: Vec<u8>,
    user_behind_the_prompt: Option<&'static str>,
    rhost: Vec<u8>,
    tty: Vec<u8>,
    first_pass: Option<&'static [u8]>,
    answer: Option<&'static [u8]>,
    asked: Vec<(String, Echo)>,
    told: Vec<String>,
    logged: RefCell<Vec<(Severity, String)>>,
}

impl Script {
    fn typing(answer: &'static [u8]) -> Self {
        Self { user: b"alice".to_vec(), answer: Some(answer), ..Self::default() }
    }
}

impl Host for Script {
    fn name_user(&mut self) -> Result<(), Silence> {
        Ok(())
    }

    fn item(&self, item: Item) -> Vec<u8> {
        match item {
            Item::User => self.user.clone(),
            Item::Service => b"sshd".to_vec(),
            Item::Rhost => self.rhost.clone(),
            Item::Ruser => b"root".to_vec(),
            Item::Tty => self.tty.clone(),
        }
    }

    fn first_pass(&self) -> Option<Typed> {
        self.first_pass.map(|typed| Typed::new(typed.to_vec()))
    }

    fn ask(&mut self, prompt: &str, echo: Echo) -> Result<Typed, Silence> {
        self.asked.push((prompt.to_owned(), echo));
        if let Some(other) = self.user_behind_the_prompt {
            self.user = other.as_bytes().to_vec();
        }
        let typed = self.answer.ok_or_else(|| Silence("nobody there".to_owned()))?;
        Ok(Typed::new(typed.to_vec()))
    }

    fn tell(&mut self, text: &str) {
        self.told.push(text.to_owned());
    }

    fn log(&self, severity: Severity, text: &str) {
        self.logged.borrow_mut().push((severity, text.to_owned()));
    }
}

/// A daemon that answers as it was told to, once per entry, and keeps what it was asked.
struct Oracle {
    demand: RefCell<Vec<Result<Demand, Error>>>,
    verdicts: RefCell<Vec<Result<Verdict, Error>>>,
    heard: RefCell<Vec<(Login, Option<String>)>>,
}

impl Oracle {
    fn saying(verdicts: Vec<Result<Verdict, Error>>) -> Self {
        Self::demanding(Ok(Demand::Ask), verdicts)
    }

    fn demanding(demand: Result<Demand, Error>, verdicts: Vec<Result<Verdict, Error>>) -> Self {
        let mut verdicts = verdicts;
        verdicts.reverse();
        Self {
            demand: RefCell::new(vec![demand]),
            verdicts: RefCell::new(verdicts),
            heard: RefCell::default(),
        }
    }

    fn codes(&self) -> Vec<String> {
        self.heard.borrow().iter().filter_map(|(_, code)| code.clone()).collect()
    }
}

impl Daemon for Oracle {
    fn begin(&self, login: &Login) -> Result<Challenge, Error> {
        self.heard.borrow_mut().push((login.clone(), None));
        let demand = self.demand.borrow_mut().pop().expect("begun twice")?;
        Ok(Challenge { demand, rule: "default".to_owned() })
    }

    fn verify(&self, login: &Login, code: &str) -> Result<Verdict, Error> {
        self.heard.borrow_mut().push((login.clone(), Some(code.to_owned())));
        self.verdicts.borrow_mut().pop().expect("verified too often")
    }
}

fn verdict(outcome: Outcome, reason: Reason, wait: u32) -> Verdict {
    let (device, label) = ("totp/1".to_owned(), "phone".to_owned());
    Verdict { outcome, reason, device, label, wait, details: Details::default() }
}

fn accepted() -> Verdict {
    verdict(Outcome::Accepted, Reason::Matched, 0)
}

fn refused(reason: Reason) -> Verdict {
    verdict(Outcome::Refused, reason, 12)
}

/// Walks it and closes it as every entry does.
fn run(host: &mut Script, daemon: &Oracle, arguments: &Arguments) -> PamResultCode {
    let ending = authenticate(host, daemon, arguments);
    crate::report(host, &ending);
    ending.code()
}

fn errors(host: &Script) -> Vec<String> {
    let logged = host.logged.borrow();
    logged.iter().filter(|(level, _)| *level == Severity::Error).map(|(_, t)| t.clone()).collect()
}

#[test]
fn a_right_code_is_asked_for_sent_once_and_accepted() {
    let mut host = Script::typing(b"123456");
    host.rhost = b"192.0.2.7".to_vec();
    let daemon = Oracle::saying(vec![Ok(accepted())]);
    let code = run(&mut host, &daemon, &Arguments::default());
    assert_eq!(code, PamResultCode::PAM_SUCCESS);
    assert_eq!(host.asked, [("One-time code: ".to_owned(), Echo::Off)]);
    assert_eq!(daemon.codes(), ["123456"]);
    let heard = daemon.heard.borrow();
    let login = &heard[0].0;
    assert_eq!((login.user.as_str(), login.service.as_str()), ("alice", "sshd"));
    assert_eq!((login.rhost.as_str(), login.ruser.as_str()), ("192.0.2.7", "root"));
    assert_eq!(login, &heard[1].0);
    assert!(login.hints.is_empty());
    assert!(host.told.is_empty() && host.logged.borrow().is_empty());
}

#[test]
fn prompt_and_echo_are_the_administrators() {
    let mut host = Script::typing(b"123456");
    let arguments =
        Arguments { prompt: "Code? ".to_owned(), echo: Echo::On, ..Arguments::default() };
    let _ = run(&mut host, &Oracle::saying(vec![Ok(accepted())]), &arguments);
    assert_eq!(host.asked, [("Code? ".to_owned(), Echo::On)]);
}

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
fn whatever_is_typed_goes_the_same_way() {
    let typed: [&'static [u8]; 5] =
        [b"", b"\x08\n\r\x7fINCORRECT", b"hunter2", b"caf\xe9", &[b'7'; 513]];
    let sent = ["", "\u{8}\n\r\u{7f}INCORRECT", "hunter2", "caf\u{fffd}", ""];
    for (typed, sent) in typed.into_iter().zip(sent) {
        let mut host = Script::typing(typed);
        let daemon = Oracle::saying(vec![Ok(refused(Reason::Malformed))]);
        let code = run(&mut host, &daemon, &Arguments::default());
        assert_eq!(code, PamResultCode::PAM_AUTH_ERR);
        assert_eq!(daemon.codes(), [sent]);
    }
    let longest = code(&[b'7'; MAX_CODE_BYTES]);
    assert_eq!(longest.len(), MAX_CODE_BYTES);
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

#[test]
fn a_user_who_changes_behind_the_prompt_is_refused() {
    let mut host = Script::typing(b"123456");
    host.user_behind_the_prompt = Some("root");
    let daemon = Oracle::saying(vec![]);
    assert_eq!(run(&mut host, &daemon, &Arguments::default()), PamResultCode::PAM_AUTH_ERR);
    assert_eq!(errors(&host).len(), 1);
}

#[test]
fn names_and_items_are_bounded() {
    let long = "a".repeat(MAX_USER_BYTES + 1);
    for name in ["", "a/b", "a:b", "a\nb", "a\u{85}b", &long] {
        let mut host = Script::typing(b"123456");
        host.user = name.as_bytes().to_vec();
        let daemon = Oracle::saying(vec![]);
        let code = run(&mut host, &daemon, &Arguments::default());
        assert_eq!(code, PamResultCode::PAM_AUTH_ERR, "{name}");
        assert!(daemon.heard.borrow().is_empty() && host.asked.is_empty(), "{name}");
        assert_eq!(errors(&host).len(), 1, "{name}");
    }
    let mut host = Script::typing(b"123456");
    host.user = b"caf\xe9".to_vec();
    let daemon = Oracle::saying(vec![]);
    assert_eq!(run(&mut host, &daemon, &Arguments::default()), PamResultCode::PAM_AUTH_ERR);
    assert_eq!(errors(&host), ["refused: the user's name is not UTF-8"]);

    for name in [&long[1..], "DOM\\al ice@x$", "caf\u{e9}", "1000"] {
        let mut host = Script::typing(b"123456");
        host.user = name.as_bytes().to_vec();
        let code = run(&mut host, &Oracle::saying(vec![Ok(accepted())]), &Arguments::default());
        assert_eq!(code, PamResultCode::PAM_SUCCESS, "{name}");
    }
    let mut host = Script::typing(b"123456");
    host.tty = vec![b't'; MAX_FIELD_BYTES + 1];
    let daemon = Oracle::saying(vec![]);
    assert_eq!(run(&mut host, &daemon, &Arguments::default()), PamResultCode::PAM_AUTH_ERR);
    assert_eq!(errors(&host).len(), 1);
}

#[test]
fn use_first_pass_asks_nothing() {
    let arguments = Arguments { first_pass: FirstPass::Only, ..Arguments::default() };
    let mut host = Script { first_pass: Some(b"123456"), ..Script::typing(b"typed") };
    let daemon = Oracle::saying(vec![Ok(accepted())]);
    assert_eq!(run(&mut host, &daemon, &arguments), PamResultCode::PAM_SUCCESS);
    assert_eq!(daemon.codes(), ["123456"]);
    assert!(host.asked.is_empty());

    let mut host = Script { first_pass: Some(b"654321"), ..Script::typing(b"typed") };
    let daemon = Oracle::saying(vec![Ok(refused(Reason::Wrong))]);
    assert_eq!(run(&mut host, &daemon, &arguments), PamResultCode::PAM_AUTH_ERR);
    assert!(host.asked.is_empty());

    let mut host = Script::typing(b"typed");
    let daemon = Oracle::saying(vec![]);
    assert_eq!(run(&mut host, &daemon, &arguments), PamResultCode::PAM_CONV_ERR);
    assert!(host.asked.is_empty());
    assert_eq!(errors(&host).len(), 1);
}

#[test]
fn try_first_pass_asks_once_it_was_refused() {
    let arguments = Arguments { first_pass: FirstPass::Try, ..Arguments::default() };
    let mut host = Script { first_pass: Some(b"secret"), ..Script::typing(b"123456") };
    let daemon = Oracle::saying(vec![Ok(refused(Reason::Malformed)), Ok(accepted())]);
    assert_eq!(run(&mut host, &daemon, &arguments), PamResultCode::PAM_SUCCESS);
    assert_eq!(daemon.codes(), ["secret", "123456"]);
    assert_eq!(host.asked.len(), 1);

    let mut host = Script { first_pass: Some(b"123456"), ..Script::typing(b"typed") };
    let daemon = Oracle::saying(vec![Ok(accepted())]);
    assert_eq!(run(&mut host, &daemon, &arguments), PamResultCode::PAM_SUCCESS);
    assert!(host.asked.is_empty());

    let mut host = Script { first_pass: Some(b"123456"), ..Script::typing(b"typed") };
    let daemon = Oracle::saying(vec![Err(Error::Unable("busy".to_owned()))]);
    assert_eq!(run(&mut host, &daemon, &arguments), PamResultCode::PAM_AUTHINFO_UNAVAIL);
    assert!(host.asked.is_empty(), "asked although the first code may be spent");

    let mut host = Script::typing(b"123456");
    let daemon = Oracle::saying(vec![Ok(accepted())]);
    assert_eq!(run(&mut host, &daemon, &arguments), PamResultCode::PAM_SUCCESS);
    assert_eq!(host.asked.len(), 1);
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
