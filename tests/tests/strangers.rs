//! Who may not get in learns nothing by the clock. `make measure` compares the times; here only that
//! refusals come at the moments at which they should, since a busy machine says nothing of times.

use testbed::{Result, Strangers, inside, median, noise};

/// Refusals come at multiples of this from the call's arrival, in nanoseconds.
const QUANTUM: u64 = 250_000_000;

/// Of each kind.
const ROUNDS: usize = 3;

#[test]
fn every_refusal_waits_for_its_moment() -> Result {
    inside(|| {
        let mut strangers = Strangers::open()?;
        let times = strangers.measure(ROUNDS)?;
        assert_eq!(times.len(), 5);
        let mut after = Vec::new();
        for kind in &times {
            assert_eq!((kind.prompts.len(), kind.refusals.len()), (ROUNDS, ROUNDS), "{kind:?}");
            assert!(kind.prompts.iter().all(|time| *time > 0), "no prompt: {kind:?}");
            assert!(kind.refusals.iter().all(|time| *time >= QUANTUM), "too early: {kind:?}");
            after.extend(kind.refusals.iter().map(|time| time % QUANTUM));
        }
        // The punctual one among them: the others may have waited for the machine.
        let least = after.iter().min().copied().unwrap_or(QUANTUM);
        assert!(least < QUANTUM / 4, "not at a multiple of the quantum: {after:?}");
        Ok(())
    })
}

#[test]
fn the_noise_of_a_sample_hides_little() {
    // Times between 250 and 260 milliseconds, in no order.
    let times: Vec<u64> =
        (0..500).map(|number| 250_000_000 + number * 7_919 % 500 * 20_000).collect();
    let bound = noise(&times);
    assert!(bound > 500_000, "two samples of one kind differ by more: {bound}");
    assert!(bound < 2_500_000, "a quarter of the spread would not be seen: {bound}");
    assert_eq!(median(&[9, 1, 5]), 5);
    assert_eq!(noise(&[7; 500]), 0);
}
