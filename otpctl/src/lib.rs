//! `otpctl`: how people enroll, repair and inspect one-time passwords.
//!
//! [`run`] is the whole program with its surroundings as arguments: a [`Host`] to ask and tell, a
//! [`Connect`] that leads to the daemon. It decides nothing about codes and devices (the daemon
//! does) and refuses to take a secret or a code from its arguments, which any user can read.

mod agent;
mod args;
mod clock;
mod connect;
mod daemon;
mod exit;
mod failure;
mod form;
mod host;
mod input;
mod live;
mod outage;
mod qr;
mod record;
mod remedy;
mod secret;
mod session;
mod stdio;
mod text;
mod verbs;
mod warn;

use std::ffi::OsString;

use clap::Parser;

pub use agent::Agent;
pub use args::command;
pub use connect::{Connect, Peer, Unreachable};
pub use exit::Exit;
pub use host::{Caller, Host, Screen};
pub use input::{Echo, Input, InputError, MAX_LINE};
pub use live::Live;
pub use stdio::Stdio;

use args::{Alone, Cli, Verb, Wish};
use daemon::Daemon;
use failure::Failure;
use session::{Format, Session, Subject};

/// Runs one command line, `args[0]` being the program's name, and says how to exit.
pub fn run(
    args: impl IntoIterator<Item = OsString>,
    host: &mut Host<'_>,
    connector: &impl Connect,
) -> Exit {
    let args: Vec<OsString> = args.into_iter().collect();
    let format = Format::wanted(&args);
    let outcome = match Cli::try_parse_from(args) {
        Ok(cli) => obey(cli, host, connector, format),
        Err(error) => args::explain(&error, host),
    };
    outcome.unwrap_or_else(|failure| failure.report(host, format))
}

/// Carries out a command line that could be read.
fn obey(
    cli: Cli,
    host: &mut Host<'_>,
    connector: &impl Connect,
    format: Format,
) -> Result<Exit, Failure> {
    let wish = match cli.wish {
        Wish::Alone(Alone::Code(options)) if cli.user.is_none() => {
            return verbs::code::run(options, host, format);
        }
        Wish::Alone(Alone::Keys(options)) if cli.user.is_none() => {
            let (subject, verb) = (Subject::nobody(), options.word());
            let daemon = Daemon::behind(connector, subject.wait(host));
            return verbs::keys::run(
                &options,
                &mut Session { host, daemon, subject, verb, format },
            );
        }
        Wish::Alone(Alone::Reload) if cli.user.is_none() => {
            let (subject, verb) = (Subject::nobody(), "reload");
            let daemon = Daemon::behind(connector, subject.wait(host));
            return verbs::reload::run(&mut Session { host, daemon, subject, verb, format });
        }
        Wish::Alone(Alone::Session) if cli.user.is_none() => {
            let (subject, verb) = (Subject::nobody(), "session");
            let daemon = Daemon::behind(connector, subject.wait(host));
            return verbs::session::run(&mut Session { host, daemon, subject, verb, format });
        }
        Wish::Alone(alone) => {
            let word = alone.word();
            let message = format!("{word} is about no account, so it takes no --user");
            return Err(Failure::usage(message, format!("`otpctl {word}`")));
        }
        Wish::Account(verb) => verb,
    };
    let subject = match (&wish, cli.user) {
        (wish, None) if wish.is_about_all() => Subject::everybody(),
        (wish, Some(_)) if wish.is_about_all() => {
            let next = "leave --all or --user away";
            return Err(Failure::usage("--all is about every account", next));
        }
        (Verb::Log(_), None) if host.caller.uid == 0 => Subject::everybody(),
        (Verb::Token(options), None) if host.caller.uid == 0 && options.is_of_nobody() => {
            Subject::everybody()
        }
        (Verb::Pass(options), user) => options.subject(user, &host.caller)?,
        (_, user) => Subject::chosen(user, &host.caller)?,
    };
    let verb = wish.word();
    let daemon = Daemon::behind(connector, subject.wait(host));
    let mut session = Session { host, daemon, subject, verb, format };
    match wish {
        Verb::Enroll(options) => verbs::enroll::run(options, &mut session),
        Verb::Confirm(options) => verbs::confirm::run(&options, &mut session),
        Verb::Send(options) => verbs::send::run(&options, &mut session),
        Verb::List(options) => verbs::list::run(&options, &mut session),
        Verb::Status => verbs::status::run(&mut session),
        Verb::Explain(options) => match options.login(session.subject.name()) {
            Some(login) => verbs::decide::run(&login, &mut session),
            None => verbs::explain::run(&mut session),
        },
        Verb::Show(options) => verbs::show::run(&options, &mut session),
        Verb::Rename(options) => verbs::rename::run(&options, &mut session),
        Verb::Replace(options) => verbs::replace::run(options, &mut session),
        Verb::Recovery(options) => verbs::recovery::run(options, &mut session),
        Verb::Resync(options) => verbs::resync::run(&options, &mut session),
        Verb::Log(options) => verbs::log::run(&options, &mut session),
        Verb::Remove(options) => verbs::remove::run(&options, &mut session),
        Verb::Verify(options) => verbs::verify::run(&options, &mut session),
        Verb::Unlock => verbs::unlock::run(&mut session),
        Verb::Remembered(options) => verbs::remembered::run(&options, &mut session),
        Verb::Adopt(options) => verbs::adopt::run(&options, &mut session),
        Verb::Invite(options) => verbs::invite::run(&options, &mut session),
        Verb::Exempt(options) => verbs::exempt::run(&options, &mut session),
        Verb::Token(options) => verbs::token::run(&options, &mut session),
        Verb::Pass(options) => verbs::pass::run(&options, &mut session),
    }
}
