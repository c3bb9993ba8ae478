//! `org.otpd1.Error.*`: each variant tells the caller what kind of thing to do next; its text says
//! what failed, on what, and the next step.

use std::fmt;

use zbus::DBusError;

/// Why a call was not carried out. Nothing was changed unless the variant says otherwise.
#[derive(Debug, DBusError)]
#[zbus(prefix = "org.otpd1.Error", impl_display = false)]
pub enum Error {
    /// The transport failed or the reply was no error of this contract. The outcome is unknown: a
    /// change may have been made.
    #[zbus(error)]
    ZBus(zbus::Error),
    /// The caller may not do this; asking again will not help, another caller may.
    NotAllowed(String),
    /// The caller changes its own account, and has to show a fresh code with the change.
    CodeNeeded(String),
    /// No such user on this system.
    UnknownUser(String),
    /// Nothing is stored under this name; `Accounts` shows what there is.
    UnknownAccount(String),
    /// The account has no such device; `List` shows what there is.
    UnknownDevice(String),
    /// No such pass is live; `org.otpd1.Passes.List` shows what there is.
    UnknownPass(String),
    /// The name fits several devices; use an id.
    AmbiguousDevice(String),
    /// An argument is outside its bounds; the text names it.
    InvalidArgument(String),
    /// The label or secret is taken, or the device is confirmed already.
    AlreadyExists(String),
    /// The account is full; remove something first.
    LimitReached(String),
    /// The code is wrong; the failure was counted.
    WrongCode(String),
    /// The code was accepted before; wait for the next one.
    UsedCode(String),
    /// Too soon after failures; wait as the text says.
    Throttled(String),
    /// Locked after too many failures; an administrator must unlock.
    Locked(String),
    /// The account's uid is not the user's; an administrator must decide.
    UidMismatch(String),
    /// The keyring has no such key; `org.otpd1.Keys.List` shows what there is.
    UnknownKey(String),
    /// The key is needed, or seals; the text says by what and what to do first.
    KeyNeeded(String),
    /// The keyring is not the daemon's to change; the text says where to change it.
    KeyringFixed(String),
    /// The files of the configuration are not valid, or cannot be read; the text names file and
    /// line. What was in force still is.
    BadConfiguration(String),
    /// No such token counts, or it is not the caller's.
    UnknownToken(String),
    /// A code was recorded but not sent, or nobody knows; the text says why. Another can be asked
    /// for.
    Undelivered(String),
    /// The daemon is at its bound of calls; try again shortly.
    Busy(String),
    /// The store, the user database or the daemon cannot answer now; try again, then see the log.
    /// The outcome of a change is unknown.
    Unavailable(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ZBus(error) => error.fmt(f),
            Self::NotAllowed(text)
            | Self::CodeNeeded(text)
            | Self::UnknownUser(text)
            | Self::UnknownAccount(text)
            | Self::UnknownDevice(text)
            | Self::UnknownPass(text)
            | Self::AmbiguousDevice(text)
            | Self::InvalidArgument(text)
            | Self::AlreadyExists(text)
            | Self::LimitReached(text)
            | Self::WrongCode(text)
            | Self::UsedCode(text)
            | Self::Throttled(text)
            | Self::Locked(text)
            | Self::UidMismatch(text)
            | Self::UnknownKey(text)
            | Self::KeyNeeded(text)
            | Self::KeyringFixed(text)
            | Self::BadConfiguration(text)
            | Self::UnknownToken(text)
            | Self::Undelivered(text)
            | Self::Busy(text)
            | Self::Unavailable(text) => f.write_str(text),
        }
    }
}
