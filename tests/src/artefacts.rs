//! What was built and is now to be tested, put where a package would put it. It refuses to go
//! looking for builds: whatever runs the tests names one directory, so that what is tested is
//! never last week's.

use std::{
    env,
    fs::{self, File},
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use crate::{Context, Result, directory::LIBRARIES, rootfs::security_dir};

/// Names the directory with the builds; `make` sets it.
const BUILD_DIR: &str = "OTPD_BUILD_DIR";

/// The repository, for what is shipped as it stands there.
const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Opened before the private file system hides where they lie.
pub(crate) struct Artefacts {
    programs: Vec<(PathBuf, File)>,
    pub(crate) bus_policy: String,
    pub(crate) activation: String,
    pub(crate) actions: String,
}

impl Artefacts {
    /// Finds them all.
    pub(crate) fn gather() -> Result<Self> {
        let built = env::var_os(BUILD_DIR).context(format!(
            "did not run: {BUILD_DIR} names no directory with otpd, otpctl and pam_otp.so; run make check"
        ))?;
        let built = Path::new(&built);
        let places = [
            ("otpd", "/usr/sbin".into()),
            ("otpctl", "/usr/bin".into()),
            ("otp-deliver", "/usr/sbin".into()),
            ("pam_otp.so", security_dir()?),
            ("fake-otpd", "/usr/bin".into()),
            ("callers", "/usr/bin".into()),
            ("pam-host", "/usr/bin".into()),
            ("libnss_otptest.so.2", LIBRARIES.into()),
        ];
        let open = |(name, directory): (&str, PathBuf)| {
            let path = built.join(name);
            let file = File::open(&path).context(format!("{}; run make check", path.display()))?;
            Ok((directory.join(name), file))
        };
        let packaged = |name: &str| {
            let path = format!("{REPOSITORY}/packaging/{name}");
            fs::read_to_string(&path).context(path)
        };
        Ok(Self {
            programs: places.into_iter().map(open).collect::<Result<_>>()?,
            bus_policy: packaged("dbus/org.otpd1.conf")?,
            activation: packaged("dbus/org.otpd1.service")?,
            actions: packaged("polkit/org.otpd1.policy")?,
        })
    }

    /// Copies the programs and the module into the private file system.
    pub(crate) fn install(&mut self) -> Result {
        for (path, from) in &mut self.programs {
            let shown = path.display().to_string();
            fs::create_dir_all(path.parent().context(&shown)?).context(&shown)?;
            // A host that has otpd installed would otherwise lend its own file to be written into.
            let _absent = fs::remove_file(&path);
            let mut to = File::create(&path).context(format!("making {shown}"))?;
            io::copy(from, &mut to).context(format!("writing {shown}"))?;
            to.set_permissions(fs::Permissions::from_mode(0o755)).context(shown)?;
        }
        Ok(())
    }
}
