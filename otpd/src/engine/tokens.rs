//! Tokens: codes exchanged for them, and what becomes of them. The core decides; here they are made
//! and read, and found with the account that they belong to.

mod steps;

use std::time::Instant;

use otp_core::{
    Attempt, Decision, Family, FamilyId, Generation, Granted, Lifetimes, NewFamily, Refreshed,
    Refusal, Scope, Seconds, Seen, ShownToken, TokenKind, Tried, Uid, UnixTime, UserName, Verified,
    end_families, grant, refresh,
};

use super::{
    Engine, Login, Unavailable,
    token_text::{self, Pair},
};
use crate::{
    entropy,
    nss::Person,
    store::{Key, Store},
};
use steps::{AllTokens, FindActive, FindFamily, Found, ListTokens, OnTokens, Revoke, WhoseTokens};

/// Whose code or token it is.
#[derive(Clone, Debug)]
pub enum Whom {
    /// A user of the system.
    Person(Person),
    /// A person of an application, by the name of the account.
    Application(UserName),
    /// Nobody who is known.
    Nobody,
}

/// Tokens that an application asks for.
pub struct WantedTokens {
    /// The uid that asks.
    pub holder: Uid,
    /// What for.
    pub scope: Scope,
    /// How long they live.
    pub lifetimes: Lifetimes,
}

/// Tokens, to be told once.
pub struct Issued {
    /// The account's name.
    pub user: UserName,
    /// Their family.
    pub family: Family,
    /// When they were made.
    pub at: UnixTime,
    /// The tokens.
    pub texts: Pair,
}

/// What a code was exchanged for.
pub enum Exchanged {
    /// For tokens.
    Issued(Box<Issued>, Verified),
    /// For nothing: the code is not accepted.
    Wrong(Verified),
    /// For nothing: why.
    Refused(Refusal),
}

/// What became of a refresh token.
pub enum Renewed {
    /// A new pair.
    Issued(Box<Issued>),
    /// It was used before, and its family is over.
    Reused(UserName, FamilyId),
}

/// A token that counts.
pub struct Inspected {
    /// The account's name.
    pub user: UserName,
    /// Its family.
    pub family: Family,
    /// Which of the two it is.
    pub kind: TokenKind,
}

impl Engine {
    /// Exchanges a code for tokens.
    pub async fn grant(
        &self,
        whom: Whom,
        wanted: WantedTokens,
        login: Login,
        before: Instant,
    ) -> Result<Result<Exchanged, Refusal>, Unavailable> {
        let WantedTokens { holder, scope, lifetimes } = wanted;
        let id = FamilyId::new(entropy::array()?);
        let (texts, pair) = token_text::pair(self.store.pepper(), id, Generation(0))?;
        let new = NewFamily { id, holder, scope, lifetimes, pair };
        let Login { entry, key: _, device, kinds, origin, service, from, remember: _ } = login;
        let (offer, policy, user) = (self.offer(entry)?, self.throttle(), whom.name());
        let step = OnTokens::new(whom, holder, None, move |found: &Found<'_>, now| {
            let (device, kinds, service) = (device.as_deref(), kinds.as_deref(), service.as_str());
            let (offer, origin, from) = (&offer, &origin, from.as_str());
            let typed = Attempt { offer, device, kinds, origin, service, from };
            let account = found.account();
            let seen = Seen {
                account: account.as_ref().map(|account| *account),
                families: &found.families(),
                held: found.seen.held(holder),
                caller: &found.seen.caller(holder, Tried::Codes),
            };
            grant(seen, &typed, new.clone(), &policy, now)
        });
        let done = self.store.transact(step, before).await?;
        Ok(done.into_result().map(|granted| match (granted, user) {
            (Granted::Made(family, verified), Some(user)) => {
                let (at, family) = (family.issued, *family);
                Exchanged::Issued(Box::new(Issued { user, family, at, texts }), verified)
            }
            // Nobody has no account by whose device anything could be made.
            (Granted::Made(..), None) => Exchanged::Refused(Refusal::NotEnrolled),
            (Granted::Wrong(verified), _) => Exchanged::Wrong(verified),
            (Granted::Refused(refusal) | Granted::Held(refusal), _) => Exchanged::Refused(refusal),
        }))
    }

    /// Whose family a token is of, and for what it is, if it was made here: for whoever holds it.
    pub async fn family_of(
        &self,
        token: &str,
        holder: Uid,
        before: Instant,
    ) -> Result<Option<(UserName, Scope)>, Unavailable> {
        let Some((_, name, family)) = self.found(token, before).await? else { return Ok(None) };
        Ok((family.holder == holder).then_some((name, family.scope)))
    }

    /// A token that counts now; `holder` sees its own, an administrator (none) all.
    pub async fn inspect(
        &self,
        token: &str,
        holder: Option<Uid>,
        before: Instant,
    ) -> Result<Option<Inspected>, Unavailable> {
        let Some(shown) = token_text::read(self.store.pepper(), token) else { return Ok(None) };
        let active = FindActive { keys: [Key::Family(shown.family)], shown, holder };
        Ok(self.store.snapshot(active, before).await?)
    }

    /// Gives the next pair for a refresh token of the account of `whom`.
    pub async fn refresh(
        &self,
        whom: Whom,
        token: &str,
        (holder, access): (Uid, Seconds),
        before: Instant,
    ) -> Result<Result<Renewed, Refusal>, Unavailable> {
        let unknown = Ok(Err(Refusal::UnknownToken));
        let Some(shown) = token_text::read(self.store.pepper(), token) else { return unknown };
        let (Some(user), Some(next)) = (whom.name(), shown.generation.next()) else {
            return unknown;
        };
        let (texts, pair) = token_text::pair(self.store.pepper(), shown.family, next)?;
        let family = Some(shown.family);
        let step = OnTokens::new(whom, holder, family, move |found: &Found<'_>, now| {
            // Who has another uid by now, or no account any more, is somebody else.
            match found.account() {
                Ok(Some(_)) => {
                    let known = found.family(shown.family);
                    refresh(known, &shown, holder, (pair.clone(), access), now)
                }
                Ok(None) | Err(_) => Decision::Unchanged(Refusal::UnknownToken),
            }
        });
        let done = self.store.transact(step, before).await?;
        Ok(done.into_result().map(|refreshed| match refreshed {
            Refreshed::Anew(family) => {
                let (at, family) = (family.issued, *family);
                Renewed::Issued(Box::new(Issued { user, family, at, texts }))
            }
            Refreshed::Reused(family) => Renewed::Reused(user, family),
        }))
    }

    /// Revokes a token, or the family of a refresh token; whose it was. An unknown one is no error.
    pub async fn revoke(
        &self,
        token: &str,
        (holder, by): (Option<Uid>, Uid),
        before: Instant,
    ) -> Result<Option<(UserName, FamilyId)>, Unavailable> {
        let Some((shown, name, _)) = self.found(token, before).await? else { return Ok(None) };
        let keys = vec![Key::Account(name.clone()), Key::Family(shown.family)];
        let done = self.store.transact(Revoke { keys, shown, holder, by }, before).await?;
        match done.into_result() {
            Ok(family) => Ok(Some((name, family))),
            // There is no other refusal: what is not known is not there.
            Err(_) => Ok(None),
        }
    }

    /// Ends one family of an account, or all; those that were open.
    pub async fn end_tokens(
        &self,
        whom: Whom,
        which: Option<FamilyId>,
        by: Uid,
        before: Instant,
    ) -> Result<Result<Vec<FamilyId>, Refusal>, Unavailable> {
        let step =
            OnTokens::new(whom, by, None, move |found: &Found<'_>, now| match found.account() {
                Ok(Some(account)) => end_families(account, &found.families(), which, now),
                Ok(None) => Decision::Unchanged(Refusal::UnknownToken),
                Err(refusal) => Decision::Unchanged(refusal),
            });
        Ok(self.store.transact(step, before).await?.into_result())
    }

    /// The families of an account, those that ran out lately among them, the oldest first; and now.
    pub async fn tokens(
        &self,
        whom: Whom,
        before: Instant,
    ) -> Result<Result<(UnixTime, Vec<Family>), Refusal>, Unavailable> {
        Ok(self.store.snapshot(ListTokens(WhoseTokens::new(whom)), before).await?)
    }

    /// At most so many families of all accounts, those that run out last first; and now.
    pub async fn tokens_of_all(
        &self,
        most: u32,
        before: Instant,
    ) -> Result<(UnixTime, Vec<(UserName, Family)>), Unavailable> {
        Ok(self.store.snapshot(AllTokens([Key::NewestFamilies(most)]), before).await?)
    }

    async fn found(
        &self,
        token: &str,
        before: Instant,
    ) -> Result<Option<(ShownToken, UserName, Family)>, Unavailable> {
        let Some(shown) = token_text::read(self.store.pepper(), token) else { return Ok(None) };
        let find = FindFamily([Key::Family(shown.family)], shown.family);
        let found = self.store.snapshot(find, before).await?;
        Ok(found.map(|(name, family)| (shown, name, family)))
    }
}

impl From<Person> for Whom {
    fn from(person: Person) -> Self {
        Self::Person(person)
    }
}

impl Whom {
    pub(super) fn name(&self) -> Option<UserName> {
        match self {
            Self::Person(person) => Some(person.name.clone()),
            Self::Application(name) => Some(name.clone()),
            Self::Nobody => None,
        }
    }
}

#[cfg(test)]
mod tests;
