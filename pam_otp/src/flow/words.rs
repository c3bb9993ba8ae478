//! Words that are typed in place of a code to have one sent: how the prompt offers them, and what is
//! said once one was typed. All of it is the same for everybody, whoever they are and whether or not
//! anything was sent; only what went wrong is told to those alone who may hear why.

use otp_bus::{Reason, Verdict};

/// How often a code can be sent within one call, each time without using up a try.
pub(super) const SENDS: u8 = 2;

/// The most words that a prompt offers; more would be longer than applications show.
const OFFERED: usize = 4;

/// What is said to everybody who typed a word.
pub(super) const SENT: &str =
    "If you asked for one and have a device for it, a code is on its way.";

/// The prompt with the words: `One-time code (or type sms or email): `.
pub(super) fn prompt(prompt: &str, words: &[String]) -> String {
    let words: Vec<&str> = words.iter().take(OFFERED).map(String::as_str).collect();
    let Some((last, others)) = words.split_last() else { return prompt.to_owned() };
    let words = if others.is_empty() {
        (*last).to_owned()
    } else {
        format!("{} or {last}", others.join(", "))
    };
    let text = prompt.trim_end();
    match text.strip_suffix(':') {
        Some(text) => format!("{text} (or type {words}): "),
        None => format!("{text} (or type {words}) "),
    }
}

/// What an answer may be in place of password and code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// One of the words.
    Exact,
    /// Something as long as one, such as what sshd puts in the place of strangers' answers. The daemon
    /// answers it like a word.
    Like,
    /// Neither.
    No,
}

/// Whether this is a word, or as long as one, as the daemon reads it.
pub(super) fn read(typed: &[u8], words: &[String]) -> Word {
    if words.iter().any(|word| typed.eq_ignore_ascii_case(word.as_bytes())) {
        Word::Exact
    } else if words.iter().any(|word| word.len() == typed.len()) {
        Word::Like
    } else {
        Word::No
    }
}

/// Whether a word was typed, so that the code is still to come.
pub(super) fn awaits(reason: Reason) -> bool {
    match reason {
        Reason::Sent | Reason::NotSent => true,
        Reason::Matched
        | Reason::Wrong
        | Reason::Used
        | Reason::Malformed
        | Reason::Throttled
        | Reason::Locked
        | Reason::NotEnrolled
        | Reason::UnknownUser
        | Reason::UidMismatch
        | Reason::UnknownDevice
        | Reason::Denied => false,
    }
}

/// What somebody hears who may, where no message was sent.
pub(super) fn not_sent(verdict: &Verdict) -> String {
    match verdict.wait {
        0 => "The message could not be sent. The log says why.".to_owned(),
        wait => format!(
            "A code was sent a short while ago and still counts. Another can be sent in {wait} s."
        ),
    }
}
