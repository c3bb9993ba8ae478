//! Decisions about a device that is enrolled at the prompt of a login. Until that login as a whole
//! has succeeded, the device is nowhere in the records: whoever has no password may see a secret, and
//! make a code of it, that never counts. Once it has, device, recovery codes and the word that a code
//! is demanded from now on are one transition.
//!
//! It refuses whoever has a device: a login is no way to add one.

use zeroize::Zeroizing;

use crate::{
    Account, Algorithm, Change, Changed, Changes, CodeHash, Decision, Device, DeviceId,
    DeviceSummary, Digits, Event, EventKind, Kind, Label, Offer, Origin, Period, Refusal, Seconds,
    Secret, ThrottlePolicy, Transition, Uid, UnixTime, UserName, Verified,
    device::{KindState, Probe, RecoveryState, TotpState},
    event::noted,
    verify::admitted,
};

/// By what somebody may enroll at the prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entitled {
    /// By what the login has shown.
    Open,
    /// By the token of the invitation that is open.
    Invited,
    /// Not at all: there is a device.
    Enrolled,
    /// Not at all: the time for it is over, or never was, and nobody is invited.
    Closed,
}

/// By what somebody may enroll at the prompt, where that is open to everybody until `by`. Who was
/// enrolled once begins anew by an administrator's word alone.
pub fn entitled(account: Option<&Account>, by: Option<UnixTime>, now: UnixTime) -> Entitled {
    let invited = account.and_then(|account| account.invitation.as_ref());
    if account.is_some_and(|account| account.confirmed().next().is_some()) {
        Entitled::Enrolled
    } else if by.is_some_and(|by| now < by) && !account.is_some_and(Account::demands_code) {
        Entitled::Open
    } else if invited.is_some_and(|open| open.is_open(now)) {
        Entitled::Invited
    } else {
        Entitled::Closed
    }
}

/// Where a token was typed.
#[derive(Clone, Copy, Debug)]
pub struct Login<'a> {
    /// Where it comes from.
    pub origin: &'a Origin,
    /// The PAM service, for the account's log.
    pub service: &'a str,
    /// The remote host, for the account's log.
    pub from: &'a str,
}

/// Whether a token is the open invitation's.
pub fn invites(account: Option<&Account>, token: &CodeHash, now: UnixTime) -> bool {
    let open = account.and_then(|account| account.invitation.as_ref());
    open.is_some_and(|open| open.is_open(now) && open.token.same_as(token))
}

/// Looks at the token of an invitation that was typed at a prompt. A wrong one is a failure in the lane
/// of the login, whether it was one once or never.
pub fn shown(
    account: &Account,
    token: &CodeHash,
    login: &Login<'_>,
    policy: &ThrottlePolicy,
    now: UnixTime,
) -> Decision<Changed<()>> {
    let lane = login.origin.lane(account, now);
    let held = |refusal| Err(Verified::Held(refusal));
    let permit = match admitted(account, lane, policy, now, held) {
        Ok(permit) => permit,
        Err(decision) => return decision,
    };
    if invites(Some(account), token, now) {
        // The lane stays as it is: guesses at codes are not made good by an invitation.
        return Decision::Change(Transition::new(Changes::of(&account.name, Vec::new()), Ok(())));
    }
    let state = permit.failed(now);
    let wait = state.open_at(policy, now).map_or(Seconds(0), |open| open.since(now));
    let (failures, locked) = (state.failures, state.locked.is_some());
    let wrong = Verified::Wrong { lane, failures, wait, locked, clock_behind: None, noted: None };
    let kind = EventKind::wrong(lane, login.service, login.from, locked, now);
    let list = vec![Change::Lane(lane, state), Change::Event(Event { at: now, kind })];
    Decision::Change(Transition::new(Changes::of(&account.name, list), Err(wrong)))
}

/// A device that exists in nobody's records.
pub struct Newcomer {
    secret: Secret,
    state: TotpState,
}

/// Where a new device stands once a code of it was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proved {
    state: KindState,
    at: UnixTime,
}

impl Newcomer {
    /// One of what every authenticator takes: SHA-1, six digits, thirty seconds.
    pub fn new(secret: Secret) -> Self {
        let state = TotpState::new(Algorithm::Sha1, Digits::SIX, Period::default());
        Self { secret, state }
    }

    /// Its secret.
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// Looks at a code, which is spent if it is right: the device that comes of this never accepts
    /// it again. One far out is wrong, as a new device is to be in step.
    pub fn prove(&self, offer: &Offer, now: UnixTime) -> Option<Proved> {
        let secret = Secret::from_bytes(self.secret.expose().to_vec()).ok()?;
        let device = totp(secret, self.state.clone(), (now, [0; 4]))?;
        match device.probe(offer, now) {
            Probe::Match(state, _) => Some(Proved { state, at: now }),
            Probe::Used | Probe::NoMatch { .. } => None,
        }
    }
}

/// What is to be kept of an enrolment at the prompt, now that its login has succeeded.
pub struct Settling {
    /// The new device's secret.
    pub secret: Zeroizing<Vec<u8>>,
    /// Where it stands.
    pub proved: Proved,
    /// The recovery codes that were shown.
    pub codes: Vec<CodeHash>,
    /// Random bytes for the ids of both.
    pub random: [[u8; 4]; 2],
    /// The invitation's token, where it was begun with one.
    pub token: Option<CodeHash>,
    /// Until when it takes no invitation, as the rules are now and not as they were at its beginning.
    pub by: Option<UnixTime>,
    /// The PAM service.
    pub service: String,
    /// The remote host.
    pub from: String,
}

/// Makes the device count. Whatever waits on the account for a confirming code goes: it may be
/// somebody's who had no password.
pub fn settle(
    account: Option<&Account>,
    (name, uid): (&UserName, Uid),
    new: &Settling,
    now: UnixTime,
) -> Decision<DeviceSummary> {
    if let Err(refusal) = still(account, new, now) {
        return Decision::Unchanged(refusal);
    }
    let Some((device, set)) = made(new) else {
        return Decision::Unchanged(Refusal::IdTaken);
    };
    let kind = EventKind::EnrolledAtPrompt {
        device: device.id.to_string(),
        service: noted(&new.service),
        from: noted(&new.from),
    };
    let codes = u32::try_from(new.codes.len()).unwrap_or(u32::MAX);
    let recovery = EventKind::RecoveryMade { device: set.id.to_string(), codes };
    let outcome = device.summary();
    let waiting = account.into_iter().flat_map(|account| &account.devices);
    let mut list = vec![Change::Head { uid: Some(uid), enrolled: true }];
    list.extend(waiting.map(|device| Change::Drop(device.id.clone())));
    list.extend([Change::Add(device), Change::Add(set)]);
    list.extend([kind, recovery].map(|kind| Change::Event(Event { at: now, kind })));
    let invited = account.is_some_and(|account| account.invitation.is_some());
    list.extend(invited.then_some(Change::Uninvite));
    Decision::Change(Transition::new(Changes::of(name, list), outcome))
}

/// Whether what was right when it was begun is right still.
fn still(account: Option<&Account>, new: &Settling, now: UnixTime) -> Result<(), Refusal> {
    if let Some(device) = account.and_then(|account| account.confirmed().next()) {
        return Err(Refusal::AlreadyConfirmed(device.id.clone()));
    }
    match &new.token {
        Some(token) if invites(account, token, now) => Ok(()),
        Some(_) => Err(Refusal::InvitationOver),
        None => match entitled(account, new.by, now) {
            Entitled::Open => Ok(()),
            Entitled::Invited | Entitled::Enrolled | Entitled::Closed => Err(Refusal::NotInvited),
        },
    }
}

/// The device and its recovery codes.
fn made(new: &Settling) -> Option<(Device, Device)> {
    let [first, second] = new.random;
    let secret = Secret::from_bytes(new.secret.to_vec()).ok()?;
    let KindState::Totp(state) = new.proved.state.clone() else { return None };
    let device = totp(secret, state, (new.proved.at, first))?;
    let device = Device { confirmed: true, last_used: Some(new.proved.at), ..device };
    let set = Device {
        id: DeviceId::new(RecoveryState::KIND, second),
        label: Label::parse(RecoveryState::KIND).ok()?,
        confirmed: true,
        created: new.proved.at,
        last_used: None,
        replaces: None,
        kind: Kind::Recovery(RecoveryState::new(new.codes.clone())),
    };
    Some((device, set))
}

fn totp(
    secret: Secret,
    state: TotpState,
    (created, random): (UnixTime, [u8; 4]),
) -> Option<Device> {
    Some(Device {
        id: DeviceId::new(TotpState::KIND, random),
        label: Label::parse(TotpState::KIND).ok()?,
        confirmed: false,
        created,
        last_used: None,
        replaces: None,
        kind: Kind::Totp(secret, state),
    })
}

#[cfg(test)]
mod tests;
