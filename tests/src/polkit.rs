//! polkit, as the distribution ships it, on the world's bus: with the actions of ours, rules of the
//! test's, and nobody authorized but by these. Without this the world has none, whatever the host has.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, chown},
    path::Path,
    time::Duration,
};

use crate::{Account, Context, Deadline, Invocation, Result, Service, World};

/// Where Debian and others have it.
const PROGRAMS: [&str; 2] = ["/usr/lib/polkit-1/polkitd", "/usr/libexec/polkitd"];

const ACTIONS: &str = "/usr/share/polkit-1/actions/org.otpd1.policy";
const RULES: &str = "/etc/polkit-1/rules.d";
const ACTIVATION: &str = "/usr/share/dbus-1/system-services/org.freedesktop.PolicyKit1.service";

/// Its name on the bus.
pub const POLKIT: &str = "org.freedesktop.PolicyKit1";

/// A running polkitd.
pub struct Polkit(Service);

impl Polkit {
    /// Starts it with these rules, and waits until it can be asked. `administrator` is whose
    /// password is wanted where an administrator's is.
    pub fn start(world: &World, administrator: &Account, rules: &str) -> Result<Self> {
        install(world, administrator, rules)?;
        let program = PROGRAMS.iter().find(|path| Path::new(path).exists());
        let program = program.context("no polkitd (package polkitd)")?;
        let mut service = Service::start(&Invocation::of(program).arg("--no-debug"))?;
        Deadline::after(Duration::from_secs(10)).poll(POLKIT, || {
            service.must_run()?;
            let asked = bus_call("GetNameOwner").arg(format!("string:{POLKIT}")).run()?;
            Ok(asked.status.success().then_some(()))
        })?;
        Ok(Self(service))
    }

    /// Lets the bus start it when it is first asked, with these rules. Before the bus is started.
    pub fn activatable(world: &World, administrator: &Account, rules: &str) -> Result {
        install(world, administrator, rules)?;
        let off = format!("{ACTIVATION}.off");
        fs::rename(&off, ACTIVATION).context(format!("{off} (package polkitd)"))
    }

    /// Makes it stand still.
    pub fn freeze(&self) -> Result {
        self.0.freeze()
    }

    /// Lets it go on.
    pub fn thaw(&self) -> Result {
        self.0.thaw()
    }
}

/// A method of the bus itself.
pub(crate) fn bus_call(method: &str) -> Invocation {
    Invocation::of("dbus-send")
        .args(["--system", "--print-reply", "--dest=org.freedesktop.DBus", "/"])
        .arg(format!("org.freedesktop.DBus.{method}"))
}

/// Makes sure that nobody starts the host's.
pub(crate) fn hide() -> Result {
    if Path::new(ACTIVATION).exists() {
        fs::rename(ACTIVATION, format!("{ACTIVATION}.off")).context(ACTIVATION)?;
    }
    Ok(())
}

fn install(world: &World, administrator: &Account, rules: &str) -> Result {
    if let Some(artefacts) = &world.artefacts {
        fs::write(ACTIONS, &artefacts.actions).context(ACTIONS)?;
    }
    world.stack("polkit-1", &["required pam_unix.so"])?;
    let path = format!("{RULES}/10-test.rules");
    let name = &administrator.name;
    let text =
        format!("polkit.addAdminRule(function() {{ return [\"unix-user:{name}\"]; }});\n{rules}");
    fs::write(&path, text).context(&path)?;
    // It reads them as a user of its own.
    for (path, mode) in [(RULES, 0o755), (path.as_str(), 0o644)] {
        chown(path, Some(0), Some(0)).context(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).context(path)?;
    }
    Ok(())
}
