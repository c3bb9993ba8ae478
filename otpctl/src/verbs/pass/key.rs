//! `pass check`, `pass get`, `pass use`: what a key is good for. The key is typed at a prompt, or is the
//! first line of a pipe; never an argument.

use otp_bus::{PassPlace, ShownPass};
use serde::Serialize;
use serde_json::Value;
use zeroize::Zeroizing;

use super::record::{Record, details};
use crate::connect::Connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::{Format, Session};

/// What the verbs take.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// What the key is to be good for
    purpose: String,

    /// The key is asked for at the terminal, or read as one line from a pipe
    #[arg(value_name = "-", num_args = 0..)]
    key: Vec<String>,

    /// The service at which it is shown; believed of root alone
    #[arg(long, value_name = "NAME")]
    service: Option<String>,

    /// The numeric address from which it is shown; believed of root alone
    #[arg(long, value_name = "ADDRESS")]
    from: Option<String>,
}

impl Options {
    fn place(&self) -> PassPlace {
        PassPlace { service: self.service.clone(), from: self.from.clone() }
    }
}

#[derive(Serialize)]
struct Checked {
    valid: bool,
}

/// A pass and its data in JSON.
#[derive(Serialize)]
struct Shown<'a> {
    pass: Record<'a>,
    data: Option<Value>,
}

/// Tells whether it counts.
pub(super) fn check<C: Connect>(
    options: &Options,
    session: &mut Session<'_, '_, C>,
) -> Result<Exit, Failure> {
    let (key, place) = (session.key(&options.key)?, options.place());
    let purpose = &options.purpose;
    let valid = session.passes(async |passes| passes.check(purpose, &key, &place).await)?;
    if valid || session.format == Format::Json {
        session.answer(&Checked { valid }, || "it counts; it was not used up".to_owned())?;
    }
    if valid {
        return Ok(Exit::Done);
    }
    let next = "ask for another pass, or see which there are: `otpctl pass list`";
    Err(Failure::new(Exit::Refused, "wrong-key", "that key does not count here and now", next))
}

/// Shows its pass.
pub(super) fn get<C: Connect>(
    options: &Options,
    session: &mut Session<'_, '_, C>,
) -> Result<Exit, Failure> {
    let (key, place) = (session.key(&options.key)?, options.place());
    let purpose = &options.purpose;
    let shown = session.passes(async |passes| passes.get(purpose, &key, &place).await)?;
    tell(&shown, session)
}

/// Uses it up.
pub(super) fn use_up<C: Connect>(
    options: &Options,
    session: &mut Session<'_, '_, C>,
) -> Result<Exit, Failure> {
    let (key, place): (Zeroizing<String>, _) = (session.key(&options.key)?, options.place());
    let purpose = &options.purpose;
    let shown = session.passes(async |passes| passes.use_up(purpose, &key, &place).await)?;
    tell(&shown, session)
}

fn tell<C: Connect>(shown: &ShownPass, session: &mut Session<'_, '_, C>) -> Result<Exit, Failure> {
    // What the daemon tells was JSON when it was stored; whatever else it is is told as text.
    let data = (!shown.data.is_empty()).then(|| {
        serde_json::from_str(&shown.data).unwrap_or_else(|_| Value::String(shown.data.clone()))
    });
    let zone = session.host.zone.clone();
    let record = Shown { pass: Record::from(&shown.pass), data };
    session.answer(&record, || details(&shown.pass, &shown.data, &zone))?;
    Ok(Exit::Done)
}
