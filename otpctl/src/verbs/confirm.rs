//! `confirm`: proves by a code that the owner holds a device, from when on it can log in.

use crate::connect::Connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::record::{OneDevice, named};
use crate::session::Session;
use crate::text;
use crate::verbs::send;

/// What `confirm` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The device: its id, or its label where only one device has it
    device: String,

    /// Have a code sent first, to a device that is an address
    #[arg(long)]
    send: bool,

    /// The code is asked for at the terminal, or read as one line from a pipe
    #[arg(value_name = "-", num_args = 0..)]
    code: Vec<String>,
}

/// Confirms a device.
pub(crate) fn run<C: Connect>(
    options: &Options,
    session: &mut Session<'_, '_, C>,
) -> Result<Exit, Failure> {
    let user = session.subject.name().to_owned();
    if options.send {
        let sent = session.manage(async |manage| manage.send(&user, &options.device).await)?;
        session.tell(&format!("{}\n", text::safe(&send::told(&sent))))?;
    }
    let code = session.code(&options.code)?;
    let device =
        session.manage(async |manage| manage.confirm(&user, &options.device, &code).await)?;
    let record = OneDevice { user: &user, device: (&device).into() };
    session.answer(&record, || done(&user, &device.id, &device.label))?;
    Ok(Exit::Done)
}

/// The sentence for a device that is confirmed.
pub(crate) fn done(user: &str, id: &str, label: &str) -> String {
    format!(
        "confirmed: {} can now log {} in; this code is spent",
        named(id, label),
        text::safe(user)
    )
}
