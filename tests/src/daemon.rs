//! The daemon under test, started as a service manager does: as root, without arguments, told to
//! report READY.

use std::{fs, process::ExitStatus, time::Duration};

use nix::sys::signal::Signal;

use crate::{
    Deadline, Failure, FakeClock, Invocation, Manager, Result, Service, World, manager::NOTIFY,
    service::signal,
};

const PROGRAM: &str = "/usr/sbin/otpd";

/// How long a start may take.
const START: Duration = Duration::from_secs(10);

/// A running otpd.
pub struct Daemon {
    service: Service,
    /// What it reports.
    pub manager: Manager,
}

impl Daemon {
    /// Starts it by the machine's clock and waits until it is ready.
    pub fn start(world: &World) -> Result<Self> {
        Self::launch(world, Invocation::of(PROGRAM))
    }

    /// Starts it by a clock that the test moves.
    pub fn start_at(world: &World, clock: &FakeClock) -> Result<Self> {
        Self::launch(world, clock.rule(Invocation::of(PROGRAM)))
    }

    fn launch(world: &World, invocation: Invocation) -> Result<Self> {
        Self::launch_with(world, invocation, Service::start)
    }

    /// Starts a variation of it that may end before it is ready; none: it did.
    pub fn attempt(world: &World, invocation: Invocation) -> Result<Option<Self>> {
        match Self::launch_with(world, invocation, Service::start) {
            Ok(daemon) => Ok(Some(daemon)),
            Err(failure) if failure.to_string().contains("has ended") => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// SIGKILL to one that was started under a [`Tracer`](crate::Tracer), which ends with it.
    pub fn kill_traced(self) -> Result {
        let list = format!("/proc/{0}/task/{0}/children", self.pid());
        // Both may be gone already, by the fault that the tracer was to bring about.
        for pid in fs::read_to_string(list).unwrap_or_default().split_whitespace() {
            let _gone = signal(pid.parse()?, Signal::SIGKILL);
        }
        self.service.wait().map(drop)
    }

    /// Starts a variation of it, in a way of the caller's.
    pub fn launch_with(
        _world: &World,
        invocation: Invocation,
        start: impl FnOnce(&Invocation) -> Result<Service>,
    ) -> Result<Self> {
        let manager = Manager::listen()?;
        let mut service = start(&invocation.env("NOTIFY_SOCKET", NOTIFY))?;
        let ready = |service: &mut Service| {
            service.must_run()?;
            Ok(manager.heard("READY=1").then_some(()))
        };
        Deadline::after(START).poll("otpd's READY=1", || ready(&mut service))?;
        Ok(Self { service, manager })
    }

    /// Its process id, as this PID namespace counts.
    pub fn pid(&self) -> u32 {
        self.service.pid()
    }

    /// SIGTERM, and its orderly end.
    pub fn stop(self) -> Result {
        let status: ExitStatus = self.service.stop()?;
        if status.success() {
            Ok(())
        } else {
            Err(Failure::new(format!("otpd ended badly: {status}")))
        }
    }

    /// SIGKILL.
    pub fn kill(self) -> Result {
        self.service.kill()
    }

    /// SIGHUP.
    pub fn hang_up(&self) -> Result {
        self.service.hang_up()
    }

    /// SIGSTOP.
    pub fn freeze(&self) -> Result {
        self.service.freeze()
    }

    /// SIGCONT.
    pub fn thaw(&self) -> Result {
        self.service.thaw()
    }
}
