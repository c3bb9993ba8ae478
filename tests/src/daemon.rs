//! The daemon under test, started as a service manager does: as root, without arguments, told to
//! report READY.

use std::{
    fs,
    io::ErrorKind,
    os::unix::{fs::PermissionsExt, net::UnixDatagram},
    process::ExitStatus,
    time::Duration,
};

use nix::sys::signal::Signal;

use crate::{
    Context, Deadline, Failure, FakeClock, Invocation, Result, Service, World, service::signal,
};

const PROGRAM: &str = "/usr/sbin/otpd";
const NOTIFY: &str = "/run/notify";

/// How long a start may take.
const START: Duration = Duration::from_secs(10);

/// A running otpd.
pub struct Daemon(Service);

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
        self.0.wait().map(drop)
    }

    /// Starts a variation of it, in a way of the caller's.
    pub fn launch_with(
        _world: &World,
        invocation: Invocation,
        start: impl FnOnce(&Invocation) -> Result<Service>,
    ) -> Result<Self> {
        let _absent = fs::remove_file(NOTIFY);
        let socket = UnixDatagram::bind(NOTIFY).context(NOTIFY)?;
        // As service managers do: the daemon reports when it is no longer root.
        fs::set_permissions(NOTIFY, fs::Permissions::from_mode(0o777)).context(NOTIFY)?;
        socket.set_read_timeout(Some(Duration::from_millis(50)))?;
        let mut service = start(&invocation.env("NOTIFY_SOCKET", NOTIFY))?;
        let ready = |service: &mut Service| {
            service.must_run()?;
            let mut buffer = [0; 1024];
            match socket.recv(&mut buffer) {
                Ok(length) => {
                    let text = String::from_utf8_lossy(buffer.get(..length).unwrap_or_default());
                    Ok(text.lines().any(|line| line == "READY=1").then_some(()))
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
                Err(error) => Err(Failure::from(error)),
            }
        };
        Deadline::after(START).poll("otpd's READY=1", || ready(&mut service))?;
        Ok(Self(service))
    }

    /// Its process id, as this PID namespace counts.
    pub fn pid(&self) -> u32 {
        self.0.pid()
    }

    /// SIGTERM, and its orderly end.
    pub fn stop(self) -> Result {
        let status: ExitStatus = self.0.stop()?;
        if status.success() {
            Ok(())
        } else {
            Err(Failure::new(format!("otpd ended badly: {status}")))
        }
    }

    /// SIGKILL.
    pub fn kill(self) -> Result {
        self.0.kill()
    }

    /// SIGSTOP.
    pub fn freeze(&self) -> Result {
        self.0.freeze()
    }

    /// SIGCONT.
    pub fn thaw(&self) -> Result {
        self.0.thaw()
    }
}
