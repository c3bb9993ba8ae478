//! The steps and questions that the store runs: each finds the account that is the person's, or
//! refuses, and leaves the decision to the core.

use otp_core::{
    Account, Asking, Changed, CodeHash, Decision, Device, DeviceSummary, Exemption, First, Kind,
    Lane, LaneState, NewDevice, Offer, Refusal, Remembered, Seconds, ThrottlePolicy, Uid, UnixTime,
    UserName, Warrant, enroll,
};

use super::Whom;
use crate::{
    nss::Person,
    store::{Key, Query, Records, Step},
};

/// The uid of whom no user is.
const NOBODY: Uid = Uid(u32::MAX);

/// Whose account it is.
pub(super) struct Whose {
    pub(super) name: UserName,
    /// None: a person of an application's.
    uid: Option<Uid>,
    pub(super) keys: Vec<Key>,
}

impl Whose {
    pub(super) fn new(person: Person) -> Self {
        let keys = vec![Key::Account(person.name.clone()), Key::Owner(person.uid)];
        Self { name: person.name, uid: Some(person.uid), keys }
    }

    /// Whosever it is, by this name.
    pub(super) fn of(whom: Whom, name: &UserName) -> Self {
        match whom {
            Whom::Person(person) => Self::new(person),
            Whom::Application(_) | Whom::Nobody => Self::of_application(name.clone()),
        }
    }

    /// An application's person, whom no uid owns.
    pub(super) fn of_application(name: UserName) -> Self {
        let keys = vec![Key::Account(name.clone())];
        Self { name, uid: None, keys }
    }

    /// The uid of the account that is to be; none: a person of an application's.
    pub(super) fn owner(&self) -> Option<Uid> {
        self.uid
    }

    /// The person's name.
    pub(super) fn name(&self) -> &UserName {
        &self.name
    }

    /// The person's uid.
    pub(super) fn uid(&self) -> Uid {
        self.uid.unwrap_or(NOBODY)
    }

    /// The person's account, if there is one. An account whose uid is not the person's is not
    /// theirs; and whoever was renamed does not become a stranger who never enrolled.
    pub(super) fn account<'a>(&self, seen: &'a Records) -> Result<Option<&'a Account>, Refusal> {
        let owned = self.uid.and_then(|uid| seen.owner(uid));
        match (seen.account(&self.name), owned) {
            (Some(account), _) if account.uid != self.uid => {
                // What has a user's name has a uid; where it has none, it is nobody's.
                Err(Refusal::UidMismatch(account.uid.unwrap_or(NOBODY)))
            }
            (Some(account), _) => Ok(Some(account)),
            (None, Some(other)) => Err(Refusal::UidOwns(other.clone())),
            (None, None) => Ok(None),
        }
    }
}

/// Who asks for a change, and by what right.
pub struct Asked {
    /// Who.
    pub by: Uid,
    /// By what right.
    pub right: Right,
}

/// By what right a change is asked for.
pub enum Right {
    /// The caller may anyway.
    Standing,
    /// This fresh code of the account.
    Code(Offer),
    /// An invitation's token, by its hash.
    Invitation(CodeHash),
    /// Nothing but the owner's session.
    Session(First),
}

impl Asked {
    /// As the core takes it.
    pub(super) fn asking<'a>(&'a self, policy: &'a ThrottlePolicy, now: UnixTime) -> Asking<'a> {
        let warrant = match &self.right {
            Right::Standing => Warrant::Standing,
            Right::Code(offer) => Warrant::Code(offer),
            Right::Invitation(token) => Warrant::Invitation(token),
            Right::Session(first) => Warrant::Session(*first),
        };
        Asking { by: self.by, warrant, policy, now }
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
    /// Until when an open invitation counts.
    pub invited: Option<UnixTime>,
    /// The logins that are remembered.
    pub remembered: Vec<Remembered>,
    /// The exemption that counts now.
    pub exempt: Option<Exemption>,
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

impl LaneOverview {
    /// A lane as it stands at `now`.
    pub(super) fn of(
        lane: Lane,
        state: &LaneState,
        policy: &ThrottlePolicy,
        now: UnixTime,
    ) -> Self {
        Self {
            lane,
            failures: state.failures,
            recent: state.recent(now),
            wait: state.open_at(policy, now).map_or(Seconds(0), |open| open.since(now)),
            locked: state.is_locked(policy, now),
        }
    }
}

pub(super) struct Look(pub(super) Whose, pub(super) ThrottlePolicy);

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
        let lanes = account.into_iter().flat_map(|account| &account.lanes);
        let lanes = lanes.filter(|(_, state)| state.has_failed());
        let devices = account.map_or(&[][..], |account| &account.devices);
        let invitation = account.and_then(|account| account.invitation.as_ref());
        Ok(Overview {
            name: whose.name.clone(),
            demands_code: account.is_some_and(Account::demands_code),
            devices: devices.iter().map(Device::summary).collect(),
            lanes: lanes.map(|(lane, state)| LaneOverview::of(*lane, state, policy, now)).collect(),
            remembered: account.map_or_else(Vec::new, |account| {
                let all = account.remembered.iter();
                all.filter(|one| one.is_open(account, now)).cloned().collect()
            }),
            invited: invitation.filter(|open| open.is_open(now)).map(|open| open.until),
            exempt: account.and_then(|account| account.exempt(now)).cloned(),
        })
    }
}

/// A change of an account that is there, as a function of the core decides it.
pub(super) struct OnAccount<F> {
    whose: Whose,
    by: Uid,
    missing: Refusal,
    decide: F,
}

impl<O, F> OnAccount<F>
where
    O: Send + 'static,
    F: Fn(&Account, UnixTime) -> Decision<O> + Send + 'static,
{
    /// Where there is no account, `missing` is the answer.
    pub(super) fn new(person: Person, by: Uid, missing: Refusal, decide: F) -> Self {
        Self { whose: Whose::new(person), by, missing, decide }
    }
}

impl<O, F> Step for OnAccount<F>
where
    O: Send + 'static,
    F: Fn(&Account, UnixTime) -> Decision<O> + Send + 'static,
{
    type Outcome = O;

    fn keys(&self) -> &[Key] {
        &self.whose.keys
    }

    fn by(&self) -> Uid {
        self.by
    }

    fn decide(&self, seen: &Records, now: UnixTime) -> Decision<O> {
        match self.whose.account(seen) {
            Ok(Some(account)) => (self.decide)(account, now),
            Ok(None) => Decision::Unchanged(self.missing.clone()),
            Err(refusal) => Decision::Unchanged(refusal),
        }
    }
}

/// A change that makes the account where there is none.
pub(super) struct OnPerson<F> {
    whose: Whose,
    person: Person,
    by: Uid,
    decide: F,
}

impl<O, F> OnPerson<F>
where
    O: Send + 'static,
    F: Fn(Option<&Account>, &Person, UnixTime) -> Decision<O> + Send + 'static,
{
    pub(super) fn new(person: Person, by: Uid, decide: F) -> Self {
        Self { whose: Whose::new(person.clone()), person, by, decide }
    }
}

impl<O, F> Step for OnPerson<F>
where
    O: Send + 'static,
    F: Fn(Option<&Account>, &Person, UnixTime) -> Decision<O> + Send + 'static,
{
    type Outcome = O;

    fn keys(&self) -> &[Key] {
        &self.whose.keys
    }

    fn by(&self) -> Uid {
        self.by
    }

    fn decide(&self, seen: &Records, now: UnixTime) -> Decision<O> {
        match self.whose.account(seen) {
            Ok(account) => (self.decide)(account, &self.person, now),
            Err(refusal) => Decision::Unchanged(refusal),
        }
    }
}

/// A new device, made anew each time that the step runs.
pub(super) struct Enroll {
    pub(super) label: Option<otp_core::Label>,
    pub(super) replaces: Option<String>,
    pub(super) make: Box<dyn Fn() -> Option<Kind> + Send>,
    pub(super) fingerprint: Vec<u8>,
    pub(super) random: [u8; 4],
    pub(super) asked: Asked,
    pub(super) policy: ThrottlePolicy,
}

/// [`Enroll`] for somebody.
pub(super) struct EnrollFor {
    whose: Whose,
    person: Person,
    new: Enroll,
}

impl EnrollFor {
    pub(super) fn new(person: Person, new: Enroll) -> Self {
        let mut whose = Whose::new(person.clone());
        whose.keys.push(Key::Secret(new.fingerprint.clone()));
        Self { whose, person, new }
    }
}

/// Whether another account has a device of the same secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Elsewhere {
    /// None has.
    No,
    /// One has.
    Yes,
}

impl Step for EnrollFor {
    type Outcome = Changed<(DeviceSummary, Elsewhere)>;

    fn keys(&self) -> &[Key] {
        &self.whose.keys
    }

    fn by(&self) -> Uid {
        self.new.asked.by
    }

    fn decide(&self, seen: &Records, now: UnixTime) -> Decision<Self::Outcome> {
        let Self { whose, person, new } = self;
        let account = match whose.account(seen) {
            Ok(account) => account,
            Err(refusal) => return Decision::Unchanged(refusal),
        };
        let Person { name, uid } = person;
        let others = seen.holders(&new.fingerprint).any(|holder| holder != name);
        let elsewhere = if others { Elsewhere::Yes } else { Elsewhere::No };
        // What has no secret is not enrolled this way.
        let Some(kind) = (new.make)() else {
            return Decision::Unchanged(Refusal::NotEnrolled);
        };
        let (label, replaces) = (new.label.clone(), new.replaces.clone());
        let device = NewDevice { label, replaces, kind, random: new.random };
        enroll(account, name, *uid, device, &new.asked.asking(&new.policy, now))
            .map(|done| done.map(|device| (device, elsewhere)))
    }
}

#[cfg(test)]
mod tests;
