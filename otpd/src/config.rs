//! `/etc/otpd/otpd.toml`: parsed once, strictly. A key that is not known, or a number out of its
//! bounds, keeps the daemon from starting: a policy half read would be another policy.

mod files;
mod forward_pass;
mod prompt;
mod self_service;
mod throttle;
mod values;

use std::{io, path::Path};

use otp_bus::Terms;
use otp_core::ThrottlePolicy;
use serde::Deserialize;

use crate::rules::{Rule, Rules};

use forward_pass::ForwardPass;
use prompt::Prompt;
pub use self_service::{SelfService, Switch};
use throttle::Throttle;
use values::Issuer;
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
    /// How hosts are to ask.
    pub terms: Terms,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path}: {error}; make it readable by root")]
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
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    issuer: Option<Issuer>,
    #[serde(default)]
    throttle: Throttle,
    #[serde(default)]
    prompt: Prompt,
    #[serde(default)]
    forward_pass: ForwardPass,
    #[serde(default)]
    rule: Vec<Rule>,
    #[serde(default)]
    self_service: SelfService,
}

impl Config {
    /// Reads a file; where there is none, everything is at its default.
    ///
    /// # Errors
    /// When it cannot be read or understood.
    pub fn read(path: &Path, host: &str) -> Result<Self, ConfigError> {
        let mut config =
            Self::parse(&files::first(path)?, host).map_err(|error| invalid(path, error))?;
        config.rules.extend(files::more_rules(path)?);
        Ok(config)
    }

    /// Reads the text of a configuration.
    ///
    /// # Errors
    /// When it is not understood; the error names line and key.
    pub fn parse(text: &str, host: &str) -> Result<Self, toml::de::Error> {
        let File { issuer, throttle, prompt, forward_pass, rule, self_service } =
            toml::from_str(text)?;
        let host: String = host.chars().filter(|c| !c.is_control() && *c != ':').take(64).collect();
        let host = if host.is_empty() { "otpd".to_owned() } else { host };
        Ok(Self {
            issuer: issuer.map_or(host, |issuer| issuer.0),
            throttle: throttle.into(),
            rules: Rules::new(rule),
            self_service,
            terms: Terms {
                tell: prompt.tell,
                forward_digits: forward_pass.digits,
                forward_separator: forward_pass.separator,
            },
        })
    }
}

fn invalid(path: &Path, error: toml::de::Error) -> ConfigError {
    ConfigError::Invalid { path: path.display().to_string(), error: Box::new(error) }
}

#[cfg(test)]
mod tests;
