//! What is logged: typed events, one line each, to syslog's authpriv. A line says who, by which
//! service, from where, what was decided and why, and the next step; never a code or a secret.

mod at_prompt;
mod escape;
mod ration;
mod syslog;

use std::fmt;

use otp_core::{
    DeviceId, Exemption, Found, Label, Lane, Malformed, Matched, Passed, Refusal, Remembered,
    Seconds, Uid,
    message::{Cap, Unsent},
};

use crate::polkit::No;

pub use at_prompt::AtPrompt;
pub use escape::Escaped;
pub use syslog::Syslog;

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The daemon cannot do its work.
    Error,
    /// Somebody should look.
    Warning,
    /// A refusal or a change.
    Notice,
    /// All is as it should be.
    Info,
}

/// Who wanted in, as it is logged.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The name as it was given.
    pub user: String,
    /// The service, or `self` for the user's own programs.
    pub service: String,
    /// The remote host, empty for a local login.
    pub from: String,
}

/// One thing worth a line.
#[derive(Debug)]
pub enum Event<'a> {
    /// A code was accepted.
    Accepted {
        /// By whom.
        who: &'a Subject,
        /// The device that matched.
        device: &'a DeviceId,
        /// Its label.
        label: &'a Label,
        /// Where on it.
        matched: Matched,
        /// Other devices on which it was spent.
        also: &'a [DeviceId],
    },
    /// A pass let somebody in.
    Passed(&'a Subject, &'a Passed),
    /// A key that somebody showed is none that counts.
    WrongKey {
        /// The caller.
        uid: Uid,
        /// For what it should count.
        purpose: &'a str,
        /// How many failures in a row that makes; none where they are not counted.
        failures: u32,
        /// How long the caller must wait.
        wait: Seconds,
    },
    /// No code matched.
    Wrong {
        /// By whom.
        who: &'a Subject,
        /// In which lane it was counted.
        lane: Lane,
        /// How many failures in a row that makes.
        failures: u32,
        /// How long the next attempt must wait.
        wait: Seconds,
        /// Whether it locked the lane.
        locked: bool,
        /// A device whose last code is ahead of the clock.
        clock_behind: Option<&'a DeviceId>,
        /// A device that made the code, too far out to count.
        noted: Option<&'a DeviceId>,
    },
    /// Nothing was changed.
    Refused(&'a Subject, &'a Refusal),
    /// A code is sent.
    Sent {
        /// For whom.
        who: &'a Subject,
        /// To which device.
        device: &'a DeviceId,
        /// Its label.
        label: &'a Label,
        /// By which channel.
        channel: &'a str,
        /// Where to, masked.
        address: &'a str,
    },
    /// A code is not sent.
    NotSent(&'a Subject, &'a Refusal),
    /// A code was not sent after all, or nobody knows.
    Undelivered {
        /// For whom.
        user: &'a str,
        /// By which channel.
        channel: &'a str,
        /// Why not.
        why: &'a str,
    },
    /// What was typed is no code.
    Malformed(&'a Subject, Malformed),
    /// NSS has no such user.
    UnknownUser(&'a Subject),
    /// Nobody could decide.
    Unavailable(&'a Subject, &'a str),
    /// `nullok` let an account pass that has no device.
    PassedUnenrolled(&'a Subject),
    /// A rule let a login pass without a code.
    Exempt(&'a Subject, &'a str),
    /// A login went on without a code, as one was accepted before.
    Remembered(&'a Subject, &'a Remembered),
    /// An administrator's exemption let a login pass without a code.
    ExemptFor(&'a Subject, &'a Exemption),
    /// A rule denied a login, or could not be decided.
    Denied(&'a Subject, &'a str),
    /// A caller asked for what it may not.
    NotAllowed {
        /// The caller.
        uid: Uid,
        /// What it wanted.
        action: &'a str,
        /// For whom.
        user: &'a str,
        /// Why not, where there is more to say.
        why: Option<&'a No>,
    },
    /// polkit lets a caller do what is not its own.
    Cleared {
        /// The caller.
        uid: Uid,
        /// What it wanted.
        action: &'a str,
        /// For whom.
        user: &'a str,
    },
    /// A call was not looked at: too long, too many.
    Rejected {
        /// The caller; none where that is not known.
        by: Option<Uid>,
        /// What it was told.
        why: &'a str,
    },
    /// Lines that one caller caused and that were not written.
    LeftOut {
        /// The caller; none where that is not known.
        by: Option<Uid>,
        /// How many.
        lines: u64,
    },
    /// Somebody changed an account.
    Managed {
        /// The caller.
        uid: Uid,
        /// What was done.
        deed: &'a str,
        /// To whom.
        user: &'a str,
    },
    /// A refresh token was shown twice.
    Reused {
        /// By this caller.
        uid: Uid,
        /// The family that ended by it.
        tokens: &'a str,
        /// Whose.
        user: &'a str,
    },
    /// Somebody enrolls at the prompt.
    AtPrompt(&'a Subject, AtPrompt<'a>),
    /// Something about the daemon itself.
    Daemon(Severity, &'a str),
}

impl Event<'_> {
    /// How much it matters.
    pub fn severity(&self) -> Severity {
        match self {
            Self::Accepted { .. }
            | Self::Passed(..)
            | Self::Exempt(..)
            | Self::Remembered(..)
            | Self::Sent { .. } => Severity::Info,
            Self::Wrong { locked: true, .. }
            | Self::Refused(_, Refusal::Locked { .. })
            | Self::NotAllowed { .. }
            | Self::LeftOut { .. }
            | Self::Reused { .. }
            | Self::Undelivered { .. }
            | Self::PassedUnenrolled(_)
            | Self::ExemptFor(..) => Severity::Warning,
            Self::Wrong { locked: false, .. }
            | Self::WrongKey { .. }
            | Self::Refused(..)
            | Self::NotSent(..)
            | Self::Malformed(..)
            | Self::UnknownUser(_)
            | Self::Denied(..)
            | Self::Rejected { .. }
            | Self::Cleared { .. }
            | Self::Managed { .. } => Severity::Notice,
            Self::Unavailable(..) => Severity::Error,
            Self::AtPrompt(_, what) => what.severity(),
            Self::Daemon(severity, _) => *severity,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The verb follows in the line; a remote host is added behind the service.
        Escaped(&self.user).fmt(f)
    }
}

impl Subject {
    fn by(&self) -> String {
        let service = if self.service.is_empty() { "an unnamed service" } else { &self.service };
        let service =
            if self.service.is_empty() { service.to_owned() } else { Escaped(service).to_string() };
        match self.from.as_str() {
            "" => format!("by {service}"),
            host => format!("by {service} from {}", Escaped(host)),
        }
    }
}

impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted { who, device, label, matched, also } => {
                write!(f, "{who} accepted {}: device {device} {:?}", who.by(), label.as_str())?;
                Where(*matched).fmt(f)?;
                also.iter().try_for_each(|other| write!(f, ", spent on {other} too"))
            }
            Self::Passed(who, passed) => of_pass(f, who, passed),
            Self::WrongKey { uid, purpose, failures, wait } => {
                wrong_key(f, (*uid, purpose), (*failures, *wait))
            }
            Self::Wrong { who, lane, failures, wait, locked, clock_behind, noted } => {
                let lane = lane.name();
                write!(f, "{who} refused {}: wrong code, failure {failures} ", who.by())?;
                match (locked, wait.0) {
                    (true, _) => write!(f, "locks lane {lane}; {}", Unlock(who))?,
                    (false, 0) => write!(f, "in lane {lane}")?,
                    (false, wait) => write!(f, "in lane {lane}; next attempt in {wait} s")?,
                }
                match (noted, clock_behind) {
                    (Some(device), _) => write!(
                        f,
                        "; it is a code of {device}, too far out to count: its next one will"
                    ),
                    (None, Some(device)) => write!(
                        f,
                        "; the clock is behind the last code of {device}: was it set back?"
                    ),
                    (None, None) => Ok(()),
                }
            }
            Self::Refused(who, refusal) => {
                write!(f, "{who} refused {}: {}", who.by(), Why(who, refusal))
            }
            Self::Sent { who, device, label, channel, address } => write!(
                f,
                "{who} is sent a code, asked for {}: {channel} to {}, device {device} {:?}",
                who.by(),
                address,
                label.as_str()
            ),
            Self::NotSent(who, refusal) => {
                write!(f, "{who} is sent no code, asked for {}: {}", who.by(), Why(who, refusal))
            }
            Self::Undelivered { user, channel, why } => {
                write!(f, "no code reached {} by {channel}: {}", Escaped(user), Escaped(why))
            }
            Self::Malformed(who, malformed) => write!(f, "{who} refused {}: {malformed}", who.by()),
            Self::UnknownUser(who) => write!(f, "{who} refused {}: no such user", who.by()),
            Self::Unavailable(who, text) => {
                write!(f, "{who} refused {}: cannot decide: {text}", who.by())
            }
            Self::PassedUnenrolled(who) => {
                write!(
                    f,
                    "{who} passed {} without a code: not enrolled and nullok is set",
                    who.by()
                )
            }
            Self::Exempt(who, rule) => {
                write!(f, "{who} passed {} without a code: rule {:?}", who.by(), rule)
            }
            Self::Remembered(who, login) => {
                let (since, until) = (login.last.since(login.since), login.until.since(login.last));
                write!(f, "{who} passed {} without a code: rule {:?} ", who.by(), login.rule)?;
                write!(f, "remembers one of {} of {} s ago ", login.device, since.0)?;
                write!(f, "for {} s more", until.0)
            }
            Self::ExemptFor(who, given) => {
                let (by, until) = (given.by(), given.until.as_secs());
                write!(f, "{who} passed {} without a code: exempt by uid {by} ", who.by())?;
                write!(f, "until {until} s since 1970: {:?}", given.reason.as_str())
            }
            Self::Denied(who, why) => write!(f, "{who} refused {}: {why}", who.by()),
            Self::NotAllowed { uid, action, user, why } => {
                write!(f, "uid {uid} may not {action} for {}", Escaped(user))?;
                why.map_or(Ok(()), |why| write!(f, ": {why}"))
            }
            Self::Cleared { uid, action, user } => {
                write!(f, "uid {uid} may {action} for {}: polkit says yes", Escaped(user))
            }
            Self::Rejected { by, why } => write!(f, "{} rejected: {why}", Caller(*by)),
            Self::LeftOut { by, lines } => write!(
                f,
                "{}: {lines} more lines about its calls in a minute were left out",
                Caller(*by)
            ),
            Self::Managed { uid, deed, user } => {
                write!(f, "uid {uid} {deed} for {}", Escaped(user))
            }
            Self::Reused { uid, tokens, user } => write!(
                f,
                "uid {uid} showed a used refresh token: tokens {tokens} of {} ended; somebody has \
                 copied them: find out who",
                Escaped(user)
            ),
            Self::AtPrompt(who, what) => what.line(who, f),
            Self::Daemon(_, text) => f.write_str(text),
        }
    }
}

/// A pass let somebody in: by whom it was made, and why.
fn of_pass(f: &mut fmt::Formatter<'_>, who: &Subject, passed: &Passed) -> fmt::Result {
    let Passed { id, origin, reason, failures: _ } = passed;
    write!(f, "{who} accepted {}: {id}, made by {}", who.by(), Escaped(origin))?;
    let reason = reason.as_ref();
    reason.map_or(Ok(()), |reason| write!(f, ", reason {:?}", reason.as_str()))
}

/// Somebody showed a key that does not count.
fn wrong_key(
    f: &mut fmt::Formatter<'_>,
    (uid, purpose): (Uid, &str),
    (failures, wait): (u32, Seconds),
) -> fmt::Result {
    write!(f, "uid {uid} showed a key that is none for {}", Escaped(purpose))?;
    match (failures, wait.0) {
        (0, _) => Ok(()),
        (_, 0) => write!(f, ", failure {failures}"),
        (_, wait) => write!(f, ", failure {failures}; next one in {wait} s"),
    }
}

struct Caller(Option<Uid>);

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(uid) => write!(f, "uid {uid}"),
            None => f.write_str("an unknown caller"),
        }
    }
}

/// What is worth a word about where a code was found.
struct Where(Matched);

impl fmt::Display for Where {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Matched::Totp { drift, found: Found::Resynchronised, .. } => {
                write!(f, ", resynchronised: its clock is {drift:+} steps off")
            }
            Matched::Hotp { skipped, found: Found::Resynchronised, .. } => {
                write!(f, ", resynchronised: {skipped} codes were skipped")
            }
            Matched::Recovery { left } => write!(f, ", {left} recovery codes left"),
            Matched::Totp { .. } | Matched::Hotp { .. } | Matched::Message => Ok(()),
        }
    }
}

struct Unlock<'a>(&'a Subject);

impl fmt::Display for Unlock<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "otpctl unlock -u {}", Escaped(&self.0.user))
    }
}

struct Why<'a>(&'a Subject, &'a Refusal);

impl fmt::Display for Why<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(who, refusal) = self;
        match refusal {
            Refusal::Throttled { lane, failures, wait } => write!(
                f,
                "throttled for {} s after {failures} failures in lane {}; nothing was checked",
                wait.0,
                lane.name()
            ),
            Refusal::Locked { lane, failures } => {
                write!(
                    f,
                    "locked after {failures} failures in lane {}; {}",
                    lane.name(),
                    Unlock(who)
                )
            }
            Refusal::Used(device, label, Seconds(0)) => {
                write!(f, "used code, device {device} {:?}; make a new one", label.as_str())
            }
            Refusal::Used(device, label, _) => {
                write!(f, "used code, device {device} {:?}; wait one step", label.as_str())
            }
            Refusal::CallerThrottled { failures, wait } => write!(
                f,
                "the caller is throttled for {} s after {failures} failures; nothing was checked",
                wait.0
            ),
            Refusal::NotEnrolled => {
                write!(f, "no confirmed device; otpctl enroll -u {}", Escaped(&who.user))
            }
            Refusal::UidMismatch(uid) => {
                let user = Escaped(&who.user);
                write!(f, "the account belongs to uid {uid}, which is not the user's; the same ")?;
                write!(f, "person: otpctl adopt -u {user}; else: otpctl remove --all -u {user}")
            }
            Refusal::UidOwns(name) => {
                let (user, name) = (Escaped(&who.user), Escaped(name.as_str()));
                write!(
                    f,
                    "the user's uid owns the account {name}; renamed: otpctl adopt -u {user} "
                )?;
                write!(f, "--from {name}; else: otpctl remove --all -u {name}")
            }
            Refusal::Unsent(unsent) => unsent_why(f, unsent),
            // These are answers to changes of devices; they let nobody in either.
            Refusal::UnknownDevice
            | Refusal::AmbiguousDevice(_)
            | Refusal::AlreadyConfirmed(_)
            | Refusal::LabelTaken(_)
            | Refusal::SecretTaken(_)
            | Refusal::WrongKind(_)
            | Refusal::WaitedTooLong(_)
            | Refusal::IdTaken
            | Refusal::TooManyDevices
            | Refusal::NothingToUnlock
            | Refusal::NotExempt
            | Refusal::CodeNeeded
            | Refusal::NotInvited
            | Refusal::NotRemembered
            | Refusal::UnknownInvitation
            | Refusal::InvitationOver
            | Refusal::LastDevice(_)
            | Refusal::UnknownContact
            | Refusal::TooManyContacts
            | Refusal::UnknownToken
            | Refusal::TooManyTokens
            | Refusal::Pass(_)
            | Refusal::Unadopted(_) => write!(f, "{refusal:?}"),
        }
    }
}

fn unsent_why(f: &mut fmt::Formatter<'_>, unsent: &Unsent) -> fmt::Result {
    match unsent {
        Unsent::Lately(wait) => {
            write!(f, "a code was sent a short while ago; no other for {} s", wait.0)
        }
        Unsent::Capped(cap, wait) => {
            let whose = match cap {
                Cap::Address => "to the address",
                Cap::Account => "for the account",
                Cap::All => "in all",
            };
            write!(f, "as many messages {whose} as [messages] allows; none for {} s", wait.0)
        }
    }
}

#[cfg(test)]
mod tests;
