//! What is remembered about an account, written in the transaction of what it records. Wrong codes
//! that repeat themselves become one event with a count, so that guessing pushes nothing else out.

use serde::{Deserialize, Serialize};

use crate::{Lane, Seconds, UnixTime};

/// One thing that happened to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When; of a repeated failure the last time.
    pub at: UnixTime,
    /// What.
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
    /// A login went on without a code, as one was accepted before.
    Remembered {
        /// Where it came from.
        lane: Lane,
        /// The PAM service.
        service: String,
        /// The remote host, empty for a local login.
        from: String,
        /// The device that had made the code.
        device: String,
        /// When that was.
        since: UnixTime,
        /// Until when it is remembered.
        until: UnixTime,
    },
    /// Remembered logins were forgotten.
    Forgotten {
        /// How many.
        count: u32,
    },
    /// No code matched, once or several times.
    Wrong {
        /// Where the attempts came from.
        lane: Lane,
        /// The PAM service.
        service: String,
        /// The remote host, empty for a local login.
        from: String,
        /// How often.
        count: u32,
        /// When for the first time.
        first: UnixTime,
        /// Whether the last failure locked the lane.
        locked: bool,
    },
    /// A code was sent.
    Sent {
        /// To which device.
        device: String,
        /// Where to, masked.
        address: String,
        /// Where the request came from.
        lane: Lane,
        /// The PAM service, or `otpctl`.
        service: String,
        /// The remote host, empty for a local login.
        from: String,
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
    /// A device was enrolled at the prompt of a login that then succeeded.
    EnrolledAtPrompt {
        /// Which.
        device: String,
        /// The PAM service.
        service: String,
        /// The remote host, empty for a local login.
        from: String,
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
    /// Somebody invited the user to enroll a device without a code.
    Invited {
        /// Until when.
        until: UnixTime,
    },
    /// An administrator exempted the user from codes.
    Exempted {
        /// Until when.
        until: UnixTime,
        /// Why.
        reason: String,
    },
    /// An administrator ended an exemption before its time.
    ExemptionEnded,
    /// An application was granted tokens for a code.
    TokensGranted {
        /// Their family.
        family: String,
        /// What for.
        scope: String,
        /// The device whose code it was.
        device: String,
    },
    /// Tokens count no more.
    TokensEnded {
        /// Their family.
        family: String,
        /// Why.
        why: TokensEnded,
    },
    /// A pass was made for the account's user.
    PassMade {
        /// Which.
        pass: String,
        /// What for.
        purpose: String,
        /// From when on it counts no more.
        until: UnixTime,
    },
    /// A pass counts longer.
    PassExtended {
        /// Which.
        pass: String,
        /// From when on it counts no more.
        until: UnixTime,
    },
    /// A pass was used elsewhere than at a login.
    PassUsed {
        /// Which.
        pass: String,
        /// What for.
        purpose: String,
        /// By what, as it called itself.
        service: String,
    },
    /// Passes were called back.
    PassEnded {
        /// Which.
        passes: Vec<String>,
    },
    /// An administrator cleared failures and locks.
    Unlocked,
    /// An administrator gave the account to another name or uid.
    Adopted {
        /// The name that it had.
        name: String,
        /// The uid that it belonged to.
        uid: u32,
    },
}

/// Why tokens count no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokensEnded {
    /// Somebody who may said so.
    Revoked,
    /// A refresh token was used twice: it was stolen.
    Reused,
}

impl TokensEnded {
    /// The reason's name, as in the store and on the bus.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::Reused => "reused",
        }
    }
}

/// What an event is kept with: each class is bounded by itself, so that none pushes another out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventClass {
    /// Somebody was not let in. Anybody can make these.
    Failure,
    /// Somebody was let in.
    Login,
    /// The account or its devices were changed.
    Change,
    /// Something was sent. Anybody can cause these within the limits.
    Message,
}

/// How soon after the last failure a like one is the same event again.
const REPEATS_WITHIN: Seconds = Seconds(3600);

/// How many bytes of a service's or a host's name are kept; longer ones are others' choice.
const NAME_BYTES: usize = 256;

impl EventClass {
    /// The class's name in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Login => "login",
            Self::Change => "change",
            Self::Message => "message",
        }
    }

    /// How many events of the class an account keeps.
    pub const fn kept(self) -> u32 {
        match self {
            Self::Failure | Self::Login | Self::Message => 128,
            Self::Change => 256,
        }
    }
}

impl EventKind {
    /// A first failure.
    pub(crate) fn wrong(lane: Lane, service: &str, from: &str, locked: bool, at: UnixTime) -> Self {
        let (service, from) = (noted(service), noted(from));
        Self::Wrong { lane, service, from, count: 1, first: at, locked }
    }

    /// What it is kept with.
    pub const fn class(&self) -> EventClass {
        match self {
            Self::Wrong { .. } => EventClass::Failure,
            Self::Accepted { .. }
            | Self::Remembered { .. }
            | Self::TokensGranted { .. }
            | Self::PassUsed { .. } => EventClass::Login,
            Self::Sent { .. } => EventClass::Message,
            Self::Enrolled { .. }
            | Self::Confirmed { .. }
            | Self::EnrolledAtPrompt { .. }
            | Self::Removed { .. }
            | Self::Renamed { .. }
            | Self::Replaced { .. }
            | Self::RecoveryMade { .. }
            | Self::Resynchronised { .. }
            | Self::Adopted { .. }
            | Self::Invited { .. }
            | Self::Forgotten { .. }
            | Self::Exempted { .. }
            | Self::ExemptionEnded
            | Self::TokensEnded { .. }
            | Self::PassMade { .. }
            | Self::PassExtended { .. }
            | Self::PassEnded { .. }
            | Self::Unlocked => EventClass::Change,
        }
    }

    /// Whether nothing that was remembered before counts any more: other devices can let somebody
    /// in from now on, or somebody else. A label or a counter lets in nobody else.
    pub(crate) const fn ends_remembering(&self) -> bool {
        match self {
            Self::Confirmed { .. }
            | Self::EnrolledAtPrompt { .. }
            | Self::Removed { .. }
            | Self::Replaced { .. }
            | Self::RecoveryMade { .. }
            | Self::Adopted { .. } => true,
            Self::Accepted { .. }
            | Self::Sent { .. }
            | Self::Remembered { .. }
            | Self::Forgotten { .. }
            | Self::Wrong { .. }
            | Self::Enrolled { .. }
            | Self::Renamed { .. }
            | Self::Resynchronised { .. }
            | Self::Invited { .. }
            | Self::Exempted { .. }
            | Self::ExemptionEnded
            | Self::TokensGranted { .. }
            | Self::TokensEnded { .. }
            | Self::PassMade { .. }
            | Self::PassExtended { .. }
            | Self::PassUsed { .. }
            | Self::PassEnded { .. }
            | Self::Unlocked => false,
        }
    }
}

impl Event {
    /// The one event that this one and a `later` one are, where that one repeats it: the same
    /// failure from the same place, within an hour. What locked a lane stands for itself.
    #[must_use]
    pub fn repeated(&self, later: &Self) -> Option<Self> {
        let EventKind::Wrong { lane, service, from, count, first, locked: false } = &self.kind
        else {
            return None;
        };
        let place = (*lane, service, from);
        match &later.kind {
            EventKind::Wrong { lane, service, from, count: more, locked, .. }
                if place == (*lane, service, from) && later.at.since(self.at) < REPEATS_WITHIN =>
            {
                // A clock that was set back is behind the first time.
                let (count, first) = (count.saturating_add(*more), (*first).min(later.at));
                let (service, from, locked) = (service.clone(), from.clone(), *locked);
                let kind = EventKind::Wrong { lane: *lane, service, from, count, first, locked };
                Some(Self { at: later.at, kind })
            }
            EventKind::Wrong { .. }
            | EventKind::Accepted { .. }
            | EventKind::Remembered { .. }
            | EventKind::Forgotten { .. }
            | EventKind::Sent { .. }
            | EventKind::Enrolled { .. }
            | EventKind::Confirmed { .. }
            | EventKind::EnrolledAtPrompt { .. }
            | EventKind::Removed { .. }
            | EventKind::Renamed { .. }
            | EventKind::Replaced { .. }
            | EventKind::RecoveryMade { .. }
            | EventKind::Resynchronised { .. }
            | EventKind::Adopted { .. }
            | EventKind::Invited { .. }
            | EventKind::Exempted { .. }
            | EventKind::ExemptionEnded
            | EventKind::TokensGranted { .. }
            | EventKind::TokensEnded { .. }
            | EventKind::PassMade { .. }
            | EventKind::PassExtended { .. }
            | EventKind::PassUsed { .. }
            | EventKind::PassEnded { .. }
            | EventKind::Unlocked => None,
        }
    }
}

/// A name as far as it is kept.
pub(crate) fn noted(name: &str) -> String {
    let end = (0..=NAME_BYTES.min(name.len())).rev().find(|&end| name.is_char_boundary(end));
    end.and_then(|end| name.get(..end)).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
