//! `list`: the devices of an account, in the order of their enrolment; with `--all`, the accounts.

use otp_bus::{DeviceFilter, DeviceInfo};
use serde::Serialize;

use crate::connect::Connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::record::{Device, wall_time};
use crate::session::Session;
use crate::text;

/// What `list` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// List every account instead of one account's devices
    #[arg(long)]
    pub(crate) all: bool,

    /// Only devices that can log in, or only those that wait for their confirming code
    #[arg(long, value_enum, value_name = "WHICH", conflicts_with = "all")]
    only: Option<Only>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Only {
    Confirmed,
    Unconfirmed,
}

impl Only {
    const fn filter(only: Option<Self>) -> DeviceFilter {
        match only {
            None => DeviceFilter::All,
            Some(Self::Confirmed) => DeviceFilter::Confirmed,
            Some(Self::Unconfirmed) => DeviceFilter::Unconfirmed,
        }
    }
}

/// The answer in JSON.
#[derive(Serialize)]
struct Record<'a> {
    user: &'a str,
    devices: Vec<Device<'a>>,
}

/// Lists the devices.
pub(crate) fn run<C: Connect>(
    options: &Options,
    session: &mut Session<'_, '_, C>,
) -> Result<Exit, Failure> {
    if options.all {
        return super::accounts::run(session);
    }
    let user = session.subject.name().to_owned();
    let filter = Only::filter(options.only);
    let devices = session.manage(async |manage| manage.list(&user, filter).await)?;
    let record = Record { user: &user, devices: devices.iter().map(Device::from).collect() };
    let enroll = session.subject.command("enroll");
    let zone = session.host.zone.clone();
    session.answer(&record, || {
        if devices.is_empty() && options.only.is_some() {
            format!("{} has no such devices", text::safe(&user))
        } else if devices.is_empty() {
            format!("{} has no devices; `{}` adds one", text::safe(&user), text::safe(&enroll))
        } else {
            table(&devices, |seconds| wall_time(seconds, &zone))
        }
    })?;
    Ok(Exit::Done)
}

/// Labels come last: their width in columns is not known, and nothing after them can be misplaced.
fn table(devices: &[DeviceInfo], clock: impl Fn(u64) -> String) -> String {
    let head = ["ID", "KIND", "CONFIRMED", "LAST USED", "LABEL"].map(str::to_owned);
    let rows = devices.iter().map(|device| {
        [
            text::safe(&device.id),
            kind(device),
            if device.confirmed { "yes" } else { "no" }.to_owned(),
            device.last_used.map_or_else(|| "never".to_owned(), &clock),
            text::safe(&device.label),
        ]
    });
    let rows: Vec<[String; 5]> = std::iter::once(head).chain(rows).collect();
    aligned(&rows)
}

/// The kind, and of an address which it is.
fn kind(device: &DeviceInfo) -> String {
    let kind = text::safe(&device.kind);
    match (&device.channel, &device.address) {
        (Some(channel), Some(address)) => {
            format!("{kind} ({}, {})", text::safe(channel), text::safe(address))
        }
        (Some(_) | None, _) => kind,
    }
}

/// Rows as columns; the last one is as wide as it is.
pub(crate) fn aligned<const N: usize>(rows: &[[String; N]]) -> String {
    let lines = rows.iter().map(|row| {
        let cells = row.iter().enumerate().map(|(column, cell)| {
            let widths =
                rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
            format!("{cell:width$}", width = widths.max().unwrap_or(0))
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}
