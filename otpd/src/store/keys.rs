//! Keys that come and go while the store is in use. Whatever changes the keyring waits its turn at
//! the writer and runs there between two transactions: nothing is being sealed then, and what is
//! counted is committed. Resealing is a job among the others and shares their commit.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{
    OpenError, SqliteStore, StoreError,
    sealed::{self, Resealed, Uses},
    sqlite::Shared,
    writer::{Alone, Job, Ran, Run, Work},
};
use crate::{
    clock,
    vault::{ChangeError, KeyFile, Keyring, KeyringError, Tag},
};

/// How long to wait for a checkpoint that somebody else is making.
const PAUSE: Duration = Duration::from_millis(10);

/// How long commits may stand still for it: logins wait meanwhile.
const STANDS_STILL: Duration = Duration::from_secs(1);

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRole {
    /// It seals, and opens.
    Seals,
    /// It opens what it has sealed.
    Opens,
    /// The keyring does not hold it although values need it.
    Missing,
    /// No key at all: what lies where sealed values should be is none.
    Unreadable,
}

/// A key, and how many sealed values need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyUse {
    /// What it is called; empty for [`KeyRole::Unreadable`].
    pub tag: String,
    /// How many values need it.
    pub values: u64,
    /// What it is for.
    pub role: KeyRole,
}

/// Why a key was not retired, or nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The keyring holds no such key.
    #[error("the keyring holds no key of that name; otpctl keys list shows what there is")]
    Unknown,
    /// It is the key that seals.
    #[error("key {0} seals; otpctl keys add makes another one that does")]
    Seals(Tag),
    /// Values need it.
    #[error(
        "{values} sealed values need key {tag}; otpctl keys reseal first. Backups made before \
         that need it for as long as they are kept"
    )]
    Needed {
        /// The key.
        tag: Tag,
        /// How many.
        values: u64,
    },
    /// The keyring's file was not changed.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SqliteStore {
    /// Which keys there are and how many values need each: those of the keyring in its order, then
    /// those that are missing.
    pub async fn keys(&self, before: Instant) -> Result<Vec<KeyUse>, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.ask(Box::new(move |shared, connection| {
            let found =
                connection.and_then(|connection| Ok(listed(shared, sealed::uses(connection)?)));
            let usable = found.is_ok();
            // A caller that has gone needs no answer.
            let _ = reply.send(found);
            usable
        }))?;
        super::sqlite::answered(answer, before).await
    }

    /// Makes a key, which seals from now on.
    ///
    /// # Errors
    /// When the keyring's file is not the daemon's to change, or cannot be written. The old keys
    /// stay in use then.
    pub async fn add_key(&self, before: Instant) -> Result<Tag, KeysError> {
        self.alone(before, |shared, _| {
            let keyring = shared.keyfile.add(&shared.vault.keyring())?;
            shared.vault.change(keyring);
            Ok(shared.vault.keyring().sealing_tag().clone())
        })
        .await
    }

    /// Takes a key out of the keyring that nothing needs.
    ///
    /// # Errors
    /// When something needs it, it seals, or the keyring's file cannot be changed.
    pub async fn retire_key(&self, tag: Tag, before: Instant) -> Result<(), KeysError> {
        self.alone(before, move |shared, connection| {
            let used = shared.vault.keyring();
            if used.sealing_tag() == &tag {
                return Err(KeysError::Seals(tag));
            }
            if !used.tags().any(|other| *other == tag) {
                return Err(KeysError::Unknown);
            }
            let uses = sealed::uses(connection)?;
            if let Some(values) = uses.get(&Some(tag.to_string())) {
                return Err(KeysError::Needed { tag, values: *values });
            }
            into_the_database(connection, before)?;
            shared.vault.change(shared.keyfile.retire(&used, &tag)?);
            Ok(())
        })
        .await
    }

    /// Seals up to `most` values with the sealing key that others have sealed, in one transaction.
    pub async fn reseal(&self, most: usize, before: Instant) -> Result<Resealed, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.queue(Work::Step(Box::new(Reseal { most, before, reply, resealed: None })))?;
        super::sqlite::answered(answer, before).await
    }

    async fn alone<T: Send + 'static>(
        &self,
        before: Instant,
        work: impl FnOnce(&Shared, &Connection) -> Result<T, KeysError> + Send + 'static,
    ) -> Result<T, KeysError> {
        let (reply, answer) = oneshot::channel();
        let alone: Alone = Box::new(move |shared, connection| {
            let late = reply.is_closed() || clock::monotonic() > before;
            let done = match connection {
                _ if late => Err(StoreError::Late.into()),
                Ok(connection) => work(shared, connection),
                Err(error) => Err(error.into()),
            };
            let usable = !matches!(done, Err(KeysError::Store(_)));
            let _ = reply.send(Ok(done));
            usable
        });
        self.queue(Work::Alone(alone))?;
        super::sqlite::answered(answer, before).await?
    }
}

/// A keyring is made only together with the store: a store without its keyring is a loss to be
/// told, not to be papered over with a new one.
pub(super) fn keyring(
    dir: &Path,
    db: &Path,
    credential: Option<&Path>,
) -> Result<(KeyFile, Keyring), OpenError> {
    if let Some(path) = credential {
        let file = KeyFile::credential(path.to_owned());
        let keyring = file.read()?;
        return Ok((file, keyring));
    }
    let file = KeyFile::own(dir.join("keyring"));
    let keyring = match file.read().and_then(|keyring| file.tidy().map(|()| keyring)) {
        Err(KeyringError::Missing(_)) if !db.exists() => file.create()?,
        other => other?,
    };
    Ok((file, keyring))
}

fn listed(shared: &Shared, mut uses: Uses) -> Vec<KeyUse> {
    let keyring = shared.vault.keyring();
    let mut keys: Vec<KeyUse> = Vec::new();
    for tag in keyring.tags() {
        let role = if tag == keyring.sealing_tag() { KeyRole::Seals } else { KeyRole::Opens };
        let tag = tag.to_string();
        let values = uses.remove(&Some(tag.clone())).unwrap_or(0);
        keys.push(KeyUse { tag, values, role });
    }
    keys.extend(uses.into_iter().map(|(tag, values)| {
        let role = if tag.is_some() { KeyRole::Missing } else { KeyRole::Unreadable };
        KeyUse { tag: tag.unwrap_or_default(), values, role }
    }));
    keys
}

/// Copies all that was committed from the log into the database: were the log lost after the key,
/// older values would be back that nothing opens. Waits for whoever still reads those.
fn into_the_database(connection: &Connection, before: Instant) -> Result<(), StoreError> {
    let before = before.min(clock::monotonic() + STANDS_STILL);
    loop {
        let busy: i64 =
            connection.query_row("PRAGMA wal_checkpoint(FULL)", [], |row| row.get("busy"))?;
        match busy {
            0 => return Ok(()),
            // The keeper is at it.
            _ if clock::monotonic() < before => std::thread::sleep(PAUSE),
            _ => return Err(StoreError::Late),
        }
    }
}

/// Resealing, as a job of the writer.
struct Reseal {
    most: usize,
    before: Instant,
    reply: oneshot::Sender<Result<Resealed, StoreError>>,
    resealed: Option<Resealed>,
}

impl Job for Reseal {
    fn is_late(&self, now: Instant) -> bool {
        now > self.before || self.reply.is_closed()
    }

    fn run(&mut self, run: &Run<'_>) -> Result<Ran, StoreError> {
        let resealed = sealed::reseal(run.connection, run.vault(), self.most)?;
        let ran = if resealed.done == 0 { Ran::Unchanged } else { Ran::Changed };
        self.resealed = Some(resealed);
        Ok(ran)
    }

    fn answer(self: Box<Self>, fate: Result<(), StoreError>) {
        let Self { reply, resealed, .. } = *self;
        let lost = StoreError::Failed("resealing ended without an outcome".to_owned());
        // A caller that has gone needs no answer; what was committed stays.
        let _ = reply.send(fate.and_then(|()| resealed.ok_or(lost)));
    }
}

#[cfg(test)]
mod tests;
