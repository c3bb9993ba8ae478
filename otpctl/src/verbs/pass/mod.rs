//! `pass`: one-time passwords made for somebody; made, shown, used, extended, called back, listed. A key
//! is shown once, by `create`, and read from a prompt or a pipe by every verb that takes one.

mod create;
mod key;
mod manage;
mod record;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::connect::Connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Caller;
use crate::session::{Session, Subject};

/// What `pass` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    deed: Deed,
}

/// What can be done with passes.
#[derive(Debug, clap::Subcommand)]
enum Deed {
    /// Make a pass, and show its key, once
    Create(create::Options),
    /// Tell whether a key counts; it is not used up
    Check(key::Options),
    /// Show the pass of a key that counts; it is not used up
    Get(key::Options),
    /// Use a key up, and show its pass
    Use(key::Options),
    /// Let a live pass live longer
    Extend(manage::Extend),
    /// Call live passes back
    Deactivate(manage::Deactivate),
    /// List passes, and those that were
    List(manage::List),
}

/// Whose pass it is, where it is nobody's in particular.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct Whose {
    /// Nobody's: never valid at a login. For administrators
    #[arg(long)]
    nobody: bool,
}

/// Until when it is to live.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Term {
    /// How long it is live: a number and s, min, h or d, up to 30 days
    #[arg(long = "for", value_name = "TIME", value_parser = seconds, conflicts_with = "until")]
    length: Option<u32>,

    /// Until when it is live: such as 2026-07-15T14:00, or seconds since 1970 UTC
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,
}

impl Options {
    /// The words that were typed.
    pub(crate) const fn word(&self) -> &'static str {
        match self.deed {
            Deed::Create(_) => "pass create",
            Deed::Check(_) => "pass check",
            Deed::Get(_) => "pass get",
            Deed::Use(_) => "pass use",
            Deed::Extend(_) => "pass extend",
            Deed::Deactivate(_) => "pass deactivate",
            Deed::List(_) => "pass list",
        }
    }

    /// Whose pass it is about: a key says by itself.
    pub(crate) fn subject(
        &self,
        user: Option<String>,
        caller: &Caller,
    ) -> Result<Subject, Failure> {
        let (named, why) = match &self.deed {
            Deed::Check(_) | Deed::Get(_) | Deed::Use(_) => (false, "a key says whose it is"),
            Deed::Create(create::Options { whose, .. })
            | Deed::Extend(manage::Extend { whose, .. })
            | Deed::Deactivate(manage::Deactivate { whose, .. }) => {
                (!whose.nobody, "--nobody is about nobody")
            }
            Deed::List(list) => (!list.all, "--all is about every pass"),
        };
        match (named, user) {
            (true, user) => Subject::chosen(user, caller),
            (false, None) => Ok(Subject::nobody()),
            (false, Some(_)) => Err(Failure::usage(why, "leave --user away")),
        }
    }
}

/// Does what was asked for.
pub(crate) fn run<C: Connect>(
    options: &Options,
    session: &mut Session<'_, '_, C>,
) -> Result<Exit, Failure> {
    match &options.deed {
        Deed::Create(options) => create::run(options, session),
        Deed::Check(options) => key::check(options, session),
        Deed::Get(options) => key::get(options, session),
        Deed::Use(options) => key::use_up(options, session),
        Deed::Extend(options) => manage::extend(options, session),
        Deed::Deactivate(options) => manage::deactivate(options, session),
        Deed::List(options) => manage::list(options, session),
    }
}

impl Term {
    /// In seconds since 1970, where a time was given.
    fn until(&self, zone: &TimeZone) -> Result<Option<u64>, Failure> {
        self.until.as_deref().map(|text| moment(text, zone)).transpose()
    }
}

fn moment(text: &str, zone: &TimeZone) -> Result<u64, Failure> {
    if let Ok(seconds) = text.parse::<u64>() {
        return Ok(seconds);
    }
    let time = text.parse::<DateTime>().ok().and_then(|time| time.to_zoned(zone.clone()).ok());
    let seconds = time.and_then(|time| u64::try_from(time.timestamp().as_second()).ok());
    seconds.ok_or_else(|| {
        Failure::usage("--until is no time", "write it as 2026-07-15T14:00, or as seconds")
    })
}

/// Zero is passed on: that it is none that can be is the daemon's to say, and never the default.
fn seconds(text: &str) -> Result<u32, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let factor = match unit {
        "s" => 1,
        "min" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err("a time is a number and s, min, h or d, such as 10min".to_owned()),
    };
    let seconds = number.parse::<u32>().ok().and_then(|number| number.checked_mul(factor));
    seconds.ok_or_else(|| "a pass is live for 1 s to 30 days".to_owned())
}
