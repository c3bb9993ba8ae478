//! What a command line runs in: who called it, where it asks, where it tells, what time it is. All
//! of it is handed in, so that a test can be any caller on any terminal; nothing here looks for
//! itself.

use std::io::Write;

use jiff::tz::TimeZone;
use otp_core::UnixTime;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::input::{Echo, Input, InputError};
use crate::session::Format;
use crate::text;

/// The surroundings of one run.
pub struct Host<'a> {
    /// Who is calling.
    pub caller: Caller,
    /// Where codes, secrets and answers are typed.
    pub input: &'a mut dyn Input,
    /// Answers.
    pub out: &'a mut dyn Write,
    /// Questions and errors.
    pub err: &'a mut dyn Write,
    /// What `out` can show.
    pub screen: Screen,
    /// The zone in which times are shown.
    pub zone: TimeZone,
    /// What time it is. Asked when it is needed: people take their time to type.
    pub clock: fn() -> UnixTime,
}

impl Host<'_> {
    /// Writes the answer: `record` to programs, `people` (made safe, with its line ends) to people.
    pub(crate) fn answer(
        &mut self,
        format: Format,
        record: &impl Serialize,
        people: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        let mut text = match format {
            Format::People => Zeroizing::new(people()),
            Format::Json => {
                let json = serde_json::to_string(record).map(Zeroizing::new);
                Zeroizing::new(text::safe_json(
                    &json.map_err(|error| Failure::output(error.into()))?,
                ))
            }
        };
        text.push('\n');
        self.write(&text)
    }

    /// Writes to standard output as it is.
    pub(crate) fn write(&mut self, text: &str) -> Result<(), Failure> {
        let out = &mut self.out;
        out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::output)
    }

    /// Writes to standard error, where people are talked to, as it is.
    pub(crate) fn tell(&mut self, text: &str) -> Result<(), Failure> {
        let err = &mut self.err;
        err.write_all(text.as_bytes()).and_then(|()| err.flush()).map_err(Failure::output)
    }

    /// Asks at the terminal.
    pub(crate) fn ask(
        &mut self,
        prompt: &str,
        echo: Echo,
    ) -> Result<Zeroizing<String>, InputError> {
        self.input.ask(&text::safe(prompt), echo, self.err)
    }

    /// A line that must not show: typed at a prompt, or the first line of a pipe.
    pub(crate) fn hidden(
        &mut self,
        prompt: &str,
        wanted: &str,
    ) -> Result<Zeroizing<String>, Failure> {
        let line = if self.input.interactive() {
            self.ask(prompt, Echo::Hidden)
        } else {
            self.input.line()
        };
        line.map_err(|error| Failure::input(&error, wanted))
    }
}

/// Who is calling: the real uid and its name, if it has one.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The real uid.
    pub uid: u32,
    /// Its name in the user database.
    pub name: Option<String>,
}

/// What standard output can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// The columns of the terminal; none where there is no terminal.
    pub columns: Option<u16>,
    /// The terminal understands colours.
    pub colours: bool,
    /// The locale's characters are UTF-8.
    pub utf8: bool,
}
