//! The real ways to the daemon. Root takes the daemon's own socket, which works while the bus is
//! down; everybody else, and root where that socket is not there, takes the system bus at its
//! fixed address, which starts the daemon if need be.
//!
//! It refuses to talk to anybody who merely answers: at the socket root must have called
//! `listen()`, on the bus the name's owner must be root or the owner of the daemon's state. The
//! environment chooses nothing (`DBUS_SYSTEM_BUS_ADDRESS` would, if zbus chose the address).

use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;
use otp_bus::names::{BUS_NAME, SOCKET_PATH, STATE_DIR, SYSTEM_BUS_ADDRESS};
use tokio::net::UnixStream;
use zbus::connection::Builder;
use zbus::fdo::{self, DBusProxy};
use zbus::names::{BusName, OwnedBusName, WellKnownName};

use crate::agent::Agent;
use crate::connect::{Connect, Peer, Unreachable};

/// The ways to the daemon on this machine.
#[derive(Debug)]
pub struct Live {
    socket: Option<PathBuf>,
    bus: String,
    state: PathBuf,
    /// Who is believed to speak for the daemon, beside the owner of `state`.
    root: u32,
}

impl Live {
    /// The ways that the installed daemon offers to the calling process.
    pub fn system() -> Self {
        Self {
            socket: geteuid().is_root().then(|| PathBuf::from(SOCKET_PATH)),
            bus: SYSTEM_BUS_ADDRESS.to_owned(),
            state: PathBuf::from(STATE_DIR),
            root: 0,
        }
    }

    /// Peer to peer; none where there is nothing to connect to.
    async fn direct(&self, path: &Path) -> Result<Option<Peer>, Unreachable> {
        let broken = |error| Unreachable::Socket(path.to_owned(), error);
        let io = |error: io::Error| broken(error.into());
        let stream = match UnixStream::connect(path).await {
            Ok(stream) => stream,
            Err(error) if absent(&error) => return Ok(None),
            Err(error) => return Err(io(error)),
        };
        let uid = stream.peer_cred().map_err(io)?.uid();
        if uid != self.root {
            return Err(Unreachable::Impostor { place: path.display().to_string(), uid });
        }
        let stream = stream.into_std().map_err(io)?;
        let connection = Builder::unix_stream(stream).p2p().build().await.map_err(broken)?;
        let destination = WellKnownName::from_static_str(BUS_NAME).map_err(broken)?;
        Ok(Some(Peer { connection, destination: BusName::from(destination).into() }))
    }

    /// Over the system bus, which starts the daemon if it does not run.
    async fn bus(&self) -> Result<Peer, Unreachable> {
        let connection =
            Builder::address(self.bus.as_str()).build().await.map_err(Unreachable::Bus)?;
        let bus = DBusProxy::new(&connection).await.map_err(Unreachable::Bus)?;
        let name = WellKnownName::from_static_str(BUS_NAME).map_err(Unreachable::Bus)?;
        let owner = match bus.get_name_owner(name.clone().into()).await {
            // Starting comes second: dbus-daemon refuses to "start" what runs but has no service file.
            Err(fdo::Error::NameHasNoOwner(_)) => {
                bus.start_service_by_name(name.clone(), 0).await.map_err(not_running)?;
                bus.get_name_owner(name.into()).await.map_err(not_running)?
            }
            owner => owner.map_err(not_running)?,
        };
        let destination = OwnedBusName::from(BusName::from(owner));
        let uid = bus.get_connection_unix_user(destination.as_ref()).await.map_err(not_running)?;
        if uid != self.root && Some(uid) != owner_of(&self.state) {
            return Err(Unreachable::Impostor { place: format!("{BUS_NAME} on the bus"), uid });
        }
        Ok(Peer { connection, destination })
    }
}

impl Connect for Live {
    async fn connect(&self) -> Result<Peer, Unreachable> {
        if let Some(path) = &self.socket
            && let Some(peer) = self.direct(path).await?
        {
            return Ok(peer);
        }
        self.bus().await
    }

    fn agent(&self) -> Option<Agent> {
        Agent::start()
    }
}

/// Whether an error says that nobody listens, or not for us. A full queue or a silent peer says
/// neither: then the daemon is there, and the bus would lead to the same one.
fn absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::ConnectionRefused | ErrorKind::PermissionDenied
    )
}

/// The bus answered about the daemon, and not with the daemon.
fn not_running(error: fdo::Error) -> Unreachable {
    if let fdo::Error::ZBus(error) = error {
        Unreachable::Bus(error)
    } else {
        Unreachable::NotRunning(error.into())
    }
}

/// The owner of the daemon's state, by `stat` alone: no user database is asked.
fn owner_of(state: &Path) -> Option<u32> {
    std::fs::symlink_metadata(state).ok().filter(std::fs::Metadata::is_dir).map(|state| state.uid())
}

#[cfg(test)]
mod tests;
