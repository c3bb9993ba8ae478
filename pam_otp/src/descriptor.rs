//! The one place where the module makes a descriptor.
//!
//! It refuses the numbers 0 to 2: a host that has closed its standard streams may still write to
//! them, in another thread too, and what it writes would end up in our conversation with the
//! daemon, or its reading take the answer away.

use std::os::fd::{AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{self, AddressFamily, SockFlag, SockType};

/// The last of the standard streams.
const LAST_STREAM: i32 = 2;

/// A Unix socket that no program started by the host inherits.
pub(crate) fn socket(kind: SockType, flags: SockFlag) -> Result<OwnedFd, Errno> {
    let made = socket::socket(AddressFamily::Unix, kind, flags | SockFlag::SOCK_CLOEXEC, None)?;
    if made.as_raw_fd() > LAST_STREAM {
        return Ok(made);
    }
    // std duplicates to 3 or above, close-on-exec.
    let moved = made
        .try_clone()
        .map_err(|error| error.raw_os_error().map_or(Errno::EBADF, Errno::from_raw))?;
    if moved.as_raw_fd() > LAST_STREAM { Ok(moved) } else { Err(Errno::EBADF) }
}
