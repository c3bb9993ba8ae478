//! The embedded store: SQLite in WAL mode, every commit synced, one writer thread, one reader
//! thread, and a keeper that checkpoints off the commit's path. Opening, with all its refusals, and the
//! threads stand in one file, so that the order in which a store comes and goes can be read in one place.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use nix::fcntl::{Flock, FlockArg};
use rusqlite::{Connection, OpenFlags, OptionalExtension as _};
use tokio::sync::{mpsc, oneshot};
use zeroize::Zeroizing;

use super::{
    Page, Persisted, Query, Step, Store, StoreError, Stored, StoredName,
    accounts::{self, EraseJob},
    keys, load, made, schema,
    schema::SchemaError,
    writer::{StepJob, Work, Writer},
};
use crate::{
    clock::{self, Clock},
    entropy::{self, NoEntropy},
    vault::{KeyFile, KeyringError, Pepper, Place, Vault, VaultError},
};

/// How many calls may wait for the writer, and as many for the reader.
const QUEUE: usize = 1024;

/// How long a commit may take beyond its caller's deadline before the answer is "unknown".
const GRACE: Duration = Duration::from_secs(2);

/// The bytes to which the WAL is grown beforehand: a WAL that grows doubles a commit's time.
const WAL_BYTES: i64 = 1024 * 1024;

/// The pages in the WAL from which on the writer itself sees to it that it begins anew.
const WAL_PAGES_MOST: i64 = 1024;

/// Why a store cannot be opened. Each says what to do; none is worked around.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another daemon has it.
    #[error("{0} is locked: another otpd is running on it; stop that one first")]
    Locked(PathBuf),
    /// What was made here is not here any more.
    #[error(
        "{0} is missing or empty although a store was made here; restore it from backup, or empty \
         the directory to begin anew with nobody enrolled"
    )]
    Lost(PathBuf),
    /// The directory or the lock cannot be used.
    #[error("{path}: {error}; check that it exists and belongs to the user of otpd")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The keys are not to be had.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// The keys do not open the store.
    #[error("{path}: {error}")]
    Vault {
        /// Which file.
        path: PathBuf,
        /// What does not open.
        error: VaultError,
    },
    /// The tables are not as this version needs them.
    #[error("{path}: {error}")]
    Schema {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        error: SchemaError,
    },
    /// The store failed while it was opened.
    #[error("{path}: {error}; check the disk, or restore the store from backup")]
    Store {
        /// Which file.
        path: PathBuf,
        /// What failed.
        error: StoreError,
    },
    /// No pepper could be made.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
}

/// What the threads share.
pub(super) struct Shared {
    path: PathBuf,
    pub(super) vault: Vault,
    /// Where the vault's keys lie.
    pub(super) keyfile: KeyFile,
    pub(super) pepper: Arc<Pepper>,
    pub(super) clock: Arc<dyn Clock>,
    /// Whether commits have left the keeper behind: the WAL only grows then.
    pub(super) crowded: AtomicBool,
    /// Open for as long as the store is, and otherwise unused: SQLite locks everybody out at once,
    /// without waiting, while a last connection closes, and after a failure a thread closes its own.
    _anchor: Mutex<Connection>,
    _lock: Flock<File>,
}

/// The embedded store. It holds a lock on its directory for as long as it lives.
pub struct SqliteStore {
    writes: mpsc::Sender<Work>,
    reads: mpsc::Sender<Read>,
    pepper: Arc<Pepper>,
    threads: Vec<JoinHandle<()>>,
}

/// A question on its way; it tells whether the connection may be used again.
pub(super) type Read = Box<dyn FnOnce(&Shared, Result<&Connection, StoreError>) -> bool + Send>;

impl SqliteStore {
    /// Opens the store in a directory, and makes it and its keyring where there are none.
    /// `credential` is a keyring from elsewhere, in place of the one in the directory.
    ///
    /// # Errors
    /// When another daemon has it, the keys do not fit, or the disk does not do.
    pub fn open(
        dir: &Path,
        credential: Option<&Path>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        let lock = lock(dir)?;
        let path = dir.join("otpd.db");
        let made = made::is_said(&lock).map_err(|error| at(dir, error))?;
        if made && fs::metadata(&path).map_or(0, |file| file.len()) == 0 {
            return Err(OpenError::Lost(path));
        }
        let (keyfile, keyring) = keys::keyring(dir, &path, credential)?;
        let vault = Vault::new(keyring);
        let mut connection = connect(&path)
            .map_err(|error| OpenError::Store { path: path.clone(), error: error.into() })?;
        schema::migrate(&mut connection)
            .map_err(|error| OpenError::Schema { path: path.clone(), error })?;
        let pepper = Arc::new(pepper(&mut connection, &path, &vault)?);
        if !made {
            checkpoint(&connection)
                .map_err(|error| OpenError::Store { path: path.clone(), error: error.into() })?;
            made::say(&lock).map_err(|error| at(dir, error))?;
        }
        let failed =
            |error: rusqlite::Error| OpenError::Store { path: path.clone(), error: error.into() };
        let anchor = connect(&path).map_err(failed)?;
        // A connection has the database open once it has read from it.
        anchor.query_row("SELECT count(*) FROM meta", [], |_| Ok(())).map_err(failed)?;
        let shared = Arc::new(Shared {
            path,
            vault,
            keyfile,
            pepper,
            clock,
            crowded: AtomicBool::new(false),
            _anchor: Mutex::new(anchor),
            _lock: lock,
        });
        Self::start(&shared, connection)
    }

    fn start(shared: &Arc<Shared>, connection: Connection) -> Result<Self, OpenError> {
        let (writes, write_queue) = mpsc::channel(QUEUE);
        let (reads, read_queue) = mpsc::channel(QUEUE);
        let (checkpoint, wanted) = std::sync::mpsc::sync_channel(1);
        let writer =
            Writer { shared: shared.clone(), connection: Some(connection), checkpoint, commits: 0 };
        let (reader, keeper) = (shared.clone(), shared.clone());
        let threads = [
            spawn("otpd-writer", move || writer.serve(write_queue)),
            spawn("otpd-reader", move || read(&reader, read_queue)),
            spawn("otpd-keeper", move || keep(&keeper, &wanted)),
        ];
        let path = &shared.path;
        let threads: Result<Vec<_>, _> = threads.into_iter().collect();
        let threads = threads.map_err(|error| OpenError::Io { path: path.clone(), error })?;
        Ok(Self { writes, reads, pepper: shared.pepper.clone(), threads })
    }

    /// Answers what waits, and closes. To be called off the runtime.
    pub fn close(self) {
        let Self { writes, reads, threads, .. } = self;
        drop((writes, reads));
        for thread in threads {
            // A thread that panicked has answered nobody, which is everybody's denial.
            let _ = thread.join();
        }
    }

    /// What one-time codes and secrets are hashed with, to be kept or found.
    pub fn pepper(&self) -> &Pepper {
        &self.pepper
    }

    /// Has the writer do something when its turn comes.
    pub(super) fn queue(&self, work: Work) -> Result<(), StoreError> {
        self.writes.try_send(work).map_err(|error| refused(&error))
    }

    /// Has the reader answer something when its turn comes.
    pub(super) fn ask(&self, question: Read) -> Result<(), StoreError> {
        self.reads.try_send(question).map_err(|error| refused(&error))
    }

    /// Whether a thread of the store has died. Nothing can be answered then; start anew.
    pub fn is_dead(&self) -> bool {
        self.threads.iter().any(JoinHandle::is_finished)
    }
}

impl Store for SqliteStore {
    async fn transact<S: Step>(
        &self,
        step: S,
        before: Instant,
    ) -> Result<Persisted<S::Outcome>, StoreError> {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(StepJob { step, before, reply, outcome: None });
        self.queue(Work::Step(job))?;
        answered(answer, before).await
    }

    async fn snapshot<Q: Query>(&self, query: Q, before: Instant) -> Result<Q::Row, StoreError> {
        self.look(before, move |shared, moment| {
            let now = shared.clock.now();
            let (records, _) = load::records(moment, shared.opened_by(), query.keys(), now)?;
            Ok(query.answer(&records, now))
        })
        .await
    }

    async fn accounts(
        &self,
        after: StoredName,
        most: u32,
        before: Instant,
    ) -> Result<Page, StoreError> {
        self.look(before, move |shared, moment| {
            let entries = accounts::page(moment, shared.opened_by(), &after, most)?;
            Ok(Page { now: shared.clock.now(), entries })
        })
        .await
    }

    async fn stored(
        &self,
        name: StoredName,
        before: Instant,
    ) -> Result<Option<Stored>, StoreError> {
        let look = move |shared: &Shared, moment: &Connection| {
            accounts::stored(moment, shared.opened_by(), &name)
        };
        self.look(before, look).await
    }

    async fn erase(
        &self,
        name: StoredName,
        before: Instant,
    ) -> Result<Persisted<Option<Stored>>, StoreError> {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(EraseJob { name, before, reply, found: None });
        self.queue(Work::Step(job))?;
        answered(answer, before).await
    }
}

impl SqliteStore {
    /// Looks at what one commit left.
    async fn look<T: Send + 'static>(
        &self,
        before: Instant,
        look: impl FnOnce(&Shared, &Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let read: Read = Box::new(move |shared, connection| {
            if reply.is_closed() {
                return true;
            }
            if clock::monotonic() > before {
                return reply.send(Err(StoreError::Late)).is_ok();
            }
            let row = connection.and_then(|connection| {
                // One transaction, so that what is seen is what one commit left.
                let moment = connection.unchecked_transaction()?;
                look(shared, &moment)
            });
            let usable = row.is_ok();
            // A caller that has gone needs no answer.
            let _ = reply.send(row);
            usable
        });
        self.ask(read)?;
        answered(answer, before).await
    }
}

fn refused<T>(error: &mpsc::error::TrySendError<T>) -> StoreError {
    match error {
        mpsc::error::TrySendError::Full(_) => StoreError::Full,
        mpsc::error::TrySendError::Closed(_) => StoreError::Closed,
    }
}

pub(super) async fn answered<T>(
    answer: oneshot::Receiver<Result<T, StoreError>>,
    before: Instant,
) -> Result<T, StoreError> {
    match tokio::time::timeout_at((before + GRACE).into(), answer).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Err(StoreError::Failed("the store gave no answer".into())),
        Err(_) => Err(StoreError::Failed("no answer from the disk; the outcome is unknown".into())),
    }
}

impl Shared {
    /// What stored records are opened and checked with.
    pub(super) fn opened_by(&self) -> load::OpenedBy<'_> {
        load::OpenedBy { vault: &self.vault, pepper: &self.pepper }
    }

    /// How large the WAL is; nothing where it cannot be seen.
    pub(super) fn wal_bytes(&self) -> u64 {
        fs::metadata(self.path.with_extension("db-wal")).map_or(0, |wal| wal.len())
    }

    /// A further connection to the opened store.
    pub(super) fn connect(&self) -> Result<Connection, StoreError> {
        Ok(connect(&self.path)?)
    }
}

fn at(path: &Path, error: io::Error) -> OpenError {
    OpenError::Io { path: path.to_owned(), error }
}

fn connect(path: &Path) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(2))?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA trusted_schema = OFF;
         PRAGMA cell_size_check = ON;
         PRAGMA secure_delete = ON;
         PRAGMA wal_autocheckpoint = 0;
         PRAGMA journal_size_limit = 4194304;",
    )?;
    Ok(connection)
}

fn lock(dir: &Path) -> Result<Flock<File>, OpenError> {
    let path = dir.join("lock");
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    options.custom_flags(libc::O_NOFOLLOW);
    let file = options.open(&path).map_err(|error| OpenError::Io { path: path.clone(), error })?;
    Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|_| OpenError::Locked(path))
}

fn pepper(connection: &mut Connection, path: &Path, vault: &Vault) -> Result<Pepper, OpenError> {
    const PLACE: Place<'_> = Place { account: "", device: "", field: "pepper" };
    let vault_error = |error| OpenError::Vault { path: path.to_owned(), error };
    let failed =
        |error: rusqlite::Error| OpenError::Store { path: path.to_owned(), error: error.into() };
    let select = "SELECT value FROM meta WHERE key = 'pepper'";
    let stored: Option<Vec<u8>> =
        connection.query_row(select, [], |row| row.get(0)).optional().map_err(failed)?;
    let bytes: Zeroizing<Vec<u8>> = match stored {
        Some(sealed) => vault.open(PLACE, &sealed).map_err(vault_error)?,
        None => {
            let bytes = entropy::secret(Pepper::BYTES)?;
            let sealed = vault.seal(PLACE, &bytes).map_err(vault_error)?;
            let insert = "INSERT INTO meta (key, value) VALUES ('pepper', ?1)";
            connection.execute(insert, [sealed]).map_err(failed)?;
            bytes
        }
    };
    Ok(Pepper::new(bytes))
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(name.to_owned()).spawn(body)
}

/// The reader: a connection of its own, so that questions do not wait for the disk. After an error
/// the next question gets a new one.
fn read(shared: &Shared, mut queue: mpsc::Receiver<Read>) {
    let mut connection: Option<Connection> = None;
    while let Some(question) = queue.blocking_recv() {
        let usable = match &connection {
            Some(connection) => question(shared, Ok(connection)),
            None => match shared.connect() {
                Ok(fresh) => question(shared, Ok(connection.insert(fresh))),
                Err(error) => question(shared, Err(error)),
            },
        };
        if !usable {
            connection = None;
        }
    }
}

/// The keeper: grows the WAL once and checkpoints when told. A checkpoint that fails loses nothing:
/// the WAL holds it all, and the next one tries again.
fn keep(shared: &Shared, wanted: &std::sync::mpsc::Receiver<()>) {
    let mut connection = shared.connect().ok();
    if let Some(connection) = &connection {
        let _ = grow(connection);
    }
    while wanted.recv().is_ok() {
        if connection.is_none() {
            connection = shared.connect().ok();
        }
        match connection.as_ref().map(checkpoint) {
            Some(Ok(pages)) if pages < WAL_PAGES_MOST => {}
            Some(Ok(_)) => shared.crowded.store(true, Ordering::Relaxed),
            Some(Err(_)) | None => connection = None,
        }
    }
}

fn grow(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute(
        "INSERT OR REPLACE INTO meta (key, value) VALUES ('ballast', zeroblob(?1))",
        [WAL_BYTES],
    )?;
    connection.execute("DELETE FROM meta WHERE key = 'ballast'", [])?;
    checkpoint(connection).map(drop)
}

/// Copies what is in the WAL into the database, beside the commits; how many pages the WAL has.
fn checkpoint(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get("log"))
}

#[cfg(test)]
mod tests;
