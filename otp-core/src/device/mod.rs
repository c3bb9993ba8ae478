//! Devices: what a user holds. A device kind is one file here and one line in each list below; the
//! compiler names what else must change.
//!
//! A device decides whether a code is its own and what it becomes by accepting it. It never changes
//! by looking: a failed attempt leaves no trace in it.

mod hotp;
mod id;
mod totp;

use crate::{Algorithm, Code, Digits, Secret, UnixTime};

pub use hotp::HotpState;
pub use id::{DeviceId, IdError, Label, LabelError};
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
    /// What it is, its secret, and how far it has come.
    pub kind: Kind,
}

/// What a device is.
pub enum Kind {
    /// RFC 6238: codes of the time.
    Totp(Secret, TotpState),
    /// RFC 4226: codes of a counter.
    Hotp(Secret, HotpState),
}

/// What a device says to a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Probe {
    /// It is a code of this device that was never accepted, and accepting it leaves this state.
    Match(KindState),
    /// It is the code that this device accepted last.
    Used,
    /// It is no code of this device that counts now.
    NoMatch(Hint),
}

/// Something worth logging about a code that did not match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hint {
    /// Nothing is known.
    None,
    /// The clock is behind the last accepted step, so that no code can match: it was set back.
    ClockBehind,
}

/// The moving state of a device, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KindState {
    /// Of a TOTP device.
    Totp(TotpState),
    /// Of an HOTP device.
    Hotp(HotpState),
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
    /// What it is and how far it has come.
    pub state: KindState,
}

/// A stored device that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stored state of a device cannot be read ({0}); remove the device and enroll it anew")]
pub struct CorruptState(String);

impl Device {
    /// Looks at a code, and changes nothing.
    pub(crate) fn probe(&self, code: &Code, now: UnixTime) -> Probe {
        match &self.kind {
            Kind::Totp(secret, state) => state.probe(secret, code, now),
            Kind::Hotp(secret, state) => state.probe(secret, code),
        }
    }

    /// The shared secret.
    pub fn secret(&self) -> &Secret {
        match &self.kind {
            Kind::Totp(secret, _) | Kind::Hotp(secret, _) => secret,
        }
    }

    /// The moving state.
    pub fn state(&self) -> KindState {
        match &self.kind {
            Kind::Totp(_, state) => KindState::Totp(state.clone()),
            Kind::Hotp(_, state) => KindState::Hotp(state.clone()),
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
            state: self.state(),
        }
    }
}

impl KindState {
    /// The name of the kind, as in ids, on the bus and in the store.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Totp(_) => TotpState::KIND,
            Self::Hotp(_) => HotpState::KIND,
        }
    }

    /// The hash under HMAC.
    pub const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Totp(state) => state.algorithm,
            Self::Hotp(state) => state.algorithm,
        }
    }

    /// How many digits its codes have.
    pub const fn digits(&self) -> Digits {
        match self {
            Self::Totp(state) => state.digits,
            Self::Hotp(state) => state.digits,
        }
    }

    /// The device kind that this state and a secret make.
    pub fn with_secret(self, secret: Secret) -> Kind {
        match self {
            Self::Totp(state) => Kind::Totp(secret, state),
            Self::Hotp(state) => Kind::Hotp(secret, state),
        }
    }

    /// Writes the state for the store: JSON, whose fields later versions must go on reading.
    pub fn store(&self) -> String {
        let json = match self {
            Self::Totp(state) => serde_json::to_string(state),
            Self::Hotp(state) => serde_json::to_string(state),
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
            ("carrier pigeon", "{}"),
        ] {
            assert!(KindState::load(kind, json).is_err(), "{kind} {json}");
        }
    }
}
