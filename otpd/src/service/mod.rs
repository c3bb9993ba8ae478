//! The objects on the bus: who is calling, whether they may, what they said, and the answer. Each
//! call takes the same walk: identify → gate → user → table → engine → log → answer.

mod admin;
mod answer;
mod auth;
mod contacts;
mod decide;
mod explain;
mod guarded;
mod keys;
mod listed;
mod log;
mod manage;
mod messages;
mod passes;
mod permit;
mod remembered;
mod right;
mod ruling;
mod sessions;
mod tokens;
mod wanted;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use otp_bus::{Error, names::OBJECT_PATH};
use otp_core::Uid;
use zbus::{Connection, connection::Builder, message::Header};

use crate::{
    audit::{Event, Syslog},
    caller::{self, Entry, Gate, Way},
    clock::monotonic,
    engine::{Engine, Unavailable},
    polkit::{Asker, Polkit},
    process::Process,
    reload::Reload,
    sessions::Sessions,
};

use admin::AdminService;
use auth::AuthService;
use contacts::ContactsService;
use guarded::Guarded;
use keys::KeysService;
pub use keys::tell_missing;
use manage::ManageService;
use passes::PassesService;
pub use passes::clean_up;
use right::Permit;
use sessions::SessionsService;
use tokens::TokensService;

/// How long a call may take in here. Callers wait 10 s by default.
const CALL: Duration = Duration::from_secs(8);

/// What every object needs.
#[derive(Clone)]
pub struct Services {
    /// Does the work.
    pub engine: Arc<Engine>,
    /// Bounds the calls under way.
    pub gate: Gate,
    /// Takes the lines.
    pub log: Arc<Syslog>,
    /// Which login opened which session.
    pub sessions: Arc<Sessions>,
    /// Says what users may do who are neither root nor the account's owner.
    pub polkit: Polkit,
    /// Reads the configuration anew.
    pub reload: Arc<Reload>,
}

/// A call that was let in.
struct Call {
    uid: Uid,
    arrival: Instant,
    before: Instant,
    /// None while somebody else is asked.
    entry: Option<Entry>,
    /// None on root's own socket.
    asker: Option<Asker>,
    /// The caller's process, of a host that runs as root.
    process: Option<Process>,
    /// What must come with a change, once it is known that the call may go on.
    permit: Permit,
}

impl Services {
    /// Serves every object of the contract on a connection by one way in.
    pub fn serve_by(self, way: Way, connection: Builder<'_>) -> Builder<'_> {
        let parts = || (self.clone(), self.log.clone());
        connection
            .serve_at(OBJECT_PATH, guarded(parts(), |it| AuthService::new(it, way)))
            .serve_at(OBJECT_PATH, guarded(parts(), |it| ManageService::new(it, way)))
            .serve_at(OBJECT_PATH, guarded(parts(), |it| AdminService::new(it, way)))
            .serve_at(OBJECT_PATH, guarded(parts(), |it| KeysService::new(it, way)))
            .serve_at(OBJECT_PATH, guarded(parts(), |it| SessionsService::new(it, way)))
            .serve_at(OBJECT_PATH, guarded(parts(), |it| TokensService::new(it, way)))
            .serve_at(OBJECT_PATH, guarded(parts(), |it| ContactsService::new(it, way)))
            .serve_at(OBJECT_PATH, guarded(parts(), |it| PassesService::new(it, way)))
    }

    async fn enter(
        &self,
        way: Way,
        connection: &Connection,
        header: &Header<'_>,
    ) -> Result<Call, Error> {
        let arrival = monotonic();
        let identified = caller::identify(&self.gate, way, connection, header).await;
        let uid = identified.inspect_err(|error| self.rejected(None, error))?;
        let entry = self.gate.enter(uid).inspect_err(|error| self.rejected(Some(uid), error))?;
        let (entry, permit) = (Some(entry), Permit::Code);
        let asker = match way {
            Way::Socket(_) => None,
            Way::Bus => Asker::of(connection, header),
        };
        let (before, process) = (arrival + CALL, None);
        Ok(Call { uid, arrival, before, entry, asker, process, permit })
    }

    /// Logs that a call was not looked at, as often as one caller may have that logged.
    fn rejected(&self, by: Option<Uid>, why: &Error) {
        self.log.log_of(by, &Event::Rejected { by, why: &why.to_string() });
    }

    /// The name of a device, if it is no longer than one can be.
    fn named(&self, call: &Call, device: &str) -> Result<String, Error> {
        let name = wanted::bounded(device).map(str::to_owned);
        name.inspect_err(|error| self.rejected(Some(call.uid), error))
    }
}

/// One object, and what answers for it where it panics.
fn guarded<O>(
    (services, log): (Services, Arc<Syslog>),
    object: impl FnOnce(Services) -> O,
) -> Guarded<O> {
    Guarded::new(object(services), log)
}

/// Why a call got no further.
#[derive(Debug)]
enum Refused {
    /// The caller is told this.
    Error(Error),
    /// Nobody could decide.
    Unavailable(Unavailable),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl<E: Into<Unavailable>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::Unavailable(error.into())
    }
}

#[cfg(test)]
pub(crate) mod tests;

fn check_user(user: &str) -> Result<(), Error> {
    if user.len() > otp_bus::names::MAX_USER_BYTES {
        let text = "user is longer than 256 bytes; check what was given".to_owned();
        return Err(Error::InvalidArgument(text));
    }
    Ok(())
}
