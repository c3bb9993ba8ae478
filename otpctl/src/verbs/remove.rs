//! `remove`: takes a device away, after asking; with `--all`, the account. Where nobody can be asked
//! it wants `--yes`.

use otp_bus::{DeviceFilter, DeviceInfo};

use super::forget::{self, Asking};
use crate::connect::Connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input::Echo;
use crate::record::{OneDevice, named};
use crate::session::Session;
use crate::text;
use crate::verbs::show::chosen;

/// What is said before the last confirmed device goes.
const LAST: &str =
    "It is the last confirmed one: without it no code is right, and codes stay demanded.\n";

/// What `remove` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The device: its id, or its label where only one device has it
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    device: Option<String>,

    /// Remove the account with all devices, failures and events, damaged or not
    #[arg(long)]
    all: bool,

    /// Do not ask
    #[arg(short, long)]
    yes: bool,
}

/// Removes a device.
pub(crate) fn run<C: Connect>(
    options: &Options,
    session: &mut Session<'_, '_, C>,
) -> Result<Exit, Failure> {
    let Some(wanted) = &options.device else {
        return forget::run(if options.yes { Asking::Not } else { Asking::First }, session);
    };
    let device = if options.yes {
        wanted.clone()
    } else if session.interactive() {
        asked(wanted, session)?
    } else {
        let again =
            format!("{} {} --yes", session.subject.command("remove"), text::shell_word(wanted));
        return Err(Failure::usage(
            "nobody can be asked here whether to remove the device",
            format!("`{again}`"),
        ));
    };
    let user = session.subject.name().to_owned();
    let removed =
        session.change(&async |manage, warrant| manage.remove(&user, warrant, &device).await)?;
    let record = OneDevice { user: &user, device: (&removed).into() };
    session.answer(&record, || {
        format!(
            "removed: {} no longer logs {} in",
            named(&removed.id, &removed.label),
            text::safe(&user)
        )
    })?;
    Ok(Exit::Done)
}

/// Shows which device is meant and asks; the answer is about that one, so its id is what goes on.
fn asked<C: Connect>(wanted: &str, session: &mut Session<'_, '_, C>) -> Result<String, Failure> {
    let user = session.subject.name().to_owned();
    let devices = session.manage(async |manage| manage.list(&user, DeviceFilter::All).await)?;
    let device = chosen(wanted, &devices, session)?;
    let name = named(&device.id, &device.label);
    if last(device, &devices) {
        session.tell(LAST)?;
    }
    let prompt = format!("Remove {name} from {user}? [y/N] ");
    let answer =
        session.ask(&prompt, Echo::Shown).map_err(|error| Failure::input(&error, "an answer"))?;
    if matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
        return Ok(device.id.clone());
    }
    Err(Failure::new(
        Exit::Refused,
        "declined",
        format!("{name} was not removed"),
        "nothing changed; answer y to remove it",
    ))
}

fn last(device: &DeviceInfo, devices: &[DeviceInfo]) -> bool {
    device.confirmed && devices.iter().filter(|device| device.confirmed).count() == 1
}
