//! `code`: makes a code from a secret or an `otpauth://` URI, on this machine and without the
//! daemon. Nothing is kept, so a counter stays where it is; nothing is spent.

use otp_core::{Factor, Token, token};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::form::Form;
use crate::host::Host;
use crate::record::wall_clock;
use crate::secret;
use crate::session::Format;
use crate::warn::{self, Told};

/// What `code` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    form: Form,

    /// The secret or URI is asked for at the terminal, or read as one line from a pipe
    #[arg(value_name = "-", num_args = 0..)]
    secret: Vec<String>,
}

/// The answer in JSON; times in seconds since 1970 UTC. A TOTP code's counter is its step.
#[derive(Serialize)]
struct Record<'a> {
    kind: &'static str,
    code: &'a str,
    counter: u64,
    start: Option<u64>,
    expires: Option<u64>,
    remaining: Option<u64>,
    /// The next counter, of HOTP.
    next: Option<u64>,
    warnings: Vec<Told>,
}

/// Makes a code.
pub(crate) fn run(options: Options, host: &mut Host<'_>, format: Format) -> Result<Exit, Failure> {
    let Options { form, secret: dash } = options;
    if !matches!(dash.as_slice(), [] | [_]) || dash.iter().any(|argument| argument != "-") {
        return Err(secret::seen(dash, "leave it away and type it when asked, or pipe it in"));
    }
    form.check()?;
    let given = form.with(secret::ask(host)?)?;
    let warnings: Vec<Told> = given.warnings.iter().map(Told::from).collect();
    warn::tell(&warnings, host, format)?;
    let token = token(&given.secret, &given.state, (host.clock)()).ok_or_else(|| {
        Failure::usage("the counter is at its end, where no code is accepted", "use a new secret")
    })?;
    let code = Zeroizing::new(token.code.reveal());
    let record = record(given.state.kind(), &code, &token, warnings);
    let zone = host.zone.clone();
    host.answer(format, &record, || match token.factor {
        Factor::Time { expires, remaining, .. } => {
            let until = wall_clock(expires.as_secs(), &zone);
            format!("{}\nvalid until {until}, for {} s more", *code, remaining.0)
        }
        Factor::Count { counter, next } => {
            format!("{}\nof counter {}; the next one is {}", *code, counter.0, next.0)
        }
    })?;
    Ok(Exit::Done)
}

fn record<'a>(kind: &'static str, code: &'a str, token: &Token, warnings: Vec<Told>) -> Record<'a> {
    match token.factor {
        Factor::Time { step, start, expires, remaining } => Record {
            kind,
            code,
            counter: step.0,
            start: Some(start.as_secs()),
            expires: Some(expires.as_secs()),
            remaining: Some(remaining.0),
            next: None,
            warnings,
        },
        Factor::Count { counter, next } => Record {
            kind,
            code,
            counter: counter.0,
            start: None,
            expires: None,
            remaining: None,
            next: Some(next.0),
            warnings,
        },
    }
}
