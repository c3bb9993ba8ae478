//! `adopt`: gives an account to the uid and name that its user has now, as it is. Whether the user
//! is the same person nobody but an administrator can know.

use otp_bus::Adoption;
use serde::Serialize;

use crate::connect::Connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::record::{DeviceNames, named};
use crate::session::Session;
use crate::text;

/// What `adopt` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The name that the user had before, where the user was renamed
    #[arg(long, value_name = "NAME")]
    from: Option<String>,
}

/// The answer in JSON.
#[derive(Serialize)]
struct Record<'a> {
    user: &'a str,
    uid: u32,
    from: &'a str,
    from_uid: u32,
    /// Another user, who has that uid now.
    holder: Option<&'a str>,
    devices: Vec<DeviceNames<'a>>,
}

/// Gives the account to the user.
pub(crate) fn run<C: Connect>(
    options: &Options,
    session: &mut Session<'_, '_, C>,
) -> Result<Exit, Failure> {
    // Nothing means her own name to the daemon, which an unset variable in a script does not.
    if options.from.as_ref().is_some_and(String::is_empty) {
        return Err(Failure::usage(
            "--from names nobody",
            "name the user's former name, or leave --from away",
        ));
    }
    let user = session.subject.name().to_owned();
    let from = options.from.clone().unwrap_or_default();
    let adopted = session.admin(async |admin| admin.adopt(&user, &from).await)?;
    let record = Record {
        user: &adopted.user,
        uid: adopted.uid,
        from: &adopted.from,
        from_uid: adopted.from_uid,
        holder: adopted.holder.as_deref(),
        devices: adopted.devices.iter().map(DeviceNames::from).collect(),
    };
    session.answer(&record, || tell(&adopted))?;
    Ok(Exit::Done)
}

fn tell(adopted: &Adoption) -> String {
    let Adoption { user, uid, from, from_uid, holder, devices } = adopted;
    let mut lines = vec![format!(
        "adopted: the account {} of uid {from_uid} is that of {} (uid {uid}) now",
        text::safe(from),
        text::safe(user)
    )];
    lines.extend(devices.iter().map(|device| {
        let waits = if device.confirmed { "" } else { ", unconfirmed" };
        format!("  {}{waits}", named(&device.id, &device.label))
    }));
    if let Some(holder) = holder {
        let remove = format!("otpctl remove --all -u {}", text::shell_word(user));
        lines.push(format!(
            "  uid {from_uid} is {}'s now; if these devices are {0}'s: `{}`",
            text::safe(holder),
            text::safe(&remove)
        ));
    }
    lines.join("\n")
}
