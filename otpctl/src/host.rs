//! What a command line runs in: who called it, where it asks, where it tells. All of it is handed
//! in, so that a test can be any caller on any terminal; nothing here looks for itself.

use std::io::Write;

use jiff::tz::TimeZone;

use crate::input::Input;

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
