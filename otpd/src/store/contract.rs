//! What every store must hold to, as tests that each store runs: here attempts and commits, with the
//! steps that the other parts use too; accounts and events in files of their own.

pub(crate) mod accounts;
mod events;

use std::{
    sync::{
        Arc, Barrier,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use otp_core::{
    Algorithm, Asking, Attempt, Changed, Code, CodeHash, Counter, Decision, DeviceSummary, Digits,
    ExemptionReason, Kind, Label, NewDevice, Offer, Origin, Refusal, Seconds, Secret,
    ThrottlePolicy, Uid, UnixTime, UserName, Verified, Warrant, attempt, confirm,
    device::HotpState, enroll, exempt, hotp, invite,
};

use super::{Key, Persisted, Query, Records, SqliteStore, Step, Store, StoreError};
use crate::clock::{Clock, monotonic};

/// A clock that tests set.
pub(crate) struct SetClock(pub(crate) AtomicU64);

impl Clock for SetClock {
    fn now(&self) -> UnixTime {
        UnixTime::from_secs(self.0.load(Ordering::SeqCst))
    }
}

fn name() -> UserName {
    UserName::parse("alice").unwrap()
}

fn secret() -> Secret {
    Secret::from_bytes(b"12345678901234567890".to_vec()).unwrap()
}

fn code(counter: u64) -> Offer {
    Offer::Code(hotp(&secret(), Counter(counter), Algorithm::Sha1, Digits::SIX))
}

fn wrong() -> Offer {
    Offer::Code(Code::parse("0000000").unwrap())
}

fn asking(policy: &ThrottlePolicy, now: UnixTime) -> Asking<'_> {
    Asking { by: Uid(0), warrant: Warrant::Standing, policy, now }
}

fn soon() -> Instant {
    monotonic() + Duration::from_secs(10)
}

struct Enroll(Vec<Key>);

impl Step for Enroll {
    type Outcome = Changed<DeviceSummary>;

    fn keys(&self) -> &[Key] {
        &self.0
    }

    fn by(&self) -> Uid {
        Uid(0)
    }

    fn decide(&self, seen: &Records, now: UnixTime) -> Decision<Self::Outcome> {
        let state = HotpState::new(Algorithm::Sha1, Digits::SIX, Counter(0));
        let label = Some(Label::parse("token").unwrap());
        let kind = Kind::Hotp(secret(), state);
        let new = NewDevice { label, replaces: None, kind, random: [7; 4] };
        let policy = ThrottlePolicy::default();
        enroll(seen.account(&name()), &name(), Uid(1000), new, &asking(&policy, now))
    }
}

struct Invite(Vec<Key>);

impl Step for Invite {
    type Outcome = Changed<UnixTime>;

    fn keys(&self) -> &[Key] {
        &self.0
    }

    fn by(&self) -> Uid {
        Uid(0)
    }

    fn decide(&self, seen: &Records, now: UnixTime) -> Decision<Self::Outcome> {
        let (policy, new) = (ThrottlePolicy::default(), (CodeHash::new([7; 32]), Seconds(3600)));
        invite(seen.account(&name()), &name(), Uid(1000), new, &asking(&policy, now))
    }
}

struct Exempt(Vec<Key>);

impl Step for Exempt {
    type Outcome = Changed<UnixTime>;

    fn keys(&self) -> &[Key] {
        &self.0
    }

    fn by(&self) -> Uid {
        Uid(0)
    }

    fn decide(&self, seen: &Records, now: UnixTime) -> Decision<Self::Outcome> {
        let policy = ThrottlePolicy::default();
        let given = (Seconds(3600), ExemptionReason::parse("lost phone").unwrap());
        exempt(seen.account(&name()), &name(), Uid(1000), given, &asking(&policy, now))
    }
}

struct Confirm(Vec<Key>, u64);

impl Step for Confirm {
    type Outcome = Changed<DeviceSummary>;

    fn keys(&self) -> &[Key] {
        &self.0
    }

    fn by(&self) -> Uid {
        Uid(0)
    }

    fn decide(&self, seen: &Records, now: UnixTime) -> Decision<Self::Outcome> {
        let Some(account) = seen.account(&name()) else {
            return Decision::Unchanged(Refusal::NotEnrolled);
        };
        let policy = ThrottlePolicy::default();
        confirm(account, "token", &code(self.1), &Origin::Local, &asking(&policy, now))
    }
}

struct Verify(Vec<Key>, Offer);

impl Step for Verify {
    type Outcome = Verified;

    fn keys(&self) -> &[Key] {
        &self.0
    }

    fn by(&self) -> Uid {
        Uid(0)
    }

    fn decide(&self, seen: &Records, now: UnixTime) -> Decision<Verified> {
        let Some(account) = seen.account(&name()) else {
            return Decision::Unchanged(Refusal::NotEnrolled);
        };
        let it = Attempt {
            offer: &self.1,
            device: None,
            kinds: None,
            origin: &Origin::of_host("192.0.2.7"),
            service: "sshd",
            from: "192.0.2.7",
        };
        attempt(account, &it, &ThrottlePolicy::default(), now)
    }
}

struct Look(Vec<Key>);

impl Query for Look {
    type Row = Option<(bool, Vec<DeviceSummary>, u32, usize, Option<UserName>)>;

    fn keys(&self) -> &[Key] {
        &self.0
    }

    fn answer(&self, seen: &Records, now: UnixTime) -> Self::Row {
        let account = seen.account(&name())?;
        let devices = account.devices.iter().map(otp_core::Device::summary).collect();
        let recent = account.lanes.values().map(|lane| lane.recent(now)).sum();
        let owner = seen.owner(Uid(1000)).cloned();
        Some((account.enrolled, devices, recent, account.addresses.len(), owner))
    }
}

fn keys() -> Vec<Key> {
    vec![Key::Account(name()), Key::Owner(Uid(1000))]
}

async fn verify<S: Store>(store: &S, code: Offer) -> Result<Verified, Refusal> {
    store.transact(Verify(keys(), code), soon()).await.unwrap().into_result()
}

fn is_accepted(result: &Result<Verified, Refusal>) -> bool {
    matches!(result, Ok(Verified::Accepted { .. }))
}

async fn enrolled<S: Store>(store: &S) {
    let enrolled: Persisted<_> = store.transact(Enroll(keys()), soon()).await.unwrap();
    enrolled.into_result().unwrap().unwrap();
    let confirmed: Persisted<_> = store.transact(Confirm(keys(), 0), soon()).await.unwrap();
    confirmed.into_result().unwrap().unwrap();
}

/// What was changed is there, also for a store opened anew.
async fn keeps_what_it_acknowledged<S: Store>(open: impl AsyncFn() -> S, close: impl Fn(S)) {
    let store = open().await;
    assert_eq!(store.snapshot(Look(keys()), soon()).await.unwrap(), None);
    enrolled(&store).await;
    assert!(is_accepted(&verify(&store, code(1)).await));
    assert!(matches!(verify(&store, wrong()).await, Ok(Verified::Wrong { failures: 1, .. })));
    let before = store.snapshot(Look(keys()), soon()).await.unwrap().unwrap();
    close(store);
    let store = open().await;
    let after = store.snapshot(Look(keys()), soon()).await.unwrap().unwrap();
    assert_eq!(after, before);
    let (enrolled, devices, recent, addresses, owner) = after;
    assert_eq!((enrolled, devices.len(), recent, addresses, owner), (true, 1, 1, 1, Some(name())));
    assert!(matches!(verify(&store, code(1)).await, Err(Refusal::Used(..))));
    assert!(is_accepted(&verify(&store, code(2)).await));
    close(store);
}

/// Of many at once with one code, one is let in.
async fn accepts_once<S: Store>(store: Arc<S>) {
    enrolled(&*store).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let store = store.clone();
        tasks.spawn(async move { verify(&*store, code(1)).await });
    }
    let results = tasks.join_all().await;
    assert_eq!(results.iter().filter(|result| is_accepted(result)).count(), 1);
    let used = |result: &&Result<_, _>| matches!(result, Err(Refusal::Used(..)));
    assert_eq!(results.iter().filter(used).count(), 63);
}

/// A step for which nobody waits any more is not run.
async fn drops_what_is_late<S: Store>(store: &S) {
    enrolled(store).await;
    let past = monotonic().checked_sub(Duration::from_secs(1)).unwrap();
    let late = store.transact(Verify(keys(), code(1)), past).await;
    assert_eq!(late.err(), Some(StoreError::Late));
    assert_eq!(store.snapshot(Look(keys()), past).await.err(), Some(StoreError::Late));
    assert!(is_accepted(&verify(store, code(1)).await), "the late step was run");
}

/// Meets the test twice, so that others queue up behind it.
struct Hold(Vec<Key>, Arc<Barrier>);

impl Step for Hold {
    type Outcome = ();

    fn keys(&self) -> &[Key] {
        &self.0
    }

    fn by(&self) -> Uid {
        Uid(0)
    }

    fn decide(&self, _: &Records, _: UnixTime) -> Decision<()> {
        self.1.wait();
        self.1.wait();
        Decision::Unchanged(Refusal::NotEnrolled)
    }
}

/// Nor is one whose caller has gone.
async fn drops_what_nobody_waits_for<S: Store>(store: Arc<S>) {
    enrolled(&*store).await;
    let held = Arc::new(Barrier::new(2));
    let holding = tokio::spawn({
        let (store, held) = (store.clone(), held.clone());
        async move { store.transact(Hold(Vec::new(), held), soon()).await.map(drop) }
    });
    tokio::task::yield_now().await;
    held.wait();
    tokio::select! {
        biased;
        answer = verify(&*store, code(1)) => panic!("out of turn: {answer:?}"),
        () = std::future::ready(()) => {}
    }
    held.wait();
    holding.await.unwrap().unwrap();
    assert!(is_accepted(&verify(&*store, code(1)).await), "it was run for nobody");
}

/// When a device was last used and an address last seen: every login changes both, to its time.
struct Moment(Vec<Key>);

impl Query for Moment {
    type Row = (Option<UnixTime>, Option<UnixTime>);

    fn keys(&self) -> &[Key] {
        &self.0
    }

    fn answer(&self, seen: &Records, _: UnixTime) -> Self::Row {
        let account = seen.account(&name()).unwrap();
        let used = account.devices.first().and_then(|device| device.last_used);
        (used, account.addresses.first().map(|known| known.seen))
    }
}

/// What a question sees is what one commit left, not the halves of two.
async fn shows_one_moment<S: Store>(store: Arc<S>, clock: Arc<SetClock>) {
    enrolled(&*store).await;
    assert!(is_accepted(&verify(&*store, code(1)).await));
    let logins = tokio::spawn({
        let store = store.clone();
        async move {
            for counter in 2..200 {
                clock.0.fetch_add(1, Ordering::SeqCst);
                assert!(is_accepted(&verify(&*store, code(counter)).await));
            }
        }
    });
    while !logins.is_finished() {
        let (used, seen) = store.snapshot(Moment(keys()), soon()).await.unwrap();
        assert_eq!(used, seen);
    }
    logins.await.unwrap();
}

fn clock() -> Arc<SetClock> {
    Arc::new(SetClock(AtomicU64::new(1_700_000_000)))
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn sqlite_keeps_what_it_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let open = async || SqliteStore::open(dir.path(), None, clock()).unwrap();
    runtime().block_on(keeps_what_it_acknowledged(open, SqliteStore::close));
}

#[test]
fn sqlite_accepts_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path(), None, clock()).unwrap();
    runtime().block_on(accepts_once(Arc::new(store)));
}

#[test]
fn sqlite_shows_one_moment() {
    let dir = tempfile::tempdir().unwrap();
    let clock = clock();
    let store = SqliteStore::open(dir.path(), None, clock.clone()).unwrap();
    runtime().block_on(shows_one_moment(Arc::new(store), clock));
}

#[test]
fn sqlite_drops_what_is_late() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path(), None, clock()).unwrap();
    runtime().block_on(drops_what_is_late(&store));
}

#[test]
fn sqlite_drops_what_nobody_waits_for() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path(), None, clock()).unwrap();
    runtime().block_on(drops_what_nobody_waits_for(Arc::new(store)));
}

#[test]
fn sqlite_is_one_daemons_alone() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path(), None, clock()).unwrap();
    let second = SqliteStore::open(dir.path(), None, clock());
    assert!(matches!(second.err(), Some(super::sqlite::OpenError::Locked(_))));
    store.close();
    assert!(SqliteStore::open(dir.path(), None, clock()).is_ok());
}

#[test]
fn sqlite_does_not_start_without_its_keyring() {
    use super::sqlite::OpenError;
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let keyring = dir.path().join("keyring");
    SqliteStore::open(dir.path(), None, clock()).unwrap().close();
    let kept = std::fs::read(&keyring).unwrap();

    std::fs::remove_file(&keyring).unwrap();
    let missing = SqliteStore::open(dir.path(), None, clock()).err();
    assert!(matches!(missing, Some(OpenError::Keyring(_))), "{missing:?}");
    assert!(!keyring.exists(), "a new keyring was made in place of the lost one");

    std::fs::write(&keyring, format!("k1 {}\n", "0".repeat(64))).unwrap();
    let open = SqliteStore::open(dir.path(), None, clock()).err();
    assert!(matches!(open, Some(OpenError::Keyring(_))), "others could read it: {open:?}");
    std::fs::set_permissions(&keyring, std::fs::Permissions::from_mode(0o600)).unwrap();
    let wrong = SqliteStore::open(dir.path(), None, clock()).err();
    assert!(matches!(wrong, Some(OpenError::Vault { .. })), "{wrong:?}");

    std::fs::write(&keyring, kept).unwrap();
    assert!(SqliteStore::open(dir.path(), None, clock()).is_ok());
}

#[test]
fn sqlite_does_not_take_a_lost_database_for_a_first_start() {
    use super::sqlite::OpenError;
    let dir = tempfile::tempdir().unwrap();
    let db = dir.path().join("otpd.db");
    let store = SqliteStore::open(dir.path(), None, clock()).unwrap();
    runtime().block_on(enrolled(&store));
    store.close();
    let kept = std::fs::read(&db).unwrap();
    std::fs::write(&db, b"").unwrap();
    assert!(matches!(SqliteStore::open(dir.path(), None, clock()), Err(OpenError::Lost(_))));
    std::fs::remove_file(&db).unwrap();
    assert!(matches!(SqliteStore::open(dir.path(), None, clock()), Err(OpenError::Lost(_))));
    std::fs::write(&db, kept).unwrap();
    let store = SqliteStore::open(dir.path(), None, clock()).unwrap();
    assert!(is_accepted(&runtime().block_on(verify(&store, code(1)))));
}

/// What decides is refused where it is not as it was written, whoever changed it.
#[test]
fn sqlite_refuses_records_that_were_changed() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path(), None, clock()).unwrap();
    runtime().block_on(async {
        enrolled(&store).await;
        assert!(is_accepted(&verify(&store, code(1)).await));
        let wrong = Offer::Code(Code::parse("0000000").unwrap());
        let failed = verify(&store, wrong).await;
        assert!(matches!(failed, Ok(Verified::Wrong { .. })));
        let invited: Persisted<_> = store.transact(Invite(keys()), soon()).await.unwrap();
        invited.into_result().unwrap().unwrap();
        let exempted: Persisted<_> = store.transact(Exempt(keys()), soon()).await.unwrap();
        exempted.into_result().unwrap().unwrap();
    });
    store.close();
    for change in [
        "UPDATE invitation SET state = replace(state, '\"by\":', '\"by\":9')",
        "UPDATE invitation SET state = replace(state, '07', '08')",
        "UPDATE exemption SET state = replace(state, '\"until\":1', '\"until\":9')",
        "UPDATE exemption SET state = replace(state, 'lost', 'gone')",
        "UPDATE device SET state = replace(state, '2', '1')",
        "UPDATE device SET confirmed = 0",
        "UPDATE account SET enrolled = 0",
        "UPDATE account SET uid = 1001",
        "UPDATE lane SET state = replace(state, '\"failures\":1', '\"failures\":0')",
        "UPDATE lane SET state = replace(state, '\"since_login\":1', '\"since_login\":0')",
        "UPDATE lane SET lane = 'local'",
        "DELETE FROM account",
    ] {
        let copy = tempfile::tempdir().unwrap();
        for file in ["otpd.db", "keyring", "lock"] {
            std::fs::copy(dir.path().join(file), copy.path().join(file)).unwrap();
        }
        let changed = rusqlite::Connection::open(copy.path().join("otpd.db")).unwrap();
        changed.pragma_update(None, "foreign_keys", false).unwrap();
        assert_eq!(changed.execute(change, []).unwrap(), 1, "{change}");
        drop(changed);
        let store = SqliteStore::open(copy.path(), None, clock()).unwrap();
        let decided = runtime().block_on(store.transact(Verify(keys(), code(1)), soon()));
        assert!(matches!(decided, Err(StoreError::Corrupt(_))), "{change}: {decided:?}");
        let seen = runtime().block_on(store.snapshot(Look(keys()), soon()));
        assert!(matches!(seen, Err(StoreError::Corrupt(_))), "{change}: {seen:?}");
    }
}

#[test]
fn sqlite_secrets_are_sealed_on_disk() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path(), None, clock()).unwrap();
    runtime().block_on(enrolled(&store));
    for file in ["otpd.db", "otpd.db-wal"] {
        let bytes = std::fs::read(dir.path().join(file)).unwrap();
        assert!(!bytes.windows(20).any(|part| part == secret().expose()), "{file}");
        assert!(file.ends_with("wal") || !bytes.is_empty());
    }
    assert!(std::fs::metadata(dir.path().join("otpd.db-wal")).unwrap().len() > 0);
}
