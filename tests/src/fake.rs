//! The impostor: a program that serves `org.otpd1` and says yes to every code.

use std::path::Path;

use crate::{Account, Context, Invocation, Result, Service, bus::wait_for_socket};

/// Starts a bus that this user runs, with an impostor on it, and gives the bus's address.
pub struct FakeDaemon {
    /// Where the impostor can be reached.
    pub address: String,
    _bus: Option<Service>,
    _daemon: Service,
}

impl FakeDaemon {
    /// On a bus of the attacker's own.
    pub fn on_own_bus(by: &Account) -> Result<Self> {
        let socket = by.home().join("bus");
        let address = format!("unix:path={}", socket.display());
        let bus = Invocation::of("dbus-daemon")
            .args(["--session", "--nofork", "--nopidfile", "--address", &address])
            .by(by);
        let mut bus = Service::start(&bus)?;
        wait_for_socket(&socket, &mut bus)?;
        let daemon = impostor(&Invocation::of("fake-otpd").arg(&address).by(by))?;
        Ok(Self { address, _bus: Some(bus), _daemon: daemon })
    }

    /// On the system bus, run by `by` or by root.
    pub fn on_system_bus(by: Option<&Account>) -> Result<Self> {
        let address = otp_bus::names::SYSTEM_BUS_ADDRESS.to_owned();
        let program = Invocation::of("fake-otpd").arg(&address);
        let program = by.map_or(program.clone(), |account| program.by(account));
        Ok(Self { address, _bus: None, _daemon: impostor(&program)? })
    }
}

/// Starts it and waits until it owns the name, which it shows by a file.
fn impostor(program: &Invocation) -> Result<Service> {
    let mut service = Service::start(program)?;
    let shown = format!("/tmp/fake-otpd.{}", service.pid());
    crate::Deadline::after(std::time::Duration::from_secs(10)).poll(
        "the impostor's name",
        || {
            service.must_run()?;
            Ok(Path::new(&shown).exists().then_some(()))
        },
    )?;
    std::fs::remove_file(&shown).context(&shown)?;
    Ok(service)
}
