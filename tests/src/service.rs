//! A program that runs beside the test, such as sshd: started, stopped, stopped short, or made to
//! stand still. What it prints goes where the test's own output goes. Whoever drops a service
//! kills it.

use std::{
    os::fd::OwnedFd,
    process::{Child, ExitStatus, Stdio},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{Context, Deadline, Failure, Invocation, Result};

/// How long an orderly end may take.
const ORDERLY: Duration = Duration::from_secs(10);

/// A running program.
pub struct Service {
    name: String,
    child: Child,
}

impl Service {
    /// Starts it; it may not be ready yet.
    pub fn start(invocation: &Invocation) -> Result<Self> {
        Self::start_by(invocation, Stdio::null())
    }

    /// Starts it with this as its standard input.
    pub fn start_with_input(invocation: &Invocation, input: OwnedFd) -> Result<Self> {
        Self::start_by(invocation, Stdio::from(input))
    }

    fn start_by(invocation: &Invocation, input: Stdio) -> Result<Self> {
        let name = invocation.to_string();
        let child =
            invocation.command(&[]).stdin(input).spawn().context(format!("starting {name}"))?;
        Ok(Self { name, child })
    }

    /// Its process id, as this PID namespace counts.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Fails if it has ended.
    pub fn must_run(&mut self) -> Result {
        match self.child.try_wait().context(&self.name)? {
            None => Ok(()),
            Some(status) => Err(Failure::new(format!("{} has ended: {status}", self.name))),
        }
    }

    /// Asks it to end, and waits.
    pub fn stop(self) -> Result<ExitStatus> {
        self.send(Signal::SIGTERM)?;
        self.wait()
    }

    /// Waits for its end.
    pub fn wait(mut self) -> Result<ExitStatus> {
        let what = format!("the end of {}", self.name);
        Deadline::after(ORDERLY).poll(&what, || Ok(self.child.try_wait()?))
    }

    /// Kills it where it stands, and waits until it is gone.
    pub fn kill(mut self) -> Result {
        self.send(Signal::SIGKILL)?;
        self.child.wait().context(&self.name)?;
        Ok(())
    }

    /// SIGHUP.
    pub fn hang_up(&self) -> Result {
        self.send(Signal::SIGHUP)
    }

    /// Makes it stand still.
    pub fn freeze(&self) -> Result {
        self.send(Signal::SIGSTOP)?;
        let stat = format!("/proc/{}/stat", self.pid());
        Deadline::after(ORDERLY).poll("a frozen process", || {
            let stat = std::fs::read_to_string(&stat).context(&stat)?;
            Ok(stat.rsplit(')').next().is_some_and(|rest| rest.starts_with(" T")).then_some(()))
        })
    }

    /// Lets it go on.
    pub fn thaw(&self) -> Result {
        self.send(Signal::SIGCONT)
    }

    fn send(&self, what: Signal) -> Result {
        signal(self.pid(), what).context(&self.name)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _gone = self.send(Signal::SIGKILL);
            let _status = self.child.wait();
        }
    }
}

/// Sends a signal to a process that this one has started and not yet waited for.
pub(crate) fn signal(pid: u32, signal: Signal) -> Result {
    let pid = i32::try_from(pid).context("a process id")?;
    kill(Pid::from_raw(pid), signal).context(format!("sending {signal}"))
}
