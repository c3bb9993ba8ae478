//! `[channel.NAME]`: a way by which messages go, as `otpd.toml` says it. otpd reads it to know which
//! words to offer and what an address must be; otp-deliver, to send. Nothing secret stands in it.

mod template;
mod written;

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use serde::Deserialize;

pub use template::{Piece, Template, Value};
use written::Written;

/// The channels by name.
pub type Channels = BTreeMap<ChannelName, Channel>;

/// How a channel is called, and what people type to have a code sent by it: 2 to 5 small letters
/// and digits, the first a letter. Shorter than any code: what sshd puts in the place of strangers'
/// answers tells their length alone, so that an answer of this length must be none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct ChannelName(String);

/// A channel.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Channel {
    /// What its addresses are.
    pub takes: Takes,
    /// How it sends.
    pub by: By,
    /// How long sending may take.
    pub timeout: Duration,
}

/// What addresses are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Takes {
    /// Telephone numbers.
    Phone,
    /// Mailboxes.
    Email,
}

/// How a channel sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// By this command and its arguments, which gets the message on its standard input.
    Command(Vec<String>),
    /// By SMTP.
    Smtp(Box<Smtp>),
}

/// A mail server and what it is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Smtp {
    /// Its name, by which its certificate is checked.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// By whose signature its certificate is believed, beside those of the system; PEM.
    pub ca: Option<PathBuf>,
    /// Who logs in to it, and where the password is.
    pub login: Option<SmtpLogin>,
    /// From whom.
    pub from: String,
    /// The subject, a template.
    pub subject: Template,
    /// The text, a template.
    pub text: Template,
    /// The same in HTML, where both are sent.
    pub html: Option<Template>,
}

/// How a connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// TLS from the first byte.
    Tls,
    /// TLS once the server was greeted, or nothing is sent.
    Starttls,
    /// None: to a server on this machine alone.
    None,
}

/// How otp-deliver logs in to a mail server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmtpLogin {
    /// As whom.
    pub user: String,
    /// Where the password is.
    pub password: Password,
}

/// Where a password is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Password {
    /// In this file, which others must not be able to read.
    File(PathBuf),
    /// In a credential of this name that systemd gives otp-deliver.
    Credential(String),
}

impl ChannelName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ChannelName {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let plain = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        let first = text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
        ((2..=5).contains(&text.len()) && plain && first)
            .then_some(Self(text))
            .ok_or("a channel's name has 2 to 5 small letters and digits, the first a letter")
    }
}

#[cfg(test)]
mod tests;
