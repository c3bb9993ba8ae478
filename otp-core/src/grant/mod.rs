//! Tokens: what an application that may is given for a code of somebody, in place of asking for one
//! again. An access token for a few minutes, and a refresh token for the next pair; all that come of
//! one code are one family, which belongs to the uid that asked and ends with what it was granted
//! by. Of a token its keyed hash is kept, and how many came before it: a refresh token that is shown
//! twice was stolen by somebody, so its family ends.
//!
//! Every token carries its family and number under a keyed hash of otpd's own, so that a used one is
//! told from a made up one for ever without a list of them.

mod decide;
mod scope;

use std::fmt;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use crate::{CodeHash, DeviceId, Seconds, Uid, UnixTime};

pub(crate) use decide::caller_admitted;
pub use decide::{Granted, NewFamily, Refreshed, Seen, end_families, grant, refresh, revoke};
pub use scope::{Scope, ScopeError};

/// How many living families an account has of one uid; the oldest goes for the next.
pub const MAX_FAMILIES: usize = 16;

/// How many living families a uid has.
pub const MAX_HELD: u32 = 100_000;

/// How long a family is kept for people to see after its last token has run out.
pub const KEPT_FOR: Seconds = Seconds(7 * 86_400);

/// How far the clock may have been set back behind a token.
pub(crate) const BEHIND: Seconds = Seconds(60);

/// What a family is called. No secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FamilyId([u8; FamilyId::BYTES]);

impl FamilyId {
    /// Random bytes of an id.
    pub const BYTES: usize = 8;

    /// The id of these bytes.
    pub const fn new(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// Reads an id; none: it is none.
    pub fn parse(text: &str) -> Option<Self> {
        HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok().map(Self)
    }

    /// Its bytes.
    pub const fn bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }
}

impl fmt::Display for FamilyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// Shows for a few minutes who somebody is.
    Access,
    /// Gets the next pair, once.
    Refresh,
}

/// The number of a pair in its family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Generation(pub u32);

impl Generation {
    /// The number of the next pair; none: there can be no more.
    pub fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }
}

/// A token that was made here, as somebody shows it.
#[derive(Clone, Debug)]
pub struct ShownToken {
    /// Which of the two.
    pub kind: TokenKind,
    /// Its family.
    pub family: FamilyId,
    /// The number of its pair.
    pub generation: Generation,
    /// The hash by which it is kept.
    pub hash: CodeHash,
}

/// The hashes of a new pair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairHashes {
    /// Of the access token.
    pub access: CodeHash,
    /// Of the refresh token.
    pub refresh: CodeHash,
}

/// How long tokens live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// An access token.
    pub access: Seconds,
    /// A family, from its code on: then another code must be shown.
    pub family: Seconds,
}

/// A family of tokens as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    /// What it is called.
    pub id: FamilyId,
    /// The uid that asked for it, to which alone its tokens mean anything.
    pub holder: Uid,
    /// What for.
    pub scope: Scope,
    /// The device by whose code it was granted; the family goes with it.
    pub device: DeviceId,
    /// When that was.
    pub made: UnixTime,
    /// From when on it is over.
    pub until: UnixTime,
    /// The number of the pair that counts.
    pub generation: Generation,
    /// When that pair was made.
    pub issued: UnixTime,
    /// From when on its access token counts no more.
    pub access_until: UnixTime,
    /// That pair.
    pub pair: PairHashes,
}

/// A stored family that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the stored family of tokens cannot be read: {0}")]
pub struct CorruptFamily(String);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    holder: u32,
    scope: String,
    device: String,
    made: UnixTime,
    until: UnixTime,
    generation: Generation,
    issued: UnixTime,
    access_until: UnixTime,
    pair: PairHashes,
}

impl Family {
    /// Whether any token of it can still count.
    pub fn is_open(&self, now: UnixTime) -> bool {
        now < self.until
    }

    /// Whether the token is the one of its kind that counts: not whether it has run out.
    fn is_latest(&self, shown: &ShownToken) -> bool {
        let kept = match shown.kind {
            TokenKind::Access => &self.pair.access,
            TokenKind::Refresh => &self.pair.refresh,
        };
        shown.family == self.id && shown.generation == self.generation && kept.same_as(&shown.hash)
    }

    /// Whether a token counts now. An access token from the future is not believed: the clock was
    /// set back, and it would count for longer than it was made for.
    pub fn is_active(&self, shown: &ShownToken, now: UnixTime) -> bool {
        let open = match shown.kind {
            TokenKind::Access => now < self.access_until,
            TokenKind::Refresh => true,
        };
        open && now.plus(BEHIND) >= self.issued && self.is_open(now) && self.is_latest(shown)
    }

    /// When a token of this kind runs out.
    pub fn ends(&self, kind: TokenKind) -> UnixTime {
        match kind {
            TokenKind::Access => self.access_until,
            TokenKind::Refresh => self.until,
        }
    }

    /// As it is stored: nothing secret.
    ///
    /// # Errors
    /// Never for what this version knows.
    pub fn store(&self) -> Result<String, CorruptFamily> {
        let Self {
            holder, scope, device, made, until, generation, issued, access_until, pair, ..
        } = self;
        let stored = Stored {
            holder: holder.0,
            scope: scope.to_string(),
            device: device.to_string(),
            made: *made,
            until: *until,
            generation: *generation,
            issued: *issued,
            access_until: *access_until,
            pair: pair.clone(),
        };
        serde_json::to_string(&stored).map_err(|error| CorruptFamily(error.to_string()))
    }

    /// Reads what [`store`](Self::store) wrote of the family `id`.
    ///
    /// # Errors
    /// When it is none.
    pub fn load(id: FamilyId, json: &str) -> Result<Self, CorruptFamily> {
        let corrupt = |error: &dyn fmt::Display| CorruptFamily(error.to_string());
        let Stored { holder, scope, device, made, until, generation, issued, access_until, pair } =
            serde_json::from_str(json).map_err(|error| corrupt(&error))?;
        let scope = Scope::parse(&scope).map_err(|error| corrupt(&error))?;
        let device = DeviceId::parse(&device).map_err(|error| corrupt(&error))?;
        let holder = Uid(holder);
        Ok(Self { id, holder, scope, device, made, until, generation, issued, access_until, pair })
    }
}

#[cfg(test)]
mod tests;
