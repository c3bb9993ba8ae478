//! What a stranger can learn by the clock: how long the prompt and the refusal take for unknown,
//! unenrolled, throttled, locked and wrong, over real PAM as root's hosts use it, in random order so
//! that no drift of the machine falls on one of them alone.
//!
//! The statistic: a kind differs if the median of its times is further from the median of `wrong`
//! than two samples of `wrong` itself are from each other. How far those are is found by drawing
//! from the times of `wrong`, with replacement, two samples of the kind's size, 10,000 times: the bound
//! is the difference of medians that one in a thousand such pairs exceeds. With eight comparisons in
//! all, equal times exceed it in one run of a hundred.

use otp_bus::LaneStatus;
use std::time::Duration;

use crate::{
    Activation, Bus, Context, Daemon, Device, Failure, FakeClock, Kind, PamHost, Result, World,
    manage, pam,
};

/// Failures that cost no wait, here: so often `wrong` is tried before it is unlocked.
const FREE: usize = 3;

/// Where chance begins; any number but zero.
const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

/// Pairs of samples drawn.
const PAIRS: usize = 10_000;

/// The one in so many that the bound lets be exceeded.
const ONE_IN: usize = 1_000;

/// The five, with accounts whose names are equally long. The last is what the others should be like.
const KINDS: [(&str, &str); 5] = [
    ("unknown", "user9"),
    ("unenrolled", "user1"),
    ("throttled", "user2"),
    ("locked", "user3"),
    ("wrong", "user0"),
];

/// A system with one account of each kind. Its clock stands still, so that the throttled stays so.
pub struct Strangers {
    _daemon: Daemon,
    _bus: Bus,
    _clock: FakeClock,
    _world: World,
    wrong: String,
    random: Random,
}

/// The times of one kind, in the order of their taking.
#[derive(Debug)]
pub struct Times {
    /// Which.
    pub kind: &'static str,
    /// Until the prompt, in nanoseconds.
    pub prompts: Vec<u64>,
    /// From the answer to the refusal, in nanoseconds.
    pub refusals: Vec<u64>,
}

impl Strangers {
    /// Starts everything and brings each account into its state.
    pub fn open() -> Result<Self> {
        let world = World::new()?.quiet();
        world.configure(&format!("[throttle]\nfree = {FREE}\nlock_after = {}\n", FREE + 2))?;
        world.stack("otp", &["requisite pam_otp.so"])?;
        world.crowd(4)?;
        let clock = FakeClock::new()?;
        let bus = Bus::start(&world, Activation::Off)?;
        let daemon = Daemon::start_at(&world, &clock)?;
        let mut wrong = String::new();
        for user in ["user0", "user2", "user3"] {
            let device = Device::enroll_name(user, Kind::Totp, clock.now())?;
            wrong = device.wrong_code(clock.now())?;
        }
        fail("user3", &wrong, FREE + 1)?;
        clock.advance(1)?;
        fail("user3", &wrong, 1)?;
        fail("user2", &wrong, FREE + 1)?;
        let lane = |user| manage(async |proxy| proxy.status(user).await.map(|status| status.lanes));
        let (throttled, locked) = (lane("user2")?, lane("user3")?);
        if !(throttled.iter().any(|lane| lane.wait > 0) && locked.iter().any(|lane| lane.locked)) {
            return Err(Failure::new(format!("not as wished: {throttled:?}, {locked:?}")));
        }
        let random = Random(SEED);
        Ok(Self { _daemon: daemon, _bus: bus, _clock: clock, _world: world, wrong, random })
    }

    /// Takes so many times of each kind.
    pub fn measure(&mut self, rounds: usize) -> Result<Vec<Times>> {
        let empty = |(kind, _)| Times { kind, prompts: Vec::new(), refusals: Vec::new() };
        let mut times: Vec<Times> = KINDS.map(empty).into();
        let mut left = rounds;
        while left > 0 {
            let these = left.min(FREE);
            self.batch(these, &mut times)?;
            left -= these;
        }
        Ok(times)
    }

    /// A few rounds in one process, the kinds of all of them shuffled.
    fn batch(&mut self, rounds: usize, times: &mut [Times]) -> Result {
        manage(async |proxy| proxy.unlock("user0").await).or_else(nothing_to_unlock)?;
        let mut order: Vec<usize> = (0..KINDS.len() * rounds).map(|at| at % KINDS.len()).collect();
        for at in (1..order.len()).rev() {
            order.swap(at, self.random.below(at + 1));
        }
        // The first is for a process that is not warm yet, and not counted.
        let mut host = PamHost::default().attempt("otp", "user9", &self.wrong);
        for kind in &order {
            let (_, user) = KINDS.get(*kind).context("a kind")?;
            host = host.attempt("otp", user, &self.wrong);
        }
        let hosted = host.run()?;
        for (kind, attempt) in order.iter().zip(hosted.attempts.iter().skip(1)) {
            if attempt.code != pam::AUTH_ERR {
                return Err(Failure::new(format!("should have been refused: {attempt:?}")));
            }
            let times = times.get_mut(*kind).context("a kind")?;
            times.prompts.push(nanoseconds(attempt.prompt));
            times.refusals.push(nanoseconds(attempt.refusal));
        }
        Ok(())
    }
}

/// By how much medians of two samples of these times differ at most, but for one pair in a thousand.
pub fn noise(of: &[u64]) -> u64 {
    let mut random = Random(SEED);
    let mut sample = || {
        let drawn = (0..of.len()).filter_map(|_| of.get(random.below(of.len())).copied());
        median(&drawn.collect::<Vec<_>>())
    };
    let differences: Vec<u64> = (0..PAIRS).map(|_| sample().abs_diff(sample())).collect();
    quantile(&differences, ONE_IN - 1, ONE_IN)
}

/// The middle one.
pub fn median(of: &[u64]) -> u64 {
    quantile(of, 1, 2)
}

/// The one below which `part` of `whole` lie; zero of none.
pub fn quantile(of: &[u64], part: usize, whole: usize) -> u64 {
    let mut sorted = of.to_vec();
    sorted.sort_unstable();
    let last = sorted.len().saturating_sub(1);
    sorted.get(last * part / whole).copied().unwrap_or(0)
}

fn fail(user: &str, wrong: &str, times: usize) -> Result {
    let host = (0..times).fold(PamHost::default(), |host, _| host.attempt("otp", user, wrong));
    let codes = host.run()?.codes();
    if codes.iter().all(|code| *code == pam::AUTH_ERR) {
        return Ok(());
    }
    Err(Failure::new(format!("{user} should have been refused: {codes:?}")))
}

/// Before the first failure there is nothing to unlock, which is no failure of the measure.
fn nothing_to_unlock(failure: Failure) -> Result<Vec<LaneStatus>> {
    if failure.to_string().contains("Locked") { Err(failure) } else { Ok(Vec::new()) }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Marsaglia's xorshift: good enough for an order, and the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let bound = u64::try_from(bound.max(1)).unwrap_or(u64::MAX);
        usize::try_from(self.0 % bound).unwrap_or(0)
    }
}
