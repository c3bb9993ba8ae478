//! Devices: what a user holds. A device kind is one file here and one line in each list below; the
//! compiler names what else must change.
//!
//! A device decides whether a code is its own and what it becomes by accepting it. It never changes
//! by looking: a failed attempt leaves no trace in it.

mod hotp;
mod id;
mod matched;
mod message;
mod recovery;
mod totp;

use zeroize::Zeroizing;

use crate::{Algorithm, Code, Digits, Offer, Secret, UnixTime, message::MESSAGE_DIGITS};

pub use hotp::HotpState;
pub use id::{DeviceId, IdError, Label, LabelError};
pub use matched::{Found, Matched};
pub(crate) use matched::{Hint, Probe};
pub use message::{MessageState, Recipient};
pub use recovery::{RECOVERY_CODES, RECOVERY_CODES_MOST, RecoveryState};
pub use totp::{DRIFT_LIMIT, TotpState};

/// Something that makes codes, in its owner's hands. Neither printable nor copyable: it holds the
/// secret.
pub struct Device {
    /// Its persistent id within the account.
    pub id: DeviceId,
    /// What people call it.
    pub label: Label,
    /// Whether its owner has proved to hold it. Without that it never logs anybody in.
    pub confirmed: bool,
    /// When it was enrolled.
    pub created: UnixTime,
    /// When a code of it was last accepted.
    pub last_used: Option<UnixTime>,
    /// The device whose place it takes once it is confirmed.
    pub replaces: Option<DeviceId>,
    /// What it is, its secret, and how far it has come.
    pub kind: Kind,
}

/// What a device is.
pub enum Kind {
    /// RFC 6238: codes of the time.
    Totp(Secret, TotpState),
    /// RFC 4226: codes of a counter.
    Hotp(Secret, HotpState),
    /// Single-use codes on paper, of which hashes are kept.
    Recovery(RecoveryState),
    /// Codes that are sent.
    Message(Recipient, MessageState),
}

/// The moving state of a device, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KindState {
    /// Of a TOTP device.
    Totp(TotpState),
    /// Of an HOTP device.
    Hotp(HotpState),
    /// Of recovery codes.
    Recovery(RecoveryState),
    /// Of an address.
    Message(MessageState),
}

/// A device without its secret, to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceSummary {
    /// The persistent id.
    pub id: DeviceId,
    /// What people call it.
    pub label: Label,
    /// Whether it can log somebody in.
    pub confirmed: bool,
    /// When it was enrolled.
    pub created: UnixTime,
    /// When a code of it was last accepted.
    pub last_used: Option<UnixTime>,
    /// The device whose place it takes once it is confirmed.
    pub replaces: Option<DeviceId>,
    /// What it is and how far it has come.
    pub state: KindState,
    /// Where codes are sent, masked, where they are.
    pub address: Option<String>,
}

/// A stored device that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stored state of a device cannot be read ({0}); remove the device and enroll it anew")]
pub struct CorruptState(String);

impl Device {
    /// Looks at a code, and changes nothing.
    pub(crate) fn probe(&self, offer: &Offer, now: UnixTime) -> Probe {
        match (&self.kind, offer) {
            (Kind::Totp(secret, state), Offer::Code(code)) => state.probe(secret, code, now),
            (Kind::Hotp(secret, state), Offer::Code(code)) => state.probe(secret, code, now),
            (Kind::Recovery(state), Offer::Recovery(code)) => state.probe(code),
            (Kind::Message(recipient, state), Offer::Code(code)) => {
                state.probe(recipient, code, now)
            }
            (Kind::Totp(..) | Kind::Hotp(..) | Kind::Message(..), Offer::Recovery(_))
            | (Kind::Recovery(_), Offer::Code(_))
            | (
                Kind::Totp(..) | Kind::Hotp(..) | Kind::Message(..) | Kind::Recovery(_),
                Offer::Key,
            ) => Probe::NoMatch { hint: Hint::None, candidate: None },
        }
    }

    /// Looks for two consecutive codes further out than at a prompt; where they leave the device.
    pub(crate) fn resync(
        &self,
        codes: (&Code, &Code),
        now: UnixTime,
    ) -> Option<(KindState, Matched)> {
        match &self.kind {
            Kind::Totp(secret, state) => state.resync(secret, codes, now),
            Kind::Hotp(secret, state) => state.resync(secret, codes),
            Kind::Recovery(_) | Kind::Message(..) => None,
        }
    }

    /// The shared secret, where there is one.
    pub fn secret(&self) -> Option<&Secret> {
        match &self.kind {
            Kind::Totp(secret, _) | Kind::Hotp(secret, _) => Some(secret),
            Kind::Recovery(_) | Kind::Message(..) => None,
        }
    }

    /// What is sealed at rest, where there is anything.
    pub fn sealed(&self) -> Option<Zeroizing<Vec<u8>>> {
        match &self.kind {
            Kind::Totp(secret, _) | Kind::Hotp(secret, _) => {
                Some(Zeroizing::new(secret.expose().to_vec()))
            }
            Kind::Message(recipient, _) => Some(recipient.store()),
            Kind::Recovery(_) => None,
        }
    }

    /// What no other device of the account has, and devices of other accounts seldom: the secret, or
    /// the address. Whatever has it makes codes day by day.
    pub fn own_part(&self) -> Option<Zeroizing<Vec<u8>>> {
        match &self.kind {
            Kind::Message(recipient, _) => {
                Some(Zeroizing::new(recipient.address().store().as_bytes().to_vec()))
            }
            Kind::Totp(..) | Kind::Hotp(..) | Kind::Recovery(_) => self.sealed(),
        }
    }

    /// The moving state.
    pub fn state(&self) -> KindState {
        match &self.kind {
            Kind::Totp(_, state) => KindState::Totp(state.clone()),
            Kind::Hotp(_, state) => KindState::Hotp(state.clone()),
            Kind::Recovery(state) => KindState::Recovery(state.clone()),
            Kind::Message(_, state) => KindState::Message(state.clone()),
        }
    }

    /// What may be shown.
    pub fn summary(&self) -> DeviceSummary {
        DeviceSummary {
            id: self.id.clone(),
            label: self.label.clone(),
            confirmed: self.confirmed,
            created: self.created,
            last_used: self.last_used,
            replaces: self.replaces.clone(),
            state: self.state(),
            address: match &self.kind {
                Kind::Message(recipient, _) => Some(recipient.address().masked()),
                Kind::Totp(..) | Kind::Hotp(..) | Kind::Recovery(_) => None,
            },
        }
    }
}

impl Kind {
    /// The name of the kind, as in ids, on the bus and in the store.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Totp(..) => TotpState::KIND,
            Self::Hotp(..) => HotpState::KIND,
            Self::Recovery(_) => RecoveryState::KIND,
            Self::Message(..) => MessageState::KIND,
        }
    }
}

impl KindState {
    /// The name of the kind, as in ids, on the bus and in the store.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Totp(_) => TotpState::KIND,
            Self::Hotp(_) => HotpState::KIND,
            Self::Recovery(_) => RecoveryState::KIND,
            Self::Message(_) => MessageState::KIND,
        }
    }

    /// The hash under HMAC, where codes are made by one.
    pub const fn algorithm(&self) -> Option<Algorithm> {
        match self {
            Self::Totp(state) => Some(state.algorithm),
            Self::Hotp(state) => Some(state.algorithm),
            Self::Recovery(_) | Self::Message(_) => None,
        }
    }

    /// How many digits its codes have, where they are digits.
    pub const fn digits(&self) -> Option<Digits> {
        match self {
            Self::Totp(state) => Some(state.digits),
            Self::Hotp(state) => Some(state.digits),
            Self::Message(_) => Some(MESSAGE_DIGITS),
            Self::Recovery(_) => None,
        }
    }

    /// The device kind that this state and a secret make; none where a secret is missing or there
    /// is one that does not belong.
    pub fn with_secret(self, secret: Option<Secret>) -> Option<Kind> {
        match (self, secret) {
            (Self::Totp(state), Some(secret)) => Some(Kind::Totp(secret, state)),
            (Self::Hotp(state), Some(secret)) => Some(Kind::Hotp(secret, state)),
            (Self::Recovery(state), None) => Some(Kind::Recovery(state)),
            (Self::Totp(_) | Self::Hotp(_), None)
            | (Self::Recovery(_), Some(_))
            | (Self::Message(_), _) => None,
        }
    }

    /// The same of what was sealed with it, whatever that is for this kind.
    pub fn with_sealed(self, sealed: Option<Zeroizing<Vec<u8>>>) -> Option<Kind> {
        match (self, sealed) {
            (Self::Message(state), Some(sealed)) => {
                Recipient::load(&sealed).map(|recipient| Kind::Message(recipient, state))
            }
            (Self::Message(_), None) => None,
            (other @ (Self::Totp(_) | Self::Hotp(_) | Self::Recovery(_)), sealed) => {
                let secret = sealed.map(|mut bytes| Secret::from_bytes(std::mem::take(&mut bytes)));
                other.with_secret(secret.transpose().ok()?)
            }
        }
    }

    /// Writes the state for the store: JSON, whose fields later versions must go on reading.
    pub fn store(&self) -> String {
        let json = match self {
            Self::Totp(state) => serde_json::to_string(state),
            Self::Hotp(state) => serde_json::to_string(state),
            Self::Recovery(state) => serde_json::to_string(state),
            Self::Message(state) => serde_json::to_string(state),
        };
        // Plain structs of numbers and strings cannot fail to serialise; an empty text would be
        // refused by `load`, and the device with it.
        json.unwrap_or_default()
    }

    /// Reads what [`store`](Self::store) wrote.
    ///
    /// # Errors
    /// When the kind is unknown or the text is not its state.
    pub fn load(kind: &str, json: &str) -> Result<Self, CorruptState> {
        let corrupt = |error: serde_json::Error| CorruptState(error.to_string());
        match kind {
            TotpState::KIND => serde_json::from_str(json).map(Self::Totp).map_err(corrupt),
            HotpState::KIND => serde_json::from_str(json).map(Self::Hotp).map_err(corrupt),
            RecoveryState::KIND => serde_json::from_str(json).map(Self::Recovery).map_err(corrupt),
            MessageState::KIND => serde_json::from_str(json).map(Self::Message).map_err(corrupt),
            other => Err(CorruptState(format!("kind {other:?} is unknown"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Samples of the stored format. They are never edited: what was stored must stay readable.
    #[test]
    fn stored_samples_stay_readable() {
        for (kind, json) in [
            ("totp", r#"{"algorithm":"SHA1","digits":6,"period":30,"drift":0,"last":null}"#),
            ("totp", r#"{"algorithm":"SHA512","digits":8,"period":60,"drift":-3,"last":29166666}"#),
            ("hotp", r#"{"algorithm":"SHA256","digits":6,"next":7,"used":6}"#),
            (
                "totp",
                r#"{"algorithm":"SHA1","digits":6,"period":30,"drift":40,"last":29166666,"candidate":{"step":29166700,"at":875001000}}"#,
            ),
            (
                "hotp",
                r#"{"algorithm":"SHA1","digits":6,"next":7,"used":6,"candidate":{"counter":20,"at":875001000}}"#,
            ),
            ("recovery", r#"{"left":[],"spent":[]}"#),
            ("message", r#"{"channel":"sms","live":null,"spent":null,"pace":null}"#),
            (
                "message",
                r#"{"channel":"email","live":{"hash":"0000000000000000000000000000000000000000000000000000000000000000","sent":1700000000},"spent":"abababababababababababababababababababababababababababababababab","pace":1700000000}"#,
            ),
            (
                "recovery",
                r#"{"left":["0000000000000000000000000000000000000000000000000000000000000000"],"spent":["abababababababababababababababababababababababababababababababab"]}"#,
            ),
        ] {
            let state = KindState::load(kind, json).unwrap();
            assert_eq!(state.store(), json);
            assert_eq!(state.kind(), kind);
        }
    }

    #[test]
    fn corrupt_state_is_refused() {
        for (kind, json) in [
            ("totp", ""),
            ("totp", "{}"),
            ("totp", r#"{"algorithm":"SHA1","digits":5,"period":30,"drift":0,"last":null}"#),
            ("totp", r#"{"algorithm":"SHA1","digits":6,"period":30,"drift":99,"last":null}"#),
            ("totp", r#"{"algorithm":"SHA1","digits":6,"period":1,"drift":0,"last":null}"#),
            ("hotp", r#"{"algorithm":"MD5","digits":6,"next":7,"used":6}"#),
            ("hotp", r#"{"algorithm":"SHA1","digits":6,"next":-1,"used":null}"#),
            ("hotp", r#"{"algorithm":"SHA1","digits":6,"next":7,"used":7}"#),
            ("recovery", r#"{"left":["00"],"spent":[]}"#),
            ("recovery", "{}"),
            ("carrier pigeon", "{}"),
        ] {
            assert!(KindState::load(kind, json).is_err(), "{kind} {json}");
        }
    }
}
