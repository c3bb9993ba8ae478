//! The private file system: the host's programs and libraries as they are, and fresh or
//! copy-on-write directories wherever a login, a bus or a daemon writes.
//!
//! All of it lies on one tmpfs. It refuses to mount anything before it stands in a mount namespace
//! of its own, since everything below would otherwise happen to the host.

use std::{
    fs::{self, File},
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
};

use nix::mount::{MsFlags, mount};

use crate::{Context, Failure, Result, namespace::must_be_private, polkit};

/// Holds the upper halves of the overlays. Within `/tmp`, since that exists everywhere.
const BACKING: &str = "/tmp/.world";

/// Where something writes or the testbed must put something. Never `/usr` as a whole: an overlay
/// shows no file system mounted below its lower half.
const WRITABLE: [&str; 6] = ["/etc", "/root", "/usr/bin", "/usr/sbin", "/usr/share/dbus-1", "/var"];

/// The same, where there is polkit: only what is about it needs it.
const POLKIT: &str = "/usr/share/polkit-1";

/// Device nodes that logins use.
const NODES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];

/// Builds it around this process.
pub(crate) fn build() -> Result {
    must_be_private()?;
    tmpfs("/tmp", "mode=1777")?;
    directory(BACKING, 0o700)?;
    for path in WRITABLE {
        overlay(Path::new(path))?;
    }
    overlay(&security_dir()?)?;
    if Path::new(POLKIT).is_dir() {
        overlay(Path::new(POLKIT))?;
    }
    polkit::hide()?;
    tmpfs("/home", "mode=755")?;
    tmpfs("/run", "mode=755")?;
    for (path, mode) in [("/run/sshd", 0o755), ("/run/dbus", 0o755), ("/run/lock", 0o1777)] {
        directory(path, mode)?;
    }
    devices()?;
    std::env::set_current_dir("/").context("leaving for /")
}

/// Where libpam looks for modules: the directory that holds `pam_unix.so`.
pub(crate) fn security_dir() -> Result<PathBuf> {
    let multiarch = format!("/lib/{}-linux-gnu/security", std::env::consts::ARCH);
    [multiarch.as_str(), "/lib/security", "/lib64/security"]
        .into_iter()
        .map(Path::new)
        .find(|path| path.join("pam_unix.so").exists())
        .and_then(|path| path.canonicalize().ok())
        .context("no pam_unix.so in any known directory (package libpam-modules)")
}

pub(crate) fn directory(path: impl AsRef<Path>, mode: u32) -> Result {
    let path = path.as_ref();
    fs::create_dir(path).context(format!("making {}", path.display()))?;
    // Not through the builder's mode: the umask would cut it.
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .context(format!("setting the mode of {}", path.display()))
}

fn tmpfs(target: &str, options: &str) -> Result {
    mount(Some("tmpfs"), target, Some("tmpfs"), MsFlags::MS_NODEV, Some(options))
        .context(format!("mounting a tmpfs on {target}"))
}

fn overlay(target: &Path) -> Result {
    let shown = target.display();
    if !target.is_dir() {
        return Err(Failure::new(format!("{shown} is missing; run make tools")));
    }
    let name = shown.to_string().replace('/', "-");
    let (upper, work) = (format!("{BACKING}/{name}.upper"), format!("{BACKING}/{name}.work"));
    let mode = fs::metadata(target).context(&shown)?.permissions().mode() & 0o7777;
    directory(&upper, mode)?;
    directory(&work, 0o700)?;
    let options = format!("lowerdir={shown},upperdir={upper},workdir={work}");
    mount(Some("overlay"), target, Some("overlay"), MsFlags::empty(), Some(options.as_str()))
        .context(format!("mounting an overlay on {shown} (does the kernel know overlayfs?)"))
}

/// A `/dev` in which `/dev/log` can be bound and terminals are the world's own.
fn devices() -> Result {
    let new = Path::new("/tmp/.world/dev");
    directory(new, 0o755)?;
    mount(Some("tmpfs"), new, Some("tmpfs"), MsFlags::MS_NOSUID, Some("mode=755"))
        .context("mounting a tmpfs for /dev")?;
    for node in NODES {
        let (from, to) = (Path::new("/dev").join(node), new.join(node));
        File::create(&to).context(format!("making {}", to.display()))?;
        mount(Some(&from), &to, None::<&str>, MsFlags::MS_BIND, None::<&str>)
            .context(format!("binding {}", from.display()))?;
    }
    directory(new.join("shm"), 0o1777)?;
    directory(new.join("pts"), 0o755)?;
    let (pts, options) = (new.join("pts"), Some("ptmxmode=0666,mode=620,gid=5"));
    mount(Some("devpts"), &pts, Some("devpts"), MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC, options)
        .context("mounting a devpts")?;
    for (name, target) in [("ptmx", "pts/ptmx"), ("fd", "/proc/self/fd"), ("stdin", "fd/0")] {
        symlink(target, new.join(name)).context(format!("linking /dev/{name}"))?;
    }
    for (name, target) in [("stdout", "fd/1"), ("stderr", "fd/2")] {
        symlink(target, new.join(name)).context(format!("linking /dev/{name}"))?;
    }
    mount(Some(new), "/dev", None::<&str>, MsFlags::MS_MOVE, None::<&str>)
        .context("moving the new /dev into place")
}
