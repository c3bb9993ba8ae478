//! Throttling and locks, per account and lane. It decides whether an attempt is looked at, and
//! hands out the [`Permit`] without which none can be. Success and failure are told to the permit.

use serde::{Deserialize, Serialize};

use crate::{Refusal, Seconds, UnixTime};

/// Where attempts come from. Noise in one lane does not lock the owner out of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lane {
    /// The caller's uid is not 0: the user's own programs, such as a lock screen.
    #[serde(rename = "self")]
    Own,
    /// A service on this machine, without a remote host.
    Local,
    /// A remote address from which a login succeeded lately.
    Known,
    /// Any other remote address.
    Remote,
}

impl Lane {
    /// All lanes, in the order in which people are shown them.
    pub const ALL: [Self; 4] = [Self::Own, Self::Local, Self::Known, Self::Remote];

    /// The lane's name, as on the bus and in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Own => "self",
            Self::Local => "local",
            Self::Known => "known",
            Self::Remote => "remote",
        }
    }

    /// The lane of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lane| lane.name() == name)
    }
}

/// How failures slow an attacker down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThrottlePolicy {
    /// Consecutive failures that cost no wait.
    pub free: u32,
    /// The first wait; each further failure doubles it.
    pub factor: Seconds,
    /// The longest wait.
    pub longest: Seconds,
    /// Consecutive failures at which the lane locks (NIST SP 800-63B section 5.2.2: at most 100).
    pub lock_after: u32,
    /// Failures within 30 days, whatever succeeds in between, at which the lane locks.
    pub lock_after_recent: u32,
    /// How long a lock lasts; none: until an administrator unlocks.
    pub unlock_after: Option<Seconds>,
}

impl Default for ThrottlePolicy {
    fn default() -> Self {
        Self {
            free: 2,
            factor: Seconds(1),
            longest: Seconds(15 * 60),
            lock_after: 100,
            lock_after_recent: 300,
            unlock_after: None,
        }
    }
}

impl ThrottlePolicy {
    /// The wait after `failures` consecutive failures: factor·2^(n−1) for the n beyond the free.
    pub(crate) fn wait(&self, failures: u32) -> Seconds {
        match failures.saturating_sub(self.free) {
            0 => Seconds(0),
            n => {
                let doubled = 1_u64.checked_shl(n - 1).unwrap_or(u64::MAX);
                self.longest.min(Seconds(self.factor.0.saturating_mul(doubled)))
            }
        }
    }
}

/// How many days the second counter looks back.
pub(crate) const RECENT_DAYS: u64 = 30;

/// One lane's failures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaneState {
    /// Failures since the last success.
    pub failures: u32,
    /// When the last failure was.
    pub last: UnixTime,
    /// Since when the lane is locked.
    pub locked: Option<UnixTime>,
    /// Failures by day since the epoch; success does not reset them.
    days: Vec<(u64, u32)>,
    /// Failures since a login succeeded, in whatever lane: what the next one is told.
    #[serde(default)]
    since_login: u32,
}

impl LaneState {
    /// Whether there is nothing to keep.
    pub fn is_clear(&self) -> bool {
        *self == Self::default()
    }

    /// Failures within the last 30 days.
    pub fn recent(&self, now: UnixTime) -> u32 {
        let counts =
            self.days.iter().filter(|(day, _)| now.day().saturating_sub(*day) < RECENT_DAYS);
        counts.fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }

    /// Failures since the last login, which an administrator who clears the lane leaves to be told.
    pub fn since_login(&self) -> u32 {
        self.since_login
    }

    /// The lane once its failures have been told to whoever logged in.
    pub(crate) fn told(self) -> Self {
        Self { since_login: 0, ..self }
    }

    /// The lane once an administrator has cleared its failures and its lock.
    pub(crate) fn forgiven(&self) -> Self {
        Self { since_login: self.since_login, ..Self::default() }
    }

    /// Whether there is anything that an administrator can clear.
    pub fn has_failed(&self) -> bool {
        *self != self.forgiven()
    }

    /// When the next attempt will be looked at; none while no wait or a lock is on.
    pub fn open_at(&self, policy: &ThrottlePolicy, now: UnixTime) -> Option<UnixTime> {
        let open = self.last.min(now).plus(policy.wait(self.failures));
        (self.locked.is_none() && open > now).then_some(open)
    }

    /// Whether the lane is locked at `now`.
    pub fn is_locked(&self, policy: &ThrottlePolicy, now: UnixTime) -> bool {
        self.locked
            .is_some_and(|since| policy.unlock_after.is_none_or(|length| now.since(since) < length))
    }

    /// Decides whether an attempt in this lane is looked at.
    pub fn admit(&self, lane: Lane, policy: &ThrottlePolicy, now: UnixTime) -> Admission {
        let mut state = self.clone();
        // A clock that was set back would make a wait or a lock last until it has caught up.
        state.last = state.last.min(now);
        state.locked = state.locked.map(|since| since.min(now));
        let refusal = if state.is_locked(policy, now) {
            Refusal::Locked { lane, failures: state.failures.max(state.recent(now)) }
        } else if let Some(open) = state.unlocked().open_at(policy, now) {
            Refusal::Throttled { lane, failures: state.failures, wait: open.since(now) }
        } else {
            return Admission::Permitted(Permit { lane, state: state.unlocked(), policy: *policy });
        };
        let anchored = (state != *self).then_some(state);
        Admission::Refused { refusal, anchored }
    }

    /// The state once its lock has run out: the count begins anew, what is recent stays.
    fn unlocked(&self) -> Self {
        match self.locked {
            Some(_) => Self { failures: 0, locked: None, ..self.clone() },
            None => self.clone(),
        }
    }
}

/// Whether an attempt is looked at.
#[must_use]
#[derive(Debug)]
pub enum Admission {
    /// It is.
    Permitted(Permit),
    /// It is not, and is not counted. `anchored` is the lane as it must be stored where the clock
    /// went back behind it.
    Refused {
        /// Why not.
        refusal: Refusal,
        /// The lane anchored to the present.
        anchored: Option<LaneState>,
    },
}

/// The throttle's leave to look at one attempt. It can be had from [`LaneState::admit`] alone.
#[must_use]
#[derive(Debug)]
pub struct Permit {
    lane: Lane,
    state: LaneState,
    policy: ThrottlePolicy,
}

impl Permit {
    /// The lane that it was given for.
    pub fn lane(&self) -> Lane {
        self.lane
    }

    /// The lane after the attempt failed at `now`.
    pub(crate) fn failed(self, now: UnixTime) -> LaneState {
        let mut state = self.state;
        state.failures = state.failures.saturating_add(1);
        state.since_login = state.since_login.saturating_add(1);
        state.last = now;
        state.days.retain(|(day, _)| *day <= now.day() && now.day() - day < RECENT_DAYS);
        match state.days.last_mut() {
            Some((day, count)) if *day == now.day() => *count = count.saturating_add(1),
            _ => state.days.push((now.day(), 1)),
        }
        let full = state.failures >= self.policy.lock_after
            || state.recent(now) >= self.policy.lock_after_recent;
        state.locked = full.then_some(now);
        state
    }

    /// The lane after the attempt succeeded. What is recent stays, and what nobody was told of yet.
    pub(crate) fn succeeded(self) -> LaneState {
        LaneState { failures: 0, last: UnixTime::default(), locked: None, ..self.state }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: ThrottlePolicy = ThrottlePolicy {
        free: 2,
        factor: Seconds(1),
        longest: Seconds(900),
        lock_after: 100,
        lock_after_recent: 300,
        unlock_after: None,
    };
    const START: u64 = 1_700_000_000;

    fn at(secs: u64) -> UnixTime {
        UnixTime::from_secs(secs)
    }

    fn permit(state: &LaneState, policy: &ThrottlePolicy, now: u64) -> Option<Permit> {
        match state.admit(Lane::Remote, policy, at(now)) {
            Admission::Permitted(permit) => Some(permit),
            Admission::Refused { .. } => None,
        }
    }

    fn fail(state: &LaneState, policy: &ThrottlePolicy, now: u64) -> LaneState {
        permit(state, policy, now).unwrap().failed(at(now))
    }

    #[test]
    fn waits_double_after_the_free_failures() {
        let waits: Vec<u64> = (0..16).map(|failures| POLICY.wait(failures).0).collect();
        assert_eq!(waits, [0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
        let django = ThrottlePolicy { free: 0, ..POLICY };
        assert_eq!([1, 2, 3].map(|failures| django.wait(failures).0), [1, 2, 4]);
        assert_eq!(POLICY.wait(u32::MAX), Seconds(900));
    }

    #[test]
    fn a_wait_ends_on_its_second() {
        let mut state = LaneState::default();
        for _ in 0..5 {
            state.failures += 1;
        }
        state.last = at(START);
        assert!(permit(&state, &POLICY, START + 3).is_none());
        assert!(permit(&state, &POLICY, START + 4).is_some());
    }

    #[test]
    fn locks_at_the_hundredth() {
        let mut state = LaneState::default();
        let mut now = START;
        for _ in 0..99 {
            state = fail(&state, &POLICY, now);
            now += 900;
        }
        assert_eq!(state.locked, None);
        state = fail(&state, &POLICY, now);
        assert_eq!(state.locked, Some(at(now)));
        assert!(permit(&state, &POLICY, now + 10 * 365 * 86_400).is_none());
        let opening = ThrottlePolicy { unlock_after: Some(Seconds(3600)), ..POLICY };
        assert!(permit(&state, &opening, now + 3599).is_none());
        let opened = permit(&state, &opening, now + 3600).unwrap().failed(at(now + 3600));
        assert_eq!((opened.failures, opened.locked), (1, None));
    }

    #[test]
    fn success_resets_the_lane_but_not_what_is_recent() {
        let mut state = LaneState::default();
        for day in 0..150 {
            let now = START + day * 3600;
            state = fail(&state, &POLICY, now);
            state = fail(&state, &POLICY, now + 1);
            assert_eq!(state.locked.is_some(), day == 149, "{day}");
            if state.locked.is_none() {
                state = permit(&state, &POLICY, now + 2).unwrap().succeeded();
                assert_eq!(state.failures, 0);
            }
        }
        assert_eq!(state.recent(at(START + 149 * 3600)), 300);
        assert_eq!(state.recent(at(START + 60 * 86_400)), 0);
    }

    #[test]
    fn a_clock_set_back_makes_no_wait_endless() {
        let state = LaneState { failures: 12, last: at(START), ..LaneState::default() };
        let day_before = START - 86_400;
        let Admission::Refused { refusal, anchored: Some(anchored) } =
            state.admit(Lane::Remote, &POLICY, at(day_before))
        else {
            panic!("admitted or not anchored");
        };
        assert_eq!(
            refusal,
            Refusal::Throttled { lane: Lane::Remote, failures: 12, wait: Seconds(512) }
        );
        assert!(permit(&anchored, &POLICY, day_before + 511).is_none());
        assert!(permit(&anchored, &POLICY, day_before + 512).is_some());
        // What is as it was needs no writing.
        let again = anchored.admit(Lane::Remote, &POLICY, at(day_before + 1));
        assert!(matches!(again, Admission::Refused { anchored: None, .. }));
    }

    #[test]
    fn a_lock_from_the_future_is_anchored() {
        let policy = ThrottlePolicy { unlock_after: Some(Seconds(60)), ..POLICY };
        let state = LaneState { locked: Some(at(START)), failures: 100, ..LaneState::default() };
        let Admission::Refused { anchored: Some(anchored), .. } =
            state.admit(Lane::Own, &policy, at(START - 1000))
        else {
            panic!("admitted or not anchored");
        };
        assert!(permit(&anchored, &policy, START - 940).is_some());
    }

    #[test]
    fn days_do_not_grow_without_bound() {
        let policy = ThrottlePolicy { lock_after: u32::MAX, lock_after_recent: u32::MAX, ..POLICY };
        let mut state = LaneState::default();
        for day in 0..400 {
            state = fail(&state, &policy, START + day * 86_400);
        }
        assert_eq!(state.days.len(), 30);
        assert_eq!(state.recent(at(START + 399 * 86_400)), 30);
        // A clock that went far ahead and came back leaves no days of the future behind.
        let back = LaneState { failures: 0, ..state };
        assert_eq!(fail(&back, &policy, START + 200 * 86_400).days.len(), 1);
    }

    #[test]
    fn what_failed_since_a_login_outlives_a_success_elsewhere_and_an_unlock() {
        let mut state = fail(&LaneState::default(), &POLICY, START);
        state = fail(&state, &POLICY, START);
        let confirmed = permit(&state, &POLICY, START).unwrap().succeeded();
        assert_eq!((confirmed.failures, confirmed.since_login()), (0, 2));
        let forgiven = state.forgiven();
        assert_eq!((forgiven.recent(at(START)), forgiven.since_login()), (0, 2));
        assert!(state.has_failed() && !forgiven.has_failed() && !forgiven.is_clear());
        assert!(forgiven.told().is_clear());
    }

    /// Samples of the stored format. They are never edited: what was stored must stay readable.
    #[test]
    fn stored_samples_stay_readable() {
        for (since_login, json) in [
            (0, r#"{"failures":3,"last":1699999000,"locked":null,"days":[[19675,3]]}"#),
            (9, r#"{"failures":0,"last":0,"locked":1700000000,"days":[],"since_login":9}"#),
        ] {
            let state: LaneState = serde_json::from_str(json).unwrap();
            assert_eq!(state.since_login(), since_login);
        }
    }

    #[test]
    fn names_round_trip() {
        for lane in Lane::ALL {
            assert_eq!(Lane::named(lane.name()), Some(lane));
            assert_eq!(serde_json::to_string(&lane).unwrap(), format!("{:?}", lane.name()));
        }
        assert_eq!(Lane::named("tube"), None);
    }
}
