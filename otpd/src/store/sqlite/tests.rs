//! What a transaction does when a step or the commit goes wrong, with steps that go wrong.

use std::sync::{Barrier, atomic::AtomicU64};

use super::*;
use crate::{
    clock::monotonic,
    store::{
        contract::SetClock,
        writer::{Job, Ran, Run},
    },
};

/// Runs some SQL, and tells its fate.
struct Sql {
    text: &'static str,
    ran: Result<Ran, StoreError>,
    fate: std::sync::mpsc::Sender<Result<(), StoreError>>,
    /// Met twice: when it has begun, and to let it go on, so that others queue up behind it.
    held: Option<Arc<Barrier>>,
}

impl Job for Sql {
    fn is_late(&self, _: Instant) -> bool {
        false
    }

    fn run(&mut self, run: &Run<'_>) -> Result<Ran, StoreError> {
        if let Some(held) = &self.held {
            held.wait();
            held.wait();
        }
        run.connection.execute_batch(self.text)?;
        self.ran.clone()
    }

    fn answer(self: Box<Self>, fate: Result<(), StoreError>) {
        self.fate.send(fate).unwrap();
    }
}

fn open(dir: &Path) -> SqliteStore {
    SqliteStore::open(dir, None, Arc::new(SetClock(AtomicU64::new(1_700_000_000)))).unwrap()
}

/// The fates of jobs that share one transaction, and how many rows they left in `meta`.
fn together(jobs: Vec<(&'static str, Result<Ran, StoreError>)>) -> (Vec<bool>, i64) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let held = Arc::new(Barrier::new(2));
    let job = |sql, ran, held| {
        let (fate, told) = std::sync::mpsc::channel();
        assert!(
            store.writes.try_send(Work::Step(Box::new(Sql { text: sql, ran, fate, held }))).is_ok()
        );
        told
    };
    let first = job("", Ok(Ran::Unchanged), Some(held.clone()));
    held.wait();
    let fates: Vec<_> = jobs.into_iter().map(|(sql, ran)| job(sql, ran, None)).collect();
    held.wait();
    first.recv().unwrap().unwrap();
    let fates = fates.iter().map(|fate| fate.recv().unwrap().is_ok()).collect();
    // The store goes on, whatever went wrong.
    job("INSERT INTO meta VALUES ('after', x'00')", Ok(Ran::Changed), None)
        .recv()
        .unwrap()
        .unwrap();
    let rows = connect(&dir.path().join("otpd.db")).and_then(|c| {
        c.query_row("SELECT count(*) FROM meta WHERE key IN ('a', 'b')", [], |r| r.get(0))
    });
    store.close();
    (fates, rows.unwrap())
}

const A: &str = "INSERT INTO meta VALUES ('a', x'00')";

fn failed() -> Result<Ran, StoreError> {
    Err(StoreError::Failed("of itself".to_owned()))
}

#[test]
fn a_step_that_fails_is_undone_alone() {
    let b = "INSERT INTO meta VALUES ('b', x'00')";
    assert_eq!(together(vec![(b, failed()), (A, Ok(Ran::Changed))]), (vec![false, true], 1));
}

#[test]
fn what_cannot_be_undone_is_not_committed_with_others() {
    let b = "INSERT INTO meta VALUES ('b', x'00'); RELEASE step";
    assert_eq!(together(vec![(A, Ok(Ran::Changed)), (b, failed())]), (vec![false, false], 0));
}

#[test]
fn after_the_transaction_has_ended_nothing_runs() {
    let jobs = vec![("ROLLBACK", failed()), (A, Ok(Ran::Changed))];
    assert_eq!(together(jobs), (vec![false, false], 0));
}

/// The second step may have refused because of what the first one did, which then did not last.
#[test]
fn a_commit_that_fails_is_everybodys_denial() {
    let orphan = "PRAGMA defer_foreign_keys = ON;
                  INSERT INTO lane VALUES ('nobody', 'local', '', x'00')";
    let jobs = vec![(A, Ok(Ran::Changed)), (orphan, Ok(Ran::Changed)), ("", Ok(Ran::Unchanged))];
    assert_eq!(together(jobs), (vec![false, false, false], 0));
}

/// 2 is FULL: each commit is synced before it is told. The power suite shows what it is for.
#[test]
fn every_connection_is_opened_for_durability() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(&dir.path().join("otpd.db")).unwrap();
    let number =
        |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
    for (name, value) in [
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("trusted_schema", 0),
        ("cell_size_check", 1),
        ("secure_delete", 1),
        ("wal_autocheckpoint", 0),
    ] {
        assert_eq!(number(name), value, "{name}");
    }
    let mode = connection.pragma_query_value(None, "journal_mode", |row| row.get::<_, String>(0));
    assert_eq!(mode.unwrap(), "wal");
}

/// A checkpoint beside commits that never pause never catches up with them by itself.
#[test]
fn the_wal_does_not_grow_without_bound() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let (fate, told) = std::sync::mpsc::channel();
    for _ in 0..1500 {
        let text = "INSERT OR REPLACE INTO meta VALUES ('a', randomblob(20000))";
        let job = Sql { text, ran: Ok(Ran::Changed), fate: fate.clone(), held: None };
        assert!(store.writes.try_send(Work::Step(Box::new(job))).is_ok());
        told.recv().unwrap().unwrap();
    }
    let wal = std::fs::metadata(dir.path().join("otpd.db-wal")).unwrap().len();
    store.close();
    assert!(wal < 20_000_000, "1500 commits of 20 kB made {wal} bytes");
}

#[test]
fn a_store_whose_thread_panics_is_dead() {
    struct Panic;
    impl Job for Panic {
        fn is_late(&self, _: Instant) -> bool {
            false
        }
        fn run(&mut self, _: &Run<'_>) -> Result<Ran, StoreError> {
            panic!("as meant by this test")
        }
        fn answer(self: Box<Self>, _: Result<(), StoreError>) {}
    }
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    assert!(!store.is_dead());
    assert!(store.writes.try_send(Work::Step(Box::new(Panic))).is_ok());
    let deadline = monotonic() + Duration::from_secs(10);
    while !store.is_dead() {
        assert!(monotonic() < deadline, "the store seems alive");
        std::thread::yield_now();
    }
    store.close();
}
