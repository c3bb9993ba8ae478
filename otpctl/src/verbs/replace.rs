//! `replace`: a new secret, or another device, under the label of one that there is. The old one
//! goes on working until the new one is confirmed.

use crate::connect::Connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;
use crate::verbs::enroll;

/// What `replace` takes.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Options {
    /// The device: its id, or its label where only one device has it
    device: String,

    #[command(flatten)]
    new: enroll::Options,
}

/// Replaces a device.
pub(crate) fn run<C: Connect>(
    options: Options,
    session: &mut Session<'_, '_, C>,
) -> Result<Exit, Failure> {
    if options.new.names_it() {
        return Err(Failure::usage(
            "a replacement keeps the label of the device whose place it takes",
            "leave --label away, and rename it afterwards",
        ));
    }
    enroll::make(options.new, Some(options.device), &enroll::Shown::WhatIsAskedFor, session)
}
