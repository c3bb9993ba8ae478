//! `otpd --check`: what is odd about a configuration that is valid. Here alone is the user database
//! asked whether those whom rules name are there; a start would wait for it, and a reload.

use nix::unistd::{Group, User};

use crate::{
    clock::{Clock, SystemClock},
    config::Config,
    rules::{Existence, over, review, unmet},
};

/// A sentence for each thing that an administrator should look at.
pub fn remarks(config: &Config) -> Vec<String> {
    let odd = review(&config.rules).into_iter().map(|remark| remark.to_string());
    let of_user = |name: &str| existence(&User::from_name(name));
    let of_group = |name: &str| existence(&Group::from_name(name));
    let names = unmet(&config.rules, of_user, of_group);
    let names = names.into_iter().map(|name| name.to_string());
    odd.chain(over(&config.rules, SystemClock.now())).chain(names).collect()
}

/// An error is no answer, and none is what a directory says that knows nobody of that name.
fn existence<T>(found: &Result<Option<T>, nix::Error>) -> Existence {
    match found {
        Ok(Some(_)) => Existence::There,
        Ok(None) => Existence::Missing,
        Err(_) => Existence::Unknown,
    }
}
