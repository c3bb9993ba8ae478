//! Marks: the keyed hash by which a record shows that it is read as it was written. SQLite notices a
//! page that makes no sense, not a digit that changed; a HOTP counter moved back by one would let a
//! used code in again. What does not fit its mark is refused as damaged, never used.

use otp_core::ContactKey;

use super::StoreError;
use crate::{audit::Escaped, vault::Pepper};

/// What a mark is over: which table, whose record, and what it says that decides.
pub(super) enum Marked<'a> {
    /// An account's head.
    Account { name: &'a str, uid: Option<u32>, enrolled: bool },
    /// A device.
    Device { account: &'a str, device: MarkedDevice<'a> },
    /// A lane of the throttle.
    Lane { account: &'a str, lane: &'a str, state: &'a str },
    /// What a caller has failed.
    Caller { uid: u32, purpose: &'a str, state: &'a str },
    /// How many messages were sent.
    Sent { subject: &'a str, state: &'a str },
    /// A pass.
    Pass {
        id: &'a str,
        account: Option<&'a str>,
        digest: &'a [u8],
        state: &'a str,
        data: Option<&'a str>,
    },
    /// An invitation.
    Invitation { account: &'a str, state: &'a str },
    /// A remembered login.
    Remembered { account: &'a str, number: u32, state: &'a str },
    /// An exemption.
    Exemption { account: &'a str, state: &'a str },
    /// A contact.
    Contact { key: &'a ContactKey, state: &'a str },
    /// A family of tokens.
    Family { account: &'a str, id: &'a str, state: &'a str },
}

/// What decides about a device.
#[derive(Clone, Copy)]
pub(super) struct MarkedDevice<'a> {
    pub(super) id: &'a str,
    pub(super) confirmed: bool,
    pub(super) replaces: Option<&'a str>,
    pub(super) state: &'a str,
}

impl Marked<'_> {
    /// The mark to be stored with the record.
    pub(super) fn mark(&self, pepper: &Pepper) -> Result<Vec<u8>, StoreError> {
        let made = match *self {
            Self::Account { name, uid, enrolled } => {
                let uid = uid.map_or_else(Vec::new, |uid| uid.to_be_bytes().to_vec());
                let enrolled = [u8::from(enrolled)];
                pepper.mark(&[b"account", name.as_bytes(), &uid, &enrolled])
            }
            Self::Device { account, device } => {
                let MarkedDevice { id, confirmed, replaces, state } = device;
                let (confirmed, replaces) = ([u8::from(confirmed)], replaces.unwrap_or_default());
                let (account, id) = (account.as_bytes(), id.as_bytes());
                let (replaces, state) = (replaces.as_bytes(), state.as_bytes());
                pepper.mark(&[b"device", account, id, &confirmed, replaces, state])
            }
            Self::Lane { account, lane, state } => {
                pepper.mark(&[b"lane", account.as_bytes(), lane.as_bytes(), state.as_bytes()])
            }
            Self::Caller { uid, purpose, state } => {
                let (uid, purpose) = (uid.to_be_bytes(), purpose.as_bytes());
                pepper.mark(&[b"caller", &uid, purpose, state.as_bytes()])
            }
            Self::Sent { subject, state } => {
                pepper.mark(&[b"sent", subject.as_bytes(), state.as_bytes()])
            }
            Self::Pass { id, account, digest, state, data } => {
                // No owner is called by an empty name, and no JSON is empty.
                let (account, data) = (account.unwrap_or_default(), data.unwrap_or_default());
                let (id, account) = (id.as_bytes(), account.as_bytes());
                pepper.mark(&[b"pass", id, account, digest, state.as_bytes(), data.as_bytes()])
            }
            Self::Invitation { account, state } => {
                pepper.mark(&[b"invitation", account.as_bytes(), state.as_bytes()])
            }
            Self::Remembered { account, number, state } => {
                let number = number.to_be_bytes();
                pepper.mark(&[b"remembered", account.as_bytes(), &number, state.as_bytes()])
            }
            Self::Exemption { account, state } => {
                pepper.mark(&[b"exemption", account.as_bytes(), state.as_bytes()])
            }
            Self::Contact { key, state } => {
                let holder = key.holder.0.to_be_bytes();
                pepper.mark(&[b"contact", &holder, &key.address, state.as_bytes()])
            }
            Self::Family { account, id, state } => {
                let (account, id, state) = (account.as_bytes(), id.as_bytes(), state.as_bytes());
                pepper.mark(&[b"family", account, id, state])
            }
        };
        made.ok_or_else(|| StoreError::Failed("no mark could be made".to_owned()))
    }

    /// Refuses a record that is not as it was written.
    pub(super) fn check(&self, pepper: &Pepper, stored: &[u8]) -> Result<(), StoreError> {
        if self.mark(pepper)? == stored {
            return Ok(());
        }
        let whose = match *self {
            Self::Account { name, .. } => format!("the account {name}"),
            Self::Device { account, device } => format!("{} of {account}", device.id),
            Self::Lane { account, lane, .. } => format!("lane {lane:?} of {account}"),
            Self::Caller { uid, .. } => format!("what uid {uid} has failed"),
            Self::Sent { subject, .. } => format!("how many messages were sent ({subject})"),
            Self::Pass { id, .. } => id.to_owned(),
            Self::Invitation { account, .. } => format!("the invitation of {account}"),
            Self::Remembered { account, number, .. } => {
                format!("remembered login {number} of {account}")
            }
            Self::Exemption { account, .. } => format!("the exemption of {account}"),
            Self::Contact { key, .. } => format!("a contact of uid {}", key.holder),
            Self::Family { account, id, .. } => format!("tokens {id} of {account}"),
        };
        let text = format!(
            "{} is not as it was written: the disk or somebody has changed it; restore the \
             store from backup",
            Escaped(&whose)
        );
        Err(StoreError::Corrupt(text))
    }
}
