//! From the core's bounds to what `Explain` tells of them.

use otp_bus::{DeviceOdds, Explanation};
use otp_core::{Bounds, DeviceSummary, Odds, ThrottlePolicy};

use crate::engine::Overview;

/// The bounds for an account as it stands. Devices that are not confirmed let nobody in.
pub(super) fn explanation(overview: &Overview, policy: &ThrottlePolicy) -> Explanation {
    let confirmed = || overview.devices.iter().filter(|device| device.confirmed);
    let bounds = Bounds::of(confirmed().map(|device| &device.state), policy);
    Explanation {
        user: overview.name.to_string(),
        devices: confirmed().map(odds).collect(),
        guess: bounds.guess.one_in(),
        guesses_until_locked: bounds.in_a_row,
        seconds_until_locked: bounds.quickest.0,
        unlock_after: policy.unlock_after.map(|length| length.0),
        guesses_in_a_year: bounds.a_year,
        lane_until_locked: bounds.lane_until_locked.one_in(),
        lanes_until_locked: bounds.lanes_until_locked.one_in(),
        lane_in_a_year: bounds.lane_in_a_year.one_in(),
        lanes_in_a_year: bounds.lanes_in_a_year.one_in(),
    }
}

fn odds(device: &DeviceSummary) -> DeviceOdds {
    let odds = Odds::of(&device.state);
    DeviceOdds {
        device: device.id.to_string(),
        label: device.label.to_string(),
        codes: odds.codes,
        one_in: odds.guess.one_in().unwrap_or(u64::MAX),
    }
}
