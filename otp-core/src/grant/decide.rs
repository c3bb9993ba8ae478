//! Decisions about tokens: granted for a code, refreshed, revoked, ended. Whether the caller may ask
//! at all, and for which scope, is decided before.

use super::{
    Family, FamilyId, Generation, KEPT_FOR, Lifetimes, MAX_FAMILIES, MAX_HELD, PairHashes, Scope,
    ShownToken, TokenKind,
};
use crate::{
    Account, Admission, Attempt, Beside, Change, Changes, Decision, Event, EventKind, Lane,
    LaneState, Permit, Refusal, Seconds, ThrottlePolicy, TokenChange, TokensEnded, Transition,
    Tried, Uid, UnixTime, UserName, Verified, verify::prove,
};

/// How an application is slowed down that shows wrong codes, whosesoever. Everybody who signs in by
/// it shares this wait, so it stays short and never locks: each account's own throttle does that.
const CALLER: ThrottlePolicy = ThrottlePolicy {
    free: 16,
    factor: Seconds(1),
    longest: Seconds(30),
    lock_after: u32::MAX,
    lock_after_recent: u32::MAX,
    unlock_after: None,
};

/// The records on which a grant is decided.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    /// The account, where there is one that is the user's.
    pub account: Result<Option<&'a Account>, &'a Refusal>,
    /// Its families.
    pub families: &'a [Family],
    /// How many living families the caller has, of all accounts.
    pub held: u32,
    /// What has failed that the caller asked for.
    pub caller: &'a LaneState,
}

/// A family to be.
#[derive(Clone, Debug)]
pub struct NewFamily {
    /// What it is called.
    pub id: FamilyId,
    /// The uid that asks.
    pub holder: Uid,
    /// What for.
    pub scope: Scope,
    /// How long its tokens live.
    pub lifetimes: Lifetimes,
    /// Its first pair.
    pub pair: PairHashes,
}

/// What became of asking for tokens.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Granted {
    /// They are granted, for this code.
    Made(Box<Family>, Verified),
    /// The code is not accepted. The caller's failure is counted whatever the reason, so that how
    /// soon it may ask again does not tell it who exists.
    Wrong(Verified),
    /// Nothing was looked at, or there is nothing to look at.
    Refused(Refusal),
    /// The caller has failed too often; nothing was looked at. Its count is anchored to a clock that
    /// was set back.
    Held(Refusal),
}

/// Decides whether an application is granted tokens for a code of somebody.
pub fn grant(
    seen: Seen<'_>,
    typed: &Attempt<'_>,
    new: NewFamily,
    policy: &ThrottlePolicy,
    now: UnixTime,
) -> Decision<Granted> {
    if seen.held >= MAX_HELD {
        return Decision::Unchanged(Refusal::TooManyTokens);
    }
    let holder = new.holder;
    let permit = match caller_admitted(seen.caller, now) {
        Ok(permit) => permit,
        Err((refusal, None)) => return Decision::Unchanged(refusal),
        Err((refusal, Some(anchored))) => {
            let beside = vec![Beside::Caller(holder, Tried::Codes, anchored)];
            let changes = Changes { beside, ..Changes::default() };
            return Decision::Change(Transition::new(changes, Granted::Held(refusal)));
        }
    };
    let decided = match seen.account {
        Ok(Some(account)) => prove(account, typed, policy, now),
        Ok(None) => Decision::Unchanged(Refusal::NotEnrolled),
        Err(refusal) => Decision::Unchanged(refusal.clone()),
    };
    let (mut changes, outcome) = match decided {
        Decision::Unchanged(refusal) => (Changes::default(), Granted::Refused(refusal)),
        Decision::Change(transition) => {
            let (mut changes, verified) = transition.into_parts();
            let outcome = match verified {
                Verified::Accepted { ref device, .. } => {
                    let family = new.made_by(device.clone(), now);
                    changes.list.extend(displaced(seen.families, &family, now));
                    changes.list.extend(kept(&family, now));
                    changes.beside.push(Beside::TidyFamilies(over(now)));
                    Granted::Made(Box::new(family), verified)
                }
                // No pass is asked where somebody proves to have a device.
                Verified::Passed(_) | Verified::Wrong { .. } | Verified::Held(_) => {
                    Granted::Wrong(verified)
                }
            };
            (changes, outcome)
        }
    };
    let after = match &outcome {
        Granted::Made(..) => permit.succeeded(),
        Granted::Wrong(_) | Granted::Refused(_) | Granted::Held(_) => permit.failed(now),
    };
    if after != *seen.caller {
        changes.beside.push(Beside::Caller(holder, Tried::Codes, after));
    }
    Decision::Change(Transition::new(changes, outcome))
}

/// Asks the throttle of a calling uid. With a refusal comes the state anchored to the present, where
/// the clock was set back.
pub(crate) fn caller_admitted(
    state: &LaneState,
    now: UnixTime,
) -> Result<Permit, (Refusal, Option<LaneState>)> {
    let held = |refusal| {
        if let Refusal::Throttled { failures, wait, .. } = refusal {
            return Refusal::CallerThrottled { failures, wait };
        }
        refusal
    };
    match state.admit(Lane::Own, &CALLER, now) {
        Admission::Permitted(permit) => Ok(permit),
        Admission::Refused { refusal, anchored } => Err((held(refusal), anchored)),
    }
}

impl NewFamily {
    fn made_by(self, device: crate::DeviceId, now: UnixTime) -> Family {
        let Self { id, holder, scope, lifetimes, pair } = self;
        let until = now.plus(lifetimes.family);
        Family {
            id,
            holder,
            scope,
            device,
            made: now,
            until,
            generation: Generation(0),
            issued: now,
            access_until: now.plus(lifetimes.access).min(until),
            pair,
        }
    }
}

/// The oldest of the holder's, where there is no room for one more.
fn displaced(families: &[Family], new: &Family, now: UnixTime) -> Vec<Change> {
    let mut own: Vec<&Family> = families
        .iter()
        .filter(|family| family.holder == new.holder && family.is_open(now))
        .collect();
    own.sort_by_key(|family| (family.made, family.id));
    let surplus = (own.len() + 1).saturating_sub(MAX_FAMILIES);
    own.into_iter()
        .take(surplus)
        .map(|family| Change::Tokens(TokenChange::End(family.id)))
        .collect()
}

fn kept(family: &Family, now: UnixTime) -> [Change; 2] {
    let kind = EventKind::TokensGranted {
        family: family.id.to_string(),
        scope: family.scope.to_string(),
        device: family.device.to_string(),
    };
    [Change::Tokens(TokenChange::Keep(family.clone())), Change::Event(Event { at: now, kind })]
}

/// What ended before this is kept no longer.
fn over(now: UnixTime) -> UnixTime {
    UnixTime::from_secs(now.as_secs().saturating_sub(KEPT_FOR.0))
}

/// What became of a refresh token.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refreshed {
    /// There is a new pair; the old one counts no more.
    Anew(Box<Family>),
    /// It was used before: one of those who used it is a thief, and the family is over.
    Reused(FamilyId),
}

/// Decides on a refresh token that `by` shows for the next pair.
pub fn refresh(
    found: Option<(&UserName, &Family)>,
    shown: &ShownToken,
    by: Uid,
    (pair, access): (PairHashes, Seconds),
    now: UnixTime,
) -> Decision<Refreshed> {
    let (account, family) = match found {
        Some((account, family)) if family.holder == by && family.is_open(now) => (account, family),
        Some(_) | None => return Decision::Unchanged(Refusal::UnknownToken),
    };
    match shown.kind {
        TokenKind::Refresh if shown.generation < family.generation => {
            let list = ended(family, TokensEnded::Reused, now);
            let changes = Changes::of(account, list);
            Decision::Change(Transition::new(changes, Refreshed::Reused(family.id)))
        }
        TokenKind::Refresh if family.is_active(shown, now) => match family.generation.next() {
            Some(generation) => {
                let access_until = now.plus(access).min(family.until);
                let next = Family { generation, issued: now, access_until, pair, ..family.clone() };
                let changes =
                    Changes::of(account, vec![Change::Tokens(TokenChange::Keep(next.clone()))]);
                Decision::Change(Transition::new(changes, Refreshed::Anew(Box::new(next))))
            }
            None => Decision::Unchanged(Refusal::UnknownToken),
        },
        // From a store that was put back, or of the other kind.
        TokenKind::Refresh | TokenKind::Access => Decision::Unchanged(Refusal::UnknownToken),
    }
}

/// Revokes a token that `by` shows (RFC 7009): a refresh token with its family, whichever of its
/// refresh tokens it is; an access token alone. What is unknown changes nothing.
pub fn revoke(
    found: Option<(&UserName, &Family)>,
    shown: &ShownToken,
    by: Option<Uid>,
    now: UnixTime,
) -> Decision<FamilyId> {
    let theirs = |family: &Family| by.is_none_or(|by| family.holder == by);
    let (account, family) = match found {
        Some((account, family)) if theirs(family) => (account, family),
        Some(_) | None => return Decision::Unchanged(Refusal::UnknownToken),
    };
    let list = match shown.kind {
        TokenKind::Refresh if shown.generation < family.generation || family.is_latest(shown) => {
            ended(family, TokensEnded::Revoked, now)
        }
        TokenKind::Access if family.is_latest(shown) => {
            let access_until = UnixTime::default();
            vec![Change::Tokens(TokenChange::Keep(Family { access_until, ..family.clone() }))]
        }
        TokenKind::Refresh | TokenKind::Access => {
            return Decision::Unchanged(Refusal::UnknownToken);
        }
    };
    Decision::Change(Transition::new(Changes::of(account, list), family.id))
}

/// Ends families of an account by an administrator's or its owner's word: one of them, or all. What
/// has run out already is not there. The outcome is those that are ended.
pub fn end_families(
    account: &Account,
    families: &[Family],
    which: Option<FamilyId>,
    now: UnixTime,
) -> Decision<Vec<FamilyId>> {
    let meant =
        |family: &&Family| which.is_none_or(|which| family.id == which) && family.is_open(now);
    let gone: Vec<&Family> = families.iter().filter(meant).collect();
    if gone.is_empty() {
        return Decision::Unchanged(Refusal::UnknownToken);
    }
    let list = gone.iter().flat_map(|family| ended(family, TokensEnded::Revoked, now)).collect();
    let ids = gone.iter().map(|family| family.id).collect();
    Decision::Change(Transition::new(Changes::of(&account.name, list), ids))
}

fn ended(family: &Family, why: TokensEnded, now: UnixTime) -> Vec<Change> {
    let kind = EventKind::TokensEnded { family: family.id.to_string(), why };
    vec![Change::Tokens(TokenChange::End(family.id)), Change::Event(Event { at: now, kind })]
}
