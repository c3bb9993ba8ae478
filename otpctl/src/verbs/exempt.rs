//! `exempt`: lets a user log in without a code for a while, or ends that. The reason is logged with
//! each such login, so there has to be one. The daemon lets nobody exempt themselves.

use otp_bus::names::EXEMPTION_SECONDS;
use serde::Serialize;

use crate::connect::Connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::record::wall_time;
use crate::session::Session;
use crate::text;

/// What `exempt` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How long: a number and s, min, h or d, a minute to 7 days
    #[arg(long = "for", value_name = "TIME", value_parser = seconds, requires = "reason",
          required_unless_present = "end")]
    length: Option<u32>,

    /// Why, for the log, in a line of text
    #[arg(long, value_name = "TEXT", requires = "length")]
    reason: Option<String>,

    /// End it now
    #[arg(long, conflicts_with_all = ["length", "reason"])]
    end: bool,
}

/// The answer in JSON.
#[derive(Serialize)]
struct Given<'a> {
    user: &'a str,
    until: u64,
    reason: &'a str,
}

/// The answer to `--end` in JSON.
#[derive(Serialize)]
struct Ended<'a> {
    user: &'a str,
    ended: bool,
}

/// Exempts the user, or ends that.
pub(crate) fn run<C: Connect>(
    options: &Options,
    session: &mut Session<'_, '_, C>,
) -> Result<Exit, Failure> {
    match (options.length, &options.reason) {
        (Some(seconds), Some(reason)) => give(seconds, reason, session),
        (Some(_) | None, _) => end(session),
    }
}

fn give<C: Connect>(
    seconds: u32,
    reason: &str,
    session: &mut Session<'_, '_, C>,
) -> Result<Exit, Failure> {
    let user = session.subject.name().to_owned();
    let until = session.manage(async |manage| manage.exempt(&user, seconds, reason).await)?;
    let at = wall_time(until, &session.host.zone);
    let end = session.subject.command("exempt");
    session.answer(&Given { user: &user, until, reason }, || {
        let name = text::safe(&user);
        format!(
            "until {at} {name} logs in without a code, wherever no rule denies it: {}\n\
             To end it before: `{end} --end`",
            text::safe(reason)
        )
    })?;
    Ok(Exit::Done)
}

fn end<C: Connect>(session: &mut Session<'_, '_, C>) -> Result<Exit, Failure> {
    let user = session.subject.name().to_owned();
    let ended = session.manage(async |manage| manage.end_exemption(&user).await)?;
    session.answer(&Ended { user: &user, ended }, || {
        let name = text::safe(&user);
        if ended {
            format!("ended: {name} is asked for a code again")
        } else {
            format!("nothing to end: {name} is not exempt")
        }
    })?;
    Ok(Exit::Done)
}

fn seconds(text: &str) -> Result<u32, String> {
    let (least, most) = EXEMPTION_SECONDS;
    text::time(text)?
        .filter(|seconds| (least..=most).contains(seconds))
        .ok_or_else(|| "an exemption lasts for a minute to 7 days".to_owned())
}
