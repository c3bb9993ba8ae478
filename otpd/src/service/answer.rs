//! From what the store released to what crosses the bus. This is the one place where an accepting
//! verdict is made, and it takes a [`Persisted`], which only the store can make.

use otp_bus::{DeviceInfo, Error, Outcome, Reason, Verdict};
use otp_core::{
    DeviceId, DeviceSummary, Label, Lane, Refusal, Seconds, Verified, device::KindState,
};

use super::auth::reason;
use crate::{
    audit::{Event, Subject, Syslog},
    store::Persisted,
};

/// What is to be logged of a verdict, whose subject comes later.
pub(super) enum Logged {
    Accepted { device: DeviceId, label: Label, also: Vec<DeviceId> },
    Wrong { lane: Lane, failures: u32, wait: Seconds, locked: bool, behind: Option<DeviceId> },
    Refused(Refusal),
}

impl Logged {
    pub(super) fn write(&self, log: &Syslog, who: &Subject) {
        match self {
            Self::Accepted { device, label, also } => {
                log.log(&Event::Accepted { who, device, label, also });
            }
            Self::Wrong { lane, failures, wait, locked, behind } => log.log(&Event::Wrong {
                who,
                lane: *lane,
                failures: *failures,
                wait: *wait,
                locked: *locked,
                clock_behind: behind.as_ref(),
            }),
            Self::Refused(refusal) => log.log(&Event::Refused(who, refusal)),
        }
    }
}

/// The verdict on a code, now that it is durable.
pub(super) fn verdict(verified: Persisted<Verified>) -> (Logged, Verdict) {
    match verified.into_result() {
        Ok(Verified::Accepted { device, label, also, .. }) => {
            let verdict = Verdict {
                outcome: Outcome::Accepted,
                reason: Reason::Matched,
                device: device.to_string(),
                label: label.to_string(),
                wait: 0,
            };
            (Logged::Accepted { device, label, also }, verdict)
        }
        Ok(Verified::Wrong { lane, failures, wait, locked, clock_behind }) => {
            let verdict = Verdict { wait: whole(wait), ..refused(Reason::Wrong) };
            (Logged::Wrong { lane, failures, wait, locked, behind: clock_behind }, verdict)
        }
        Ok(Verified::Held(refusal)) | Err(refusal) => {
            let verdict = of_refusal(&refusal);
            (Logged::Refused(refusal), verdict)
        }
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
        | Refusal::IdTaken
        | Refusal::TooManyDevices
        | Refusal::NothingToUnlock => verdict,
    }
}

/// A refusing verdict.
pub(super) fn refused(reason: Reason) -> Verdict {
    let (device, label) = (String::new(), String::new());
    Verdict { outcome: Outcome::Refused, reason, device, label, wait: 0 }
}

fn whole(seconds: Seconds) -> u32 {
    u32::try_from(seconds.0).unwrap_or(u32::MAX)
}

/// A device as it may be shown.
pub(super) fn device(device: &DeviceSummary) -> DeviceInfo {
    let (algorithm, digits) = (device.state.algorithm(), device.state.digits());
    let (period, counter, drift) = match &device.state {
        KindState::Totp(state) => {
            (Some(state.period.as_secs()), None, i32::try_from(state.drift).ok())
        }
        KindState::Hotp(state) => (None, Some(state.next.0), None),
    };
    DeviceInfo {
        id: device.id.to_string(),
        kind: device.state.kind().to_owned(),
        label: device.label.to_string(),
        confirmed: device.confirmed,
        created: device.created.as_secs(),
        last_used: device.last_used.map(otp_core::UnixTime::as_secs),
        algorithm: algorithm.to_string(),
        digits: digits.count(),
        period,
        counter,
        drift,
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
        Refusal::IdTaken => Error::Unavailable("an id came up twice; try again".to_owned()),
        Refusal::TooManyDevices => Error::LimitReached(format!(
            "{user} has {} devices, which is the most; remove one first",
            otp_core::MAX_DEVICES
        )),
        Refusal::UidMismatch(uid) => Error::UidMismatch(format!(
            "the account {user} belongs to uid {uid}, which is not the user's any more; nobody can \
             use it until that is settled"
        )),
        Refusal::UidOwns(name) => Error::UidMismatch(format!(
            "the uid of {user} owns the account {}: was the user renamed?",
            crate::audit::Escaped(name.as_str())
        )),
        Refusal::NothingToUnlock => {
            Error::InvalidArgument(format!("{user} has no failures; there is nothing to unlock"))
        }
    }
}
