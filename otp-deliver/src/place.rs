//! What has to be done as root, and then being root no more: the socket that `_otpd` alone can
//! connect to, and the change to the user `_otpd-deliver`. Started by systemd, all of that is done
//! already and the socket is handed over.

use std::{
    fs::{self, DirBuilder, Permissions},
    io,
    os::unix::{
        fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown},
        net::{UnixListener, UnixStream},
    },
    path::Path,
};

use listenfd::ListenFd;
use nix::unistd::{self, Gid, Uid, User};
use otp_deliver::wire::SOCKET_PATH;

/// The user that it runs as.
const USER: &str = "_otpd-deliver";
/// Who may have messages sent.
const CALLER: &str = "_otpd";

/// The place of the program.
pub(crate) struct Place {
    /// The listening socket.
    pub(crate) listener: UnixListener,
    /// Whose messages are sent.
    pub(crate) caller: u32,
}

/// Why the program cannot take its place. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlaceError {
    /// There is no such user.
    #[error("user {0} does not exist; make it: systemd-sysusers, or useradd --system {0}")]
    NoUser(&'static str),
    /// Somebody listens on the socket.
    #[error("{SOCKET_PATH} is in use: another otp-deliver or otp-deliver.socket; stop it first")]
    InUse,
    /// No socket was handed over, and it cannot be made without root.
    #[error("no socket was passed; start otp-deliver as root or by otp-deliver.socket")]
    NotRoot,
    /// It would run as root, or as otpd, and commands with it.
    #[error("started as uid {0}; otp-deliver.service has User={USER}")]
    TooMuch(Uid),
    /// A path cannot be used.
    #[error("{path}: {error}")]
    Path {
        /// Which.
        path: String,
        /// What the system said.
        error: io::Error,
    },
    /// A system call was refused.
    #[error("{what}: {errno}; otp-deliver cannot run with more rights than it needs")]
    Call {
        /// Which.
        what: &'static str,
        /// What the system said.
        errno: nix::Error,
    },
}

/// Takes the place and gives up root.
pub(crate) fn take() -> Result<Place, PlaceError> {
    let caller = user(CALLER)?.uid;
    let own = user(USER)?;
    let mut passed = ListenFd::from_env();
    let listener = match (passed.take_unix_listener(0).ok().flatten(), unistd::geteuid()) {
        (Some(listener), _) => listener,
        (None, uid) if uid.is_root() => make_socket(Path::new(SOCKET_PATH), caller)?,
        (None, _) => return Err(PlaceError::NotRoot),
    };
    if unistd::geteuid().is_root() {
        become_user(&own)?;
    }
    match unistd::geteuid() {
        uid if uid.is_root() || uid == caller => Err(PlaceError::TooMuch(uid)),
        _ => Ok(Place { listener, caller: caller.as_raw() }),
    }
}

fn user(name: &'static str) -> Result<User, PlaceError> {
    let user = User::from_name(name).map_err(|errno| PlaceError::Call { what: name, errno })?;
    user.ok_or(PlaceError::NoUser(name))
}

fn make_socket(path: &Path, caller: Uid) -> Result<UnixListener, PlaceError> {
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
    // One that answers is somebody's.
    if UnixStream::connect(path).is_ok() {
        return Err(PlaceError::InUse);
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(path, error)),
        Ok(()) | Err(_) => {}
    }
    // Nobody gets in before it is `_otpd`'s.
    let mask = nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o177));
    let listener = UnixListener::bind(path).map_err(|error| at(path, error))?;
    nix::sys::stat::umask(mask);
    chown(path, Some(caller.as_raw()), Some(0)).map_err(|error| at(path, error))?;
    fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(|error| at(path, error))?;
    Ok(listener)
}

fn become_user(user: &User) -> Result<(), PlaceError> {
    let call = |what| move |errno| PlaceError::Call { what, errno };
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
