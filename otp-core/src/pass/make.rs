//! Making a pass: for oneself with a fresh code of a device, for others by those who may. How many can
//! be live is bounded for each owner and for each maker.

use super::{
    Data, Ending, Expiry, Generator, Pass, PassId, PassPolicy, PassRefusal, PassState, Purpose,
    Reason, Related, Restrictions, TermError, term::unguessable,
};
use crate::{
    Account, Asking, Beside, Change, Changed, Changes, CodeHash, Decision, EventKind, Lane, Offer,
    Refusal, Seconds, Transition, Uid, UnixTime, UserName, Warrant, warrant::Draft,
};

/// How many passes of one owner can be live.
pub const OWNER_LIVE: usize = 16;

/// How many passes that one uid made can be live, root's included.
pub const MAKER_LIVE: usize = 1000;

/// A pass to be made.
#[derive(Clone, Debug)]
pub struct NewPass {
    /// What it will be called.
    pub id: PassId,
    /// The hash of its key.
    pub digest: CodeHash,
    /// How that was made.
    pub generator: Generator,
    /// What it is for.
    pub purpose: Purpose,
    /// When it is to be over.
    pub expiry: Expiry,
    /// Who makes it and where.
    pub origin: String,
    /// Why.
    pub reason: Option<Reason>,
    /// Where it counts.
    pub restrictions: Restrictions,
    /// What it has to do with.
    pub related: Related,
    /// Data of its maker.
    pub data: Option<Data>,
    /// What becomes of those before it.
    pub old: Old,
}

/// What becomes of the owner's live passes for the same purpose, and with the same related objects
/// where the new one has any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Old {
    /// They stay.
    Stay,
    /// They are over.
    End,
}

/// Whose pass it will be.
#[derive(Clone, Copy)]
pub struct Owner<'a> {
    /// The account, if there is one.
    pub account: Option<&'a Account>,
    /// The canonical name.
    pub name: &'a UserName,
    /// The uid.
    pub uid: Uid,
}

/// What there is already.
pub struct Surroundings<'a> {
    /// The pass that has, or had, the same key for the same purpose.
    pub same: Option<&'a Pass>,
    /// Those of the owner for the purpose that were neither used nor called back.
    pub old: &'a [Pass],
    /// When those of the owner that were neither used nor called back are over.
    pub owned: &'a [UnixTime],
    /// The same of those that the maker has made.
    pub made: &'a [UnixTime],
    /// The maker's own account.
    pub maker: Option<&'a Account>,
}

/// Makes a pass. One of none: only for those who may anyway.
pub fn make_pass(
    owner: Option<Owner<'_>>,
    new: &NewPass,
    around: &Surroundings<'_>,
    asking: &Asking<'_>,
    policy: &PassPolicy,
) -> Decision<Changed<Pass>> {
    let longest = match longest(asking, policy) {
        Ok(longest) => longest,
        Err(refusal) => return refused(refusal),
    };
    let pass = match draft(owner, new, (policy, longest), asking) {
        Ok(pass) => pass,
        Err(error) => return refused(PassRefusal::Term(error)),
    };
    let ended = ended(new, around, asking.now);
    if let Err(refusal) = fits(owner, around, ended.len(), asking) {
        return refused(refusal);
    }
    let ids: Vec<String> = ended.iter().map(|old| old.id.to_string()).collect();
    let mut beside: Vec<Beside> =
        ended.into_iter().map(|old| Beside::Pass(Box::new(old))).collect();
    beside.push(Beside::Pass(Box::new(pass.clone())));
    match owner {
        None => {
            let changes = Changes { beside, ..Changes::default() };
            Decision::Change(Transition::new(changes, Ok(pass)))
        }
        Some(Owner { account, name, uid }) => {
            let enrolled = account.is_some_and(|account| account.enrolled);
            let mut list = vec![Change::Head { uid: Some(uid), enrolled }];
            list.extend(
                (!ids.is_empty()).then(|| asking.event(EventKind::PassEnded { passes: ids })),
            );
            let (id, purpose) = (pass.id.to_string(), pass.state.purpose.to_string());
            let until = pass.state.expires;
            list.push(asking.event(EventKind::PassMade { pass: id, purpose, until }));
            asking.decide_beside(name, account, Draft { list, outcome: pass }, beside)
        }
    }
}

fn refused<T>(refusal: PassRefusal) -> Decision<T> {
    Decision::Unchanged(Refusal::Pass(refusal))
}

/// How long whoever asks may have a pass live. Neither an invitation nor a recovery code makes one,
/// nor does a session alone.
pub(super) fn longest(asking: &Asking<'_>, policy: &PassPolicy) -> Result<Seconds, PassRefusal> {
    match asking.warrant {
        Warrant::Standing => Ok(policy.longest),
        Warrant::Code(Offer::Code(_)) => Ok(policy.own_longest),
        Warrant::Code(Offer::Recovery(_) | Offer::Key)
        | Warrant::Invitation(_)
        | Warrant::Session(_) => Err(PassRefusal::DeviceCodeNeeded),
    }
}

fn draft(
    owner: Option<Owner<'_>>,
    new: &NewPass,
    (policy, longest): (&PassPolicy, Seconds),
    asking: &Asking<'_>,
) -> Result<Pass, TermError> {
    let created = asking.now;
    let expires = new.expiry.of(policy, longest, created)?;
    unguessable(new.generator, created, expires)?;
    let state = PassState {
        purpose: new.purpose.clone(),
        maker: asking.by.0,
        origin: new.origin.clone(),
        reason: new.reason.clone(),
        created,
        expires,
        generator: new.generator,
        restrictions: new.restrictions.clone(),
        related: new.related.clone(),
        ended: None,
    };
    let owner = owner.map(|owner| owner.name.clone());
    let (id, digest, data) = (new.id.clone(), new.digest.clone(), new.data.clone());
    Ok(Pass { id, owner, digest, data, state })
}

/// Those before it that are over with it.
fn ended(new: &NewPass, around: &Surroundings<'_>, now: UnixTime) -> Vec<Pass> {
    match new.old {
        Old::Stay => Vec::new(),
        Old::End => {
            let any = new.related == Related::default();
            let same = |old: &&Pass| any || old.state.related == new.related;
            let live = around.old.iter().filter(|old| old.is_live(now));
            live.filter(same).map(|old| old.ended(Ending::Deactivated, now)).collect()
        }
    }
}

fn fits(
    owner: Option<Owner<'_>>,
    around: &Surroundings<'_>,
    ended: usize,
    asking: &Asking<'_>,
) -> Result<(), PassRefusal> {
    let now = asking.now;
    let locked = |account: &Account| account.lane(Lane::Own).is_locked(asking.policy, now);
    let live = |times: &[UnixTime]| times.iter().filter(|over| **over > now).count();
    if around.maker.is_some_and(locked) {
        Err(PassRefusal::MakerLocked)
    } else if around.same.is_some() {
        Err(PassRefusal::KeyTaken)
    } else if owner.is_some() && live(around.owned).saturating_sub(ended) >= OWNER_LIVE {
        Err(PassRefusal::OwnerFull)
    } else if live(around.made) >= MAKER_LIVE {
        Err(PassRefusal::MakerFull)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
