//! `resync`: moves a device whose clock or counter has run away to where two consecutive codes show
//! that it is.

use otp_bus::DeviceInfo;
use zeroize::Zeroizing;

use crate::connect::Connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input::Echo;
use crate::record::{OneDevice, named};
use crate::session::Session;

/// What `resync` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The device: its id, or its label where only one device has it
    device: String,

    /// The two codes are asked for at the terminal, or read as two lines from a pipe
    #[arg(value_name = "-", num_args = 0..)]
    code: Vec<String>,
}

/// Resynchronises a device.
pub(crate) fn run<C: Connect>(
    options: &Options,
    session: &mut Session<'_, '_, C>,
) -> Result<Exit, Failure> {
    let first = session.code(&options.code)?;
    let second = second(session)?;
    let user = session.subject.name().to_owned();
    let moved = session
        .manage(async |manage| manage.resync(&user, &options.device, &first, &second).await)?;
    let record = OneDevice { user: &user, device: (&moved).into() };
    session.answer(&record, || tell(&moved))?;
    Ok(Exit::Done)
}

fn second<C: Connect>(session: &mut Session<'_, '_, C>) -> Result<Zeroizing<String>, Failure> {
    let line = if session.interactive() {
        session.ask("The very next code that it shows: ", Echo::Hidden)
    } else {
        session.host.input.line()
    };
    let code = line.map_err(|error| Failure::input(&error, "the second code"))?;
    if code.trim().is_empty() {
        let again = "run it again and type two codes, one right after the other";
        return Err(Failure::usage("no second code was typed", again));
    }
    Ok(code)
}

fn tell(device: &DeviceInfo) -> String {
    let name = named(&device.id, &device.label);
    match (device.drift, device.period, device.counter) {
        (Some(drift), Some(period), _) => {
            let off = drift.unsigned_abs().saturating_mul(period);
            match drift {
                0 => format!("in step again: the clock of {name} is right"),
                1.. => format!("in step again: the clock of {name} is {off} s fast"),
                i32::MIN..0 => format!("in step again: the clock of {name} is {off} s slow"),
            }
        }
        (_, _, Some(counter)) => format!("in step again: {name} is at counter {counter}"),
        (_, _, None) => format!("in step again: {name}"),
    }
}
