//! What is remembered about an account, written in the transaction of what it records.

use serde::{Deserialize, Serialize};

use crate::{Lane, UnixTime};

/// One thing that happened to an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: UnixTime,
    /// What.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What happened. Devices are named by id: labels can change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum EventKind {
    /// A code was accepted.
    Accepted {
        /// Where the attempt came from.
        lane: Lane,
        /// The PAM service.
        service: String,
        /// The remote host, empty for a local login.
        from: String,
        /// Every device on which the code was spent.
        devices: Vec<String>,
    },
    /// No code matched.
    Wrong {
        /// Where the attempt came from.
        lane: Lane,
        /// The PAM service.
        service: String,
        /// The remote host, empty for a local login.
        from: String,
        /// Whether this failure locked the lane.
        locked: bool,
    },
    /// A device was added, unconfirmed.
    Enrolled {
        /// Which.
        device: String,
    },
    /// A device was confirmed by a code of it.
    Confirmed {
        /// Which.
        device: String,
    },
    /// A device was removed.
    Removed {
        /// Which.
        device: String,
    },
    /// A device was given another label.
    Renamed {
        /// Which.
        device: String,
        /// The new label.
        label: String,
    },
    /// A device took another's place, which is gone.
    Replaced {
        /// Which.
        device: String,
        /// Whose place it took.
        former: String,
    },
    /// New recovery codes were made; those before them count no more.
    RecoveryMade {
        /// The device that they belong to.
        device: String,
        /// How many.
        codes: u32,
    },
    /// A device was moved to where two codes of it showed that it is.
    Resynchronised {
        /// Which.
        device: String,
    },
    /// An administrator cleared failures and locks.
    Unlocked,
}
