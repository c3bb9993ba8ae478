//! `[messages]`: how often anything is sent. The ways by which are `[channel.NAME]`, which
//! otp-deliver reads too.

use otp_core::{Seconds, message::SendLimits};
use serde::Deserialize;

use super::values::Bounded;

/// What is written; what is left out is at its default.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Messages {
    interval: Option<Bounded<10, 3600>>,
    per_address_a_day: Option<Bounded<1, 1000>>,
    per_account_a_day: Option<Bounded<1, 1000>>,
    an_hour: Option<Bounded<1, 100_000>>,
}

impl Messages {
    /// As the core takes it.
    pub(super) fn limits(&self) -> SendLimits {
        let default = SendLimits::default();
        let interval = self.interval.as_ref().map(|n| Seconds(n.0.into()));
        SendLimits {
            interval: interval.unwrap_or(default.interval),
            address_day: self.per_address_a_day.as_ref().map_or(default.address_day, |n| n.0),
            account_day: self.per_account_a_day.as_ref().map_or(default.account_day, |n| n.0),
            hour: self.an_hour.as_ref().map_or(default.hour, |n| n.0),
        }
    }
}
