//! What happened to an account, as `Log` and `LogAll` tell it: dictionaries, which can grow. A word
//! for an event that a reader does not know is passed on as it is.

use zbus::{DeserializeDict, SerializeDict, Type};

/// The most events that one call tells.
pub const MAX_EVENTS: u32 = 1000;

/// One thing that happened. What it does not have is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "a{sv}", rename_all = "kebab-case")]
pub struct LogEntry {
    /// The account's canonical name.
    pub user: String,
    /// When, in seconds since 1970 UTC; of wrong codes the last time.
    pub at: u64,
    /// The uid that asked for it: a host's such as sshd's for a login.
    pub by: Option<u32>,
    /// `accepted`, `remembered`, `forgotten`, `wrong`, `sent`, `enrolled`, `confirmed`, `removed`,
    /// `renamed`, `replaced`, `recovery-made`, `resynchronised`, `adopted`, `invited`, `exempted`,
    /// `exemption-ended`, `tokens-granted`, `tokens-revoked`, `tokens-reused`, `pass-made`,
    /// `pass-extended`, `pass-used`, `pass-deactivated` or `unlocked`; `damaged` where the record cannot
    /// be read.
    pub event: String,
    /// For codes: the lane, a [`LaneName`](crate::LaneName)'s word.
    pub lane: Option<String>,
    /// For codes: the PAM service, as the host called itself.
    pub service: Option<String>,
    /// For codes: the remote host, as the service named it; empty for none.
    pub from: Option<String>,
    /// The devices, or passes, that it is about, by id.
    pub devices: Option<Vec<String>>,
    /// For codes that were sent: where to, masked.
    pub address: Option<String>,
    /// How many, of wrong codes, of recovery codes that were made, or of logins that were forgotten.
    pub count: Option<u32>,
    /// The new label, or the purpose of a pass, where there is one.
    pub label: Option<String>,
    /// The device whose place was taken, or the name that the account had.
    pub former: Option<String>,
    /// The uid that the account belonged to.
    pub former_uid: Option<u32>,
    /// For tokens: their family.
    pub tokens: Option<String>,
    /// For tokens that were granted: what for.
    pub scope: Option<String>,
    /// For wrong codes: when the first one was, in seconds since 1970 UTC.
    pub first: Option<u64>,
    /// For remembered logins: when the code was accepted, in seconds since 1970 UTC.
    pub since: Option<u64>,
    /// For wrong codes: whether the last one locked the lane.
    pub locked: Option<bool>,
    /// For remembered logins, invitations and exemptions: until when, in seconds since 1970 UTC.
    pub until: Option<u64>,
    /// For exemptions: why.
    pub reason: Option<String>,
}
