//! What a person, or a pipe, types: the seam between the verbs and a terminal. It knows nothing of
//! codes and secrets but that they are wiped when done with and never longer than [`MAX_LINE`].

use std::io::{self, Write};

use zeroize::Zeroizing;

/// The longest line that is read, in bytes: twice the longest answer to a PAM prompt.
pub const MAX_LINE: usize = 2 * otp_bus::names::MAX_CODE_BYTES;

/// Where typed lines come from.
pub trait Input {
    /// Whether a person sits there who can be asked.
    fn interactive(&self) -> bool;

    /// Asks at the terminal: writes `prompt` to `out` and reads one line, without its end.
    fn ask(
        &mut self,
        prompt: &str,
        echo: Echo,
        out: &mut dyn Write,
    ) -> Result<Zeroizing<String>, InputError>;

    /// Reads one line, without its end, where nobody can be asked.
    fn line(&mut self) -> Result<Zeroizing<String>, InputError>;
}

/// Whether what is typed shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Echo {
    /// Shown: the answer to a question.
    Shown,
    /// Hidden: codes and secrets. A code that could not be checked is still good, and scrollback
    /// and session recordings keep what was shown.
    Hidden,
}

/// Why there is no line.
#[derive(Debug)]
pub enum InputError {
    /// The input ended first.
    Ended,
    /// Ctrl-C.
    Interrupted,
    /// Longer than [`MAX_LINE`].
    TooLong,
    /// Not UTF-8.
    NotText,
    /// Reading, or setting up the terminal, failed.
    Io(io::Error),
}
