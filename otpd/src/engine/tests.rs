//! Random histories of an account, on two stores: one that stays open, and one that is closed and
//! opened anew in between. Both answer alike, and whatever happens, no code is accepted twice.

mod passes;
mod remembered;
mod sample;

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use otp_core::{
    Algorithm, Counter, Digits, Period, TimeStep,
    device::{HotpState, TotpState},
    hotp, totp,
};
use proptest::prelude::*;

use super::*;
use crate::{clock::monotonic, store::contract::SetClock};

pub(super) const START: u64 = 1_700_000_010;
const PHONE: u8 = 1;
const TOKEN: u8 = 2;

fn secret(seed: u8) -> Secret {
    Secret::from_bytes(vec![seed; 20]).unwrap()
}

pub(super) fn alice() -> Person {
    Person { name: UserName::parse("alice").unwrap(), uid: Uid(1000) }
}

pub(super) fn root() -> Asked {
    Asked { by: Uid(0), right: Right::Standing }
}

pub(super) fn soon() -> Instant {
    monotonic() + Duration::from_secs(60)
}

/// An account with a phone, a token and recovery codes, on a store of its own.
pub(super) struct World {
    dir: tempfile::TempDir,
    clock: Arc<SetClock>,
    pub(super) engine: Option<Engine>,
    codes: Vec<String>,
    pub(super) runtime: tokio::runtime::Runtime,
}

impl World {
    pub(super) fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (dir, clock) =
            (tempfile::tempdir().unwrap(), Arc::new(SetClock(AtomicU64::new(START - 60))));
        let mut world = Self { dir, clock, engine: None, codes: Vec::new(), runtime };
        world.open();
        let (sha1, six) = (Algorithm::Sha1, Digits::SIX);
        let phone = KindState::Totp(TotpState::new(sha1, six, Period::default()));
        world.add("phone", phone, PHONE, &totp_code((START - 60) / 30));
        world.add(
            "token",
            KindState::Hotp(HotpState::new(sha1, six, Counter(0))),
            TOKEN,
            &hotp_code(0),
        );
        let wanted = WantedCodes { device: None, label: None, count: 10 };
        let engine = world.engine.as_ref().unwrap();
        let made = world.runtime.block_on(engine.renew_recovery(alice(), root(), wanted, soon()));
        let (_, codes) = made.unwrap().unwrap().unwrap();
        world.codes = codes.iter().map(|code| code.reveal().to_string()).collect();
        world
    }

    fn open(&mut self) {
        let store = SqliteStore::open(self.dir.path(), None, self.clock.clone()).unwrap();
        let config = Config::parse("", "host").unwrap();
        self.engine = Some(Engine::new(store, Arc::new(config)));
    }

    pub(super) fn at(&self, now: u64) {
        self.clock.0.store(now, Ordering::SeqCst);
    }

    pub(super) fn restart(&mut self) {
        self.engine.take().unwrap().into_store().close();
        self.open();
    }

    fn add(&self, label: &str, state: KindState, seed: u8, code: &str) {
        let engine = self.engine.as_ref().unwrap();
        let label = Some(Label::parse(label).unwrap());
        let wanted =
            Wanted { label, replaces: None, state, secret: Some(secret(seed)), issuer: None };
        let made = self.runtime.block_on(engine.enroll(alice(), root(), wanted, soon()));
        let id = made.unwrap().unwrap().unwrap_or_else(|_| panic!("not enrolled")).device.id;
        let proof = (Entry::parse(code).unwrap(), Origin::Local);
        let done = engine.confirm(alice(), root(), id.to_string(), proof, soon());
        self.runtime.block_on(done).unwrap().into_result().unwrap().unwrap();
    }

    /// What a login with this code hears, without the ids, which are random.
    fn verify(&self, typed: &str, origin: Origin) -> String {
        self.verify_and(None, typed, origin)
    }

    /// The same where a rule remembers it.
    fn verify_and(&self, remember: Option<Remembering>, typed: &str, origin: Origin) -> String {
        let entry = Entry::parse(typed).unwrap();
        let (service, from) = ("sshd".to_owned(), String::new());
        let (key, device, kinds) = (None, None, None);
        let login = Login { entry, key, device, kinds, origin, service, from, remember };
        let engine = self.engine.as_ref().unwrap();
        let done = self.runtime.block_on(engine.verify(alice(), Uid(0), login, soon())).unwrap();
        match done.into_result() {
            Ok(Verified::Accepted { label, matched, also, .. }) => {
                format!("accepted {label} {matched:?} {}", also.len())
            }
            Ok(Verified::Passed(passed)) => format!("passed {}", passed.id),
            Ok(Verified::Wrong { lane, failures, wait, locked, noted, .. }) => {
                format!("wrong {lane:?} {failures} {wait:?} {locked} {}", noted.is_some())
            }
            Err(Refusal::Used(_, label, wait)) => format!("used {label} {wait:?}"),
            Ok(Verified::Held(refusal)) | Err(refusal) => format!("{refusal:?}"),
        }
    }

    fn overview(&self) -> Overview {
        let engine = self.engine.as_ref().unwrap();
        self.runtime.block_on(engine.look(alice(), soon())).unwrap().unwrap()
    }

    fn unlock(&self) {
        let engine = self.engine.as_ref().unwrap();
        let done = self.runtime.block_on(engine.unlock(alice(), root(), soon())).unwrap();
        assert!(matches!(done.into_result(), Ok(Ok(_)) | Err(Refusal::NothingToUnlock)));
    }
}

pub(super) fn totp_code(step: u64) -> String {
    totp(&secret(PHONE), TimeStep(step), Algorithm::Sha1, Digits::SIX).reveal()
}

pub(super) fn hotp_code(counter: u64) -> String {
    hotp(&secret(TOKEN), Counter(counter), Algorithm::Sha1, Digits::SIX).reveal()
}

#[derive(Clone, Debug)]
enum Deed {
    Phone { ahead: i64 },
    Token { ahead: u64 },
    Recovery { which: usize },
    Wrong,
    Again,
    Unlock,
}

fn deeds() -> impl Strategy<Value = Vec<(Deed, u64, bool)>> {
    let deed = prop_oneof![
        4 => (-2_i64..=2).prop_map(|ahead| Deed::Phone { ahead }),
        1 => (-11_i64..=11).prop_map(|ahead| Deed::Phone { ahead }),
        4 => (0_u64..7).prop_map(|ahead| Deed::Token { ahead }),
        1 => (0_u64..25).prop_map(|ahead| Deed::Token { ahead }),
        2 => (0_usize..10).prop_map(|which| Deed::Recovery { which }),
        2 => Just(Deed::Wrong),
        3 => Just(Deed::Again),
        1 => Just(Deed::Unlock),
    ];
    let pause = prop_oneof![Just(0_u64), 0_u64..40, 0_u64..2000];
    prop::collection::vec((deed, pause, prop::bool::weighted(0.2)), 1..30)
}

/// How far the counter of the token has come.
fn next(overview: &Overview) -> u64 {
    let counters = overview.devices.iter().filter_map(|device| match &device.state {
        KindState::Hotp(state) => Some(state.next.0),
        KindState::Totp(_) | KindState::Recovery(_) | KindState::Message(_) => None,
    });
    counters.max().unwrap_or(0)
}

/// What must not differ: ids are random, and so are the hashes of random codes.
fn gist(overview: &Overview) -> String {
    let devices = overview.devices.iter().map(|device| {
        let state = match &device.state {
            KindState::Recovery(state) => format!("{} left", state.left()),
            other @ (KindState::Totp(_) | KindState::Hotp(_) | KindState::Message(_)) => {
                other.store()
            }
        };
        format!("{} {} {state} {:?}", device.label, device.confirmed, device.last_used)
    });
    format!("{} {:?} {:?}", overview.demands_code, devices.collect::<Vec<_>>(), overview.lanes)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_store_and_its_restarts_change_no_history(deeds in deeds()) {
        let (steady, mut restarted) = (World::new(), World::new());
        let (mut now, mut last) = (START, ["0000000000"; 2].map(str::to_owned));
        let mut spent = BTreeSet::new();
        for (deed, pause, restart) in deeds {
            now += pause;
            for world in [&steady, &restarted] {
                world.clock.0.store(now, Ordering::SeqCst);
            }
            if restart {
                restarted.restart();
            }
            let before = next(&steady.overview());
            let step = now / 30;
            let [steadily, anew] = &last;
            let typed = |world: &World, before_that: &String| match &deed {
                Deed::Phone { ahead } => totp_code(step.saturating_add_signed(*ahead)),
                Deed::Token { ahead } => hotp_code(before + ahead),
                Deed::Again => before_that.clone(),
                Deed::Recovery { which } => world.codes[*which].clone(),
                Deed::Wrong | Deed::Unlock => "0000000000".to_owned(),
            };
            let codes = [typed(&steady, steadily), typed(&restarted, anew)];
            let [code, other] = &codes;
            if matches!(deed, Deed::Unlock) {
                steady.unlock();
                restarted.unlock();
            } else {
                let heard = steady.verify(code, Origin::Local);
                prop_assert_eq!(&heard, &restarted.verify(other, Origin::Local));
                if heard.starts_with("accepted") {
                    prop_assert!(spent.insert(code.clone()), "{:?} was accepted twice", deed);
                }
            }
            prop_assert_eq!(gist(&steady.overview()), gist(&restarted.overview()));
            prop_assert!(next(&steady.overview()) >= before);
            last = codes;
        }
    }
}
