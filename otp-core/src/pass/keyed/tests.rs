use super::*;
use crate::{
    Origin,
    pass::{
        Standing,
        sample::{NOW, POLICY, at, change, failures, pass, refusal},
    },
};

const SELF: PassPlace<'_> = PassPlace { service: "self", origin: &Origin::Own };

fn asker(uid: u32) -> Asker {
    Asker { uid: Uid(uid), failed: LaneState::default() }
}

fn told(pass: Option<&Pass>, deed: KeyDeed, now: UnixTime) -> (Changes, Keyed) {
    change(keyed(pass, deed, &SELF, &asker(1001), (&POLICY, now)))
}

#[test]
fn looking_consumes_nothing_and_using_does() {
    let pass = pass(1, &[]);
    let (changes, outcome) = told(Some(&pass), KeyDeed::Look, NOW);
    assert_eq!(outcome, Keyed::Valid(Box::new(pass.clone())));
    assert!(changes.account.is_none() && changes.beside.is_empty());
    let (changes, outcome) = told(Some(&pass), KeyDeed::Use, NOW);
    let Keyed::Valid(spent) = outcome else { panic!("{outcome:?}") };
    assert_eq!(spent.standing(NOW), Standing::Ended(Ending::Used));
    assert_eq!((changes.account, changes.list.len()), (pass.owner.clone(), 1));
    assert!(matches!(changes.beside.as_slice(), [Beside::Pass(stored)] if *stored == spent));
}

#[test]
fn it_counts_until_the_second_before_its_end() {
    let pass = pass(1, &[]);
    for deed in [KeyDeed::Look, KeyDeed::Use] {
        for (now, valid) in [(at(599), true), (at(600), false), (at(601), false), (NOW, true)] {
            let (_, outcome) = told(Some(&pass), deed, now);
            assert_eq!(matches!(outcome, Keyed::Valid(_)), valid, "{deed:?} {now:?}");
        }
    }
}

#[test]
fn what_does_not_count_is_as_wrong_as_what_is_none() {
    let mut used = pass(1, &[]);
    used.state.ended = Some((NOW, Ending::Used));
    let mut ended = pass(1, &[]);
    ended.state.ended = Some((NOW, Ending::Deactivated));
    let elsewhere = pass(1, &["service:sshd"]);
    for pass in [None, Some(&used), Some(&ended), Some(&elsewhere)] {
        for deed in [KeyDeed::Look, KeyDeed::Use] {
            let (changes, outcome) = told(pass, deed, NOW);
            assert_eq!(outcome, Keyed::Wrong { failures: 1, wait: Seconds(0) });
            assert!(matches!(
                changes.beside.as_slice(),
                [Beside::Caller(Uid(1001), Tried::Passes, _)]
            ));
            assert!(changes.account.is_none(), "nobody's account pays for it");
        }
    }
}

#[test]
fn failures_wait_and_never_lock() {
    let (mut asker, mut now) = (asker(1001), NOW);
    for failure in 1..200 {
        let (changes, outcome) = change(keyed(None, KeyDeed::Look, &SELF, &asker, (&POLICY, now)));
        let Keyed::Wrong { failures, wait } = outcome else { panic!("{outcome:?}") };
        assert_eq!(failures, failure);
        let Some(Beside::Caller(_, Tried::Passes, state)) = changes.beside.into_iter().next()
        else {
            panic!()
        };
        asker.failed = state;
        if wait.0 > 0 {
            // Not even a right key is looked at.
            let right = pass(1, &[]);
            let held = keyed(Some(&right), KeyDeed::Use, &SELF, &asker, (&POLICY, now));
            assert!(matches!(refusal(held), Refusal::Throttled { .. }), "{failure}");
        }
        now = now.plus(wait);
    }
    assert_eq!(now.since(NOW).0, 1023 + 187 * 900, "a quarter of an hour, then one guess in each");
}

/// Between two guesses one could else show a key of one's own.
#[test]
fn only_using_a_key_makes_failures_good() {
    let failed = failures(2, NOW);
    let asker = Asker { uid: Uid(1001), failed };
    let pass = pass(1, &[]);
    let (changes, _) = change(keyed(Some(&pass), KeyDeed::Look, &SELF, &asker, (&POLICY, NOW)));
    assert!(changes.beside.is_empty());
    let (changes, _) = change(keyed(Some(&pass), KeyDeed::Use, &SELF, &asker, (&POLICY, NOW)));
    let after = changes.beside.iter().find_map(|change| match change {
        Beside::Caller(_, Tried::Passes, state) => Some(state.failures),
        Beside::Pass(_)
        | Beside::Caller(_, Tried::Codes, _)
        | Beside::Sent(..)
        | Beside::TidyFamilies(_)
        | Beside::Contact(..)
        | Beside::TidyContacts(_)
        | Beside::ForgetPasses(_) => None,
    });
    assert_eq!(after, Some(0));
}

#[test]
fn root_is_not_counted_and_a_clock_set_back_makes_nobody_wait_for_ever() {
    for _ in 0..10 {
        let wrong = keyed(None, KeyDeed::Use, &SELF, &asker(0), (&POLICY, NOW));
        let (changes, outcome) = change(wrong);
        assert_eq!(outcome, Keyed::Wrong { failures: 0, wait: Seconds(0) });
        assert!(changes.beside.is_empty());
    }
    let failed = failures(9, at(86_400));
    let asker = Asker { uid: Uid(1001), failed };
    let (changes, outcome) = change(keyed(None, KeyDeed::Look, &SELF, &asker, (&POLICY, NOW)));
    assert!(matches!(outcome, Keyed::Held(Refusal::Throttled { .. })), "{outcome:?}");
    assert!(
        matches!(changes.beside.as_slice(), [Beside::Caller(_, Tried::Passes, state)] if state.last == NOW)
    );
}
