//! A pass at a PAM prompt: decided within the attempt, so that one attempt is one attempt. It lets in
//! its owner alone, once, where a rule lists passes and the pass itself fits; it proves no change of
//! devices and makes no further pass. Digits that a device has too are the device's, and the pass is
//! spent with them: one string is never right twice.

use super::{Ending, Pass, PassId, PassPlace, Purpose, Reason};
use crate::{
    Account, Attempt, Beside, Change, Changes, Decision, Event, EventKind, Lane, Transition,
    UnixTime, Verified, event::noted,
};

/// Whether passes are asked at a prompt.
#[derive(Clone, Copy, Debug)]
pub enum ByPass<'a> {
    /// They are not.
    NotAsked,
    /// They are; this one has the key that was typed.
    Asked(Option<&'a Pass>),
}

/// A pass that let somebody in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// Which.
    pub id: PassId,
    /// Who made it and where.
    pub origin: String,
    /// Why, in the maker's words.
    pub reason: Option<Reason>,
    /// How many attempts had failed since the login before.
    pub failures: u32,
}

impl<'a> ByPass<'a> {
    /// Whether a prompt is worth looking at for somebody without a device.
    pub(crate) const fn is_asked(self) -> bool {
        match self {
            Self::NotAsked => false,
            Self::Asked(_) => true,
        }
    }

    /// The pass, if it lets this account in, now and there.
    pub(crate) fn counting(
        self,
        account: &Account,
        attempt: &Attempt<'_>,
        now: UnixTime,
    ) -> Option<&'a Pass> {
        let place = PassPlace { service: attempt.service, origin: attempt.origin };
        match self {
            Self::NotAsked => None,
            Self::Asked(pass) => pass.filter(|pass| {
                pass.owner.as_ref() == Some(&account.name)
                    && pass.state.purpose == Purpose::login()
                    && pass.counts(&place, now)
            }),
        }
    }
}

/// The pass as it is once its key was accepted.
pub(crate) fn spend(pass: &Pass, now: UnixTime) -> Beside {
    Beside::Pass(Box::new(pass.ended(Ending::Used, now)))
}

/// Lets somebody in by a pass. An address from which one was used is not known by it: whoever was
/// given the key is not on the owner's ways.
pub(crate) fn accept(
    account: &Account,
    attempt: &Attempt<'_>,
    pass: &Pass,
    (lane, mut list): (Lane, Vec<Change>),
    (failures, now): (u32, UnixTime),
) -> Decision<Verified> {
    let kind = EventKind::Accepted {
        lane,
        service: noted(attempt.service),
        from: noted(attempt.from),
        devices: vec![pass.id.to_string()],
    };
    list.push(Change::Event(Event { at: now, kind }));
    let changes = Changes { beside: vec![spend(pass, now)], ..Changes::of(&account.name, list) };
    let (id, origin, reason) =
        (pass.id.clone(), pass.state.origin.clone(), pass.state.reason.clone());
    let outcome = Verified::Passed(Box::new(Passed { id, origin, reason, failures }));
    Decision::Change(Transition::new(changes, outcome))
}

#[cfg(test)]
mod tests;
