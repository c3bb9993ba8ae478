//! Random histories of tokens against a model of them, on a store that is closed and opened anew in
//! between; and what ends tokens. Whatever happens, at most one pair of a family counts.

use std::collections::BTreeSet;

use otp_core::{Entry, Origin};
use proptest::prelude::*;

use super::*;
use crate::engine::tests::{START, World, alice, hotp_code, root, soon, totp_code};

const APP: Uid = Uid(33);
const MINUTES: u64 = 600;
const DAY: u64 = 86_400;

/// The counter of the first code that the world's token has not shown.
const FIRST: u64 = 1;

fn login(code: &str) -> Login {
    Login {
        key: None,
        entry: Entry::parse(code).unwrap(),
        device: None,
        kinds: Some(vec!["hotp".to_owned(), "totp".to_owned()]),
        origin: Origin::Application,
        service: "tokens".to_owned(),
        from: String::new(),
        remember: None,
    }
}

fn wanted(holder: Uid) -> WantedTokens {
    let lifetimes = Lifetimes { access: Seconds(MINUTES), family: Seconds(DAY) };
    WantedTokens { holder, scope: Scope::parse("shop").unwrap(), lifetimes }
}

/// What the engine says, waited for.
impl World {
    fn engine(&self) -> &Engine {
        self.engine.as_ref().unwrap()
    }

    fn grants_by(&self, holder: Uid, code: &str) -> Result<Issued, String> {
        let done = self.engine().grant(Whom::Person(alice()), wanted(holder), login(code), soon());
        match self.runtime.block_on(done).unwrap() {
            Ok(Exchanged::Issued(issued, _)) => Ok(*issued),
            Ok(Exchanged::Wrong(wrong)) => Err(format!("{wrong:?}")),
            Ok(Exchanged::Refused(refusal)) | Err(refusal) => Err(format!("{refusal:?}")),
        }
    }

    fn grants(&self, code: &str) -> Issued {
        self.grants_by(APP, code).unwrap_or_else(|why| panic!("{why}"))
    }

    fn refreshes(&self, token: &str) -> Result<Issued, String> {
        let done =
            self.engine().refresh(Whom::Person(alice()), token, (APP, Seconds(MINUTES)), soon());
        match self.runtime.block_on(done).unwrap() {
            Ok(Renewed::Issued(issued)) => Ok(*issued),
            Ok(Renewed::Reused(..)) => Err("reused".to_owned()),
            Err(refusal) => Err(format!("{refusal:?}")),
        }
    }

    fn is_active(&self, token: &str) -> bool {
        let found = self.engine().inspect(token, Some(APP), soon());
        self.runtime.block_on(found).unwrap().is_some()
    }

    fn revokes(&self, token: &str) {
        let done = self.engine().revoke(token, (Some(APP), APP), soon());
        self.runtime.block_on(done).unwrap();
    }

    fn ends_all(&self) -> usize {
        let done = self.engine().end_tokens(Whom::Person(alice()), None, Uid(0), soon());
        self.runtime.block_on(done).unwrap().map_or(0, |ended| ended.len())
    }
}

/// What a family should be.
struct Expected {
    /// Access and refresh tokens, in the order in which they were made.
    pairs: Vec<(String, String)>,
    issued: u64,
    until: u64,
    ended: bool,
    revoked: bool,
}

impl Expected {
    fn made(issued: &Issued, now: u64) -> Self {
        let pair = (issued.texts.access.to_string(), issued.texts.refresh.to_string());
        Self { pairs: vec![pair], issued: now, until: now + DAY, ended: false, revoked: false }
    }

    fn access_counts(&self, number: usize, now: u64) -> bool {
        let last = number + 1 == self.pairs.len();
        last && !self.ended && !self.revoked && now < (self.issued + MINUTES).min(self.until)
    }

    fn refresh_counts(&self, number: usize, now: u64) -> bool {
        number + 1 == self.pairs.len() && !self.ended && now < self.until
    }
}

#[derive(Clone, Debug)]
enum Deed {
    Grant,
    Refresh { family: usize, back: usize },
    RevokeAccess { family: usize, back: usize },
    RevokeRefresh { family: usize, back: usize },
    EndAll,
    Wait,
}

fn deeds() -> impl Strategy<Value = Vec<(Deed, u64, bool)>> {
    let which = || (0_usize..4, prop_oneof![4 => Just(0_usize), 1 => 1_usize..3]);
    let deed = prop_oneof![
        3 => Just(Deed::Grant),
        6 => which().prop_map(|(family, back)| Deed::Refresh { family, back }),
        1 => which().prop_map(|(family, back)| Deed::RevokeAccess { family, back }),
        1 => which().prop_map(|(family, back)| Deed::RevokeRefresh { family, back }),
        1 => Just(Deed::EndAll),
        2 => Just(Deed::Wait),
    ];
    let edges = prop_oneof![Just(MINUTES - 1), Just(MINUTES), Just(MINUTES + 1), Just(DAY - 1)];
    let pause = prop_oneof![3 => Just(0_u64), 2 => 0_u64..400, 1 => edges];
    prop::collection::vec((deed, pause, prop::bool::weighted(0.2)), 1..30)
}

fn meant(families: &[Expected], family: usize, back: usize) -> Option<(usize, usize)> {
    let family = family.min(families.len().checked_sub(1)?);
    Some((family, families.get(family)?.pairs.len().saturating_sub(back + 1)))
}

fn does(world: &World, families: &mut Vec<Expected>, deed: &Deed, counter: &mut u64, now: u64) {
    match *deed {
        Deed::Grant => {
            families.push(Expected::made(&world.grants(&hotp_code(*counter)), now));
            *counter += 1;
        }
        Deed::Refresh { family, back } => {
            let Some((family, number)) = meant(families, family, back) else { return };
            let expected = &mut families[family];
            let open = !expected.ended && now < expected.until;
            match world.refreshes(&expected.pairs[number].1) {
                Ok(issued) => {
                    assert!(expected.refresh_counts(number, now), "{deed:?}");
                    let pair = (issued.texts.access.to_string(), issued.texts.refresh.to_string());
                    expected.pairs.push(pair);
                    (expected.issued, expected.revoked) = (now, false);
                }
                Err(why) => {
                    assert!(!expected.refresh_counts(number, now), "{deed:?}: {why}");
                    assert_eq!(why == "reused", open, "{deed:?}");
                    expected.ended |= open;
                }
            }
        }
        Deed::RevokeAccess { family, back } => {
            let Some((family, number)) = meant(families, family, back) else { return };
            let expected = &mut families[family];
            world.revokes(&expected.pairs[number].0);
            expected.revoked |= number + 1 == expected.pairs.len();
        }
        Deed::RevokeRefresh { family, back } => {
            let Some((family, number)) = meant(families, family, back) else { return };
            world.revokes(&families[family].pairs[number].1);
            families[family].ended = true;
        }
        Deed::EndAll => {
            let open = |it: &&Expected| !it.ended && now < it.until;
            assert_eq!(world.ends_all(), families.iter().filter(open).count());
            for family in families.iter_mut() {
                family.ended = true;
            }
        }
        Deed::Wait => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn tokens_are_as_the_model_says_through_restarts(deeds in deeds()) {
        let mut world = World::new();
        let (mut now, mut counter, mut families) = (START, FIRST, Vec::new());
        for (deed, pause, restart) in deeds {
            now += pause;
            world.at(now);
            if restart {
                world.restart();
            }
            does(&world, &mut families, &deed, &mut counter, now);
            for expected in &families {
                for (number, (access, refresh)) in expected.pairs.iter().enumerate() {
                    let counts = expected.access_counts(number, now);
                    prop_assert_eq!(world.is_active(access), counts, "access after {:?}", deed);
                    let counts = expected.refresh_counts(number, now);
                    prop_assert_eq!(world.is_active(refresh), counts, "refresh after {:?}", deed);
                }
            }
        }
    }
}

#[test]
fn a_code_is_exchanged_once_and_no_login_takes_it() {
    let world = World::new();
    world.at(START);
    let issued = world.grants(&hotp_code(FIRST));
    assert!(world.is_active(&issued.texts.access));
    let again = world.grants_by(APP, &hotp_code(FIRST)).err().unwrap();
    assert!(again.starts_with("Used"), "{again}");
    let entry = Entry::parse(&hotp_code(FIRST)).unwrap();
    let at_a_prompt = Login { entry, kinds: None, ..login("000000") };
    let verified = world.engine().verify(alice(), Uid(0), at_a_prompt, soon());
    let verified = world.runtime.block_on(verified).unwrap().into_result();
    assert!(matches!(verified, Err(Refusal::Used(..))), "{verified:?}");
}

/// Sixteen at once: one gets a pair, the next is a second use and ends it.
#[test]
fn of_sixteen_who_refresh_at_once_no_two_have_pairs_that_count() {
    let world = World::new();
    world.at(START);
    let first = world.grants(&hotp_code(FIRST));
    let token = first.texts.refresh.as_str();
    let all = (0..16).map(|_| {
        world.engine().refresh(Whom::Person(alice()), token, (APP, Seconds(MINUTES)), soon())
    });
    let done = world.runtime.block_on(futures_of(all.collect()));
    let issued: Vec<_> = done
        .into_iter()
        .filter_map(|done| match done.unwrap() {
            Ok(Renewed::Issued(issued)) => Some(issued),
            Ok(Renewed::Reused(..)) | Err(_) => None,
        })
        .collect();
    assert_eq!(issued.len(), 1);
    let texts: BTreeSet<&str> = issued
        .iter()
        .flat_map(|it| [it.texts.access.as_str(), it.texts.refresh.as_str()])
        .collect();
    assert!(texts.iter().all(|text| !world.is_active(text)), "the second use ended the family");
}

/// All of them, polled side by side.
async fn futures_of<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = futures.into_iter().map(|it| (Box::pin(it), None)).collect();
    std::future::poll_fn(|context| {
        let mut pending = false;
        for (future, output) in &mut waiting {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(done) => *output = Some(done),
                    std::task::Poll::Pending => pending = true,
                }
            }
        }
        if pending { std::task::Poll::Pending } else { std::task::Poll::Ready(()) }
    })
    .await;
    waiting.into_iter().filter_map(|(_, output)| output).collect()
}

#[test]
fn another_application_and_another_store_learn_nothing() {
    let (world, elsewhere) = (World::new(), World::new());
    world.at(START);
    elsewhere.at(START);
    let issued = world.grants(&hotp_code(FIRST));
    for token in [&issued.texts.access, &issued.texts.refresh] {
        let by = |holder| world.runtime.block_on(world.engine().inspect(token, holder, soon()));
        assert!(by(Some(Uid(34))).unwrap().is_none());
        assert_eq!(by(None).unwrap().unwrap().user.as_str(), "alice", "an administrator sees it");
        assert!(!elsewhere.is_active(token));
    }
    let stolen = world.engine().refresh(
        Whom::Person(alice()),
        &issued.texts.refresh,
        (Uid(34), Seconds(MINUTES)),
        soon(),
    );
    assert!(matches!(world.runtime.block_on(stolen).unwrap(), Err(Refusal::UnknownToken)));
    assert!(world.is_active(&issued.texts.refresh), "nobody else ends it either");
}

#[test]
fn tokens_end_with_the_device_of_their_code_and_no_other() {
    let mut world = World::new();
    world.at(START);
    let by_token = world.grants(&hotp_code(FIRST));
    let by_phone = world.grants(&totp_code(START / 30));
    let removed = world.engine().remove(alice(), root(), "token".to_owned(), soon());
    world.runtime.block_on(removed).unwrap().into_result().unwrap().unwrap();
    world.restart();
    for (issued, counts) in [(&by_token, false), (&by_phone, true)] {
        assert_eq!(world.is_active(&issued.texts.access), counts);
        assert_eq!(world.is_active(&issued.texts.refresh), counts);
    }
}

#[test]
fn tokens_end_when_failures_lock_any_lane_and_unlocking_revives_none() {
    for origin in [Origin::Own, Origin::Local, Origin::Application] {
        let mut world = World::new();
        world.at(START);
        let issued = world.grants(&hotp_code(FIRST));
        let mut now = START;
        for _ in 0..100 {
            now += 900;
            world.at(now);
            let wrong = Login { kinds: None, origin: origin.clone(), ..login("0000000000") };
            let done = world.engine().verify(alice(), Uid(0), wrong, soon());
            let _ = world.runtime.block_on(done).unwrap();
        }
        let done = world.engine().unlock(alice(), root(), soon());
        world.runtime.block_on(done).unwrap().into_result().unwrap().unwrap();
        world.restart();
        let listed = world.engine().tokens(Whom::Person(alice()), soon());
        let (_, listed) = world.runtime.block_on(listed).unwrap().unwrap();
        assert!(listed.is_empty() && !world.is_active(&issued.texts.refresh), "{origin:?}");
    }
}

#[test]
fn whoever_has_another_uid_by_now_gets_no_next_pair() {
    let world = World::new();
    world.at(START);
    let issued = world.grants(&hotp_code(FIRST));
    let other = Person { uid: Uid(2000), ..alice() };
    for whom in [Whom::Person(other), Whom::Nobody] {
        let token = issued.texts.refresh.as_str();
        let done = world.engine().refresh(whom, token, (APP, Seconds(MINUTES)), soon());
        assert!(matches!(world.runtime.block_on(done).unwrap(), Err(Refusal::UnknownToken)));
    }
}

#[test]
fn a_stranger_and_a_user_slow_their_caller_alike() {
    let failures = |whom: Whom| {
        let world = World::new();
        world.at(START);
        for guess in 0..40 {
            let code = format!("{guess:010}");
            let done = world.engine().grant(whom.clone(), wanted(APP), login(&code), soon());
            if let Err(refusal) = world.runtime.block_on(done).unwrap() {
                return (guess, refusal);
            }
        }
        panic!("never slowed");
    };
    let known = failures(Whom::Person(alice()));
    assert!(matches!(known, (17, Refusal::CallerThrottled { failures: 17, .. })), "{known:?}");
    assert_eq!(failures(Whom::Nobody), known);
}

#[test]
fn an_account_keeps_sixteen_families_of_one_application() {
    let world = World::new();
    world.at(START);
    let others = world.grants_by(Uid(34), &hotp_code(FIRST)).unwrap_or_else(|why| panic!("{why}"));
    let mut issued = Vec::new();
    for number in 1..=17 {
        world.at(START + number);
        issued.push(world.grants(&hotp_code(FIRST + number)));
    }
    let active: Vec<bool> = issued.iter().map(|it| world.is_active(&it.texts.refresh)).collect();
    assert_eq!(active.iter().filter(|active| **active).count(), 16);
    assert_eq!(active.first(), Some(&false), "the oldest has gone");
    let by = world.engine().inspect(&others.texts.refresh, Some(Uid(34)), soon());
    assert!(world.runtime.block_on(by).unwrap().is_some(), "not another application's");
}
