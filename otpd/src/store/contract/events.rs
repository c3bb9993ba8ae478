//! An event is there if, and only if, what it records is.

use super::*;
use crate::store::Logged;

/// What is told of the account.
struct Tell(Vec<Key>);

impl Query for Tell {
    type Row = Vec<Logged>;

    fn keys(&self) -> &[Key] {
        &self.0
    }

    fn answer(&self, seen: &Records, _: UnixTime) -> Vec<Logged> {
        seen.log().to_vec()
    }
}

fn wrong() -> Offer {
    Offer::Code(Code::parse("0000000").unwrap())
}

async fn told<S: Store>(store: &S) -> Vec<Logged> {
    store.snapshot(Tell(vec![Key::Log(Some(name()), 1000)]), soon()).await.unwrap()
}

/// Events are there for a store opened anew, and those who ask in vain leave none.
async fn keeps_events<S: Store>(open: impl AsyncFn() -> S, close: impl Fn(S)) {
    let store = open().await;
    enrolled(&store).await;
    assert!(is_accepted(&verify(&store, code(1)).await));
    assert!(matches!(verify(&store, code(1)).await, Err(Refusal::Used(..))));
    let past = monotonic().checked_sub(Duration::from_secs(1)).unwrap();
    assert!(store.transact(Verify(keys(), code(2)), past).await.is_err());
    assert!(verify(&store, wrong()).await.is_ok());
    let before = told(&store).await;
    assert_eq!(before.len(), 4, "enrolled, confirmed, accepted, wrong: {before:?}");
    close(store);
    let store = open().await;
    assert_eq!(told(&store).await, before);
    close(store);
}

#[test]
fn sqlite_keeps_events() {
    let dir = tempfile::tempdir().unwrap();
    let open = async || SqliteStore::open(dir.path(), None, clock()).unwrap();
    runtime().block_on(keeps_events(open, SqliteStore::close));
}

#[test]
fn sqlite_has_no_event_without_its_change_and_no_change_without_its_event() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path(), None, clock()).unwrap();
    let beside = rusqlite::Connection::open(dir.path().join("otpd.db")).unwrap();
    runtime().block_on(async {
        enrolled(&store).await;
        let before = told(&store).await;
        for written in ["UPDATE ON device", "INSERT ON address", "INSERT ON event"] {
            let trigger = format!(
                "CREATE TRIGGER stop BEFORE {written} BEGIN SELECT RAISE(ABORT, 'as meant'); END"
            );
            beside.execute_batch(&trigger).unwrap();
            let denied = store.transact(Verify(keys(), code(1)), soon()).await;
            assert!(matches!(denied, Err(StoreError::Failed(_))), "{written}: {denied:?}");
            beside.execute_batch("DROP TRIGGER stop").unwrap();
            assert_eq!(told(&store).await, before, "{written}");
        }
        assert!(is_accepted(&verify(&store, code(1)).await), "a code was spent without a yes");
        assert_eq!(told(&store).await.len(), before.len() + 1);
    });
}

/// An event that cannot be read denies nobody.
#[test]
fn sqlite_lets_in_beside_damaged_events() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path(), None, clock()).unwrap();
    runtime().block_on(async {
        enrolled(&store).await;
        assert!(verify(&store, wrong()).await.is_ok());
        let beside = rusqlite::Connection::open(dir.path().join("otpd.db")).unwrap();
        beside.execute("UPDATE event SET body = 'nonsense', class = 'failure'", []).unwrap();
        assert!(verify(&store, wrong()).await.is_ok());
        assert!(is_accepted(&verify(&store, code(1)).await));
        let readable = told(&store).await.into_iter().map(|logged| logged.what.is_some());
        assert_eq!(readable.collect::<Vec<_>>(), [true, true, false, false, false]);
    });
}
