//! Tells the daemon that a session begins or ends. Nothing depends on the answer: a session goes on
//! without, and is then not known.

use std::time::Duration;

use super::{Call, Client, Error};
use crate::args::Arguments;

/// How long a session waits for the daemon at most.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Whoever keeps which login opened which session.
pub(crate) trait Registrar {
    /// The calling process opens a session of a service.
    fn open(&self, service: &str) -> Result<(), Error>;
    /// It closes the session that it opened.
    fn close(&self) -> Result<(), Error>;
}

impl Client {
    /// For sessions, which wait for less long than logins.
    pub(crate) fn of_sessions(arguments: &Arguments) -> Result<Self, Error> {
        let client = Self::new(arguments)?;
        Ok(Self { timeout: client.timeout.min(TIMEOUT), ..client })
    }
}

impl Registrar for Client {
    fn open(&self, service: &str) -> Result<(), Error> {
        self.ask(Call::Open(service))
    }

    fn close(&self) -> Result<(), Error> {
        self.ask(Call::Close)
    }
}
