//! What crosses `org.otpd1.Passes`: one-time passwords made for somebody. Records are `a{sv}`
//! dictionaries, so that they can grow; an unknown key is refused where the daemon reads. A key crosses
//! once on its way out, from `Create`, and on its way in from whoever shows it; no `Debug` repeats one.

use std::fmt;

use serde::{Deserialize, Serialize};
use zbus::{DeserializeDict, SerializeDict, Type};

/// The most passes that one `List` tells.
pub const MAX_LISTED: u32 = 100;

/// A pass to make. What is left out takes the default in brackets.
#[derive(Clone, Debug, Default, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "a{sv}", deny_unknown_fields, rename_all = "kebab-case")]
pub struct NewPass {
    /// What it is for, a word such as `login`, which is the one that PAM takes.
    pub purpose: String,
    /// The services at which it counts (all).
    pub services: Option<Vec<String>>,
    /// `service:NAME`, `from:NETWORK`, or `x-...` for those who read it (none).
    pub restrictions: Option<Vec<String>>,
    /// What it has to do with, in any order (nothing).
    pub related: Option<Vec<String>>,
    /// JSON, at most 16 KiB (none).
    pub data: Option<String>,
    /// `alnum:N`, `digits:N` or `words:N` (`alnum:20`).
    pub generator: Option<String>,
    /// For how many seconds it is live (as configured).
    pub seconds: Option<u32>,
    /// Until when it is live, in seconds since 1970 UTC, in place of `seconds`.
    pub until: Option<u64>,
    /// Why it is made, for the log (nothing is said).
    pub reason: Option<String>,
    /// Whether live ones of this owner and purpose, and of these related objects where there are any,
    /// are over with it (no).
    pub deactivate_old: Option<bool>,
}

/// Until when a pass is to live: one of the two, or neither for what is configured.
#[derive(Clone, Debug, Default, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "a{sv}", deny_unknown_fields, rename_all = "kebab-case")]
pub struct PassTerm {
    /// For so many seconds from now.
    pub seconds: Option<u32>,
    /// Until this time, in seconds since 1970 UTC.
    pub until: Option<u64>,
}

/// Where a key is shown, which is believed of root alone.
#[derive(Clone, Debug, Default, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "a{sv}", deny_unknown_fields, rename_all = "kebab-case")]
pub struct PassPlace {
    /// By which service.
    pub service: Option<String>,
    /// From which host, as a numeric address.
    pub from: Option<String>,
}

/// Which passes of an owner and a purpose are called back: all where neither is said.
#[derive(Clone, Default, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "a{sv}", deny_unknown_fields, rename_all = "kebab-case")]
pub struct WhichPasses {
    /// The one with this key.
    pub key: Option<String>,
    /// Those that have to do with exactly these objects, in whatever order.
    pub related: Option<Vec<String>>,
}

impl fmt::Debug for WhichPasses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WhichPasses").field("related", &self.related).finish_non_exhaustive()
    }
}

/// A pass as it may be shown: nothing by which anybody could use it.
#[derive(Clone, Debug, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "a{sv}", rename_all = "kebab-case")]
pub struct PassInfo {
    /// The persistent id, such as `pass/7f3a9c0112345678`.
    pub id: String,
    /// Whose it is; absent: nobody's, and of no use at a PAM prompt.
    pub owner: Option<String>,
    /// What it is for.
    pub purpose: String,
    /// Who made it and where: `maker@host`.
    pub origin: String,
    /// Why, in the maker's words.
    pub reason: Option<String>,
    /// When it was made, in seconds since 1970 UTC.
    pub created: u64,
    /// From when on it counts no more, in seconds since 1970 UTC.
    pub expires: u64,
    /// How its key was made.
    pub generator: String,
    /// Where it counts, services among it.
    pub restrictions: Vec<String>,
    /// What it has to do with.
    pub related: Vec<String>,
    /// The keyed hash of purpose and key, in hexadecimal: the same key never gives another one, and
    /// nobody finds the key by it.
    pub digest: String,
    /// `live`, `expired`, `used` or `deactivated`.
    pub state: String,
    /// When it was used or deactivated, in seconds since 1970 UTC.
    pub ended: Option<u64>,
}

/// A pass with its key, told once. Its fields are the method's out arguments, `a{sv}s`.
#[derive(Clone, Serialize, Deserialize, Type)]
pub struct MadePass {
    /// The pass.
    pub pass: PassInfo,
    /// Its key. Secret.
    pub key: String,
}

impl fmt::Debug for MadePass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MadePass").field("pass", &self.pass).finish_non_exhaustive()
    }
}

/// A pass whose key was shown. Its fields are the method's out arguments, `a{sv}s`.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct ShownPass {
    /// The pass.
    pub pass: PassInfo,
    /// Its data, JSON; empty where it has none.
    pub data: String,
}
