//! The steps and questions that the store runs: each finds the account that is the person's, or
//! refuses, and leaves the decision to the core.

use otp_core::{
    Account, Attempt, Code, Decision, Device, DeviceSummary, Label, Lane, NewDevice, Origin,
    Refusal, Seconds, Secret, ThrottlePolicy, UnixTime, UserName, Verified, attempt, confirm,
    device::KindState, enroll, forget_failures, remove,
};
use zeroize::Zeroizing;

use crate::{
    nss::Person,
    store::{Key, Query, Records, Step},
};

/// Whose account it is.
struct Whose {
    person: Person,
    keys: [Key; 2],
}

impl Whose {
    fn new(person: Person) -> Self {
        let keys = [Key::Account(person.name.clone()), Key::Owner(person.uid)];
        Self { person, keys }
    }

    /// The person's account, if there is one. An account whose uid is not the person's is not
    /// theirs; and whoever was renamed does not become a stranger who never enrolled.
    fn account<'a>(&self, seen: &'a Records) -> Result<Option<&'a Account>, Refusal> {
        match (seen.account(&self.person.name), seen.owner(self.person.uid)) {
            (Some(account), _) if account.uid != self.person.uid => {
                Err(Refusal::UidMismatch(account.uid))
            }
            (Some(account), _) => Ok(Some(account)),
            (None, Some(other)) => Err(Refusal::UidOwns(other.clone())),
            (None, None) => Ok(None),
        }
    }

    fn enrolled<'a>(&self, seen: &'a Records) -> Result<&'a Account, Refusal> {
        self.account(seen)?.ok_or(Refusal::NotEnrolled)
    }
}

/// How a user stands.
pub type Standing = Result<Overview, Refusal>;

/// What may be shown of an account.
#[derive(Clone, Debug)]
pub struct Overview {
    /// The canonical name.
    pub name: UserName,
    /// Whether a code is demanded.
    pub demands_code: bool,
    /// The devices, in the order of their enrolment.
    pub devices: Vec<DeviceSummary>,
    /// The lanes in which something has failed.
    pub lanes: Vec<LaneOverview>,
}

/// One lane's failures.
#[derive(Clone, Copy, Debug)]
pub struct LaneOverview {
    /// Which.
    pub lane: Lane,
    /// Failures in a row.
    pub failures: u32,
    /// Failures of 30 days.
    pub recent: u32,
    /// How long until the next attempt is looked at.
    pub wait: Seconds,
    /// Whether it is locked.
    pub locked: bool,
}

pub(super) struct Look(Whose, ThrottlePolicy);

impl Look {
    pub(super) fn new(person: Person, policy: ThrottlePolicy) -> Self {
        Self(Whose::new(person), policy)
    }
}

impl Query for Look {
    type Row = Standing;

    fn keys(&self) -> &[Key] {
        &self.0.keys
    }

    fn answer(&self, seen: &Records, now: UnixTime) -> Standing {
        let Self(whose, policy) = self;
        let account = whose.account(seen)?;
        let lane = |(lane, state): (&Lane, &otp_core::LaneState)| LaneOverview {
            lane: *lane,
            failures: state.failures,
            recent: state.recent(now),
            wait: state.open_at(policy, now).map_or(Seconds(0), |open| open.since(now)),
            locked: state.is_locked(policy, now),
        };
        Ok(Overview {
            name: whose.person.name.clone(),
            demands_code: account.is_some_and(Account::demands_code),
            devices: account
                .map_or_else(Vec::new, |a| a.devices.iter().map(Device::summary).collect()),
            lanes: account.map_or_else(Vec::new, |a| a.lanes.iter().map(lane).collect()),
        })
    }
}

pub(super) struct Verify {
    whose: Whose,
    code: Code,
    origin: Origin,
    service: String,
    from: String,
    policy: ThrottlePolicy,
}

impl Verify {
    pub(super) fn new(
        person: Person,
        code: Code,
        origin: Origin,
        (service, from): (String, String),
        policy: ThrottlePolicy,
    ) -> Self {
        Self { whose: Whose::new(person), code, origin, service, from, policy }
    }
}

impl Step for Verify {
    type Outcome = Verified;

    fn keys(&self) -> &[Key] {
        &self.whose.keys
    }

    fn decide(&self, seen: &Records, now: UnixTime) -> Decision<Verified> {
        let account = match self.whose.enrolled(seen) {
            Ok(account) => account,
            Err(refusal) => return Decision::Unchanged(refusal),
        };
        let it = Attempt {
            code: &self.code,
            origin: &self.origin,
            service: &self.service,
            from: &self.from,
        };
        attempt(account, &it, &self.policy, now)
    }
}

pub(super) struct Enroll {
    whose: Whose,
    label: Option<Label>,
    state: KindState,
    secret: Zeroizing<Vec<u8>>,
    random: [u8; 4],
}

impl Enroll {
    pub(super) fn new(
        person: Person,
        label: Option<Label>,
        state: KindState,
        secret: Zeroizing<Vec<u8>>,
        random: [u8; 4],
    ) -> Self {
        Self { whose: Whose::new(person), label, state, secret, random }
    }
}

impl Step for Enroll {
    type Outcome = DeviceSummary;

    fn keys(&self) -> &[Key] {
        &self.whose.keys
    }

    fn decide(&self, seen: &Records, now: UnixTime) -> Decision<DeviceSummary> {
        let account = match self.whose.account(seen) {
            Ok(account) => account,
            Err(refusal) => return Decision::Unchanged(refusal),
        };
        let Ok(secret) = Secret::from_bytes(self.secret.to_vec()) else {
            return Decision::Unchanged(Refusal::NotEnrolled);
        };
        let new = NewDevice {
            label: self.label.clone(),
            state: self.state.clone(),
            secret,
            random: self.random,
        };
        let Person { name, uid } = &self.whose.person;
        enroll(account, name, *uid, new, now)
    }
}

pub(super) struct Confirm {
    whose: Whose,
    device: String,
    code: Code,
    origin: Origin,
    policy: ThrottlePolicy,
}

impl Confirm {
    pub(super) fn new(
        person: Person,
        device: String,
        code: Code,
        origin: Origin,
        policy: ThrottlePolicy,
    ) -> Self {
        Self { whose: Whose::new(person), device, code, origin, policy }
    }
}

impl Step for Confirm {
    type Outcome = Result<DeviceSummary, Verified>;

    fn keys(&self) -> &[Key] {
        &self.whose.keys
    }

    fn decide(&self, seen: &Records, now: UnixTime) -> Decision<Self::Outcome> {
        match self.whose.enrolled(seen) {
            Ok(a) => confirm(a, &self.device, &self.code, &self.origin, &self.policy, now),
            Err(refusal) => Decision::Unchanged(unknown_device(refusal)),
        }
    }
}

pub(super) struct Remove(Whose, String);

impl Remove {
    pub(super) fn new(person: Person, device: String) -> Self {
        Self(Whose::new(person), device)
    }
}

impl Step for Remove {
    type Outcome = DeviceSummary;

    fn keys(&self) -> &[Key] {
        &self.0.keys
    }

    fn decide(&self, seen: &Records, now: UnixTime) -> Decision<DeviceSummary> {
        match self.0.enrolled(seen) {
            Ok(account) => remove(account, &self.1, now),
            Err(refusal) => Decision::Unchanged(unknown_device(refusal)),
        }
    }
}

/// Where there is no account there is no such device.
fn unknown_device(refusal: Refusal) -> Refusal {
    if refusal == Refusal::NotEnrolled { Refusal::UnknownDevice } else { refusal }
}

pub(super) struct Unlock(Whose);

impl Unlock {
    pub(super) fn new(person: Person) -> Self {
        Self(Whose::new(person))
    }
}

impl Step for Unlock {
    type Outcome = usize;

    fn keys(&self) -> &[Key] {
        &self.0.keys
    }

    fn decide(&self, seen: &Records, now: UnixTime) -> Decision<usize> {
        match self.0.account(seen) {
            Ok(Some(account)) => forget_failures(account, now),
            Ok(None) => Decision::Unchanged(Refusal::NothingToUnlock),
            Err(refusal) => Decision::Unchanged(refusal),
        }
    }
}
