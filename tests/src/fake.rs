//! The impostor: a program that serves `org.otpd1` and says yes to every code.

use std::{
    fs,
    os::unix::fs::chown,
    path::{Path, PathBuf},
    time::Duration,
};

use otp_bus::names::{SOCKET_PATH, SYSTEM_BUS_ADDRESS};

use crate::{
    Account, Context, Deadline, Invocation, Result, Service, bus::wait_for_socket,
    rootfs::directory,
};

/// A bus as welcoming as an attacker would make it.
const WELCOMING: &str = r#"<busconfig><type>custom</type><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/>
<allow send_requested_reply="true" send_type="*"/><allow receive_type="*"/></policy>"#;

/// A running impostor.
pub struct FakeDaemon {
    /// Where it can be reached.
    pub address: String,
    daemon: Service,
    bus: Option<Service>,
}

impl FakeDaemon {
    /// On a bus of its own, run by this user or by root.
    pub fn on_own_bus(by: Option<&Account>) -> Result<Self> {
        let home = by.map_or(PathBuf::from("/run"), Account::home);
        let (socket, config) = (home.join("fake.bus"), home.join("fake.conf"));
        let address = format!("unix:path={}", socket.display());
        fs::write(&config, format!("{WELCOMING}<listen>{address}</listen></busconfig>"))?;
        let bus = Invocation::of("dbus-daemon").args(["--nofork", "--nopidfile", "--config-file"]);
        let mut bus = Service::start(&run_by(by, bus.arg(config.display())))?;
        wait_for_socket(&socket, &mut bus)?;
        let daemon = impostor(&run_by(by, Invocation::of("fake-otpd").arg(&address)))?;
        Ok(Self { address, daemon, bus: Some(bus) })
    }

    /// On the system bus.
    pub fn on_system_bus(by: Option<&Account>) -> Result<Self> {
        let address = SYSTEM_BUS_ADDRESS.to_owned();
        let daemon = impostor(&run_by(by, Invocation::of("fake-otpd").arg(&address)))?;
        Ok(Self { address, daemon, bus: None })
    }

    /// On the daemon's own socket, in a directory that is given away for it.
    pub fn on_socket(by: Option<&Account>) -> Result<Self> {
        let socket = Path::new(SOCKET_PATH);
        let place = socket.parent().context(SOCKET_PATH)?;
        if !place.exists() {
            directory(place, 0o755)?;
        }
        chown(place, by.map(|account| account.uid), None).context(SOCKET_PATH)?;
        let _absent = fs::remove_file(socket);
        let daemon = impostor(&run_by(by, Invocation::of("fake-otpd").arg(SOCKET_PATH)))?;
        Ok(Self { address: SOCKET_PATH.to_owned(), daemon, bus: None })
    }

    /// Ends it.
    pub fn kill(self) -> Result {
        self.daemon.kill()?;
        self.bus.map_or(Ok(()), Service::kill)
    }
}

fn run_by(by: Option<&Account>, program: Invocation) -> Invocation {
    match by {
        Some(account) => program.by(account),
        None => program,
    }
}

/// Starts it and waits until it can be reached, which it shows by a file.
fn impostor(program: &Invocation) -> Result<Service> {
    let mut service = Service::start(program)?;
    let shown = format!("/tmp/fake-otpd.{}", service.pid());
    Deadline::after(Duration::from_secs(10)).poll("the impostor", || {
        service.must_run()?;
        Ok(Path::new(&shown).exists().then_some(()))
    })?;
    fs::remove_file(&shown).context(&shown)?;
    Ok(service)
}
