//! The host as seen from outside every world: what of it could have changed, and which processes a
//! world has left.

use std::{collections::BTreeSet, fs, iter, path::Path};

use testbed::Result;

/// The host's processes in a PID namespace.
pub(crate) fn inhabitants(room: &Path) -> Result<Vec<u32>> {
    let lives_there =
        |pid: &u32| fs::read_link(format!("/proc/{pid}/ns/pid")).is_ok_and(|link| link == room);
    Ok(processes()?.into_iter().filter(lives_there).collect())
}

/// A process's children, their children, and so on.
pub(crate) fn descendants(ancestor: u32) -> Result<Vec<u32>> {
    let processes = processes()?;
    let parent = |pid: u32| -> Option<u32> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        stat.rsplit(')').next()?.split_whitespace().nth(1)?.parse().ok()
    };
    let descends = |pid: &u32| {
        iter::successors(Some(*pid), |pid| parent(*pid)).skip(1).any(|pid| pid == ancestor)
    };
    Ok(processes.into_iter().filter(descends).collect())
}

fn processes() -> Result<Vec<u32>> {
    let names =
        fs::read_dir("/proc")?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    Ok(names.filter_map(|name| name.parse().ok()).collect())
}

pub(crate) fn named(pid: u32, name: &str) -> bool {
    fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|comm| comm.trim() == name)
}

/// Whatever of the host a test could have changed: mounts, accounts, and the entries of the
/// directories that the world replaces.
pub(crate) fn state() -> Result<BTreeSet<String>> {
    let mut seen = BTreeSet::new();
    for path in ["/proc/self/mounts", "/etc/passwd", "/etc/group", "/etc/shadow"] {
        seen.extend(fs::read_to_string(path)?.lines().map(|line| format!("{path}: {line}")));
    }
    let directories = [
        "/dev",
        "/etc",
        "/etc/dbus-1/system.d",
        "/etc/pam.d",
        "/etc/ssh",
        "/home",
        "/run",
        "/run/dbus",
        "/usr/bin",
        "/usr/sbin",
        "/usr/share/dbus-1/system-services",
        "/var/lib",
        "/var/log",
    ];
    for directory in directories {
        let Ok(entries) = fs::read_dir(directory) else { continue };
        for entry in entries {
            let path = entry?.path();
            let Ok(metadata) = path.symlink_metadata() else { continue };
            let changed = if metadata.is_file() { metadata.modified().ok() } else { None };
            seen.insert(format!("{} {changed:?}", path.display()));
        }
    }
    Ok(seen)
}
