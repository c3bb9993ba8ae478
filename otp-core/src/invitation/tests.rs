//! What an invitation is good for, and when it ends.

use super::*;
use crate::{
    Algorithm, Attempt, Code, Counter, Digits, First, Kind, Lane, NewDevice, Offer, Origin, Secret,
    ThrottlePolicy, Verified, Warrant, attempt, confirm, device::HotpState, enroll, hotp,
};

const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);
const DAY: Seconds = Seconds(86_400);

fn hash(byte: u8) -> CodeHash {
    CodeHash::new([byte; 32])
}

fn alice() -> UserName {
    UserName::parse("alice").unwrap()
}

fn asking<'a>(warrant: Warrant<'a>, policy: &'a ThrottlePolicy, now: UnixTime) -> Asking<'a> {
    Asking { by: Uid(1000), warrant, policy, now }
}

/// What the store does with a change, as far as it matters here.
fn apply<O: std::fmt::Debug>(account: &mut Account, decision: Decision<O>) -> Result<O, Refusal> {
    let (changes, outcome) = match decision {
        Decision::Change(transition) => transition.into_parts(),
        Decision::Unchanged(refusal) => return Err(refusal),
    };
    for change in changes.list {
        match change {
            Change::Head { enrolled, .. } => account.enrolled = enrolled,
            Change::Add(device) => account.devices.push(device),
            Change::Move { device, state, confirmed, .. } => {
                let it = account.devices.iter_mut().find(|it| it.id == device).unwrap();
                it.confirmed = confirmed;
                it.kind = state.with_secret(Some(secret(it.id.as_str()))).unwrap();
            }
            Change::Drop(device) => {
                assert!(account.devices.iter().any(|it| it.id == device), "{device} is not there");
                account.devices.retain(|it| it.id != device);
            }
            Change::Lane(lane, state) => drop(account.lanes.insert(lane, state)),
            Change::Invite(invitation) => account.invitation = Some(invitation),
            Change::Uninvite => assert!(account.invitation.take().is_some(), "there was none"),
            Change::Seen(..)
            | Change::Forget(_)
            | Change::Event(_)
            | Change::Tokens(_)
            | Change::Remember(_)
            | Change::Unremember(_) => {}
            Change::Note { .. }
            | Change::Sent { .. }
            | Change::Rename(..)
            | Change::Exempt(_)
            | Change::Unexempt
            | Change::Give { .. } => panic!("{change:?}"),
        }
    }
    Ok(outcome)
}

fn secret(seed: &str) -> Secret {
    let byte = seed.bytes().fold(7_u8, u8::wrapping_add);
    Secret::from_bytes(vec![byte; 20]).unwrap()
}

fn code(device: &DeviceId, counter: u64) -> Offer {
    let code = hotp(&secret(device.as_str()), Counter(counter), Algorithm::Sha1, Digits::SIX);
    Offer::Code(Code::parse(&code.reveal()).unwrap())
}

fn enrolls(
    account: &mut Account,
    random: u8,
    warrant: Warrant<'_>,
    now: UnixTime,
) -> Result<Changed<DeviceId>, Refusal> {
    let policy = ThrottlePolicy::default();
    let id = DeviceId::new("hotp", [random; 4]);
    let state = HotpState::new(Algorithm::Sha1, Digits::SIX, Counter(0));
    let kind = Kind::Hotp(secret(id.as_str()), state);
    let new = NewDevice { label: None, replaces: None, kind, random: [random; 4] };
    let uid = account.uid.unwrap();
    let done = enroll(Some(account), &alice(), uid, new, &asking(warrant, &policy, now));
    apply(account, done).map(|changed| changed.map(|device| device.id))
}

fn confirms(account: &mut Account, device: &DeviceId, now: UnixTime) -> Result<(), Refusal> {
    let policy = ThrottlePolicy::default();
    let offer = code(device, 0);
    let it = asking(Warrant::Standing, &policy, now);
    let done = confirm(account, device.as_str(), &offer, &Origin::Own, &it);
    apply(account, done).map(|changed| assert!(changed.is_ok(), "{changed:?}"))
}

fn invited(account: &mut Account, token: u8) {
    let policy = ThrottlePolicy::default();
    let it = asking(Warrant::Standing, &policy, NOW);
    let done = invite(Some(account), &alice(), account.uid.unwrap(), (hash(token), DAY), &it);
    assert_eq!(apply(account, done).unwrap().unwrap(), NOW.plus(DAY));
}

fn account() -> Account {
    let mut account = Account::new(alice(), Uid(1000));
    invited(&mut account, 1);
    account
}

fn with(account: &mut Account, random: u8, token: u8) -> Result<Changed<DeviceId>, Refusal> {
    enrolls(account, random, Warrant::Invitation(&hash(token)), NOW)
}

#[test]
fn it_enrolls_one_device_that_is_confirmed() {
    let mut account = account();
    let first = with(&mut account, 1, 1).unwrap().unwrap();
    // Again, before the first is confirmed: the first goes.
    let second = with(&mut account, 2, 1).unwrap().unwrap();
    assert_eq!(account.devices.iter().map(|d| &d.id).collect::<Vec<_>>(), [&second]);
    assert_eq!(confirms(&mut account, &first, NOW), Err(Refusal::UnknownDevice));
    confirms(&mut account, &second, NOW).unwrap();
    assert!(account.invitation.is_none() && account.enrolled);
    let used = with(&mut account, 3, 1).unwrap();
    assert!(matches!(used, Err(Verified::Wrong { lane: Lane::Own, failures: 1, .. })), "{used:?}");
    assert_eq!(account.devices.len(), 1);
}

#[test]
fn another_token_and_one_that_is_over_are_one_failure_alike() {
    let mut account = account();
    let wrong = with(&mut account, 1, 2).unwrap();
    assert!(matches!(wrong, Err(Verified::Wrong { lane: Lane::Own, failures: 1, .. })));
    let over = Warrant::Invitation(&hash(1));
    let over = enrolls(&mut account, 1, over, NOW.plus(DAY)).unwrap();
    assert!(matches!(over, Err(Verified::Wrong { lane: Lane::Own, failures: 2, .. })));
    assert!(account.devices.is_empty());
    let none = Account::new(alice(), Uid(1000));
    let policy = ThrottlePolicy::default();
    let token = hash(1);
    let it = asking(Warrant::Invitation(&token), &policy, NOW);
    let draft = Ok(Draft { list: Vec::new(), outcome: () });
    let nobody = it.decide(&none.name, None, draft);
    assert!(matches!(nobody, Decision::Unchanged(Refusal::UnknownInvitation)));
}

#[test]
fn what_was_enrolled_with_it_is_worth_nothing_when_it_is_over() {
    let mut account = account();
    let device = with(&mut account, 1, 1).unwrap().unwrap();
    let late = confirms(&mut account, &device, NOW.plus(DAY));
    assert_eq!(late, Err(Refusal::InvitationOver));
    confirms(&mut account, &device, NOW.plus(Seconds(DAY.0 - 1))).unwrap();
}

#[test]
fn another_takes_its_place_and_that_of_what_was_enrolled_with_it() {
    let mut account = account();
    with(&mut account, 1, 1).unwrap().unwrap();
    invited(&mut account, 2);
    assert!(account.devices.is_empty());
    assert!(with(&mut account, 2, 1).unwrap().is_err(), "the former one counts no more");
    with(&mut account, 2, 2).unwrap().unwrap();
}

#[test]
fn it_does_not_touch_other_devices() {
    let mut account = account();
    let other = enrolls(&mut account, 9, Warrant::Standing, NOW).unwrap().unwrap();
    let mine = with(&mut account, 1, 1).unwrap().unwrap();
    confirms(&mut account, &other, NOW).unwrap();
    assert!(account.invitation.is_some(), "another device was confirmed");
    // Removed by somebody meanwhile: it can be enrolled anew.
    account.devices.retain(|device| device.id != mine);
    with(&mut account, 2, 1).unwrap().unwrap();
    invited(&mut account, 3);
    assert_eq!(account.devices.iter().map(|d| &d.id).collect::<Vec<_>>(), [&other]);
}

#[test]
fn a_locked_lane_of_the_owner_ends_it_and_noise_from_afar_does_not() {
    let policy = ThrottlePolicy { lock_after: 1, ..ThrottlePolicy::default() };
    for (origin, stays) in [(Origin::Named, true), (Origin::Own, false)] {
        let mut account = account();
        let other = enrolls(&mut account, 9, Warrant::Standing, NOW).unwrap().unwrap();
        confirms(&mut account, &other, NOW).unwrap();
        with(&mut account, 1, 1).unwrap().unwrap();
        let offer = Offer::Code(Code::parse("00000000").unwrap());
        let (service, from) = ("sshd", "");
        let typed =
            Attempt { offer: &offer, device: None, kinds: None, origin: &origin, service, from };
        let decision = attempt(&account, &typed, &policy, NOW);
        let wrong = apply(&mut account, decision).unwrap();
        assert!(matches!(wrong, Verified::Wrong { locked: true, .. }), "{wrong:?}");
        assert_eq!(account.invitation.is_some(), stays, "{origin:?}");
        assert_eq!(account.devices.len(), if stays { 2 } else { 1 });
    }
}

#[test]
fn a_session_alone_begins_where_that_is_left_to_users() {
    let fresh = || Account::new(alice(), Uid(1000));
    let session = |account: &mut Account, first| enrolls(account, 1, Warrant::Session(first), NOW);
    assert!(session(&mut fresh(), First::OfUsers).unwrap().is_ok());
    let refused = session(&mut fresh(), First::OfAdministrators).unwrap_err();
    assert_eq!(refused, Refusal::NotInvited);
    let mut enrolled = fresh();
    let device = session(&mut enrolled, First::OfUsers).unwrap().unwrap();
    confirms(&mut enrolled, &device, NOW).unwrap();
    for first in [First::OfUsers, First::OfAdministrators] {
        let again = enrolls(&mut enrolled, 2, Warrant::Session(first), NOW);
        assert_eq!(again.unwrap_err(), Refusal::CodeNeeded);
    }
    enrolled.devices.clear();
    let emptied = enrolls(&mut enrolled, 2, Warrant::Session(First::OfUsers), NOW);
    assert_eq!(emptied.unwrap_err(), Refusal::NotInvited);
}

#[test]
fn tokens_as_they_are_shown_and_typed() {
    let token = InvitationToken::of_random([0xa5; 15]).unwrap();
    let shown = token.reveal();
    assert_eq!(shown.len(), 29);
    for typed in
        [shown.to_string(), shown.to_uppercase(), shown.replace('-', " "), format!(" {} ", *shown)]
    {
        assert_eq!(InvitationToken::parse(&typed).unwrap().expose(), token.expose(), "{typed:?}");
    }
    for typed in ["", "abcd", &shown[1..], &format!("{}a", *shown), "äbcd"] {
        assert!(InvitationToken::parse(typed).is_none(), "{typed:?}");
    }
    assert_eq!(format!("{token:?}"), "InvitationToken");
}

#[test]
fn stored_and_read_again() {
    let device = Some(DeviceId::new("totp", [1; 4]));
    let invitation = Invitation { token: hash(3), until: NOW, by: Uid(0), device };
    let stored = invitation.store().unwrap();
    assert_eq!(Invitation::load(&stored).unwrap(), invitation);
    for corrupt in ["", "{}", &stored.replace("\"by\":0", "\"by\":-1"), &stored.replace("03", "x")]
    {
        assert!(Invitation::load(corrupt).is_err(), "{corrupt}");
    }
}
