//! Who may do what: one table, every pair written out, denied unless it says otherwise.

/// Something a caller can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Ask what a login must do.
    Begin,
    /// Have a code checked, and spent.
    Verify,
    /// Add a device.
    Enroll,
    /// Confirm a device by a code.
    Confirm,
    /// See the devices.
    List,
    /// See failures and locks.
    Status,
    /// See what happened to an account.
    Log,
    /// See what an attacker could hope for.
    Explain,
    /// Give a device another label.
    Rename,
    /// Give a device another secret.
    Replace,
    /// Remove a device.
    Remove,
    /// Make new recovery codes.
    Recovery,
    /// Move a device to where two codes of it show that it is.
    Resync,
    /// Clear failures and locks.
    Unlock,
    /// Let a user enroll without a code, once.
    Invite,
    /// Give an account to the uid or name that its user has now.
    Adopt,
    /// Remove an account with all its devices.
    Forget,
    /// See which accounts there are, and what happened to all of them.
    Accounts,
    /// See, add, use and retire the keys of the store.
    Keys,
}

/// What a caller is to the account that it asks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// The caller's uid is 0.
    Root,
    /// The caller's uid is the user's.
    Owner,
    /// Anybody else. Whether there is such a user is not theirs to learn.
    Stranger,
}

/// Whether a caller may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Answer {
    /// It may.
    Allowed,
    /// It may not.
    Denied,
}

/// The table.
pub const fn may(action: Action, relation: Relation) -> Answer {
    match (action, relation) {
        (
            Action::Begin
            | Action::Verify
            | Action::Enroll
            | Action::Confirm
            | Action::List
            | Action::Status
            | Action::Log
            | Action::Explain
            | Action::Rename
            | Action::Replace
            | Action::Remove
            | Action::Recovery
            | Action::Resync
            | Action::Unlock
            | Action::Invite
            | Action::Adopt
            | Action::Forget
            | Action::Accounts
            | Action::Keys,
            Relation::Root,
        )
        | (
            Action::Begin
            | Action::Verify
            | Action::List
            | Action::Status
            | Action::Log
            | Action::Explain,
            Relation::Owner,
        ) => Answer::Allowed,
        // Changing one's own devices needs a fresh code, and nobody unlocks themselves.
        (
            Action::Enroll
            | Action::Confirm
            | Action::Rename
            | Action::Replace
            | Action::Remove
            | Action::Recovery
            | Action::Resync
            | Action::Unlock
            | Action::Invite
            | Action::Adopt
            | Action::Forget
            | Action::Accounts
            | Action::Keys,
            Relation::Owner,
        )
        | (
            Action::Begin
            | Action::Verify
            | Action::Enroll
            | Action::Confirm
            | Action::List
            | Action::Status
            | Action::Log
            | Action::Explain
            | Action::Rename
            | Action::Replace
            | Action::Remove
            | Action::Recovery
            | Action::Resync
            | Action::Unlock
            | Action::Invite
            | Action::Adopt
            | Action::Forget
            | Action::Accounts
            | Action::Keys,
            Relation::Stranger,
        ) => Answer::Denied,
    }
}

impl Action {
    /// As a verb, for messages and the log.
    pub const fn verb(self) -> &'static str {
        match self {
            Self::Begin | Self::Verify => "verify codes",
            Self::Enroll => "enroll devices",
            Self::Confirm => "confirm devices",
            Self::List => "list devices",
            Self::Status => "see the status",
            Self::Log => "see the log",
            Self::Explain => "see the bounds",
            Self::Rename => "rename devices",
            Self::Replace => "replace devices",
            Self::Remove => "remove devices",
            Self::Recovery => "make recovery codes",
            Self::Resync => "resynchronise devices",
            Self::Unlock => "unlock",
            Self::Invite => "invite",
            Self::Adopt => "adopt accounts",
            Self::Forget => "forget accounts",
            Self::Accounts => "list accounts",
            Self::Keys => "manage keys",
        }
    }
}
