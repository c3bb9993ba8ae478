//! Invitations: an administrator's word that a user may enroll a device without a code, once, until
//! a given time. Kept as the keyed hash of a token that is shown once. It ends when a device that
//! was enrolled with it is confirmed, when it is over, when another takes its place, or when the
//! lane in which wrong ones count is locked; and what was enrolled with it and never confirmed is
//! worth nothing without it.

use std::fmt;

use data_encoding::BASE32_NOPAD;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::{
    Account, Asking, Change, Changed, CodeHash, Decision, DeviceId, EventKind, Refusal, Seconds,
    Uid, UnixTime, UserName, entry::symbols, warrant::Draft,
};

/// An invitation as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// The hash of its token.
    pub token: CodeHash,
    /// From when on it counts no more.
    pub until: UnixTime,
    /// Who made it.
    pub by: Uid,
    /// The device that was enrolled with it and waits for its confirming code.
    pub device: Option<DeviceId>,
}

/// A stored invitation that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the stored invitation cannot be read: {0}")]
pub struct CorruptInvitation(String);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    token: CodeHash,
    until: UnixTime,
    by: u32,
    device: Option<String>,
}

impl Invitation {
    /// Whether it still counts.
    pub fn is_open(&self, now: UnixTime) -> bool {
        now < self.until
    }

    /// As it is stored: nothing secret.
    ///
    /// # Errors
    /// Never for what this version knows.
    pub fn store(&self) -> Result<String, CorruptInvitation> {
        let Self { token, until, by, device } = self;
        let device = device.as_ref().map(DeviceId::to_string);
        let stored = Stored { token: token.clone(), until: *until, by: by.0, device };
        serde_json::to_string(&stored).map_err(|error| CorruptInvitation(error.to_string()))
    }

    /// Reads what [`store`](Self::store) wrote.
    ///
    /// # Errors
    /// When it is none.
    pub fn load(json: &str) -> Result<Self, CorruptInvitation> {
        let corrupt = |error: &dyn fmt::Display| CorruptInvitation(error.to_string());
        let Stored { token, until, by, device } =
            serde_json::from_str(json).map_err(|error| corrupt(&error))?;
        let device = device.map(|id| DeviceId::parse(&id)).transpose();
        Ok(Self { token, until, by: Uid(by), device: device.map_err(|error| corrupt(&error))? })
    }
}

/// What an invited user types: 120 bits in 24 letters and digits of base32, shown in groups of four.
/// Wiped when dropped.
pub struct InvitationToken([u8; InvitationToken::SYMBOLS]);

impl InvitationToken {
    /// Symbols of a token, five bits each.
    const SYMBOLS: usize = 24;

    /// Symbols of a group.
    const GROUP: usize = 4;

    /// The token of random bytes.
    pub fn of_random(random: [u8; 15]) -> Option<Self> {
        let text = Zeroizing::new(BASE32_NOPAD.encode(&random));
        symbols(text.bytes()).map(Self)
    }

    /// Reads what was typed, as recovery codes are read.
    pub fn parse(typed: &str) -> Option<Self> {
        let typed = typed.trim().bytes().filter(|byte| !matches!(byte, b' ' | b'-'));
        symbols(typed).map(Self)
    }

    /// The bytes that are hashed.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The token as it is shown, once: `abcd-efgh-...`.
    pub fn reveal(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(2 * Self::SYMBOLS));
        for (place, byte) in self.0.iter().enumerate() {
            if place > 0 && place % Self::GROUP == 0 {
                text.push('-');
            }
            text.push(char::from(byte.to_ascii_lowercase()));
        }
        text
    }
}

impl Drop for InvitationToken {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for InvitationToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InvitationToken")
    }
}

/// Invites a user, in place of any invitation that there is; until when.
pub fn invite(
    account: Option<&Account>,
    name: &UserName,
    uid: Uid,
    (token, length): (CodeHash, Seconds),
    asking: &Asking<'_>,
) -> Decision<Changed<UnixTime>> {
    let until = asking.now.plus(length);
    let enrolled = account.is_some_and(|account| account.enrolled);
    let mut list = vec![Change::Head { uid: Some(uid), enrolled }];
    list.extend(account.into_iter().flat_map(ended));
    let invitation = Invitation { token, until, by: asking.by, device: None };
    list.extend([Change::Invite(invitation), asking.event(EventKind::Invited { until })]);
    asking.decide(name, account, Ok(Draft { list, outcome: until }))
}

/// The end of an invitation, if there is one, and of what was enrolled with it.
pub(crate) fn ended(account: &Account) -> Vec<Change> {
    match &account.invitation {
        Some(invitation) => {
            let waiting = waiting(account, invitation).map(|id| Change::Drop(id.clone()));
            std::iter::once(Change::Uninvite).chain(waiting).collect()
        }
        None => Vec::new(),
    }
}

/// The device that was enrolled with an invitation, if it is still there.
pub(crate) fn waiting<'a>(
    account: &'a Account,
    invitation: &'a Invitation,
) -> Option<&'a DeviceId> {
    let made = invitation.device.as_ref()?;
    let mut devices = account.devices.iter();
    devices.find(|device| device.id == *made && !device.confirmed).map(|device| &device.id)
}

/// Whether a device may be confirmed by its owner: one that was enrolled with an invitation, only
/// while that counts.
pub(crate) fn may_confirm(
    account: &Account,
    device: &DeviceId,
    now: UnixTime,
) -> Result<(), Refusal> {
    match &account.invitation {
        Some(invitation)
            if invitation.device.as_ref() == Some(device) && !invitation.is_open(now) =>
        {
            Err(Refusal::InvitationOver)
        }
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
