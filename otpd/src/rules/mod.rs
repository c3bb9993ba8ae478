//! Policy: what a login must show, by the administrator's rules. The first rule that matches decides;
//! one that cannot be decided denies, for it might have been the one that denies. Nothing here looks
//! anything up: what is known of a login comes in.

mod enrolling;
mod explain;
mod parse;
mod people;
mod review;

use std::net::IpAddr;

pub use otp_core::{Network, NetworkError};
use otp_core::{Origin, Seconds};

use crate::nss::Memberships;

pub use enrolling::{Enrolling, Until, over};
pub use explain::{Looked, Seen};
use parse::WrittenRule;
pub use people::{Existence, Unmet, unmet};
pub use review::{Remark, review};

/// Why a rule about groups is undecided.
pub const GROUPS: &str = "whether the user is in its groups cannot be told";

/// The method by which a rule lets passes in; never where it lists no methods.
pub const PASS: &str = "pass";

/// The administrator's rules, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules(Vec<Rule>);

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "WrittenRule")]
pub struct Rule {
    /// What the log calls it.
    pub name: String,
    /// Which logins it is about: those that fit all of these. An empty list fits all.
    pub services: Vec<String>,
    /// Users by canonical name.
    pub users: Vec<String>,
    /// Groups of which the user is in one.
    pub groups: Vec<String>,
    /// Networks in one of which the remote host is.
    pub from: Vec<Network>,
    /// Where it comes from; none: anywhere.
    pub place: Option<Place>,
    /// Terminals.
    pub ttys: Vec<String>,
    /// What it decides.
    pub ruling: Ruling,
}

/// Where logins come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// From a remote host.
    Remote,
    /// From this machine.
    Local,
}

/// What a rule decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// What a login must show.
    pub require: Requirement,
    /// By what it may be shown.
    pub methods: Methods,
    /// For how long a login that has shown it is remembered; none: not at all.
    pub remember: Option<Seconds>,
    /// What becomes of those who have nothing to show it by.
    pub enrolling: Enrolling,
}

/// What a login must show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Requirement {
    /// A code; who has no device is refused.
    Code,
    /// A code of those who have a device; the others pass.
    Enrolled,
    /// Nothing.
    None,
    /// Nothing that it could show would do.
    Deny,
}

/// By what a login may show a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Methods {
    /// By any device, and by no pass.
    Any,
    /// By devices of these kinds, and by passes where they are among them.
    Only(Vec<String>),
}

/// What is known of a login.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The PAM service, or `self` for the user's own programs.
    pub service: &'a str,
    /// The canonical name.
    pub user: &'a str,
    /// Whether the user is in each of the groups that rules name; what is left out nobody can tell.
    pub groups: &'a Memberships,
    /// Where it comes from.
    pub origin: &'a Origin,
    /// The terminal; empty where there is none.
    pub tty: &'a str,
}

/// What the rules come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruled<'a> {
    /// This rule matched.
    By(&'a Rule),
    /// None matched: a code is demanded.
    Default,
    /// Whether this rule matches cannot be told, so the login is denied.
    Undecided(&'a Rule, &'static str),
}

/// Whether a login fits a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    Yes,
    No,
    Unknown(&'static str),
}

impl From<bool> for Fit {
    fn from(fits: bool) -> Self {
        if fits { Self::Yes } else { Self::No }
    }
}

impl Rules {
    /// Rules in this order.
    pub fn new(rules: Vec<Rule>) -> Self {
        Self(rules)
    }

    /// Adds more behind them.
    pub fn extend(&mut self, rules: Vec<Rule>) {
        self.0.extend(rules);
    }

    /// In their order.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.0.iter()
    }

    /// Every group that a rule names.
    pub fn groups(&self) -> Vec<String> {
        let mut groups: Vec<String> =
            self.0.iter().flat_map(|rule| rule.groups.iter().cloned()).collect();
        groups.sort();
        groups.dedup();
        groups
    }

    /// What they decide about a login.
    pub fn decide(&self, login: &Known<'_>) -> Ruled<'_> {
        for rule in &self.0 {
            match rule.fits(login) {
                Fit::Yes => return Ruled::By(rule),
                Fit::No => {}
                Fit::Unknown(why) => return Ruled::Undecided(rule, why),
            }
        }
        Ruled::Default
    }
}

impl Rule {
    /// All conditions together: one that does not fit is enough, whatever cannot be told.
    fn fits(&self, login: &Known<'_>) -> Fit {
        let mut fits = self.conditions(login).into_iter().map(|(_, fit)| fit);
        if fits.clone().any(|fit| fit == Fit::No) {
            return Fit::No;
        }
        fits.find(|fit| *fit != Fit::Yes).unwrap_or(Fit::Yes)
    }

    /// Each condition, by the key that it is written under.
    fn conditions(&self, login: &Known<'_>) -> [(&'static str, Fit); 6] {
        [
            ("service", named(&self.services, login.service)),
            ("user", named(&self.users, login.user)),
            ("remote", self.place(login.origin)),
            ("from", self.from(login.origin)),
            ("tty", self.tty(login.tty)),
            ("group", self.group(login.groups)),
        ]
    }

    fn place(&self, origin: &Origin) -> Fit {
        match (self.place, origin) {
            (None, _)
            | (Some(Place::Local), Origin::Own | Origin::Local)
            | (Some(Place::Remote), Origin::Address(_) | Origin::Named | Origin::Application) => {
                Fit::Yes
            }
            (Some(Place::Local), Origin::Address(_) | Origin::Named | Origin::Application)
            | (Some(Place::Remote), Origin::Own | Origin::Local) => Fit::No,
        }
    }

    fn from(&self, origin: &Origin) -> Fit {
        if self.from.is_empty() {
            return Fit::Yes;
        }
        match origin {
            Origin::Own | Origin::Local => Fit::No,
            Origin::Address(address) => self.is_within(*address).into(),
            Origin::Named => Fit::Unknown("the remote host has no numeric address"),
            Origin::Application => Fit::Unknown("an application does not say from where"),
        }
    }

    fn is_within(&self, address: IpAddr) -> bool {
        self.from.iter().any(|network| network.contains(address))
    }

    /// `/dev/tty1` and `tty1` are one.
    fn tty(&self, tty: &str) -> Fit {
        let short = |tty: &str| tty.strip_prefix("/dev/").unwrap_or(tty).to_owned();
        let fits = self.ttys.is_empty() || self.ttys.iter().any(|own| short(own) == short(tty));
        fits.into()
    }

    fn group(&self, known: &Memberships) -> Fit {
        let mut own = self.groups.iter().map(|group| known.get(group).copied());
        if self.groups.is_empty() || own.clone().any(|is_in| is_in == Some(true)) {
            Fit::Yes
        } else if own.all(|is_in| is_in == Some(false)) {
            Fit::No
        } else {
            Fit::Unknown(GROUPS)
        }
    }
}

fn named(names: &[String], name: &str) -> Fit {
    (names.is_empty() || names.iter().any(|own| own == name)).into()
}

#[cfg(test)]
mod tests;
