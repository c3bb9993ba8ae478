//! Exemptions: an administrator's word that a user logs in without a code, until a given time and
//! for a reason that is said with each such login. It changes nothing else of the account: devices,
//! failures and locks stay, and who was enrolled is asked again once it is over.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    Account, Asking, Change, Changed, Decision, EventKind, Refusal, Seconds, Uid, UnixTime,
    UserName, warrant::Draft,
};

/// Why somebody is exempt, as an administrator gave it: a line of text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ExemptionReason(String);

/// A text that gives no reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a reason has 1 to {} bytes of text in one line; say why", ExemptionReason::MOST)]
pub struct NoReason;

impl ExemptionReason {
    /// The longest, in bytes.
    pub const MOST: usize = 200;

    /// Reads one.
    ///
    /// # Errors
    /// When it is empty, too long, or more than a line.
    pub fn parse(text: &str) -> Result<Self, NoReason> {
        let text = text.trim();
        let fits = (1..=Self::MOST).contains(&text.len()) && !text.chars().any(char::is_control);
        fits.then(|| Self(text.to_owned())).ok_or(NoReason)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ExemptionReason {
    type Error = NoReason;

    fn try_from(text: String) -> Result<Self, NoReason> {
        Self::parse(&text)
    }
}

impl From<ExemptionReason> for String {
    fn from(reason: ExemptionReason) -> Self {
        reason.0
    }
}

/// An exemption as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exemption {
    /// From when on it counts: a clock that is set back before this has nothing to say about it.
    pub since: UnixTime,
    /// From when on it counts no more.
    pub until: UnixTime,
    /// The uid that gave it.
    pub by: u32,
    /// Why.
    pub reason: ExemptionReason,
}

/// A stored exemption that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the stored exemption cannot be read: {0}")]
pub struct CorruptExemption(String);

impl Exemption {
    /// Whether it counts at a time.
    pub fn is_open(&self, now: UnixTime) -> bool {
        self.since <= now && now < self.until
    }

    /// Who gave it.
    pub fn by(&self) -> Uid {
        Uid(self.by)
    }

    /// As it is stored: nothing secret.
    ///
    /// # Errors
    /// Never for what this version knows.
    pub fn store(&self) -> Result<String, CorruptExemption> {
        serde_json::to_string(self).map_err(|error| CorruptExemption(error.to_string()))
    }

    /// Reads what [`store`](Self::store) wrote.
    ///
    /// # Errors
    /// When it is none.
    pub fn load(json: &str) -> Result<Self, CorruptExemption> {
        serde_json::from_str(json).map_err(|error| CorruptExemption(error.to_string()))
    }
}

impl Account {
    /// The exemption that counts at a time, if one does.
    pub fn exempt(&self, now: UnixTime) -> Option<&Exemption> {
        self.exemption.as_ref().filter(|given| given.is_open(now))
    }
}

/// Exempts a user, in place of any exemption that there is; until when.
pub fn exempt(
    account: Option<&Account>,
    name: &UserName,
    uid: Uid,
    (length, reason): (Seconds, ExemptionReason),
    asking: &Asking<'_>,
) -> Decision<Changed<UnixTime>> {
    let until = asking.now.plus(length);
    let enrolled = account.is_some_and(|account| account.enrolled);
    let kind = EventKind::Exempted { until, reason: reason.as_str().to_owned() };
    let given = Exemption { since: asking.now, until, by: asking.by.0, reason };
    let list =
        vec![Change::Head { uid: Some(uid), enrolled }, Change::Exempt(given), asking.event(kind)];
    asking.decide(name, account, Ok(Draft { list, outcome: until }))
}

/// Ends a user's exemption before its time.
pub fn end_exemption(account: &Account, asking: &Asking<'_>) -> Decision<Changed<()>> {
    let draft = match account.exempt(asking.now) {
        Some(_) => Ok(Draft {
            list: vec![Change::Unexempt, asking.event(EventKind::ExemptionEnded)],
            outcome: (),
        }),
        None => Err(Refusal::NotExempt),
    };
    asking.decide(&account.name, Some(account), draft)
}

impl fmt::Display for ExemptionReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
