//! The bounds beside what the throttle itself admits to those who make the most of it, for a year.

use proptest::prelude::*;

use super::*;
use crate::{Admission, Lane, LaneState, Permit, Refusal, UnixTime};

/// Noon, so that the year touches 366 days of the calendar.
const START: u64 = 1_700_000_000 / 86_400 * 86_400 + 43_200;

/// Who guesses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Adversary {
    /// Nobody succeeds in between.
    Alone,
    /// The owner succeeds whenever failures begin to cost something.
    Helped,
    /// The same, and never so often that the lane locks, but for the last guess of the year.
    Patient,
}

/// A lane and its clock.
struct Siege<'a> {
    policy: &'a ThrottlePolicy,
    state: LaneState,
    now: u64,
    guesses: u64,
}

impl<'a> Siege<'a> {
    fn begin(policy: &'a ThrottlePolicy) -> Self {
        Self { policy, state: LaneState::default(), now: START, guesses: 0 }
    }

    fn admitted(&self) -> Result<Permit, Refusal> {
        match self.state.admit(Lane::Remote, self.policy, UnixTime::from_secs(self.now)) {
            Admission::Permitted(permit) => Ok(permit),
            Admission::Refused { refusal, .. } => Err(refusal),
        }
    }

    fn guess(&mut self, permit: Permit) {
        self.state = permit.failed(UnixTime::from_secs(self.now));
        self.guesses += 1;
    }

    /// Waits until the lane looks at an attempt again; false where it never does.
    fn wait(&mut self, refusal: &Refusal) -> bool {
        match (refusal, self.policy.unlock_after, self.state.locked) {
            (Refusal::Throttled { wait, .. }, ..) => self.now += wait.0,
            (Refusal::Locked { .. }, Some(length), Some(since)) => {
                self.now = since.as_secs() + length.0;
            }
            _ => return false,
        }
        true
    }
}

/// How many guesses a year admits.
fn simulated(adversary: Adversary, policy: &ThrottlePolicy) -> u64 {
    let mut siege = Siege::begin(policy);
    let end = START + YEAR.0;
    while siege.now < end {
        let permit = match siege.admitted() {
            Ok(permit) => permit,
            Err(refusal) if siege.wait(&refusal) => continue,
            Err(_) => break,
        };
        let costly = siege.state.failures > 0
            && siege.state.failures >= policy.free.min(policy.lock_after - 1);
        if adversary != Adversary::Alone && costly {
            siege.state = permit.succeeded();
            continue;
        }
        let now = UnixTime::from_secs(siege.now);
        let full = siege.state.recent(now) + 1 >= policy.lock_after_recent;
        let tomorrow = (siege.now / 86_400 + 1) * 86_400;
        if adversary == Adversary::Patient && full && tomorrow < end {
            siege.now = tomorrow;
        } else {
            siege.guess(permit);
        }
    }
    siege.guesses
}

fn policies() -> impl Strategy<Value = ThrottlePolicy> {
    let unlock = proptest::option::of(3600..=31_536_000_u64);
    let numbers = (0..=20_u32, 1..=60_u64, 1..=900_u64, 1..=100_u32, 1..=1000_u32, unlock);
    numbers.prop_map(|(free, factor, longest, lock_after, lock_after_recent, unlock)| {
        ThrottlePolicy {
            free,
            factor: Seconds(factor),
            longest: Seconds(longest),
            lock_after,
            lock_after_recent,
            unlock_after: unlock.map(Seconds),
        }
    })
}

const ALL: [Adversary; 3] = [Adversary::Alone, Adversary::Helped, Adversary::Patient];

#[test]
fn by_default() {
    let policy = ThrottlePolicy::default();
    assert_eq!((in_a_row(&policy), a_year(&policy)), (100, 13 * 299 + 1));
    // 1 to 512 seconds, then a quarter of an hour each.
    assert_eq!(quickest(&policy), Seconds(1023 + 87 * 900));
    assert_eq!(ALL.map(|adversary| simulated(adversary, &policy)), [100, 300, 13 * 299 + 1]);
}

#[test]
fn a_lock_that_soon_ends_is_little_of_one() {
    let policy = ThrottlePolicy { unlock_after: Some(Seconds(600)), ..ThrottlePolicy::default() };
    assert_eq!(a_year(&policy), 13 * 299 + 52_560);
    let helped = simulated(Adversary::Helped, &policy);
    assert!((52_560..=a_year(&policy)).contains(&helped), "{helped}");
}

#[test]
fn where_each_failure_locks_nobody_can_help() {
    for (lock_after, lock_after_recent) in [(1, 300), (100, 1)] {
        let policy = ThrottlePolicy { lock_after, lock_after_recent, ..ThrottlePolicy::default() };
        assert_eq!((in_a_row(&policy), a_year(&policy)), (1, 1));
        let policy = ThrottlePolicy { unlock_after: Some(Seconds(86_400)), ..policy };
        assert_eq!(a_year(&policy), 365);
        assert_eq!(simulated(Adversary::Alone, &policy), 365);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Never more than the bound, and the best of them comes within half of it.
    #[test]
    fn the_bound_holds_and_is_near(policy in policies()) {
        let made = ALL.map(|adversary| simulated(adversary, &policy));
        let (bound, best) = (a_year(&policy), made.into_iter().max().unwrap_or(0));
        prop_assert!(best <= bound, "{made:?} of {bound}");
        prop_assert!(2 * best >= bound, "{made:?} of {bound}");
    }

    /// Whatever guesses, waits and successes come in whatever order.
    #[test]
    fn the_bound_holds_for_any_order(
        policy in policies(),
        acts in proptest::collection::vec((0..4_u8, 0..3_000_000_u64), 0..3000),
    ) {
        let mut siege = Siege::begin(&policy);
        for (act, wait) in acts {
            match (act, siege.admitted()) {
                (0, Ok(permit)) => siege.state = permit.succeeded(),
                (1 | 2, Ok(permit)) => siege.guess(permit),
                (0..=2, Err(refusal)) if siege.wait(&refusal) => {}
                // Mostly seconds, seldom weeks.
                _ => siege.now += if wait % 16 == 0 { wait } else { wait % 900 },
            }
            if siege.now >= START + YEAR.0 {
                break;
            }
            prop_assert!(siege.guesses <= a_year(&policy));
        }
    }

    /// Those in a row: exactly as many as the throttle admits, and not sooner.
    #[test]
    fn the_row_is_as_long_as_it_says(policy in policies()) {
        let mut siege = Siege::begin(&policy);
        while siege.state.locked.is_none() {
            match siege.admitted() {
                Ok(permit) => siege.guess(permit),
                Err(refusal) => prop_assert!(siege.wait(&refusal)),
            }
        }
        prop_assert_eq!(siege.guesses, u64::from(in_a_row(&policy)));
        prop_assert_eq!(Seconds(siege.now - START), quickest(&policy));
    }
}
