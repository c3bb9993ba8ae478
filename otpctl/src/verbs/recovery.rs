//! `recovery`: makes recovery codes and shows them, once. Other devices are not touched.

use otp_bus::NewCodes;
use serde::Serialize;
use zeroize::{Zeroize, Zeroizing};

use crate::connect::Connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::record::{Device, named};
use crate::session::Session;
use crate::text;

/// What `recovery` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The set of codes that the new ones take the place of [default: the only one there is]
    device: Option<String>,

    /// Make a further set, called this
    #[arg(long, conflicts_with = "device")]
    label: Option<String>,

    /// How many codes [default: 10]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=20))]
    count: Option<u32>,
}

/// The answer in JSON. `codes` are secret, and told this once.
#[derive(Serialize)]
struct Record<'a> {
    user: &'a str,
    device: Device<'a>,
    codes: &'a [String],
}

/// Makes the codes.
pub(crate) fn run<C: Connect>(
    options: Options,
    session: &mut Session<'_, '_, C>,
) -> Result<Exit, Failure> {
    let user = session.subject.name().to_owned();
    let Options { device, label, count } = options;
    let wanted = NewCodes { device, label, count };
    let mut made = session
        .change(&async |manage, warrant| manage.renew_recovery(&user, warrant, &wanted).await)?;
    let record = Record { user: &user, device: (&made.device).into(), codes: &made.codes };
    let set = named(&made.device.id, &made.device.label);
    let shown = session.answer(&record, || tell(&user, &set, &made.codes).to_string());
    made.codes.zeroize();
    shown.map_err(|failure| {
        let message = format!("{}; {set} is made, but nobody has seen its codes", failure.message);
        let next = format!("make new ones: `{}`", session.subject.command("recovery"));
        Failure { message, next, ..failure }
    })?;
    Ok(Exit::Done)
}

/// Two columns, to be printed or written down.
fn tell(user: &str, set: &str, codes: &[String]) -> Zeroizing<String> {
    let mut told = Zeroizing::new(format!(
        "{set} of {}: each code logs in once, in place of a device.\nThey are shown only now: print \
         them, or write them down, and keep them apart from this machine.\n\n",
        text::safe(user)
    ));
    let (left, right) = codes.split_at(codes.len().div_ceil(2));
    for (row, code) in left.iter().enumerate() {
        for code in std::iter::once(code).chain(right.get(row)) {
            told.push_str("    ");
            told.push_str(&text::safe(code));
        }
        told.push('\n');
    }
    told.push_str("\nCodes that were made before, in this set, count no more.");
    told
}
