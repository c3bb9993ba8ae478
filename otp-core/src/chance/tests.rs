//! The chances by hand, and the codes that devices accept counted by asking them.

use super::*;
use crate::{
    Algorithm, Code, CodeHash, Counter, Device, DeviceId, Entry, Label, Offer, Period, Secret,
    TimeStep, UnixTime,
    device::{Probe, RecoveryState},
    hotp,
};

fn digits(count: u32) -> Digits {
    Digits::try_from(count).unwrap()
}

fn by_time(count: u32) -> KindState {
    KindState::Totp(TotpState::new(Algorithm::Sha1, digits(count), Period::default()))
}

fn by_count(count: u32) -> KindState {
    KindState::Hotp(HotpState::new(Algorithm::Sha1, digits(count), Counter(1000)))
}

fn secret() -> Secret {
    Secret::from_bytes(b"12345678901234567890".to_vec()).unwrap()
}

fn code(counter: u64) -> Code {
    hotp(&secret(), Counter(counter), Algorithm::Sha1, digits(8))
}

fn probe(state: &KindState, counter: u64, now: UnixTime) -> Probe {
    let device = Device {
        id: DeviceId::parse("totp/00000000").unwrap(),
        label: Label::parse("phone").unwrap(),
        confirmed: true,
        created: now,
        last_used: None,
        replaces: None,
        kind: state.clone().with_secret(Some(secret())).unwrap(),
    };
    device.probe(&Offer::Code(code(counter)), now)
}

/// How many of the codes around its present a device takes.
fn accepted(state: &KindState, now: UnixTime) -> u32 {
    let taken = |counter: &u64| matches!(probe(state, *counter, now), Probe::Match(..));
    u32::try_from((980..1040).filter(taken).count()).unwrap()
}

/// Never more, whatever was noted and whenever; and as many at some moment.
#[test]
fn the_codes_that_count_are_those_that_are_accepted() {
    let start = TimeStep(1000).start(Period::default());
    for (state, alone) in [(by_time(8), 3), (by_count(8), 6)] {
        assert_eq!(accepted(&state, start), alone, "{}", state.kind());
        let mut most = 0;
        for noted in [990, 995, 1002, 1008, 1010, 1020] {
            let Probe::NoMatch { candidate: Some(state), .. } = probe(&state, noted, start) else {
                continue;
            };
            let moments = [0, 30, 60, 90, 300, 330].map(|later| start.plus(Seconds(later)));
            most = moments.iter().map(|now| accepted(&state, *now)).fold(most, u32::max);
        }
        assert_eq!(Odds::of(&state).codes, most, "{}", state.kind());
    }
}

/// Of the codes that can be made one is as likely as the other, and none is a device's code.
#[test]
fn recovery_codes_are_one_of_forty_bits() {
    let hashes = (0..10).map(|number| CodeHash::new([number; 32])).collect();
    let odds = Odds::of(&KindState::Recovery(RecoveryState::new(hashes)));
    assert_eq!((odds.codes, odds.guess), (10, Chance::of_one_among(RecoveryCode::COUNT).times(10)));
    assert!(odds.guess.0 > 10 << 24 && odds.guess.0 < 11 << 24);
    for (typed, recovery) in [("22222222", false), ("2222222A", true), ("AAAAAAAA", true)] {
        assert_eq!(matches!(Entry::parse(typed), Ok(Entry::Recovery(_))), recovery, "{typed}");
    }
}

/// By how many of the 2³¹ numbers it is made; never less likely than 10⁻ᵈ.
#[test]
fn the_likeliest_code() {
    for (count, numbers) in [(6, 2148_u128), (7, 215), (8, 22), (9, 3), (10, 1)] {
        let chance = Chance::of_code(digits(count));
        assert_eq!(chance.0 >> 33, numbers, "{count}");
        assert!(chance.0 * 10_u128.pow(count) >= CERTAIN, "{count}");
    }
    // Ten digits are made of 31 bits: not one in ten thousand million.
    assert_eq!(Chance::of_code(digits(10)).one_in(), Some(1 << 31));
    assert_eq!(Chance::of_code(digits(6)).one_in(), Some(999_759));
}

#[test]
fn an_account_as_most_are() {
    let policy = ThrottlePolicy::default();
    let bounds = Bounds::of([&by_time(6)], &policy);
    assert_eq!(bounds.guess.one_in(), Some(166_626));
    assert_eq!(bounds.lane_until_locked.one_in(), Some(1666));
    assert_eq!(bounds.lanes_until_locked.one_in(), Some(416));
    assert_eq!((bounds.a_year, bounds.lane_in_a_year.one_in()), (3888, Some(42)));
    assert_eq!(bounds.lanes_in_a_year.one_in(), Some(10));
}

#[test]
fn devices_add_up() {
    let policy = ThrottlePolicy::default();
    let states = [by_time(6), by_count(6), by_count(8)];
    let sum: u128 = states.iter().map(|state| Odds::of(state).guess.0).sum();
    let bounds = Bounds::of(&states, &policy);
    assert_eq!(bounds.guess.0, sum);
    assert_eq!(bounds.guess.0 >> 33, 13 * 2148 + 7 * 22);
}

#[test]
fn without_a_device_nothing_can_be_hit_and_nothing_is_surer_than_sure() {
    let none = Bounds::of([], &ThrottlePolicy::default());
    assert_eq!((none.guess, none.lanes_in_a_year.one_in()), (Chance::NONE, None));
    let unlock_after = Some(Seconds(60));
    let policy = ThrottlePolicy { unlock_after, ..ThrottlePolicy::default() };
    let states = vec![by_count(6); 8];
    assert_eq!(Bounds::of(&states, &policy).lanes_in_a_year.one_in(), Some(1));
}

#[test]
fn the_edges_of_chance() {
    assert_eq!(Chance(1).one_in(), Some(u64::MAX));
    assert_eq!(Chance(CERTAIN).one_in(), Some(1));
    assert_eq!(Chance(CERTAIN - 1).times(u64::MAX), Chance(CERTAIN));
    assert_eq!(Chance(CERTAIN).or(Chance(CERTAIN)), Chance(CERTAIN));
    // 2⁶⁴/3 is not whole: the bound is told larger, never smaller.
    assert_eq!(Chance(3).one_in(), Some(u64::MAX / 3));
}
