//! TOTP devices, step by step.

use super::*;

fn secret() -> Secret {
    Secret::from_bytes(b"12345678901234567890".to_vec()).unwrap()
}

fn device(drift: i64, last: Option<u64>) -> TotpState {
    let state = TotpState::new(Algorithm::Sha1, Digits::SIX, Period::default());
    TotpState { drift, last: last.map(TimeStep), ..state }
}

fn at(step: u64) -> UnixTime {
    TimeStep(step).start(Period::default())
}

fn probe(state: &TotpState, code_of: u64, now: u64) -> Probe {
    let code = totp(&secret(), TimeStep(code_of), state.algorithm, state.digits);
    state.probe(&secret(), &code, at(now))
}

fn is_match(probe: &Probe) -> bool {
    matches!(probe, Probe::Match(..))
}

fn hint(probe: &Probe) -> Option<Hint> {
    match probe {
        Probe::NoMatch { hint, .. } => Some(*hint),
        Probe::Match(..) | Probe::Used => None,
    }
}

fn noted(probe: Probe) -> Option<TotpState> {
    match probe {
        Probe::NoMatch { candidate: Some(KindState::Totp(state)), .. } => Some(state),
        Probe::NoMatch { .. } | Probe::Match(..) | Probe::Used => None,
    }
}

#[test]
fn one_step_to_either_side() {
    for (code_of, accepted) in
        [(998, false), (999, true), (1000, true), (1001, true), (1002, false)]
    {
        let matched = is_match(&probe(&device(0, None), code_of, 1000));
        assert_eq!(matched, accepted, "{code_of}");
    }
}

#[test]
fn never_a_step_up_to_the_last() {
    let state = device(0, Some(1000));
    assert_eq!(probe(&state, 1000, 1000), Probe::Used);
    assert_eq!(hint(&probe(&state, 999, 1000)), Some(Hint::None));
    assert!(is_match(&probe(&state, 1001, 1000)));
    // Long after, the last code is still told apart.
    assert_eq!(probe(&state, 1000, 5000), Probe::Used);
}

#[test]
fn drift_follows_and_stops() {
    let mut state = device(0, None);
    for now in (1000..1060).step_by(2) {
        // A clock that gains a step every other step.
        let ahead = (now - 1000) / 2;
        match probe(&state, now + ahead, now) {
            Probe::Match(KindState::Totp(next), Matched::Totp { found: Found::Near, .. }) => {
                assert!(next.drift.abs_diff(state.drift) <= 1);
                state = next;
            }
            other @ (Probe::Match(..) | Probe::Used | Probe::NoMatch { .. }) => {
                assert_eq!(hint(&other), Some(Hint::None));
                assert!(ahead > 21);
            }
        }
    }
    assert_eq!(state.drift, DRIFT_LIMIT);
}

#[test]
fn a_clock_set_back_is_named() {
    assert_eq!(hint(&probe(&device(0, Some(5000)), 1000, 1000)), Some(Hint::ClockBehind));
    assert_eq!(hint(&probe(&device(0, Some(1001)), 1000, 1000)), Some(Hint::None));
}

#[test]
fn near_the_epoch() {
    assert!(is_match(&probe(&device(0, None), 0, 0)));
    assert!(!is_match(&probe(&device(-20, None), 5, 0)));
}

#[test]
fn what_a_match_tells() {
    let state = device(3, Some(900));
    let Probe::Match(_, matched) = probe(&state, 1002, 1000) else { panic!("refused") };
    let Matched::Totp { step, expected, skipped, drift, until, found } = matched else {
        panic!("{matched:?}");
    };
    assert_eq!((step, expected, skipped, drift), (TimeStep(1002), TimeStep(1003), -1, 2));
    assert_eq!((until, found), (at(1002), Found::Near));
    // It is as told: unspent, the code counts in the last second before, and then no more.
    let unspent = device(2, Some(900));
    let code = totp(&secret(), TimeStep(1002), state.algorithm, state.digits);
    let before = UnixTime::from_secs(until.as_secs() - 1);
    assert!(is_match(&unspent.probe(&secret(), &code, before)));
    assert!(!is_match(&unspent.probe(&secret(), &code, until)));
}

#[test]
fn two_codes_far_out_bring_it_back() {
    let state = device(0, Some(900));
    let first = noted(probe(&state, 1008, 1000)).expect("a code far out is noted");
    assert_eq!((first.drift, first.last), (0, Some(TimeStep(900))), "noting moves nothing");
    for (code_of, now, accepted) in [
        (1008, 1000, false),
        (1009, 1000, true),
        (1010, 1000, false),
        (1008, 1001, false),
        (1009, 1001, true),
        (1010, 1001, true),
        (1011, 1001, false),
        (1017, 1010, true),
        (1019, 1010, true),
        (1019, 1011, false),
    ] {
        let second = probe(&first, code_of, now);
        assert_eq!(is_match(&second), accepted, "{code_of} at {now}");
        if let Probe::Match(KindState::Totp(next), matched) = second {
            assert_eq!(next.drift, TimeStep(now).until(TimeStep(code_of)));
            assert_eq!((next.last, next.candidate), (Some(TimeStep(code_of)), None));
            let resynchronised =
                matches!(matched, Matched::Totp { found: Found::Resynchronised, .. });
            assert!(resynchronised);
        }
    }
}

#[test]
fn noted_within_five_minutes_and_never_behind_the_last() {
    for (code_of, is_noted) in [
        (989, false),
        (990, true),
        (998, true),
        (999, false),
        (1001, false),
        (1010, true),
        (1011, false),
    ] {
        assert_eq!(noted(probe(&device(0, None), code_of, 1000)).is_some(), is_noted, "{code_of}");
    }
    assert!(noted(probe(&device(0, Some(995)), 995, 1000)).is_none());
    assert!(noted(probe(&device(0, Some(995)), 994, 1000)).is_none());
}

#[test]
fn a_clock_that_jumps_between_two_codes() {
    let first = noted(probe(&device(0, None), 1008, 1000)).unwrap();
    // Set back, no time has passed; a year on, the note has run out.
    assert!(is_match(&probe(&first, 1009, 100)));
    assert!(!is_match(&probe(&first, 1009 + 1_051_200, 1000 + 1_051_200)));
}

#[test]
fn on_command_within_twenty_minutes_and_in_order() {
    let state = device(0, Some(985));
    let resync = |first, second| {
        let code = |step| totp(&secret(), TimeStep(step), state.algorithm, state.digits);
        state.resync(&secret(), (&code(first), &code(second)), at(1000))
    };
    for (first, second, found) in [
        (1039, 1040, true),
        (1040, 1041, false),
        (986, 987, true),
        (985, 986, false),
        (1010, 1010, false),
        (1010, 1012, false),
        (1011, 1010, false),
    ] {
        assert_eq!(resync(first, second).is_some(), found, "{first} {second}");
    }
    let Some((KindState::Totp(found), _)) = resync(1039, 1040) else { panic!() };
    assert_eq!((found.drift, found.last), (40, Some(TimeStep(1040))));
    // It stays readable, stays in step from there on, and moves no further out by itself.
    let stored = serde_json::to_string(&found).unwrap();
    assert_eq!(serde_json::from_str::<TotpState>(&stored).unwrap(), found);
    let Probe::Match(KindState::Totp(next), _) = probe(&found, 1042, 1001) else { panic!() };
    assert_eq!(next.drift, 40);
    let Probe::Match(KindState::Totp(next), _) = probe(&found, 1041, 1002) else { panic!() };
    assert_eq!(next.drift, 39);
}
