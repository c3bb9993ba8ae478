//! The way to syslog: a datagram to `/dev/log`, never blocking, connected anew after the logger was
//! restarted. The syslog crate's own client blocks on a full socket, never reconnects, falls back
//! to the network and stamps lines with a local time that can be wrong; so its types are used and
//! its transport is not. Lines carry no time stamp: the logger adds the time of their arrival.

use std::{
    io::{self, Write},
    os::unix::net::UnixDatagram,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use syslog::{Facility, LogFormat};

use otp_core::Uid;

use super::{
    Event, Severity,
    ration::{Ration, Share},
};
use crate::clock::monotonic;

/// Where every logger on Linux listens.
const PATH: &str = "/dev/log";

/// Writes events to syslog, and to standard error where there is no syslog.
pub struct Syslog {
    state: Mutex<State>,
    ration: Ration,
}

struct State {
    path: PathBuf,
    socket: Option<UnixDatagram>,
    dropped: u64,
}

/// RFC 3164's header without the time, which local loggers add themselves.
struct Untimed {
    pid: u32,
}

impl<T: std::fmt::Display> LogFormat<T> for Untimed {
    fn format<W: Write>(
        &self,
        out: &mut W,
        severity: syslog::Severity,
        message: T,
    ) -> syslog::Result<()> {
        let priority = Facility::LOG_AUTHPRIV as u32 | severity as u32;
        write!(out, "<{priority}>otpd[{}]: {message}", self.pid).map_err(syslog::Error::Write)
    }
}

impl Default for Syslog {
    fn default() -> Self {
        Self::reaching(PATH.into())
    }
}

impl Syslog {
    /// Writes to the logger that listens at this path.
    pub(crate) fn reaching(path: PathBuf) -> Self {
        let state = Mutex::new(State { path, socket: None, dropped: 0 });
        Self { state, ration: Ration::default() }
    }

    /// Logs one event. A logger that is not there or too slow holds up nobody: the line then goes
    /// to standard error, or is counted and the count logged with the next line.
    pub fn log(&self, event: &Event<'_>) {
        let line = line(event.severity(), &event.to_string());
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.dropped > 0 {
            let text = format!("{} lines were lost: the logger was too slow", state.dropped);
            if state.send(&self::line(Severity::Warning, &text)).is_ok() {
                state.dropped = 0;
            }
        }
        match state.send(&line) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => state.dropped += 1,
            // Standard error may be closed; then there is nowhere left to say it.
            Err(_) => drop(writeln!(io::stderr(), "otpd: {event}")),
        }
    }
}

impl Syslog {
    /// Logs one event that `blamed` can cause as often as it likes, and that so often is not
    /// logged; none: it is not known whose call it was.
    pub fn log_of(&self, blamed: Option<Uid>, event: &Event<'_>) {
        self.log_left_out();
        match self.ration.take(blamed, monotonic()) {
            Share::Write => self.log(event),
            Share::LeaveOut => {}
        }
    }

    /// Tells what was left out in the minutes that are over.
    pub fn log_left_out(&self) {
        self.tell(&self.ration.over(monotonic()));
    }

    /// Tells what was left out, as nothing comes after it.
    pub fn end(&self) {
        self.tell(&self.ration.all());
    }

    fn tell(&self, left_out: &[(Option<Uid>, u64)]) {
        for (by, lines) in left_out {
            self.log(&Event::LeftOut { by: *by, lines: *lines });
        }
    }
}

impl State {
    fn send(&mut self, line: &[u8]) -> io::Result<()> {
        if let Some(socket) = &self.socket {
            match socket.send(line) {
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => self.socket = None,
                sent => return sent.map(drop),
            }
        }
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        socket.connect(&self.path)?;
        self.socket.insert(socket).send(line).map(drop)
    }
}

fn line(severity: Severity, text: &str) -> Vec<u8> {
    let severity = match severity {
        Severity::Error => syslog::Severity::LOG_ERR,
        Severity::Warning => syslog::Severity::LOG_WARNING,
        Severity::Notice => syslog::Severity::LOG_NOTICE,
        Severity::Info => syslog::Severity::LOG_INFO,
    };
    let mut bytes = Vec::new();
    // Writing to a Vec cannot fail.
    let _ = Untimed { pid: std::process::id() }.format(&mut bytes, severity, text);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_go_to_authpriv() {
        let pid = std::process::id();
        assert_eq!(line(Severity::Notice, "x"), format!("<85>otpd[{pid}]: x").into_bytes());
        assert_eq!(line(Severity::Error, "x"), format!("<83>otpd[{pid}]: x").into_bytes());
    }
}
