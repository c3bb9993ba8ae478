//! Whether a code lets somebody in. One attempt is one attempt: the code is tried against every
//! confirmed device and spent on each that it matches; a failure counts once, in one lane.

use std::net::IpAddr;

use crate::{
    Account, Admission, Beside, ByPass, Change, Changes, Decision, Device, DeviceId, Event,
    EventKind, KNOWN_ADDRESSES, Label, Lane, LaneState, Matched, Offer, Pass, Passed, Permit,
    Refusal, Seconds, ThrottlePolicy, TokenChange, Transition, UnixTime,
    device::{Hint, KindState, Probe},
    event::noted,
    invitation::ended,
    pass,
};

/// Where an attempt comes from, as far as the caller can be believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// From a process of a uid other than 0, about its own user.
    Own,
    /// From a service on this machine, without a remote host.
    Local,
    /// From a remote host with this numeric address.
    Address(IpAddr),
    /// From a remote host of which only a name is known, which anybody who runs a resolver can
    /// choose.
    Named,
    /// From an application that speaks for somebody who may be anywhere.
    Application,
}

impl Origin {
    /// Reads what a service running as root says of its remote host.
    pub fn of_host(host: &str) -> Self {
        match host.parse::<IpAddr>() {
            _ if host.is_empty() => Self::Local,
            Ok(address) => Self::Address(address.to_canonical()),
            Err(_) => Self::Named,
        }
    }

    /// In which lane of an account a failure from here counts.
    pub fn lane(&self, account: &Account, now: UnixTime) -> Lane {
        match self {
            Self::Own => Lane::Own,
            Self::Local => Lane::Local,
            Self::Address(address) if account.knows(*address, now) => Lane::Known,
            Self::Address(_) | Self::Named | Self::Application => Lane::Remote,
        }
    }
}

/// An attempt to be let in.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// What was typed.
    pub offer: &'a Offer,
    /// The one device that is asked, by id or label; none: every one.
    pub device: Option<&'a str>,
    /// The kinds of devices that may be asked; none: all.
    pub kinds: Option<&'a [String]>,
    /// Where it comes from.
    pub origin: &'a Origin,
    /// The PAM service, for the account's log.
    pub service: &'a str,
    /// The remote host, for the account's log.
    pub from: &'a str,
}

impl Attempt<'_> {
    fn may_ask(&self, device: &Device) -> bool {
        self.kinds.is_none_or(|kinds| kinds.iter().any(|kind| kind == device.kind.name()))
    }
}

/// What became of an attempt that was looked at, or not.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verified {
    /// The code was right and is spent.
    Accepted {
        /// The first device that it matched.
        device: DeviceId,
        /// That device's label.
        label: Label,
        /// Where on that device it was found.
        matched: Matched,
        /// Other devices on which it was spent too.
        also: Vec<DeviceId>,
        /// How many attempts had failed since the login before.
        failures: u32,
    },
    /// It was the key of a pass, which is used up.
    Passed(Box<Passed>),
    /// No code matched, and the failure is counted.
    Wrong {
        /// In which lane.
        lane: Lane,
        /// How many failures in a row that makes.
        failures: u32,
        /// How long the next attempt must wait.
        wait: Seconds,
        /// Whether this failure locked the lane.
        locked: bool,
        /// A device that has accepted a later code than the clock allows now: it was set back.
        clock_behind: Option<DeviceId>,
        /// A device that made this code, but too far out to count: its next one will.
        noted: Option<DeviceId>,
    },
    /// The throttle refused and its state was anchored to a clock that had been set back.
    Held(Refusal),
}

/// What a code is shown for.
#[derive(Clone, Copy)]
enum Purpose<'a> {
    /// To be let in, by a pass too where it is asked; whoever is hears what has failed since the last
    /// time.
    Login(ByPass<'a>),
    /// To prove who asks for a change; nobody hears anything.
    Proof,
}

/// Decides an attempt against an account whose uid has been found to be the user's.
pub fn attempt(
    account: &Account,
    attempt: &Attempt<'_>,
    policy: &ThrottlePolicy,
    now: UnixTime,
) -> Decision<Verified> {
    attempt_with(account, attempt, ByPass::NotAsked, policy, now)
}

/// The same where a pass may let in.
pub fn attempt_with(
    account: &Account,
    attempt: &Attempt<'_>,
    pass: ByPass<'_>,
    policy: &ThrottlePolicy,
    now: UnixTime,
) -> Decision<Verified> {
    attempt_for(Purpose::Login(pass), account, attempt, policy, now)
}

impl<'a> Purpose<'a> {
    const fn pass(self) -> ByPass<'a> {
        match self {
            Self::Login(pass) => pass,
            Self::Proof => ByPass::NotAsked,
        }
    }
}

/// The same for a code that proves who asks for a change.
pub(crate) fn prove(
    account: &Account,
    attempt: &Attempt<'_>,
    policy: &ThrottlePolicy,
    now: UnixTime,
) -> Decision<Verified> {
    attempt_for(Purpose::Proof, account, attempt, policy, now)
}

fn attempt_for(
    purpose: Purpose<'_>,
    account: &Account,
    attempt: &Attempt<'_>,
    policy: &ThrottlePolicy,
    now: UnixTime,
) -> Decision<Verified> {
    let askable = account.confirmed().any(|device| attempt.may_ask(device));
    if !askable && !purpose.pass().is_asked() {
        return Decision::Unchanged(Refusal::NotEnrolled);
    }
    let only = match attempt.device.map(|name| account.find(name)).transpose() {
        Ok(only) => only,
        Err(refusal) => return Decision::Unchanged(refusal),
    };
    let lane = attempt.origin.lane(account, now);
    match admitted(account, lane, policy, now, Verified::Held) {
        Ok(permit) => verify((permit, purpose), account, attempt, only, policy, now),
        Err(decision) => decision,
    }
}

/// Asks the throttle. What it refuses changes nothing, unless the clock was set back: then the lane
/// is anchored to the present, and `held` makes the outcome of it.
pub(crate) fn admitted<O>(
    account: &Account,
    lane: Lane,
    policy: &ThrottlePolicy,
    now: UnixTime,
    held: impl FnOnce(Refusal) -> O,
) -> Result<Permit, Decision<O>> {
    match account.lane(lane).admit(lane, policy, now) {
        Admission::Permitted(permit) => Ok(permit),
        Admission::Refused { refusal, anchored: None } => Err(Decision::Unchanged(refusal)),
        Admission::Refused { refusal, anchored: Some(state) } => {
            let list = vec![Change::Lane(lane, state)];
            let changes = Changes::of(&account.name, list);
            Err(Decision::Change(Transition::new(changes, held(refusal))))
        }
    }
}

fn verify(
    (permit, purpose): (Permit, Purpose<'_>),
    account: &Account,
    attempt: &Attempt<'_>,
    only: Option<&Device>,
    policy: &ThrottlePolicy,
    now: UnixTime,
) -> Decision<Verified> {
    // Every device is looked at, so that time does not tell which one it was; and a code is spent
    // on every one that it matches, also where one alone was asked.
    let asked = account.confirmed().filter(|device| attempt.may_ask(device));
    let probes: Vec<(&Device, Probe)> =
        asked.map(|device| (device, device.probe(attempt.offer, now))).collect();
    if let Some((device, _)) = probes.iter().find(|(_, probe)| *probe == Probe::Used) {
        let wait = until_next(device, now);
        return Decision::Unchanged(Refusal::Used(device.id.clone(), device.label.clone(), wait));
    }
    let mut hits: Vec<Hit<'_>> = probes.iter().filter_map(Hit::of).collect();
    if let Some(only) = only {
        match hits.iter().position(|hit| hit.device.id == only.id) {
            Some(asked) => hits.swap(0, asked),
            // Right for another device only: as wrong as any other.
            None => hits.clear(),
        }
    }
    let pass = purpose.pass().counting(account, attempt, now);
    match (hits.split_first(), pass) {
        (Some(hits), pass) => accept((permit, purpose), account, attempt, hits, pass, now),
        (None, Some(pass)) => let_pass((permit, purpose), account, attempt, pass, now),
        (None, None) => fail(permit, account, attempt, &probes, policy, now),
    }
}

/// A device that has the code, and what becomes of it.
struct Hit<'a> {
    device: &'a Device,
    state: &'a KindState,
    matched: Matched,
}

impl<'a> Hit<'a> {
    fn of((device, probe): &'a (&'a Device, Probe)) -> Option<Self> {
        match probe {
            Probe::Match(state, matched) => Some(Self { device, state, matched: *matched }),
            Probe::Used | Probe::NoMatch { .. } => None,
        }
    }

    fn moved(&self, now: UnixTime) -> Change {
        moved(self.device, self.state, now)
    }
}

fn accept(
    (permit, purpose): (Permit, Purpose<'_>),
    account: &Account,
    attempt: &Attempt<'_>,
    (first, others): (&Hit<'_>, &[Hit<'_>]),
    pass: Option<&Pass>,
    now: UnixTime,
) -> Decision<Verified> {
    let mut list = vec![first.moved(now)];
    list.extend(others.iter().map(|hit| hit.moved(now)));
    let lane = permit.lane();
    list.extend(lanes_after(account, (lane, permit.succeeded()), purpose));
    if let Origin::Address(address) = attempt.origin {
        list.extend(remember(account, *address, now));
    }
    let also: Vec<DeviceId> = others.iter().map(|hit| hit.device.id.clone()).collect();
    let spent = std::iter::once(&first.device.id).chain(&also).map(ToString::to_string).collect();
    let kind = EventKind::Accepted {
        lane,
        service: noted(attempt.service),
        from: noted(attempt.from),
        devices: spent,
    };
    list.push(Change::Event(Event { at: now, kind }));
    let outcome = Verified::Accepted {
        device: first.device.id.clone(),
        label: first.device.label.clone(),
        matched: first.matched,
        also,
        failures: untold(account),
    };
    // The same digits as a pass has: they are not right a second time.
    let beside: Vec<Beside> = pass.into_iter().map(|pass| pass::spend(pass, now)).collect();
    let changes = Changes { beside, ..Changes::of(&account.name, list) };
    Decision::Change(Transition::new(changes, outcome))
}

fn let_pass(
    (permit, purpose): (Permit, Purpose<'_>),
    account: &Account,
    attempt: &Attempt<'_>,
    pass: &Pass,
    now: UnixTime,
) -> Decision<Verified> {
    let lane = permit.lane();
    let list = lanes_after(account, (lane, permit.succeeded()), purpose);
    pass::accept(account, attempt, pass, (lane, list), (untold(account), now))
}

/// How many attempts have failed since a login succeeded.
fn untold(account: &Account) -> u32 {
    let failures = account.failures_since_login();
    failures.iter().fold(0, |sum, (_, count)| sum.saturating_add(*count))
}

/// The lanes as an accepted code leaves them: a login has been told of what failed before, in all
/// of them.
fn lanes_after(
    account: &Account,
    (lane, after): (Lane, LaneState),
    purpose: Purpose<'_>,
) -> Vec<Change> {
    let others = account.lanes.iter().filter(|(other, _)| **other != lane);
    let others = others.map(|(other, state)| (*other, state.clone()));
    let told = others.chain([(lane, after)]).map(|(lane, state)| match purpose {
        Purpose::Login(_) => (lane, state.told()),
        Purpose::Proof => (lane, state),
    });
    let moved = told.filter(|(lane, state)| account.lane(*lane) != *state);
    moved.map(|(lane, state)| Change::Lane(lane, state)).collect()
}

fn fail(
    permit: Permit,
    account: &Account,
    attempt: &Attempt<'_>,
    probes: &[(&Device, Probe)],
    policy: &ThrottlePolicy,
    now: UnixTime,
) -> Decision<Verified> {
    let lane = permit.lane();
    let state = permit.failed(now);
    let locked = state.locked.is_some();
    let wait = state.open_at(policy, now).map_or(Seconds(0), |open| open.since(now));
    let behind = |probe: &Probe| matches!(probe, Probe::NoMatch { hint: Hint::ClockBehind, .. });
    let clock_behind =
        probes.iter().find(|(_, probe)| behind(probe)).map(|(device, _)| device.id.clone());
    let candidates: Vec<(&DeviceId, &KindState)> = probes
        .iter()
        .filter_map(|(device, probe)| match probe {
            Probe::NoMatch { candidate: Some(state), .. } => Some((&device.id, state)),
            Probe::NoMatch { candidate: None, .. } | Probe::Match(..) | Probe::Used => None,
        })
        .collect();
    let noted = candidates.first().map(|(device, _)| (*device).clone());
    let outcome =
        Verified::Wrong { lane, failures: state.failures, wait, locked, clock_behind, noted };
    let kind = EventKind::wrong(lane, attempt.service, attempt.from, locked, now);
    let mut list = vec![Change::Lane(lane, state), Change::Event(Event { at: now, kind })];
    if locked {
        list.push(Change::Tokens(TokenChange::EndAll));
    }
    if locked && lane == Lane::Own {
        list.extend(ended(account));
    }
    list.extend(candidates.into_iter().map(|(device, state)| Change::Note {
        device: device.clone(),
        state: state.clone(),
        confirmed: true,
    }));
    Decision::Change(Transition::new(Changes::of(&account.name, list), outcome))
}

pub(crate) fn moved(device: &Device, state: &KindState, now: UnixTime) -> Change {
    Change::Move {
        device: device.id.clone(),
        state: state.clone(),
        used: now,
        confirmed: device.confirmed,
    }
}

/// Keeps the address, and the oldest ones only as far as there is room.
fn remember(account: &Account, address: IpAddr, now: UnixTime) -> Vec<Change> {
    let mut others: Vec<_> =
        account.addresses.iter().filter(|known| known.address != address).collect();
    others.sort_by_key(|known| known.seen);
    let surplus = (others.len() + 1).saturating_sub(KNOWN_ADDRESSES);
    let mut changes = vec![Change::Seen(address, now)];
    changes.extend(others.iter().take(surplus).map(|known| Change::Forget(known.address)));
    changes
}

/// How long until a device shows another code; zero where its owner can ask for one.
pub(crate) fn until_next(device: &Device, now: UnixTime) -> Seconds {
    match device.state() {
        KindState::Totp(state) => {
            let period = u64::from(state.period.as_secs());
            Seconds(period - now.as_secs() % period)
        }
        KindState::Hotp(_) | KindState::Recovery(_) | KindState::Message(_) => Seconds(0),
    }
}

#[cfg(test)]
mod tests;
