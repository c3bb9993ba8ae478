//! Whom rules name: a user or group that there is not. Such a rule is valid, as a directory may know
//! them tomorrow or not answer today, and it is never what was meant. `otpd --check` says so; it is
//! the one that asks, and not the rules.

use super::Rules;

/// What is known of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existence {
    /// There is such a user or group.
    There,
    /// There is none, or nobody who answers knows one.
    Missing,
    /// The user database did not say.
    Unknown,
}

/// A name in a rule that an administrator should look at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unmet {
    /// A user.
    #[error("rule {rule:?}: there is no user {name:?}, so that it fits nobody of that name")]
    User {
        /// Which rule.
        rule: String,
        /// Which user.
        name: String,
    },
    /// A group.
    #[error(
        "rule {rule:?}: there is no group {name:?}, so that it denies whoever comes as far as to it"
    )]
    Group {
        /// Which rule.
        rule: String,
        /// Which group.
        name: String,
    },
    /// The user database does not answer.
    #[error(
        "rule {rule:?}: whether there is {name:?} cannot be told, as the user database does not \
         answer; look again once it does"
    )]
    Unknown {
        /// Which rule.
        rule: String,
        /// Which user or group.
        name: String,
    },
}

/// The users and groups of the rules that there are not, as `user` and `group` tell of each name.
pub fn unmet(
    rules: &Rules,
    user: impl Fn(&str) -> Existence,
    group: impl Fn(&str) -> Existence,
) -> Vec<Unmet> {
    let mut all = Vec::new();
    for rule in rules.iter() {
        let named = |name: &String| (rule.name.clone(), name.clone());
        for (name, existence) in rule.users.iter().map(|name| (name, user(name))) {
            let (rule, name) = named(name);
            match existence {
                Existence::There => {}
                Existence::Missing => all.push(Unmet::User { rule, name }),
                Existence::Unknown => all.push(Unmet::Unknown { rule, name }),
            }
        }
        for (name, existence) in rule.groups.iter().map(|name| (name, group(name))) {
            let (rule, name) = named(name);
            match existence {
                Existence::There => {}
                Existence::Missing => all.push(Unmet::Group { rule, name }),
                Existence::Unknown => all.push(Unmet::Unknown { rule, name }),
            }
        }
    }
    all
}
