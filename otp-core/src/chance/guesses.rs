//! How many guesses a lane admits. The throttle counts failures in two ways, and both bound them.
//!
//! *In a row*, without a success in between, the lane locks with the failure that makes
//! `lock_after`, or `lock_after_recent` where that is less.
//!
//! *In a year*, an owner's successes may reset the row whenever that helps, so that only failures
//! within 30 days count. Each guess is of one of two sorts. Those after which `lock_after_recent`
//! is not reached: in 30 days on end there are fewer than that, and a year lies within 13 times 30
//! days. Those after which it is reached: each locks the lane, so that `unlock_after` lies between
//! two of them, and without it there is one. Where a single failure locks, the second holds for all.
//! Waits bound no year: the owner's success ends them with the row.
//!
//! Two things begin the count anew and are no attacker's to do: unlocking by hand, and setting the
//! clock back to a day before the failures.

use crate::{Seconds, ThrottlePolicy, throttle::RECENT_DAYS};

/// The year of the bounds: 365 days, of no calendar.
pub const YEAR: Seconds = Seconds(365 * 86_400);

/// Guesses in a row until the lane locks, the one that locks it included.
pub(super) fn in_a_row(policy: &ThrottlePolicy) -> u32 {
    policy.lock_after.min(policy.lock_after_recent).max(1)
}

/// The waits between these.
pub(super) fn quickest(policy: &ThrottlePolicy) -> Seconds {
    let waits = (1..in_a_row(policy)).map(|failures| policy.wait(failures));
    waits.fold(Seconds(0), |sum, wait| Seconds(sum.0.saturating_add(wait.0)))
}

/// Guesses in any year, whatever succeeds in between, if nobody unlocks the lane by hand.
pub(super) fn a_year(policy: &ThrottlePolicy) -> u64 {
    let locking = policy.unlock_after.map_or(1, |length| YEAR.0.div_ceil(length.0.max(1)));
    if in_a_row(policy) == 1 {
        return locking;
    }
    // Days are counted by the calendar, of which a year that begins at noon touches one more.
    let windows = (YEAR.0 / 86_400 + 1).div_ceil(RECENT_DAYS);
    let free = u64::from(policy.lock_after_recent.saturating_sub(1));
    windows.saturating_mul(free).saturating_add(locking)
}

#[cfg(test)]
mod tests;
