//! What has to be done as root, and then being root no more: the socket's directory and the socket,
//! the state directory, and the change to the user `_otpd`. Started by systemd, all of that is done
//! already and the socket is handed over.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io,
    os::unix::{
        fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown},
        net::{UnixListener, UnixStream},
    },
    path::Path,
};

use nix::{
    fcntl::{Flock, FlockArg},
    sys::stat,
    unistd::{self, Gid, Uid, User},
};
use otp_bus::names::{SOCKET_PATH, STATE_DIR};

use crate::memory::{self, Swap};

/// The user that the daemon runs as.
pub const USER: &str = "_otpd";

/// Why the daemon cannot take its place. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// There is no such user.
    #[error("user {USER} does not exist; make it: systemd-sysusers, or useradd --system {USER}")]
    NoUser,
    /// Somebody listens on the socket.
    #[error("{SOCKET_PATH} is in use: another otpd or otpd.socket listens there; stop it first")]
    InUse,
    /// No socket was handed over, and it cannot be made without root.
    #[error(
        "no socket was passed and uid {0} cannot make {SOCKET_PATH}; start otpd as root or by otpd.socket"
    )]
    NotRoot(Uid),
    /// A path cannot be used.
    #[error("{path}: {error}")]
    Path {
        /// Which.
        path: String,
        /// What the system said.
        error: io::Error,
    },
    /// A system call was refused.
    #[error("{what}: {errno}; otpd cannot run with more rights than it needs")]
    Call {
        /// Which.
        what: &'static str,
        /// What the system said.
        errno: nix::Error,
    },
}

/// The daemon's socket, and where it was made by the daemon itself, the lock that keeps a second
/// one from taking its path.
pub struct Place {
    /// The listening socket.
    pub listener: UnixListener,
    /// Whether the memory may be swapped out.
    pub swap: Swap,
    _lock: Option<Flock<File>>,
}

/// Takes the daemon's place and gives up root.
///
/// # Errors
/// When something is not as it must be; nothing is served then.
pub fn take(passed: Option<UnixListener>) -> Result<Place, PlaceError> {
    stat::umask(stat::Mode::from_bits_truncate(0o077));
    let (listener, lock) = match (passed, unistd::geteuid()) {
        (Some(listener), uid) if uid.is_root() => {
            become_user(&user()?)?;
            (listener, None)
        }
        (Some(listener), _) => (listener, None),
        (None, uid) if uid.is_root() => {
            let user = user()?;
            let (listener, lock) = make_socket(Path::new(SOCKET_PATH))?;
            become_user(&user)?;
            (listener, Some(lock))
        }
        (None, uid) => return Err(PlaceError::NotRoot(uid)),
    };
    check_state_dir(Path::new(STATE_DIR), unistd::geteuid())?;
    memory::close().map_err(|(what, errno)| PlaceError::Call { what, errno })?;
    Ok(Place { listener, swap: memory::lock(), _lock: lock })
}

fn user() -> Result<User, PlaceError> {
    let user = User::from_name(USER).map_err(|errno| PlaceError::Call { what: USER, errno })?;
    let user = user.ok_or(PlaceError::NoUser)?;
    make_state_dir(Path::new(STATE_DIR), &user)?;
    Ok(user)
}

/// A directory that only the daemon's user can enter. One that is there is left as it is, and
/// checked.
fn make_state_dir(path: &Path, user: &User) -> Result<(), PlaceError> {
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => chown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw()))
            .map_err(|error| at(path, error)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(at(path, error)),
    }
}

/// Its owner is whom callers take for the daemon, and whoever can write to it can put another store
/// in place of ours.
fn check_state_dir(path: &Path, uid: Uid) -> Result<(), PlaceError> {
    let found = fs::symlink_metadata(path).map_err(|error| at(path, error))?;
    if found.is_dir() && found.uid() == uid.as_raw() && found.mode() & 0o022 == 0 {
        return Ok(());
    }
    let text = format!("is no directory that uid {uid} owns and alone can write to; chown, chmod");
    Err(at(path, io::Error::other(text)))
}

fn make_socket(path: &Path) -> Result<(UnixListener, Flock<File>), PlaceError> {
    let dir = path.parent().unwrap_or(Path::new("/"));
    match DirBuilder::new().mode(0o755).create(dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(at(dir, error)),
        Ok(()) | Err(_) => {}
    }
    let owner = fs::symlink_metadata(dir).map_err(|error| at(dir, error))?;
    if !owner.is_dir() || owner.uid() != 0 {
        return Err(at(dir, io::Error::other("is no directory of root; remove it")));
    }
    fs::set_permissions(dir, Permissions::from_mode(0o755)).map_err(|error| at(dir, error))?;
    let lock = lock(&dir.join("lock"))?;
    // systemd's socket, which no lock tells of, answers.
    if UnixStream::connect(path).is_ok() {
        return Err(PlaceError::InUse);
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(path, error)),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(path).map_err(|error| at(path, error))?;
    // The umask alone would leave 0700: a socket is born with all bits, unlike a file.
    fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(|error| at(path, error))?;
    Ok((listener, lock))
}

fn lock(path: &Path) -> Result<Flock<File>, PlaceError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let file =
        options.custom_flags(libc::O_NOFOLLOW).open(path).map_err(|error| at(path, error))?;
    Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|_| PlaceError::InUse)
}

fn become_user(user: &User) -> Result<(), PlaceError> {
    let call = |what| move |errno| PlaceError::Call { what, errno };
    memory::raise_limit();
    unistd::setgroups(&[]).map_err(call("setgroups"))?;
    unistd::setresgid(user.gid, user.gid, user.gid).map_err(call("setresgid"))?;
    unistd::setresuid(user.uid, user.uid, user.uid).map_err(call("setresuid"))?;
    let back = unistd::setuid(Uid::from_raw(0)).is_ok() || unistd::setgid(Gid::from_raw(0)).is_ok();
    if back {
        return Err(PlaceError::Call { what: "giving up root", errno: nix::Error::EPERM });
    }
    std::env::set_current_dir("/").map_err(|error| at(Path::new("/"), error))
}

fn at(path: &Path, error: io::Error) -> PlaceError {
    PlaceError::Path { path: path.display().to_string(), error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_directory_is_the_daemons_alone() {
        let dir = tempfile::tempdir().unwrap();
        let (ours, uid) = (dir.path().join("ours"), unistd::geteuid());
        assert!(check_state_dir(&ours, uid).is_err(), "not there");
        for (mode, fits) in [(0o700, true), (0o755, true), (0o770, false), (0o707, false)] {
            let _ = DirBuilder::new().create(&ours);
            fs::set_permissions(&ours, Permissions::from_mode(mode)).unwrap();
            assert_eq!(check_state_dir(&ours, uid).is_ok(), fits, "{mode:o}");
        }
        fs::set_permissions(&ours, Permissions::from_mode(0o700)).unwrap();
        assert!(check_state_dir(&ours, Uid::from_raw(uid.as_raw() + 1)).is_err(), "another's");
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(&ours, &link).unwrap();
        assert!(check_state_dir(&link, uid).is_err(), "a link");
    }
}
