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
    /// Remove a device.
    Remove,
    /// Clear failures and locks.
    Unlock,
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
            | Action::Remove
            | Action::Unlock,
            Relation::Root,
        )
        | (Action::Begin | Action::Verify | Action::List | Action::Status, Relation::Owner) => {
            Answer::Allowed
        }
        // Changing one's own devices needs a fresh code, and nobody unlocks themselves.
        (Action::Enroll | Action::Confirm | Action::Remove | Action::Unlock, Relation::Owner)
        | (
            Action::Begin
            | Action::Verify
            | Action::Enroll
            | Action::Confirm
            | Action::List
            | Action::Status
            | Action::Remove
            | Action::Unlock,
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
            Self::Remove => "remove devices",
            Self::Unlock => "unlock",
        }
    }
}
