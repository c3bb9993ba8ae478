//! How long an exemption counts, and what it leaves as it is.

use super::*;
use crate::{ThrottlePolicy, Warrant};

const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);
const HOUR: Seconds = Seconds(3600);

fn reason() -> ExemptionReason {
    ExemptionReason::parse(" lost phone ").unwrap()
}

fn at(secs: u64) -> UnixTime {
    UnixTime::from_secs(NOW.as_secs() + secs)
}

/// An account, and what it is after a change.
fn given(account: Option<&Account>, now: UnixTime) -> (Vec<Change>, UnixTime) {
    let (policy, name) = (ThrottlePolicy::default(), UserName::parse("alice").unwrap());
    let asking = Asking { by: Uid(0), warrant: Warrant::Standing, policy: &policy, now };
    match exempt(account, &name, Uid(1000), (HOUR, reason()), &asking) {
        Decision::Change(transition) => {
            let (changes, until) = transition.into_parts();
            (changes.list, until.unwrap())
        }
        Decision::Unchanged(refusal) => panic!("{refusal:?}"),
    }
}

fn exempted() -> Account {
    let mut account = Account::new(UserName::parse("alice").unwrap(), Uid(1000));
    let (list, _) = given(Some(&account), NOW);
    let found = list.into_iter().find(|change| matches!(change, Change::Exempt(_)));
    let Some(Change::Exempt(given)) = found else { panic!("it was not given") };
    account.exemption = Some(given);
    account
}

#[test]
fn it_counts_from_its_beginning_and_strictly_before_its_end() {
    let account = exempted();
    for (now, counts) in [
        (UnixTime::from_secs(0), false),
        (UnixTime::from_secs(NOW.as_secs() - 1), false),
        (NOW, true),
        (at(1), true),
        (at(3599), true),
        (at(3600), false),
        (at(3601), false),
    ] {
        assert_eq!(account.exempt(now).is_some(), counts, "{now:?}");
    }
}

#[test]
fn it_leaves_enrolled_as_it_is() {
    for enrolled in [false, true] {
        let mut account = exempted();
        account.enrolled = enrolled;
        let (list, until) = given(Some(&account), NOW);
        assert_eq!(until, at(3600));
        assert!(
            matches!(list[0], Change::Head { uid: Some(Uid(1000)), enrolled: head } if head == enrolled)
        );
    }
    assert!(matches!(given(None, NOW).0[0], Change::Head { enrolled: false, .. }));
}

#[test]
fn it_is_ended_once_and_not_where_there_is_none() {
    let policy = ThrottlePolicy::default();
    let end = |account: &Account, now| {
        let asking = Asking { by: Uid(0), warrant: Warrant::Standing, policy: &policy, now };
        end_exemption(account, &asking)
    };
    let Decision::Change(transition) = end(&exempted(), at(1)) else { panic!("it is open") };
    let (changes, _) = transition.into_parts();
    assert!(matches!(changes.list[..], [Change::Unexempt, Change::Event(_)]));
    let mut never = exempted();
    never.exemption = None;
    for decision in [end(&exempted(), at(3600)), end(&never, NOW)] {
        assert!(matches!(decision, Decision::Unchanged(Refusal::NotExempt)), "{decision:?}");
    }
}

#[test]
fn a_reason_is_a_line_of_text() {
    assert_eq!(reason().as_str(), "lost phone");
    for text in ["", " ", "a\nb", "a\u{1b}b", &"x".repeat(201)] {
        assert_eq!(ExemptionReason::parse(text), Err(NoReason), "{text:?}");
    }
    assert!(ExemptionReason::parse(&"x".repeat(200)).is_ok());
}

/// A sample of the stored format. It is never edited: what was stored must stay readable.
#[test]
fn a_stored_sample_stays_readable() {
    let json = r#"{"since":1700000000,"until":1700003600,"by":0,"reason":"lost phone"}"#;
    let read = Exemption::load(json).unwrap();
    assert_eq!(Some(&read), exempted().exemption.as_ref());
    assert_eq!(read.store().unwrap(), json);
    for wrong in ["", "{}", r#"{"since":0,"until":1,"by":0,"reason":""}"#] {
        assert!(Exemption::load(wrong).is_err(), "{wrong}");
    }
}
