//! What people are told at the prompt. It refuses to decide who may hear it.

use std::time::Duration;

use otp_bus::{Candidate, Details, Reason, Verdict};
use zeroize::Zeroizing;

use super::words;

/// From how few recovery codes left on their owner is told to make new ones.
const FEW: u32 = 2;

/// What somebody who is let in should know.
pub(super) fn notices(details: &Details) -> Vec<String> {
    let failures =
        details.failures.filter(|failures| *failures > 0).map(|failures| match failures {
            1 => "1 attempt to log in has failed since your last login.".to_owned(),
            _ => format!("{failures} attempts to log in have failed since your last login."),
        });
    let codes = details.recovery_left.map(|left| match left {
        0 => "That was the last recovery code. Make new ones: otpctl recovery".to_owned(),
        1 => "1 recovery code is left. Make new ones: otpctl recovery".to_owned(),
        2..=FEW => format!("{left} recovery codes are left. Make new ones: otpctl recovery"),
        _ => format!("{left} recovery codes are left."),
    });
    failures.into_iter().chain(codes).collect()
}

/// Whether another code, typed soon, can be right after this one was not. Only those may be told
/// who are told why.
pub(super) fn mends(verdict: &Verdict, soon: Duration) -> bool {
    match verdict.reason {
        Reason::Locked => false,
        Reason::Throttled => u64::from(verdict.wait) <= soon.as_secs(),
        Reason::Matched
        | Reason::Wrong
        | Reason::Used
        | Reason::Malformed
        | Reason::NotEnrolled
        | Reason::UnknownUser
        | Reason::UidMismatch
        | Reason::UnknownDevice
        | Reason::Sent
        | Reason::NotSent
        | Reason::Denied => true,
    }
}

/// What somebody at this machine may know of a refusal. Nobody elsewhere may.
pub(super) fn advice(verdict: &Verdict) -> Option<String> {
    match verdict.reason {
        Reason::Used => {
            Some("That code was already used. Wait for the next one (up to 30 s).".to_owned())
        }
        Reason::Throttled => {
            Some(format!("Too many wrong codes. Try again in {} s.", verdict.wait.max(1)))
        }
        Reason::Locked => {
            Some("Locked after too many wrong codes. Ask an administrator.".to_owned())
        }
        Reason::Wrong if verdict.details.noted.is_some() => Some(
            "That code is right for another time. Type the very next one that the device shows."
                .to_owned(),
        ),
        Reason::NotSent => Some(words::not_sent(verdict)),
        Reason::Matched
        | Reason::Sent
        | Reason::Wrong
        | Reason::Malformed
        | Reason::NotEnrolled
        | Reason::UnknownUser
        | Reason::UidMismatch
        | Reason::UnknownDevice
        | Reason::Denied => None,
    }
}

/// What is asked for of who enrolls by an invitation. Before the host's own words stand a line's end and
/// nothing else: some hosts put a name before a prompt.
pub(super) fn invitation(optional: bool) -> String {
    let else_ = if optional { " Leave it empty to go on without." } else { "" };
    format!("\nYou need a device that makes one-time codes.{else_}\nInvitation: ")
}

/// A device to be scanned or typed, and the question for a code of it.
pub(super) fn candidate(candidate: &Candidate, optional: bool) -> Zeroizing<String> {
    let Candidate { secret, qr, .. } = candidate;
    let (why, else_) = if optional {
        ("You can have one-time codes demanded of you here.", " Leave it empty to go on without.")
    } else {
        ("You need a device that makes one-time codes.", "")
    };
    let scan = if qr.is_empty() { "" } else { " Scan this with an authenticator,\nor" };
    let type_ = if qr.is_empty() { "Type" } else { "type" };
    Zeroizing::new(format!(
        "\n{why}{scan} {type_} the key into one:\n\n{qr}\nKey: {secret}\n\nThen type the code that it \
         shows.{else_}\nCode: "
    ))
}

/// The same question again.
pub(super) fn again() -> String {
    "\nThat is no code of it; check the clock.\nCode: ".to_owned()
}

/// Recovery codes, so many in a line, and a question that is answered when they were read.
pub(super) fn recovery(codes: &[String], in_a_line: usize) -> Zeroizing<String> {
    let lines: Vec<String> = codes.chunks(in_a_line).map(|line| line.join("  ")).collect();
    Zeroizing::new(format!(
        "\nRecovery codes, each good for one login without the device. They are not shown again:\n\n{}\n\n\
         Write them down, then press Enter: ",
        lines.join("\n")
    ))
}

/// The longest value of a variable, in bytes; ids are far below.
const MAX_VALUE_BYTES: usize = 64;

/// What the session is told of the device that made the code: its id, and the kind that it is of.
/// Scripts read this: what could mean anything to a shell is not in an id and becomes a `_`.
pub(super) fn environment(device: &str) -> Vec<(&'static str, String)> {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "/-_.".contains(c) { c } else { '_' };
    let device: String = device.chars().take(MAX_VALUE_BYTES).map(plain).collect();
    match device.split_once('/') {
        Some((kind, _)) => {
            vec![("OTPD_METHOD", kind.to_owned()), ("OTPD_DEVICE", device.clone())]
        }
        None => Vec::new(),
    }
}
