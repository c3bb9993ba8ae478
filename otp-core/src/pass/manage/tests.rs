use super::*;
use crate::{
    Generator, Seconds, Uid, Warrant,
    pass::{
        Purpose, Standing, TermError,
        sample::{NOW, POLICY, alice, at, change, name, pass, refusal},
    },
};

fn root(now: UnixTime) -> Asking<'static> {
    Asking { by: Uid(0), warrant: Warrant::Standing, policy: &POLICY, now }
}

fn extended_at(pass: &Pass, expiry: Expiry, now: UnixTime) -> Decision<Changed<Pass>> {
    let account = alice();
    let owner = Owner { account: Some(&account), name: &account.name, uid: Uid(1000) };
    extend_pass(Some(owner), Some(pass), expiry, &root(now), &PassPolicy::default())
}

#[test]
fn a_live_one_lives_longer_and_never_shorter() {
    let pass = pass(1, &[]);
    for (expiry, now, until) in [
        (Expiry::Default, at(300), at(900)),
        (Expiry::In(Seconds(1)), at(300), at(600)),
        (Expiry::At(at(7200)), at(599), at(7200)),
    ] {
        let (changes, outcome) = change(extended_at(&pass, expiry, now));
        assert_eq!(outcome.unwrap().state.expires, until, "{expiry:?}");
        assert_eq!((changes.account, changes.beside.len()), (Some(name("alice")), 1));
    }
    let zero = refusal(extended_at(&pass, Expiry::In(Seconds(0)), NOW));
    assert_eq!(zero, Refusal::Pass(PassRefusal::Term(TermError::Past)));
}

#[test]
fn what_is_over_is_not_extended_nor_what_is_anothers() {
    let mut used = pass(1, &[]);
    used.state.ended = Some((NOW, Ending::Used));
    let mut of_bob = pass(1, &[]);
    of_bob.owner = Some(name("bob"));
    let mut of_nobody = pass(1, &[]);
    of_nobody.owner = None;
    for (pass, now) in [(pass(1, &[]), at(600)), (used, NOW), (of_bob, NOW), (of_nobody, NOW)] {
        let refused = refusal(extended_at(&pass, Expiry::Default, now));
        assert_eq!(refused, Refusal::Pass(PassRefusal::None), "{pass:?}");
    }
}

/// Extended again and again, a short key would live until it is guessed.
#[test]
fn a_short_key_is_not_extended_beyond_ten_minutes() {
    let mut short = pass(1, &[]);
    short.state.generator = Generator::Digits(7);
    let refused = refusal(extended_at(&short, Expiry::Default, at(1)));
    assert_eq!(refused, Refusal::Pass(PassRefusal::Term(TermError::Guessable(23))));
    assert!(change(extended_at(&short, Expiry::In(Seconds(300)), at(300))).1.is_ok());
}

#[test]
fn called_back_by_purpose_key_or_related_objects_in_any_order() {
    let related = |names: &[&str]| -> Related {
        names.iter().map(ToString::to_string).collect::<Vec<_>>().try_into().unwrap()
    };
    let [mut first, second, mut over, mut of_bob] = [1, 2, 3, 4].map(|seed| pass(seed, &[]));
    first.state.related = related(&["door", "gate"]);
    over.state.expires = NOW;
    of_bob.owner = Some(name("bob"));
    let passes = [first, second, over, of_bob];
    let ended = |which: Ended<'_>| {
        let (changes, ended) = change(end_passes(Some(&name("alice")), &passes, which, NOW));
        assert_eq!(changes.beside.len(), ended.len());
        let all =
            ended.iter().all(|pass| pass.standing(NOW) == Standing::Ended(Ending::Deactivated));
        assert!(all);
        ended.iter().map(|pass| pass.digest.clone()).collect::<Vec<_>>()
    };
    let hash = |seed| CodeHash::new([seed; 32]);
    assert_eq!(ended(Ended::All), [hash(1), hash(2)]);
    assert_eq!(ended(Ended::Key(&hash(2))), [hash(2)]);
    assert_eq!(ended(Ended::Related(&related(&["gate", "door"]))), [hash(1)]);
    for which in [Ended::Key(&hash(3)), Ended::Key(&hash(4)), Ended::Related(&related(&["gate"]))] {
        let none = end_passes(Some(&name("alice")), &passes, which, NOW);
        assert_eq!(refusal(none), Refusal::Pass(PassRefusal::None), "{which:?}");
    }
    assert_eq!(Purpose::login().as_str(), "login");
}

#[test]
fn what_is_over_is_kept_for_a_while() {
    let (changes, ()) = change(clean_passes(&PassPolicy::default(), NOW));
    assert!(matches!(changes.beside.as_slice(), [Beside::ForgetPasses(t)] if *t == at(-604_800)));
}
