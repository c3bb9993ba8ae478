//! Rules as they are written: `[[rule]]` in `otpd.toml` and `otpd.toml.d/*.toml`. What is not
//! understood, or would be about nobody, is refused with the rule's name.

use otp_core::Seconds;
use serde::Deserialize;

use super::{
    Methods, Network, PASS, Place, Requirement, Rule, Ruling,
    enrolling::{self, LastDay, Word},
};
use crate::config::Length;

/// The kinds of devices that a rule can name, and passes.
const METHODS: [&str; 5] = ["totp", "hotp", "recovery", "message", PASS];

/// For how long a login can be remembered.
const LONGEST: Seconds = Seconds(30 * 86_400);

/// A rule as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenRule {
    name: String,
    service: Option<Vec<String>>,
    user: Option<Vec<String>>,
    group: Option<Vec<String>>,
    from: Option<Vec<String>>,
    remote: Option<bool>,
    tty: Option<Vec<String>>,
    require: Requirement,
    methods: Option<Vec<String>>,
    remember: Option<Length>,
    enroll: Option<Word>,
    enroll_by: Option<LastDay>,
}

impl TryFrom<WrittenRule> for Rule {
    type Error = String;

    fn try_from(written: WrittenRule) -> Result<Self, String> {
        let name = written.name.clone();
        written.understood().map_err(|why| format!("rule {name:?}: {why}"))
    }
}

impl WrittenRule {
    fn understood(self) -> Result<Rule, String> {
        let plain = |c: char| !c.is_control();
        if !(1..=64).contains(&self.name.len()) || !self.name.chars().all(plain) {
            return Err("name must have 1 to 64 bytes without control characters".to_owned());
        }
        let from = list("from", self.from)?;
        let from: Result<Vec<Network>, _> = from.iter().map(|text| text.parse()).collect();
        let from = from.map_err(|error: super::NetworkError| error.to_string())?;
        let place = match self.remote {
            None => None,
            Some(true) => Some(Place::Remote),
            Some(false) if !from.is_empty() => {
                return Err("remote = false and from exclude each other; leave one out".to_owned());
            }
            Some(false) => Some(Place::Local),
        };
        let services = list("service", self.service)?;
        if place.is_some() && services.is_empty() {
            // A service that names no remote host, such as cron, would count as local too.
            return Err("remote needs a service; name those it is about".to_owned());
        }
        let remember = remembered(self.remember, self.require)?;
        let methods = methods(self.methods)?;
        let enrolling = enrolling::read(self.enroll, self.enroll_by, (self.require, &methods))?;
        let ruling = Ruling { require: self.require, methods, remember, enrolling };
        Ok(Rule {
            name: self.name,
            services,
            users: list("user", self.user)?,
            groups: list("group", self.group)?,
            from,
            place,
            ttys: list("tty", self.tty)?,
            ruling,
        })
    }
}

/// A condition that was written with nothing in it fits nobody, or everybody: it is not clear
/// which was meant.
fn list(key: &str, written: Option<Vec<String>>) -> Result<Vec<String>, String> {
    match written {
        None => Ok(Vec::new()),
        Some(items) if items.is_empty() || items.iter().any(String::is_empty) => {
            Err(format!("{key} is empty; leave it out to mean all, or name some"))
        }
        Some(items) => Ok(items),
    }
}

/// Where no code is asked for there is none to remember.
fn remembered(written: Option<Length>, require: Requirement) -> Result<Option<Seconds>, String> {
    match (written, require) {
        (None, _) => Ok(None),
        (Some(Length(length)), Requirement::Code | Requirement::Enrolled) if length <= LONGEST => {
            Ok(Some(length))
        }
        (Some(_), Requirement::Code | Requirement::Enrolled) => {
            Err("remember must be at most 30d".to_owned())
        }
        (Some(_), Requirement::None | Requirement::Deny) => {
            Err("remember needs require = \"code\" or \"enrolled\"; leave it out".to_owned())
        }
    }
}

fn methods(written: Option<Vec<String>>) -> Result<Methods, String> {
    let kinds = match written {
        None => return Ok(Methods::Any),
        Some(kinds) => list("methods", Some(kinds))?,
    };
    match kinds.iter().find(|kind| !METHODS.contains(&kind.as_str())) {
        None => Ok(Methods::Only(kinds)),
        Some(other) => Err(format!("{other:?} is no method; there are {}", METHODS.join(", "))),
    }
}
