//! Remembered logins, as they are told to their owner and to administrators.

use zbus::{DeserializeDict, SerializeDict, Type};

/// What `ForgetRemembered` takes for all of them.
pub const ALL_REMEMBERED: u32 = 0;

/// A login that needs no code again for a while, as long as the rules say so.
#[derive(Clone, Debug, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "a{sv}", rename_all = "kebab-case")]
pub struct RememberedLogin {
    /// Its number among the account's, 1 or more.
    pub number: u32,
    /// The PAM service.
    pub service: String,
    /// The remote host's address; absent for a session on a terminal.
    pub from: Option<String>,
    /// The terminal, such as `pts/3`; absent for a remote host.
    pub tty: Option<String>,
    /// The session's id on that terminal.
    pub session: Option<u32>,
    /// The rule that said so.
    pub rule: String,
    /// The device that made the code, by id.
    pub device: String,
    /// When the code was accepted, in seconds since 1970 UTC.
    pub since: u64,
    /// From when on it counts no more, in seconds since 1970 UTC.
    pub until: u64,
    /// When somebody was last let in by it, in seconds since 1970 UTC.
    pub last: u64,
}
