//! Places and their limits, and what becomes of devices that nobody confirms.

use super::*;
use crate::{
    Algorithm, Code, Counter, Digits, Secret, ThrottlePolicy,
    device::{HotpState, RecoveryState},
    hotp, remove,
};

const POLICY: ThrottlePolicy = ThrottlePolicy {
    free: 2,
    factor: Seconds(1),
    longest: Seconds(900),
    lock_after: 100,
    lock_after_recent: 300,
    unlock_after: None,
};
const START: u64 = 1_700_000_000;

fn name() -> UserName {
    UserName::parse("alice").unwrap()
}

fn secret(seed: u8) -> Secret {
    Secret::from_bytes(vec![seed; 20]).unwrap()
}

fn asking(warrant: Warrant<'_>, now: u64) -> Asking<'_> {
    Asking { by: Uid(1000), warrant, policy: &POLICY, now: UnixTime::from_secs(now) }
}

fn code(seed: u8) -> Offer {
    let made: Code = hotp(&secret(seed), Counter(0), Algorithm::Sha1, Digits::SIX);
    Offer::Code(made)
}

/// What a store would make of it: devices alone.
fn apply(account: &mut Account, changes: Changes) {
    for change in changes.list {
        match change {
            Change::Add(device) => account.devices.push(device),
            Change::Drop(id) => {
                let before = account.devices.len();
                account.devices.retain(|device| device.id != id);
                assert_eq!(account.devices.len() + 1, before, "dropped twice or never there");
            }
            Change::Move { device, state, confirmed, .. } => {
                let at = account.devices.iter().position(|d| d.id == device).unwrap();
                let old = account.devices.remove(at);
                let seed = *old.secret().unwrap().expose().first().unwrap();
                let kind = state.with_secret(Some(secret(seed))).unwrap();
                account.devices.insert(at, Device { confirmed, replaces: None, kind, ..old });
            }
            Change::Head { enrolled, .. } => account.enrolled = enrolled,
            Change::Note { .. }
            | Change::Sent { .. }
            | Change::Rename(..)
            | Change::Lane(..)
            | Change::Seen(..)
            | Change::Forget(_)
            | Change::Invite(_)
            | Change::Uninvite
            | Change::Exempt(_)
            | Change::Unexempt
            | Change::Tokens(_)
            | Change::Event(_)
            | Change::Remember(_)
            | Change::Unremember(_)
            | Change::Give { .. } => {}
        }
    }
}

fn add(account: &mut Account, seed: u8, replaces: Option<&str>, now: u64) -> Result<(), Refusal> {
    let state = HotpState::new(Algorithm::Sha1, Digits::SIX, Counter(0));
    let kind = Kind::Hotp(secret(seed), state);
    let label = replaces.is_none().then(|| Label::parse(&format!("device {seed}")).unwrap());
    let replaces = replaces.map(str::to_owned);
    let new = NewDevice { label, replaces, kind, random: [seed; 4] };
    let asking = asking(Warrant::Standing, now);
    match enroll(Some(account), &name(), Uid(1000), new, &asking) {
        Decision::Unchanged(refusal) => Err(refusal),
        Decision::Change(transition) => {
            apply(account, transition.into_parts().0);
            Ok(())
        }
    }
}

fn confirmed_by(
    account: &mut Account,
    seed: u8,
    warrant: Warrant<'_>,
    now: u64,
) -> Result<(), Refusal> {
    let id = DeviceId::new("hotp", [seed; 4]);
    let (origin, asking) = (Origin::Own, asking(warrant, now));
    match confirm(account, id.as_str(), &code(seed), &origin, &asking) {
        Decision::Unchanged(refusal) => Err(refusal),
        Decision::Change(transition) => {
            let (changes, outcome) = transition.into_parts();
            apply(account, changes);
            assert!(outcome.is_ok());
            Ok(())
        }
    }
}

fn ids(account: &Account) -> Vec<u8> {
    account
        .devices
        .iter()
        .map(|device| *device.secret().unwrap().expose().first().unwrap())
        .collect()
}

#[test]
fn places_are_not_multiplied_by_replacements() {
    let mut alice = Account::new(name(), Uid(1000));
    add(&mut alice, 1, None, START).unwrap();
    let waiting = DeviceId::new("hotp", [1; 4]).to_string();
    let refused = add(&mut alice, 2, Some(&waiting), START);
    assert!(matches!(refused, Err(Refusal::WrongKind(_))), "it waits itself: {refused:?}");
    confirmed_by(&mut alice, 1, Warrant::Standing, START).unwrap();
    for seed in 2..=200 {
        add(&mut alice, seed, Some(&waiting), START).unwrap();
        let heir = DeviceId::new("hotp", [seed; 4]).to_string();
        assert!(add(&mut alice, 201, Some(&heir), START).is_err(), "an heir has no heirs");
        assert_eq!(ids(&alice), [1, seed], "one heir at a time");
    }
}

#[test]
fn what_was_to_take_the_place_of_what_is_removed_goes_with_it() {
    let mut alice = Account::new(name(), Uid(1000));
    add(&mut alice, 1, None, START).unwrap();
    confirmed_by(&mut alice, 1, Warrant::Standing, START).unwrap();
    add(&mut alice, 2, Some("device 1"), START).unwrap();
    let asking = asking(Warrant::Standing, START);
    let done = remove(&alice, "device 1", crate::LastDevice::Goes, &asking);
    let Decision::Change(transition) = done else { panic!("{done:?}") };
    apply(&mut alice, transition.into_parts().0);
    assert!(alice.devices.is_empty());
}

#[test]
fn a_device_waits_a_week_for_its_owner() {
    let mut alice = Account::new(name(), Uid(1000));
    add(&mut alice, 1, None, START).unwrap();
    let week = UNCONFIRMED_FOR.0;
    let late = confirmed_by(&mut alice, 1, Warrant::Standing, START + week + 1);
    assert!(matches!(late, Err(Refusal::WaitedTooLong(_))), "{late:?}");
    confirmed_by(&mut alice, 1, Warrant::Standing, START + week).unwrap();
}

/// Whoever had the session too may have enrolled a device of their own.
#[test]
fn where_a_session_is_enough_the_first_to_be_confirmed_is_the_only_one() {
    for (warrant, left) in [
        (Warrant::Session(First::OfUsers), vec![2]),
        (Warrant::Session(First::OfAdministrators), vec![1, 2, 3]),
        (Warrant::Standing, vec![1, 2, 3]),
    ] {
        let mut alice = Account::new(name(), Uid(1000));
        for seed in 1..=3 {
            add(&mut alice, seed, None, START).unwrap();
        }
        confirmed_by(&mut alice, 2, warrant, START).unwrap();
        assert_eq!(ids(&alice), left, "{warrant:?}");
    }
}

#[test]
fn recovery_codes_are_replaced_by_their_own_verb() {
    let mut alice = Account::new(name(), Uid(1000));
    let kind = Kind::Recovery(RecoveryState::new(Vec::new()));
    let label = Label::parse("recovery").unwrap();
    let id = DeviceId::new("recovery", [9; 4]);
    let (created, last_used, replaces) = (UnixTime::from_secs(START), None, None);
    let confirmed = true;
    alice.devices.push(Device { id, label, confirmed, created, last_used, replaces, kind });
    let refused = add(&mut alice, 1, Some("recovery"), START);
    assert!(matches!(refused, Err(Refusal::WrongKind(_))), "{refused:?}");
}
