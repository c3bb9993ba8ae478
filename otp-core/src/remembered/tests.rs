//! What is remembered, for whom, and what ends it.

use super::*;
use crate::{
    Algorithm, Attempt, Code, CodeHash, Counter, DeviceSummary, Digits, Label, Lane, Offer, Secret,
    Uid, UserName, Warrant, attempt,
    device::{HotpState, MessageState, Recipient, RecoveryState},
    hotp,
    message::{Address, AddressKind, SendLimits},
    remove, rename,
};

const NOW: u64 = 1_700_000_000;
const HOUR: u64 = 3600;

fn at(secs: u64) -> UnixTime {
    UnixTime::from_secs(NOW + secs)
}

fn device(seed: u8) -> Device {
    let state = HotpState::new(Algorithm::Sha1, Digits::SIX, Counter(0));
    let id = DeviceId::new("hotp", [seed; 4]);
    let label = Label::parse(&format!("device {seed}")).unwrap();
    let kind = Kind::Hotp(Secret::from_bytes(vec![seed; 20]).unwrap(), state);
    Device { id, label, confirmed: true, created: at(0), last_used: None, replaces: None, kind }
}

fn paper() -> Device {
    let kind = Kind::Recovery(RecoveryState::new(vec![CodeHash::new([9; 32])]));
    let id = DeviceId::new("recovery", [9; 4]);
    Device { id, label: Label::parse("paper").unwrap(), kind, ..device(9) }
}

fn alice() -> Account {
    let name = UserName::parse("alice").unwrap();
    let devices = vec![device(1), device(2), paper()];
    Account { enrolled: true, devices, ..Account::new(name, Uid(1000)) }
}

fn ssh(address: &str) -> Remembering {
    let source = Source::of_address(address.parse().unwrap(), |_| false).unwrap();
    let (rule, service) = ("office".to_owned(), "sshd".to_owned());
    Remembering { rule, length: Seconds(8 * HOUR), service, source }
}

fn tty(session: u32, started: u64) -> Remembering {
    let terminal = Terminal { tty: 34_816, session, started, boot: "one".to_owned() };
    Remembering {
        service: "sudo".to_owned(),
        source: Source::Terminal(terminal),
        ..ssh("192.0.2.7")
    }
}

/// What the store does, as far as it matters here.
fn apply<O>(account: &mut Account, decision: Decision<O>) -> Result<O, Refusal> {
    let (changes, outcome) = match decision {
        Decision::Change(transition) => transition.into_parts(),
        Decision::Unchanged(refusal) => return Err(refusal),
    };
    for change in changes.list {
        match change {
            Change::Remember(one) => {
                account.remembered.retain(|other| other.number != one.number);
                account.remembered.push(one);
            }
            Change::Unremember(None) => account.remembered.clear(),
            Change::Unremember(Some(number)) => {
                account.remembered.retain(|other| other.number != number);
            }
            Change::Drop(device) => account.devices.retain(|it| it.id != device),
            Change::Lane(lane, state) => drop(account.lanes.insert(lane, state)),
            Change::Move { device, state, .. } => {
                let it = account.devices.iter_mut().find(|it| it.id == device).unwrap();
                it.kind = state.with_sealed(it.sealed()).unwrap();
            }
            Change::Head { .. }
            | Change::Add(_)
            | Change::Exempt(_)
            | Change::Unexempt
            | Change::Note { .. }
            | Change::Sent { .. }
            | Change::Rename(..)
            | Change::Seen(..)
            | Change::Forget(_)
            | Change::Invite(_)
            | Change::Uninvite
            | Change::Event(_)
            | Change::Tokens(_)
            | Change::Give { .. } => {}
        }
    }
    Ok(outcome)
}

fn logs_in(account: &mut Account, offer: &Offer, wanted: &Remembering, now: UnixTime) {
    let (origin, policy) = (&Origin::of_host("192.0.2.7"), ThrottlePolicy::default());
    let (device, kinds, service, from) = (None, None, "sshd", "192.0.2.7");
    let typed = Attempt { offer, device, kinds, origin, service, from };
    let decision = remember(attempt(account, &typed, &policy, now), account, wanted, now);
    let outcome = apply(account, decision).unwrap();
    assert!(matches!(outcome, Verified::Accepted { .. }), "{outcome:?}");
}

fn code(counter: u64) -> Offer {
    let secret = Secret::from_bytes(vec![1; 20]).unwrap();
    Offer::Code(hotp(&secret, Counter(counter), Algorithm::Sha1, Digits::SIX))
}

fn remembers(wanted: &Remembering) -> Account {
    let mut account = alice();
    logs_in(&mut account, &code(0), wanted, at(0));
    account
}

fn recalls(
    account: &mut Account,
    wanted: &Remembering,
    now: UnixTime,
) -> Result<Recalled, Refusal> {
    let (origin, policy) = (Origin::of_host("192.0.2.7"), ThrottlePolicy::default());
    let decision = recall(account, wanted, (&origin, None), &policy, now);
    apply(account, decision)
}

fn is_let_in(account: &mut Account, wanted: &Remembering, now: UnixTime) -> bool {
    match recalls(account, wanted, now) {
        Ok(Recalled::Yes(_)) => true,
        Ok(Recalled::Forgotten(_)) => false,
        Err(refusal) => {
            assert_eq!(refusal, Refusal::NotRemembered);
            false
        }
    }
}

#[test]
fn until_its_time_is_over() {
    let mut account = remembers(&ssh("192.0.2.7"));
    for (after, counts) in [(0, true), (8 * HOUR - 1, true), (8 * HOUR, false), (9 * HOUR, false)] {
        assert_eq!(is_let_in(&mut account, &ssh("192.0.2.7"), at(after)), counts, "{after}");
    }
    assert!(!is_let_in(&mut alice(), &ssh("192.0.2.7"), at(0)));
}

#[test]
fn being_let_in_by_it_makes_it_no_longer() {
    let mut account = remembers(&ssh("192.0.2.7"));
    let Ok(Recalled::Yes(one)) = recalls(&mut account, &ssh("192.0.2.7"), at(HOUR)) else {
        panic!("it is not remembered")
    };
    assert_eq!((one.since, one.until, one.last), (at(0), at(8 * HOUR), at(HOUR)));
    assert_eq!(account.remembered, [one]);
}

#[test]
fn of_the_same_place_service_and_rule_alone() {
    let mut account = remembers(&ssh("192.0.2.7"));
    let this = ssh("192.0.2.7");
    for (wanted, counts) in [
        (ssh("::ffff:192.0.2.7"), true),
        (ssh("192.0.2.8"), false),
        (ssh("2001:db8::7"), false),
        (Remembering { service: "sudo".to_owned(), ..this.clone() }, false),
        (Remembering { rule: "other".to_owned(), ..this.clone() }, false),
        (Remembering { length: Seconds(HOUR), ..this.clone() }, false),
        (Remembering { length: Seconds(24 * HOUR), ..this.clone() }, true),
        (tty(7, 1), false),
        (this, true),
    ] {
        assert_eq!(is_let_in(&mut account, &wanted, at(2 * HOUR)), counts, "{wanted:?}");
    }
}

/// Numbers of terminals and sessions come again.
#[test]
fn of_the_same_session_on_the_same_terminal_alone() {
    let this = tty(7, 100);
    let mut account = remembers(&this);
    let Source::Terminal(terminal) = this.source.clone() else { panic!("no terminal") };
    let other = |terminal| Remembering { source: Source::Terminal(terminal), ..this.clone() };
    for (wanted, counts) in [
        (other(Terminal { tty: 34_817, ..terminal.clone() }), false),
        (other(Terminal { session: 8, ..terminal.clone() }), false),
        (other(Terminal { started: 101, ..terminal.clone() }), false),
        (other(Terminal { boot: "two".to_owned(), ..terminal.clone() }), false),
        (this.clone(), true),
    ] {
        assert_eq!(is_let_in(&mut account, &wanted, at(1)), counts, "{wanted:?}");
    }
}

#[test]
fn terminals_are_called_as_their_files_are() {
    for (tty, name) in [
        (34_816, "pts/0"),
        (34_823, "pts/7"),
        (1_083_392, "pts/256"),
        (1025, "tty1"),
        (1088, "ttyS0"),
    ] {
        let terminal = Terminal { tty, session: 1, started: 1, boot: String::new() };
        assert_eq!(terminal.name(), name);
    }
}

#[test]
fn places_that_are_not_one_hosts_alone() {
    let shared = |address: IpAddr| address == "198.51.100.9".parse::<IpAddr>().unwrap();
    for (text, one_host) in [
        ("192.0.2.7", true),
        ("2001:db8::7", true),
        ("fd00::7", true),
        ("10.0.0.7", true),
        ("127.0.0.1", false),
        ("127.8.8.8", false),
        ("::1", false),
        ("::ffff:127.0.0.1", false),
        ("0.0.0.0", false),
        ("::", false),
        ("224.0.0.1", false),
        ("255.255.255.255", false),
        ("169.254.1.1", false),
        ("fe80::7", false),
        ("198.51.100.9", false),
        ("::ffff:198.51.100.9", false),
    ] {
        let place = Source::of_address(text.parse().unwrap(), shared);
        assert_eq!(place.is_some(), one_host, "{text}");
    }
}

#[test]
fn a_code_on_paper_is_for_one_login() {
    let mut account = alice();
    let offer = Offer::Recovery(CodeHash::new([9; 32]));
    logs_in(&mut account, &offer, &ssh("192.0.2.7"), at(0));
    assert_eq!(account.remembered, []);
}

/// Whoever sees a message come in for a moment is in once, and not for hours.
#[test]
fn a_code_that_was_sent_is_for_one_login() {
    let mut account = alice();
    let address = Address::parse(AddressKind::Phone, "+491512345670").unwrap();
    let (recipient, code) = (Recipient::new(address, [3; 32]), Code::parse("123456").unwrap());
    let state = MessageState::new("sms".to_owned());
    let sent = recipient.hash(&code).unwrap();
    let state = state.sending(sent, &SendLimits::default(), at(0)).unwrap();
    let id = DeviceId::new("message", [8; 4]);
    let kind = Kind::Message(recipient, state);
    account.devices.push(Device { id, label: Label::parse("mobile").unwrap(), kind, ..device(8) });
    logs_in(&mut account, &Offer::Code(code), &ssh("192.0.2.7"), at(0));
    assert_eq!(account.remembered, []);
}

#[test]
fn a_wrong_code_is_not_remembered() {
    let mut account = alice();
    let (offer, origin) = (code(9), Origin::of_host("192.0.2.7"));
    let (policy, wanted) = (ThrottlePolicy::default(), ssh("192.0.2.7"));
    let (offer, origin, service, from) = (&offer, &origin, "sshd", "");
    let typed = Attempt { offer, device: None, kinds: None, origin, service, from };
    let decision = attempt(&account, &typed, &policy, at(0));
    let decision = remember(decision, &account, &wanted, at(0));
    assert!(matches!(apply(&mut account, decision), Ok(Verified::Wrong { .. })));
    assert_eq!(account.remembered, []);
}

fn asking(policy: &ThrottlePolicy) -> Asking<'_> {
    Asking { by: Uid(0), warrant: Warrant::Standing, policy, now: at(1) }
}

#[test]
fn it_ends_with_what_lets_in_others_and_not_with_a_label() {
    let policy = ThrottlePolicy::default();
    let wanted = ssh("192.0.2.7");
    let mut account = remembers(&wanted);
    let label = Label::parse("phone").unwrap();
    let renamed = rename(&account, "device 2", &label, &asking(&policy));
    let _: Changed<DeviceSummary> = apply(&mut account, renamed).unwrap();
    assert!(is_let_in(&mut account, &wanted, at(1)));
    // A device that had nothing to do with it.
    let removed = remove(&account, "device 2", crate::LastDevice::Goes, &asking(&policy));
    let _: Changed<DeviceSummary> = apply(&mut account, removed).unwrap();
    assert_eq!(account.remembered, []);
}

/// Whatever a change forgot to say.
#[test]
fn it_ends_with_the_device_that_it_is_of() {
    let wanted = ssh("192.0.2.7");
    let mut account = remembers(&wanted);
    account.devices.retain(|device| device.id.as_str() != "hotp/01010101");
    assert!(!is_let_in(&mut account, &wanted, at(1)));
    let mut account = remembers(&wanted);
    account.devices.iter_mut().for_each(|device| device.confirmed = false);
    assert!(!is_let_in(&mut account, &wanted, at(1)));
}

#[test]
fn by_a_kind_that_the_rule_still_counts() {
    let (origin, policy) = (Origin::of_host("192.0.2.7"), ThrottlePolicy::default());
    let (account, wanted) = (remembers(&ssh("192.0.2.7")), ssh("192.0.2.7"));
    for (kind, counts) in [("hotp", true), ("totp", false)] {
        let kinds = [kind.to_owned()];
        let decision = recall(&account, &wanted, (&origin, Some(&kinds)), &policy, at(1));
        assert_eq!(matches!(decision, Decision::Change(_)), counts, "{kind}");
    }
}

#[test]
fn a_clock_that_went_back_ends_it_for_good() {
    let wanted = ssh("192.0.2.7");
    let mut account = remembers(&wanted);
    assert!(is_let_in(&mut account, &wanted, at(7 * HOUR)));
    // As a clock that is set right may.
    assert!(is_let_in(&mut account, &wanted, at(7 * HOUR - 60)));
    assert_eq!(recalls(&mut account, &wanted, at(HOUR)), Ok(Recalled::Forgotten(1)));
    assert!(!is_let_in(&mut account, &wanted, at(7 * HOUR)), "and when it is right again");
}

#[test]
fn a_locked_lane_is_locked_for_what_is_remembered() {
    let wanted = ssh("192.0.2.7");
    let mut account = remembers(&wanted);
    account.addresses.clear();
    let mut state = account.lane(Lane::Remote);
    (state.failures, state.locked) = (100, Some(at(0)));
    account.lanes.insert(Lane::Remote, state);
    let refusal = recalls(&mut account, &wanted, at(1)).unwrap_err();
    assert_eq!(refusal, Refusal::Locked { lane: Lane::Remote, failures: 100 });
}

#[test]
fn the_oldest_goes_and_one_place_counts_once() {
    let mut account = alice();
    for count in 0..40 {
        let wanted = ssh(&format!("192.0.2.{count}"));
        logs_in(&mut account, &code(count), &wanted, at(count));
    }
    assert_eq!(account.remembered.len(), MAX_REMEMBERED);
    assert!(!is_let_in(&mut account, &ssh("192.0.2.7"), at(50)));
    assert!(is_let_in(&mut account, &ssh("192.0.2.8"), at(50)));
    logs_in(&mut account, &code(40), &ssh("192.0.2.39"), at(50));
    assert_eq!(account.remembered.len(), MAX_REMEMBERED);
    let mut numbers: Vec<u32> = account.remembered.iter().map(|one| one.number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), MAX_REMEMBERED);
    // What is over makes room.
    logs_in(&mut account, &code(41), &ssh("192.0.2.41"), at(9 * HOUR));
    assert_eq!(account.remembered.len(), 1);
}

#[test]
fn one_or_all_are_forgotten() {
    let policy = ThrottlePolicy::default();
    let mut account = remembers(&ssh("192.0.2.7"));
    logs_in(&mut account, &code(1), &ssh("192.0.2.8"), at(1));
    logs_in(&mut account, &code(2), &ssh("192.0.2.9"), at(2));
    let nothing = forget_remembered(&account, Some(77), &asking(&policy));
    assert!(matches!(nothing, Decision::Unchanged(Refusal::NotRemembered)));
    let first = account.remembered.first().map(|one| one.number);
    let one = forget_remembered(&account, first, &asking(&policy));
    assert_eq!(apply(&mut account, one).unwrap().unwrap().len(), 1);
    assert!(!is_let_in(&mut account, &ssh("192.0.2.7"), at(3)));
    assert!(is_let_in(&mut account, &ssh("192.0.2.8"), at(3)));
    let all = forget_remembered(&account, None, &asking(&policy));
    assert_eq!(apply(&mut account, all).unwrap().unwrap().len(), 2);
    assert_eq!(account.remembered, []);
}

/// Samples of the stored format. They are never edited: what was stored must stay readable.
#[test]
fn stored_samples_stay_readable() {
    for json in [
        r#"{"rule":"office","service":"sshd","source":{"address":"2001:db8::7"},"device":"totp/7f3a9c01","since":1700000000,"until":1700028800,"last":1700000100}"#,
        r#"{"rule":"office","service":"sudo","source":{"terminal":{"tty":34816,"session":7,"started":100,"boot":"one"}},"device":"totp/7f3a9c01","since":1700000000,"until":1700028800,"last":1700000000}"#,
    ] {
        assert_eq!(Remembered::load(3, json).unwrap().store().unwrap(), json);
    }
    for json in ["", "{}", r#"{"rule":"x"}"#] {
        assert!(Remembered::load(1, json).is_err(), "{json}");
    }
}
