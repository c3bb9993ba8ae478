//! `verify`: checks a code as a login would, and spends it. It lets nobody in; it tells whether a
//! login would.

use std::fmt::Write as _;

use otp_bus::{Details, Login, Outcome, Reason, Verdict};
use serde::Serialize;

use crate::connect::Connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::record::named;
use crate::session::{Format, Session, Subject};
use crate::{remedy, text};

/// The service under which policy and log see it.
const SERVICE: &str = "otpctl";

/// What `verify` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The code is asked for at the terminal, or read as one line from a pipe
    #[arg(value_name = "-", num_args = 0..)]
    code: Vec<String>,

    /// Ask this one device alone: its id, or its label where only one device has it
    #[arg(long)]
    device: Option<String>,
}

/// The answer in JSON, for accepted and refused codes alike.
#[derive(Serialize)]
struct Record<'a> {
    user: &'a str,
    accepted: bool,
    reason: Reason,
    /// The device that decided.
    device: Option<&'a str>,
    label: Option<&'a str>,
    /// Seconds until trying again can make sense.
    wait: u32,
    /// The TOTP step or HOTP counter of the accepted code, and the one that was expected.
    counter: Option<u64>,
    expected: Option<u64>,
    skipped: Option<i64>,
    drift: Option<i64>,
    /// From when on the code would not have counted any more, in seconds since 1970 UTC.
    until: Option<u64>,
    resynchronised: bool,
    recovery_left: Option<u32>,
    failures: Option<u32>,
    /// A device that made the code, too far out to count: its next one will.
    noted: Option<&'a str>,
}

/// Checks a code.
pub(crate) fn run<C: Connect>(
    options: &Options,
    session: &mut Session<'_, '_, C>,
) -> Result<Exit, Failure> {
    let code = session.code(&options.code)?;
    let user = session.subject.name().to_owned();
    let login = Login { user: user.clone(), service: SERVICE.to_owned(), ..Login::default() };
    let verdict = session
        .daemon
        .auth(async |auth| match &options.device {
            None => auth.verify(&login, &code).await,
            Some(device) => auth.verify_device(&login, device, &code).await,
        })
        .map_err(|trouble| remedy::failure(trouble, &session.subject, session.verb))?;
    let accepted = verdict.outcome == Outcome::Accepted;
    let record = Record {
        user: &user,
        accepted,
        reason: verdict.reason,
        device: Some(verdict.device.as_str()).filter(|device| !device.is_empty()),
        label: Some(verdict.label.as_str()).filter(|_| !verdict.device.is_empty()),
        wait: verdict.wait,
        counter: verdict.details.counter,
        expected: verdict.details.expected,
        skipped: verdict.details.skipped,
        drift: verdict.details.drift,
        until: verdict.details.until,
        resynchronised: verdict.details.resynchronised == Some(true),
        recovery_left: verdict.details.recovery_left,
        failures: verdict.details.failures,
        noted: verdict.details.noted.as_deref(),
    };
    if accepted {
        let by = named(&verdict.device, &verdict.label);
        session.answer(&record, || {
            format!("accepted: {by}; this code is spent{}", found(&verdict.details))
        })?;
        return Ok(Exit::Done);
    }
    if session.format == Format::Json {
        session.answer(&record, String::new)?;
    }
    Err(refusal(&verdict, &session.subject))
}

/// What is worth a word about where the code was found.
fn found(details: &Details) -> String {
    let mut words = String::new();
    if details.resynchronised == Some(true) {
        words.push_str("\n  the device is in step again");
    }
    if let Some(left) = details.recovery_left {
        let _ = write!(words, "\n  {} left", text::counted(left, "recovery code"));
    }
    words
}

/// Why a code was refused, and what to do next.
fn refusal(verdict: &Verdict, subject: &Subject) -> Failure {
    let (exit, word, what) = kind(verdict.reason);
    let by = if verdict.device.is_empty() {
        String::new()
    } else {
        format!(", by {}", named(&verdict.device, &verdict.label))
    };
    let message = format!("refused for {}: {what}{by}", subject.name());
    Failure::new(exit, word, message, next(verdict, subject))
}

/// How the program ends, the word for programs, and what is wrong.
const fn kind(reason: Reason) -> (Exit, &'static str, &'static str) {
    match reason {
        Reason::Wrong => (Exit::Refused, "wrong-code", "wrong code"),
        Reason::Used => (Exit::Refused, "used-code", "already used"),
        Reason::Malformed => (Exit::Refused, "malformed-code", "that is no code"),
        Reason::Throttled => {
            (Exit::Refused, "throttled", "too soon after failures; the code was not looked at")
        }
        Reason::Locked => {
            (Exit::Refused, "locked", "locked after too many failures; the code was not looked at")
        }
        Reason::NotEnrolled => (Exit::NotFound, "not-enrolled", "no confirmed device"),
        Reason::UnknownUser => (Exit::NotFound, "unknown-user", "no such user"),
        Reason::UidMismatch => (Exit::Conflict, "uid-mismatch", "the account is another uid's"),
        Reason::UnknownDevice => {
            (Exit::NotFound, "unknown-device", "no such device, or several of that label")
        }
        Reason::Denied => (Exit::Refused, "denied", "a rule denies it; nothing was checked"),
        Reason::Sent => {
            (Exit::Refused, "sent", "no code yet: one is on its way, if there is a device")
        }
        Reason::NotSent => (Exit::Unavailable, "not-sent", "no code, and none could be sent"),
        // A refusal for having matched contradicts itself; it is not taken for success.
        Reason::Matched => {
            (Exit::Unavailable, "not-understood", "otpd matched the code and did not accept it")
        }
    }
}

/// What to do next.
fn next(verdict: &Verdict, subject: &Subject) -> String {
    match (verdict.reason, verdict.wait) {
        (Reason::Wrong, _) if verdict.details.noted.is_some() => {
            "it is right for another time: type the very next one that the device shows".to_owned()
        }
        (Reason::Wrong, _) => remedy::WRONG.to_owned(),
        (Reason::Used, 0) => remedy::USED.to_owned(),
        (Reason::Used, wait) => format!("{} (in {})", remedy::USED, text::stretch(wait)),
        (Reason::Malformed, _) => {
            "type the digits that the device shows; spaces and hyphens do not matter".to_owned()
        }
        (Reason::Throttled, wait) => format!("try again in {}", text::stretch(wait.max(1))),
        (Reason::Locked, _) => remedy::unlock(subject),
        (Reason::NotEnrolled, _) => format!("add one: `{}`", subject.command("enroll")),
        (Reason::UnknownUser, _) => remedy::check_name(subject),
        (Reason::UidMismatch, _) => remedy::adopt(subject),
        (Reason::UnknownDevice, _) => {
            format!("see which devices there are: `{}`", subject.command("list"))
        }
        (Reason::Denied, _) => "see the rules in /etc/otpd/otpd.toml; the log names it".to_owned(),
        (Reason::Sent, _) => "run it again and type the code that was sent".to_owned(),
        (Reason::NotSent, 0) => "see the logs of otpd and otp-deliver".to_owned(),
        (Reason::NotSent, wait) => {
            format!("type the code that was sent, or try again in {}", text::stretch(wait))
        }
        (Reason::Matched, _) => "see the log: `journalctl -u otpd`".to_owned(),
    }
}
