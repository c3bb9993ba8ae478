use super::*;
use crate::{
    Algorithm, Code, Counter, Device, Digits, Kind, Label, Offer, Origin, Refusal, Secret,
    attempt_with,
    device::HotpState,
    hotp,
    pass::sample::{NOW, POLICY, alice, at, change, locked, name, pass, refusal},
};

fn shown<'a>(offer: &'a Offer, origin: &'a Origin) -> Attempt<'a> {
    Attempt { offer, device: None, kinds: None, origin, service: "sshd", from: "192.0.2.7" }
}

/// What becomes of alice's key at sshd.
fn tried(account: &Account, pass: Option<&Pass>, now: UnixTime) -> (Changes, Verified) {
    let origin = Origin::of_host("192.0.2.7");
    let attempt = shown(&Offer::Key, &origin);
    change(attempt_with(account, &attempt, ByPass::Asked(pass), &POLICY, now))
}

fn secret() -> Secret {
    Secret::from_bytes(vec![7; 20]).unwrap()
}

/// With a device, whose next code is this one.
fn enrolled() -> (Account, Code) {
    let eight = Digits::try_from(8).unwrap();
    let state = HotpState::new(Algorithm::Sha1, eight, Counter(0));
    let mut account = alice();
    account.enrolled = true;
    account.devices.push(Device {
        id: crate::DeviceId::parse("hotp/00000001").unwrap(),
        label: Label::parse("token").unwrap(),
        confirmed: true,
        created: NOW,
        last_used: None,
        replaces: None,
        kind: Kind::Hotp(secret(), state),
    });
    (account, hotp(&secret(), Counter(0), Algorithm::Sha1, eight))
}

#[test]
fn it_lets_its_owner_in_without_a_device_and_is_spent() {
    let pass = pass(1, &["service:sshd", "from:192.0.2.0/24", "x-ticket:7"]);
    let (changes, outcome) = tried(&alice(), Some(&pass), NOW);
    let Verified::Passed(passed) = outcome else { panic!("{outcome:?}") };
    assert_eq!(
        (passed.id.as_str(), passed.origin.as_str()),
        ("pass/0101010101010101", "root@host")
    );
    assert_eq!(passed.reason.unwrap().as_str(), "lost phone");
    let spent = pass.ended(Ending::Used, NOW);
    assert!(matches!(changes.beside.as_slice(), [Beside::Pass(stored)] if **stored == spent));
    // The spent one, as the store gives it the next time.
    let (changes, outcome) = tried(&alice(), Some(&spent), at(1));
    assert!(matches!(outcome, Verified::Wrong { failures: 1, .. }), "{outcome:?}");
    assert!(changes.beside.is_empty());
}

#[test]
fn a_pass_that_does_not_fit_is_one_wrong_attempt_and_stays() {
    let mut of_bob = pass(1, &[]);
    of_bob.owner = Some(name("bob"));
    let mut of_nobody = pass(1, &[]);
    of_nobody.owner = None;
    let mut other = pass(1, &[]);
    other.state.purpose = Purpose::parse("reset").unwrap();
    let mut called_back = pass(1, &[]);
    called_back.state.ended = Some((NOW, Ending::Deactivated));
    let (sudo, office) = (pass(1, &["service:sudo"]), pass(1, &["from:198.51.100.0/24"]));
    for pass in [&of_bob, &of_nobody, &other, &called_back, &sudo, &office] {
        let (changes, outcome) = tried(&alice(), Some(pass), NOW);
        assert!(matches!(outcome, Verified::Wrong { failures: 1, .. }), "{pass:?}: {outcome:?}");
        let lanes = changes.list.iter().filter(|change| matches!(change, Change::Lane(..)));
        assert_eq!((lanes.count(), changes.beside.len()), (1, 0), "{pass:?}");
    }
    let (_, outcome) = tried(&alice(), None, NOW);
    assert!(matches!(outcome, Verified::Wrong { failures: 1, .. }));
}

#[test]
fn it_counts_until_the_second_before_its_end() {
    let pass = pass(1, &[]);
    for (now, lets_in) in [(-61, false), (0, true), (599, true), (600, false), (601, false)] {
        let (_, outcome) = tried(&alice(), Some(&pass), at(now));
        assert_eq!(matches!(outcome, Verified::Passed(_)), lets_in, "{now}");
    }
}

#[test]
fn where_no_rule_lists_passes_it_is_as_if_there_were_none() {
    let (origin, key) = (Origin::Local, Offer::Key);
    let attempt = shown(&key, &origin);
    let asked = attempt_with(&alice(), &attempt, ByPass::NotAsked, &POLICY, NOW);
    assert_eq!(refusal(asked), Refusal::NotEnrolled);
    let (account, _) = enrolled();
    let (_, outcome) = change(attempt_with(&account, &attempt, ByPass::NotAsked, &POLICY, NOW));
    assert!(matches!(outcome, Verified::Wrong { .. }));
}

#[test]
fn a_locked_lane_looks_at_no_pass() {
    let pass = pass(1, &[]);
    let origin = Origin::of_host("192.0.2.7");
    let attempt = shown(&Offer::Key, &origin);
    let by = ByPass::Asked(Some(&pass));
    let held = attempt_with(&locked(Lane::Remote), &attempt, by, &POLICY, NOW);
    assert!(matches!(refusal(held), Refusal::Locked { .. }));
}

/// One string is right once: what a device has spends the pass of the same digits too.
#[test]
fn digits_of_a_device_are_the_devices_and_spend_the_pass() {
    let (account, code) = enrolled();
    let (pass, origin) = (pass(1, &[]), Origin::Local);
    let offer = Offer::Code(code);
    let attempt = shown(&offer, &origin);
    let by = ByPass::Asked(Some(&pass));
    let (changes, outcome) = change(attempt_with(&account, &attempt, by, &POLICY, NOW));
    assert!(matches!(outcome, Verified::Accepted { .. }), "{outcome:?}");
    let spent = pass.ended(Ending::Used, NOW);
    assert!(matches!(changes.beside.as_slice(), [Beside::Pass(stored)] if **stored == spent));
}

/// Digits that a device accepted last are used, also where a pass has them.
#[test]
fn used_digits_stay_used() {
    let (mut account, code) = enrolled();
    let (origin, offer) = (Origin::Local, Offer::Code(code));
    let attempt = shown(&offer, &origin);
    let (changes, _) = change(attempt_with(&account, &attempt, ByPass::NotAsked, &POLICY, NOW));
    for change in changes.list {
        if let Change::Move { state, .. } = change {
            account.devices[0].kind = state.with_secret(Some(secret())).unwrap();
        }
    }
    let pass = pass(1, &[]);
    let by = ByPass::Asked(Some(&pass));
    let again = attempt_with(&account, &attempt, by, &POLICY, NOW);
    assert!(matches!(refusal(again), Refusal::Used(..)));
}

#[test]
fn a_login_is_told_what_failed_and_its_address_is_not_known_by_it() {
    let mut account = alice();
    let (changes, _) = tried(&account, None, NOW);
    for change in changes.list {
        if let Change::Lane(lane, state) = change {
            account.lanes.insert(lane, state);
        }
    }
    let (changes, outcome) = tried(&account, Some(&pass(1, &[])), at(1));
    let Verified::Passed(passed) = outcome else { panic!("{outcome:?}") };
    assert_eq!(passed.failures, 1);
    assert!(!changes.list.iter().any(|change| matches!(change, Change::Seen(..))));
}
