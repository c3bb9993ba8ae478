//! A failure as it is told: what failed, on what, and the next step, to people and to programs. No
//! failure can be made without its next step.

use std::io;

use serde::Serialize;

use crate::exit::Exit;
use crate::host::Host;
use crate::input::{InputError, MAX_LINE};
use crate::session::Format;
use crate::text;

/// Why a command line was not carried out.
#[derive(Debug)]
pub(crate) struct Failure {
    /// How the program ends.
    pub(crate) exit: Exit,
    /// One word for programs, stable across releases.
    pub(crate) error: &'static str,
    /// What failed, on what.
    pub(crate) message: String,
    /// What to do next, as a command where one helps.
    pub(crate) next: String,
    /// Whether people are told `next`.
    pub(crate) lead: Lead,
}

/// Where people find the next step. Programs are always told `next`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lead {
    /// In `next`.
    Next,
    /// In the message: it is the daemon's text, which by the contract says it.
    Message,
}

/// A failure in JSON.
#[derive(Serialize)]
struct Record<'a> {
    error: &'a str,
    message: &'a str,
    next: &'a str,
    exit: u8,
}

impl Failure {
    /// A failure of any kind.
    pub(crate) fn new(
        exit: Exit,
        error: &'static str,
        message: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        Self { exit, error, message: message.into(), next: next.into(), lead: Lead::Next }
    }

    /// A command line, or a value in it, that cannot be used.
    pub(crate) fn usage(message: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "usage", message, next)
    }

    /// An answer that could not be written.
    #[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
    pub(crate) fn output(error: io::Error) -> Self {
        Self::new(
            Exit::Terminal,
            "output",
            format!("the answer could not be written: {error}"),
            "what was asked for is done; see to standard output before asking again",
        )
    }

    /// A line that could not be read. `wanted` names it, such as `a code`.
    pub(crate) fn input(error: &InputError, wanted: &str) -> Self {
        let (exit, word) = match error {
            InputError::Interrupted => (Exit::Interrupted, "interrupted"),
            InputError::TooLong | InputError::NotText => (Exit::Usage, "usage"),
            InputError::Ended | InputError::Io(_) => (Exit::Terminal, "input"),
        };
        let message = match error {
            InputError::Ended => format!("the input ended before {wanted} was read"),
            InputError::Interrupted => format!("interrupted while asking for {wanted}"),
            InputError::TooLong => format!("more than {MAX_LINE} bytes cannot be {wanted}"),
            InputError::NotText => format!("what is not UTF-8 cannot be {wanted}"),
            InputError::Io(error) => format!("{wanted} could not be read: {error}"),
        };
        let next =
            format!("run it again, and type {wanted} at the prompt or pipe it in as one line");
        Self::new(exit, word, message, next)
    }

    /// Tells about it and says how to exit. A standard error that is gone changes nothing.
    pub(crate) fn report(&self, host: &mut Host<'_>, format: Format) -> Exit {
        let text = match format {
            Format::People => format!("otpctl: {}", self.told()),
            // Strings and a number: this cannot fail.
            Format::Json => {
                text::safe_json(&serde_json::to_string(&self.record()).unwrap_or_default())
            }
        };
        let _ = writeln!(host.err, "{text}").and_then(|()| host.err.flush());
        self.exit
    }

    /// What people are told, without the program's name and the last line's end.
    pub(crate) fn told(&self) -> String {
        let message = text::safe(&self.message);
        match self.lead {
            Lead::Next => format!("{message}\n  next: {}", text::safe(&self.next)),
            Lead::Message => message,
        }
    }

    const fn record(&self) -> Record<'_> {
        Record {
            error: self.error,
            message: self.message.as_str(),
            next: self.next.as_str(),
            exit: self.exit.number(),
        }
    }
}
