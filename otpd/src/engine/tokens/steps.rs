//! The steps and questions about tokens that the store runs: each finds the families with the account
//! that is the person's, and leaves the decision to the core.

use otp_core::{
    Account, Decision, Family, FamilyId, Refusal, ShownToken, Tried, Uid, UnixTime, UserName,
    revoke,
};

use super::{Inspected, Whom};
use crate::{
    engine::steps::Whose,
    store::{Key, Query, Records, Step},
};

/// An account, its families, and whose they are.
pub(super) struct WhoseTokens {
    whose: Option<Whose>,
    keys: Vec<Key>,
}

impl WhoseTokens {
    pub(super) fn new(whom: Whom) -> Self {
        let whose = match whom {
            Whom::Person(person) => Some(Whose::new(person)),
            Whom::Application(name) => Some(Whose::of_application(name)),
            Whom::Nobody => None,
        };
        let mut keys = Vec::new();
        if let Some(whose) = &whose {
            keys.extend(whose.keys.iter().cloned());
            keys.push(Key::Families(whose.name.clone()));
        }
        Self { whose, keys }
    }

    fn account<'a>(&self, seen: &'a Records) -> Result<Option<&'a Account>, Refusal> {
        self.whose.as_ref().map_or(Ok(None), |whose| whose.account(seen))
    }
}

/// What a decision about tokens is made on.
pub(super) struct Found<'a> {
    whose: &'a WhoseTokens,
    pub(super) seen: &'a Records,
}

impl<'a> Found<'a> {
    /// The account, where it is the person's.
    pub(super) fn account(&self) -> Result<Option<&'a Account>, Refusal> {
        self.whose.account(self.seen)
    }

    /// A family, where it is of this account.
    pub(super) fn family(&self, id: FamilyId) -> Option<(&'a UserName, &'a Family)> {
        let family = self.seen.family(id);
        family.filter(|(name, _)| self.whose.whose.as_ref().is_some_and(|own| own.name == **name))
    }

    /// All that were asked for.
    pub(super) fn families(&self) -> Vec<Family> {
        self.seen.families().iter().map(|(_, family)| family.clone()).collect()
    }
}

/// A change of tokens, as a function of the core decides it.
pub(super) struct OnTokens<F> {
    whose: WhoseTokens,
    keys: Vec<Key>,
    by: Uid,
    decide: F,
}

impl<O, F> OnTokens<F>
where
    O: Send + 'static,
    F: Fn(&Found<'_>, UnixTime) -> Decision<O> + Send + 'static,
{
    /// Of the account's families, or of one family.
    pub(super) fn new(whom: Whom, by: Uid, family: Option<FamilyId>, decide: F) -> Self {
        let whose = WhoseTokens::new(whom);
        let mut keys = whose.keys.clone();
        if let Some(id) = family {
            keys.retain(|key| !matches!(key, Key::Families(_)));
            keys.push(Key::Family(id));
        }
        keys.extend([Key::Caller(by, Tried::Codes), Key::Held(by)]);
        Self { whose, keys, by, decide }
    }
}

impl<O, F> Step for OnTokens<F>
where
    O: Send + 'static,
    F: Fn(&Found<'_>, UnixTime) -> Decision<O> + Send + 'static,
{
    type Outcome = O;

    fn keys(&self) -> &[Key] {
        &self.keys
    }

    fn by(&self) -> Uid {
        self.by
    }

    fn decide(&self, seen: &Records, now: UnixTime) -> Decision<O> {
        (self.decide)(&Found { whose: &self.whose, seen }, now)
    }
}

/// A token that is to count no more.
pub(super) struct Revoke {
    pub(super) keys: Vec<Key>,
    pub(super) shown: ShownToken,
    /// Whose it must be; none: anybody's.
    pub(super) holder: Option<Uid>,
    pub(super) by: Uid,
}

impl Step for Revoke {
    type Outcome = FamilyId;

    fn keys(&self) -> &[Key] {
        &self.keys
    }

    fn by(&self) -> Uid {
        self.by
    }

    fn decide(&self, seen: &Records, now: UnixTime) -> Decision<FamilyId> {
        revoke(seen.family(self.shown.family), &self.shown, self.holder, now)
    }
}

/// Whose a family is, whether or not it is over.
pub(super) struct FindFamily(pub(super) [Key; 1], pub(super) FamilyId);

impl Query for FindFamily {
    type Row = Option<(UserName, Family)>;

    fn keys(&self) -> &[Key] {
        &self.0
    }

    fn answer(&self, seen: &Records, _: UnixTime) -> Self::Row {
        seen.family(self.1).map(|(name, family)| (name.clone(), family.clone()))
    }
}

/// Whether a token counts.
pub(super) struct FindActive {
    pub(super) keys: [Key; 1],
    pub(super) shown: ShownToken,
    /// Whose it must be; none: anybody's.
    pub(super) holder: Option<Uid>,
}

impl Query for FindActive {
    type Row = Option<Inspected>;

    fn keys(&self) -> &[Key] {
        &self.keys
    }

    fn answer(&self, seen: &Records, now: UnixTime) -> Self::Row {
        let Self { shown, holder, .. } = self;
        let (user, family) = seen.family(shown.family)?;
        let theirs = holder.is_none_or(|holder| family.holder == holder);
        let (user, family) = (user.clone(), family.clone());
        let active = theirs && family.is_active(shown, now);
        active.then_some(Inspected { user, family, kind: shown.kind })
    }
}

/// The families of an account.
pub(super) struct ListTokens(pub(super) WhoseTokens);

impl Query for ListTokens {
    type Row = Result<(UnixTime, Vec<Family>), Refusal>;

    fn keys(&self) -> &[Key] {
        &self.0.keys
    }

    fn answer(&self, seen: &Records, now: UnixTime) -> Self::Row {
        let account = self.0.account(seen)?;
        let families = account.map_or_else(Vec::new, |_| Found { whose: &self.0, seen }.families());
        Ok((now, families))
    }
}

/// The families of all accounts.
pub(super) struct AllTokens(pub(super) [Key; 1]);

impl Query for AllTokens {
    type Row = (UnixTime, Vec<(UserName, Family)>);

    fn keys(&self) -> &[Key] {
        &self.0
    }

    fn answer(&self, seen: &Records, now: UnixTime) -> Self::Row {
        (now, seen.families().to_vec())
    }
}
