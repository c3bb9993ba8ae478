//! How a session logged in, as the daemon tells it: an environment can be altered.

use zbus::{DeserializeDict, SerializeDict, Type};

/// The login that opened a session.
#[derive(Clone, Debug, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "a{sv}", rename_all = "kebab-case")]
pub struct SessionLogin {
    /// Who logged in, by canonical name: with `sudo`, who asked.
    pub user: String,
    /// The uid of that user.
    pub uid: u32,
    /// The PAM service.
    pub service: String,
    /// The remote host, as the service named it; empty for none.
    pub from: String,
    /// `totp`, `hotp`, `recovery` and so on: the kind of the device; `remembered` where a code was
    /// accepted before.
    pub method: String,
    /// The device, by id.
    pub device: String,
    /// The rule that decided, or `default`.
    pub rule: String,
    /// When, in seconds since 1970 UTC.
    pub at: u64,
    /// The process that opened the session.
    pub process: u32,
}
