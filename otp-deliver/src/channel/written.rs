//! A channel as it is written, and what of it cannot be.

use std::{path::PathBuf, time::Duration};

use serde::Deserialize;

use super::{By, Channel, Password, Security, Smtp, SmtpLogin, Takes, Template};

/// How long sending may take, unless the channel says.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The longest it may say, in seconds.
const MAX_TIMEOUT: u64 = 30;

/// A channel as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
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
