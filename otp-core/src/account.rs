//! An account: what is known of one user, as the store gave it.

use std::{collections::BTreeMap, net::IpAddr};

use crate::{
    Device, DeviceId, Exemption, Invitation, Lane, LaneState, Refusal, Remembered, Seconds, Uid,
    UnixTime, UserName,
};

/// How many remote addresses an account keeps.
pub const KNOWN_ADDRESSES: usize = 8;

/// How long an address counts as known after a success from it.
pub const KNOWN_FOR: Seconds = Seconds(30 * 86_400);

/// A user's devices, throttle and addresses.
pub struct Account {
    /// The canonical name.
    pub name: UserName,
    /// The uid that it belongs to; none: a person of an application's, whom PAM never knows.
    pub uid: Option<Uid>,
    /// Whether a code is demanded. Set by the first confirmed device; only an administrator clears
    /// it, so that removing devices never opens the door.
    pub enrolled: bool,
    /// The devices in the order of their enrolment.
    pub devices: Vec<Device>,
    /// The lanes in which something has failed.
    pub lanes: BTreeMap<Lane, LaneState>,
    /// Where successes came from, the latest last.
    pub addresses: Vec<KnownAddress>,
    /// An administrator's word that its owner may enroll a device without a code.
    pub invitation: Option<Invitation>,
    /// Logins that need no code again for a while, in the order of their numbers.
    pub remembered: Vec<Remembered>,
    /// An administrator's word that its owner logs in without a code for a while.
    pub exemption: Option<Exemption>,
}

/// A remote address from which a login succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownAddress {
    /// The address; an IPv4 address is never kept in its IPv6 form.
    pub address: IpAddr,
    /// When it last succeeded.
    pub seen: UnixTime,
}

impl Account {
    /// An account without anything.
    pub fn new(name: UserName, uid: Uid) -> Self {
        Self { uid: Some(uid), ..Self::of_application(name) }
    }

    /// An account without anything, of a person of an application's.
    pub fn of_application(name: UserName) -> Self {
        Self {
            name,
            uid: None,
            enrolled: false,
            devices: Vec::new(),
            lanes: BTreeMap::new(),
            addresses: Vec::new(),
            invitation: None,
            remembered: Vec::new(),
            exemption: None,
        }
    }

    /// The devices that can log somebody in.
    pub fn confirmed(&self) -> impl Iterator<Item = &Device> {
        self.devices.iter().filter(|device| device.confirmed)
    }

    /// Whether a login without a code may be thought of: never once a device was confirmed.
    pub fn demands_code(&self) -> bool {
        self.enrolled || self.confirmed().next().is_some()
    }

    /// The state of a lane; clear where nothing has failed.
    pub fn lane(&self, lane: Lane) -> LaneState {
        self.lanes.get(&lane).cloned().unwrap_or_default()
    }

    /// How many attempts failed since a login last succeeded, by lane, for the next one to show.
    /// What was not looked at, because of a wait or a lock, is not among them.
    pub fn failures_since_login(&self) -> Vec<(Lane, u32)> {
        let failed = self.lanes.iter().map(|(lane, state)| (*lane, state.since_login()));
        failed.filter(|(_, failures)| *failures > 0).collect()
    }

    /// Whether a login from `address` succeeded within [`KNOWN_FOR`].
    pub fn knows(&self, address: IpAddr, now: UnixTime) -> bool {
        self.addresses
            .iter()
            .any(|known| known.address == address && now.since(known.seen) < KNOWN_FOR)
    }

    /// Finds a device by id or by a label that only one device has.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub fn find(&self, name: &str) -> Result<&Device, Refusal> {
        if let Some(device) = self.devices.iter().find(|device| device.id.as_str() == name) {
            return Ok(device);
        }
        // One that is to take another's place has its label already, and is not meant yet.
        one(self.devices.iter().filter(|device| device.replaces.is_none()), name)
    }

    /// Finds a device that waits for its confirming code: by id, or by a label that only one such
    /// device has.
    ///
    /// # Errors
    /// When there is none, or more than one, or it is confirmed already.
    pub fn find_unconfirmed(&self, name: &str) -> Result<&Device, Refusal> {
        if let Some(device) = self.devices.iter().find(|device| device.id.as_str() == name) {
            return unconfirmed(device);
        }
        match one(self.devices.iter().filter(|device| !device.confirmed), name) {
            Err(Refusal::UnknownDevice) => unconfirmed(self.find(name)?),
            other => other,
        }
    }
}

fn unconfirmed(device: &Device) -> Result<&Device, Refusal> {
    if device.confirmed { Err(Refusal::AlreadyConfirmed(device.id.clone())) } else { Ok(device) }
}

fn one<'a>(devices: impl Iterator<Item = &'a Device>, label: &str) -> Result<&'a Device, Refusal> {
    let named: Vec<&Device> = devices.filter(|device| device.label.as_str() == label).collect();
    match named.as_slice() {
        [] => Err(Refusal::UnknownDevice),
        [device] => Ok(device),
        several => Err(Refusal::AmbiguousDevice(ids(several))),
    }
}

fn ids(devices: &[&Device]) -> Vec<DeviceId> {
    devices.iter().map(|device| device.id.clone()).collect()
}
