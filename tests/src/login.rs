//! The hosts that let somebody in, each asked in the way people ask it, and the usual answer.

use crate::{Account, Ended, Invocation, Result};

/// What the module asks, unless its `prompt=` says otherwise.
pub const PROMPT: &str = "One-time code: ";

/// `sudo` by this user; says whom it made of them.
pub fn sudo(by: &Account) -> Invocation {
    Invocation::of("sudo").args(["-k", "sh", "-c", "echo logged in as $(id -un)"]).by(by)
}

/// `su` by this user to another name; says whom it made of them.
pub fn su(by: &Account, to: &str) -> Invocation {
    Invocation::of("su").args([to, "-c", "echo logged in as $(id -un)"]).by(by)
}

/// `pamtester`, which is PAM and nothing else, for `user`; run by root unless `by` is called.
pub fn pamtester(service: &str, user: &str) -> Invocation {
    Invocation::of("pamtester").args([service, user, "authenticate"])
}

/// Starts a login on a terminal, types `code` at the prompt, and waits for its end. Where it asks
/// once more, as sudo does, it is interrupted: one attempt is one attempt.
pub fn with_code(login: &Invocation, code: &str) -> Result<Ended> {
    let mut dialogue = login.on_terminal()?;
    dialogue.expect(PROMPT)?.answer(code)?;
    if dialogue.says(PROMPT)? { dialogue.interrupt() } else { dialogue.end() }
}
