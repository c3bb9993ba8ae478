//! `[channel.NAME]`: a way by which messages go, as `otpd.toml` says it. otpd reads it to know which
//! words to offer and what an address must be; otp-deliver, to send. Nothing secret stands in it.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use serde::Deserialize;

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

/// A text with placeholders, all of which are known.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Template(Vec<Piece>);

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// As it stands.
    Text(String),
    /// What the message says.
    Value(Value),
}

/// What a template can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// `{code}`.
    Code,
    /// `{user}`.
    User,
    /// `{issuer}`.
    Issuer,
    /// `{purpose}`: `login`, `confirm` or `sign-up`.
    Purpose,
    /// `{minutes}`: for how long the code counts.
    Minutes,
}

/// How long sending may take, unless the channel says.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The longest it may say, in seconds.
const MAX_TIMEOUT: u64 = 30;

/// A channel as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    takes: Option<Takes>,
    timeout: Option<u64>,
    command: Option<Vec<String>>,
    smtp: Option<String>,
    port: Option<u16>,
    security: Option<Security>,
    ca: Option<PathBuf>,
    user: Option<String>,
    password_file: Option<PathBuf>,
    password_credential: Option<String>,
    from: Option<String>,
    subject: Option<Template>,
    text: Option<Template>,
    html: Option<Template>,
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

impl TryFrom<Written> for Channel {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let timeout = match written.timeout {
            None => TIMEOUT,
            Some(secs @ 1..=MAX_TIMEOUT) => Duration::from_secs(secs),
            Some(_) => return Err(format!("timeout must be 1 to {MAX_TIMEOUT} seconds")),
        };
        let takes = written.takes;
        let (by, usual) = match (&written.command, &written.smtp) {
            (Some(_), None) => (written.command()?, Takes::Phone),
            (None, Some(_)) => (written.smtp()?, Takes::Email),
            (Some(_), Some(_)) | (None, None) => {
                return Err("a channel has either command or smtp".to_owned());
            }
        };
        match (&by, takes) {
            (By::Smtp(_), Some(Takes::Phone)) => Err("smtp takes no telephone numbers".to_owned()),
            (By::Smtp(_) | By::Command(_), _) => {
                Ok(Self { takes: takes.unwrap_or(usual), by, timeout })
            }
        }
    }
}

impl Written {
    fn command(self) -> Result<By, String> {
        let of_smtp = self.port.is_some()
            || self.security.is_some()
            || self.ca.is_some()
            || self.user.is_some()
            || self.password_file.is_some()
            || self.password_credential.is_some()
            || self.from.is_some()
            || self.subject.is_some()
            || self.text.is_some()
            || self.html.is_some();
        if of_smtp {
            return Err("a command gets the message on its standard input; takes and timeout \
                        are all that goes with it"
                .to_owned());
        }
        let command = self.command.unwrap_or_default();
        let absolute = command.first().is_some_and(|program| program.starts_with('/'));
        if !absolute || command.iter().any(|argument| argument.contains('\0')) {
            return Err("command must begin with the absolute path of a program".to_owned());
        }
        Ok(By::Command(command))
    }

    fn smtp(self) -> Result<By, String> {
        let login = self.login()?;
        let server = self.smtp.unwrap_or_default();
        if !(1..=253).contains(&server.len()) || !server.bytes().all(|byte| byte.is_ascii_graphic())
        {
            return Err("smtp must be the name of a mail server".to_owned());
        }
        let security = self.security.unwrap_or(Security::Starttls);
        let local = matches!(server.as_str(), "localhost" | "127.0.0.1" | "::1");
        if security == Security::None && !local {
            return Err("security = \"none\" is for a server on this machine alone; codes would \
                        be read on their way"
                .to_owned());
        }
        let usual = match security {
            Security::Tls => 465,
            Security::Starttls => 587,
            Security::None => 25,
        };
        let from = self.from.ok_or("smtp needs from, such as \"otpd <otpd@example.org>\"")?;
        if from.chars().any(char::is_control) {
            return Err("from holds a control character".to_owned());
        }
        let port = self.port.unwrap_or(usual);
        if port == 0 {
            return Err("port must be 1 to 65535".to_owned());
        }
        let subject =
            self.subject.map_or_else(|| "{code} is your code for {issuer}".parse(), Ok)?;
        if subject.holds_line_breaks() {
            return Err("subject must be one line".to_owned());
        }
        let text = self.text.map_or_else(|| TEXT.parse(), Ok)?;
        let (ca, html) = (self.ca, self.html);
        let smtp = Smtp { server, port, security, ca, login, from, subject, text, html };
        Ok(By::Smtp(Box::new(smtp)))
    }

    fn login(&self) -> Result<Option<SmtpLogin>, String> {
        let password = match (&self.password_file, &self.password_credential) {
            (Some(_), Some(_)) => {
                return Err("password_file and password_credential exclude each other".to_owned());
            }
            (Some(path), None) if path.is_absolute() => Some(Password::File(path.clone())),
            (Some(_), None) => return Err("password_file must be an absolute path".to_owned()),
            (None, Some(name)) if plain_name(name) => Some(Password::Credential(name.clone())),
            (None, Some(_)) => return Err("password_credential must be a plain name".to_owned()),
            (None, None) => None,
        };
        match (&self.user, password) {
            (None, None) => Ok(None),
            (Some(user), Some(password)) => Ok(Some(SmtpLogin { user: user.clone(), password })),
            (Some(_), None) => {
                Err("user needs password_file or password_credential beside it".to_owned())
            }
            (None, Some(_)) => Err("a password needs user beside it".to_owned()),
        }
    }
}

/// The text of a message, unless the channel says.
const TEXT: &str = "\
Your code is {code}. It is for {user} at {issuer} and counts for {minutes} minutes.
Whoever asks you for it is not us. If you did not ask for it, somebody else tries to log in.
";

fn plain_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=64).contains(&name.len()) && name.bytes().all(plain) && !name.starts_with('.')
}

impl Template {
    /// Its pieces in their order.
    pub fn pieces(&self) -> &[Piece] {
        &self.0
    }

    fn holds_line_breaks(&self) -> bool {
        self.0.iter().any(|piece| match piece {
            Piece::Text(text) => text.chars().any(char::is_control),
            Piece::Value(_) => false,
        })
    }
}

impl std::str::FromStr for Template {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            pieces.extend((!before.is_empty()).then(|| Piece::Text(before.to_owned())));
            if let Some(more) = after.strip_prefix('{') {
                pieces.push(Piece::Text("{".to_owned()));
                rest = more;
                continue;
            }
            let unknown = || {
                "there are {code}, {user}, {issuer}, {purpose} and {minutes}; {{ is a brace"
                    .to_owned()
            };
            let (name, more) = after.split_once('}').ok_or_else(unknown)?;
            pieces.push(Piece::Value(Value::named(name).ok_or_else(unknown)?));
            rest = more;
        }
        pieces.extend((!rest.is_empty()).then(|| Piece::Text(rest.to_owned())));
        Ok(Self(pieces))
    }
}

impl TryFrom<String> for Template {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl Value {
    fn named(name: &str) -> Option<Self> {
        match name {
            "code" => Some(Self::Code),
            "user" => Some(Self::User),
            "issuer" => Some(Self::Issuer),
            "purpose" => Some(Self::Purpose),
            "minutes" => Some(Self::Minutes),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
