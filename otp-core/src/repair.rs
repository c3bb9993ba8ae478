//! Decisions about what is there already: rename, remove, resynchronise, unlock.

use crate::{
    Account, Asking, Change, Changed, Changes, Code, Decision, Device, DeviceSummary, EventKind,
    Label, Lane, LaneState, Origin, Refusal, Transition, Verified,
    enrol::{failed, lane},
    verify::{admitted, moved},
    warrant::Draft,
};

/// Gives a device another label.
pub fn rename(
    account: &Account,
    name: &str,
    label: &Label,
    asking: &Asking<'_>,
) -> Decision<Changed<DeviceSummary>> {
    asking.decide(&account.name, Some(account), renamed(account, name, label, asking))
}

fn renamed(
    account: &Account,
    name: &str,
    label: &Label,
    asking: &Asking<'_>,
) -> Result<Draft<DeviceSummary>, Refusal> {
    let device = account.find(name)?;
    // What is to take its place is called as it is.
    let together = |other: &&crate::Device| {
        other.id == device.id || other.replaces.as_ref() == Some(&device.id)
    };
    let mut others = account.devices.iter().filter(|other| !together(other));
    if let Some(same) = others.find(|other| other.label == *label) {
        return Err(Refusal::LabelTaken(same.id.clone()));
    }
    let (id, text) = (device.id.to_string(), label.to_string());
    let mut list: Vec<Change> = account
        .devices
        .iter()
        .filter(together)
        .map(|device| Change::Rename(device.id.clone(), label.clone()))
        .collect();
    list.push(asking.event(EventKind::Renamed { device: id, label: text }));
    Ok(Draft { list, outcome: DeviceSummary { label: label.clone(), ..device.summary() } })
}

/// Whether the last device that makes codes may be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastDevice {
    /// It may.
    Goes,
    /// It may not: without it its owner is let in by nobody but an administrator.
    Stays,
}

/// Removes a device. The account stays enrolled: an account without a device lets nobody in.
pub fn remove(
    account: &Account,
    name: &str,
    last: LastDevice,
    asking: &Asking<'_>,
) -> Decision<Changed<DeviceSummary>> {
    let draft = account.find(name).and_then(|device| {
        if last == LastDevice::Stays && is_last(account, device) {
            return Err(Refusal::LastDevice(device.id.clone()));
        }
        let kind = EventKind::Removed { device: device.id.to_string() };
        let mut list = vec![Change::Drop(device.id.clone()), asking.event(kind)];
        // What was to take its place has none to take.
        let heirs =
            account.devices.iter().filter(|heir| heir.replaces.as_ref() == Some(&device.id));
        list.extend(heirs.map(|heir| Change::Drop(heir.id.clone())));
        Ok(Draft { list, outcome: device.summary() })
    });
    asking.decide(&account.name, Some(account), draft)
}

/// Codes on paper are for the day on which this one is lost: they make no second.
fn is_last(account: &Account, device: &Device) -> bool {
    let lasting = |device: &&Device| device.own_part().is_some();
    let mut makers = account.confirmed().filter(lasting);
    makers.any(|maker| maker.id == device.id) && account.confirmed().filter(lasting).count() == 1
}

/// Two codes that a device showed one after the other.
#[derive(Clone, Copy, Debug)]
pub struct TwoCodes<'a> {
    /// The earlier one.
    pub first: &'a Code,
    /// The one right after it.
    pub second: &'a Code,
}

/// Moves a confirmed device to where two consecutive codes show that it is, further out than a
/// login looks. They are the warrant, and are spent. Two that are not found are one failure.
pub fn resync(
    account: &Account,
    name: &str,
    codes: TwoCodes<'_>,
    origin: &Origin,
    asking: &Asking<'_>,
) -> Decision<Changed<DeviceSummary>> {
    let device = match account.find(name) {
        Ok(device) if device.secret().is_none() => {
            return Decision::Unchanged(Refusal::WrongKind(device.id.clone()));
        }
        Ok(device) if !device.confirmed => return Decision::Unchanged(Refusal::NotEnrolled),
        Ok(device) => device,
        Err(refusal) => return Decision::Unchanged(refusal),
    };
    let Asking { policy, now, .. } = *asking;
    let lane = lane(origin);
    let held = |refusal| Err(Verified::Held(refusal));
    let permit = match admitted(account, lane, policy, now, held) {
        Ok(permit) => permit,
        Err(decision) => return decision,
    };
    match device.resync((codes.first, codes.second), now) {
        Some((state, _)) => {
            let kind = EventKind::Resynchronised { device: device.id.to_string() };
            let mut list = vec![moved(device, &state, now), asking.event(kind)];
            let after = permit.succeeded();
            if after != account.lane(lane) {
                list.push(Change::Lane(lane, after));
            }
            let outcome = DeviceSummary { state, last_used: Some(now), ..device.summary() };
            let changes = Changes::of(&account.name, list);
            Decision::Change(Transition::new(changes, Ok(outcome)))
        }
        None => {
            let state = permit.failed(now);
            Decision::Change(failed(account, lane, state, asking).map_outcome(Err))
        }
    }
}

/// Clears failures and locks in every lane. The outcome is what was there.
pub fn forget_failures(
    account: &Account,
    asking: &Asking<'_>,
) -> Decision<Changed<Vec<(Lane, LaneState)>>> {
    let failed = account.lanes.iter().filter(|(_, state)| state.has_failed());
    let outcome: Vec<_> = failed.map(|(lane, state)| (*lane, state.clone())).collect();
    let draft = if outcome.is_empty() {
        Err(Refusal::NothingToUnlock)
    } else {
        let cleared = outcome.iter().map(|(lane, state)| Change::Lane(*lane, state.forgiven()));
        let list = cleared.chain([asking.event(EventKind::Unlocked)]).collect();
        Ok(Draft { list, outcome })
    };
    asking.decide(&account.name, Some(account), draft)
}
