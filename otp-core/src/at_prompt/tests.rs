//! Who may, what counts, and what never does.

use super::*;
use crate::{Code, Invitation, TimeStep, totp as code_at};

const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);

fn secret() -> Secret {
    Secret::from_bytes(vec![7; 20]).unwrap()
}

fn hash(byte: u8) -> CodeHash {
    CodeHash::new([byte; 32])
}

fn alice() -> UserName {
    UserName::parse("alice").unwrap()
}

fn account() -> Account {
    Account::new(alice(), Uid(1000))
}

fn code(now: UnixTime) -> Offer {
    let step = TimeStep::at(now, Period::default());
    let shown = code_at(&secret(), step, Algorithm::Sha1, Digits::SIX).reveal();
    Offer::Code(Code::parse(&shown).unwrap())
}

fn settling(token: Option<CodeHash>) -> Settling {
    Settling {
        secret: Zeroizing::new(vec![7; 20]),
        proved: Newcomer::new(secret()).prove(&code(NOW), NOW).unwrap(),
        codes: (0..10).map(hash).collect(),
        random: [[1; 4], [2; 4]],
        token,
        by: Some(UnixTime::from_secs(NOW.as_secs() + 1)),
        service: "sshd".to_owned(),
        from: "192.0.2.7".to_owned(),
    }
}

fn invitation(byte: u8, until: u64) -> Invitation {
    let until = UnixTime::from_secs(until);
    Invitation { token: hash(byte), until, by: Uid(0), device: None }
}

fn changes(decision: Decision<DeviceSummary>) -> Vec<Change> {
    match decision {
        Decision::Change(transition) => transition.into_parts().0.list,
        Decision::Unchanged(refusal) => panic!("{refusal:?}"),
    }
}

fn refusal(decision: Decision<DeviceSummary>) -> Refusal {
    match decision {
        Decision::Unchanged(refusal) => refusal,
        Decision::Change(transition) => panic!("{transition:?}"),
    }
}

fn confirmed() -> Device {
    Device { confirmed: true, ..made(&settling(None)).unwrap().0 }
}

#[test]
fn by_what_somebody_may_enroll() {
    let (before, after) = (Some(NOW.plus(Seconds(1))), Some(NOW));
    assert_eq!(entitled(None, before, NOW), Entitled::Open);
    assert_eq!(entitled(Some(&account()), before, NOW), Entitled::Open);
    for by in [after, None] {
        assert_eq!(entitled(None, by, NOW), Entitled::Closed);
        assert_eq!(entitled(Some(&account()), by, NOW), Entitled::Closed);
    }
    let open = Account { invitation: Some(invitation(3, NOW.as_secs() + 1)), ..account() };
    assert_eq!(entitled(Some(&open), before, NOW), Entitled::Open);
    assert_eq!(entitled(Some(&open), after, NOW), Entitled::Invited);
    let over = Account { invitation: Some(invitation(3, NOW.as_secs())), ..account() };
    assert_eq!(entitled(Some(&over), after, NOW), Entitled::Closed);
    // Whose devices an administrator removed was not asked to begin anew.
    let once = Account { enrolled: true, ..account() };
    assert_eq!(entitled(Some(&once), before, NOW), Entitled::Closed);
    let again = Account { enrolled: true, ..open };
    assert_eq!(entitled(Some(&again), before, NOW), Entitled::Invited);
    let device = Account { devices: vec![confirmed()], ..again };
    assert_eq!(entitled(Some(&device), before, NOW), Entitled::Enrolled);
}

#[test]
fn a_code_far_out_proves_nothing_and_a_right_one_is_spent() {
    let new = Newcomer::new(secret());
    for far in [90, 240, 3600] {
        assert_eq!(new.prove(&code(NOW.plus(Seconds(far))), NOW), None, "{far}");
    }
    assert_eq!(new.prove(&Offer::Recovery(hash(1)), NOW), None);
    let (device, _) = made(&settling(None)).unwrap();
    assert_eq!(device.probe(&code(NOW), NOW), Probe::Used);
}

#[test]
fn what_is_settled_is_whole_and_what_waited_is_gone() {
    let waiting = Device { confirmed: false, id: DeviceId::new("totp", [9; 4]), ..confirmed() };
    let id = waiting.id.clone();
    let there = Account { devices: vec![waiting], ..account() };
    let list = changes(settle(Some(&there), (&alice(), Uid(1000)), &settling(None), NOW));
    let head =
        |change: &Change| matches!(change, Change::Head { uid: Some(Uid(1000)), enrolled: true });
    assert!(list.iter().any(head), "{list:?}");
    assert!(list.iter().any(|change| matches!(change, Change::Drop(gone) if *gone == id)));
    let added: Vec<_> = list
        .iter()
        .filter_map(|change| {
            let Change::Add(device) = change else { return None };
            Some((device.state().kind(), device.confirmed))
        })
        .collect();
    assert_eq!(added, [("totp", true), ("recovery", true)]);
    let told = list.iter().any(|change| {
        let Change::Event(event) = change else { return false };
        matches!(&event.kind, EventKind::EnrolledAtPrompt { from, .. } if from == "192.0.2.7")
    });
    assert!(told, "{list:?}");
}

#[test]
fn whoever_was_faster_keeps_the_account() {
    let there = Account { devices: vec![confirmed()], enrolled: true, ..account() };
    let late = settle(Some(&there), (&alice(), Uid(1000)), &settling(None), NOW);
    assert!(matches!(refusal(late), Refusal::AlreadyConfirmed(_)));
    let emptied = Account { enrolled: true, ..account() };
    let late = settle(Some(&emptied), (&alice(), Uid(1000)), &settling(None), NOW);
    assert_eq!(refusal(late), Refusal::NotInvited);
}

#[test]
fn what_is_closed_at_the_end_does_not_count() {
    let who = (&alice(), Uid(1000));
    let open = Account { invitation: Some(invitation(3, NOW.as_secs() + 1)), ..account() };
    for by in [None, Some(NOW)] {
        for account in [None, Some(&account()), Some(&open)] {
            let late = settle(account, who, &Settling { by, ..settling(None) }, NOW);
            assert_eq!(refusal(late), Refusal::NotInvited);
        }
        changes(settle(Some(&open), who, &Settling { by, ..settling(Some(hash(3))) }, NOW));
    }
}

#[test]
fn an_invitation_counts_until_the_end_and_once() {
    let who = (&alice(), Uid(1000));
    let open = Account { invitation: Some(invitation(3, NOW.as_secs() + 1)), ..account() };
    let list = changes(settle(Some(&open), who, &settling(Some(hash(3))), NOW));
    assert!(matches!(list.last(), Some(Change::Uninvite)));
    for (invitation, token) in [
        (Some(invitation(3, NOW.as_secs())), hash(3)),
        (Some(invitation(3, NOW.as_secs() + 1)), hash(4)),
        (None, hash(3)),
    ] {
        let account = Account { invitation, ..account() };
        let over = settle(Some(&account), who, &settling(Some(token)), NOW);
        assert_eq!(refusal(over), Refusal::InvitationOver);
    }
}

#[test]
fn a_wrong_token_counts_in_the_lane_of_the_login() {
    let (origin, policy) = (Origin::Named, ThrottlePolicy::default());
    let login = Login { origin: &origin, service: "sshd", from: "host" };
    let open = Account { invitation: Some(invitation(3, NOW.as_secs() + 1)), ..account() };
    let Decision::Change(right) = shown(&open, &hash(3), &login, &policy, NOW) else { panic!() };
    let (changes, outcome) = right.into_parts();
    assert!(outcome.is_ok() && changes.list.is_empty());
    let Decision::Change(wrong) = shown(&open, &hash(4), &login, &policy, NOW) else { panic!() };
    let (changes, outcome) = wrong.into_parts();
    assert!(matches!(outcome, Err(Verified::Wrong { failures: 1, .. })));
    let counted = |change: &Change| matches!(change, Change::Lane(crate::Lane::Remote, _));
    assert!(
        changes.list.iter().any(counted)
            && !changes.list.iter().any(|change| matches!(change, Change::Uninvite))
    );
}
