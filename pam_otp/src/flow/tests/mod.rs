//! Conversations with a scripted application and a scripted daemon: what is asked, sent, told,
//! logged and returned.

mod endings;
mod enrol;
mod first_pass;
mod forward;
mod login;
mod session;
mod texts;
mod tries;
mod words;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::time::Duration;

use otp_bus::names::{MAX_FIELD_BYTES, MAX_USER_BYTES};
use otp_bus::{
    Candidate, Challenge, Details, Hint, Outcome, Proof, Reason, Settled, Terms, Verdict,
};
use pam::constants::PamResultCode;

use super::*;
use crate::args::{Echo, Unenrolled};
use crate::client::Error;
use crate::host::Item;

/// An application that answers as it was told to, and keeps what it heard.
#[derive(Default)]
struct Script {
    user: Vec<u8>,
    user_behind_the_prompt: Option<&'static str>,
    rhost: Vec<u8>,
    tty: Vec<u8>,
    first_pass: Option<&'static [u8]>,
    /// What is typed first, and again and again.
    answer: Option<&'static [u8]>,
    /// What is typed after that, instead.
    further: VecDeque<&'static [u8]>,
    user_behind_a_text: Option<&'static str>,
    takes_nothing: bool,
    asked: Vec<(String, Echo)>,
    told: Vec<String>,
    held: Cell<usize>,
    longest_hold: Cell<Duration>,
    delays: Vec<Duration>,
    handed_on: Vec<Vec<u8>>,
    exported: Vec<(String, String)>,
    logged: RefCell<Vec<(Severity, String)>>,
    kept: Option<String>,
    no_account_line: bool,
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
        self.answer = self.further.pop_front().or(self.answer);
        Ok(Typed::new(typed.to_vec()))
    }

    fn hold(&self, until: Deadline) {
        let left = until.left().unwrap_or_default();
        self.longest_hold.set(self.longest_hold.get().max(left));
        self.held.set(self.held.get() + 1);
    }

    fn delay_failure(&mut self, by: Duration) {
        self.delays.push(by);
    }

    fn hand_on(&mut self, password: &Typed) -> Result<(), Unset> {
        if self.takes_nothing {
            return Err(Unset("no".to_owned()));
        }
        self.handed_on.push(password.to_vec());
        Ok(())
    }

    fn export(&mut self, variable: &str, value: &str) -> Result<(), Unset> {
        if self.takes_nothing {
            return Err(Unset("no".to_owned()));
        }
        self.exported.push((variable.to_owned(), value.to_owned()));
        Ok(())
    }

    fn unexport(&mut self, variable: &str) {
        self.exported.retain(|(name, _)| name != variable);
    }

    fn exported(&self, variable: &str) -> bool {
        self.exported.iter().any(|(name, _)| name == variable)
    }

    fn keep(&mut self, token: &str) -> Result<(), Unset> {
        self.kept = Some(token.to_owned());
        Ok(())
    }

    fn kept(&self) -> Option<zeroize::Zeroizing<String>> {
        self.kept.clone().map(zeroize::Zeroizing::new)
    }

    fn forget(&mut self) {
        self.kept = None;
    }

    fn account_line(&self) -> Result<(), String> {
        if self.no_account_line { Err("no account line".to_owned()) } else { Ok(()) }
    }

    fn tell(&mut self, text: &str) {
        self.told.push(text.to_owned());
        if let Some(other) = self.user_behind_a_text {
            self.user = other.as_bytes().to_vec();
        }
    }

    fn log(&self, severity: Severity, text: &str) {
        self.logged.borrow_mut().push((severity, text.to_owned()));
    }
}

/// A daemon that answers as it was told to, once per entry, and keeps what it was asked.
struct Oracle {
    demand: RefCell<Vec<Result<Demand, Error>>>,
    terms: Terms,
    verdicts: RefCell<Vec<Result<Verdict, Error>>>,
    heard: RefCell<Vec<(Login, Option<String>)>>,
    /// What is answered about an enrolment, and which calls of it came.
    proofs: RefCell<Vec<Reason>>,
    settles: Cell<bool>,
    calls: RefCell<Vec<String>>,
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
            terms: Terms::default(),
            verdicts: RefCell::new(verdicts),
            heard: RefCell::default(),
            proofs: RefCell::default(),
            settles: Cell::new(true),
            calls: RefCell::default(),
        }
    }

    fn telling(self, tell: Tell) -> Self {
        Self { terms: Terms { tell, ..self.terms }, ..self }
    }

    fn codes(&self) -> Vec<String> {
        self.heard.borrow().iter().filter_map(|(_, code)| code.clone()).collect()
    }
}

impl Daemon for Oracle {
    fn begin(&self, login: &Login) -> Result<Challenge, Error> {
        self.heard.borrow_mut().push((login.clone(), None));
        let demand = self.demand.borrow_mut().pop().expect("begun twice")?;
        Ok(Challenge { demand, rule: "default".to_owned(), terms: self.terms.clone() })
    }

    fn verify(&self, login: &Login, code: &str) -> Result<Verdict, Error> {
        self.heard.borrow_mut().push((login.clone(), Some(code.to_owned())));
        self.verdicts.borrow_mut().pop().expect("verified too often")
    }

    fn begin_enrolment(&self, _: &Login, invitation: &str) -> Result<Candidate, Error> {
        self.calls.borrow_mut().push(format!("begin {invitation}"));
        let (token, secret, qr) = ("TOKEN".into(), "ABCD EFGH".into(), "##  ##\n".into());
        Ok(Candidate { token, secret, qr })
    }

    fn prove_enrolment(&self, _: &Login, token: &str, code: &str) -> Result<Proof, Error> {
        self.calls.borrow_mut().push(format!("prove {token} {code}"));
        let reason = self.proofs.borrow_mut().remove(0);
        let (outcome, codes) = if reason == Reason::Matched {
            (Outcome::Accepted, vec!["aaaa-bbbb".to_owned(); 10])
        } else {
            (Outcome::Refused, vec![])
        };
        Ok(Proof { outcome, reason, codes })
    }

    fn settle_enrolment(&self, _: &Login, token: &str) -> Result<Settled, Error> {
        self.calls.borrow_mut().push(format!("settle {token}"));
        let settled = Settled { device: "totp/1".to_owned(), label: "totp".to_owned() };
        if self.settles.get() { Ok(settled) } else { Err(Error::NotAllowed) }
    }

    fn drop_enrolment(&self, _: &Login, token: &str) -> Result<(), Error> {
        self.calls.borrow_mut().push(format!("drop {token}"));
        Ok(())
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
}
