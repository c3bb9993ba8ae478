//! How many lines a minute one uid can cause by asking for what it will not get. What is beyond is
//! counted, and the count is a line of its own once the minute is over: nobody floods the log.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use otp_core::Uid;

/// Lines a minute and uid.
pub(super) const LINES: u32 = 20;

const MINUTE: Duration = Duration::from_secs(60);

/// Who is to blame for a line: a uid, or none where it is not known whose the call was.
pub(super) type Blamed = Option<Uid>;

/// What was written and left out in the minute that is going on.
#[derive(Default)]
pub(super) struct Ration {
    minutes: Mutex<HashMap<Blamed, Minute>>,
}

struct Minute {
    since: Instant,
    lines: u32,
    left_out: u64,
}

/// Whether a line may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(super) enum Share {
    /// It may.
    Write,
    /// It is counted.
    LeaveOut,
}

impl Ration {
    /// Takes one line's share. To be called behind [`over`](Self::over), which ends minutes.
    pub(super) fn take(&self, blamed: Blamed, now: Instant) -> Share {
        let mut minutes = self.minutes.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = minutes.entry(blamed).or_insert(Minute { since: now, lines: 0, left_out: 0 });
        if minute.lines < LINES {
            minute.lines += 1;
            return Share::Write;
        }
        minute.left_out = minute.left_out.saturating_add(1);
        Share::LeaveOut
    }

    /// Forgets the minutes that are over, and tells what was left out in them.
    pub(super) fn over(&self, now: Instant) -> Vec<(Blamed, u64)> {
        self.end(|minute| now.saturating_duration_since(minute.since) >= MINUTE)
    }

    /// Forgets all minutes, for a log that ends.
    pub(super) fn all(&self) -> Vec<(Blamed, u64)> {
        self.end(|_| true)
    }

    fn end(&self, over: impl Fn(&Minute) -> bool) -> Vec<(Blamed, u64)> {
        let mut minutes = self.minutes.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = minutes.extract_if(|_, minute| over(minute));
        let told = ended.map(|(blamed, minute)| (blamed, minute.left_out));
        told.filter(|(_, left_out)| *left_out > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::monotonic;

    fn write(ration: &Ration, blamed: Blamed, now: Instant, calls: u32) -> u32 {
        let shares = (0..calls).map(|_| ration.take(blamed, now));
        u32::try_from(shares.filter(|share| *share == Share::Write).count()).unwrap()
    }

    #[test]
    fn one_uid_has_its_lines_a_minute_and_the_rest_is_counted() {
        let (ration, start) = (Ration::default(), monotonic());
        let alice = Some(Uid(1000));
        assert_eq!(write(&ration, alice, start, 1000), LINES);
        assert_eq!(write(&ration, Some(Uid(1001)), start, 1), 1, "others have their own");
        assert_eq!(write(&ration, None, start, 1), 1);
        let late = start + Duration::from_millis(59_999);
        assert!(ration.over(late).is_empty());
        assert_eq!(write(&ration, alice, late, 1), 0);
        assert_eq!(ration.over(start + MINUTE), [(alice, 1001 - u64::from(LINES))]);
        assert!(ration.minutes.lock().unwrap().is_empty(), "nobody is remembered for ever");
        assert_eq!(write(&ration, alice, start + MINUTE, 1000), LINES);
        assert_eq!(ration.all(), [(alice, 1000 - u64::from(LINES))]);
        assert!(ration.all().is_empty());
    }
}
