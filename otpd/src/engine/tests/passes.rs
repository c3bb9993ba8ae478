//! Random histories of passes: what a model says of each deed is what two stores say, one that stays
//! open and one that is closed and opened anew in between; and no key counts twice, wherever it is
//! shown.

use std::task::Poll;

use otp_core::{Expiry, Generator, KeyDeed, Keyed, Old, Purpose, Related, Restrictions, Standing};

use super::*;
use crate::engine::{Meant, ShownAt, WantedPass};

#[derive(Clone, Debug)]
enum PassDeed {
    Make { login: bool, owned: bool, seconds: u64, instead: bool },
    Look { which: usize },
    Use { which: usize },
    LogIn { which: usize },
    Extend { which: usize, seconds: u64 },
    End { which: usize },
    EndAll { login: bool, owned: bool },
    Guess,
}

/// What must be true of a pass.
#[derive(Clone, Debug)]
struct Model {
    login: bool,
    owned: bool,
    expires: u64,
    over: bool,
}

impl Model {
    fn is_live(&self, now: u64) -> bool {
        !self.over && now < self.expires
    }
}

fn pass_deeds() -> impl Strategy<Value = Vec<(PassDeed, u64, bool)>> {
    let which = || 0_usize..8;
    let seconds = || prop_oneof![1_u64..20, 1_u64..2000];
    let deed = prop_oneof![
        4 => (any::<bool>(), any::<bool>(), seconds(), prop::bool::weighted(0.2))
            .prop_map(|(login, owned, seconds, instead)| PassDeed::Make { login, owned, seconds, instead }),
        2 => which().prop_map(|which| PassDeed::Look { which }),
        3 => which().prop_map(|which| PassDeed::Use { which }),
        4 => which().prop_map(|which| PassDeed::LogIn { which }),
        2 => (which(), seconds()).prop_map(|(which, seconds)| PassDeed::Extend { which, seconds }),
        1 => which().prop_map(|which| PassDeed::End { which }),
        1 => (any::<bool>(), any::<bool>()).prop_map(|(login, owned)| PassDeed::EndAll { login, owned }),
        1 => Just(PassDeed::Guess),
    ];
    let pause = prop_oneof![Just(0_u64), 0_u64..20, 0_u64..2000];
    prop::collection::vec((deed, pause, prop::bool::weighted(0.15)), 1..40)
}

fn purpose(login: bool) -> Purpose {
    if login { Purpose::login() } else { Purpose::parse("door").unwrap() }
}

fn owner(owned: bool) -> Option<Person> {
    owned.then(alice)
}

/// A key and what its pass is called, in one of the worlds.
pub(super) type Made = (String, otp_core::PassId);

impl World {
    fn opened(&self) -> &Engine {
        self.engine.as_ref().unwrap()
    }

    pub(super) fn make(
        &self,
        (login, owned): (bool, bool),
        seconds: u64,
        instead: bool,
    ) -> Option<Made> {
        let wanted = WantedPass {
            purpose: purpose(login),
            generator: Generator::default(),
            expiry: Expiry::In(Seconds(seconds)),
            reason: None,
            restrictions: Restrictions::default(),
            related: Related::default(),
            data: None,
            old: if instead { Old::End } else { Old::Stay },
        };
        let made = self.opened().make_pass(owner(owned), root(), wanted, soon());
        let made = self.runtime.block_on(made).unwrap();
        made.ok().map(|made| {
            let (pass, key) = made.unwrap_or_else(|wrong| panic!("{wrong:?}"));
            (key.reveal().to_string(), pass.id)
        })
    }

    fn key(&self, login: bool, key: &str, deed: KeyDeed) -> bool {
        let shown = ShownAt { service: "door".to_owned(), origin: Origin::Local };
        let asked = (purpose(login), PassKey::parse(key).unwrap());
        let done = self.opened().show_key(Uid(0), asked, (deed, shown), soon());
        match self.runtime.block_on(done).unwrap().into_result().unwrap() {
            Keyed::Valid(_) => true,
            Keyed::Wrong { .. } => false,
            Keyed::Held(refusal) => panic!("root is not throttled: {refusal:?}"),
        }
    }

    pub(super) fn log_in(&self, key: &str) -> bool {
        let login = Login {
            entry: Entry::Key,
            key: PassKey::parse(key),
            device: None,
            kinds: Some(vec!["pass".to_owned()]),
            origin: Origin::Local,
            service: "sshd".to_owned(),
            from: String::new(),
            remember: None,
        };
        let done = self.opened().verify(alice(), Uid(0), login, soon());
        let told = self.runtime.block_on(done).unwrap().into_result().unwrap();
        self.unlock();
        match told {
            Verified::Passed(_) => true,
            Verified::Wrong { .. } => false,
            Verified::Accepted { .. } | Verified::Held(_) => panic!("{told:?}"),
        }
    }

    fn extend(&self, (id, owned): (&otp_core::PassId, bool), seconds: u64) -> bool {
        let wanted = (id.clone(), Expiry::In(Seconds(seconds)));
        let done = self.opened().extend_pass(owner(owned), root(), wanted, soon());
        self.runtime.block_on(done).unwrap().into_result().is_ok()
    }

    fn end(&self, (login, owned): (bool, bool), key: Option<&str>) -> usize {
        let meant = key.map_or(Meant::All, |key| Meant::Key(PassKey::parse(key).unwrap()));
        let done = self.opened().end_passes(owner(owned), Uid(0), (purpose(login), meant), soon());
        self.runtime.block_on(done).unwrap().into_result().map_or(0, |ended| ended.len())
    }

    fn live(&self) -> usize {
        let listed = self.opened().passes(None, (String::new(), 1000), soon());
        let listed = self.runtime.block_on(listed).unwrap();
        listed.iter().filter(|(_, standing)| *standing == Standing::Live).count()
    }
}

/// Changes the model as a deed should, and tells what should be heard: how many passes it met.
fn meant(models: &mut Vec<Model>, deed: &PassDeed, now: u64) -> usize {
    let is_same = |model: &Model, login, owned| (model.login, model.owned) == (login, owned);
    let live = |models: &[Model], which: usize| models.get(which).is_some_and(|m| m.is_live(now));
    match *deed {
        PassDeed::Make { login, owned, seconds, instead } => {
            let mut full = models.iter().filter(|m| m.owned && m.is_live(now)).count();
            if instead {
                let ended = |m: &&mut Model| is_same(m, login, owned) && m.is_live(now);
                let same = models.iter().filter(|m| is_same(m, login, owned) && m.is_live(now));
                full -= if owned { same.count() } else { 0 };
                if !owned || full < otp_core::OWNER_LIVE {
                    models.iter_mut().filter(ended).for_each(|model| model.over = true);
                }
            }
            if owned && full >= otp_core::OWNER_LIVE {
                return 0;
            }
            models.push(Model { login, owned, expires: now + seconds, over: false });
            1
        }
        PassDeed::Look { which } => live(models, which).into(),
        PassDeed::Use { which } => {
            let met = live(models, which);
            models.iter_mut().skip(which).take(1).for_each(|model| model.over |= met);
            met.into()
        }
        PassDeed::LogIn { which } => {
            let met = models.get(which).is_some_and(|m| m.login && m.owned && m.is_live(now));
            models.iter_mut().skip(which).take(1).for_each(|model| model.over |= met);
            met.into()
        }
        PassDeed::Extend { which, seconds } => {
            let met = live(models, which);
            for model in models.iter_mut().skip(which).take(usize::from(met)) {
                model.expires = model.expires.max(now + seconds);
            }
            met.into()
        }
        PassDeed::End { which } => {
            let met = live(models, which);
            models.iter_mut().skip(which).take(1).for_each(|model| model.over |= met);
            met.into()
        }
        PassDeed::EndAll { login, owned } => {
            let ended = models.iter_mut().filter(|m| is_same(m, login, owned) && m.is_live(now));
            ended.map(|model| model.over = true).count()
        }
        PassDeed::Guess => 0,
    }
}

/// Does it, and tells how many passes it met.
fn done(world: &World, made: &mut Vec<Made>, models: &[Model], deed: &PassDeed) -> usize {
    let (none, nobody) = ((String::from("aaaa-aaaa"), otp_core::PassId::new([0; 8])), (true, true));
    let of = |which: usize| {
        let (key, id) = made.get(which).cloned().unwrap_or(none.clone());
        (key, id, models.get(which).map_or(nobody, |model| (model.login, model.owned)))
    };
    match *deed {
        PassDeed::Make { login, owned, seconds, instead } => {
            let new = world.make((login, owned), seconds, instead);
            let met = usize::from(new.is_some());
            made.extend(new);
            met
        }
        PassDeed::Look { which } => {
            let (key, _, (login, _)) = of(which);
            // For another purpose it is none.
            assert!(!world.key(!login, &key, KeyDeed::Use));
            world.key(login, &key, KeyDeed::Look).into()
        }
        PassDeed::Use { which } => {
            let (key, _, (login, _)) = of(which);
            world.key(login, &key, KeyDeed::Use).into()
        }
        PassDeed::LogIn { which } => world.log_in(&of(which).0).into(),
        PassDeed::Extend { which, seconds } => {
            let (_, id, (_, owned)) = of(which);
            world.extend((&id, owned), seconds).into()
        }
        PassDeed::End { which } => {
            let (key, _, whose) = of(which);
            world.end(whose, Some(&key))
        }
        PassDeed::EndAll { login, owned } => world.end((login, owned), None),
        PassDeed::Guess => world.key(true, "bbbb-bbbb-bbbb", KeyDeed::Use).into(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn passes_are_what_the_model_says_whatever_restarts(deeds in pass_deeds()) {
        let (steady, mut restarted) = (World::new(), World::new());
        let (mut models, mut mine, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
        let mut now = START;
        for (deed, pause, restart) in deeds {
            now += pause;
            steady.at(now);
            restarted.at(now);
            if restart {
                restarted.restart();
            }
            let before = models.clone();
            let expected = meant(&mut models, &deed, now);
            prop_assert_eq!(done(&steady, &mut mine, &before, &deed), expected, "{:?}", deed);
            prop_assert_eq!(done(&restarted, &mut theirs, &before, &deed), expected, "{:?}", deed);
            let live = models.iter().filter(|model| model.is_live(now)).count();
            prop_assert_eq!((steady.live(), restarted.live()), (live, live), "{:?}", deed);
        }
    }
}

/// At each second around its end, before and after a restart.
#[test]
fn a_pass_ends_at_its_second_for_every_verb() {
    for (now, live) in [(9, true), (10, false), (11, false)] {
        let mut world = World::new();
        world.at(START);
        let made: Vec<Made> =
            (0..5).map(|_| world.make((true, true), 10, false).unwrap()).collect();
        world.restart();
        world.at(START + now);
        assert_eq!(world.key(true, &made[0].0, KeyDeed::Look), live, "{now}");
        assert_eq!(world.key(true, &made[1].0, KeyDeed::Use), live, "{now}");
        assert_eq!(world.log_in(&made[2].0), live, "{now}");
        assert_eq!(world.extend((&made[3].1, true), 100), live, "{now}");
        assert_eq!(world.end((true, true), Some(&made[4].0)) == 1, live, "{now}");
        world.restart();
        for key in [&made[1].0, &made[2].0, &made[4].0] {
            assert!(!world.key(true, key, KeyDeed::Look), "{now}");
        }
    }
}

/// Of many at once with one key, at the prompt and elsewhere, one is let in.
#[test]
fn one_of_sixty_four_uses_it() {
    let world = World::new();
    world.at(START);
    let (key, _) = world.make((true, true), 600, false).unwrap();
    let engine = world.opened();
    let uses = (0..64_u32).map(|turn| {
        let key = key.clone();
        async move {
            if turn % 2 == 0 {
                let shown = ShownAt { service: String::new(), origin: Origin::Local };
                let asked = (Purpose::login(), PassKey::parse(&key).unwrap());
                let done = engine.show_key(Uid(0), asked, (KeyDeed::Use, shown), soon()).await;
                matches!(done.unwrap().into_result(), Ok(Keyed::Valid(_)))
            } else {
                let login = Login {
                    entry: Entry::Key,
                    key: PassKey::parse(&key),
                    device: None,
                    kinds: Some(vec!["pass".to_owned()]),
                    origin: Origin::Local,
                    service: "sshd".to_owned(),
                    from: String::new(),
                    remember: None,
                };
                let done = engine.verify(alice(), Uid(0), login, soon()).await;
                matches!(done.unwrap().into_result(), Ok(Verified::Passed(_)))
            }
        }
    });
    // All are queued before any is answered.
    let (mut uses, mut won): (Vec<_>, u32) = (uses.map(Box::pin).collect(), 0);
    world.runtime.block_on(std::future::poll_fn(|context| {
        uses.retain_mut(|one| match one.as_mut().poll(context) {
            Poll::Ready(alone) => {
                won += u32::from(alone);
                false
            }
            Poll::Pending => true,
        });
        if uses.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    }));
    assert_eq!(won, 1);
}
