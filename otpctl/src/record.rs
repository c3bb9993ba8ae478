//! A device as it is told, to programs and to people. Shapes only grow: a key is never renamed,
//! never removed, and always there (`null` where a device has no such thing).

use jiff::Timestamp;
use jiff::tz::TimeZone;
use otp_bus::{DeviceInfo, DeviceName};
use serde::Serialize;

use crate::text;

/// A device in JSON. Times are seconds since 1970 UTC.
#[derive(Serialize)]
pub(crate) struct Device<'a> {
    id: &'a str,
    kind: &'a str,
    label: &'a str,
    confirmed: bool,
    created: u64,
    last_used: Option<u64>,
    algorithm: Option<&'a str>,
    digits: Option<u32>,
    period: Option<u32>,
    counter: Option<u64>,
    drift: Option<i32>,
    left: Option<u32>,
    replaces: Option<&'a str>,
    channel: Option<&'a str>,
    address: Option<&'a str>,
}

/// A device by its names, in JSON.
#[derive(Serialize)]
pub(crate) struct DeviceNames<'a> {
    id: &'a str,
    label: &'a str,
    confirmed: bool,
}

impl<'a> From<&'a DeviceName> for DeviceNames<'a> {
    fn from(device: &'a DeviceName) -> Self {
        Self { id: &device.id, label: &device.label, confirmed: device.confirmed }
    }
}

/// One device of a user, in JSON.
#[derive(Serialize)]
pub(crate) struct OneDevice<'a> {
    pub(crate) user: &'a str,
    pub(crate) device: Device<'a>,
}

impl<'a> From<&'a DeviceInfo> for Device<'a> {
    fn from(device: &'a DeviceInfo) -> Self {
        Self {
            id: &device.id,
            kind: &device.kind,
            label: &device.label,
            confirmed: device.confirmed,
            created: device.created,
            last_used: device.last_used,
            algorithm: device.algorithm.as_deref(),
            digits: device.digits,
            period: device.period,
            counter: device.counter,
            drift: device.drift,
            left: device.left,
            replaces: device.replaces.as_deref(),
            channel: device.channel.as_deref(),
            address: device.address.as_deref(),
        }
    }
}

/// A device in a sentence: `totp/7f3a9c01 "phone"`, or its id alone where the label says nothing.
pub(crate) fn named(id: &str, label: &str) -> String {
    if label.is_empty() {
        text::safe(id)
    } else {
        format!("{} \"{}\"", text::safe(id), text::safe(label))
    }
}

/// A time as a clock on the wall shows it, to the minute.
pub(crate) fn wall_time(seconds: u64, zone: &TimeZone) -> String {
    shown(seconds, zone, "%Y-%m-%d %H:%M")
}

/// The same to the second: until when a code is good.
pub(crate) fn wall_clock(seconds: u64, zone: &TimeZone) -> String {
    shown(seconds, zone, "%Y-%m-%d %H:%M:%S")
}

fn shown(seconds: u64, zone: &TimeZone, form: &str) -> String {
    i64::try_from(seconds)
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .map_or_else(
            || format!("@{seconds}"),
            |time| time.to_zoned(zone.clone()).strftime(form).to_string(),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wall_time_follows_the_zone_and_its_summer_time() {
        let berlin = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        assert_eq!(wall_time(1_768_478_400, &berlin), "2026-01-15 13:00");
        assert_eq!(wall_time(1_784_116_800, &berlin), "2026-07-15 14:00");
        assert_eq!(wall_time(1_784_116_800, &TimeZone::UTC), "2026-07-15 12:00");
        assert_eq!(wall_clock(1_784_116_817, &berlin), "2026-07-15 14:00:17");
    }

    #[test]
    fn a_time_beyond_all_calendars_is_shown_as_it_is() {
        assert_eq!(wall_time(u64::MAX, &TimeZone::UTC), "@18446744073709551615");
        assert_eq!(wall_time(1 << 50, &TimeZone::UTC), "@1125899906842624");
    }

    #[test]
    fn a_name_cannot_break_out_of_its_sentence() {
        assert_eq!(named("totp/1", "a\u{1b}[31m\n"), r#"totp/1 "a\u{1b}[31m\n""#);
        assert_eq!(named("totp/1", ""), "totp/1");
    }
}
