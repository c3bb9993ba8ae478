//! `/etc/otpd/otpd.toml`: parsed once, strictly. A key that is not known, or a number out of its
//! bounds, keeps the daemon from starting: a policy half read would be another policy.

mod application;
mod files;
mod forward_pass;
mod messages;
mod pass;
mod prompt;
mod self_service;
mod shared_sources;
mod throttle;
mod values;

use std::{
    io,
    path::{Path, PathBuf},
};

use otp_bus::Terms;
use otp_core::{PassPolicy, ThrottlePolicy, message::SendLimits};
use otp_deliver::channel::Channels;
use serde::Deserialize;

use crate::rules::{Rule, Rules};

pub use application::{Application, Applications, People};
use files::{MoreRules, Texts};
use forward_pass::ForwardPass;
use messages::Messages;
use pass::Passes;
use prompt::Prompt;
pub use prompt::Qr;
pub use self_service::{SelfService, Switch};
pub use shared_sources::SharedSources;
use throttle::Throttle;
use values::Issuer;
pub(crate) use values::Length;
pub use values::check_issuer;

/// Where the configuration is.
pub const PATH: &str = "/etc/otpd/otpd.toml";

/// What the administrator decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// What authenticators show above the user's name; the host's name by default.
    pub issuer: String,
    /// How failures slow an attacker down.
    pub throttle: ThrottlePolicy,
    /// What logins must show.
    pub rules: Rules,
    /// What is left to users.
    pub self_service: SelfService,
    /// Where logins come from that are never remembered.
    pub shared_sources: SharedSources,
    /// How hosts are to ask.
    pub terms: Terms,
    /// How QR codes are drawn at prompts.
    pub qr: Qr,
    /// How long passes are live and kept.
    pub passes: PassPolicy,
    /// Which files say so, in the order in which they were read.
    pub files: Vec<PathBuf>,
    /// By which ways messages go.
    pub channels: Channels,
    /// How often anything is sent.
    pub limits: SendLimits,
    /// Which programs may exchange people's codes for tokens.
    pub applications: Applications,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path}: {error}; make it readable by _otpd, as mode 0644 is")]
    Unreadable {
        /// Which file.
        path: String,
        /// What the system said.
        error: io::Error,
    },
    /// The file says something that is not understood; the text names line and key.
    #[error("{path}: {error}")]
    Invalid {
        /// Which file.
        path: String,
        /// Where and what.
        error: Box<toml::de::Error>,
    },
    /// What was read as a file before is none any more.
    #[error("{path} is gone; put it back, or leave an empty file there to mean the defaults")]
    Gone {
        /// Which file.
        path: String,
    },
    /// The files changed each time that they were read.
    #[error("{path} and what is beside it change while they are read; reload when that is over")]
    Changing {
        /// Which file.
        path: String,
    },
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    issuer: Option<Issuer>,
    #[serde(default)]
    shared_sources: SharedSources,
    #[serde(default)]
    throttle: Throttle,
    #[serde(default)]
    prompt: Prompt,
    #[serde(default)]
    forward_pass: ForwardPass,
    #[serde(default)]
    pass: Passes,
    #[serde(default)]
    rule: Vec<Rule>,
    #[serde(default)]
    self_service: SelfService,
    #[serde(default)]
    channel: Channels,
    #[serde(default)]
    messages: Messages,
    #[serde(default)]
    application: Applications,
}

impl Config {
    /// Reads a file; where there is none, everything is at its default.
    ///
    /// # Errors
    /// When it cannot be read or understood.
    pub fn read(path: &Path, host: &str) -> Result<Self, ConfigError> {
        let Texts { first, more } = files::texts(path)?;
        let text = first.as_deref().unwrap_or_default();
        let mut config = Self::parse(text, host).map_err(|error| invalid(path, error))?;
        config.files.extend(first.map(|_| path.to_owned()));
        for (file, text) in more {
            let MoreRules { rule } =
                toml::from_str(&text).map_err(|error| invalid(&file, error))?;
            config.rules.extend(rule);
            config.files.push(file);
        }
        Ok(config)
    }

    /// Reads the file again. Where there was one and there is none, nobody has said what to do:
    /// somebody may be about to put another in its place.
    ///
    /// # Errors
    /// When it cannot be read or understood, or is gone.
    pub fn read_anew(&self, path: &Path, host: &str) -> Result<Self, ConfigError> {
        let config = Self::read(path, host)?;
        let has = |config: &Self| config.files.iter().any(|file| file == path);
        if has(self) && !has(&config) {
            return Err(ConfigError::Gone { path: path.display().to_string() });
        }
        Ok(config)
    }

    /// Reads the text of a configuration.
    ///
    /// # Errors
    /// When it is not understood; the error names line and key.
    pub fn parse(text: &str, host: &str) -> Result<Self, toml::de::Error> {
        let File {
            issuer,
            shared_sources,
            throttle,
            prompt,
            forward_pass,
            rule,
            self_service,
            channel,
            messages,
            application,
            pass,
        } = toml::from_str(text)?;
        let host: String = host.chars().filter(|c| !c.is_control() && *c != ':').take(64).collect();
        let host = if host.is_empty() { "otpd".to_owned() } else { host };
        Ok(Self {
            issuer: issuer.map_or(host, |issuer| issuer.0),
            throttle: throttle.into(),
            rules: Rules::new(rule),
            self_service,
            shared_sources,
            terms: Terms {
                tell: prompt.tell,
                forward_digits: forward_pass.digits,
                forward_separator: forward_pass.separator,
                words: words(&channel),
            },
            qr: prompt.qr,
            passes: pass.policy(),
            files: Vec::new(),
            channels: channel,
            limits: messages.limits(),
            applications: application,
        })
    }
}

/// What can be typed in place of a code.
fn words(channels: &Channels) -> Option<Vec<String>> {
    let names = channels.keys().map(|name| name.as_str().to_owned());
    (!channels.is_empty()).then(|| names.collect())
}

impl ConfigError {
    /// What is wrong, in one line: for the log, and for who asked for it.
    pub fn in_a_line(&self) -> String {
        match self {
            Self::Invalid { path, error } => {
                let shown = error.to_string();
                let line = shown.lines().next().and_then(|first| first.split("line ").nth(1));
                let line = line.and_then(|rest| rest.split(',').next());
                let line = line.map(|line| format!(" line {line}:")).unwrap_or_default();
                let message = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
                format!("{path}:{line} {message}; otpd --check shows where")
            }
            Self::Unreadable { .. } | Self::Gone { .. } | Self::Changing { .. } => self.to_string(),
        }
    }
}

fn invalid(path: &Path, error: toml::de::Error) -> ConfigError {
    ConfigError::Invalid { path: path.display().to_string(), error: Box::new(error) }
}

#[cfg(test)]
mod tests;
