//! Why the rules decide as they do: each one in its order, with the conditions that do not fit. It
//! reads the very conditions by which they decide.

use super::{Fit, Known, Rule, Rules};

/// A rule that was looked at, or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looked<'a> {
    /// Which.
    pub rule: &'a Rule,
    /// What was seen.
    pub seen: Seen,
}

/// Whether a rule is about a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It is, and decides.
    Matches,
    /// It is not: these conditions do not fit, by the keys that they are written under.
    Differs(Vec<&'static str>),
    /// It cannot be told, so the login is denied; why.
    Undecided(&'static str),
    /// One before it decides.
    NotReached,
}

impl Rules {
    /// What each rule is to a login.
    pub fn trace(&self, login: &Known<'_>) -> Vec<Looked<'_>> {
        let mut over = false;
        let looked = self.iter().map(|rule| {
            let seen = if over { Seen::NotReached } else { rule.seen(login) };
            over = over || matches!(seen, Seen::Matches | Seen::Undecided(_));
            Looked { rule, seen }
        });
        looked.collect()
    }
}

impl Rule {
    fn seen(&self, login: &Known<'_>) -> Seen {
        match self.fits(login) {
            Fit::Yes => Seen::Matches,
            Fit::Unknown(why) => Seen::Undecided(why),
            Fit::No => {
                let conditions = self.conditions(login).into_iter();
                let differ = conditions.filter(|(_, fit)| *fit == Fit::No).map(|(key, _)| key);
                Seen::Differs(differ.collect())
            }
        }
    }
}
