//! Decisions about recovery codes: they are made anew as a whole, and nothing else is touched.

use crate::{
    Account, Asking, Change, Changed, CodeHash, Decision, Device, DeviceId, DeviceSummary,
    EventKind, Kind, Label, Refusal, Uid, UserName,
    device::{KindState, RecoveryState},
    enrol::{MAX_DEVICES, free_label},
    warrant::Draft,
};

/// Recovery codes to be kept.
pub struct NewCodes {
    /// The set that they take the place of, by id or label; none: the only one there is, or else a
    /// new set.
    pub device: Option<String>,
    /// What people will call a new set; none: `recovery`.
    pub label: Option<Label>,
    /// The hashes.
    pub codes: Vec<CodeHash>,
    /// Random bytes for the id of a new set.
    pub random: [u8; 4],
}

/// Keeps new recovery codes. Those of the set before them count no more, not even as used.
pub fn renew_recovery(
    account: Option<&Account>,
    name: &UserName,
    uid: Uid,
    new: NewCodes,
    asking: &Asking<'_>,
) -> Decision<Changed<DeviceSummary>> {
    let draft = set(account, new, asking).map(|(device, former)| {
        let outcome = device.summary();
        let codes = match &outcome.state {
            KindState::Recovery(state) => state.left(),
            KindState::Totp(_) | KindState::Hotp(_) | KindState::Message(_) => 0,
        };
        let kind = EventKind::RecoveryMade { device: outcome.id.to_string(), codes };
        let mut list = vec![Change::Head { uid: Some(uid), enrolled: true }];
        list.extend(former.map(Change::Drop));
        list.extend([Change::Add(device), asking.event(kind)]);
        Draft { list, outcome }
    });
    asking.decide(name, account, draft)
}

/// The set as it will be, and which one goes for it.
fn set(
    account: Option<&Account>,
    new: NewCodes,
    asking: &Asking<'_>,
) -> Result<(Device, Option<DeviceId>), Refusal> {
    let NewCodes { device, label, codes, random } = new;
    let devices = account.map_or(&[][..], |account| &account.devices);
    let former = former(account, device.as_deref(), label.as_ref())?;
    let kind = Kind::Recovery(RecoveryState::new(codes));
    if let Some(former) = former {
        let set = Device {
            id: former.id.clone(),
            label: former.label.clone(),
            confirmed: true,
            created: asking.now,
            last_used: None,
            replaces: None,
            kind,
        };
        return Ok((set, Some(former.id.clone())));
    }
    let places = devices.iter().filter(|device| device.replaces.is_none()).count();
    if places >= MAX_DEVICES {
        return Err(Refusal::TooManyDevices);
    }
    let id = DeviceId::new(RecoveryState::KIND, random);
    if devices.iter().any(|other| other.id == id) {
        return Err(Refusal::IdTaken);
    }
    let label = match label {
        Some(label) => label,
        None => free_label(RecoveryState::KIND, &devices.iter().collect::<Vec<_>>())
            .ok_or(Refusal::TooManyDevices)?,
    };
    if let Some(same) = devices.iter().find(|other| other.label == label) {
        return Err(Refusal::LabelTaken(same.id.clone()));
    }
    let (confirmed, created, last_used, replaces) = (true, asking.now, None, None);
    Ok((Device { id, label, confirmed, created, last_used, replaces, kind }, None))
}

/// The set that is meant: the one named, or the only one, unless a label asks for a further one.
fn former<'a>(
    account: Option<&'a Account>,
    device: Option<&str>,
    label: Option<&Label>,
) -> Result<Option<&'a Device>, Refusal> {
    let is_set = |device: &&Device| match device.kind {
        Kind::Recovery(_) => true,
        Kind::Totp(..) | Kind::Hotp(..) | Kind::Message(..) => false,
    };
    match (account, device) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(Refusal::UnknownDevice),
        (Some(account), Some(name)) => {
            let named = account.find(name)?;
            is_set(&named).then_some(Some(named)).ok_or(Refusal::WrongKind(named.id.clone()))
        }
        (Some(_), None) if label.is_some() => Ok(None),
        (Some(account), None) => {
            let sets: Vec<&Device> = account.devices.iter().filter(is_set).collect();
            match sets.as_slice() {
                [] => Ok(None),
                [only] => Ok(Some(only)),
                several => Err(Refusal::AmbiguousDevice(
                    several.iter().map(|device| device.id.clone()).collect(),
                )),
            }
        }
    }
}
