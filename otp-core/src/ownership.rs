//! Whose an account is when name and uid no longer agree. A name can be given to somebody else, and
//! so can a uid; neither alone is proof, so an account changes hands by an administrator's word
//! only, and that word must fit what is there. Nothing here lets anybody in.
//!
//! `user` is a user of this system, who has the uid U; A is the uid that an account belongs to.
//!
//! Without `from` the account is the one of the user's own name (the uid was changed, or the name
//! belongs to another person by now: the administrator knows which):
//!
//! | account `user` | account that U owns | decision |
//! |---|---|---|
//! | A = U | that one | refused: nothing to settle |
//! | A ≠ U | none | given to U |
//! | A ≠ U | another | refused: a uid owns one account; settle the other first |
//! | none | another | refused: was that the former name? |
//! | none | none | refused: no account |
//!
//! With `from`, another name (the user was renamed):
//!
//! | account `user` | account `from` | `from` is a user | U owns | A is a user's | decision |
//! |---|---|---|---|---|---|
//! | any | none | any | any | any | refused: no account |
//! | some | some | any | any | any | refused: both exist |
//! | none | some | yes | any | any | refused: that user would lose it |
//! | none | A = U | no | `from` | `user`'s | renamed |
//! | none | A ≠ U | no | another | any | refused: a uid owns one account |
//! | none | A ≠ U | no | none | another's | refused: that user has the better claim |
//! | none | A ≠ U | no | none | nobody's | renamed, and given to U |
//!
//! So whoever is given a uid or a name that was somebody's gets nothing with it. Uids that went
//! round in a circle are settled by way of a free one.

use crate::{
    Account, Change, Changes, Decision, DeviceSummary, Event, EventKind, Refusal, TokenChange,
    Transition, Uid, UnixTime, UserName,
};

/// To whom an account is to be given, and what the user database says of all concerned.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The canonical name of a user of this system.
    pub user: UserName,
    /// The uid that this user has.
    pub uid: Uid,
    /// The former name, where it was another.
    pub former: Option<Former>,
    /// The uid to which the account belonged when the user database was asked for its holder.
    pub belonged: Option<Uid>,
    /// Who has that uid now, by the user database.
    pub holder: Option<UserName>,
}

/// A name that a user is said to have had.
#[derive(Clone, Debug)]
pub struct Former {
    /// The name.
    pub name: UserName,
    /// The canonical name of the user that it means now; none where it means nobody.
    pub means: Option<UserName>,
}

/// The records that decide.
#[derive(Clone, Copy)]
pub struct Concerned<'a> {
    /// The account of the user's name.
    pub account: Option<&'a Account>,
    /// The account of the former name.
    pub former: Option<&'a Account>,
    /// The account that the user's uid owns.
    pub owned: Option<&'a UserName>,
}

/// An account that was given away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adopted {
    /// The name that it had.
    pub name: UserName,
    /// The uid that it belonged to.
    pub uid: Uid,
    /// Who has that uid now, where that is not the new owner.
    pub holder: Option<UserName>,
    /// What goes with it.
    pub devices: Vec<DeviceSummary>,
}

/// Why an account was not given away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unadopted {
    /// Name and uid agree.
    Settled,
    /// There is no account of this name.
    NoAccount(UserName),
    /// The user has an account of the present name already, beside this one.
    BothExist(UserName),
    /// The user's uid owns this other account.
    Owns(UserName),
    /// The former name means a user still.
    NameLives(UserName),
    /// The account's uid is this other user's now.
    UidLives(Uid, UserName),
    /// The account is another's than a moment ago.
    Moved,
}

/// Gives an account to the name and uid that its user has now.
pub fn adopt(found: Concerned<'_>, claim: &Claim, now: UnixTime) -> Decision<Adopted> {
    match wanted(found, claim) {
        Ok((account, uid)) => Decision::Change(given(account, uid, claim, now)),
        Err(why) => Decision::Unchanged(Refusal::Unadopted(why)),
    }
}

fn wanted<'a>(found: Concerned<'a>, claim: &Claim) -> Result<(&'a Account, Uid), Unadopted> {
    let account = match &claim.former {
        None => by_name(found, claim)?,
        Some(former) => by_former_name(found, claim, former)?,
    };
    // Who holds its uid was asked for another uid: the answer says nothing of this one.
    let belonged = account.uid.filter(|uid| claim.belonged == Some(*uid));
    belonged.map(|uid| (account, uid)).ok_or(Unadopted::Moved)
}

fn by_name<'a>(found: Concerned<'a>, claim: &Claim) -> Result<&'a Account, Unadopted> {
    match (found.account, found.owned) {
        (Some(account), _) if account.uid == Some(claim.uid) => Err(Unadopted::Settled),
        (Some(_) | None, Some(other)) => Err(Unadopted::Owns(other.clone())),
        (Some(account), None) => Ok(account),
        (None, None) => Err(Unadopted::NoAccount(claim.user.clone())),
    }
}

fn by_former_name<'a>(
    found: Concerned<'a>,
    claim: &Claim,
    former: &Former,
) -> Result<&'a Account, Unadopted> {
    let no_account = || Unadopted::NoAccount(former.name.clone());
    let account = found.former.ok_or_else(no_account)?;
    if found.account.is_some() {
        return Err(Unadopted::BothExist(former.name.clone()));
    }
    // A directory may know the user by the former name too; whoever else it means would lose it.
    if former.means.as_ref().is_some_and(|means| *means != claim.user) {
        return Err(Unadopted::NameLives(former.name.clone()));
    }
    if account.uid == Some(claim.uid) {
        return Ok(account);
    }
    match (found.owned, &claim.holder) {
        (Some(other), _) => Err(Unadopted::Owns(other.clone())),
        (None, Some(holder)) => Err(account
            .uid
            .map_or(Unadopted::Moved, |uid| Unadopted::UidLives(uid, holder.clone()))),
        (None, None) => Ok(account),
    }
}

fn given(account: &Account, uid: Uid, claim: &Claim, now: UnixTime) -> Transition<Adopted> {
    let name = account.name.clone();
    let holder = claim.holder.clone().filter(|_| uid != claim.uid);
    let devices = account.devices.iter().map(crate::Device::summary).collect();
    let kind = EventKind::Adopted { name: name.to_string(), uid: uid.0 };
    // The event first: afterwards there is nobody of the old name.
    let list = vec![
        Change::Event(Event { at: now, kind }),
        // Whoever was granted tokens knew somebody else by them.
        Change::Tokens(TokenChange::EndAll),
        Change::Give { name: claim.user.clone(), uid: claim.uid },
    ];
    Transition::new(Changes::of(&name, list), Adopted { name, uid, holder, devices })
}

#[cfg(test)]
mod tests;
