//! `remembered`: the logins that need no code again for a while; with `--forget`, they need one. The
//! rules decide whether what is remembered counts, so that nothing here promises it.

use otp_bus::{ALL_REMEMBERED, RememberedLogin};
use serde::Serialize;

use crate::connect::Connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::record::wall_time;
use crate::session::Session;
use crate::text;
use crate::verbs::list::aligned;

/// What `remembered` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Forget one login by its number, or all
    #[arg(long, value_name = "NUMBER|all", value_parser = which)]
    forget: Option<u32>,
}

/// The answer in JSON.
#[derive(Serialize)]
struct Record<'a> {
    user: &'a str,
    /// Which there are, or were before they were forgotten.
    remembered: Vec<Login<'a>>,
}

/// A login in JSON. Times are seconds since 1970 UTC.
#[derive(Serialize)]
struct Login<'a> {
    number: u32,
    service: &'a str,
    from: Option<&'a str>,
    tty: Option<&'a str>,
    session: Option<u32>,
    rule: &'a str,
    device: &'a str,
    since: u64,
    until: u64,
    last: u64,
}

impl<'a> From<&'a RememberedLogin> for Login<'a> {
    fn from(login: &'a RememberedLogin) -> Self {
        Self {
            number: login.number,
            service: &login.service,
            from: login.from.as_deref(),
            tty: login.tty.as_deref(),
            session: login.session,
            rule: &login.rule,
            device: &login.device,
            since: login.since,
            until: login.until,
            last: login.last,
        }
    }
}

/// Shows them, or forgets.
pub(crate) fn run<C: Connect>(
    options: &Options,
    session: &mut Session<'_, '_, C>,
) -> Result<Exit, Failure> {
    let user = session.subject.name().to_owned();
    let logins = session.manage(async |manage| match options.forget {
        Some(number) => manage.forget_remembered(&user, number).await,
        None => manage.remembered(&user).await,
    })?;
    let remembered = logins.iter().map(Login::from).collect();
    let zone = session.host.zone.clone();
    session.answer(&Record { user: &user, remembered }, || {
        let name = text::safe(&user);
        match options.forget {
            _ if logins.is_empty() => format!("no login of {name} is remembered"),
            Some(_) => {
                let count = u32::try_from(logins.len()).unwrap_or(u32::MAX);
                format!("forgot {} of {name}", text::counted(count, "remembered login"))
            }
            None => table(&logins, |seconds| wall_time(seconds, &zone)),
        }
    })?;
    Ok(Exit::Done)
}

fn table(logins: &[RememberedLogin], clock: impl Fn(u64) -> String) -> String {
    let head = ["NO", "SERVICE", "FROM", "SINCE", "UNTIL", "DEVICE", "RULE"].map(str::to_owned);
    let rows = logins.iter().map(|login| {
        [
            login.number.to_string(),
            text::safe(&login.service),
            text::safe(&place(login)),
            clock(login.since),
            clock(login.until),
            text::safe(&login.device),
            text::safe(&login.rule),
        ]
    });
    aligned(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
}

fn place(login: &RememberedLogin) -> String {
    match (&login.from, &login.tty, login.session) {
        (Some(from), _, _) => from.clone(),
        (None, Some(tty), Some(session)) => format!("{tty}, session {session}"),
        (None, Some(tty), None) => tty.clone(),
        (None, None, _) => "-".to_owned(),
    }
}

/// A number, or the word for all of them.
fn which(text: &str) -> Result<u32, String> {
    match text.parse::<u32>() {
        _ if text == "all" => Ok(ALL_REMEMBERED),
        Ok(number) if number != ALL_REMEMBERED => Ok(number),
        Ok(_) | Err(_) => Err("a number from `otpctl remembered`, or all".to_owned()),
    }
}
