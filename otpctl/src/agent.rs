//! Somebody for polkit to ask at this terminal: polkit's own `pkttyagent`, run beside one call, so
//! that the question comes where the person typed. (As a fallback for a desktop's agent polkit would
//! not find it where no session is registered.) It refuses to be waited for longer than a moment:
//! without it polkit says no, which is an answer too.

use std::os::fd::AsFd;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Where distributions have it. Not looked for: the environment must not choose who hears a password.
const PROGRAM: &str = "/usr/bin/pkttyagent";

/// How long it may take until polkit knows of it, in milliseconds.
const STARTS: u16 = 3000;

/// How often, and at what intervals, it is looked whether it has ended.
const ENDS: (u32, Duration) = (100, Duration::from_millis(10));

/// A running agent for this process; it ends when this is dropped.
#[derive(Debug)]
pub struct Agent(Child);

impl Agent {
    /// Starts it; none where there is none, or no terminal for it.
    pub fn start() -> Option<Self> {
        // Its standard output is what it closes once polkit knows of it; it talks to the terminal.
        let child = Command::new(PROGRAM)
            .args(["--notify-fd", "1"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let agent = Self(child);
        let known = agent.0.stdout.as_ref()?;
        let mut ready = [PollFd::new(known.as_fd(), PollFlags::POLLIN)];
        // Whatever comes of it: a call without an agent is answered too.
        let _ = poll(&mut ready, PollTimeout::from(STARTS));
        Some(agent)
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // By a signal that it handles: it may have switched off the terminal's echo.
        let pid = i32::try_from(self.0.id()).map(Pid::from_raw);
        let _ = pid.map(|pid| kill(pid, Signal::SIGTERM));
        for _ in 0..ENDS.0 {
            match self.0.try_wait() {
                Ok(None) => thread::sleep(ENDS.1),
                Ok(Some(_)) | Err(_) => return,
            }
        }
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}
