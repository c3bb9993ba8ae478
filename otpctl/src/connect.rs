//! The seam between the command line and whatever leads to the daemon: one connection a call, so
//! that nobody holds one at a prompt.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use zbus::names::OwnedBusName;

use crate::agent::Agent;

/// A way to the daemon.
pub trait Connect {
    /// Makes a connection and learns whom to address on it.
    fn connect(&self) -> impl Future<Output = Result<Peer, Unreachable>>;

    /// How long one call may take: connecting, handshake, activation and answer together.
    fn deadline(&self) -> Duration {
        Duration::from_secs(15)
    }

    /// Whom polkit can ask to authenticate on this way, beside whoever is there anyway. What is
    /// returned stands by until it is dropped.
    fn agent(&self) -> Option<Agent> {
        None
    }
}

/// A connection at whose other end the daemon was found.
#[derive(Debug)]
pub struct Peer {
    /// The connection.
    pub connection: zbus::Connection,
    /// Whom to address: the unique name whose owner was looked at, not the well-known one, which
    /// may have changed hands since.
    pub destination: OwnedBusName,
}

/// Why there is no way to the daemon. Nothing has been sent to it.
#[derive(Debug)]
pub enum Unreachable {
    /// The daemon's own socket is there but does not work.
    Socket(PathBuf, zbus::Error),
    /// The system bus does not work.
    Bus(zbus::Error),
    /// The bus works; the daemon does not run and could not be started.
    NotRunning(zbus::Error),
    /// Somebody else answers in the daemon's place.
    Impostor {
        /// Where.
        place: String,
        /// Whose process it is.
        uid: u32,
    },
    /// This process could not even begin.
    Local(io::Error),
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path, error) => {
                write!(f, "otpd cannot be reached at {}: {error}", path.display())
            }
            Self::Bus(error) => write!(f, "the system bus cannot be reached: {error}"),
            Self::NotRunning(error) => write!(f, "otpd does not run and was not started: {error}"),
            Self::Impostor { place, uid } => {
                write!(f, "{place} is served by uid {uid}, which is not otpd's")
            }
            Self::Local(error) => write!(f, "no connection could be made: {error}"),
        }
    }
}
