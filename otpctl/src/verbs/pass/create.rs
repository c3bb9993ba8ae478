//! `pass create`.

use otp_bus::NewPass;
use serde::Serialize;
use zeroize::{Zeroize, Zeroizing};

use super::record::{Record, sentence};
use super::{Term, Whose};
use crate::connect::Connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;
use crate::text;

/// What `pass create` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// What it is for; a login takes those for `login`
    purpose: String,

    /// A service at which it counts; may be repeated
    #[arg(long, value_name = "NAME")]
    service: Vec<String>,

    /// A restriction: from:NETWORK, service:NAME, or x-... for whoever reads it; may be repeated
    #[arg(long, value_name = "TEXT")]
    restrict: Vec<String>,

    /// Something that it has to do with; may be repeated, in any order
    #[arg(long, value_name = "NAME")]
    related: Vec<String>,

    /// JSON for whoever uses it, at most 16 KiB. Every user can read arguments: nothing secret
    #[arg(long, value_name = "JSON")]
    data: Option<String>,

    /// How its key is made: alnum:N, digits:N or words:N [default: alnum:20]
    #[arg(long, value_name = "HOW")]
    generator: Option<String>,

    #[command(flatten)]
    term: Term,

    /// Why it is made, for the log
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    /// Call the live ones for the same purpose, and with the same related objects, back
    #[arg(long)]
    deactivate_old: bool,

    #[command(flatten)]
    pub(super) whose: Whose,
}

/// The answer in JSON. `key` is secret, and told this once.
#[derive(Serialize)]
struct Made<'a> {
    pass: Record<'a>,
    key: &'a str,
}

/// Makes it.
pub(super) fn run<C: Connect>(
    options: &Options,
    session: &mut Session<'_, '_, C>,
) -> Result<Exit, Failure> {
    let some = |list: &[String]| (!list.is_empty()).then(|| list.to_vec());
    let zone = session.host.zone.clone();
    let new = NewPass {
        purpose: options.purpose.clone(),
        services: some(&options.service),
        restrictions: some(&options.restrict),
        related: some(&options.related),
        data: options.data.clone(),
        generator: options.generator.clone(),
        seconds: options.term.length,
        until: options.term.until(&zone)?,
        reason: options.reason.clone(),
        deactivate_old: options.deactivate_old.then_some(true),
    };
    let user = session.subject.name().to_owned();
    let mut made =
        session.change_pass(&async |passes, warrant| passes.create(&user, warrant, &new).await)?;
    let record = Made { pass: Record::from(&made.pass), key: &made.key };
    let told = || {
        Zeroizing::new(format!(
            "{}:\n\n    {}\n\nIt is shown only now, and counts once.",
            sentence(&made.pass, &zone),
            text::safe(&made.key)
        ))
        .to_string()
    };
    let shown = session.answer(&record, told);
    let id = made.pass.id.clone();
    made.key.zeroize();
    shown.map_err(|failure| {
        let message = format!("{}; {id} is made, but nobody has seen its key", failure.message);
        let next = format!(
            "make another with --deactivate-old: `{}`",
            session.subject.command("pass create")
        );
        Failure { message, next, ..failure }
    })?;
    Ok(Exit::Done)
}
