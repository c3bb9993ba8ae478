//! Attempts one by one, and properties over random histories.

use proptest::prelude::*;

use super::*;
use crate::{
    Algorithm, Counter, Digits, KnownAddress, Period, Secret, TimeStep, Uid, UserName,
    device::{HotpState, TotpState},
    hotp, totp,
};

const START: u64 = 1_700_000_010;

fn secret(seed: u8) -> Secret {
    Secret::from_bytes(vec![seed; 20]).unwrap()
}

fn device(seed: u8, state: KindState) -> Device {
    let id = DeviceId::new(state.kind(), [seed; 4]);
    let label = Label::parse(&format!("device {seed}")).unwrap();
    let kind = state.with_secret(secret(seed));
    let created = UnixTime::from_secs(0);
    Device { id, label, confirmed: true, created, last_used: None, kind }
}

fn totp_device(seed: u8) -> Device {
    let state = TotpState::new(Algorithm::Sha1, Digits::SIX, Period::default());
    device(seed, KindState::Totp(state))
}

fn hotp_device(seed: u8) -> Device {
    device(seed, KindState::Hotp(HotpState::new(Algorithm::Sha1, Digits::SIX, Counter(0))))
}

fn account(devices: Vec<Device>) -> Account {
    let name = UserName::parse("alice").unwrap();
    Account { enrolled: true, devices, ..Account::new(name, Uid(1000)) }
}

fn totp_code(seed: u8, now: u64) -> Code {
    let step = TimeStep::at(UnixTime::from_secs(now), Period::default());
    totp(&secret(seed), step, Algorithm::Sha1, Digits::SIX)
}

fn hotp_code(seed: u8, counter: u64) -> Code {
    hotp(&secret(seed), Counter(counter), Algorithm::Sha1, Digits::SIX)
}

/// Applies what a decision changed, as a store would.
fn apply(account: &mut Account, changes: Changes) {
    for change in changes.list {
        match change {
            Change::Move { device, state, used, confirmed } => {
                let at = account.devices.iter().position(|d| d.id == device).unwrap();
                let old = account.devices.remove(at);
                let copy = Secret::from_bytes(old.secret().expose().to_vec()).unwrap();
                let kind = state.with_secret(copy);
                let last_used = Some(used);
                account.devices.insert(at, Device { confirmed, last_used, kind, ..old });
            }
            Change::Lane(lane, state) if state.is_clear() => drop(account.lanes.remove(&lane)),
            Change::Lane(lane, state) => drop(account.lanes.insert(lane, state)),
            Change::Seen(address, seen) => {
                account.addresses.retain(|known| known.address != address);
                account.addresses.push(KnownAddress { address, seen });
            }
            Change::Forget(address) => account.addresses.retain(|known| known.address != address),
            Change::Event(_) => {}
            Change::Head { .. } | Change::Add(_) | Change::Drop(_) => panic!("not of an attempt"),
        }
    }
}

fn try_code(
    account: &mut Account,
    code: &Code,
    origin: &Origin,
    now: u64,
) -> Result<Verified, Refusal> {
    let it = Attempt { code, origin, service: "sshd", from: "" };
    match attempt(account, &it, &ThrottlePolicy::default(), UnixTime::from_secs(now)) {
        Decision::Unchanged(refusal) => Err(refusal),
        Decision::Change(transition) => {
            let (changes, outcome) = transition.into_parts();
            apply(account, changes);
            Ok(outcome)
        }
    }
}

fn accepted(result: &Result<Verified, Refusal>) -> bool {
    matches!(result, Ok(Verified::Accepted { .. }))
}

fn wrong_code() -> Code {
    Code::parse("0000000000").unwrap()
}

#[test]
fn once_and_not_again() {
    let mut alice = account(vec![totp_device(1), hotp_device(2)]);
    for code in [totp_code(1, START), hotp_code(2, 0)] {
        assert!(accepted(&try_code(&mut alice, &code, &Origin::Local, START)));
        let again = try_code(&mut alice, &code, &Origin::Local, START);
        assert!(matches!(again, Err(Refusal::Used(..))), "{again:?}");
    }
    assert!(alice.lanes.is_empty(), "a used code is not counted");
}

#[test]
fn a_code_is_spent_on_every_device_that_it_matches() {
    let mut twin = totp_device(1);
    twin.id = DeviceId::new("totp", [9; 4]);
    let mut alice = account(vec![totp_device(1), twin, hotp_device(2)]);
    let code = totp_code(1, START);
    match try_code(&mut alice, &code, &Origin::Local, START) {
        Ok(Verified::Accepted { also, .. }) => assert_eq!(also, [DeviceId::new("totp", [9; 4])]),
        other => panic!("{other:?}"),
    }
    alice.devices.remove(0);
    assert!(matches!(try_code(&mut alice, &code, &Origin::Local, START), Err(Refusal::Used(..))));
}

#[test]
fn unconfirmed_devices_let_nobody_in() {
    let mut alice = account(vec![Device { confirmed: false, ..totp_device(1) }]);
    let result = try_code(&mut alice, &totp_code(1, START), &Origin::Local, START);
    assert_eq!(result, Err(Refusal::NotEnrolled));
    alice.devices.push(hotp_device(2));
    let result = try_code(&mut alice, &totp_code(1, START), &Origin::Local, START);
    assert!(matches!(result, Ok(Verified::Wrong { failures: 1, .. })), "{result:?}");
}

#[test]
fn a_failure_counts_once_in_one_lane() {
    let mut alice = account(vec![totp_device(1), totp_device(2), hotp_device(3)]);
    let address = Origin::of_host("192.0.2.7");
    assert!(matches!(
        try_code(&mut alice, &wrong_code(), &address, START),
        Ok(Verified::Wrong { lane: Lane::Remote, failures: 1, locked: false, .. })
    ));
    assert_eq!(alice.lanes.len(), 1);
    // Noise from afar throttles afar alone.
    for turn in 1..5 {
        let _ = try_code(&mut alice, &wrong_code(), &address, START + turn);
    }
    let code = totp_code(1, START + 4);
    let afar = try_code(&mut alice, &code, &address, START + 4);
    assert!(matches!(afar, Err(Refusal::Throttled { lane: Lane::Remote, .. })), "{afar:?}");
    assert!(accepted(&try_code(&mut alice, &code, &Origin::Local, START + 4)));
}

#[test]
fn an_address_becomes_known_by_success_and_eight_are_kept() {
    let mut alice = account(vec![hotp_device(1)]);
    for host in 1..=9_u8 {
        let origin = Origin::of_host(&format!("192.0.2.{host}"));
        let now = START + u64::from(host);
        assert!(accepted(&try_code(&mut alice, &hotp_code(1, host.into()), &origin, now)));
    }
    assert_eq!(alice.addresses.len(), KNOWN_ADDRESSES);
    let now = UnixTime::from_secs(START + 9);
    let lane = |host: &str, now| Origin::of_host(host).lane(&alice, now);
    assert_eq!(lane("192.0.2.1", now), Lane::Remote, "the oldest gave way");
    assert_eq!(lane("192.0.2.9", now), Lane::Known);
    assert_eq!(lane("::ffff:192.0.2.9", now), Lane::Known, "the same address, mapped");
    assert_eq!(lane("192.0.2.9", now.plus(crate::KNOWN_FOR)), Lane::Remote);
    assert_eq!(lane("host.example", now), Lane::Remote);
    assert_eq!(lane("", now), Lane::Local);
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Deed {
    Step(u64),
    Counter(u64),
    Totp { offset: i64 },
    Hotp { ahead: u64 },
    Replay,
    Wrong,
}

fn deeds() -> impl Strategy<Value = Vec<(Deed, u64)>> {
    let deed = prop_oneof![
        (-4_i64..=4).prop_map(|offset| Deed::Totp { offset }),
        (0_u64..8).prop_map(|ahead| Deed::Hotp { ahead }),
        Just(Deed::Replay),
        Just(Deed::Wrong),
    ];
    prop::collection::vec((deed, 0_u64..2000), 1..60)
}

/// What must never go back: the HOTP counter and the last TOTP step.
fn positions(account: &Account) -> (u64, u64) {
    account.devices.iter().fold((0, 0), |(next, last), device| match device.state() {
        KindState::Hotp(state) => (state.next.0, last),
        KindState::Totp(state) => (next, state.last.map_or(0, |step| step.0)),
    })
}

proptest! {
    /// Whatever is tried, and in what order: no code is accepted twice, nothing moves back, a
    /// failure moves no device.
    #[test]
    fn no_history_accepts_twice(deeds in deeds()) {
        let mut alice = account(vec![totp_device(1), hotp_device(2)]);
        let mut now = START;
        let mut spent = std::collections::BTreeSet::new();
        let mut last = Deed::Wrong;
        for (deed, pause) in deeds {
            now += pause;
            let before = positions(&alice);
            let deed = if matches!(deed, Deed::Replay) { last } else { deed };
            // A replay is of the very same step or counter: name it before time goes on.
            let deed = match deed {
                Deed::Totp { offset } => Deed::Step(now.saturating_add_signed(offset * 30) / 30),
                Deed::Hotp { ahead } => Deed::Counter(before.0 + ahead),
                other @ (Deed::Step(_) | Deed::Counter(_) | Deed::Replay | Deed::Wrong) => other,
            };
            let code = match deed {
                Deed::Step(step) => totp_code(1, step * 30),
                Deed::Counter(counter) => hotp_code(2, counter),
                Deed::Totp { .. } | Deed::Hotp { .. } | Deed::Replay | Deed::Wrong => wrong_code(),
            };
            let result = try_code(&mut alice, &code, &Origin::Local, now);
            let after = positions(&alice);
            prop_assert!(after.0 >= before.0 && after.1 >= before.1);
            if accepted(&result) {
                prop_assert!(after > before);
                prop_assert!(spent.insert(deed.clone()), "{deed:?} was accepted twice");
            } else {
                prop_assert_eq!(after, before);
            }
            last = deed;
        }
    }
}
