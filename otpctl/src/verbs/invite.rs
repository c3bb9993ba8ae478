//! `invite`: lets a user enroll one device without a code, by a token that is shown once and typed
//! into `enroll --invitation`.

use otp_bus::Invitation;
use otp_bus::names::INVITATION_SECONDS;
use serde::Serialize;
use zeroize::{Zeroize, Zeroizing};

use crate::connect::Connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::record::wall_time;
use crate::session::Session;
use crate::text;

/// What `invite` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How long it counts: a number and s, min, h or d, a minute to 30 days
    #[arg(long = "for", value_name = "TIME", default_value = "24h", value_parser = seconds)]
    length: u32,
}

/// The answer in JSON. `invitation` is secret, and told this once.
#[derive(Serialize)]
struct Record<'a> {
    user: &'a str,
    invitation: &'a str,
    until: u64,
}

/// Invites the user.
pub(crate) fn run<C: Connect>(
    options: &Options,
    session: &mut Session<'_, '_, C>,
) -> Result<Exit, Failure> {
    let user = session.subject.name().to_owned();
    let seconds = options.length;
    let mut made = session.manage(async |manage| manage.invite(&user, seconds).await)?;
    let record = Record { user: &user, invitation: &made.token, until: made.until };
    let until = wall_time(made.until, &session.host.zone);
    let shown = session.answer(&record, || tell(&user, &made, &until).to_string());
    made.token.zeroize();
    shown.map_err(|failure| {
        let message =
            format!("{}; {user} is invited, but nobody has seen by what", failure.message);
        let next = format!("invite anew: `{}`", session.subject.command("invite"));
        Failure { message, next, ..failure }
    })?;
    Ok(Exit::Done)
}

fn tell(user: &str, made: &Invitation, until: &str) -> Zeroizing<String> {
    Zeroizing::new(format!(
        "until {until} {} may enroll a device without a code, by this invitation:\n\n    {}\n\n\
         It is shown only now; one that was made before counts no more.\nTyped in by the user: \
         `otpctl enroll --invitation`",
        text::safe(user),
        text::safe(&made.token)
    ))
}

fn seconds(text: &str) -> Result<u32, String> {
    let (least, most) = INVITATION_SECONDS;
    text::time(text)?
        .filter(|seconds| (least..=most).contains(seconds))
        .ok_or_else(|| "an invitation counts for a minute to 30 days".to_owned())
}
