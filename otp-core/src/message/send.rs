//! Whether a code is sent: to which device, if the throttle lets anybody in at all and the limits
//! allow it. A code is recorded before it is sent, so that nothing is sent that does not count; and
//! sending one forgives no failure.

use std::fmt;

use super::{Address, CODE_VALID, SendLimits, SendTally, Tally, counted};
use crate::{
    Account, Change, Changes, Code, Decision, Device, DeviceId, DeviceSummary, Event, EventKind,
    Kind, Label, Origin, Refusal, Seconds, ThrottlePolicy, Transition, UnixTime,
    device::{KindState, MessageState, RecoveryState},
    event::noted,
    verify::admitted,
};

/// A code that somebody wants.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// To which device.
    pub to: SendTo<'a>,
    /// The kinds of devices that may be used; none: all.
    pub kinds: Option<&'a [String]>,
    /// Where the request comes from.
    pub origin: &'a Origin,
    /// The PAM service, for the account's log.
    pub service: &'a str,
    /// The remote host, for the account's log.
    pub from: &'a str,
}

/// To which device.
#[derive(Clone, Copy, Debug)]
pub enum SendTo<'a> {
    /// This one, by id or label, confirmed or not.
    Device(&'a str),
    /// A confirmed one of this channel.
    Channel(&'a str),
    /// The confirmed one, if its owner has nothing else that makes codes.
    Only,
}

/// How often anything was sent.
pub struct Counts<'a> {
    /// What the administrator allows.
    pub limits: &'a SendLimits,
    /// To a device's address, by the device: what was seen of it.
    pub addresses: Vec<(DeviceId, Tally, SendTally)>,
    /// For the account, and in all.
    pub others: Vec<(Tally, SendTally)>,
}

/// A code that is recorded and can be sent.
pub struct Posted {
    /// The device.
    pub device: DeviceId,
    /// What people call it.
    pub label: Label,
    /// By which channel.
    pub channel: String,
    /// To where.
    pub address: Address,
    /// For how long the code counts.
    pub valid: Seconds,
}

/// Records a code and counts it, or says why nothing is sent. Where the throttle anchored a lane to
/// a clock that was set back, the refusal is the outcome.
pub fn send(
    account: &Account,
    request: &Request<'_>,
    code: &Code,
    counts: &Counts<'_>,
    (policy, now): (&ThrottlePolicy, UnixTime),
) -> Decision<Result<Posted, Refusal>> {
    let (device, recipient, state) = match chosen(account, request) {
        Ok(Chosen { device, recipient, state }) => (device, recipient, state),
        Err(refusal) => return Decision::Unchanged(refusal),
    };
    let lane = request.origin.lane(account, now);
    // The permit is for this look alone: what comes of the code asks the throttle anew.
    if let Err(decision) = admitted(account, lane, policy, now, Err) {
        return decision;
    }
    let recorded = recorded(device, recipient, state, (code, counts, now));
    let (state, beside) = match recorded {
        Ok(recorded) => recorded,
        Err(refusal) => return Decision::Unchanged(refusal),
    };
    let address = recipient.address().duplicate();
    let kind = EventKind::Sent {
        device: device.id.to_string(),
        address: address.masked(),
        lane,
        service: noted(request.service),
        from: noted(request.from),
    };
    let sent = Change::Sent {
        device: device.id.clone(),
        state: KindState::Message(state.clone()),
        confirmed: device.confirmed,
        replaces: device.replaces.clone(),
    };
    let list = vec![sent, Change::Event(Event { at: now, kind })];
    let changes = Changes { beside, ..Changes::of(&account.name, list) };
    let (id, label) = (device.id.clone(), device.label.clone());
    let posted = Posted { device: id, label, channel: state.channel, address, valid: CODE_VALID };
    Decision::Change(Transition::new(changes, Ok(posted)))
}

type Recorded = (MessageState, Vec<crate::Beside>);

fn recorded(
    device: &Device,
    recipient: &crate::device::Recipient,
    state: &MessageState,
    (code, counts, now): (&Code, &Counts<'_>, UnixTime),
) -> Result<Recorded, Refusal> {
    let hash = recipient.hash(code).ok_or(Refusal::NotEnrolled)?;
    let state = state.sending(hash, counts.limits, now)?;
    // An address that nobody counted was put there since the counts were asked for.
    let own = counts.addresses.iter().find(|(id, ..)| *id == device.id);
    let (_, tally, seen) = own.ok_or_else(|| Refusal::WrongKind(device.id.clone()))?;
    let others = counts.others.iter().map(|(tally, seen)| (tally, seen.clone()));
    let all = std::iter::once((tally, seen.clone())).chain(others);
    Ok((state, counted(all, counts.limits, now)?))
}

struct Chosen<'a> {
    device: &'a Device,
    recipient: &'a crate::device::Recipient,
    state: &'a MessageState,
}

impl<'a> Chosen<'a> {
    fn of(device: &'a Device) -> Option<Self> {
        match &device.kind {
            Kind::Message(recipient, state) => Some(Self { device, recipient, state }),
            Kind::Totp(..) | Kind::Hotp(..) | Kind::Recovery(_) => None,
        }
    }
}

fn chosen<'a>(account: &'a Account, request: &Request<'_>) -> Result<Chosen<'a>, Refusal> {
    let message = |kind: &String| kind == MessageState::KIND;
    if !request.kinds.is_none_or(|kinds| kinds.iter().any(message)) {
        return Err(Refusal::NotEnrolled);
    }
    let mut confirmed: Vec<Chosen<'a>> = account.confirmed().filter_map(Chosen::of).collect();
    // The one that was used last is at hand.
    confirmed.sort_by_key(|chosen| std::cmp::Reverse(chosen.device.last_used));
    let first = confirmed.into_iter();
    match request.to {
        SendTo::Device(name) => {
            let unconfirmed = account.find_unconfirmed(name);
            let device = unconfirmed.or_else(|_| account.find(name))?;
            Chosen::of(device).ok_or_else(|| Refusal::WrongKind(device.id.clone()))
        }
        SendTo::Channel(channel) => {
            let mut of_channel = first.filter(|chosen| chosen.state.channel == channel);
            of_channel.next().ok_or(Refusal::NotEnrolled)
        }
        SendTo::Only => {
            let summaries: Vec<DeviceSummary> =
                account.devices.iter().map(Device::summary).collect();
            let only = is_only_way(&summaries, request.kinds);
            let mut first = first;
            only.then(|| first.next()).flatten().ok_or(Refusal::NotEnrolled)
        }
    }
}

/// Whether messages are the only way in that these devices are, of these kinds: then one is sent
/// without being asked for. Codes on paper are for the day on which everything else is lost.
pub fn is_only_way(devices: &[DeviceSummary], kinds: Option<&[String]>) -> bool {
    let allowed = |kind: &str| kinds.is_none_or(|kinds| kinds.iter().any(|own| own == kind));
    let mut makers = devices
        .iter()
        .filter(|device| device.confirmed)
        .map(|device| device.state.kind())
        .filter(|kind| allowed(kind) && *kind != RecoveryState::KIND)
        .peekable();
    makers.peek().is_some() && makers.all(|kind| kind == MessageState::KIND)
}

impl fmt::Debug for Posted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Posted").field("device", &self.device).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
