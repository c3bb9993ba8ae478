//! A contact from its first code to its account, at each boundary.

use super::*;
use crate::{
    Change, DeviceId, Kind,
    device::{MessageState, Recipient},
    message::{Address, AddressKind},
};

const START: u64 = 1_700_000_000;

fn at(secs: u64) -> UnixTime {
    UnixTime::from_secs(START + secs)
}

fn key() -> ContactKey {
    ContactKey { holder: Uid(33), address: vec![7; 32] }
}

fn hash(number: u8) -> CodeHash {
    CodeHash::new([number; 32])
}

/// The contact and what else is written.
fn kept(changes: Changes) -> (Option<Contact>, Option<LaneState>, Vec<Change>) {
    let (mut contact, mut caller) = (None, None);
    for change in changes.beside {
        match change {
            Beside::Contact(_, state) => contact = Some(state),
            Beside::Caller(_, _, state) => caller = Some(state),
            Beside::Sent(..)
            | Beside::Pass(_)
            | Beside::ForgetPasses(_)
            | Beside::TidyContacts(_)
            | Beside::TidyFamilies(_) => {}
        }
    }
    (contact, caller, changes.list)
}

fn requests(seen: Option<&Contact>, code: u8, now: u64) -> Result<Contact, Refusal> {
    let sendings = [(Tally::All, SendTally::default(), SendLimits::default())];
    let policy = ThrottlePolicy::default();
    match request_contact(&key(), (seen, 0), ("sms", hash(code)), &sendings, (&policy, at(now))) {
        Decision::Change(transition) => Ok(kept(transition.into_parts().0).0.unwrap()),
        Decision::Unchanged(refusal) => Err(refusal),
    }
}

fn checks(seen: Option<&Contact>, code: u8, now: u64) -> (Checked, Option<Contact>) {
    let (caller, policy) = (LaneState::default(), ThrottlePolicy::default());
    let seen = ContactSeen { contact: seen, account: None, caller: &caller };
    match check_contact(&key(), seen, (&hash(code), hash(99)), &policy, at(now)) {
        Decision::Change(transition) => {
            let (changes, checked) = transition.into_parts();
            let (contact, caller, _) = kept(changes);
            let refused = matches!(checked, Checked::Refused(_));
            assert_eq!(
                caller.is_some(),
                refused,
                "every refusal counts for the caller: {checked:?}"
            );
            (checked, contact)
        }
        Decision::Unchanged(refusal) => panic!("{refusal:?}"),
    }
}

fn enrolls(seen: Option<&Contact>, identifier: u8, now: u64) -> Result<Contact, Refusal> {
    let name = UserName::of_application(Uid(33), "7f3a9c01").unwrap();
    let address = Address::parse(AddressKind::Phone, "+4915123456742").unwrap();
    let kind = Kind::Message(Recipient::new(address, [1; 32]), MessageState::new("sms".to_owned()));
    let device = Box::new(NewDevice { label: None, replaces: None, kind, random: [7; 4] });
    let enrollee = Enrollee::Of { account: None, name: &name, uid: None, device };
    let policy = ThrottlePolicy::default();
    let warrant = crate::Warrant::Standing;
    let asking = Asking { by: Uid(33), warrant, policy: &policy, now: at(now) };
    match enroll_contact(&key(), seen, &hash(identifier), enrollee, &asking) {
        Decision::Change(transition) => {
            let (changes, done) = transition.into_parts();
            let Ok(Ok(SignedUp::Made(made, device))) = Ok::<_, ()>(done) else {
                panic!("not made")
            };
            assert_eq!((made, device.confirmed), (name, true));
            assert_eq!(device.id, DeviceId::new("message", [7; 4]));
            let (contact, _, list) = kept(changes);
            let head =
                |change: &Change| matches!(change, Change::Head { uid: None, enrolled: true });
            assert!(list.iter().any(head), "{list:?}");
            Ok(contact.unwrap())
        }
        Decision::Unchanged(refusal) => Err(refusal),
    }
}

#[test]
fn a_code_counts_for_300_seconds_and_once() {
    let asked = requests(None, 1, 0).unwrap();
    for (now, right) in [(0, true), (299, true), (300, false), (301, false)] {
        let (checked, _) = checks(Some(&asked), 1, now);
        assert_eq!(matches!(checked, Checked::Identified(_)), right, "{now}");
    }
    let (_, next) = checks(Some(&asked), 1, 10);
    let (again, _) = checks(next.as_ref(), 1, 10);
    assert_eq!(again, Checked::Refused(None), "used");
    assert_eq!(checks(Some(&asked), 2, 10).0, Checked::Refused(None), "another code");
    assert_eq!(checks(None, 1, 10), (Checked::Refused(None), None), "nothing was sent there");
}

#[test]
fn an_identifier_counts_for_600_seconds_and_once() {
    let asked = requests(None, 1, 0).unwrap();
    let (checked, identified) = checks(Some(&asked), 1, 0);
    assert_eq!(checked, Checked::Identified(at(600)));
    for (now, right) in [(0, true), (599, true), (600, false), (601, false)] {
        assert_eq!(enrolls(identified.as_ref(), 99, now).is_ok(), right, "{now}");
    }
    let (_, later) = checks(Some(&requests(None, 1, 1_000).unwrap()), 1, 1_000);
    for (now, right) in [(939, false), (940, true)] {
        assert_eq!(enrolls(later.as_ref(), 99, now).is_ok(), right, "set back to {now}");
    }
    assert_eq!(enrolls(identified.as_ref(), 98, 0), Err(Refusal::UnknownContact));
    assert_eq!(enrolls(Some(&asked), 99, 0), Err(Refusal::UnknownContact));
    let used = enrolls(identified.as_ref(), 99, 0).unwrap();
    assert_eq!(enrolls(Some(&used), 99, 0), Err(Refusal::UnknownContact), "used");
}

#[test]
fn another_code_ends_the_one_before_and_waits_a_minute() {
    let asked = requests(None, 1, 0).unwrap();
    assert!(matches!(requests(Some(&asked), 2, 59), Err(Refusal::Unsent(_))));
    let anew = requests(Some(&asked), 2, 60).unwrap();
    assert_eq!(checks(Some(&anew), 1, 60).0, Checked::Refused(None));
    assert!(matches!(checks(Some(&anew), 2, 60).0, Checked::Identified(_)));
}

#[test]
fn guesses_at_a_contact_wait_and_lock_and_nothing_is_sent_meanwhile() {
    let mut contact = requests(None, 1, 0).unwrap();
    let mut now = 0;
    for _ in 0..3 {
        contact = checks(Some(&contact), 2, now).1.unwrap();
        now += 1;
    }
    contact = checks(Some(&contact), 2, now).1.unwrap();
    let (held, _) = checks(Some(&contact), 1, now);
    assert!(matches!(held, Checked::Refused(Some(Refusal::Throttled { .. }))), "{held:?}");
    assert!(matches!(requests(Some(&contact), 3, now), Err(Refusal::Throttled { .. })));
    for _ in 0..96 {
        now += 900;
        contact = checks(Some(&contact), 2, now).1.unwrap();
    }
    now += 86_400;
    assert!(matches!(requests(Some(&contact), 3, now), Err(Refusal::Locked { .. })));
}

#[test]
fn a_full_application_gets_no_more_contacts() {
    let policy = ThrottlePolicy::default();
    let (request, none) = (("sms", hash(1)), None);
    for (pending, full) in [(MAX_CONTACTS - 1, false), (MAX_CONTACTS, true)] {
        let decided =
            request_contact(&key(), (none, pending), request.clone(), &[], (&policy, at(0)));
        let refused = matches!(decided, Decision::Unchanged(Refusal::TooManyContacts));
        assert_eq!(refused, full, "{pending}");
    }
}

/// A sample of the stored format. It is never edited: what was stored must stay readable.
#[test]
fn stored_samples_stay_readable() {
    let zeros = "0".repeat(64);
    let json = format!(
        r#"{{"live":{{"hash":"{zeros}","sent":1700000000}},"pace":1700000000,"failed":{{"failures":1,"last":1700000000,"locked":null,"days":[[19675,1]],"since_login":1}},"identifier":{{"hash":"{zeros}","until":1700000600}},"channel":"sms"}}"#
    );
    let contact: Contact = serde_json::from_str(&json).unwrap();
    assert_eq!(serde_json::to_string(&contact).unwrap(), json);
}
