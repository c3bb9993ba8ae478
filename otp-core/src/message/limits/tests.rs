//! Pauses and numbers, at each of their bounds and one second beside.

use super::*;

const START: u64 = 1_700_000_000;

fn at(secs: u64) -> UnixTime {
    UnixTime::from_secs(secs)
}

fn limits() -> SendLimits {
    SendLimits { interval: Seconds(60), address_day: 3, account_day: 4, hour: 5 }
}

/// Sends at `now`, if it may be; the tally then.
fn send(tally: &Tally, seen: &mut SendTally, now: u64) -> Result<(), Unsent> {
    let mut changes = counted([(tally, seen.clone())], &limits(), at(now))?;
    assert_eq!(changes.len(), 1);
    let Some(Beside::Sent(whose, state)) = changes.pop() else { panic!("{changes:?}") };
    assert_eq!(whose, *tally);
    *seen = state;
    Ok(())
}

#[test]
fn a_pause_ends_on_its_second_and_by_a_right_code() {
    let pace = Pace::sent(at(START));
    for (after, wait) in [(0, Some(60)), (1, Some(59)), (59, Some(1)), (60, None), (61, None)] {
        let said = pace.admit(&limits(), at(START + after)).err();
        assert_eq!(said, wait.map(|wait| Unsent::Lately(Seconds(wait))), "{after}");
    }
    assert_eq!(Pace::reset().admit(&limits(), at(START)), Ok(()));
    assert_eq!(pace.admit(&limits(), at(START - 1)), Ok(()), "the clock was set back");
}

#[test]
fn an_address_gets_so_many_in_any_day() {
    let tally = Tally::Address(vec![1; 32]);
    let mut seen = SendTally::default();
    let start = START / 3600 * 3600;
    for minute in 0..3 {
        send(&tally, &mut seen, start + minute * 60).unwrap();
    }
    let capped = |wait| Err(Unsent::Capped(Cap::Address, Seconds(wait)));
    assert_eq!(send(&tally, &mut seen, start + 180), capped(25 * 3600 - 180));
    assert_eq!(send(&tally, &mut seen, start + 86_400), capped(3600));
    assert_eq!(send(&tally, &mut seen, start + 25 * 3600 - 1), capped(1));
    assert_eq!(send(&tally, &mut seen, start + 25 * 3600), Ok(()));
    assert_eq!(seen.parts.len(), 1, "what is over is dropped");
}

#[test]
fn no_window_ever_holds_more_than_the_number() {
    for (tally, most) in [
        (Tally::Address(Vec::new()), 3),
        (Tally::Account(UserName::parse("alice").unwrap()), 4),
        (Tally::All, 5),
    ] {
        let (mut seen, mut sent) = (SendTally::default(), Vec::new());
        let step = tally.window().0 / 97;
        for number in 0..400 {
            let now = START + number * step;
            if send(&tally, &mut seen, now).is_ok() {
                sent.push(now);
            }
            let within = sent.iter().filter(|then| now - **then < tally.window().0).count();
            assert!(within <= most, "{tally:?} at {number}");
            assert!(seen.parts.len() <= 25);
        }
        assert!(sent.len() > most, "{tally:?} never opens again");
    }
}

#[test]
fn all_of_them_or_none() {
    let (address, all) = (Tally::Address(vec![1]), Tally::All);
    let mut full = SendTally::default();
    for _ in 0..5 {
        send(&all, &mut full, START).unwrap();
    }
    let both = [(&address, SendTally::default()), (&all, full)];
    let refused = counted(both, &limits(), at(START)).unwrap_err();
    assert!(matches!(refused, Unsent::Capped(Cap::All, _)), "{refused:?}");
}

#[test]
fn a_clock_set_back_counts_nothing_of_the_future() {
    let tally = Tally::All;
    let mut seen = SendTally::default();
    for _ in 0..5 {
        send(&tally, &mut seen, START).unwrap();
    }
    assert!(send(&tally, &mut seen, START).is_err());
    send(&tally, &mut seen, START - 86_400).unwrap();
    assert_eq!(seen.parts.len(), 1);
}

/// Samples of the stored format. They are never edited: what was stored must stay readable.
#[test]
fn stored_samples_stay_readable() {
    for json in [r#"{"parts":[]}"#, r#"{"parts":[[472222,3],[472223,1]]}"#] {
        let state: SendTally = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&state).unwrap(), json);
    }
    for (pace, json) in [(Pace::reset(), "null"), (Pace::sent(at(START)), "1700000000")] {
        assert_eq!(serde_json::to_string(&pace).unwrap(), json);
        assert_eq!(serde_json::from_str::<Pace>(json).unwrap(), pace);
    }
}
