//! Accounts as a whole: given away with all that they have, listed and removed although damaged.

use std::path::Path;

use otp_core::{Adopted, Claim, Concerned, Former, Lane, adopt};

use super::*;
use crate::store::{Stored, StoredName};

fn called(text: &str) -> UserName {
    UserName::parse(text).unwrap()
}

/// Any step on one account.
struct On<F>(Vec<Key>, F);

impl<O: Send + 'static, F> Step for On<F>
where
    F: Fn(Option<&otp_core::Account>, UnixTime) -> Decision<O> + Send + 'static,
{
    type Outcome = O;

    fn keys(&self) -> &[Key] {
        &self.0
    }

    fn by(&self) -> Uid {
        Uid(0)
    }

    fn decide(&self, seen: &Records, now: UnixTime) -> Decision<O> {
        let Some(Key::Account(name)) = self.0.first() else { panic!("no account is named") };
        (self.1)(seen.account(name), now)
    }
}

/// An account with a token, whose code at counter 0 is used.
pub(crate) async fn enroll_as<S: Store>(
    store: &S,
    user: &'static str,
    uid: u32,
) -> Result<(), StoreError> {
    let key = || vec![Key::Account(called(user))];
    let add = On(key(), move |account: Option<&otp_core::Account>, now| {
        let state = HotpState::new(Algorithm::Sha1, Digits::SIX, Counter(0));
        let label = Some(Label::parse("token").unwrap());
        let kind = Kind::Hotp(secret(), state);
        let new = NewDevice { label, replaces: None, kind, random: [7; 4] };
        let policy = ThrottlePolicy::default();
        enroll(account, &called(user), Uid(uid), new, &asking(&policy, now))
    });
    store.transact(add, soon()).await?.into_result().unwrap().unwrap();
    let prove = On(key(), |account: Option<&otp_core::Account>, now| {
        let policy = ThrottlePolicy::default();
        confirm(account.unwrap(), "token", &code(0), &Origin::Local, &asking(&policy, now))
    });
    store.transact(prove, soon()).await?.into_result().unwrap().unwrap();
    Ok(())
}

async fn verify_as<S: Store>(store: &S, user: &str, code: Offer) -> Result<Verified, Refusal> {
    let step =
        On(vec![Key::Account(called(user))], move |account: Option<&otp_core::Account>, now| {
            let Some(account) = account else { return Decision::Unchanged(Refusal::NotEnrolled) };
            let origin = Origin::of_host("192.0.2.7");
            let (service, from) = ("sshd", "192.0.2.7");
            let it =
                Attempt { offer: &code, device: None, kinds: None, origin: &origin, service, from };
            attempt(account, &it, &ThrottlePolicy::default(), now)
        });
    store.transact(step, soon()).await.unwrap().into_result()
}

/// Gives `from` to `to`, who has uid 2000, whatever the user database would say.
async fn give<S: Store>(store: &S, from: &str, to: &str) -> Result<Adopted, StoreError> {
    struct Give(Claim, [Key; 3]);
    impl Step for Give {
        type Outcome = Adopted;
        fn keys(&self) -> &[Key] {
            &self.1
        }
        fn by(&self) -> Uid {
            Uid(0)
        }
        fn decide(&self, seen: &Records, now: UnixTime) -> Decision<Adopted> {
            let former = self.0.former.as_ref().and_then(|former| seen.account(&former.name));
            let (account, owned) = (seen.account(&self.0.user), seen.owner(self.0.uid));
            adopt(Concerned { account, former, owned }, &self.0, now)
        }
    }
    let former = (from != to).then(|| Former { name: called(from), means: None });
    let (belonged, uid) = (Some(Uid(1000)), Uid(2000));
    let claim = Claim { user: called(to), uid, former, belonged, holder: None };
    let keys = [Key::Account(called(from)), Key::Account(called(to)), Key::Owner(uid)];
    Ok(store.transact(Give(claim, keys), soon()).await?.into_result().unwrap())
}

/// What can be seen of an account.
type Sight = (Uid, bool, Vec<DeviceSummary>, Vec<(Lane, otp_core::LaneState)>, usize);

async fn sight<S: Store>(store: &S, user: &str) -> Option<Sight> {
    let page = store.accounts(StoredName::read(""), 64, soon()).await.unwrap();
    let entry = page.entries.into_iter().find(|entry| entry.stored.name.told() == user)?;
    let a = entry.account.unwrap();
    let devices = a.devices.iter().map(otp_core::Device::summary).collect();
    Some((a.uid?, a.enrolled, devices, a.lanes.into_iter().collect(), a.addresses.len()))
}

/// Everything goes with it, for the old name nothing is left, and a used code stays used.
async fn gives_an_account_away<S: Store>(open: impl AsyncFn() -> S, close: impl Fn(S), to: &str) {
    let store = open().await;
    enroll_as(&store, "alice", 1000).await.unwrap();
    assert!(is_accepted(&verify_as(&store, "alice", code(1)).await));
    assert!(matches!(verify_as(&store, "alice", wrong()).await, Ok(Verified::Wrong { .. })));
    // What an administrator has given her is hers, whatever her name and uid are by now.
    store.transact(Invite(keys()), soon()).await.unwrap().into_result().unwrap().unwrap();
    store.transact(Exempt(keys()), soon()).await.unwrap().into_result().unwrap().unwrap();
    let before = words_for(&store, "alice").await;
    assert!(before.0.is_some() && before.1.is_some());
    let (_, enrolled, devices, lanes, addresses) = sight(&store, "alice").await.unwrap();
    let events = store.stored(StoredName::read("alice"), soon()).await.unwrap().unwrap().events;

    let adopted = give(&store, "alice", to).await.unwrap();
    assert_eq!((adopted.name, adopted.uid, &adopted.devices), (name(), Uid(1000), &devices));
    close(store);
    let store = open().await;
    let given = (Uid(2000), enrolled, devices, lanes, addresses);
    assert_eq!(sight(&store, to).await, Some(given));
    assert_eq!(words_for(&store, to).await, before);
    assert_eq!(sight(&store, "alice").await.is_some(), to == "alice");
    let stored = store.stored(StoredName::read(to), soon()).await.unwrap().unwrap();
    assert_eq!(stored.events, events + 1, "its log goes with it");
    assert!(matches!(verify_as(&store, to, code(1)).await, Err(Refusal::Used(..))));
    assert!(is_accepted(&verify_as(&store, to, code(2)).await));
    close(store);
}

/// The words of an administrator for an account.
async fn words_for<S: Store>(
    store: &S,
    user: &str,
) -> (Option<otp_core::Invitation>, Option<otp_core::Exemption>) {
    struct Words(UserName, [Key; 1]);
    impl Query for Words {
        type Row = (Option<otp_core::Invitation>, Option<otp_core::Exemption>);
        fn keys(&self) -> &[Key] {
            &self.1
        }
        fn answer(&self, seen: &Records, _: UnixTime) -> Self::Row {
            let account = seen.account(&self.0).unwrap();
            (account.invitation.clone(), account.exemption.clone())
        }
    }
    let query = Words(called(user), [Key::Account(called(user))]);
    store.snapshot(query, soon()).await.unwrap()
}

/// Each account is on one page, in order.
async fn lists_by_pages<S: Store>(store: &S) {
    let names = ["Zoe Q", "alice", "bob", "carol", "zoë"];
    for (uid, name) in (1000..).zip(names) {
        enroll_as(store, name, uid).await.unwrap();
    }
    let mut listed = Vec::new();
    loop {
        let after = StoredName::read(listed.last().map_or("", String::as_str));
        let page = store.accounts(after, 2, soon()).await.unwrap();
        assert!(page.entries.len() <= 2);
        if page.entries.is_empty() {
            break;
        }
        assert!(page.entries.iter().all(|entry| entry.account.is_some()));
        listed.extend(page.entries.iter().map(|entry| entry.stored.name.told()));
    }
    assert_eq!(listed, names);
}

async fn erased<S: Store>(store: &S, name: &str) -> Option<Stored> {
    let name = StoredName::read(name);
    store.erase(name, soon()).await.unwrap().into_result().unwrap()
}

/// After it is gone it is as if it had never been.
async fn erases<S: Store>(open: impl AsyncFn() -> S, close: impl Fn(S)) {
    let store = open().await;
    for (user, uid) in [("alice", 1000), ("bob", 1001)] {
        enroll_as(&store, user, uid).await.unwrap();
        assert!(is_accepted(&verify_as(&store, user, code(1)).await));
    }
    assert!(erased(&store, "carol").await.is_none());
    let gone = erased(&store, "alice").await.unwrap();
    assert_eq!((gone.uid, gone.enrolled, gone.damaged), (Some(Uid(1000)), Some(true), None));
    assert_eq!(gone.devices, [("hotp/07070707".to_owned(), "token".to_owned(), true)]);
    assert_eq!((gone.addresses, gone.events), (1, 3));
    close(store);
    let store = open().await;
    assert!(store.stored(StoredName::read("alice"), soon()).await.unwrap().is_none());
    assert!(erased(&store, "alice").await.is_none());
    assert!(is_accepted(&verify_as(&store, "bob", code(2)).await), "bob was not meant");
    enroll_as(&store, "alice", 1000).await.unwrap();
    let (.., addresses) = sight(&store, "alice").await.unwrap();
    assert_eq!(addresses, 0);
    close(store);
}

fn opened(dir: &Path) -> SqliteStore {
    SqliteStore::open(dir, None, clock()).unwrap()
}

#[test]
fn sqlite_gives_an_account_away() {
    for to in ["alice", "DOM\\Älice"] {
        let dir = tempfile::tempdir().unwrap();
        let open = async || opened(dir.path());
        runtime().block_on(gives_an_account_away(open, SqliteStore::close, to));
    }
}

#[test]
fn sqlite_lists_by_pages() {
    let dir = tempfile::tempdir().unwrap();
    runtime().block_on(lists_by_pages(&opened(dir.path())));
}

#[test]
fn sqlite_erases() {
    let dir = tempfile::tempdir().unwrap();
    let open = async || opened(dir.path());
    runtime().block_on(erases(open, SqliteStore::close));
}

/// Whatever was changed on the disk: it is listed, the others with it; it is not given away; it can
/// be removed, and then enrolled anew.
#[test]
fn sqlite_repairs_what_was_changed() {
    let dir = tempfile::tempdir().unwrap();
    let store = opened(dir.path());
    runtime().block_on(async {
        enroll_as(&store, "alice", 1000).await.unwrap();
        enroll_as(&store, "bob", 1001).await.unwrap();
        assert!(matches!(verify_as(&store, "alice", wrong()).await, Ok(Verified::Wrong { .. })));
    });
    store.close();
    for (change, damaged) in [
        ("UPDATE device SET state = replace(state, '1', '0')", vec!["alice"]),
        ("UPDATE device SET secret = zeroblob(9)", vec!["alice"]),
        ("UPDATE device SET id = CAST(x'ff00' AS TEXT)", vec!["alice"]),
        ("UPDATE account SET enrolled = 0", vec!["alice"]),
        ("UPDATE account SET uid = 7", vec!["alice"]),
        ("UPDATE account SET uid = NULL", vec!["alice"]),
        ("UPDATE lane SET state = 'none'", vec!["alice"]),
        ("DELETE FROM account", vec!["alice"]),
        ("UPDATE account SET name = CAST(x'616cff6365' AS TEXT)", vec!["alice", "hex:616cff6365"]),
    ] {
        let copy = tempfile::tempdir().unwrap();
        for file in ["otpd.db", "keyring", "lock"] {
            std::fs::copy(dir.path().join(file), copy.path().join(file)).unwrap();
        }
        let changed = rusqlite::Connection::open(copy.path().join("otpd.db")).unwrap();
        changed.pragma_update(None, "foreign_keys", false).unwrap();
        let column = if change.contains("account") && !change.contains("device") {
            "name"
        } else {
            "account"
        };
        let change = format!("{change} WHERE {column} = 'alice'");
        assert_eq!(changed.execute(&change, []).unwrap(), 1, "{change}");
        drop(changed);
        let store = opened(copy.path());
        runtime().block_on(repairs(&store, &change, &damaged));
        store.close();
    }
}

async fn repairs<S: Store>(store: &S, change: &str, damaged: &[&str]) {
    let page = store.accounts(StoredName::read(""), 64, soon()).await.unwrap();
    let told = |entry: &crate::store::Entry| (entry.stored.name.told(), entry.account.is_some());
    let mut listed: Vec<_> = page.entries.iter().map(told).collect();
    listed.retain(|(name, whole)| {
        assert_eq!(*whole, name == "bob", "{change}: {name}");
        name != "bob"
    });
    let names: Vec<_> = listed.iter().map(|(name, _)| name).collect();
    assert_eq!(names, damaged, "{change}");
    assert!(give(store, "alice", "carol").await.is_err(), "{change}: given away");
    for name in damaged {
        let gone = erased(store, name).await.unwrap();
        assert!(gone.damaged.is_some(), "{change}: {gone:?}");
    }
    enroll_as(store, "alice", 1000).await.unwrap();
    assert!(is_accepted(&verify_as(store, "alice", code(1)).await), "{change}");
    assert!(is_accepted(&verify_as(store, "bob", code(1)).await), "{change}: bob");
}
