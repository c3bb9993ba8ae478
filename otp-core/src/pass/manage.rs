//! What becomes of passes that there are: extended while they are live, called back, and cleaned up
//! some time after they are over.

use super::{
    Ending, Expiry, Owner, Pass, PassPolicy, PassRefusal, PassState, Related, make::longest,
    term::unguessable,
};
use crate::{
    Asking, Beside, Change, Changed, Changes, CodeHash, Decision, Event, EventKind, Refusal,
    Transition, UnixTime, UserName, warrant::Draft,
};

/// Which passes of an owner and a purpose are called back.
#[derive(Clone, Copy, Debug)]
pub enum Ended<'a> {
    /// Every one.
    All,
    /// The one whose key has this hash.
    Key(&'a CodeHash),
    /// Those that have to do with exactly these objects.
    Related(&'a Related),
}

/// Lets a live pass of this owner live until another time, which is never an earlier one.
pub fn extend_pass(
    owner: Option<Owner<'_>>,
    pass: Option<&Pass>,
    expiry: Expiry,
    asking: &Asking<'_>,
    policy: &PassPolicy,
) -> Decision<Changed<Pass>> {
    let extended = match extended(owner, pass, expiry, asking, policy) {
        Ok(extended) => extended,
        Err(refusal) => return Decision::Unchanged(Refusal::Pass(refusal)),
    };
    let beside = vec![Beside::Pass(Box::new(extended.clone()))];
    match owner {
        None => {
            let changes = Changes { beside, ..Changes::default() };
            Decision::Change(Transition::new(changes, Ok(extended)))
        }
        Some(Owner { account, name, .. }) => {
            let (pass, until) = (extended.id.to_string(), extended.state.expires);
            let list = vec![asking.event(EventKind::PassExtended { pass, until })];
            asking.decide_beside(name, account, Draft { list, outcome: extended }, beside)
        }
    }
}

fn extended(
    owner: Option<Owner<'_>>,
    pass: Option<&Pass>,
    expiry: Expiry,
    asking: &Asking<'_>,
    policy: &PassPolicy,
) -> Result<Pass, PassRefusal> {
    let whose = owner.map(|owner| owner.name);
    let live = |pass: &&Pass| pass.owner.as_ref() == whose && pass.is_live(asking.now);
    let pass = pass.filter(live).ok_or(PassRefusal::None)?;
    let longest = longest(asking, policy)?;
    let expires = expiry.of(policy, longest, asking.now).map_err(PassRefusal::Term)?;
    let expires = expires.max(pass.state.expires);
    // Extended again and again, a short key would be guessed in the end.
    unguessable(pass.state.generator, pass.state.created, expires).map_err(PassRefusal::Term)?;
    let state = PassState { expires, ..pass.state.clone() };
    Ok(Pass { state, ..pass.clone() })
}

/// Calls back live passes of an owner; which they were.
pub fn end_passes(
    owner: Option<&UserName>,
    passes: &[Pass],
    which: Ended<'_>,
    now: UnixTime,
) -> Decision<Vec<Pass>> {
    let meant = |pass: &&Pass| match which {
        Ended::All => true,
        Ended::Key(digest) => pass.digest.same_as(digest),
        Ended::Related(related) => pass.state.related == *related,
    };
    let own = passes.iter().filter(|pass| pass.owner.as_ref() == owner && pass.is_live(now));
    let ended: Vec<Pass> =
        own.filter(meant).map(|pass| pass.ended(Ending::Deactivated, now)).collect();
    if ended.is_empty() {
        return Decision::Unchanged(Refusal::Pass(PassRefusal::None));
    }
    let beside = ended.iter().map(|pass| Beside::Pass(Box::new(pass.clone()))).collect();
    let mut changes = Changes { beside, ..Changes::default() };
    if let Some(owner) = owner {
        let passes = ended.iter().map(|pass| pass.id.to_string()).collect();
        let event = Event { at: now, kind: EventKind::PassEnded { passes } };
        changes.account = Some(owner.clone());
        changes.list.push(Change::Event(event));
    }
    Decision::Change(Transition::new(changes, ended))
}

/// Forgets the passes that have been over for as long as they are kept.
pub fn clean_passes(policy: &PassPolicy, now: UnixTime) -> Decision<()> {
    let before = UnixTime::from_secs(now.as_secs().saturating_sub(policy.keep.0));
    let changes = Changes { beside: vec![Beside::ForgetPasses(before)], ..Changes::default() };
    Decision::Change(Transition::new(changes, ()))
}

#[cfg(test)]
mod tests;
