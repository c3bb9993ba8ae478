//! The real surroundings: standard streams, the terminal's echo, the caller's uid, the locale.
//! It refuses to read more of the input than the one line it is asked for.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Stderr, Stdin, Stdout, Write};
use std::os::fd::AsFd;

use jiff::tz::TimeZone;
use nix::errno::Errno;
use nix::sys::termios::{LocalFlags, SetArg, SpecialCharacterIndices, Termios};
use nix::sys::termios::{tcgetattr, tcsetattr};
use nix::unistd::{User, getuid, read};
use zeroize::Zeroizing;

use crate::clock;
use crate::host::{Caller, Host, Screen};
use crate::input::{Echo, Input, InputError, MAX_LINE};

/// Ctrl-C as a byte.
const INTERRUPT: u8 = 3;

/// The process's own streams.
pub struct Stdio {
    input: Typed<Stdin>,
    out: Stdout,
    err: Stderr,
}

impl Stdio {
    /// Takes the streams of this process.
    pub fn of_process() -> Self {
        let person = io::stdin().is_terminal() && io::stderr().is_terminal();
        Self { input: Typed { from: io::stdin(), person }, out: io::stdout(), err: io::stderr() }
    }

    /// The surroundings of a command line run by this process.
    pub fn host(&mut self) -> Host<'_> {
        let uid = getuid();
        let name = User::from_uid(uid).ok().flatten().map(|user| user.name);
        Host {
            caller: Caller { uid: uid.as_raw(), name },
            screen: screen(&self.out),
            input: &mut self.input,
            out: &mut self.out,
            err: &mut self.err,
            zone: TimeZone::system(),
            clock: clock::wall,
        }
    }
}

fn screen(out: &Stdout) -> Screen {
    let tty = out.is_terminal();
    let size =
        terminal_size::terminal_size_of(out).map(|(terminal_size::Width(columns), _)| columns);
    Screen {
        columns: tty.then(|| size.filter(|columns| *columns > 0).unwrap_or(80)),
        colours: tty && std::env::var_os("TERM").is_some_and(|term| term != "dumb"),
        utf8: speaks_utf8(|name| std::env::var_os(name)),
    }
}

/// Whether the locale's characters are UTF-8: the first of the three variables that is not empty
/// decides (POSIX.1-2017, 8.2).
fn speaks_utf8(variable: impl Fn(&str) -> Option<OsString>) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| variable(name).filter(|value| !value.is_empty()))
        .unwrap_or_default();
    let locale = locale.to_string_lossy().to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// Lines from a descriptor, read byte by byte: a buffer would keep what is secret, and would take
/// from a pipe what is somebody else's.
struct Typed<F> {
    from: F,
    person: bool,
}

impl<F: AsFd> Input for Typed<F> {
    fn interactive(&self) -> bool {
        self.person
    }

    fn ask(
        &mut self,
        prompt: &str,
        echo: Echo,
        out: &mut dyn Write,
    ) -> Result<Zeroizing<String>, InputError> {
        // Before the prompt: what a quick hand types after seeing it must neither show nor be lost.
        let quiet = match echo {
            Echo::Shown => None,
            Echo::Hidden => Some(Quiet::make(&self.from)?),
        };
        out.write_all(prompt.as_bytes()).and_then(|()| out.flush()).map_err(InputError::Io)?;
        let line = read_line(&self.from);
        drop(quiet);
        if matches!(line, Err(InputError::Interrupted | InputError::Ended)) {
            // Nobody ended the prompt's line; what follows is not part of it.
            out.write_all(b"\n").map_err(InputError::Io)?;
        }
        line
    }

    fn line(&mut self) -> Result<Zeroizing<String>, InputError> {
        read_line(&self.from)
    }
}

/// Reads up to the end of a line or of the input; an input without any byte has ended.
fn read_line(from: &impl AsFd) -> Result<Zeroizing<String>, InputError> {
    // Never grows: a line that moves while it grows leaves copies behind.
    let mut line = Zeroizing::new(Vec::with_capacity(MAX_LINE));
    let mut byte = Zeroizing::new([0_u8; 1]);
    loop {
        match read(from, byte.as_mut_slice()) {
            Ok(0) if line.is_empty() => return Err(InputError::Ended),
            Ok(0) => break,
            Ok(_) => {}
            Err(Errno::EINTR) => continue,
            Err(error) => return Err(InputError::Io(error.into())),
        }
        match *byte {
            [b'\n'] => break,
            [INTERRUPT] => return Err(InputError::Interrupted),
            _ if line.len() == MAX_LINE => return Err(InputError::TooLong),
            [other] => line.push(other),
        }
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    let text = std::str::from_utf8(&line).map_err(|_| InputError::NotText)?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// A terminal without echo, until dropped.
///
/// Ctrl-C must not end the process and leave a terminal that shows nothing. Instead of a signal
/// handler, signals from the keyboard are off meanwhile and Ctrl-C ends the line as a byte.
struct Quiet<'a, F: AsFd> {
    terminal: &'a F,
    before: Termios,
}

impl<'a, F: AsFd> Quiet<'a, F> {
    fn make(terminal: &'a F) -> Result<Self, InputError> {
        let before = tcgetattr(terminal).map_err(|error| InputError::Io(error.into()))?;
        let mut quiet = before.clone();
        quiet.local_flags.remove(LocalFlags::ECHO | LocalFlags::ISIG);
        quiet.local_flags.insert(LocalFlags::ECHONL | LocalFlags::ICANON);
        if let Some(end) = quiet.control_chars.get_mut(SpecialCharacterIndices::VEOL as usize) {
            *end = INTERRUPT;
        }
        tcsetattr(terminal, SetArg::TCSADRAIN, &quiet)
            .map_err(|error| InputError::Io(error.into()))?;
        Ok(Self { terminal, before })
    }
}

impl<F: AsFd> Drop for Quiet<'_, F> {
    fn drop(&mut self) {
        // Nothing is left to try where this fails; the terminal is gone.
        let _ = tcsetattr(self.terminal, SetArg::TCSADRAIN, &self.before);
    }
}

#[cfg(test)]
mod tests;
