//! From what the store released to what crosses the bus. This is the one place where an accepting
//! verdict is made, and it takes a [`Persisted`], which only the store can make.

use std::fmt::Display;

use otp_bus::{Details, DeviceInfo, Error, LaneStatus, Outcome, Reason, Sending, Verdict};
use otp_core::{
    DeviceId, DeviceSummary, Found, Label, Lane, Matched, PassRefusal, Passed, Purpose, Refusal,
    Seconds, Unadopted, UserName, Verified,
    device::KindState,
    message::{Cap, Posted, Unsent},
};

use super::auth::reason;
use crate::{
    audit::{Event, Subject, Syslog},
    engine::LaneOverview,
    store::Persisted,
};

/// Of every invitation that does not count, whatever it once was.
pub(super) const NO_INVITATION: &str =
    "no such invitation is open: it was mistyped, used, or is over; ask for another";

/// Of every identifier that does not count, whatever it once was.
const NO_IDENTIFIER: &str =
    "no such identifier counts: it was used, is over, or is not yours; verify the address anew";

/// What is to be logged of a verdict, whose subject comes later.
pub(super) enum Logged {
    Accepted { device: DeviceId, label: Label, matched: Matched, also: Vec<DeviceId> },
    Passed(Box<Passed>),
    Wrong(Wrong),
    Refused(Refusal),
}

/// A wrong code.
pub(super) struct Wrong {
    lane: Lane,
    failures: u32,
    wait: Seconds,
    locked: bool,
    behind: Option<DeviceId>,
    noted: Option<DeviceId>,
}

impl Logged {
    /// Of an attempt to prove who asks for a change.
    pub(super) fn of(verified: Verified) -> Self {
        match verified {
            Verified::Accepted { device, label, matched, also, failures: _ } => {
                Self::Accepted { device, label, matched, also }
            }
            Verified::Passed(passed) => Self::Passed(passed),
            Verified::Wrong { lane, failures, wait, locked, clock_behind: behind, noted } => {
                Self::Wrong(Wrong { lane, failures, wait, locked, behind, noted })
            }
            Verified::Held(refusal) => Self::Refused(refusal),
        }
    }

    pub(super) fn write(&self, log: &Syslog, who: &Subject) {
        match self {
            Self::Accepted { device, label, matched, also } => {
                log.log(&Event::Accepted { who, device, label, matched: *matched, also });
            }
            Self::Passed(passed) => log.log(&Event::Passed(who, passed)),
            Self::Wrong(wrong) => log.log(&Event::Wrong {
                who,
                lane: wrong.lane,
                failures: wrong.failures,
                wait: wrong.wait,
                locked: wrong.locked,
                clock_behind: wrong.behind.as_ref(),
                noted: wrong.noted.as_ref(),
            }),
            Self::Refused(refusal) => log.log(&Event::Refused(who, refusal)),
        }
    }
}

/// The verdict on a code, now that it is durable.
pub(super) fn verdict(verified: Persisted<Verified>) -> (Logged, Verdict) {
    match verified.into_result() {
        Ok(Verified::Accepted { device, label, matched, also, failures }) => {
            let verdict = Verdict {
                outcome: Outcome::Accepted,
                reason: Reason::Matched,
                device: device.to_string(),
                label: label.to_string(),
                wait: 0,
                details: Details {
                    failures: (failures > 0).then_some(failures),
                    ..details(matched)
                },
            };
            (Logged::Accepted { device, label, matched, also }, verdict)
        }
        Ok(Verified::Passed(passed)) => {
            let failures = Some(passed.failures).filter(|failures| *failures > 0);
            let verdict = Verdict {
                outcome: Outcome::Accepted,
                reason: Reason::Matched,
                device: passed.id.to_string(),
                label: Purpose::login().to_string(),
                wait: 0,
                details: Details { failures, ..Details::default() },
            };
            (Logged::Passed(passed), verdict)
        }
        Ok(Verified::Wrong { lane, failures, wait, locked, clock_behind, noted }) => {
            let details =
                Details { noted: noted.as_ref().map(DeviceId::to_string), ..Details::default() };
            let verdict = Verdict { wait: whole(wait), details, ..refused(Reason::Wrong) };
            let behind = clock_behind;
            (Logged::Wrong(Wrong { lane, failures, wait, locked, behind, noted }), verdict)
        }
        Ok(Verified::Held(refusal)) | Err(refusal) => {
            let verdict = of_refusal(&refusal);
            (Logged::Refused(refusal), verdict)
        }
    }
}

fn details(matched: Matched) -> Details {
    let resynchronised = |found| (found == Found::Resynchronised).then_some(true);
    match matched {
        Matched::Totp { step, expected, skipped, drift, until, found } => Details {
            counter: Some(step.0),
            expected: Some(expected.0),
            skipped: Some(skipped),
            drift: Some(drift),
            until: Some(until.as_secs()),
            resynchronised: resynchronised(found),
            ..Details::default()
        },
        Matched::Hotp { counter, expected, skipped, found } => Details {
            counter: Some(counter.0),
            expected: Some(expected.0),
            skipped: i64::try_from(skipped).ok(),
            resynchronised: resynchronised(found),
            ..Details::default()
        },
        Matched::Message => Details::default(),
        Matched::Recovery { left } => Details { recovery_left: Some(left), ..Details::default() },
    }
}

fn of_refusal(refusal: &Refusal) -> Verdict {
    let verdict = refused(reason(refusal));
    match refusal {
        Refusal::Throttled { wait, .. } => Verdict { wait: whole(*wait), ..verdict },
        Refusal::Used(device, label, wait) => Verdict {
            device: device.to_string(),
            label: label.to_string(),
            wait: whole(*wait),
            ..verdict
        },
        Refusal::Locked { .. }
        | Refusal::NotEnrolled
        | Refusal::UidMismatch(_)
        | Refusal::UidOwns(_)
        | Refusal::UnknownDevice
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
        | Refusal::Unsent(_)
        | Refusal::CallerThrottled { .. }
        | Refusal::UnknownContact
        | Refusal::TooManyContacts
        | Refusal::UnknownToken
        | Refusal::TooManyTokens
        | Refusal::Pass(_)
        | Refusal::Unadopted(_) => verdict,
    }
}

/// What a caller hears to whom polkit's yes was about another name.
pub(super) fn by_name(name: &otp_core::UserName) -> Error {
    let name = crate::audit::Escaped(name.as_str());
    Error::InvalidArgument(format!("that is a by-name of {name}; name {name} instead"))
}

/// A refusing verdict.
pub(super) fn refused(reason: Reason) -> Verdict {
    let (device, label) = (String::new(), String::new());
    let details = Details::default();
    Verdict { outcome: Outcome::Refused, reason, device, label, wait: 0, details }
}

fn whole(seconds: Seconds) -> u32 {
    u32::try_from(seconds.0).unwrap_or(u32::MAX)
}

/// A device as it may be shown.
pub(super) fn device(device: &DeviceSummary) -> DeviceInfo {
    let (period, counter, drift, left) = match &device.state {
        KindState::Totp(state) => {
            (Some(state.period.as_secs()), None, i32::try_from(state.drift).ok(), None)
        }
        KindState::Hotp(state) => (None, Some(state.next.0), None, None),
        KindState::Recovery(state) => (None, None, None, Some(state.left())),
        KindState::Message(_) => (None, None, None, None),
    };
    DeviceInfo {
        id: device.id.to_string(),
        kind: device.state.kind().to_owned(),
        label: device.label.to_string(),
        confirmed: device.confirmed,
        created: device.created.as_secs(),
        last_used: device.last_used.map(otp_core::UnixTime::as_secs),
        algorithm: device.state.algorithm().map(|algorithm| algorithm.to_string()),
        digits: device.state.digits().map(otp_core::Digits::count),
        period,
        counter,
        drift,
        left,
        replaces: device.replaces.as_ref().map(DeviceId::to_string),
        channel: match &device.state {
            KindState::Message(state) => Some(state.channel.clone()),
            KindState::Totp(_) | KindState::Hotp(_) | KindState::Recovery(_) => None,
        },
        address: device.address.clone(),
    }
}

/// A lane as it may be shown.
pub(super) fn lane(lane: &LaneOverview) -> LaneStatus {
    LaneStatus {
        lane: lane.lane.name().to_owned(),
        failures: lane.failures,
        recent: lane.recent,
        wait: whole(lane.wait),
        locked: lane.locked,
    }
}

/// Why a change of `user`'s devices was not made, and the next step.
pub(super) fn error(refusal: Refusal, user: &str) -> Error {
    let user = crate::audit::Escaped(user);
    match refusal {
        Refusal::Throttled { wait, failures, .. } => Error::Throttled(format!(
            "{failures} wrong codes in a row for {user}; try again in {} s, or unlock",
            wait.0
        )),
        Refusal::Locked { failures, .. } => Error::Locked(format!(
            "{user} is locked after {failures} wrong codes; otpctl unlock -u {user}"
        )),
        Refusal::Used(device, _, Seconds(0)) => {
            Error::UsedCode(format!("that code of {device} was accepted before; make a new one"))
        }
        Refusal::Used(device, _, wait) => Error::UsedCode(format!(
            "that code of {device} was accepted before; wait up to {} s for the next one",
            wait.0
        )),
        Refusal::NotEnrolled | Refusal::UnknownDevice => Error::UnknownDevice(format!(
            "{user} has no such device; otpctl list -u {user} shows what there is"
        )),
        Refusal::AmbiguousDevice(ids) => {
            let ids: Vec<&str> = ids.iter().map(DeviceId::as_str).collect();
            Error::AmbiguousDevice(format!(
                "several devices have that label; use one of {}",
                ids.join(", ")
            ))
        }
        Refusal::AlreadyConfirmed(id) => {
            Error::AlreadyExists(format!("{id} is confirmed already; there is nothing to do"))
        }
        Refusal::LabelTaken(id) => {
            Error::AlreadyExists(format!("{id} has that label already; choose another"))
        }
        Refusal::SecretTaken(id) => Error::AlreadyExists(format!(
            "{id} has that secret already; let one be made, or remove that device first"
        )),
        Refusal::WrongKind(id) => Error::InvalidArgument(format!(
            "that cannot be done with {id}: it is of another kind, or not confirmed; otpctl list -u \
             {user} shows what each device is"
        )),
        Refusal::WaitedTooLong(id) => Error::NotAllowed(format!(
            "{id} has waited for its confirming code for more than a week; remove it and enroll \
             anew, or ask an administrator to confirm it"
        )),
        Refusal::IdTaken => Error::Unavailable("an id came up twice; try again".to_owned()),
        Refusal::TooManyDevices => Error::LimitReached(format!(
            "{user} has {} devices, which is the most; remove one first",
            otp_core::MAX_DEVICES
        )),
        Refusal::UidMismatch(uid) => Error::UidMismatch(format!(
            "the account {user} belongs to uid {uid}, which is not the user's any more; if the user \
             is the same person: otpctl adopt -u {user}; if not: otpctl remove --all -u {user}"
        )),
        Refusal::UidOwns(name) => Error::UidMismatch(renamed(&user, &name)),
        Refusal::Unadopted(why) => unadopted(&why, &user),
        Refusal::CodeNeeded => Error::CodeNeeded(
            "a change of your own devices needs a code of one of them; type one".to_owned(),
        ),
        Refusal::NotInvited => Error::NotAllowed(format!(
            "a first device of your own needs an invitation; ask an administrator for otpctl \
             invite -u {user}"
        )),
        Refusal::NotRemembered => Error::UnknownDevice(format!(
            "no such login of {user} is remembered; otpctl remembered -u {user} shows which are"
        )),
        Refusal::UnknownInvitation => Error::WrongCode(NO_INVITATION.to_owned()),
        Refusal::InvitationOver => Error::NotAllowed(
            "the invitation with which that device was enrolled is over; ask for another and \
             enroll again"
                .to_owned(),
        ),
        Refusal::LastDevice(id) => Error::NotAllowed(format!(
            "{id} is the last device of yours that makes codes; enroll another first, or ask an \
             administrator"
        )),
        Refusal::Unsent(unsent) => unsent_error(unsent, &user),
        Refusal::CallerThrottled { failures, wait } => Error::Throttled(format!(
            "{failures} refused requests of yours in a row; try again in {} s",
            wait.0
        )),
        Refusal::UnknownContact => Error::UnknownToken(NO_IDENTIFIER.to_owned()),
        Refusal::UnknownToken => Error::UnknownToken(format!(
            "no such tokens of {user} are open; otpctl token list -u {user} shows which are"
        )),
        Refusal::TooManyContacts => full("addresses that wait", otp_core::MAX_CONTACTS),
        Refusal::TooManyTokens => full("tokens", otp_core::MAX_HELD),
        Refusal::Pass(why) => pass(&why, &user),
        Refusal::NothingToUnlock => {
            Error::InvalidArgument(format!("{user} has no failures; there is nothing to unlock"))
        }
        Refusal::NotExempt => {
            Error::InvalidArgument(format!("{user} is not exempt; there is nothing to end"))
        }
    }
}

/// What is said to who asked for a code by a word, and may know why none was sent.
pub(super) fn unsent(refusal: &Refusal) -> Verdict {
    match refusal {
        Refusal::Throttled { .. } | Refusal::Locked { .. } => of_refusal(refusal),
        Refusal::Unsent(Unsent::Lately(wait)) => {
            Verdict { wait: whole(*wait), ..refused(Reason::NotSent) }
        }
        Refusal::Unsent(Unsent::Capped(..)) => refused(Reason::NotSent),
        // Whoever has no such device hears what strangers hear.
        Refusal::Used(..)
        | Refusal::NotEnrolled
        | Refusal::UidMismatch(_)
        | Refusal::UidOwns(_)
        | Refusal::UnknownDevice
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
        | Refusal::NotRemembered
        | Refusal::CallerThrottled { .. }
        | Refusal::UnknownToken
        | Refusal::TooManyTokens
        | Refusal::Pass(_)
        | Refusal::CodeNeeded
        | Refusal::NotInvited
        | Refusal::UnknownInvitation
        | Refusal::InvitationOver
        | Refusal::LastDevice(_)
        | Refusal::UnknownContact
        | Refusal::TooManyContacts
        | Refusal::Unadopted(_) => refused(Reason::Sent),
    }
}

/// A code that was recorded, as it may be shown.
pub(super) fn sending(posted: &Posted) -> Sending {
    Sending {
        device: posted.device.to_string(),
        channel: posted.channel.clone(),
        address: posted.address.masked(),
        valid: whole(posted.valid),
    }
}

/// Why nothing is sent now.
fn unsent_error(unsent: Unsent, user: &impl Display) -> Error {
    match unsent {
        Unsent::Lately(wait) => Error::Throttled(format!(
            "a code was sent a short while ago; another can be sent in {} s",
            wait.0
        )),
        Unsent::Capped(cap, wait) => {
            let whose = match cap {
                Cap::Address => "to that address".to_owned(),
                Cap::Account => format!("for {user}"),
                Cap::All => "in all".to_owned(),
            };
            let minutes = wait.0.div_ceil(60);
            Error::LimitReached(format!(
                "as many messages were sent {whose} as [messages] allows; the next in {minutes} min \
                 at the latest"
            ))
        }
    }
}

/// What a caller hears who has as much as one can have.
fn full(what: &str, most: u32) -> Error {
    Error::LimitReached(format!("you have {most} {what}, which is the most; let some run out"))
}

/// Why nothing was done about a pass, and the next step.
pub(super) fn pass(why: &PassRefusal, user: &impl Display) -> Error {
    match why {
        PassRefusal::Term(error) => Error::InvalidArgument(error.to_string()),
        PassRefusal::OwnerFull => Error::LimitReached(format!(
            "{user} has {} live passes, which is the most; deactivate some, or wait",
            otp_core::OWNER_LIVE
        )),
        PassRefusal::MakerFull => Error::LimitReached(format!(
            "you have made {} passes that are live, which is the most; deactivate some, or wait",
            otp_core::MAKER_LIVE
        )),
        PassRefusal::KeyTaken => Error::Unavailable(
            "every key that was made is known already; try again, or take a longer one".to_owned(),
        ),
        PassRefusal::DeviceCodeNeeded => Error::NotAllowed(
            "a pass of your own needs a code of a device; neither a recovery code nor a pass makes one"
                .to_owned(),
        ),
        PassRefusal::MakerLocked => Error::Locked(
            "your own account is locked after wrong codes; have it unlocked before you make passes"
                .to_owned(),
        ),
        PassRefusal::None => Error::UnknownPass(format!(
            "no live pass of {user} is meant; otpctl pass list shows what there is"
        )),
    }
}

/// A name that is nobody's.
pub(super) fn unknown_user(user: &str) -> Error {
    Error::UnknownUser(format!(
        "{} is no user of this system; check the spelling with getent passwd",
        crate::audit::Escaped(user)
    ))
}

fn renamed(user: &impl Display, name: &UserName) -> String {
    let name = crate::audit::Escaped(name.as_str());
    format!(
        "the uid of {user} owns the account {name}; if {user} is the new name of {name}: otpctl \
         adopt -u {user} --from {name}; if not: otpctl remove --all -u {name}"
    )
}

/// Why an account was not given to `user`, and the next step.
fn unadopted(why: &Unadopted, user: &impl Display) -> Error {
    let name = |name: &UserName| crate::audit::Escaped(name.as_str()).to_string();
    match why {
        Unadopted::Settled => Error::AlreadyExists(format!(
            "the account {user} belongs to the uid that the user has; there is nothing to do"
        )),
        Unadopted::NoAccount(former) => Error::UnknownAccount(format!(
            "there is no account {}; otpctl list --all shows which there are",
            name(former)
        )),
        Unadopted::BothExist(former) => Error::AlreadyExists(format!(
            "{user} has an account beside {0}; keep one: otpctl remove --all -u {user}, or -u {0}",
            name(former)
        )),
        Unadopted::Owns(other) => Error::UidMismatch(renamed(user, other)),
        Unadopted::NameLives(former) => Error::UidMismatch(format!(
            "{0} is a user of this system still and would lose the account; if it is not that \
             user's: otpctl remove --all -u {0}, and enroll {user} anew",
            name(former)
        )),
        Unadopted::UidLives(uid, holder) => Error::UidMismatch(format!(
            "uid {uid}, to which the account belongs, is the user {} now; if the account is {user}'s \
             all the same, remove it and enroll {user} anew",
            name(holder)
        )),
        Unadopted::Moved => {
            Error::Unavailable("the account was changed meanwhile; look again".to_owned())
        }
    }
}
