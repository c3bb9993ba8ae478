//! A conversation with a running program, over a terminal of its own or over pipes: wait for a
//! text, answer it, wait for the end. It refuses to wait without a deadline, and shows everything
//! heard so far when one passes.

use std::{
    fs::File,
    io::{self, PipeReader, Read, Write, pipe},
    os::fd::{AsFd, OwnedFd},
    process::{Child, Stdio},
    time::Duration,
};

use nix::{
    errno::Errno,
    fcntl::{OFlag, open},
    libc,
    poll::{PollFd, PollFlags, poll},
    pty::{PtyMaster, grantpt, posix_openpt, ptsname_r, unlockpt},
    sys::{
        signal::Signal,
        stat::Mode,
        termios::{LocalFlags, tcgetattr},
    },
};

use crate::{Context, Deadline, Ended, Failure, Invocation, Result, service::signal};

/// How long any single answer may take, unless a test says otherwise: above the module's deadline.
const PATIENCE: Duration = Duration::from_secs(20);

/// A program under way, and what it has said.
pub struct Dialogue {
    child: Child,
    from: Box<dyn Source>,
    to: Option<File>,
    heard: String,
    /// The beginning of a character whose end has not come yet.
    unfinished: Vec<u8>,
    answered: usize,
}

/// What listening gave.
#[derive(PartialEq, Eq)]
enum Heard {
    Something,
    /// Nothing within the time.
    Silence,
    /// Nothing ever more.
    End,
}

impl Dialogue {
    /// On a new terminal, which controls the program's session.
    pub(crate) fn on_terminal(invocation: &Invocation) -> Result<Self> {
        let master = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC)
            .context("opening a terminal")?;
        grantpt(&master)?;
        unlockpt(&master)?;
        let name = ptsname_r(&master)?;
        let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
        let line = open(name.as_str(), flags, Mode::empty()).context(&name)?;
        invocation.give(&name)?;
        let mut command =
            invocation.command(&["env", "--default-signal=INT,QUIT", "setsid", "--ctty"]);
        command.stdin(line.try_clone()?).stdout(line.try_clone()?).stderr(line);
        let child = command.spawn().context(format!("starting {invocation}"))?;
        let to = File::from(master.as_fd().try_clone_to_owned()?);
        Ok(Self::new(child, Box::new(Terminal(master)), to))
    }

    /// On pipes: one to its standard input, one from its standard output and error together.
    pub(crate) fn on_pipes(invocation: &Invocation) -> Result<Self> {
        let (from, output) = pipe()?;
        let (input, to) = pipe()?;
        let mut command = invocation.command(&[]);
        command.stdin(Stdio::from(input)).stdout(output.try_clone()?).stderr(output);
        let child = command.spawn().context(format!("starting {invocation}"))?;
        Ok(Self::new(child, Box::new(from), File::from(OwnedFd::from(to))))
    }

    fn new(child: Child, from: Box<dyn Source>, to: File) -> Self {
        let (heard, unfinished) = (String::new(), Vec::new());
        Self { child, from, to: Some(to), heard, unfinished, answered: 0 }
    }

    /// Waits until the program has said `text` since the last answer.
    pub fn expect(&mut self, text: &str) -> Result<&mut Self> {
        if self.says(text)? {
            return Ok(self);
        }
        Err(Failure::new(format!("no {text:?}, but:\n{}", self.heard)))
    }

    /// Types a line.
    pub fn answer(&mut self, line: &str) -> Result<&mut Self> {
        self.answered = self.heard.len();
        let to = self.to.as_mut().context("its input is closed")?;
        writeln!(to, "{line}").context("answering")?;
        Ok(self)
    }

    /// Types a line that must not show, once the terminal shows nothing any more: a program that
    /// prompts before it switches that off throws away what was typed until then.
    pub fn answer_hidden(&mut self, line: &str) -> Result<&mut Self> {
        let to = self.to.as_ref().context("its input is closed")?;
        Deadline::after(PATIENCE).poll("its terminal shows nothing", || {
            let shows = tcgetattr(to)?.local_flags.contains(LocalFlags::ECHO);
            Ok((!shows).then_some(()))
        })?;
        self.answer(line)
    }

    /// Waits until the program has said `text` since the last answer, or has ended; tells which.
    pub fn says(&mut self, text: &str) -> Result<bool> {
        let deadline = Deadline::after(PATIENCE);
        while !self.unanswered().contains(text) {
            match self.listen(deadline)? {
                Heard::Something => {}
                Heard::Silence | Heard::End => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Types a line without having been asked, for whoever may or may not ask: of no effect on a
    /// program that has ended already.
    pub fn type_ahead(&mut self, line: &str) -> Result<&mut Self> {
        self.answered = self.heard.len();
        let to = self.to.as_mut().context("its input is closed")?;
        match writeln!(to, "{line}") {
            Err(error) if !matches!(error.raw_os_error(), Some(libc::EPIPE | libc::EIO)) => {
                Err(error).context("typing")
            }
            Ok(()) | Err(_) => Ok(self),
        }
    }

    /// Types Ctrl-C until the program ends: one that comes before the program has its handler in
    /// place, as sudo's just after its prompt, is lost.
    pub fn interrupt(mut self) -> Result<Ended> {
        let deadline = Deadline::after(PATIENCE);
        while !deadline.passed() {
            let to = self.to.as_mut().context("its input is closed")?;
            // Of no effect once the program is gone.
            let _gone = to.write_all(b"\x03");
            let pause = Deadline::after(Duration::from_millis(100));
            while !pause.passed() {
                if self.listen(pause)? == Heard::End {
                    return self.end();
                }
            }
        }
        Err(Failure::new(format!("Ctrl-C does not end it; heard:\n{}", self.heard)))
    }

    /// All that was heard so far.
    pub fn heard(&self) -> &str {
        &self.heard
    }

    /// The program's id, as this PID namespace counts.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the end, within the usual time.
    pub fn end(self) -> Result<Ended> {
        self.end_within(PATIENCE)
    }

    /// Closes a pipe to the program and waits for its end.
    pub fn end_within(mut self, time: Duration) -> Result<Ended> {
        if self.from.is_pipe() {
            self.to = None;
        }
        let deadline = Deadline::after(time);
        while self.listen(deadline)? == Heard::Something {}
        let heard = self.heard.clone();
        let status = deadline
            .poll("the program's end", || Ok(self.child.try_wait()?))
            .map_err(|failure| Failure::new(format!("{failure}; heard:\n{heard}")))?;
        Ok(Ended { status, output: heard })
    }

    fn unanswered(&self) -> &str {
        self.heard.get(self.answered..).unwrap_or_default()
    }

    /// Reads what there is, or comes.
    fn listen(&mut self, deadline: Deadline) -> Result<Heard> {
        let mut ready = [PollFd::new(self.from.as_fd(), PollFlags::POLLIN)];
        match poll(&mut ready, deadline.poll_timeout()) {
            Ok(0) => return Ok(Heard::Silence),
            Err(Errno::EINTR) => return Ok(Heard::Something),
            other => other?,
        };
        let mut buffer = [0; 4096];
        let read = match self.from.read(&mut buffer) {
            // A terminal whose other side is closed by everybody.
            Err(error) if error.raw_os_error() == Some(libc::EIO) => 0,
            other => other.context("listening")?,
        };
        let said = buffer.get(..read).unwrap_or_default();
        self.unfinished.extend_from_slice(said);
        self.hear(read == 0);
        Ok(if read == 0 { Heard::End } else { Heard::Something })
    }

    /// Takes over what is text; a character that a read has cut in two waits for its end.
    fn hear(&mut self, ended: bool) {
        let whole = match str::from_utf8(&self.unfinished) {
            Err(error) if error.error_len().is_none() && !ended => error.valid_up_to(),
            Ok(_) | Err(_) => self.unfinished.len(),
        };
        let text: Vec<u8> = self.unfinished.drain(..whole).collect();
        self.heard.push_str(&String::from_utf8_lossy(&text).replace('\r', ""));
    }
}

impl Drop for Dialogue {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _gone = signal(self.child.id(), Signal::SIGKILL);
            let _status = self.child.wait();
        }
    }
}

/// Where a program's words come from.
trait Source: Read + AsFd + Send {
    fn is_pipe(&self) -> bool;
}

impl Source for PipeReader {
    fn is_pipe(&self) -> bool {
        true
    }
}

struct Terminal(PtyMaster);

impl Source for Terminal {
    fn is_pipe(&self) -> bool {
        false
    }
}

impl Read for Terminal {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl AsFd for Terminal {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.0.as_fd()
    }
}
