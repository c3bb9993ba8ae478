//! How often anything is sent: a pause between two messages of one device or contact, a number a day
//! to one address and for one account, and a number an hour in all. Whoever triggers messages can
//! neither flood somebody else's telephone nor spend their operator's money without end.
//!
//! It counts what was asked to be sent, whatever became of it: a provider that fails after all may
//! have sent it.

use serde::{Deserialize, Serialize};

use crate::{Beside, Refusal, Seconds, UnixTime, UserName};

/// What the administrator allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendLimits {
    /// Between two messages of one device or contact, unless a code of it was right meanwhile.
    pub interval: Seconds,
    /// To one address within a day, whosever it is.
    pub address_day: u32,
    /// For one account within a day.
    pub account_day: u32,
    /// Within an hour, to everybody together.
    pub hour: u32,
}

impl Default for SendLimits {
    fn default() -> Self {
        Self { interval: Seconds(60), address_day: 20, account_day: 30, hour: 1000 }
    }
}

/// Whose messages are counted together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tally {
    /// Those to one address, by its keyed fingerprint.
    Address(Vec<u8>),
    /// Those for one account.
    Account(UserName),
    /// All.
    All,
}

/// Which number of messages is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cap {
    /// That to the address.
    Address,
    /// That for the account.
    Account,
    /// That of all.
    All,
}

/// Why nothing is sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsent {
    /// Something was sent a short while ago.
    Lately(Seconds),
    /// As much was sent as may be, and the next may be after so long, at most.
    Capped(Cap, Seconds),
}

/// When something was last sent by a device or to a contact; kept with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pace(Option<UnixTime>);

impl Pace {
    /// Something is sent at `now`.
    pub const fn sent(now: UnixTime) -> Self {
        Self(Some(now))
    }

    /// A code was right: its owner is there and may have another at once.
    pub const fn reset() -> Self {
        Self(None)
    }

    /// Whether something may be sent.
    ///
    /// # Errors
    /// With how long that takes. What was sent in the future was sent before a clock was set back,
    /// and holds up nobody.
    pub fn admit(self, limits: &SendLimits, now: UnixTime) -> Result<(), Unsent> {
        let Some(last) = self.0.filter(|last| *last <= now) else { return Ok(()) };
        match limits.interval.0.saturating_sub(now.since(last).0) {
            0 => Ok(()),
            wait => Err(Unsent::Lately(Seconds(wait))),
        }
    }
}

/// How many messages were sent lately, by twenty-fourths of a day or of an hour.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendTally {
    parts: Vec<(u64, u32)>,
}

/// Into how many parts a day or an hour is counted.
const PARTS: u64 = 24;

impl Tally {
    /// How long it looks back. What is older means nothing.
    pub const fn window(&self) -> Seconds {
        match self {
            Self::Address(_) | Self::Account(_) => Seconds(86_400),
            Self::All => Seconds(3600),
        }
    }

    const fn part(&self) -> u64 {
        self.window().0 / PARTS
    }

    const fn cap(&self) -> Cap {
        match self {
            Self::Address(_) => Cap::Address,
            Self::Account(_) => Cap::Account,
            Self::All => Cap::All,
        }
    }

    const fn most(&self, limits: &SendLimits) -> u32 {
        match self {
            Self::Address(_) => limits.address_day,
            Self::Account(_) => limits.account_day,
            Self::All => limits.hour,
        }
    }

    /// The tally once one more message is sent.
    fn another(
        &self,
        seen: &SendTally,
        limits: &SendLimits,
        now: UnixTime,
    ) -> Result<SendTally, Unsent> {
        let part = now.as_secs() / self.part();
        // A part counts until nothing in it is within the window any more, so that no window ever
        // holds more than the limit; one of the future was counted before a clock was set back.
        let counts = |(then, _): &&(u64, u32)| *then <= part && part - *then <= PARTS;
        let mut parts: Vec<(u64, u32)> = seen.parts.iter().filter(counts).copied().collect();
        let sum = parts.iter().fold(0_u32, |sum, (_, count)| sum.saturating_add(*count));
        if sum >= self.most(limits) {
            let first = parts.first().map_or(part, |(then, _)| *then);
            let free = (first + PARTS + 1) * self.part();
            let wait = Seconds(free.saturating_sub(now.as_secs()));
            return Err(Unsent::Capped(self.cap(), wait));
        }
        match parts.last_mut() {
            Some((then, count)) if *then == part => *count = count.saturating_add(1),
            Some(_) | None => parts.push((part, 1)),
        }
        Ok(SendTally { parts })
    }
}

/// Counts one more message in each of these, if all of them allow it: what is to be written.
///
/// # Errors
/// The first that does not.
pub fn counted<'a>(
    tallies: impl IntoIterator<Item = (&'a Tally, SendTally)>,
    limits: &SendLimits,
    now: UnixTime,
) -> Result<Vec<Beside>, Unsent> {
    let one = |(tally, seen): (&Tally, SendTally)| {
        let tally_now = tally.another(&seen, limits, now)?;
        Ok(Beside::Sent(tally.clone(), tally_now))
    };
    tallies.into_iter().map(one).collect()
}

impl From<Unsent> for Refusal {
    fn from(unsent: Unsent) -> Self {
        Self::Unsent(unsent)
    }
}

#[cfg(test)]
mod tests;
