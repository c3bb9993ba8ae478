//! What the store costs: a durable change by itself, and 64 that wait together and share a sync.

#![allow(clippy::unwrap_used)] // a benchmark that cannot start may say so by ending
#![allow(missing_docs)] // criterion's macros make undocumented functions

use std::{sync::Arc, time::Duration};

use criterion::{Criterion, criterion_group, criterion_main};
use otp_core::{
    Account, Algorithm, Asking, Attempt, Changed, Counter, Decision, DeviceSummary, Digits, Kind,
    NewDevice, Offer, Origin, Refusal, Secret, ThrottlePolicy, Uid, UnixTime, UserName, Verified,
    Warrant, attempt, confirm, device::HotpState, enroll, hotp,
};
use otpd::{
    clock::{SystemClock, monotonic},
    store::{Key, Records, SqliteStore, Step, Store},
};

fn secret() -> Secret {
    Secret::from_bytes(vec![7; 20]).unwrap()
}

fn code(counter: u64) -> Offer {
    Offer::Code(hotp(&secret(), Counter(counter), Algorithm::Sha1, Digits::SIX))
}

fn asking(policy: &ThrottlePolicy, now: UnixTime) -> Asking<'_> {
    Asking { by: Uid(0), warrant: Warrant::Standing, policy, now }
}

enum Deed {
    Enroll,
    Confirm,
    Verify(u64),
}

struct Change(Vec<Key>, UserName, Uid, Deed);

impl Change {
    fn new(user: u32, deed: Deed) -> Self {
        let name = UserName::parse(&format!("user{user}")).unwrap();
        Self(vec![Key::Account(name.clone())], name, Uid(user), deed)
    }

    fn on(&self, account: &Account, now: UnixTime) -> Decision<bool> {
        let Self(_, _, _, deed) = self;
        let policy = ThrottlePolicy::default();
        match deed {
            Deed::Verify(counter) => {
                let offer = code(*counter);
                let origin = Origin::Local;
                let (offer, origin) = (&offer, &origin);
                let it =
                    Attempt { offer, device: None, kinds: None, origin, service: "sshd", from: "" };
                attempt(account, &it, &policy, now)
                    .map(|verified| matches!(verified, Verified::Accepted { .. }))
            }
            Deed::Confirm | Deed::Enroll => {
                let (origin, asking) = (Origin::Local, asking(&policy, now));
                let done = confirm(account, "hotp", &code(0), &origin, &asking);
                done.map(|done: Changed<DeviceSummary>| done.is_ok())
            }
        }
    }
}

impl Step for Change {
    type Outcome = bool;

    fn keys(&self) -> &[Key] {
        &self.0
    }

    fn by(&self) -> Uid {
        Uid(0)
    }

    fn decide(&self, seen: &Records, now: UnixTime) -> Decision<bool> {
        let Self(_, name, uid, deed) = self;
        let policy = ThrottlePolicy::default();
        match (seen.account(name), deed) {
            (None, Deed::Enroll) => {
                let state = HotpState::new(Algorithm::Sha1, Digits::SIX, Counter(0));
                let kind = Kind::Hotp(secret(), state);
                let new = NewDevice { label: None, replaces: None, kind, random: [7; 4] };
                enroll(None, name, *uid, new, &asking(&policy, now)).map(|_| true)
            }
            (Some(account), _) => self.on(account, now),
            (None, _) => Decision::Unchanged(Refusal::NotEnrolled),
        }
    }
}

async fn accepted(store: &SqliteStore, user: u32, deed: Deed) -> bool {
    let before = monotonic() + Duration::from_secs(10);
    store.transact(Change::new(user, deed), before).await.unwrap().into_result() == Ok(true)
}

fn store(c: &mut Criterion) {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path(), None, Arc::new(SystemClock)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let store = Arc::new(store);
    runtime.block_on(async {
        for user in 0..64 {
            assert!(accepted(&store, user, Deed::Enroll).await);
            assert!(accepted(&store, user, Deed::Confirm).await);
        }
    });
    let mut next = 1;
    c.bench_function("accept, alone", |b| {
        b.iter(|| {
            assert!(runtime.block_on(accepted(&store, 0, Deed::Verify(next))));
            next += 1;
        });
    });
    let mut turn = 1;
    c.bench_function("accept, 64 accounts at once", |b| {
        b.iter(|| {
            runtime.block_on(async {
                let mut tasks = tokio::task::JoinSet::new();
                for user in 1..64 {
                    let store = store.clone();
                    let counter = turn;
                    tasks.spawn(async move { accepted(&store, user, Deed::Verify(counter)).await });
                }
                let all = tasks.join_all().await;
                assert!(all.into_iter().all(|accepted| accepted));
            });
            turn += 1;
        });
    });
}

criterion_group!(benches, store);
criterion_main!(benches);
