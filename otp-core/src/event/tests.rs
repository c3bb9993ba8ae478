//! The stored form, and what becomes one event.

use proptest::prelude::*;

use super::*;

const START: u64 = 1_700_000_000;

fn at(secs: u64) -> UnixTime {
    UnixTime::from_secs(secs)
}

fn wrong(service: &str, from: &str, secs: u64) -> Event {
    Event { at: at(secs), kind: EventKind::wrong(Lane::Remote, service, from, false, at(secs)) }
}

fn count(event: &Event) -> u32 {
    let EventKind::Wrong { count, .. } = event.kind else { panic!("no failure: {event:?}") };
    count
}

/// Samples of the stored format. They are never edited: what was stored must stay readable.
#[test]
fn stored_samples_stay_readable() {
    for (class, json) in [
        (
            EventClass::Login,
            r#"{"event":"accepted","lane":"known","service":"sshd","from":"192.0.2.7","devices":["totp/7f3a9c01","hotp/11aa22bb"]}"#,
        ),
        (
            EventClass::Message,
            r#"{"event":"sent","device":"message/7f3a9c01","address":"•••42","lane":"remote","service":"sshd","from":"192.0.2.7"}"#,
        ),
        (
            EventClass::Failure,
            r#"{"event":"wrong","lane":"remote","service":"sshd","from":"2001:db8::1","count":7,"first":1700000000,"locked":false}"#,
        ),
        (
            EventClass::Failure,
            r#"{"event":"wrong","lane":"self","service":"self","from":"","count":1,"first":0,"locked":true}"#,
        ),
        (EventClass::Change, r#"{"event":"enrolled","device":"totp/7f3a9c01"}"#),
        (EventClass::Change, r#"{"event":"confirmed","device":"totp/7f3a9c01"}"#),
        (
            EventClass::Change,
            r#"{"event":"enrolled-at-prompt","device":"totp/7f3a9c01","service":"sshd","from":"192.0.2.7"}"#,
        ),
        (EventClass::Change, r#"{"event":"removed","device":"hotp/11aa22bb"}"#),
        (EventClass::Change, r#"{"event":"renamed","device":"hotp/11aa22bb","label":"key ring"}"#),
        (
            EventClass::Change,
            r#"{"event":"replaced","device":"totp/7f3a9c01","former":"totp/00000000"}"#,
        ),
        (
            EventClass::Change,
            r#"{"event":"recovery-made","device":"recovery/7f3a9c01","codes":10}"#,
        ),
        (EventClass::Change, r#"{"event":"resynchronised","device":"hotp/11aa22bb"}"#),
        (EventClass::Change, r#"{"event":"adopted","name":"alison","uid":1000}"#),
        (EventClass::Change, r#"{"event":"exempted","until":1700003600,"reason":"lost phone"}"#),
        (EventClass::Change, r#"{"event":"exemption-ended"}"#),
        (
            EventClass::Login,
            r#"{"event":"tokens-granted","family":"00112233aabbccdd","scope":"shop","device":"totp/7f3a9c01"}"#,
        ),
        (
            EventClass::Change,
            r#"{"event":"tokens-ended","family":"00112233aabbccdd","why":"revoked"}"#,
        ),
        (
            EventClass::Change,
            r#"{"event":"tokens-ended","family":"00112233aabbccdd","why":"reused"}"#,
        ),
        (
            EventClass::Change,
            r#"{"event":"pass-made","pass":"pass/7f3a9c0112345678","purpose":"login","until":1700000600}"#,
        ),
        (
            EventClass::Change,
            r#"{"event":"pass-extended","pass":"pass/7f3a9c0112345678","until":1700001200}"#,
        ),
        (
            EventClass::Login,
            r#"{"event":"pass-used","pass":"pass/7f3a9c0112345678","purpose":"door","service":"self"}"#,
        ),
        (EventClass::Change, r#"{"event":"pass-ended","passes":["pass/7f3a9c0112345678"]}"#),
        (EventClass::Change, r#"{"event":"unlocked"}"#),
        (
            EventClass::Login,
            r#"{"event":"remembered","lane":"known","service":"sshd","from":"192.0.2.7","device":"totp/7f3a9c01","since":1700000000,"until":1700028800}"#,
        ),
        (EventClass::Change, r#"{"event":"forgotten","count":2}"#),
    ] {
        let kind: EventKind = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&kind).unwrap(), json);
        assert_eq!(kind.class(), class, "{json}");
    }
}

#[test]
fn what_is_no_event_is_an_error() {
    for json in [
        "",
        "{}",
        "null",
        r#"{"event":"teleported"}"#,
        r#"{"event":"enrolled"}"#,
        r#"{"event":"wrong","lane":"tube","service":"","from":"","count":1,"first":0,"locked":false}"#,
        r#"{"event":"wrong","lane":"self","service":"","from":"","count":-1,"first":0,"locked":false}"#,
    ] {
        assert!(serde_json::from_str::<EventKind>(json).is_err(), "{json}");
    }
}

#[test]
fn like_failures_within_an_hour_of_the_last_are_one() {
    let first = wrong("sshd", "192.0.2.7", START);
    let twice = first.repeated(&wrong("sshd", "192.0.2.7", START + 3599)).unwrap();
    let thrice = twice.repeated(&wrong("sshd", "192.0.2.7", START + 7198)).unwrap();
    assert_eq!((count(&thrice), thrice.at), (3, at(START + 7198)));
    assert!(matches!(thrice.kind, EventKind::Wrong { first, .. } if first == at(START)));
    assert_eq!(first.repeated(&wrong("sshd", "192.0.2.7", START + 3600)), None);
    assert_eq!(first.repeated(&wrong("sshd", "192.0.2.8", START)), None);
    assert_eq!(first.repeated(&wrong("sudo", "192.0.2.7", START)), None);
    let elsewhere = EventKind::wrong(Lane::Known, "sshd", "192.0.2.7", false, at(START));
    assert_eq!(first.repeated(&Event { at: at(START), kind: elsewhere }), None);
    let unlocked = Event { at: at(START), kind: EventKind::Unlocked };
    assert_eq!((first.repeated(&unlocked), unlocked.repeated(&first)), (None, None));
}

#[test]
fn what_locked_is_told_and_ends_the_row() {
    let lock = EventKind::wrong(Lane::Remote, "sshd", "", true, at(START + 1));
    let locked = wrong("sshd", "", START).repeated(&Event { at: at(START + 1), kind: lock });
    let locked = locked.unwrap();
    assert!(matches!(locked.kind, EventKind::Wrong { count: 2, locked: true, .. }));
    assert_eq!(locked.repeated(&wrong("sshd", "", START + 2)), None);
}

#[test]
fn a_clock_set_back_is_behind_the_first_time() {
    let back = wrong("sshd", "", START).repeated(&wrong("sshd", "", START - 86_400)).unwrap();
    assert_eq!(back.at, at(START - 86_400));
    assert!(matches!(back.kind, EventKind::Wrong { first, .. } if first == back.at));
}

#[test]
fn names_are_kept_as_far_as_there_is_room() {
    assert_eq!(noted("sshd"), "sshd");
    assert_eq!(noted(&"x".repeat(1024)).len(), 256);
    assert_eq!(noted(&"€".repeat(100)), "€".repeat(85), "a character is whole or not there");
}

proptest! {
    /// However failures are joined: none is lost, none is counted twice, and times enclose them.
    #[test]
    fn counts_sum_to_the_failures(seen in prop::collection::vec((0_u8..3, 0_u64..5000), 1..200)) {
        let mut kept: Vec<Event> = Vec::new();
        let mut now = START;
        for (host, pause) in &seen {
            now += pause;
            let later = wrong("sshd", &host.to_string(), now);
            let joined = kept.iter().enumerate().rev()
                .find_map(|(at, event)| Some((at, event.repeated(&later)?)));
            match joined {
                Some((at, event)) => drop(std::mem::replace(&mut kept[at], event)),
                None => kept.push(later),
            }
        }
        let sum: u32 = kept.iter().map(count).sum();
        prop_assert_eq!(sum as usize, seen.len());
        for event in &kept {
            let EventKind::Wrong { first, .. } = event.kind else { unreachable!() };
            prop_assert!(first >= at(START) && first <= event.at && event.at <= at(now));
        }
    }
}
