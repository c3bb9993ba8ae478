//! The writer: one thread that takes what waits, runs it in one transaction with one sync, and then
//! answers. A step that cannot be read or written is answered with its error and leaves the others
//! alone; whatever ends the transaction itself is everybody's denial.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::{Persisted, Step, StoreError, load, save::Saver, sqlite::Shared};
use crate::vault::Vault;
use otp_core::{Decision, UnixTime};

/// How many steps share a transaction at most.
const GROUP: usize = 64;

/// The size of the WAL from which on the writer does not leave it to the keeper, in bytes.
const WAL_BYTES_MOST: u64 = 8 * 1024 * 1024;

/// How many commits go by between two checkpoints.
const COMMITS_PER_CHECKPOINT: u32 = 128;

/// What waits for the writer.
pub(super) enum Work {
    /// Shares a transaction with others.
    Step(Box<dyn Job>),
    /// Runs between two transactions.
    Alone(Alone),
}

/// Work that has the connection for itself; it tells whether that may be used again.
pub(super) type Alone = Box<dyn FnOnce(&Shared, Result<&Connection, StoreError>) -> bool + Send>;

/// A step on its way, without its type.
pub(super) trait Job: Send {
    /// Whether its caller has gone or stopped waiting.
    fn is_late(&self, now: Instant) -> bool;

    /// Runs within a savepoint; whether it changed anything.
    fn run(&mut self, run: &Run<'_>) -> Result<Ran, StoreError>;

    /// Answers: with its outcome where `fate` is good, else with the error.
    fn answer(self: Box<Self>, fate: Result<(), StoreError>);
}

/// What a job is run with.
pub(super) struct Run<'a> {
    pub(super) connection: &'a Connection,
    pub(super) shared: &'a Shared,
    now: UnixTime,
}

impl Run<'_> {
    /// Opens and seals.
    pub(super) fn vault(&self) -> &Vault {
        &self.shared.vault
    }
}

/// Whether a job needs the commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ran {
    Changed,
    Unchanged,
}

pub(super) struct StepJob<S: Step> {
    pub(super) step: S,
    pub(super) before: Instant,
    pub(super) reply: oneshot::Sender<Result<Persisted<S::Outcome>, StoreError>>,
    pub(super) outcome: Option<Persisted<S::Outcome>>,
}

impl<S: Step> Job for StepJob<S> {
    fn is_late(&self, now: Instant) -> bool {
        now > self.before || self.reply.is_closed()
    }

    fn run(&mut self, run: &Run<'_>) -> Result<Ran, StoreError> {
        let Run { connection, shared, now } = *run;
        let (records, versions) =
            load::records(connection, shared.opened_by(), self.step.keys(), now)?;
        match self.step.decide(&records, now) {
            Decision::Unchanged(refusal) => {
                self.outcome = Some(Persisted(Err(refusal)));
                Ok(Ran::Unchanged)
            }
            Decision::Change(transition) => {
                let (changes, outcome) = transition.into_parts();
                let seen = versions.iter().find(|(name, _)| Some(name) == changes.account.as_ref());
                let (vault, pepper, by) = (&shared.vault, &shared.pepper, self.step.by());
                let saver = Saver { connection, vault, pepper, now, by };
                saver.save(changes, seen.map(|(_, version)| *version))?;
                self.outcome = Some(Persisted(Ok(outcome)));
                Ok(Ran::Changed)
            }
        }
    }

    fn answer(self: Box<Self>, fate: Result<(), StoreError>) {
        let Self { reply, outcome, .. } = *self;
        let lost = StoreError::Failed("a step ended without an outcome".to_owned());
        // A caller that has gone needs no answer; what was committed stays.
        let _ = reply.send(fate.and_then(|()| outcome.ok_or(lost)));
    }
}

/// The thread's own state.
pub(super) struct Writer {
    pub(super) shared: Arc<Shared>,
    pub(super) connection: Option<Connection>,
    pub(super) checkpoint: std::sync::mpsc::SyncSender<()>,
    pub(super) commits: u32,
}

impl Writer {
    /// Serves until every sender is gone and the queue is empty.
    pub(super) fn serve(mut self, mut queue: mpsc::Receiver<Work>) {
        while let Some(first) = queue.blocking_recv() {
            let mut next = Some(first);
            while let Some(work) = next.take() {
                match work {
                    Work::Alone(work) => self.serve_alone(work),
                    Work::Step(first) => {
                        let (group, rest) = gather(first, &mut queue);
                        self.serve_group(group);
                        next = rest;
                    }
                }
            }
        }
    }

    fn serve_alone(&mut self, work: Alone) {
        let connection = match &mut self.connection {
            Some(connection) => Ok(connection),
            none => self.shared.connect().map(|fresh| none.insert(fresh)),
        };
        if !work(&self.shared, connection.map(|connection| &*connection)) {
            self.connection = None;
        }
    }

    fn serve_group(&mut self, group: Vec<Box<dyn Job>>) {
        let now = crate::clock::monotonic();
        let (late, mut group): (Vec<_>, Vec<_>) = group.into_iter().partition(|j| j.is_late(now));
        for job in late {
            job.answer(Err(StoreError::Late));
        }
        if group.is_empty() {
            return;
        }
        let fates = match self.transaction(&mut group) {
            Ok(fates) => fates,
            Err(error) => {
                // The connection may be in any state: the next group begins with a new one.
                self.connection = None;
                // On a full disk a checkpoint gives back the room that the WAL has.
                self.commits = COMMITS_PER_CHECKPOINT;
                group.iter().map(|_| Err(error.clone())).collect()
            }
        };
        for (job, fate) in group.into_iter().zip(fates) {
            job.answer(fate.map(drop));
        }
        self.checkpoint_sometimes();
    }

    /// Runs the group in one transaction; the fate of each job. An error is everybody's: also of
    /// those who changed nothing, for they may have seen what then was not committed.
    fn transaction(
        &mut self,
        group: &mut [Box<dyn Job>],
    ) -> Result<Vec<Result<Ran, StoreError>>, StoreError> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(self.shared.connect()?),
        };
        connection.execute_batch("BEGIN IMMEDIATE")?;
        let run = Run { connection, shared: &self.shared, now: self.shared.clock.now() };
        let fates: Result<Vec<_>, StoreError> =
            group.iter_mut().map(|job| in_savepoint(job.as_mut(), &run)).collect();
        let fates = fates?;
        if fates.contains(&Ok(Ran::Changed)) {
            self.commits = self.commits.saturating_add(1);
            connection.execute_batch("COMMIT")?;
        } else {
            connection.execute_batch("ROLLBACK")?;
        }
        Ok(fates)
    }

    /// Has the keeper checkpoint beside the commits. Where these never pause it never catches up, or
    /// may not even get a turn; then the rest is done here, where nothing is committed meanwhile.
    fn checkpoint_sometimes(&mut self) {
        if self.commits < COMMITS_PER_CHECKPOINT {
            return;
        }
        self.commits = 0;
        // Full: the keeper has been told already.
        let _ = self.checkpoint.try_send(());
        let behind = self.shared.wal_bytes() > WAL_BYTES_MOST;
        let crowded = self.shared.crowded.swap(false, Ordering::Relaxed);
        if (behind || crowded)
            && let Some(connection) = &self.connection
        {
            // What fails or is kept busy is tried again once the keeper has looked again.
            let _ = connection.query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(()));
        }
    }
}

/// The steps that wait, and what waits behind them and cannot share their transaction.
fn gather(
    first: Box<dyn Job>,
    queue: &mut mpsc::Receiver<Work>,
) -> (Vec<Box<dyn Job>>, Option<Work>) {
    let mut group = vec![first];
    while group.len() < GROUP {
        match queue.try_recv() {
            Ok(Work::Step(job)) => group.push(job),
            Ok(alone @ Work::Alone(_)) => return (group, Some(alone)),
            Err(_) => break,
        }
    }
    (group, None)
}

/// A step that fails is undone alone. Where that cannot be done, or the transaction has ended by
/// itself (a full disk and an I/O error end it), the error is the whole group's: what a failed step
/// left behind must not be committed with the others, nor a later step by itself.
fn in_savepoint(job: &mut dyn Job, run: &Run<'_>) -> Result<Result<Ran, StoreError>, StoreError> {
    run.connection.execute_batch("SAVEPOINT step")?;
    let ran = job.run(run);
    if run.connection.is_autocommit() {
        let gone = StoreError::Failed("the transaction ended by itself".to_owned());
        return Err(ran.err().unwrap_or(gone));
    }
    match ran {
        Ok(_) => run.connection.execute_batch("RELEASE step")?,
        Err(_) => run.connection.execute_batch("ROLLBACK TO step; RELEASE step")?,
    }
    Ok(ran)
}
