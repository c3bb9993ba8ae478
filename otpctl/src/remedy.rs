//! What each answer of the daemon means to the person who asked: exit status, word and next step,
//! in exhaustive tables. The daemon's text says what failed and what to do; the next step here is
//! the same for programs, which should not have to read sentences.

use otp_bus::Error;

use crate::daemon::Trouble;
use crate::exit::Exit;
use crate::failure::{Failure, Lead};
use crate::outage;
use crate::session::Subject;
use crate::text;

/// What to do about a wrong code.
pub(crate) const WRONG: &str = "type the code that the device shows now; if it stays wrong, \
                                compare the clocks of the device and of this machine";

/// What to do about a code that was accepted before.
pub(crate) const USED: &str = "wait until the device shows the next code, then type that";

/// Turns trouble into a failure. `verb` is what was asked for.
pub(crate) fn failure(trouble: Trouble, subject: &Subject, verb: &str) -> Failure {
    match trouble {
        Trouble::Answered(Error::ZBus(error)) => outage::broken(&error, subject, verb),
        Trouble::Answered(error) => {
            let (exit, word) = kind(&error);
            let next = next(&error, subject, verb);
            Failure { lead: Lead::Message, ..Failure::new(exit, word, error.to_string(), next) }
        }
        Trouble::Unreachable(unreachable) => outage::no_way(&unreachable),
        Trouble::Deadline(limit) => outage::silence(limit, subject, verb),
    }
}

/// How the program ends, and the word for programs.
const fn kind(error: &Error) -> (Exit, &'static str) {
    match error {
        Error::NotAllowed(_) => (Exit::NotAllowed, "not-allowed"),
        Error::CodeNeeded(_) => (Exit::Usage, "code-needed"),
        Error::UnknownUser(_) => (Exit::NotFound, "unknown-user"),
        Error::UnknownAccount(_) => (Exit::NotFound, "unknown-account"),
        Error::UnknownDevice(_) => (Exit::NotFound, "unknown-device"),
        Error::UnknownPass(_) => (Exit::NotFound, "unknown-pass"),
        Error::AmbiguousDevice(_) => (Exit::NotFound, "ambiguous-device"),
        Error::InvalidArgument(_) => (Exit::Usage, "invalid-argument"),
        Error::AlreadyExists(_) => (Exit::Conflict, "already-exists"),
        Error::LimitReached(_) => (Exit::Conflict, "limit-reached"),
        Error::WrongCode(_) => (Exit::Refused, "wrong-code"),
        Error::UsedCode(_) => (Exit::Refused, "used-code"),
        Error::Throttled(_) => (Exit::Refused, "throttled"),
        Error::Locked(_) => (Exit::Refused, "locked"),
        Error::UidMismatch(_) => (Exit::Conflict, "uid-mismatch"),
        Error::UnknownKey(_) => (Exit::NotFound, "unknown-key"),
        Error::UnknownToken(_) => (Exit::NotFound, "unknown-token"),
        Error::KeyNeeded(_) => (Exit::Conflict, "key-needed"),
        Error::KeyringFixed(_) => (Exit::Conflict, "keyring-fixed"),
        Error::BadConfiguration(_) => (Exit::Conflict, "bad-configuration"),
        Error::Undelivered(_) => (Exit::Unavailable, "undelivered"),
        Error::Busy(_) => (Exit::Unavailable, "busy"),
        Error::Unavailable(_) => (Exit::Unavailable, "unavailable"),
        Error::ZBus(_) => (Exit::Unavailable, "not-understood"),
    }
}

/// The next step.
fn next(error: &Error, subject: &Subject, verb: &str) -> String {
    let list = subject.command("list");
    match error {
        Error::NotAllowed(_) => "run it as root, or ask an administrator".to_owned(),
        Error::CodeNeeded(_) => {
            "run it at a terminal, where the code can be typed, or ask an administrator".to_owned()
        }
        Error::UnknownUser(_) => check_name(subject),
        Error::UnknownAccount(_) => "see which accounts there are: `otpctl list --all`".to_owned(),
        Error::UnknownDevice(_) if verb == "remembered" => {
            format!("see which there are: `{}`", subject.command("remembered"))
        }
        Error::UnknownDevice(_) => format!("see which devices there are: `{list}`"),
        Error::UnknownPass(_) => {
            format!("see which passes there are: `{}`", subject.command("pass list"))
        }
        Error::AmbiguousDevice(_) => format!("name it by its id, from `{list}`"),
        Error::InvalidArgument(_) => {
            format!("correct it; `otpctl {verb} --help` says what fits")
        }
        Error::AlreadyExists(_) => format!("see what there is: `{list}`"),
        Error::LimitReached(_) if verb.starts_with("keys") => {
            "retire keys that nothing needs: `otpctl keys list` shows them".to_owned()
        }
        Error::LimitReached(_) if verb == "send" => {
            "wait, or an administrator raises the limit: [messages] in otpd.toml".to_owned()
        }
        Error::LimitReached(_) if verb.starts_with("pass") => {
            format!("call some back: `{}`", subject.command("pass deactivate"))
        }
        Error::LimitReached(_) => {
            format!("make room first: `{} DEVICE`", subject.command("remove"))
        }
        Error::WrongCode(_) if matches!(verb, "pass get" | "pass use") => {
            "check the purpose and type the key again, or ask for another pass".to_owned()
        }
        Error::WrongCode(_) => WRONG.to_owned(),
        Error::UsedCode(_) => USED.to_owned(),
        Error::Throttled(_) if matches!(verb, "pass check" | "pass get" | "pass use") => {
            "wait as long as it says, then try again".to_owned()
        }
        Error::Throttled(_) => {
            format!("wait, then try again; how long, says `{}`", subject.command("status"))
        }
        Error::Locked(_) => unlock(subject),
        Error::UidMismatch(_) => adopt(subject),
        Error::UnknownKey(_) => "see which keys there are: `otpctl keys list`".to_owned(),
        Error::UnknownToken(_) => {
            format!("see which tokens there are: `{}`", subject.command("token list"))
        }
        Error::KeyNeeded(_) => {
            "`otpctl keys add` if it seals, then `otpctl keys reseal`, then retire it".to_owned()
        }
        Error::KeyringFixed(_) => {
            "change it where it comes from, and `systemctl restart otpd`".to_owned()
        }
        Error::BadConfiguration(_) => {
            "mend it until `otpd --check` finds it valid, and reload again".to_owned()
        }
        Error::Undelivered(_) => {
            "see the logs of otpd and otp-deliver, then have another sent: `otpctl send`".to_owned()
        }
        Error::Busy(_) => "try again in a few seconds".to_owned(),
        Error::Unavailable(_) | Error::ZBus(_) => outage::open_outcome(subject, verb),
    }
}

/// What to do about a user that the system does not know.
pub(crate) fn check_name(subject: &Subject) -> String {
    format!("check the name: `getent passwd {}`", subject.word())
}

/// What to do about a lock.
pub(crate) fn unlock(subject: &Subject) -> String {
    format!("an administrator unlocks it: `otpctl unlock -u {}`", subject.word())
}

/// What to do about an account that is another uid's.
pub(crate) fn adopt(subject: &Subject) -> String {
    let word = subject.word();
    format!(
        "an administrator compares `id {word}` with `otpctl list --all` and decides whose the \
         account is: `otpctl adopt -u {word}` gives it to the user as it is, with `--from NAME` \
         if the user was renamed; `otpctl remove --all -u NAME` removes it"
    )
}

/// What to do about an account that is damaged.
pub(crate) fn damaged(account: &str) -> String {
    format!(
        "an administrator restores the store from backup, or begins anew: `otpctl remove --all -u {}`",
        text::shell_word(account)
    )
}
