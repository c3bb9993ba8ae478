//! `remove --all`: takes a whole account away, after showing what goes. It works for users who are
//! gone and for damaged accounts, of which it shows what can be read.

use otp_bus::StoredAccount;
use serde::Serialize;

use crate::connect::Connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input::Echo;
use crate::record::{DeviceNames, named, wall_time};
use crate::session::Session;
use crate::text;

/// The answer in JSON: what there was.
#[derive(Serialize)]
struct Record<'a> {
    user: &'a str,
    uid: Option<u32>,
    enrolled: Option<bool>,
    created: Option<u64>,
    devices: Vec<DeviceNames<'a>>,
    lanes: u32,
    addresses: u32,
    events: u32,
    damaged: Option<&'a str>,
}

/// Whether to ask first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asking {
    /// Shows what goes and asks.
    First,
    /// Was told not to ask.
    Not,
}

/// Removes the account.
pub(crate) fn run<C: Connect>(
    asking: Asking,
    session: &mut Session<'_, '_, C>,
) -> Result<Exit, Failure> {
    match asking {
        Asking::Not => {}
        Asking::First if session.interactive() => asked(session)?,
        Asking::First => {
            return Err(Failure::usage(
                "nobody can be asked here whether to remove the account",
                format!("`{} --all --yes`", session.subject.command("remove")),
            ));
        }
    }
    let name = session.subject.name().to_owned();
    let gone = session.admin(async |admin| admin.forget(&name).await)?;
    let record = Record {
        user: &gone.name,
        uid: gone.uid,
        enrolled: gone.enrolled,
        created: gone.created,
        devices: gone.devices.iter().map(DeviceNames::from).collect(),
        lanes: gone.lanes,
        addresses: gone.addresses,
        events: gone.events,
        damaged: gone.damaged.as_deref(),
    };
    session.answer(&record, || {
        let devices =
            text::counted(u32::try_from(gone.devices.len()).unwrap_or(u32::MAX), "device");
        let name = text::safe(&gone.name);
        format!("removed: the account {name} with {devices}; it is as if never enrolled")
    })?;
    Ok(Exit::Done)
}

/// Shows what goes, and asks.
fn asked<C: Connect>(session: &mut Session<'_, '_, C>) -> Result<(), Failure> {
    let name = session.subject.name().to_owned();
    let stored = session.admin(async |admin| admin.account(&name).await)?;
    let zone = session.host.zone.clone();
    session.tell(&shown(&stored, |seconds| wall_time(seconds, &zone)))?;
    let prompt = format!("Remove all of {}? [y/N] ", stored.name);
    let answer =
        session.ask(&prompt, Echo::Shown).map_err(|error| Failure::input(&error, "an answer"))?;
    if matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Refused,
        "declined",
        format!("the account {} was not removed", stored.name),
        "nothing changed; answer y to remove it",
    ))
}

fn shown(stored: &StoredAccount, clock: impl Fn(u64) -> String) -> String {
    let uid = stored.uid.map_or_else(|| "of no uid".to_owned(), |uid| format!("uid {uid}"));
    let enrolled = match stored.enrolled {
        Some(true) => ", enrolled",
        Some(false) => ", not enrolled",
        None => "",
    };
    let made = stored.created.map(|time| format!(", made {}", clock(time))).unwrap_or_default();
    let mut lines = vec![format!("{} ({uid}{enrolled}{made}) has", text::safe(&stored.name))];
    lines.extend(stored.devices.iter().map(|device| {
        let waits = if device.confirmed { "" } else { ", unconfirmed" };
        format!("  {}{waits}", named(&device.id, &device.label))
    }));
    lines.push(format!(
        "  {} with failures, {}, {}",
        text::counted(stored.lanes, "lane"),
        text::counted(stored.addresses, "known host"),
        text::counted(stored.events, "event")
    ));
    if let Some(damaged) = &stored.damaged {
        lines.push(format!("It is damaged: {}", text::safe(damaged)));
    }
    lines.push("Without it a login is that of a user who never enrolled.\n".to_owned());
    lines.join("\n")
}
