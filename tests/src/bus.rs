//! The system bus of the world: Debian's dbus-daemon with Debian's own configuration, or dbus-broker
//! with the same, at the path that everybody uses, with our policy file in it.

use std::{
    fs,
    os::{
        fd::OwnedFd,
        unix::{
            fs::PermissionsExt,
            net::{UnixDatagram, UnixListener, UnixStream},
        },
    },
    path::Path,
    thread,
    time::Duration,
};

use crate::{Context, Deadline, Invocation, Result, Service, World};

const SOCKET: &str = "/run/dbus/system_bus_socket";
const POLICY: &str = "/usr/share/dbus-1/system.d/org.otpd1.conf";
const ACTIVATION: &str = "/usr/share/dbus-1/system-services/org.otpd1.service";

const JOURNAL: &str = "/run/systemd/journal";

/// Whether a call to `org.otpd1` starts the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// By the shipped service file, through dbus-daemon's setuid helper.
    On,
    /// Nobody answers while no daemon runs.
    Off,
}

/// A running bus.
pub struct Bus {
    service: Service,
}

impl Bus {
    /// Starts the system bus and waits until it answers.
    pub fn start(world: &World, activation: Activation) -> Result<Self> {
        install(world, activation)?;
        // What it prints it logs too.
        let command = "exec dbus-daemon --system --nofork --nopidfile 2>/dev/null";
        let bus = Invocation::of("sh").args(["-c", command]);
        let mut bus = Self { service: Service::start(&bus)? };
        wait_for_socket(Path::new(SOCKET), &mut bus.service)?;
        Ok(bus)
    }

    /// Starts dbus-broker instead, which Fedora and others have. It activates by systemd alone, so
    /// nobody is activated here.
    pub fn start_broker(world: &World) -> Result<Self> {
        install(world, Activation::Off)?;
        // It does not start without a journal.
        fs::create_dir_all(JOURNAL).context(JOURNAL)?;
        let journal = UnixDatagram::bind(format!("{JOURNAL}/socket")).context(JOURNAL)?;
        thread::spawn(move || while journal.recv(&mut [0; 64]).is_ok() {});
        let listener = UnixListener::bind(SOCKET).context(SOCKET)?;
        fs::set_permissions(SOCKET, fs::Permissions::from_mode(0o666)).context(SOCKET)?;
        let script = "LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=dbus.socket \
            exec dbus-broker-launch --scope system 3<&0 </dev/null 2>/dev/null";
        let broker = Invocation::of("sh").args(["-c", script]);
        let service = Service::start_with_input(&broker, OwnedFd::from(listener))?;
        Invocation::of("dbus-send")
            .args(["--system", "--print-reply", "--dest=org.freedesktop.DBus", "/"])
            .arg("org.freedesktop.DBus.GetId")
            .run()?
            .must_succeed()
            .context("dbus-broker (package dbus-broker)")?;
        Ok(Self { service })
    }

    /// Makes it stand still.
    pub fn freeze(&self) -> Result {
        self.service.freeze()
    }

    /// Lets it go on.
    pub fn thaw(&self) -> Result {
        self.service.thaw()
    }

    /// Ends it.
    pub fn kill(self) -> Result {
        self.service.kill()
    }
}

/// Puts the shipped policy and, if wished, the shipped service file in place.
fn install(world: &World, activation: Activation) -> Result {
    let Some(artefacts) = &world.artefacts else { return Ok(()) };
    fs::write(POLICY, &artefacts.bus_policy).context(POLICY)?;
    match activation {
        Activation::On => fs::write(ACTIVATION, &artefacts.activation),
        Activation::Off => fs::remove_file(ACTIVATION).or(Ok(())),
    }
    .context(ACTIVATION)
}

/// Replaces the shipped bus policy, for tests in which somebody else is to own the name.
pub fn replace_bus_policy(world: &mut World, rules: &str) {
    if let Some(artefacts) = &mut world.artefacts {
        artefacts.bus_policy = format!("<busconfig>{rules}</busconfig>");
    }
}

/// Waits until somebody accepts connections at `path`.
pub(crate) fn wait_for_socket(path: &Path, service: &mut Service) -> Result {
    Deadline::after(Duration::from_secs(10)).poll(&path.display().to_string(), || {
        service.must_run()?;
        Ok(UnixStream::connect(path).ok().map(|_| ()))
    })
}
