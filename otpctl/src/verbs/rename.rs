//! `rename`: gives a device another label. Its id stays.

use crate::connect::Connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::record::{OneDevice, named};
use crate::session::Session;

/// What `rename` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The device: its id, or its label where only one device has it
    device: String,

    /// What to call it from now on
    label: String,
}

/// Renames a device.
pub(crate) fn run<C: Connect>(
    options: &Options,
    session: &mut Session<'_, '_, C>,
) -> Result<Exit, Failure> {
    let Options { device, label } = options;
    let user = session.subject.name().to_owned();
    let renamed = session
        .change(&async |manage, warrant| manage.rename(&user, warrant, device, label).await)?;
    let record = OneDevice { user: &user, device: (&renamed).into() };
    session.answer(&record, || format!("renamed: {}", named(&renamed.id, &renamed.label)))?;
    Ok(Exit::Done)
}
