//! Attempts one by one, and properties over random histories. One file, as all of it applies what was
//! decided by the same small store.

use proptest::prelude::*;

use super::*;
use crate::{
    Algorithm, Code, CodeHash, Counter, Digits, KnownAddress, Period, Secret, TimeStep, Uid,
    UserName,
    device::{HotpState, RecoveryState, TotpState},
    hotp, totp,
};

const START: u64 = 1_700_000_010;

fn secret(seed: u8) -> Secret {
    Secret::from_bytes(vec![seed; 20]).unwrap()
}

fn device(seed: u8, state: KindState) -> Device {
    let id = DeviceId::new(state.kind(), [seed; 4]);
    let label = Label::parse(&format!("device {seed}")).unwrap();
    let secret = (state.kind() != RecoveryState::KIND).then(|| secret(seed));
    let kind = state.with_secret(secret).unwrap();
    let created = UnixTime::from_secs(0);
    Device { id, label, confirmed: true, created, last_used: None, replaces: None, kind }
}

fn totp_device(seed: u8) -> Device {
    let state = TotpState::new(Algorithm::Sha1, Digits::SIX, Period::default());
    device(seed, KindState::Totp(state))
}

fn hotp_device(seed: u8) -> Device {
    device(seed, KindState::Hotp(HotpState::new(Algorithm::Sha1, Digits::SIX, Counter(0))))
}

fn recovery_device(seed: u8) -> Device {
    let codes = (0..10).map(recovery_hash).collect();
    device(seed, KindState::Recovery(RecoveryState::new(codes)))
}

fn recovery_hash(number: u8) -> CodeHash {
    CodeHash::new([number; 32])
}

fn account(devices: Vec<Device>) -> Account {
    let name = UserName::parse("alice").unwrap();
    Account { enrolled: true, devices, ..Account::new(name, Uid(1000)) }
}

fn totp_code(seed: u8, now: u64) -> Offer {
    let step = TimeStep::at(UnixTime::from_secs(now), Period::default());
    Offer::Code(totp(&secret(seed), step, Algorithm::Sha1, Digits::SIX))
}

fn hotp_code(seed: u8, counter: u64) -> Offer {
    Offer::Code(hotp(&secret(seed), Counter(counter), Algorithm::Sha1, Digits::SIX))
}

/// Applies what a decision changed, as a store would.
fn apply(account: &mut Account, changes: Changes) {
    for change in changes.list {
        match change {
            Change::Move { device, state, used, confirmed } => {
                let at = account.devices.iter().position(|d| d.id == device).unwrap();
                let old = account.devices.remove(at);
                let kind = moved_kind(&old, state);
                let last_used = Some(used);
                account.devices.insert(at, Device { confirmed, last_used, kind, ..old });
            }
            Change::Note { device, state, confirmed } => {
                let at = account.devices.iter().position(|d| d.id == device).unwrap();
                let old = account.devices.remove(at);
                assert_eq!(old.confirmed, confirmed);
                let kind = moved_kind(&old, state);
                account.devices.insert(at, Device { kind, ..old });
            }
            Change::Sent { .. } => panic!("{change:?}"),
            Change::Lane(lane, state) if state.is_clear() => drop(account.lanes.remove(&lane)),
            Change::Lane(lane, state) => drop(account.lanes.insert(lane, state)),
            Change::Seen(address, seen) => {
                account.addresses.retain(|known| known.address != address);
                account.addresses.push(KnownAddress { address, seen });
            }
            Change::Forget(address) => account.addresses.retain(|known| known.address != address),
            Change::Invite(_)
            | Change::Uninvite
            | Change::Event(_)
            | Change::Tokens(_)
            | Change::Remember(_)
            | Change::Unremember(_)
            | Change::Exempt(_)
            | Change::Unexempt => {}
            Change::Head { enrolled, .. } => account.enrolled = enrolled,
            Change::Add(_) | Change::Drop(_) | Change::Rename(..) | Change::Give { .. } => {
                panic!("not of a code")
            }
        }
    }
}

fn moved_kind(old: &Device, state: KindState) -> crate::Kind {
    let copy = old.secret().map(|secret| Secret::from_bytes(secret.expose().to_vec()).unwrap());
    state.with_secret(copy).unwrap()
}

fn try_code(
    account: &mut Account,
    offer: &Offer,
    origin: &Origin,
    now: u64,
) -> Result<Verified, Refusal> {
    try_on(account, None, offer, origin, now)
}

fn try_on(
    account: &mut Account,
    device: Option<&str>,
    offer: &Offer,
    origin: &Origin,
    now: u64,
) -> Result<Verified, Refusal> {
    let it = Attempt { offer, device, kinds: None, origin, service: "sshd", from: "" };
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

fn wrong_code() -> Offer {
    Offer::Code(Code::parse("0000000000").unwrap())
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

#[test]
fn a_recovery_code_once_and_it_tells_what_is_left() {
    let mut alice = account(vec![totp_device(1), recovery_device(3)]);
    let offer = Offer::Recovery(recovery_hash(4));
    match try_code(&mut alice, &offer, &Origin::Local, START) {
        Ok(Verified::Accepted { matched, device, .. }) => {
            assert_eq!(matched, Matched::Recovery { left: 9 });
            assert_eq!(device, DeviceId::new("recovery", [3; 4]));
        }
        other => panic!("{other:?}"),
    }
    let again = try_code(&mut alice, &offer, &Origin::Local, START);
    assert!(matches!(again, Err(Refusal::Used(..))), "{again:?}");
    let unknown = Offer::Recovery(recovery_hash(99));
    let wrong = try_code(&mut alice, &unknown, &Origin::Local, START);
    assert!(matches!(wrong, Ok(Verified::Wrong { failures: 1, noted: None, .. })), "{wrong:?}");
}

#[test]
fn one_device_alone_may_be_asked() {
    let mut alice = account(vec![totp_device(1), hotp_device(2)]);
    let code = hotp_code(2, 0);
    let other = try_on(&mut alice, Some("device 1"), &code, &Origin::Local, START);
    assert!(matches!(other, Ok(Verified::Wrong { failures: 1, .. })), "{other:?}");
    let none = try_on(&mut alice, Some("device 9"), &code, &Origin::Local, START);
    assert_eq!(none, Err(Refusal::UnknownDevice));
    assert!(accepted(&try_on(&mut alice, Some("device 2"), &code, &Origin::Local, START)));
}

#[test]
fn a_code_far_out_lets_in_only_with_the_next_one() {
    let mut alice = account(vec![totp_device(1), hotp_device(2)]);
    let afar = START + 240;
    match try_code(&mut alice, &totp_code(1, afar), &Origin::Local, START) {
        Ok(Verified::Wrong { failures: 1, noted: Some(device), .. }) => {
            assert_eq!(device, DeviceId::new("totp", [1; 4]));
        }
        other => panic!("{other:?}"),
    }
    let again = try_code(&mut alice, &totp_code(1, afar), &Origin::Local, START);
    assert!(matches!(again, Ok(Verified::Wrong { failures: 2, .. })), "{again:?}");
    assert!(accepted(&try_code(&mut alice, &totp_code(1, afar + 30), &Origin::Local, START + 30)));
    // From there on it is in step, as far off as it is.
    assert!(accepted(&try_code(&mut alice, &totp_code(1, afar + 90), &Origin::Local, START + 90)));
}

#[test]
fn what_failed_since_the_last_login_is_told_once_whatever_the_lane() {
    let mut alice = account(vec![hotp_device(1)]);
    assert_eq!(alice.failures_since_login(), []);
    for origin in [Origin::Local, Origin::Own, Origin::Local] {
        assert!(try_code(&mut alice, &wrong_code(), &origin, START).is_ok());
    }
    assert_eq!(alice.failures_since_login(), [(Lane::Own, 1), (Lane::Local, 2)]);
    assert!(accepted(&try_code(&mut alice, &hotp_code(1, 0), &Origin::Named, START)));
    assert_eq!(alice.failures_since_login(), []);
    assert_eq!(alice.lane(Lane::Own).failures, 1, "telling is not forgiving");
    let _ = try_code(&mut alice, &wrong_code(), &Origin::Local, START);
    assert!(try_code(&mut alice, &hotp_code(1, 0), &Origin::Own, START).is_err());
    assert_eq!(alice.failures_since_login(), [(Lane::Local, 1)]);
    let (policy, now) = (ThrottlePolicy::default(), UnixTime::from_secs(START));
    let asking =
        crate::Asking { by: Uid(0), warrant: crate::Warrant::Standing, policy: &policy, now };
    let Decision::Change(unlocked) = crate::forget_failures(&alice, &asking) else {
        panic!("nothing to unlock");
    };
    apply(&mut alice, unlocked.into_parts().0);
    assert_eq!(alice.failures_since_login(), [(Lane::Local, 1)], "unlocking hides nothing");
    let again = crate::forget_failures(&alice, &asking);
    assert!(matches!(again, Decision::Unchanged(Refusal::NothingToUnlock)));
}

/// The wait begins anew where the clock is now, and that is kept: else it would begin anew for ever.
#[test]
fn a_wait_behind_a_clock_set_back_runs_out() {
    let mut alice = account(vec![hotp_device(1)]);
    for _ in 0..5 {
        let _ = try_code(&mut alice, &wrong_code(), &Origin::Local, START);
        alice.lanes.entry(Lane::Local).and_modify(|lane| lane.last = UnixTime::from_secs(0));
    }
    alice.lanes.entry(Lane::Local).and_modify(|lane| lane.last = UnixTime::from_secs(START));
    let back = START - 86_400;
    let held = try_code(&mut alice, &hotp_code(1, 0), &Origin::Local, back);
    let Ok(Verified::Held(Refusal::Throttled { wait: Seconds(wait), .. })) = held else {
        panic!("{held:?}")
    };
    let early = try_code(&mut alice, &hotp_code(1, 0), &Origin::Local, back + wait - 1);
    assert!(matches!(early, Err(Refusal::Throttled { wait: Seconds(1), .. })), "{early:?}");
    assert!(accepted(&try_code(&mut alice, &hotp_code(1, 0), &Origin::Local, back + wait)));
}

#[test]
fn a_wrong_code_that_should_confirm_counts_and_a_right_one_is_spent() {
    let waiting =
        Device { confirmed: false, created: UnixTime::from_secs(START), ..hotp_device(1) };
    let mut alice = account(vec![waiting]);
    let confirm = |alice: &mut Account, code: &Offer| {
        let (policy, now) = (ThrottlePolicy::default(), UnixTime::from_secs(START));
        let warrant = crate::Warrant::Standing;
        let asking = crate::Asking { by: Uid(1000), warrant, policy: &policy, now };
        let decided = crate::confirm(alice, "device 1", code, &Origin::Own, &asking);
        let Decision::Change(transition) = decided else { panic!("{decided:?}") };
        let (changes, outcome) = transition.into_parts();
        let told = changes.list.iter().any(|change| matches!(change, Change::Event(_)));
        assert!(told, "nothing is told of it");
        apply(alice, changes);
        outcome
    };
    assert!(confirm(&mut alice, &wrong_code()).is_err());
    assert_eq!(alice.lane(Lane::Own).failures, 1);
    assert_eq!(alice.failures_since_login(), [(Lane::Own, 1)]);
    assert!(confirm(&mut alice, &hotp_code(1, 0)).is_ok());
    assert_eq!(alice.lane(Lane::Own).failures, 0);
    assert_eq!(alice.failures_since_login(), [(Lane::Own, 1)], "confirming is no login");
    let again = try_code(&mut alice, &hotp_code(1, 0), &Origin::Local, START);
    assert!(matches!(again, Err(Refusal::Used(..))), "{again:?}");
}

/// A code that proves who asks for a change is spent, but nobody is told by it what has failed.
#[test]
fn a_code_for_a_change_is_no_login() {
    let mut alice = account(vec![hotp_device(1)]);
    let _ = try_code(&mut alice, &wrong_code(), &Origin::Own, START);
    let (policy, now) = (ThrottlePolicy::default(), UnixTime::from_secs(START));
    let (code, label) = (hotp_code(1, 0), Label::parse("other").unwrap());
    let warrant = crate::Warrant::Code(&code);
    let asking = crate::Asking { by: Uid(1000), warrant, policy: &policy, now };
    let decided = crate::rename(&alice, "device 1", &label, &asking);
    let Decision::Change(transition) = decided else { panic!("{decided:?}") };
    let (mut changes, outcome) = transition.into_parts();
    assert!(outcome.is_ok());
    changes.list.retain(|change| !matches!(change, Change::Rename(..)));
    apply(&mut alice, changes);
    assert_eq!(alice.lane(Lane::Own).failures, 0);
    assert_eq!(alice.failures_since_login(), [(Lane::Own, 1)]);
    let again = try_code(&mut alice, &code, &Origin::Own, START);
    assert!(matches!(again, Err(Refusal::Used(..))), "{again:?}");
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Deed {
    Step(u64),
    Counter(u64),
    Recovery(u8),
    Totp { offset: i64 },
    Hotp { ahead: u64 },
    Replay,
    Wrong,
}

fn deeds() -> impl Strategy<Value = Vec<(Deed, u64)>> {
    let deed = prop_oneof![
        (-4_i64..=4).prop_map(|offset| Deed::Totp { offset }),
        (-12_i64..=12).prop_map(|offset| Deed::Totp { offset }),
        (0_u64..24).prop_map(|ahead| Deed::Hotp { ahead }),
        (0_u8..12).prop_map(Deed::Recovery),
        Just(Deed::Replay),
        Just(Deed::Wrong),
    ];
    prop::collection::vec((deed, 0_u64..2000), 1..60)
}

/// What must never go back: the HOTP counter, the last TOTP step, how many recovery codes are spent.
fn positions(account: &Account) -> (u64, u64, u32) {
    account.devices.iter().fold((0, 0, 0), |(next, last, spent), device| match device.state() {
        KindState::Hotp(state) => (state.next.0, last, spent),
        KindState::Totp(state) => (next, state.last.map_or(0, |step| step.0), spent),
        KindState::Recovery(state) => (next, last, 10 - state.left()),
        KindState::Message(_) => (next, last, spent),
    })
}

proptest! {
    /// Whatever is tried, and in what order: no code is accepted twice, nothing moves back, a
    /// failure moves no device.
    #[test]
    fn no_history_accepts_twice(deeds in deeds()) {
        let mut alice =
            account(vec![totp_device(1), hotp_device(2), recovery_device(3)]);
        let mut now = START;
        let mut spent = std::collections::BTreeSet::new();
        let (mut last, mut failed) = (Deed::Wrong, 0);
        for (deed, pause) in deeds {
            now += pause;
            let before = positions(&alice);
            let deed = if matches!(deed, Deed::Replay) { last } else { deed };
            // A replay is of the very same step or counter: name it before time goes on.
            let deed = match deed {
                Deed::Totp { offset } => Deed::Step(now.saturating_add_signed(offset * 30) / 30),
                Deed::Hotp { ahead } => Deed::Counter(before.0 + ahead),
                other @ (Deed::Step(_)
                | Deed::Counter(_)
                | Deed::Recovery(_)
                | Deed::Replay
                | Deed::Wrong) => other,
            };
            let code = match deed {
                Deed::Step(step) => totp_code(1, step * 30),
                Deed::Counter(counter) => hotp_code(2, counter),
                Deed::Recovery(number) => Offer::Recovery(recovery_hash(number)),
                Deed::Totp { .. } | Deed::Hotp { .. } | Deed::Replay | Deed::Wrong => wrong_code(),
            };
            let result = try_code(&mut alice, &code, &Origin::Local, now);
            let after = positions(&alice);
            prop_assert!(after.0 >= before.0 && after.1 >= before.1 && after.2 >= before.2);
            if accepted(&result) {
                prop_assert!(after > before);
                prop_assert!(spent.insert(deed.clone()), "{deed:?} was accepted twice");
            } else {
                prop_assert_eq!(after, before);
            }
            // What the next login is told is what failed since the last one.
            match &result {
                Ok(Verified::Accepted { .. } | Verified::Passed(_)) => failed = 0,
                Ok(Verified::Wrong { .. }) => failed += 1,
                Ok(Verified::Held(_)) | Err(_) => {}
            }
            let told: u32 = alice.failures_since_login().iter().map(|(_, n)| n).sum();
            prop_assert_eq!(told, failed);
            last = deed;
        }
    }
}
