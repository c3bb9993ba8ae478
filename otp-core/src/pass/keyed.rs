//! A key shown by whoever has it, without saying whose it is: looked at, or used. As no account is
//! named, a wrong one counts against the uid that asks. Keys have so many bits that waiting is enough:
//! a uid is never locked, as nobody could unlock it, and a service of many users has one uid.

use super::{Ending, Pass, PassPlace};
use crate::{
    Admission, Beside, Change, Changes, Decision, Event, EventKind, Lane, LaneState, Permit,
    Refusal, Seconds, ThrottlePolicy, Transition, Tried, Uid, UnixTime,
};

/// What a key is shown for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyDeed {
    /// To see its pass, which stays as it is.
    Look,
    /// To use it up.
    Use,
}

/// Who shows a key.
#[derive(Clone, Debug)]
pub struct Asker {
    /// The uid.
    pub uid: Uid,
    /// What it has failed. Root has nothing failed: each service of root's would pay for what
    /// strangers type at another.
    pub failed: LaneState,
}

/// What became of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keyed {
    /// It is this pass's.
    Valid(Box<Pass>),
    /// It is none that counts, now and here, and the failure is counted.
    Wrong {
        /// How many failures in a row that makes.
        failures: u32,
        /// How long the next one must wait.
        wait: Seconds,
    },
    /// The throttle refused, and its state was anchored to a clock that had been set back.
    Held(Refusal),
}

/// Decides about a key of which `pass` has the hash.
pub fn keyed(
    pass: Option<&Pass>,
    deed: KeyDeed,
    place: &PassPlace<'_>,
    asker: &Asker,
    (policy, now): (&ThrottlePolicy, UnixTime),
) -> Decision<Keyed> {
    let never_locked =
        ThrottlePolicy { lock_after: u32::MAX, lock_after_recent: u32::MAX, ..*policy };
    let permit = match admitted(asker, &never_locked, now) {
        Ok(permit) => permit,
        Err(decision) => return *decision,
    };
    match (pass.filter(|pass| pass.counts(place, now)), deed) {
        // A right key that was only looked at makes no guess good: it could be shown again and again
        // between guesses.
        (Some(pass), KeyDeed::Look) => Decision::Change(Transition::new(
            Changes::default(),
            Keyed::Valid(Box::new(pass.clone())),
        )),
        (Some(pass), KeyDeed::Use) => used(pass, asker, permit, place, now),
        (None, KeyDeed::Look | KeyDeed::Use) => wrong(asker, permit, &never_locked, now),
    }
}

/// None: root, which is not throttled.
fn admitted(
    asker: &Asker,
    policy: &ThrottlePolicy,
    now: UnixTime,
) -> Result<Option<Permit>, Box<Decision<Keyed>>> {
    if asker.uid == Uid(0) {
        return Ok(None);
    }
    match asker.failed.admit(Lane::Own, policy, now) {
        Admission::Permitted(permit) => Ok(Some(permit)),
        Admission::Refused { refusal, anchored: None } => {
            Err(Box::new(Decision::Unchanged(refusal)))
        }
        Admission::Refused { refusal, anchored: Some(state) } => {
            let changes = beside(Beside::Caller(asker.uid, Tried::Passes, state));
            let held = Transition::new(changes, Keyed::Held(refusal));
            Err(Box::new(Decision::Change(held)))
        }
    }
}

fn used(
    pass: &Pass,
    asker: &Asker,
    permit: Option<Permit>,
    place: &PassPlace<'_>,
    now: UnixTime,
) -> Decision<Keyed> {
    let spent = pass.ended(Ending::Used, now);
    let mut changes = beside(Beside::Pass(Box::new(spent.clone())));
    let after = permit.map(Permit::succeeded).filter(|after| *after != asker.failed);
    changes.beside.extend(after.map(|after| Beside::Caller(asker.uid, Tried::Passes, after)));
    if let Some(owner) = &pass.owner {
        let kind = EventKind::PassUsed {
            pass: pass.id.to_string(),
            purpose: pass.state.purpose.to_string(),
            service: crate::event::noted(place.service),
        };
        changes.account = Some(owner.clone());
        changes.list.push(Change::Event(Event { at: now, kind }));
    }
    Decision::Change(Transition::new(changes, Keyed::Valid(Box::new(spent))))
}

fn wrong(
    asker: &Asker,
    permit: Option<Permit>,
    policy: &ThrottlePolicy,
    now: UnixTime,
) -> Decision<Keyed> {
    let Some(permit) = permit else {
        let wrong = Keyed::Wrong { failures: 0, wait: Seconds(0) };
        return Decision::Change(Transition::new(Changes::default(), wrong));
    };
    let state = permit.failed(now);
    let wait = state.open_at(policy, now).map_or(Seconds(0), |open| open.since(now));
    let outcome = Keyed::Wrong { failures: state.failures, wait };
    Decision::Change(Transition::new(
        beside(Beside::Caller(asker.uid, Tried::Passes, state)),
        outcome,
    ))
}

fn beside(change: Beside) -> Changes {
    Changes { beside: vec![change], ..Changes::default() }
}

#[cfg(test)]
mod tests;
