//! Decisions about new devices: enroll, replace, confirm. Who may ask is decided before; here it is
//! what can be done, and whether the warrant holds.

use subtle::ConstantTimeEq;

use crate::{
    Account, Asking, Change, Changed, Changes, Decision, Device, DeviceId, DeviceSummary,
    EventKind, First, Invitation, Kind, Label, Lane, LaneState, Offer, Origin, Refusal, Seconds,
    TokenChange, Transition, Uid, UnixTime, UserName, Verified, Warrant,
    device::{KindState, Probe},
    invitation::{ended, may_confirm, waiting},
    verify::{admitted, until_next},
    warrant::Draft,
};

/// How many devices an account can have.
pub const MAX_DEVICES: usize = 8;

/// How long a device waits for its owner's confirming code. Whoever saw its secret meanwhile must
/// not confirm it on a day on which nobody looks; an administrator still can.
pub(crate) const UNCONFIRMED_FOR: Seconds = Seconds(7 * 86_400);

/// A device to enroll.
pub struct NewDevice {
    /// What people will call it; none: the kind's name, with a number where that is taken.
    pub label: Option<Label>,
    /// The device whose place and label it takes once it is confirmed, by id or label.
    pub replaces: Option<String>,
    /// What it is, its secret, and where it starts.
    pub kind: Kind,
    /// Random bytes for its id.
    pub random: [u8; 4],
}

/// Adds an unconfirmed device.
pub fn enroll(
    account: Option<&Account>,
    name: &UserName,
    uid: Uid,
    new: NewDevice,
    asking: &Asking<'_>,
) -> Decision<Changed<DeviceSummary>> {
    let invitation = match asking.warrant {
        Warrant::Invitation(_) => account.and_then(|account| account.invitation.as_ref()),
        Warrant::Standing | Warrant::Code(_) | Warrant::Session(_) => None,
    };
    let former = account.zip(invitation).and_then(|(account, open)| waiting(account, open));
    let draft = checked((account, former), new, asking.now).map(|device| {
        let outcome = device.summary();
        let enrolled = account.is_some_and(|account| account.enrolled);
        let kind = EventKind::Enrolled { device: outcome.id.to_string() };
        let mut list = vec![Change::Head { uid: Some(uid), enrolled }];
        list.extend(former.map(|id| Change::Drop(id.clone())));
        // The invitation's device may be the very one that was to take the same place.
        let gone = superseded(account, &device);
        list.extend(gone.filter(|gone| !matches!(gone, Change::Drop(id) if Some(id) == former)));
        list.extend([Change::Add(device), asking.event(kind)]);
        let made = Some(outcome.id.clone());
        let open = invitation.map(|open| Invitation { device: made, ..open.clone() });
        list.extend(open.map(Change::Invite));
        Draft { list, outcome }
    });
    asking.decide(name, account, draft)
}

/// Adds a device whose owner has just shown to have it, in another way than by a code to confirm it.
pub(crate) fn enroll_confirmed(
    account: Option<&Account>,
    name: &UserName,
    uid: Option<Uid>,
    new: NewDevice,
    asking: &Asking<'_>,
) -> Decision<Changed<DeviceSummary>> {
    let draft = checked((account, None), new, asking.now).map(|device| {
        let device = Device { confirmed: true, ..device };
        let outcome = device.summary();
        let id = || outcome.id.to_string();
        let list = vec![
            Change::Head { uid, enrolled: true },
            asking.event(EventKind::Enrolled { device: id() }),
            asking.event(EventKind::Confirmed { device: id() }),
            Change::Add(device),
        ];
        Draft { list, outcome }
    });
    asking.decide(name, account, draft)
}

/// Another device that was to take the same place, and never will.
fn superseded(account: Option<&Account>, new: &Device) -> Option<Change> {
    let devices = account.map_or(&[][..], |account| &account.devices);
    let mut former = devices.iter().filter(|device| device.replaces.is_some());
    let other = former.find(|other| other.replaces == new.replaces);
    other.map(|other| Change::Drop(other.id.clone()))
}

/// The device, beside all of the account's but the `former` that goes for it.
fn checked(
    (account, former): (Option<&Account>, Option<&DeviceId>),
    new: NewDevice,
    now: UnixTime,
) -> Result<Device, Refusal> {
    let NewDevice { label, replaces, kind, random } = new;
    let devices: Vec<&Device> = account
        .into_iter()
        .flat_map(|account| &account.devices)
        .filter(|device| former != Some(&device.id))
        .collect();
    let replaced = match (account, replaces) {
        (_, None) => None,
        (None, Some(_)) => return Err(Refusal::UnknownDevice),
        (Some(account), Some(name)) => Some(account.find(&name)?),
    };
    // What waits for its own code takes nobody's place, so that places are not multiplied.
    let replaceable = |device: &&Device| device.own_part().is_some() && device.confirmed;
    if let Some(other) = replaced.filter(|device| !replaceable(device)) {
        return Err(Refusal::WrongKind(other.id.clone()));
    }
    // What takes another's place takes no further one.
    let places = devices.iter().filter(|device| device.replaces.is_none()).count();
    if replaced.is_none() && places >= MAX_DEVICES {
        return Err(Refusal::TooManyDevices);
    }
    let device = Device {
        id: DeviceId::new(kind.name(), random),
        label: match (label, replaced) {
            (_, Some(replaced)) => replaced.label.clone(),
            (Some(label), None) => label,
            (None, None) => free_label(kind.name(), &devices).ok_or(Refusal::TooManyDevices)?,
        },
        confirmed: false,
        created: now,
        last_used: None,
        replaces: replaced.map(|device| device.id.clone()),
        kind,
    };
    distinct(&device, &devices)?;
    Ok(device)
}

/// A device has an id, a label and a secret that no other of the account has, but that it shares
/// the label with the one whose place it takes.
fn distinct(device: &Device, devices: &[&Device]) -> Result<(), Refusal> {
    let same_secret = |other: &&&Device| match (other.own_part(), device.own_part()) {
        (Some(a), Some(b)) => a.ct_eq(&b).into(),
        (None, _) | (_, None) => false,
    };
    if let Some(same) = devices.iter().find(same_secret) {
        return Err(Refusal::SecretTaken(same.id.clone()));
    }
    if devices.iter().any(|other| other.id == device.id) {
        return Err(Refusal::IdTaken);
    }
    if device.replaces.is_none()
        && let Some(same) = devices.iter().find(|other| other.label == device.label)
    {
        return Err(Refusal::LabelTaken(same.id.clone()));
    }
    Ok(())
}

/// `totp`, or `totp 2` where that is taken, and so on.
pub(crate) fn free_label(kind: &str, devices: &[&Device]) -> Option<Label> {
    let numbered = (2..=MAX_DEVICES + 1).map(|number| format!("{kind} {number}"));
    std::iter::once(kind.to_owned())
        .chain(numbered)
        .filter_map(|text| Label::parse(&text).ok())
        .find(|label| devices.iter().all(|device| device.label != *label))
}

/// Confirms a device by a code of it, which is spent thereby: it never logs anybody in as well. The
/// code is the warrant. A wrong one counts as a failure in the caller's lane.
pub fn confirm(
    account: &Account,
    name: &str,
    offer: &Offer,
    origin: &Origin,
    asking: &Asking<'_>,
) -> Decision<Changed<DeviceSummary>> {
    let device = match account.find_unconfirmed(name) {
        Ok(device) => device,
        Err(refusal) => return Decision::Unchanged(refusal),
    };
    let Asking { policy, now, .. } = *asking;
    let lane = lane(origin);
    if lane == Lane::Own
        && let Err(refusal) = may_confirm(account, &device.id, now)
    {
        return Decision::Unchanged(refusal);
    }
    if lane == Lane::Own && now.since(device.created) > UNCONFIRMED_FOR {
        return Decision::Unchanged(Refusal::WaitedTooLong(device.id.clone()));
    }
    let held = |refusal| Err(Verified::Held(refusal));
    let permit = match admitted(account, lane, policy, now, held) {
        Ok(permit) => permit,
        Err(decision) => return decision,
    };
    match device.probe(offer, now) {
        Probe::Match(state, _) => {
            let after = permit.succeeded();
            Decision::Change(confirmed(account, device, &state, (lane, after), asking))
        }
        Probe::Used => Decision::Unchanged(Refusal::Used(
            device.id.clone(),
            device.label.clone(),
            until_next(device, now),
        )),
        // A code far out is not noted: a new device is to be in step.
        Probe::NoMatch { .. } => {
            let state = permit.failed(now);
            Decision::Change(failed(account, lane, state, asking).map_outcome(Err))
        }
    }
}

/// The lane of somebody who works on an account.
pub(crate) fn lane(origin: &Origin) -> Lane {
    match origin {
        Origin::Own => Lane::Own,
        Origin::Local | Origin::Address(_) | Origin::Named | Origin::Application => Lane::Local,
    }
}

/// A failure of somebody who works on an account.
pub(crate) fn failed(
    account: &Account,
    lane: Lane,
    state: LaneState,
    asking: &Asking<'_>,
) -> Transition<Verified> {
    let Asking { policy, now, .. } = *asking;
    let wait = state.open_at(policy, now).map_or(Seconds(0), |open| open.since(now));
    let (failures, locked) = (state.failures, state.locked.is_some());
    let wrong = Verified::Wrong { lane, failures, wait, locked, clock_behind: None, noted: None };
    let kind = EventKind::wrong(lane, "otpctl", "", locked, now);
    let mut list = vec![Change::Lane(lane, state), asking.event(kind)];
    if locked {
        list.push(Change::Tokens(TokenChange::EndAll));
    }
    if locked && lane == Lane::Own {
        list.extend(ended(account));
    }
    Transition::new(Changes::of(&account.name, list), wrong)
}

fn confirmed(
    account: &Account,
    device: &Device,
    state: &KindState,
    (lane, after): (Lane, LaneState),
    asking: &Asking<'_>,
) -> Transition<Changed<DeviceSummary>> {
    let now = asking.now;
    let summary = DeviceSummary {
        confirmed: true,
        last_used: Some(now),
        replaces: None,
        state: state.clone(),
        ..device.summary()
    };
    let moved = Change::Move {
        device: device.id.clone(),
        state: state.clone(),
        used: now,
        confirmed: true,
    };
    let kind = EventKind::Confirmed { device: device.id.to_string() };
    let head = Change::Head { uid: account.uid, enrolled: true };
    let mut list = vec![head, moved, asking.event(kind)];
    let former = account.devices.iter().find(|former| device.replaces.as_ref() == Some(&former.id));
    if let Some(former) = former {
        let (device, gone) = (device.id.to_string(), former.id.to_string());
        let kind = EventKind::Replaced { device, former: gone };
        list.extend([Change::Drop(former.id.clone()), asking.event(kind)]);
    }
    let invitation = account.invitation.as_ref().and_then(|open| open.device.as_ref());
    list.extend((invitation == Some(&device.id)).then_some(Change::Uninvite));
    list.extend(unproved(account, device, asking));
    if after != account.lane(lane) {
        list.push(Change::Lane(lane, after));
    }
    Transition::new(Changes::of(&account.name, list), Ok(summary))
}

/// Where a session alone may enroll a first device, whatever else waits may be somebody's who had
/// the session too: with the first one that is confirmed it is gone.
fn unproved(account: &Account, first: &Device, asking: &Asking<'_>) -> Vec<Change> {
    match asking.warrant {
        Warrant::Session(First::OfUsers) if !account.enrolled => {
            let others = account.devices.iter().filter(|device| device.id != first.id);
            let waiting = others.filter(|device| !device.confirmed);
            waiting.map(|device| Change::Drop(device.id.clone())).collect()
        }
        Warrant::Session(_) | Warrant::Standing | Warrant::Code(_) | Warrant::Invitation(_) => {
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests;
