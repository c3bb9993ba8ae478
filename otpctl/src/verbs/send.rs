//! `send`: has a code sent to a device that is an address, to confirm it or to show it with a change.

use serde::Serialize;

use crate::connect::Connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;
use crate::text;

/// What `send` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The device: its id, or its label where only one device has it
    device: String,
}

/// The answer in JSON; the address is masked.
#[derive(Serialize)]
struct Record<'a> {
    user: &'a str,
    device: &'a str,
    channel: &'a str,
    address: &'a str,
    valid: u32,
}

/// Has a code sent.
pub(crate) fn run<C: Connect>(
    options: &Options,
    session: &mut Session<'_, '_, C>,
) -> Result<Exit, Failure> {
    let user = session.subject.name().to_owned();
    let sent = session.manage(async |manage| manage.send(&user, &options.device).await)?;
    let record = Record {
        user: &user,
        device: &sent.device,
        channel: &sent.channel,
        address: &sent.address,
        valid: sent.valid,
    };
    session.answer(&record, || text::safe(&told(&sent)))?;
    Ok(Exit::Done)
}

/// The sentence for a code that was sent.
pub(super) fn told(sent: &otp_bus::Sending) -> String {
    let otp_bus::Sending { device, channel, address, valid } = sent;
    format!("a code was sent by {channel} to {address}, for {device}; it counts for {valid} s")
}
