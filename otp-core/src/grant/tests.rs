//! Tokens at each boundary, and random histories of one family: whoever uses a refresh token a
//! second time ends it, and at no time do two pairs count.

use proptest::prelude::*;

use super::*;
use crate::{
    Account, Algorithm, Attempt, Beside, Change, Changes, Counter, Decision, Device, Digits,
    EventKind, Kind, Label, LaneState, Offer, Origin, Refusal, Secret, ThrottlePolicy, TokenChange,
    TokensEnded, Tried, UserName, Verified, device::HotpState, hotp,
};

const NOW: u64 = 1_700_000_000;
const MINUTES: u64 = 600;
const MONTH: u64 = 30 * 86_400;
const APP: Uid = Uid(33);

fn at(secs: u64) -> UnixTime {
    UnixTime::from_secs(secs)
}

fn secret() -> Secret {
    Secret::from_bytes(vec![7; 20]).unwrap()
}

fn code(counter: u64) -> Offer {
    Offer::Code(hotp(&secret(), Counter(counter), Algorithm::Sha1, Digits::SIX))
}

fn alice() -> Account {
    let kind = Kind::Hotp(secret(), HotpState::new(Algorithm::Sha1, Digits::SIX, Counter(0)));
    let device = Device {
        id: DeviceId::new("hotp", [1; 4]),
        label: Label::parse("token").unwrap(),
        confirmed: true,
        created: at(0),
        last_used: None,
        replaces: None,
        kind,
    };
    let name = UserName::parse("alice").unwrap();
    Account { enrolled: true, devices: vec![device], ..Account::new(name, Uid(1000)) }
}

fn hash(number: u32) -> CodeHash {
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    CodeHash::new(bytes)
}

/// The hashes of pair `number`: the access token's and the refresh token's.
fn pair(number: u32) -> PairHashes {
    PairHashes { access: hash(2 * number), refresh: hash(2 * number + 1) }
}

fn new(id: u8) -> NewFamily {
    NewFamily {
        id: FamilyId::new([id; 8]),
        holder: APP,
        scope: Scope::parse("shop").unwrap(),
        lifetimes: Lifetimes { access: Seconds(MINUTES), family: Seconds(MONTH) },
        pair: pair(0),
    }
}

fn grants(
    account: Result<Option<&Account>, &Refusal>,
    families: &[Family],
    caller: &LaneState,
    offer: &Offer,
    now: u64,
) -> Decision<Granted> {
    let seen = Seen { account, families, held: 0, caller };
    let origin = Origin::Application;
    let typed =
        Attempt { offer, device: None, kinds: None, origin: &origin, service: "token", from: "" };
    grant(seen, &typed, new(9), &ThrottlePolicy::default(), at(now))
}

fn parts(decision: Decision<Granted>) -> (Changes, Granted) {
    match decision {
        Decision::Change(transition) => transition.into_parts(),
        Decision::Unchanged(refusal) => panic!("{refusal:?}"),
    }
}

fn caller_after(changes: &Changes) -> LaneState {
    let mut states = changes.beside.iter().filter_map(|change| match change {
        Beside::Caller(uid, Tried::Codes, state) => Some((*uid == APP).then(|| state.clone())?),
        Beside::TidyFamilies(_)
        | Beside::Caller(_, Tried::Passes, _)
        | Beside::Sent(..)
        | Beside::Contact(..)
        | Beside::TidyContacts(_)
        | Beside::Pass(_)
        | Beside::ForgetPasses(_) => None,
    });
    states.next_back().unwrap_or_default()
}

fn family() -> Family {
    let (_, granted) = parts(grants(Ok(Some(&alice())), &[], &LaneState::default(), &code(0), NOW));
    match granted {
        Granted::Made(family, Verified::Accepted { .. }) => *family,
        other
        @ (Granted::Made(..) | Granted::Wrong(_) | Granted::Refused(_) | Granted::Held(_)) => {
            panic!("{other:?}")
        }
    }
}

fn shown(kind: TokenKind, number: u32) -> ShownToken {
    let (family, generation) = (FamilyId::new([9; 8]), Generation(number));
    let hash = match kind {
        TokenKind::Access => pair(number).access,
        TokenKind::Refresh => pair(number).refresh,
    };
    ShownToken { kind, family, generation, hash }
}

fn failed(failures: u32, last: u64) -> LaneState {
    let mut state = LaneState::default();
    (state.failures, state.last) = (failures, at(last));
    state
}

fn name() -> UserName {
    UserName::parse("alice").unwrap()
}

fn refreshes(family: &Family, shown: &ShownToken, by: Uid, now: u64) -> Decision<Refreshed> {
    let next = (pair(shown.generation.0 + 1), Seconds(MINUTES));
    refresh(Some((&name(), family)), shown, by, next, at(now))
}

#[test]
fn a_code_is_exchanged_and_spent() {
    let account = alice();
    let (changes, granted) =
        parts(grants(Ok(Some(&account)), &[], &LaneState::default(), &code(0), NOW));
    let Granted::Made(family, _) = granted else { panic!("{granted:?}") };
    assert_eq!((family.until, family.access_until), (at(NOW + MONTH), at(NOW + MINUTES)));
    assert_eq!((family.holder, &family.device), (APP, &account.devices[0].id));
    assert!(changes.list.iter().any(|change| matches!(change, Change::Move { .. })));
    let kept = |change: &&Change| matches!(change, Change::Tokens(TokenChange::Keep(_)));
    assert_eq!(changes.list.iter().filter(kept).count(), 1);
    let seven_days = NOW - 7 * 86_400;
    assert!(matches!(changes.beside[..], [Beside::TidyFamilies(over)] if over == at(seven_days)));
}

#[test]
fn whoever_is_refused_and_why_the_callers_count_grows_alike() {
    let (account, other) = (alice(), Refusal::UidMismatch(Uid(4)));
    let mut throttled = alice();
    let full = failed(50, NOW);
    throttled.lanes.insert(crate::Lane::Remote, full);
    let bare = Account::new(name(), Uid(1000));
    let wrong = Offer::Code(crate::Code::parse("0000000000").unwrap());
    for seen in [Ok(Some(&account)), Ok(None), Err(&other), Ok(Some(&throttled)), Ok(Some(&bare))] {
        let (changes, granted) = parts(grants(seen, &[], &LaneState::default(), &wrong, NOW));
        assert!(!matches!(granted, Granted::Made(..)));
        assert_eq!(caller_after(&changes).failures, 1, "{granted:?}");
    }
}

#[test]
fn a_caller_that_guesses_waits_and_is_never_locked() {
    let mut state = LaneState::default();
    let (mut now, mut looked_at) = (NOW, 0);
    for _ in 0..200 {
        match grants(Ok(None), &[], &state, &code(0), now) {
            Decision::Change(transition) => {
                state = caller_after(&transition.into_parts().0);
                looked_at += 1;
            }
            Decision::Unchanged(Refusal::CallerThrottled { failures, wait }) => {
                assert!(failures > 16 && (1..=30).contains(&wait.0), "{failures} {wait:?}");
                let early = grants(Ok(None), &[], &state, &code(0), now + wait.0 - 1);
                assert!(matches!(early, Decision::Unchanged(_)), "a second early");
                now += wait.0;
            }
            Decision::Unchanged(other) => panic!("{other:?}"),
        }
    }
    assert!(looked_at > 100 && state.locked.is_none());
    let (changes, granted) = parts(grants(Ok(Some(&alice())), &[], &state, &code(0), now + 30));
    assert!(matches!(granted, Granted::Made(..)));
    assert_eq!(caller_after(&changes).failures, 0, "a success clears the caller's count");
}

#[test]
fn a_clock_set_back_does_not_hold_a_caller_for_long() {
    let state = failed(30, NOW);
    let (changes, granted) = parts(grants(Ok(None), &[], &state, &code(0), NOW - 86_400));
    assert!(matches!(granted, Granted::Held(Refusal::CallerThrottled { wait: Seconds(30), .. })));
    assert_eq!(caller_after(&changes).last, at(NOW - 86_400));
}

#[test]
fn a_wrong_code_that_locks_ends_every_family() {
    let mut account = alice();
    let nearly = failed(99, 0);
    account.lanes.insert(crate::Lane::Remote, nearly);
    let wrong = Offer::Code(crate::Code::parse("0000000000").unwrap());
    let (changes, granted) =
        parts(grants(Ok(Some(&account)), &[], &LaneState::default(), &wrong, NOW));
    assert!(matches!(granted, Granted::Wrong(Verified::Wrong { locked: true, .. })));
    let ends = |change: &Change| matches!(change, Change::Tokens(TokenChange::EndAll));
    assert!(changes.list.iter().any(ends));
}

#[test]
fn a_full_caller_is_refused_before_a_code_is_spent() {
    let (account, caller) = (alice(), LaneState::default());
    let (offer, origin) = (code(0), Origin::Application);
    let typed = Attempt {
        offer: &offer,
        device: None,
        kinds: None,
        origin: &origin,
        service: "",
        from: "",
    };
    for (held, full) in [(MAX_HELD - 1, false), (MAX_HELD, true)] {
        let seen = Seen { account: Ok(Some(&account)), families: &[], held, caller: &caller };
        let decided = grant(seen, &typed, new(9), &ThrottlePolicy::default(), at(NOW));
        assert_eq!(matches!(decided, Decision::Unchanged(Refusal::TooManyTokens)), full);
    }
}

#[test]
fn the_oldest_family_of_the_caller_goes_for_a_new_one() {
    let like = |id: u8, holder, made| Family {
        id: FamilyId::new([id; 8]),
        holder,
        made: at(made),
        ..family()
    };
    let mut families: Vec<Family> =
        (0..16).map(|id| like(id + 10, APP, NOW - 1000 + u64::from(id))).collect();
    families.push(like(1, Uid(34), 0));
    families.push(Family { until: at(NOW), ..like(2, APP, 0) });
    let ended = |families: &[Family]| -> Vec<FamilyId> {
        let caller = LaneState::default();
        let (changes, _) = parts(grants(Ok(Some(&alice())), families, &caller, &code(0), NOW));
        let mut ids = Vec::new();
        for change in &changes.list {
            if let Change::Tokens(TokenChange::End(id)) = change {
                ids.push(*id);
            }
        }
        ids
    };
    assert_eq!(ended(&families), [FamilyId::new([10; 8])]);
    families.remove(0);
    assert_eq!(ended(&families), []);
}

#[test]
fn tokens_count_until_their_second() {
    let family = family();
    let active = |kind, now| family.is_active(&shown(kind, 0), at(now));
    for (kind, length) in [(TokenKind::Access, MINUTES), (TokenKind::Refresh, MONTH)] {
        for (now, counts) in [
            (NOW, true),
            (NOW + length - 1, true),
            (NOW + length, false),
            (NOW + length + 1, false),
        ] {
            assert_eq!(active(kind, now), counts, "{kind:?} {now}");
        }
    }
    for kind in [TokenKind::Access, TokenKind::Refresh] {
        assert!(active(kind, NOW - 60) && !active(kind, NOW - 61), "{kind:?}");
    }
    let early = refreshes(&family, &shown(TokenKind::Refresh, 0), Uid(33), NOW - 61);
    assert!(matches!(early, Decision::Unchanged(Refusal::UnknownToken)), "{early:?}");
    assert!(!family.is_active(&shown(TokenKind::Access, 1), at(NOW)));
    let other = ShownToken { hash: hash(77), ..shown(TokenKind::Access, 0) };
    assert!(!family.is_active(&other, at(NOW)));
    let swapped = ShownToken { kind: TokenKind::Refresh, ..shown(TokenKind::Access, 0) };
    assert!(!family.is_active(&swapped, at(NOW)), "an access token is no refresh token");
}

#[test]
fn no_access_token_outlives_its_family() {
    let last = NOW + MONTH - 1;
    let Decision::Change(transition) =
        refreshes(&family(), &shown(TokenKind::Refresh, 0), APP, last)
    else {
        panic!("refused");
    };
    let (_, Refreshed::Anew(next)) = transition.into_parts() else { panic!("reused") };
    assert_eq!((next.access_until, next.until), (at(NOW + MONTH), at(NOW + MONTH)));
    let over = refreshes(&next, &shown(TokenKind::Refresh, 1), APP, NOW + MONTH);
    assert!(matches!(over, Decision::Unchanged(Refusal::UnknownToken)));
}

#[test]
fn another_uid_learns_and_ends_nothing() {
    let family = Family { generation: Generation(1), pair: pair(1), ..family() };
    for number in [0, 1] {
        let (shown, account) = (shown(TokenKind::Refresh, number), name());
        let refreshed = refreshes(&family, &shown, Uid(34), NOW);
        assert!(matches!(refreshed, Decision::Unchanged(Refusal::UnknownToken)));
        let revoked = revoke(Some((&account, &family)), &shown, Some(Uid(34)), at(NOW));
        assert!(matches!(revoked, Decision::Unchanged(Refusal::UnknownToken)));
    }
    let nothing = revoke(None, &shown(TokenKind::Refresh, 0), Some(APP), at(NOW));
    assert!(matches!(nothing, Decision::Unchanged(Refusal::UnknownToken)));
}

#[test]
fn a_revoked_access_token_never_counts_again() {
    let (family, account, token) = (family(), name(), shown(TokenKind::Access, 0));
    let Decision::Change(transition) =
        revoke(Some((&account, &family)), &token, Some(APP), at(NOW))
    else {
        panic!("refused");
    };
    let (changes, _) = transition.into_parts();
    let [Change::Tokens(TokenChange::Keep(kept))] = &changes.list[..] else {
        panic!("{changes:?}");
    };
    for now in [0, NOW - 1, NOW, NOW + 1] {
        assert!(!kept.is_active(&token, at(now)));
    }
    assert!(kept.is_active(&shown(TokenKind::Refresh, 0), at(NOW)), "the family goes on");
}

#[test]
fn an_administrator_ends_one_or_all_that_are_open() {
    let like = |id: u8, until| Family { id: FamilyId::new([id; 8]), until: at(until), ..family() };
    let families = [like(1, NOW + 1), like(2, NOW), like(3, NOW + 9)];
    let ends = |which| match end_families(&alice(), &families, which, at(NOW)) {
        Decision::Change(transition) => transition.into_parts().1,
        Decision::Unchanged(refusal) => {
            assert_eq!(refusal, Refusal::UnknownToken);
            Vec::new()
        }
    };
    assert_eq!(ends(None), [families[0].id, families[2].id]);
    assert_eq!(ends(Some(families[2].id)), [families[2].id]);
    assert_eq!(ends(Some(families[1].id)), [], "it is over");
    assert_eq!(ends(Some(FamilyId::new([7; 8]))), []);
}

/// A sample of the stored format. It is never edited: what was stored must stay readable.
#[test]
fn stored_samples_stay_readable() {
    let zeros = "0".repeat(64);
    let json = format!(
        r#"{{"holder":33,"scope":"admin shop","device":"totp/7f3a9c01","made":1700000000,"until":1702592000,"generation":4,"issued":1700001000,"access_until":1700001600,"pair":{{"access":"{zeros}","refresh":"{zeros}"}}}}"#
    );
    let family = Family::load(FamilyId::new([1; 8]), &json).unwrap();
    assert_eq!(family.store().unwrap(), json);
    assert_eq!((family.holder, family.generation), (APP, Generation(4)));
    for text in ["", "{}", &json.replace("admin", "\\n"), &json.replace("totp/", "totp")] {
        assert!(Family::load(FamilyId::new([1; 8]), text).is_err(), "{text}");
    }
    assert_eq!(FamilyId::parse("0101010101010101"), Some(FamilyId::new([1; 8])));
    for text in ["", "01010101010101", "010101010101010101", "0101010101010A01"] {
        assert_eq!(FamilyId::parse(text), None, "{text:?}");
    }
}

proptest! {
    /// Whatever is shown in whatever order: at most one refresh token counts at a time, and a used
    /// one ends the family for good.
    #[test]
    fn a_refresh_token_counts_once(
        deeds in prop::collection::vec((0_u32..6, 0_u64..900), 1..40)
    ) {
        let (mut living, mut now) = (Some(family()), NOW);
        for (number, pause) in deeds {
            now += pause;
            let token = shown(TokenKind::Refresh, number);
            let account = name();
            let latest = living.as_ref().map(|family| family.generation.0);
            let found = living.as_ref().map(|family| (&account, family));
            let next = (pair(number + 1), Seconds(MINUTES));
            match refresh(found, &token, APP, next, at(now)) {
                Decision::Unchanged(_) => prop_assert!(latest.is_none_or(|latest| number > latest)),
                Decision::Change(transition) => match transition.into_parts() {
                    (_, Refreshed::Anew(next)) => {
                        prop_assert_eq!(Some(number), latest);
                        prop_assert!(!next.is_active(&token, at(now)));
                        prop_assert!(next.is_active(&shown(TokenKind::Refresh, number + 1), at(now)));
                        prop_assert!(!next.is_active(&shown(TokenKind::Access, number), at(now)));
                        living = Some(*next);
                    }
                    (changes, Refreshed::Reused(_)) => {
                        prop_assert!(latest.is_some_and(|latest| number < latest));
                        let told = changes.list.iter().any(|change| matches!(
                            change,
                            Change::Event(crate::Event {
                                kind: EventKind::TokensEnded { why: TokensEnded::Reused, .. }, ..
                            })
                        ));
                        prop_assert!(told);
                        living = None;
                    }
                },
            }
        }
    }
}
