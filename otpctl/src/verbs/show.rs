//! `show`: all that is known of one device, but for its secret, which nobody can show.

use otp_bus::{DeviceFilter, DeviceInfo};

use crate::connect::Connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::record::{OneDevice, wall_time};
use crate::session::Session;
use crate::text;

/// What `show` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The device: its id, or its label where only one device has it
    device: String,
}

/// Shows a device.
pub(crate) fn run<C: Connect>(
    options: &Options,
    session: &mut Session<'_, '_, C>,
) -> Result<Exit, Failure> {
    let user = session.subject.name().to_owned();
    let devices = session.manage(async |manage| manage.list(&user, DeviceFilter::All).await)?;
    let device = chosen(&options.device, &devices, session)?;
    let record = OneDevice { user: &user, device: device.into() };
    let zone = session.host.zone.clone();
    session.answer(&record, || tell(device, |seconds| wall_time(seconds, &zone)))?;
    Ok(Exit::Done)
}

/// The device that a person means, among those that there are.
pub(crate) fn chosen<'d, C>(
    wanted: &str,
    devices: &'d [DeviceInfo],
    session: &Session<'_, '_, C>,
) -> Result<&'d DeviceInfo, Failure> {
    let (user, list) = (session.subject.name(), session.subject.command("list"));
    // What is to take another's place has its label already, and is not meant yet.
    let settled = devices.iter().filter(|device| device.replaces.is_none());
    let labelled: Vec<&DeviceInfo> = settled.filter(|device| device.label == wanted).collect();
    let by_id = devices.iter().find(|device| device.id == wanted);
    match (by_id, labelled.as_slice()) {
        (Some(device), _) => Ok(device),
        (None, [device]) => Ok(*device),
        (None, []) => {
            let message = format!("{user} has no device {wanted}");
            let next = format!("see which devices there are: `{list}`");
            Err(Failure::new(Exit::NotFound, "unknown-device", message, next))
        }
        (None, several) => {
            let ids: Vec<&str> = several.iter().map(|device| device.id.as_str()).collect();
            let ids = ids.join(", ");
            let message = format!("several devices of {user} are labelled {wanted}: {ids}");
            let next = format!("name it by its id, from `{list}`");
            Err(Failure::new(Exit::NotFound, "ambiguous-device", message, next))
        }
    }
}

fn tell(device: &DeviceInfo, clock: impl Fn(u64) -> String) -> String {
    let mut rows = vec![
        ("id", text::safe(&device.id)),
        ("label", text::safe(&device.label)),
        ("kind", text::safe(&device.kind)),
        ("confirmed", if device.confirmed { "yes" } else { "no: it logs nobody in" }.to_owned()),
        ("enrolled", clock(device.created)),
        ("last used", device.last_used.map_or_else(|| "never".to_owned(), clock)),
    ];
    let codes = match (&device.algorithm, device.digits) {
        (Some(algorithm), Some(digits)) => {
            Some(format!("{digits} digits, {}", text::safe(algorithm)))
        }
        (_, Some(digits)) => Some(format!("{digits} digits")),
        (_, None) => None,
    };
    let more = [
        ("codes", codes),
        ("period", device.period.map(|period| format!("{period} s"))),
        ("clock", device.drift.zip(device.period).map(|(drift, period)| off(drift, period))),
        ("next counter", device.counter.map(|counter| counter.to_string())),
        ("codes left", device.left.map(|left| left.to_string())),
        ("channel", device.channel.as_deref().map(text::safe)),
        ("address", device.address.as_deref().map(text::safe)),
        ("replaces", device.replaces.as_deref().map(text::safe)),
    ];
    rows.extend(more.into_iter().filter_map(|(name, value)| Some((name, value?))));
    let lines = rows.iter().map(|(name, value)| format!("{name:12}  {value}"));
    lines.collect::<Vec<_>>().join("\n")
}

fn off(drift: i32, period: u32) -> String {
    let seconds = drift.unsigned_abs().saturating_mul(period);
    match drift {
        0 => "as ours".to_owned(),
        1.. => format!("about {seconds} s fast"),
        i32::MIN..0 => format!("about {seconds} s slow"),
    }
}
