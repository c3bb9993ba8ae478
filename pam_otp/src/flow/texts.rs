//! What people are told at the prompt. It refuses to decide who may hear it.

use otp_bus::{Details, Reason, Verdict};

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
        Reason::Matched
        | Reason::Wrong
        | Reason::Malformed
        | Reason::NotEnrolled
        | Reason::UnknownUser
        | Reason::UidMismatch
        | Reason::UnknownDevice
        | Reason::Denied => None,
    }
}
