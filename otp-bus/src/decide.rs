//! What `Decide` tells: what a login would have to show, and why. Dictionaries, which can grow; a
//! word that a reader does not know is passed on as it is.

use serde::{Deserialize, Serialize};
use zbus::{DeserializeDict, OwnedVariant, SerializeDict, Type, Variant};

use crate::LaneStatus;

/// What a login would have to show.
#[derive(Clone, Debug, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "a{sv}", rename_all = "kebab-case")]
pub struct Decision {
    /// The canonical name.
    pub user: String,
    /// Every rule in its order.
    pub rules: Vec<RuleSeen>,
    /// The name of the rule that decides; `default` where none does.
    pub rule: String,
    /// `code`, `nothing` or `denied`; `enroll` where it gets a device at the prompt.
    pub demand: String,
    /// Until when an administrator's exemption lets it pass, in seconds since 1970 UTC, and why;
    /// then the rule is called `exemption`.
    pub exempt_until: Option<u64>,
    /// See there.
    pub exempt_reason: Option<String>,
    /// For what is denied: why.
    pub why: Option<String>,
    /// Whether a code is demanded of the account where no rule says more.
    pub enrolled: bool,
    /// Whether `nullok` behind the module would let this login pass without a code.
    pub nullok: bool,
    /// The kinds of devices that count; absent: all.
    pub methods: Option<Vec<String>>,
    /// For how many seconds a login that has shown a code is remembered at the same place; absent:
    /// not at all.
    pub remember: Option<u64>,
    /// What becomes of who has no device, where the decider has them enroll at the prompt: `required`,
    /// `required-invited`, `offered`, `offered-invited`, or `over`; absent: nothing of that.
    pub enroll: Option<String>,
    /// The confirmed devices.
    pub devices: Vec<DeviceFits>,
    /// Where a wrong code would count, and what has failed there; absent where the account is not
    /// the user's.
    pub lane: Option<LaneStatus>,
}

/// A rule, and what it is to a login. Signature `(ssas)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type, Variant, OwnedVariant)]
pub struct RuleSeen {
    /// Its name.
    pub rule: String,
    /// `matches`, `differs`, `undecided` or `not-reached`.
    pub seen: String,
    /// Which of its keys differ; or why it is undecided.
    pub why: Vec<String>,
}

/// A confirmed device, and whether a code of it counts. Signature `(ssb)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type, Variant, OwnedVariant)]
pub struct DeviceFits {
    /// The persistent id, such as `totp/7f3a9c01`.
    pub device: String,
    /// What people call it.
    pub label: String,
    /// Whether a code of it would be looked at.
    pub counts: bool,
}
