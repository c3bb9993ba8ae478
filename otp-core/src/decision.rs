//! What a decision is: either it changes nothing, and then it can only refuse; or it is a
//! transition, whose outcome is told once its changes are durable. There is no third.

use std::net::IpAddr;

use crate::{
    Contact, ContactKey, Device, DeviceId, Event, Exemption, Family, FamilyId, Invitation, Label,
    Lane, LaneState, Pass, PassRefusal, Remembered, Seconds, Uid, UnixTime, UserName,
    device::KindState,
    message::{SendTally, Tally, Unsent},
};

/// What a step of the store decided on the records that it saw.
#[must_use]
#[derive(Debug)]
pub enum Decision<O> {
    /// Nothing changes.
    Unchanged(Refusal),
    /// Something changes.
    Change(Transition<O>),
}

/// Changes, and the outcome that may be told once they are durable.
#[must_use]
#[derive(Debug)]
pub struct Transition<O> {
    changes: Changes,
    outcome: O,
}

impl<O> Transition<O> {
    /// An outcome that depends on changes. Only decisions of this crate make transitions.
    pub(crate) fn new(changes: Changes, outcome: O) -> Self {
        Self { changes, outcome }
    }

    /// Tells the outcome in other words. The changes, and that it waits for them, stay.
    pub(crate) fn map_outcome<P>(self, tell: impl FnOnce(O) -> P) -> Transition<P> {
        let Self { changes, outcome } = self;
        Transition { changes, outcome: tell(outcome) }
    }

    /// For the store, which keeps the outcome back until the changes are durable.
    pub fn into_parts(self) -> (Changes, O) {
        (self.changes, self.outcome)
    }
}

impl<O> Decision<O> {
    /// Tells the outcome in other words. The changes, and that it waits for them, stay.
    pub fn map<P>(self, tell: impl FnOnce(O) -> P) -> Decision<P> {
        match self {
            Self::Unchanged(refusal) => Decision::Unchanged(refusal),
            Self::Change(transition) => Decision::Change(transition.map_outcome(tell)),
        }
    }
}

/// Changes that belong together, in order: to one account, and to what belongs to none.
#[derive(Debug, Default)]
pub struct Changes {
    /// Whose account is changed, where one is.
    pub account: Option<UserName>,
    /// What of it.
    pub list: Vec<Change>,
    /// What beside it.
    pub beside: Vec<Beside>,
}

impl Changes {
    /// Changes to this account alone. With what can let somebody in, all that is remembered ends.
    pub(crate) fn of(account: &UserName, mut list: Vec<Change>) -> Self {
        let ends = |change: &Change| match change {
            Change::Event(event) => event.kind.ends_remembering(),
            Change::Head { .. }
            | Change::Add(_)
            | Change::Move { .. }
            | Change::Note { .. }
            | Change::Sent { .. }
            | Change::Rename(..)
            | Change::Drop(_)
            | Change::Lane(..)
            | Change::Seen(..)
            | Change::Forget(_)
            | Change::Invite(_)
            | Change::Uninvite
            | Change::Remember(_)
            | Change::Unremember(_)
            | Change::Exempt(_)
            | Change::Unexempt
            | Change::Tokens(_)
            | Change::Give { .. } => false,
        };
        if list.iter().any(ends) {
            list.insert(0, Change::Unremember(None));
        }
        Self { account: Some(account.clone()), list, beside: Vec::new() }
    }
}

/// What a uid tries that is no account's own. Each is counted by itself: one is slowed down by another
/// policy than the other, and a success at one says nothing of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tried {
    /// Keys of passes.
    Passes,
    /// Codes, of people or of contacts.
    Codes,
}

impl Tried {
    /// Its name in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passes => "passes",
            Self::Codes => "codes",
        }
    }
}

/// One change to what is no account's own.
#[derive(Debug)]
pub enum Beside {
    /// What has failed that this uid asked for and that is nobody's; a clear state is not kept.
    Caller(Uid, Tried, LaneState),
    /// How many messages were sent lately.
    Sent(Tally, SendTally),
    /// A contact as it is from now on.
    Contact(ContactKey, Contact),
    /// Contacts to which nothing happened since are kept no longer, whosesoever.
    TidyContacts(UnixTime),
    /// Families of tokens that ended before this are kept no longer, whosesoever.
    TidyFamilies(UnixTime),
    /// A pass as it is from now on.
    Pass(Box<Pass>),
    /// Passes that were over before this time are kept no longer.
    ForgetPasses(UnixTime),
}

/// One change to an account.
pub enum Change {
    /// The account itself: made if it is not there.
    Head {
        /// The uid it belongs to; none: a person of an application's.
        uid: Option<Uid>,
        /// Whether a code is demanded from now on.
        enrolled: bool,
    },
    /// A new device.
    Add(Device),
    /// A device has moved.
    Move {
        /// Which.
        device: DeviceId,
        /// Where it is now.
        state: KindState,
        /// When a code of it was accepted.
        used: UnixTime,
        /// Whether it can log somebody in from now on.
        confirmed: bool,
    },
    /// A device has noted a code far out; it has not moved, and was not used.
    Note {
        /// Which.
        device: DeviceId,
        /// Its state with the note.
        state: KindState,
        /// Whether it can log somebody in, as before.
        confirmed: bool,
    },
    /// A code was sent to a device; it was not used.
    Sent {
        /// Which.
        device: DeviceId,
        /// Its state with the code's hash.
        state: KindState,
        /// Whether it can log somebody in, as before.
        confirmed: bool,
        /// Whose place it takes once it is confirmed, as before.
        replaces: Option<DeviceId>,
    },
    /// A device is called something else from now on.
    Rename(DeviceId, Label),
    /// A device is gone, its secret with it.
    Drop(DeviceId),
    /// A lane's failures; a clear state is not kept.
    Lane(Lane, LaneState),
    /// A login succeeded from this address.
    Seen(IpAddr, UnixTime),
    /// This address is no longer kept.
    Forget(IpAddr),
    /// The account's one invitation.
    Invite(Invitation),
    /// There is no invitation any more.
    Uninvite,
    /// A login that is remembered; it takes the place of the one with its number.
    Remember(Remembered),
    /// The remembered login of this number is forgotten; none: all are.
    Unremember(Option<u32>),
    /// The account's one exemption.
    Exempt(Exemption),
    /// There is no exemption any more.
    Unexempt,
    /// Tokens that an application was granted.
    Tokens(TokenChange),
    /// For the account's log.
    Event(Event),
    /// The account, with all that it has, belongs to this name and uid from now on. The last change
    /// of a list: afterwards there is no account of the old name.
    Give {
        /// The new name, or the old one.
        name: UserName,
        /// The new uid, or the old one.
        uid: Uid,
    },
}

/// One change to the tokens that were granted for an account's codes.
#[derive(Debug)]
pub enum TokenChange {
    /// A family as it is from now on: a new one, or one that is there.
    Keep(Family),
    /// This family is over, and nothing of it is kept.
    End(FamilyId),
    /// All families of the account are.
    EndAll,
}

impl std::fmt::Debug for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (name, device) = match self {
            Self::Head { .. } => ("Head", None),
            Self::Add(device) => ("Add", Some(&device.id)),
            Self::Move { device, .. } => ("Move", Some(device)),
            Self::Note { device, .. } => ("Note", Some(device)),
            Self::Sent { device, .. } => ("Sent", Some(device)),
            Self::Rename(device, _) => ("Rename", Some(device)),
            Self::Drop(device) => ("Drop", Some(device)),
            Self::Lane(..) => ("Lane", None),
            Self::Seen(..) => ("Seen", None),
            Self::Forget(..) => ("Forget", None),
            Self::Invite(..) => ("Invite", None),
            Self::Uninvite => ("Uninvite", None),
            Self::Remember(..) => ("Remember", None),
            Self::Unremember(..) => ("Unremember", None),
            Self::Exempt(..) => ("Exempt", None),
            Self::Unexempt => ("Unexempt", None),
            Self::Tokens(..) => ("Tokens", None),
            Self::Event(..) => ("Event", None),
            Self::Give { .. } => ("Give", None),
        };
        f.debug_tuple(name).field(&device).finish()
    }
}

/// Why nothing was changed. Nobody is let in by one of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Too soon after failures: nothing was looked at.
    Throttled {
        /// In which lane.
        lane: Lane,
        /// After how many failures in a row.
        failures: u32,
        /// How long to wait from now.
        wait: Seconds,
    },
    /// Locked after failures: nothing was looked at.
    Locked {
        /// Which lane.
        lane: Lane,
        /// After how many failures.
        failures: u32,
    },
    /// The code was accepted before, by this device.
    Used(DeviceId, Label, Seconds),
    /// The account has no confirmed device.
    NotEnrolled,
    /// The account belongs to this other uid.
    UidMismatch(Uid),
    /// The uid owns an account under this other name.
    UidOwns(UserName),
    /// The account has no such device.
    UnknownDevice,
    /// The name fits these devices.
    AmbiguousDevice(Vec<DeviceId>),
    /// The device is confirmed already.
    AlreadyConfirmed(DeviceId),
    /// Another device has the label.
    LabelTaken(DeviceId),
    /// Another device of the account has the secret.
    SecretTaken(DeviceId),
    /// The device has no secret that could be replaced, or no codes that follow each other.
    WrongKind(DeviceId),
    /// The device has waited too long for its owner's confirming code.
    WaitedTooLong(DeviceId),
    /// The random id is taken; the next one will not be.
    IdTaken,
    /// The account is full.
    TooManyDevices,
    /// Nothing has failed: there is nothing to unlock.
    NothingToUnlock,
    /// There is no exemption that could be ended.
    NotExempt,
    /// The account is not given away.
    Unadopted(crate::Unadopted),
    /// The account's owner must show a code of it.
    CodeNeeded,
    /// A first device needs an administrator or an invitation.
    NotInvited,
    /// No such login is remembered, or none that counts for this one.
    NotRemembered,
    /// No such invitation is open.
    UnknownInvitation,
    /// The invitation with which the device was enrolled is over.
    InvitationOver,
    /// It is the last device that makes codes, which is not its owner's to remove.
    LastDevice(DeviceId),
    /// Nothing is sent now.
    Unsent(Unsent),
    /// Too soon after failures that the caller asked for: nothing was looked at.
    CallerThrottled {
        /// After how many failures in a row.
        failures: u32,
        /// How long to wait from now.
        wait: Seconds,
    },
    /// No such identifier of a contact counts.
    UnknownContact,
    /// The caller has as many contacts as it can have.
    TooManyContacts,
    /// No such token counts, or not for whoever shows it.
    UnknownToken,
    /// The caller has as many families of tokens as it can have.
    TooManyTokens,
    /// Nothing was done about a pass.
    Pass(PassRefusal),
}
