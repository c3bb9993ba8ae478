use super::*;
use crate::{
    CodeHash, ThrottlePolicy, Verified,
    pass::sample::{NOW, POLICY, alice, at, change, locked, name, pass, refusal},
};

fn new(expiry: Expiry) -> NewPass {
    NewPass {
        id: PassId::new([9; 8]),
        digest: CodeHash::new([9; 32]),
        generator: Generator::default(),
        purpose: Purpose::login(),
        expiry,
        origin: "root@host".to_owned(),
        reason: None,
        restrictions: Restrictions::default(),
        related: Related::default(),
        data: None,
        old: Old::Stay,
    }
}

fn asking<'a>(by: u32, warrant: Warrant<'a>, policy: &'a ThrottlePolicy) -> Asking<'a> {
    Asking { by: Uid(by), warrant, policy, now: NOW }
}

const NOTHING: Surroundings<'_> =
    Surroundings { same: None, old: &[], owned: &[], made: &[], maker: None };

fn by_root(new: &NewPass, around: &Surroundings<'_>) -> Decision<Changed<Pass>> {
    let alice = name("alice");
    let owner = Owner { account: None, name: &alice, uid: Uid(1000) };
    let asking = asking(0, Warrant::Standing, &POLICY);
    make_pass(Some(owner), new, around, &asking, &PassPolicy::default())
}

#[test]
fn one_for_somebody_who_never_enrolled_makes_the_account_and_enrolls_nobody() {
    let (changes, made) = change(by_root(&new(Expiry::Default), &NOTHING));
    let made = made.unwrap();
    assert_eq!((made.state.expires, made.state.maker), (at(600), 0));
    assert_eq!(made.owner, Some(name("alice")));
    let head = changes.list.iter().find_map(|change| {
        if let Change::Head { uid, enrolled } = change { Some((*uid, *enrolled)) } else { None }
    });
    assert_eq!((head, changes.account), (Some((Some(Uid(1000)), false)), Some(name("alice"))));
    assert!(matches!(changes.beside.as_slice(), [Beside::Pass(stored)] if **stored == made));
}

#[test]
fn one_of_nobody_touches_no_account() {
    let asking = asking(0, Warrant::Standing, &POLICY);
    let made = make_pass(None, &new(Expiry::Default), &NOTHING, &asking, &PassPolicy::default());
    let (changes, made) = change(made);
    assert_eq!((changes.account, changes.list.len(), changes.beside.len()), (None, 0, 1));
    assert_eq!(made.unwrap().owner, None);
}

/// Who shows a recovery code, a pass, an invitation or nothing makes none for themselves, and what was
/// shown is not spent on it.
#[test]
fn one_for_oneself_needs_a_code_of_a_device() {
    let account = alice();
    let owner = || Owner { account: Some(&account), name: &account.name, uid: Uid(1000) };
    let (hash, key) = (CodeHash::new([1; 32]), Offer::Key);
    let recovery = Offer::Recovery(hash.clone());
    for warrant in [
        Warrant::Code(&recovery),
        Warrant::Code(&key),
        Warrant::Invitation(&hash),
        Warrant::Session(crate::First::OfUsers),
    ] {
        let asking = asking(1000, warrant, &POLICY);
        let new = new(Expiry::Default);
        let made = make_pass(Some(owner()), &new, &NOTHING, &asking, &PassPolicy::default());
        assert_eq!(refusal(made), Refusal::Pass(PassRefusal::DeviceCodeNeeded), "{warrant:?}");
    }
    let wrong = Offer::Code(crate::Code::parse("123456").unwrap());
    let asking = asking(1000, Warrant::Code(&wrong), &POLICY);
    let new = new(Expiry::In(Seconds(3601)));
    let made = make_pass(Some(owner()), &new, &NOTHING, &asking, &PassPolicy::default());
    let term = PassRefusal::Term(TermError::TooLong(Seconds(3600)));
    assert_eq!(refusal(made), Refusal::Pass(term), "an hour at most");
}

#[test]
fn a_wrong_code_makes_none() {
    let (account, wrong) = (with_token(), crate::Code::parse("00000000").unwrap());
    let offer = Offer::Code(wrong);
    let asking = asking(1000, Warrant::Code(&offer), &POLICY);
    let owner = Owner { account: Some(&account), name: &account.name, uid: Uid(1000) };
    let new = new(Expiry::Default);
    let made = make_pass(Some(owner), &new, &NOTHING, &asking, &PassPolicy::default());
    let (changes, outcome) = change(made);
    assert!(matches!(outcome, Err(Verified::Wrong { failures: 1, .. })), "{outcome:?}");
    assert!(changes.beside.is_empty(), "a pass was stored");
}

fn with_token() -> Account {
    use crate::{
        Algorithm, Counter, Device, DeviceId, Digits, Kind, Label, Secret, device::HotpState,
    };
    let mut account = alice();
    let state = HotpState::new(Algorithm::Sha1, Digits::SIX, Counter(0));
    account.devices.push(Device {
        id: DeviceId::parse("hotp/00000001").unwrap(),
        label: Label::parse("token").unwrap(),
        confirmed: true,
        created: NOW,
        last_used: None,
        replaces: None,
        kind: Kind::Hotp(Secret::from_bytes(vec![7; 20]).unwrap(), state),
    });
    account
}

#[test]
fn whose_account_is_locked_makes_none_for_anybody() {
    let locked_out = locked(Lane::Own);
    let around = Surroundings { maker: Some(&locked_out), ..NOTHING };
    let made = by_root(&new(Expiry::Default), &around);
    assert_eq!(refusal(made), Refusal::Pass(PassRefusal::MakerLocked));
    // What strangers do elsewhere keeps nobody from helping.
    let noise = locked(Lane::Remote);
    let around = Surroundings { maker: Some(&noise), ..NOTHING };
    assert!(change(by_root(&new(Expiry::Default), &around)).1.is_ok());
}

#[test]
fn a_key_that_is_known_already_is_not_made_again() {
    let same = pass(9, &[]);
    let around = Surroundings { same: Some(&same), ..NOTHING };
    let made = by_root(&new(Expiry::Default), &around);
    assert_eq!(refusal(made), Refusal::Pass(PassRefusal::KeyTaken));
}

#[test]
fn live_ones_are_bounded_for_owners_and_makers() {
    let (live, over) = (vec![at(1); OWNER_LIVE - 1], vec![NOW; 100]);
    let owned = [live, over].concat();
    let around = Surroundings { owned: &owned, ..NOTHING };
    assert!(change(by_root(&new(Expiry::Default), &around)).1.is_ok());
    let owned = vec![at(1); OWNER_LIVE];
    let around = Surroundings { owned: &owned, ..NOTHING };
    let full = refusal(by_root(&new(Expiry::Default), &around));
    assert_eq!(full, Refusal::Pass(PassRefusal::OwnerFull));
    let made = vec![at(1); MAKER_LIVE];
    let around = Surroundings { made: &made, ..NOTHING };
    let full = refusal(by_root(&new(Expiry::Default), &around));
    assert_eq!(full, Refusal::Pass(PassRefusal::MakerFull));
    // Those that end with it make room.
    let old = [pass(1, &[])];
    let around = Surroundings { owned: &owned, old: &old, ..NOTHING };
    let instead = NewPass { old: Old::End, ..new(Expiry::Default) };
    assert!(change(by_root(&instead, &around)).1.is_ok());
}

#[test]
fn old_ones_end_with_it_where_that_is_asked() {
    let related = |names: &[&str]| -> Related {
        names.iter().map(ToString::to_string).collect::<Vec<_>>().try_into().unwrap()
    };
    let [mut first, mut second, mut over] = [1, 2, 3].map(|seed| pass(seed, &[]));
    first.state.related = related(&["b", "a"]);
    second.state.related = related(&["c"]);
    over.state.expires = NOW;
    let old = [first, second, over];
    let around = Surroundings { old: &old, ..NOTHING };
    for (names, ended) in [(&["a", "b"][..], vec![1]), (&[], vec![1, 2]), (&["a"], vec![])] {
        let new = NewPass { old: Old::End, related: related(names), ..new(Expiry::Default) };
        let (changes, _) = change(by_root(&new, &around));
        let stored = changes.beside.iter().filter_map(|change| match change {
            Beside::Pass(pass) => pass.state.ended.map(|_| pass.id.clone()),
            Beside::Caller(..)
            | Beside::Sent(..)
            | Beside::TidyFamilies(_)
            | Beside::Contact(..)
            | Beside::TidyContacts(_)
            | Beside::ForgetPasses(_) => None,
        });
        let ended: Vec<PassId> = ended.into_iter().map(|seed| PassId::new([seed; 8])).collect();
        assert_eq!(stored.collect::<Vec<_>>(), ended, "{names:?}");
    }
}

#[test]
fn a_key_that_can_be_guessed_in_its_time_is_refused() {
    let short = NewPass { generator: Generator::Digits(7), ..new(Expiry::In(Seconds(601))) };
    let refused = refusal(by_root(&short, &NOTHING));
    assert_eq!(refused, Refusal::Pass(PassRefusal::Term(TermError::Guessable(23))));
}
