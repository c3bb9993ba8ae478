//! What the administrator's rules come to for one login: asked at `Begin`, and again at `Verify`, as
//! they may have changed and as nobody is bound to ask first.

use std::time::Duration;

use otp_core::Seconds;

use super::{Call, Services, auth::Believed};
use crate::{
    audit::{Event, Severity},
    clock::monotonic,
    nss::{Memberships, Person},
    rules::{Enrolling, GROUPS, Known, Methods, Requirement, Ruled, Rules},
};

/// How long a directory may take to say in which groups somebody is.
const GROUPS_WITHIN: Duration = Duration::from_secs(2);

/// What a login must show.
pub(super) enum Ruling {
    /// A code; who has no device is refused.
    Code(Methods),
    /// A code of those who have a device; others pass, and the rule says so.
    Enrolled(Methods),
    /// A code, unless the module's `nullok` lets an account without a device pass.
    Default,
    /// Nothing.
    Nothing,
    /// Nothing that it could show would do; why.
    Denied(String),
}

/// A ruling, and the name of what ruled.
pub(super) struct Decided {
    pub(super) ruling: Ruling,
    pub(super) rule: String,
    /// For how long it has a login remembered; none: not at all.
    pub(super) remember: Option<Seconds>,
    /// What becomes of those who have no device.
    pub(super) enrolling: Enrolling,
}

impl Services {
    /// What the rules say of this login.
    pub(super) async fn ruled(&self, call: &Call, believed: &Believed, person: &Person) -> Decided {
        let config = self.engine.config();
        let groups = self.groups(call, &config.rules, believed, person).await;
        decided(&config.rules.decide(&known(believed, person, &groups)))
    }

    /// In which groups the user is, as far as the rules depend on it.
    pub(super) async fn groups(
        &self,
        call: &Call,
        rules: &Rules,
        believed: &Believed,
        person: &Person,
    ) -> Memberships {
        // Directories are slow, or hang: they are asked only where the answer depends on them.
        match rules.decide(&known(believed, person, &Memberships::new())) {
            Ruled::Undecided(_, GROUPS) => self.memberships(call, person, rules.groups()).await,
            Ruled::Undecided(..) | Ruled::By(_) | Ruled::Default => Memberships::new(),
        }
    }

    /// What can be told within a part of the call's time, so that the rest is left to what follows.
    async fn memberships(&self, call: &Call, person: &Person, groups: Vec<String>) -> Memberships {
        let before = call.before.min(monotonic() + GROUPS_WITHIN);
        match self.engine.memberships(person, groups, call.uid, before).await {
            Ok(known) => known,
            Err(error) => {
                self.log.log(&Event::Daemon(Severity::Error, &error.to_string()));
                Memberships::new()
            }
        }
    }
}

/// A login as rules look at it.
pub(super) fn known<'a>(
    believed: &'a Believed,
    person: &'a Person,
    groups: &'a Memberships,
) -> Known<'a> {
    Known {
        service: &believed.who.service,
        user: person.name.as_str(),
        groups,
        origin: &believed.origin,
        tty: &believed.tty,
    }
}

/// What rules come to.
pub(super) fn decided(ruled: &Ruled<'_>) -> Decided {
    match ruled {
        Ruled::Default => {
            let (ruling, rule) = (Ruling::Default, "default".to_owned());
            Decided { ruling, rule, remember: None, enrolling: Enrolling::No }
        }
        Ruled::Undecided(rule, why) => {
            let why = format!("rule {:?} cannot be decided: {why}", rule.name);
            let (ruling, rule) = (Ruling::Denied(why), rule.name.clone());
            Decided { ruling, rule, remember: None, enrolling: Enrolling::No }
        }
        Ruled::By(rule) => {
            let methods = rule.ruling.methods.clone();
            let ruling = match rule.ruling.require {
                Requirement::Code => Ruling::Code(methods),
                Requirement::Enrolled => Ruling::Enrolled(methods),
                Requirement::None => Ruling::Nothing,
                Requirement::Deny => Ruling::Denied(format!("rule {:?}", rule.name)),
            };
            let (remember, enrolling) = (rule.ruling.remember, rule.ruling.enrolling);
            Decided { ruling, rule: rule.name.clone(), remember, enrolling }
        }
    }
}
