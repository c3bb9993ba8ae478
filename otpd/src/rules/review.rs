//! What is odd about rules that are valid: a rule that can never match, because an earlier one takes
//! all that it is about; and one that opens a door. `otpd --check` says so.

use super::{Requirement, Rule, Rules};

/// Something that an administrator should look at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Remark {
    /// It never matches.
    #[error("rule {rule:?} never matches: {by:?} before it takes all that it is about; move it up")]
    Shadowed {
        /// Which.
        rule: String,
        /// The one before it.
        by: String,
    },
    /// Two have one name, so that the log does not tell which decided.
    #[error("two rules are called {0:?}; give one of them another name")]
    SameName(String),
    /// It is about every service there is, those of tomorrow too, and lets in without a code.
    #[error(
        "rule {0:?} lets in without a code at every service there is, that of a later one too; \
         name the services that it is about"
    )]
    OpenEverywhere(String),
    /// It lets in without a code.
    #[error("rule {0:?} lets in without a code; is that meant?")]
    Open(String),
}

/// What is odd about these rules, in their order.
pub fn review(rules: &Rules) -> Vec<Remark> {
    let all: Vec<&Rule> = rules.iter().collect();
    let mut remarks = Vec::new();
    for (at, rule) in all.iter().enumerate() {
        let before = all.iter().take(at);
        if before.clone().any(|other| other.name == rule.name) {
            remarks.push(Remark::SameName(rule.name.clone()));
        }
        if let Some(other) = before.clone().find(|other| other.takes(rule)) {
            let (rule, by) = (rule.name.clone(), other.name.clone());
            remarks.push(Remark::Shadowed { rule, by });
        }
        if rule.ruling.require == Requirement::None {
            let of = if rule.services.is_empty() { Remark::OpenEverywhere } else { Remark::Open };
            remarks.push(of(rule.name.clone()));
        }
    }
    remarks
}

impl Rule {
    /// Whether all that another rule is about fits this one: each of its conditions is this one's,
    /// or narrower.
    fn takes(&self, other: &Self) -> bool {
        let within = |own: &[String], others: &[String]| {
            own.is_empty() || (!others.is_empty() && others.iter().all(|one| own.contains(one)))
        };
        let from = self.from.is_empty()
            || (!other.from.is_empty()
                && other.from.iter().all(|one| self.from.iter().any(|own| own.covers(one))));
        within(&self.services, &other.services)
            && within(&self.users, &other.users)
            && within(&self.groups, &other.groups)
            && within(&self.ttys, &other.ttys)
            && from
            && (self.place.is_none() || self.place == other.place)
    }
}
