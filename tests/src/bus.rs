//! The system bus of the world: Debian's dbus-daemon with Debian's own configuration, at the path
//! that everybody uses, with our policy file in it.

use std::{fs, os::unix::net::UnixStream, path::Path, time::Duration};

use crate::{Context, Deadline, Invocation, Result, Service, World};

const SOCKET: &str = "/run/dbus/system_bus_socket";
const POLICY: &str = "/usr/share/dbus-1/system.d/org.otpd1.conf";
const ACTIVATION: &str = "/usr/share/dbus-1/system-services/org.otpd1.service";

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
        if let Some(artefacts) = &world.artefacts {
            fs::write(POLICY, &artefacts.bus_policy).context(POLICY)?;
            match activation {
                Activation::On => fs::write(ACTIVATION, &artefacts.activation),
                Activation::Off => fs::remove_file(ACTIVATION).or(Ok(())),
            }
            .context(ACTIVATION)?;
        }
        // What it prints it logs too.
        let command = "exec dbus-daemon --system --nofork --nopidfile 2>/dev/null";
        let bus = Invocation::of("sh").args(["-c", command]);
        let mut bus = Self { service: Service::start(&bus)? };
        wait_for_socket(Path::new(SOCKET), &mut bus.service)?;
        Ok(bus)
    }

    /// Makes it stand still.
    pub fn freeze(&self) -> Result {
        self.service.freeze()
    }

    /// Ends it.
    pub fn kill(self) -> Result {
        self.service.kill()
    }
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
