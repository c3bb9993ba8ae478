//! Decisions about devices and locks: enroll, confirm, remove, unlock. Who may ask is decided
//! before; here it is what can be done.

use crate::{
    Account, Change, Changes, Code, Decision, Device, DeviceId, DeviceSummary, Event, EventKind,
    Label, Lane, Origin, Refusal, Seconds, Secret, ThrottlePolicy, Transition, Uid, UnixTime,
    UserName, Verified,
    device::{KindState, Probe},
    verify::{admitted, until_next},
};

/// How many devices an account can have.
pub const MAX_DEVICES: usize = 8;

/// A device to enroll.
pub struct NewDevice {
    /// What people will call it; none: the kind's name, with a number where that is taken.
    pub label: Option<Label>,
    /// What it is and where it starts.
    pub state: KindState,
    /// Its secret.
    pub secret: Secret,
    /// Random bytes for its id.
    pub random: [u8; 4],
}

/// Adds an unconfirmed device.
pub fn enroll(
    account: Option<&Account>,
    name: &UserName,
    uid: Uid,
    new: NewDevice,
    now: UnixTime,
) -> Decision<DeviceSummary> {
    let device = match checked(account, new, now) {
        Ok(device) => device,
        Err(refusal) => return Decision::Unchanged(refusal),
    };
    let summary = device.summary();
    let enrolled = account.is_some_and(|account| account.enrolled);
    let kind = EventKind::Enrolled { device: summary.id.to_string() };
    let list = vec![Change::Head { uid, enrolled }, Change::Add(device), event(kind, now)];
    Decision::Change(Transition::new(Changes { account: name.clone(), list }, summary))
}

fn checked(account: Option<&Account>, new: NewDevice, now: UnixTime) -> Result<Device, Refusal> {
    let devices = account.map_or(&[][..], |account| &account.devices);
    if devices.len() >= MAX_DEVICES {
        return Err(Refusal::TooManyDevices);
    }
    if let Some(same) = devices.iter().find(|device| device.secret().same_as(&new.secret)) {
        return Err(Refusal::SecretTaken(same.id.clone()));
    }
    let id = DeviceId::new(new.state.kind(), new.random);
    if devices.iter().any(|device| device.id == id) {
        return Err(Refusal::IdTaken);
    }
    let label = match new.label {
        Some(label) => label,
        None => free_label(new.state.kind(), devices).ok_or(Refusal::TooManyDevices)?,
    };
    if let Some(same) = devices.iter().find(|device| device.label == label) {
        return Err(Refusal::LabelTaken(same.id.clone()));
    }
    let kind = new.state.with_secret(new.secret);
    Ok(Device { id, label, confirmed: false, created: now, last_used: None, kind })
}

/// `totp`, or `totp 2` where that is taken, and so on.
fn free_label(kind: &str, devices: &[Device]) -> Option<Label> {
    let numbered = (2..=MAX_DEVICES).map(|number| format!("{kind} {number}"));
    std::iter::once(kind.to_owned())
        .chain(numbered)
        .filter_map(|text| Label::parse(&text).ok())
        .find(|label| devices.iter().all(|device| device.label != *label))
}

/// Confirms a device by a code of it, which is spent thereby: it never logs anybody in as well.
/// A wrong code counts as a failure in the caller's lane.
pub fn confirm(
    account: &Account,
    name: &str,
    code: &Code,
    origin: &Origin,
    policy: &ThrottlePolicy,
    now: UnixTime,
) -> Decision<Result<DeviceSummary, Verified>> {
    let device = match account.find(name) {
        Ok(device) if device.confirmed => {
            return Decision::Unchanged(Refusal::AlreadyConfirmed(device.id.clone()));
        }
        Ok(device) => device,
        Err(refusal) => return Decision::Unchanged(refusal),
    };
    let lane = match origin {
        Origin::Own => Lane::Own,
        Origin::Local | Origin::Address(_) | Origin::Named => Lane::Local,
    };
    let held = |refusal| Err(Verified::Held(refusal));
    let permit = match admitted(account, lane, policy, now, held) {
        Ok(permit) => permit,
        Err(decision) => return decision,
    };
    match device.probe(code, now) {
        Probe::Match(state) => {
            let after = permit.succeeded();
            Decision::Change(confirmed(account, device, &state, (lane, after), now))
        }
        Probe::Used => Decision::Unchanged(Refusal::Used(
            device.id.clone(),
            device.label.clone(),
            until_next(device, now),
        )),
        Probe::NoMatch(_) => {
            let state = permit.failed(now);
            let wait = state.open_at(policy, now).map_or(Seconds(0), |open| open.since(now));
            let (failures, locked) = (state.failures, state.locked.is_some());
            let wrong = Verified::Wrong { lane, failures, wait, locked, clock_behind: None };
            let list = vec![Change::Lane(lane, state)];
            let changes = Changes { account: account.name.clone(), list };
            Decision::Change(Transition::new(changes, Err(wrong)))
        }
    }
}

fn confirmed(
    account: &Account,
    device: &Device,
    state: &KindState,
    (lane, after): (Lane, crate::LaneState),
    now: UnixTime,
) -> Transition<Result<DeviceSummary, Verified>> {
    let summary = DeviceSummary {
        confirmed: true,
        last_used: Some(now),
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
    let mut list = vec![Change::Head { uid: account.uid, enrolled: true }, moved, event(kind, now)];
    if after != account.lane(lane) {
        list.push(Change::Lane(lane, after));
    }
    Transition::new(Changes { account: account.name.clone(), list }, Ok(summary))
}

/// Removes a device. The account stays enrolled: an account without a device lets nobody in.
pub fn remove(account: &Account, name: &str, now: UnixTime) -> Decision<DeviceSummary> {
    let device = match account.find(name) {
        Ok(device) => device,
        Err(refusal) => return Decision::Unchanged(refusal),
    };
    let kind = EventKind::Removed { device: device.id.to_string() };
    let list = vec![Change::Drop(device.id.clone()), event(kind, now)];
    let changes = Changes { account: account.name.clone(), list };
    Decision::Change(Transition::new(changes, device.summary()))
}

/// Clears failures and locks in every lane. The outcome is how many lanes had any.
pub fn forget_failures(account: &Account, now: UnixTime) -> Decision<usize> {
    if account.lanes.is_empty() {
        return Decision::Unchanged(Refusal::NothingToUnlock);
    }
    let mut list: Vec<Change> =
        account.lanes.keys().map(|lane| Change::Lane(*lane, crate::LaneState::default())).collect();
    let count = list.len();
    list.push(event(EventKind::Unlocked, now));
    Decision::Change(Transition::new(Changes { account: account.name.clone(), list }, count))
}

fn event(kind: EventKind, at: UnixTime) -> Change {
    Change::Event(Event { at, kind })
}
