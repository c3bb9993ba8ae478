//! The service manager's ear: what the daemon reports by `sd_notify`, heard to the end, as a manager
//! does; a report that nobody hears would hold the daemon up.

use std::{
    fs,
    os::unix::{fs::PermissionsExt, net::UnixDatagram},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use crate::{Context, Deadline, Result};

/// Where it listens.
pub(crate) const NOTIFY: &str = "/run/notify";

/// How long a report may take that something just done must have caused.
const PATIENCE: Duration = Duration::from_secs(10);

/// Collects what is reported.
#[derive(Clone, Debug, Default)]
pub struct Manager(Arc<Mutex<Vec<String>>>);

impl Manager {
    /// Binds the socket and begins to listen.
    pub(crate) fn listen() -> Result<Self> {
        let _absent = fs::remove_file(NOTIFY);
        let socket = UnixDatagram::bind(NOTIFY).context(NOTIFY)?;
        // As service managers do: the daemon reports when it is no longer root.
        fs::set_permissions(NOTIFY, fs::Permissions::from_mode(0o777)).context(NOTIFY)?;
        let manager = Self::default();
        let heard = manager.clone();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length) = socket.recv(&mut buffer) {
                let text = String::from_utf8_lossy(buffer.get(..length).unwrap_or_default());
                heard.lines().extend(text.lines().map(str::to_owned));
            }
        });
        Ok(manager)
    }

    /// Whether a line with this beginning was reported.
    pub(crate) fn heard(&self, beginning: &str) -> bool {
        self.lines().iter().any(|line| line.starts_with(beginning))
    }

    /// Forgets what it heard.
    pub fn forget(&self) {
        self.lines().clear();
    }

    /// Waits for lines with these beginnings, one behind the other.
    pub fn expect(&self, beginnings: &[&str]) -> Result {
        Deadline::after(PATIENCE).poll(&format!("reports of {beginnings:?}"), || {
            let lines = self.lines();
            let mut rest = lines.iter();
            let all = beginnings.iter().all(|one| rest.any(|line| line.starts_with(one)));
            Ok(all.then_some(()))
        })
    }

    fn lines(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
