//! `/etc/otpd/otpd.toml`: parsed once, strictly. A key that is not known, or a number out of its
//! bounds, keeps the daemon from starting: a policy half read would be another policy.

mod messages;
mod self_service;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use otp_bus::{ForwardDigits, Separator, Tell, Terms};
use otp_core::{Seconds, ThrottlePolicy, message::SendLimits};
use otp_deliver::channel::Channels;
use serde::Deserialize;

use crate::rules::{Rule, Rules};

use messages::Messages;
pub use self_service::{SelfService, Switch};

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
    /// By which ways messages go.
    pub channels: Channels,
    /// How often anything is sent.
    pub limits: SendLimits,
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
    #[serde(default)]
    channel: Channels,
    #[serde(default)]
    messages: Messages,
}

/// A file of `otpd.toml.d`: more rules, and nothing else.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MoreRules {
    #[serde(default)]
    rule: Vec<Rule>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Throttle {
    free: Option<Bounded<0, 20>>,
    lock_after: Option<Bounded<1, 100>>,
    lock_after_recent: Option<Bounded<1, 10_000>>,
    unlock_after: Option<Length>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Prompt {
    tell: Tell,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ForwardPass {
    digits: ForwardDigits,
    separator: Separator,
}

/// A number between bounds that the type names.
#[derive(Deserialize)]
#[serde(try_from = "u32")]
struct Bounded<const LEAST: u32, const MOST: u32>(u32);

impl<const LEAST: u32, const MOST: u32> TryFrom<u32> for Bounded<LEAST, MOST> {
    type Error = String;

    fn try_from(number: u32) -> Result<Self, String> {
        let within = (LEAST..=MOST).contains(&number);
        within.then_some(Self(number)).ok_or_else(|| format!("must be {LEAST} to {MOST}"))
    }
}

/// A length of time such as `"24h"`: a number and one of s, min, h, d.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Length(Seconds);

impl TryFrom<String> for Length {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let factor: u64 = match unit {
            "s" => 1,
            "min" => 60,
            "h" => 3600,
            "d" => 86_400,
            _ => return Err("must be a number and s, min, h or d, such as \"24h\"".to_owned()),
        };
        let secs = number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
        match secs {
            Some(secs @ 60..=31_536_000) => Ok(Self(Seconds(secs))),
            _ => Err("must be between 1min and 365d".to_owned()),
        }
    }
}

/// Text that authenticators can show.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Issuer(String);

impl TryFrom<String> for Issuer {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        check_issuer(&text).map(|()| Self(text))
    }
}

/// Whether a text can be an issuer.
///
/// # Errors
/// With what is wrong and what would do.
pub fn check_issuer(text: &str) -> Result<(), String> {
    let fits = (1..=64).contains(&text.len());
    let plain = !text.chars().any(|c| c.is_control() || c == ':');
    (fits && plain).then_some(()).ok_or_else(|| {
        "issuer must have 1 to 64 bytes without ':' and control characters".to_owned()
    })
}

impl Config {
    /// Reads a file; where there is none, everything is at its default.
    ///
    /// # Errors
    /// When it cannot be read or understood.
    pub fn read(path: &Path, host: &str) -> Result<Self, ConfigError> {
        let text = match text(path) {
            Err(ConfigError::Unreadable { error, .. })
                if error.kind() == io::ErrorKind::NotFound =>
            {
                String::new()
            }
            other => other?,
        };
        let mut config = Self::parse(&text, host).map_err(|error| invalid(path, error))?;
        for more in further(path)? {
            let MoreRules { rule } =
                toml::from_str(&self::text(&more)?).map_err(|error| invalid(&more, error))?;
            config.rules.extend(rule);
        }
        Ok(config)
    }

    /// Reads the text of a configuration.
    ///
    /// # Errors
    /// When it is not understood; the error names line and key.
    pub fn parse(text: &str, host: &str) -> Result<Self, toml::de::Error> {
        let File { issuer, throttle, prompt, forward_pass, rule, self_service, channel, messages } =
            toml::from_str(text)?;
        let default = ThrottlePolicy::default();
        let host: String = host.chars().filter(|c| !c.is_control() && *c != ':').take(64).collect();
        let host = if host.is_empty() { "otpd".to_owned() } else { host };
        Ok(Self {
            issuer: issuer.map_or(host, |issuer| issuer.0),
            throttle: ThrottlePolicy {
                free: throttle.free.map_or(default.free, |n| n.0),
                lock_after: throttle.lock_after.map_or(default.lock_after, |n| n.0),
                lock_after_recent: throttle
                    .lock_after_recent
                    .map_or(default.lock_after_recent, |n| n.0),
                unlock_after: throttle.unlock_after.map(|length| length.0),
                ..default
            },
            rules: Rules::new(rule),
            self_service,
            terms: Terms {
                tell: prompt.tell,
                forward_digits: forward_pass.digits,
                forward_separator: forward_pass.separator,
            },
            channels: channel,
            limits: messages.limits(),
        })
    }
}

fn text(path: &Path) -> Result<String, ConfigError> {
    fs::read_to_string(path).map_err(|error| unreadable(path, error))
}

fn unreadable(path: &Path, error: io::Error) -> ConfigError {
    ConfigError::Unreadable { path: path.display().to_string(), error }
}

fn invalid(path: &Path, error: toml::de::Error) -> ConfigError {
    ConfigError::Invalid { path: path.display().to_string(), error: Box::new(error) }
}

/// The files of `otpd.toml.d` beside `otpd.toml`, by name. What does not end in `.toml` is passed
/// over: editors and package managers leave such things.
fn further(path: &Path) -> Result<Vec<PathBuf>, ConfigError> {
    let mut dir = path.as_os_str().to_owned();
    dir.push(".d");
    let dir = PathBuf::from(dir);
    let entries = match fs::read_dir(&dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(&dir, error)),
    };
    let paths: Result<Vec<PathBuf>, io::Error> =
        entries.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut paths = paths.map_err(|error| unreadable(&dir, error))?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_the_default() {
        let config = Config::parse("", "host.example").unwrap();
        assert_eq!(config.issuer, "host.example");
        assert_eq!(config.throttle, ThrottlePolicy::default());
        assert_eq!(config.terms, Terms::default());
        assert_eq!(Config::parse("", "").unwrap().issuer, "otpd");
    }

    #[test]
    fn more_rules_come_in_the_order_of_their_files() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("otpd.toml");
        let rule = |name: &str| format!("[[rule]]\nname = '{name}'\nrequire = 'code'\n");
        fs::write(&path, rule("first")).unwrap();
        let more = dir.path().join("otpd.toml.d");
        fs::create_dir(&more).unwrap();
        fs::write(more.join("20-last.toml"), rule("fourth")).unwrap();
        fs::write(more.join("10-early.toml"), rule("second") + &rule("third")).unwrap();
        fs::write(more.join("10-early.toml~"), "[[rule").unwrap();
        let config = Config::read(&path, "host").unwrap();
        let names: Vec<&str> = config.rules.iter().map(|rule| rule.name.as_str()).collect();
        assert_eq!(names, ["first", "second", "third", "fourth"]);
        fs::write(more.join("30-bad.toml"), "issuer = 'x'").unwrap();
        let error = Config::read(&path, "host").unwrap_err().to_string();
        assert!(error.contains("30-bad.toml") && error.contains("issuer"), "{error}");
    }

    #[test]
    fn the_shipped_example_is_valid() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/otpd.toml");
        assert!(path.exists(), "{}", path.display());
        Config::read(&path, "host").unwrap();
    }

    #[test]
    fn every_key_is_in_the_manual_and_the_example() {
        let manual = include_str!("../../packaging/man/otpd.8");
        let example = include_str!("../../packaging/otpd.toml");
        // The parser names what it knows where it meets what it does not.
        let mut keys = Vec::new();
        let sections = [
            "[throttle]\n",
            "[[rule]]\n",
            "[prompt]\n",
            "[forward_pass]\n",
            "[self_service]\n",
            "[messages]\n",
            "[channel.sms]\n",
            "",
        ];
        for text in sections.map(|section| format!("{section}x = 1")) {
            let error = Config::parse(&text, "host").unwrap_err().to_string();
            let known = error.split_once("expected").unwrap().1.to_owned();
            keys.extend(known.split('`').skip(1).step_by(2).map(str::to_owned));
        }
        assert!(keys.len() >= 23, "{keys:?}");
        for key in keys {
            let entries = [format!(".It Ic {key}"), format!("[{key}]"), format!("[{key}.")];
            assert!(entries.iter().any(|entry| manual.contains(entry)), "{key}");
            assert!(example.contains(&key), "{key}");
        }
    }

    #[test]
    fn what_is_said_is_done() {
        let text =
            "issuer = 'Example'\n[throttle]\nfree = 0\nlock_after = 10\nunlock_after = '24h'";
        let config = Config::parse(text, "host").unwrap();
        assert_eq!(config.issuer, "Example");
        assert_eq!((config.throttle.free, config.throttle.lock_after), (0, 10));
        assert_eq!(config.throttle.unlock_after, Some(Seconds(86_400)));
        let text = "[prompt]\ntell = 'never'\n[forward_pass]\ndigits = 8\nseparator = '/'";
        let terms = Config::parse(text, "host").unwrap().terms;
        assert_eq!((terms.tell, terms.forward_digits.count()), (Tell::Never, 8));
        assert_eq!(terms.forward_separator.byte(), b'/');
    }

    #[test]
    fn what_is_left_to_users_is_what_is_said() {
        let config = Config::parse("[self_service]\nfirst = true\nremove = false", "host").unwrap();
        let said = SelfService { first: Switch::On, remove: Switch::Off, ..SelfService::default() };
        assert_eq!(config.self_service, said);
        let nothing = Config::parse("", "host").unwrap().self_service;
        assert_eq!((nothing.first, nothing.remove_last_device), (Switch::Off, Switch::Off));
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        for (text, named) in [
            ("isuer = 'x'", "isuer"),
            ("[throttle]\nfree = 21", "must be 0 to 20"),
            ("[throttle]\nlock_after = 0", "must be 1 to 100"),
            ("[throttle]\nlock_after = 101", "must be 1 to 100"),
            ("[throttle]\nunlock_after = '59s'", "between 1min and 365d"),
            ("[throttle]\nunlock_after = '1y'", "such as \"24h\""),
            ("[throttle]\nunlock_after = 3600", "string"),
            ("issuer = 'a:b'", "without ':'"),
            ("[throttl]", "throttl"),
            ("[self_service]\nenrol = true", "enrol"),
            ("[self_service]\nenroll = 1", "boolean"),
            ("[self_service]\nfirst = 'true'", "boolean"),
            ("[prompt]\ntell = 'remote'", "`local`"),
            ("[forward_pass]\ndigits = 5", "must be 6 to 10"),
            ("[messages]\ninterval = 9", "must be 10 to 3600"),
            ("[messages]\nan_hour = 0", "must be 1 to 100000"),
            ("[channel.sms]\ncommand = ['send']", "absolute path"),
            ("[forward_pass]\nseparator = '-'", "no letter, digit, space or hyphen"),
        ] {
            let error = Config::parse(text, "host").unwrap_err().to_string();
            assert!(error.contains(named) && error.contains("line"), "{text:?}: {error}");
        }
    }
}
