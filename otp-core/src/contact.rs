//! Contacts: addresses at which people sign up by an application. A code is sent to one; whoever types
//! it gets an identifier, once and for ten minutes, and with that a device is enrolled which needs no
//! further proof: its address was just shown to be theirs.
//!
//! An address at which an account of the application has a device already takes the same way: its code
//! is the device's, and its identifier leads to that account. Who asks is told the same of both, so
//! that nobody learns who is known.

use serde::{Deserialize, Serialize};

use crate::{
    Account, Admission, Asking, Attempt, Beside, Changed, Changes, CodeHash, Decision,
    DeviceSummary, Lane, LaneState, NewDevice, Refusal, Seconds, ThrottlePolicy, Transition, Tried,
    Uid, UnixTime, UserName, Verified,
    enrol::enroll_confirmed,
    grant::{BEHIND, caller_admitted},
    message::{LiveCode, Pace, SendLimits, SendTally, Tally, counted},
    verify::prove,
};

/// How long an identifier counts.
pub const IDENTIFIER_VALID: Seconds = Seconds(600);

/// How many contacts a uid has that nothing came of yet.
pub const MAX_CONTACTS: u32 = 10_000;

/// How long a contact is kept after anything happened to it. Longer than any code and wait counts.
pub const CONTACT_KEPT_FOR: Seconds = Seconds(86_400);

/// Whose contact it is: the application's uid, and the address by its keyed fingerprint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ContactKey {
    /// The application.
    pub holder: Uid,
    /// The fingerprint.
    pub address: Vec<u8>,
}

/// What is known of a contact: nothing that names the address, and no code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    live: Option<LiveCode>,
    pace: Pace,
    failed: LaneState,
    identifier: Option<Identifier>,
    /// By which channel a code was sent last.
    #[serde(default)]
    channel: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Identifier {
    hash: CodeHash,
    until: UnixTime,
}

impl Contact {
    /// By which channel a code was sent last; empty: by none.
    pub fn channel(&self) -> &str {
        &self.channel
    }

    /// Whether this identifier counts: not where the clock was set back behind it either, as it would
    /// count for longer than it was made for.
    fn is_identified(&self, by: &CodeHash, now: UnixTime) -> bool {
        let own = self.identifier.as_ref();
        let counts = |own: &Identifier| {
            now < own.until && now.plus(IDENTIFIER_VALID).plus(BEHIND) >= own.until
        };
        own.is_some_and(|own| own.hash.same_as(by) && counts(own))
    }

    fn permits(&self, policy: &ThrottlePolicy, now: UnixTime) -> Result<crate::Permit, Refusal> {
        match self.failed.admit(Lane::Remote, policy, now) {
            Admission::Permitted(permit) => Ok(permit),
            Admission::Refused { refusal, .. } => Err(refusal),
        }
    }
}

/// How often anything was sent: to the address, by the application, in all; each by its own limits.
pub type Sendings<'a> = &'a [(Tally, SendTally, SendLimits)];

/// Records a code that is to be sent to a contact; the one before it counts no more.
pub fn request_contact(
    key: &ContactKey,
    (seen, pending): (Option<&Contact>, u32),
    (channel, code): (&str, CodeHash),
    sendings: Sendings<'_>,
    (policy, now): (&ThrottlePolicy, UnixTime),
) -> Decision<()> {
    if seen.is_none() && pending >= MAX_CONTACTS {
        return Decision::Unchanged(Refusal::TooManyContacts);
    }
    let contact = seen.cloned().unwrap_or_default();
    let looked = contact.permits(policy, now).map(drop).and_then(|()| {
        sendings.first().map_or(Ok(()), |(_, _, limits)| Ok(contact.pace.admit(limits, now)?))
    });
    let mut beside = match looked.and_then(|()| all_counted(sendings, now)) {
        Ok(beside) => beside,
        Err(refusal) => return Decision::Unchanged(refusal),
    };
    let (live, pace) = (Some(LiveCode::new(code, now)), Pace::sent(now));
    let channel = channel.to_owned();
    beside.push(Beside::Contact(key.clone(), Contact { live, pace, channel, ..contact }));
    beside.push(Beside::TidyContacts(over(now)));
    Decision::Change(Transition::new(Changes { beside, ..Changes::default() }, ()))
}

/// What one more message makes of the counts, each by its limits.
pub fn all_counted(sendings: Sendings<'_>, now: UnixTime) -> Result<Vec<Beside>, Refusal> {
    let one = |(tally, seen, limits): &(Tally, SendTally, SendLimits)| {
        counted([(tally, seen.clone())], limits, now).map_err(Refusal::from)
    };
    Ok(sendings.iter().map(one).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

fn over(now: UnixTime) -> UnixTime {
    UnixTime::from_secs(now.as_secs().saturating_sub(CONTACT_KEPT_FOR.0))
}

/// What became of a code that was typed for a contact.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// It was right; the identifier counts until then.
    Identified(UnixTime),
    /// It was not, or nothing was looked at; the caller's failure is counted whatever the reason.
    Refused(Option<Refusal>),
    /// The caller has failed too often; nothing was looked at.
    Held(Refusal),
}

/// The records on which a typed code is decided.
#[derive(Clone, Copy)]
pub struct ContactSeen<'a> {
    /// The contact.
    pub contact: Option<&'a Contact>,
    /// The application's account that has a device at this address, and the attempt upon that device.
    pub account: Option<(&'a Account, &'a Attempt<'a>)>,
    /// What has failed that the caller asked for.
    pub caller: &'a LaneState,
}

/// Decides on a code that was typed for a contact.
pub fn check_contact(
    key: &ContactKey,
    seen: ContactSeen<'_>,
    (code, identifier): (&CodeHash, CodeHash),
    policy: &ThrottlePolicy,
    now: UnixTime,
) -> Decision<Checked> {
    let permit = match caller_admitted(seen.caller, now) {
        Ok(permit) => permit,
        Err((refusal, None)) => return Decision::Unchanged(refusal),
        Err((refusal, Some(anchored))) => {
            let beside = vec![Beside::Caller(key.holder, Tried::Codes, anchored)];
            let changes = Changes { beside, ..Changes::default() };
            return Decision::Change(Transition::new(changes, Checked::Held(refusal)));
        }
    };
    let contact = seen.contact.cloned().unwrap_or_default();
    let (mut changes, right) = match seen.account {
        Some((account, attempt)) => by_device(account, attempt, policy, now),
        None => by_contact(key, &contact, code, policy, now),
    };
    let (after, outcome) = match right {
        Ok(()) => {
            let until = now.plus(IDENTIFIER_VALID);
            let identifier = Some(Identifier { hash: identifier, until });
            let failed = contact.failed.forgiven();
            let channel = contact.channel.clone();
            let next = Contact { live: None, pace: Pace::reset(), failed, identifier, channel };
            changes.beside.push(Beside::Contact(key.clone(), next));
            (permit.succeeded(), Checked::Identified(until))
        }
        Err(refusal) => (permit.failed(now), Checked::Refused(refusal)),
    };
    if after != *seen.caller {
        changes.beside.push(Beside::Caller(key.holder, Tried::Codes, after));
    }
    Decision::Change(Transition::new(changes, outcome))
}

type Right = Result<(), Option<Refusal>>;

fn by_contact(
    key: &ContactKey,
    contact: &Contact,
    code: &CodeHash,
    policy: &ThrottlePolicy,
    now: UnixTime,
) -> (Changes, Right) {
    let permit = match contact.permits(policy, now) {
        Ok(permit) => permit,
        Err(refusal) => return (Changes::default(), Err(Some(refusal))),
    };
    let live = contact.live.as_ref();
    if live.is_some_and(|live| live.counts(now) && live.is(code)) {
        return (Changes::default(), Ok(()));
    }
    // A guess at an address to which nothing was sent leaves no record, and finds none.
    if live.is_none() && contact.failed.is_clear() {
        return (Changes::default(), Err(None));
    }
    let next = Contact { failed: permit.failed(now), ..contact.clone() };
    let beside = vec![Beside::Contact(key.clone(), next)];
    (Changes { beside, ..Changes::default() }, Err(None))
}

fn by_device(
    account: &Account,
    attempt: &Attempt<'_>,
    policy: &ThrottlePolicy,
    now: UnixTime,
) -> (Changes, Right) {
    match prove(account, attempt, policy, now) {
        Decision::Unchanged(refusal) => (Changes::default(), Err(Some(refusal))),
        Decision::Change(transition) => {
            let (changes, verified) = transition.into_parts();
            let right = match verified {
                Verified::Accepted { .. } => Ok(()),
                // No pass is asked where somebody proves to have a device.
                Verified::Passed(_) | Verified::Wrong { .. } => Err(None),
                Verified::Held(refusal) => Err(Some(refusal)),
            };
            (changes, right)
        }
    }
}

/// For whom an identifier is used.
pub enum Enrollee<'a> {
    /// The application's account at this address, as it is.
    Known(&'a UserName),
    /// This account, or a new one of this name.
    Of {
        /// The account, if there is one.
        account: Option<&'a Account>,
        /// Its name.
        name: &'a UserName,
        /// The uid that it belongs to; none: a person of the application's.
        uid: Option<Uid>,
        /// The device at the address.
        device: Box<NewDevice>,
    },
}

/// What an identifier led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignedUp {
    /// To an account that has a device at that address.
    Known(UserName),
    /// To a new device.
    Made(UserName, Box<DeviceSummary>),
}

/// Uses an identifier: for a device at its address that is confirmed by it, or, where the
/// application's account has one, for that account's name. It counts no more afterwards.
pub fn enroll_contact(
    key: &ContactKey,
    seen: Option<&Contact>,
    identifier: &CodeHash,
    enrollee: Enrollee<'_>,
    asking: &Asking<'_>,
) -> Decision<Changed<SignedUp>> {
    let now = asking.now;
    let Some(contact) = seen.filter(|contact| contact.is_identified(identifier, now)) else {
        return Decision::Unchanged(Refusal::UnknownContact);
    };
    let used = Contact { identifier: None, ..contact.clone() };
    let used = Beside::Contact(key.clone(), used);
    match enrollee {
        Enrollee::Known(name) => {
            let changes = Changes { beside: vec![used], ..Changes::default() };
            let outcome = Ok(SignedUp::Known(name.clone()));
            Decision::Change(Transition::new(changes, outcome))
        }
        Enrollee::Of { account, name, uid, device } => {
            let made = enroll_confirmed(account, name, uid, *device, asking);
            match made {
                Decision::Unchanged(refusal) => Decision::Unchanged(refusal),
                Decision::Change(transition) => {
                    let (mut changes, done) = transition.into_parts();
                    // Without proof of who asks nothing was enrolled, and it counts on.
                    if done.is_ok() {
                        changes.beside.push(used);
                    }
                    let told = done.map(|device| SignedUp::Made(name.clone(), Box::new(device)));
                    Decision::Change(Transition::new(changes, told))
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
