//! What is kept, and the one way in which it changes: a pure, repeatable step sees records, decides,
//! and is told to its caller only once what it changed is durable. What a store must hold to is
//! written as tests in `contract`; each store runs them.

mod accounts;
mod contacts;
#[cfg(test)]
pub(crate) mod contract;
mod exemption;
mod give;
mod keys;
mod load;
mod log;
mod made;
mod mark;
mod passes;
mod remembered;
mod save;
mod schema;
mod sealed;
mod sent;
mod sqlite;
mod tokens;
mod writer;

use std::{collections::BTreeMap, future::Future, time::Instant};

use otp_core::{
    Account, CodeHash, Contact, ContactKey, Decision, Family, FamilyId, LaneState, Pass, PassId,
    Purpose, Refusal, Tried, Uid, UnixTime, UserName,
    message::{SendTally, Tally},
};

pub use accounts::{Entry, Page, Stored, StoredName};
pub use keys::{KeyRole, KeyUse, KeysError};
pub use log::Logged;
pub use passes::{Listing, Lives};
pub use sealed::Resealed;
pub use sqlite::{OpenError, SqliteStore};

/// Something that a step looks at. Keys are locked in sorted order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// The account of this canonical name.
    Account(UserName),
    /// Which account this uid owns.
    Owner(Uid),
    /// Which accounts have a device whose secret has this fingerprint.
    Secret(Vec<u8>),
    /// What has failed that this uid asked for and that is no account's own.
    Caller(Uid, Tried),
    /// How many messages were sent lately.
    Sent(Tally),
    /// A contact.
    Contact(ContactKey),
    /// How many contacts this uid has.
    Contacts(Uid),
    /// Which account of the application has a device at the contact's address.
    At(ContactKey),
    /// All families of tokens of this account.
    Families(UserName),
    /// The family of this id.
    Family(FamilyId),
    /// How many families this uid holds.
    Held(Uid),
    /// The newest families of all accounts, at most so many. For questions alone.
    NewestFamilies(u32),
    /// The pass whose purpose and key have this hash.
    Pass(Vec<u8>),
    /// The pass of this id.
    PassCalled(PassId),
    /// The passes of this owner, or of none, for this purpose that were neither used nor called back.
    Unended(Option<UserName>, Purpose),
    /// When the passes of this owner, and those that this uid made, are over.
    Lives(Option<UserName>, Uid),
    /// Passes behind this id, at most so many. For questions alone.
    Passes(Listing, String, u32),
    /// The last events of this account, or of all, at most so many. For questions alone.
    Log(Option<UserName>, u32),
}

/// What was found under the keys of a step.
#[derive(Default)]
pub struct Records {
    pub(crate) accounts: BTreeMap<UserName, Account>,
    pub(crate) owners: BTreeMap<Uid, UserName>,
    pub(crate) holders: BTreeMap<Vec<u8>, Vec<UserName>>,
    pub(crate) callers: BTreeMap<(Uid, Tried), LaneState>,
    pub(crate) sent: BTreeMap<Tally, SendTally>,
    pub(crate) contacts: BTreeMap<ContactKey, Contact>,
    pub(crate) pending: BTreeMap<Uid, u32>,
    pub(crate) at: BTreeMap<ContactKey, UserName>,
    pub(crate) families: Vec<(UserName, Family)>,
    pub(crate) held: BTreeMap<Uid, u32>,
    pub(crate) passes: Vec<Pass>,
    pub(crate) some_passes: Vec<Pass>,
    pub(crate) lives: Lives,
    pub(crate) log: Vec<Logged>,
}

impl Key {
    /// The pass whose purpose and key have this hash.
    pub fn pass(digest: &CodeHash) -> Self {
        Self::Pass(passes::digest(digest))
    }
}

impl Records {
    /// The account of a name; none where there is none.
    pub fn account(&self, name: &UserName) -> Option<&Account> {
        self.accounts.get(name)
    }

    /// The account that a uid owns; none where it owns none.
    pub fn owner(&self, uid: Uid) -> Option<&UserName> {
        self.owners.get(&uid)
    }

    /// The accounts that have a device whose secret has a fingerprint.
    pub fn holders(&self, fingerprint: &[u8]) -> impl Iterator<Item = &UserName> {
        self.holders.get(fingerprint).into_iter().flatten()
    }

    /// What has failed that a uid asked for and that is no account's own; clear where nothing has.
    pub fn caller(&self, uid: Uid, tried: Tried) -> LaneState {
        self.callers.get(&(uid, tried)).cloned().unwrap_or_default()
    }

    /// How many messages were sent lately.
    pub fn sent(&self, tally: &Tally) -> SendTally {
        self.sent.get(tally).cloned().unwrap_or_default()
    }

    /// A contact; none where nothing is known of it.
    pub fn contact(&self, key: &ContactKey) -> Option<&Contact> {
        self.contacts.get(key)
    }

    /// How many contacts a uid has.
    pub fn pending(&self, uid: Uid) -> u32 {
        self.pending.get(&uid).copied().unwrap_or(0)
    }

    /// Which account of the application has a device at the contact's address.
    pub fn at(&self, key: &ContactKey) -> Option<&UserName> {
        self.at.get(key)
    }

    /// The families of tokens that were asked for, the oldest of an account first.
    pub fn families(&self) -> &[(UserName, Family)] {
        &self.families
    }

    /// The family of an id, and whose it is; none where there is none.
    pub fn family(&self, id: FamilyId) -> Option<(&UserName, &Family)> {
        let mut families = self.families.iter();
        families.find(|(_, family)| family.id == id).map(|(name, family)| (name, family))
    }

    /// How many families a uid holds.
    pub fn held(&self, uid: Uid) -> u32 {
        self.held.get(&uid).copied().unwrap_or(0)
    }

    /// The pass whose purpose and key have a hash.
    pub fn pass(&self, digest: &CodeHash) -> Option<&Pass> {
        self.passes.iter().find(|pass| pass.digest.same_as(digest))
    }

    /// The pass of an id.
    pub fn pass_called(&self, id: &PassId) -> Option<&Pass> {
        self.passes.iter().find(|pass| pass.id == *id)
    }

    /// The passes that were asked for in a number.
    pub fn some_passes(&self) -> &[Pass] {
        &self.some_passes
    }

    /// When passes are over.
    pub fn lives(&self) -> &Lives {
        &self.lives
    }

    /// The last events, the newest first.
    pub fn log(&self) -> &[Logged] {
        &self.log
    }
}

/// A change to be decided. It may be run again, and then sees what is there by then.
pub trait Step: Send + 'static {
    /// What its caller is told.
    type Outcome: Send + 'static;

    /// What it looks at. It changes nothing else.
    fn keys(&self) -> &[Key];

    /// The uid that asks for it, as its events tell.
    fn by(&self) -> Uid;

    /// Decides, on what was found.
    fn decide(&self, seen: &Records, now: UnixTime) -> Decision<Self::Outcome>;
}

/// A question that changes nothing.
pub trait Query: Send + 'static {
    /// Its answer.
    type Row: Send + 'static;

    /// What it looks at.
    fn keys(&self) -> &[Key];

    /// Answers, on what was found.
    fn answer(&self, seen: &Records, now: UnixTime) -> Self::Row;
}

/// Proof that a step's changes are durable, or that there were none. Only a store makes one.
#[must_use]
#[derive(Debug)]
pub struct Persisted<O>(Result<O, Refusal>);

impl<O> Persisted<O> {
    /// What may now be told: the outcome of a change, or why nothing was changed.
    ///
    /// # Errors
    /// The refusal, where nothing was changed.
    pub fn into_result(self) -> Result<O, Refusal> {
        self.0
    }
}

/// Keeps accounts.
pub trait Store: Send + Sync + 'static {
    /// Runs a step, and answers once what it changed is durable. A step whose turn comes after
    /// `before` is dropped: nobody waits for it any more.
    fn transact<S: Step>(
        &self,
        step: S,
        before: Instant,
    ) -> impl Future<Output = Result<Persisted<S::Outcome>, StoreError>> + Send;

    /// Answers a question.
    fn snapshot<Q: Query>(
        &self,
        query: Q,
        before: Instant,
    ) -> impl Future<Output = Result<Q::Row, StoreError>> + Send;

    /// The first `most` accounts behind a name, damaged ones among them; none: the end.
    fn accounts(
        &self,
        after: StoredName,
        most: u32,
        before: Instant,
    ) -> impl Future<Output = Result<Page, StoreError>> + Send;

    /// All that is there under a name, whether or not it can be used.
    fn stored(
        &self,
        name: StoredName,
        before: Instant,
    ) -> impl Future<Output = Result<Option<Stored>, StoreError>> + Send;

    /// Removes all that is there under a name, without having to make sense of it, and answers what
    /// there was once that is durable.
    fn erase(
        &self,
        name: StoredName,
        before: Instant,
    ) -> impl Future<Output = Result<Persisted<Option<Stored>>, StoreError>> + Send;
}

/// Why a store did not answer. Each is a denial; after [`Failed`](Self::Failed) the change may have
/// been made all the same.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The deadline passed before the step's turn; nothing was changed.
    #[error("the store was too busy to answer in time; if this stays, check the disk")]
    Late,
    /// The queue is full; nothing was changed.
    #[error("the store has more calls waiting than it takes; try again shortly")]
    Full,
    /// Reading, writing or syncing failed.
    #[error("the store failed: {0}")]
    Failed(String),
    /// A stored record cannot be read; nothing was changed.
    #[error("a stored record cannot be read: {0}")]
    Corrupt(String),
    /// The store is closed.
    #[error("the store is closed: otpd is stopping or has to start anew; try again shortly")]
    Closed,
}
