//! HOTP devices, counter by counter.

use super::*;

fn secret() -> Secret {
    Secret::from_bytes(b"12345678901234567890".to_vec()).unwrap()
}

fn device(next: u64, used: Option<u64>) -> HotpState {
    let state = HotpState::new(Algorithm::Sha1, Digits::SIX, Counter(next));
    HotpState { used: used.map(Counter), ..state }
}

fn probe(state: &HotpState, code_of: u64) -> Probe {
    let code = hotp(&secret(), Counter(code_of), state.algorithm, state.digits);
    state.probe(&secret(), &code, UnixTime::from_secs(1000))
}

fn is_match(probe: &Probe) -> bool {
    matches!(probe, Probe::Match(..))
}

fn noted(probe: Probe) -> Option<HotpState> {
    match probe {
        Probe::NoMatch { candidate: Some(KindState::Hotp(state)), .. } => Some(state),
        Probe::NoMatch { .. } | Probe::Match(..) | Probe::Used => None,
    }
}

#[test]
fn looks_ahead_and_never_back() {
    let state = device(10, None);
    for (code_of, accepted) in [(8, false), (9, false), (10, true), (15, true), (16, false)] {
        assert_eq!(is_match(&probe(&state, code_of)), accepted, "{code_of}");
    }
}

#[test]
fn moves_behind_what_it_accepted() {
    let Probe::Match(KindState::Hotp(next), matched) = probe(&device(10, None), 13) else {
        panic!()
    };
    let (counter, expected) = (Counter(13), Counter(10));
    assert_eq!(matched, Matched::Hotp { counter, expected, skipped: 3, found: Found::Near });
    assert_eq!(next, device(14, Some(13)));
    assert_eq!(probe(&next, 13), Probe::Used);
    assert!(!is_match(&probe(&next, 12)));
}

#[test]
fn the_last_counter_is_never_accepted() {
    let state = device(u64::MAX - 1, None);
    assert!(is_match(&probe(&state, u64::MAX - 1)));
    assert!(!is_match(&probe(&state, u64::MAX)));
}

#[test]
fn two_codes_far_ahead_bring_it_back() {
    let state = device(10, Some(9));
    for (code_of, is_noted) in [(9, false), (15, false), (16, true), (30, true), (31, false)] {
        assert_eq!(noted(probe(&state, code_of)).is_some(), is_noted, "{code_of}");
    }
    let first = noted(probe(&state, 20)).unwrap();
    assert_eq!((first.next, first.used), (Counter(10), Some(Counter(9))), "noting moves nothing");
    assert!(!is_match(&probe(&first, 20)) && !is_match(&probe(&first, 22)));
    let Probe::Match(KindState::Hotp(next), matched) = probe(&first, 21) else { panic!() };
    assert_eq!(next, device(22, Some(21)));
    assert!(matches!(matched, Matched::Hotp { skipped: 11, found: Found::Resynchronised, .. }));
    // Later than five minutes after the first, the second is only noted in its turn.
    let code = hotp(&secret(), Counter(21), state.algorithm, state.digits);
    assert!(is_match(&first.probe(&secret(), &code, UnixTime::from_secs(1300))));
    assert!(!is_match(&first.probe(&secret(), &code, UnixTime::from_secs(1301))));
}

#[test]
fn a_note_behind_the_counter_opens_nothing() {
    let noted = noted(probe(&device(10, None), 20)).unwrap();
    let moved = HotpState { next: Counter(50), used: Some(Counter(49)), ..noted };
    assert!(!is_match(&probe(&moved, 21)));
}

#[test]
fn on_command_a_hundred_ahead_and_in_order() {
    let state = device(10, Some(9));
    let code = |counter| hotp(&secret(), Counter(counter), state.algorithm, state.digits);
    let resync = |first, second| state.resync(&secret(), (&code(first), &code(second)));
    for (first, second, found) in [
        (10, 11, true),
        (110, 111, true),
        (111, 112, false),
        (9, 10, false),
        (20, 22, false),
        (21, 20, false),
    ] {
        assert_eq!(resync(first, second).is_some(), found, "{first} {second}");
    }
    let Some((KindState::Hotp(found), _)) = resync(110, 111) else { panic!() };
    assert_eq!(found, device(112, Some(111)));
}
