//! The command line: what may be written, and how a mistake in it is answered. It parses only;
//! each verb's options stand in the verb's own file.

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::text;
use crate::verbs::{
    adopt, code, confirm, decide, enroll, exempt, invite, keys, list, log, pass, recovery,
    remembered, remove, rename, replace, resync, send, show, token, verify,
};

/// Manage one-time passwords for logins
#[derive(Debug, Parser)]
#[command(
    name = "otpctl",
    version,
    term_width = 80,
    after_help = exit_statuses(),
    subcommand_required = true,
    arg_required_else_help = false
)]
pub(crate) struct Cli {
    /// Whose account: root must say, others default to their own
    #[arg(short, long, global = true, value_name = "NAME", display_order = 100)]
    pub(crate) user: Option<String>,

    /// Answer, and explain errors, in JSON
    ///
    /// One object on standard output; where the exit status is not 0, one on standard error with
    /// "error", "message", "next" and "exit".
    #[arg(long, global = true, display_order = 101)]
    pub(crate) json: bool,

    #[command(subcommand)]
    pub(crate) wish: Wish,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Wish {
    #[command(flatten)]
    Account(Verb),
    #[command(flatten)]
    Alone(Alone),
}

/// What is about no account.
#[derive(Debug, Subcommand)]
pub(crate) enum Alone {
    /// Make a code from a secret or otpauth URI, without otpd
    Code(code::Options),
    /// Manage the keys that seal secrets at rest
    #[command(arg_required_else_help = false)]
    Keys(keys::Options),
    /// Put otpd's configuration in force as its files are now
    Reload,
    /// Show how the session logged in in which this runs
    Session,
}

impl Alone {
    /// The word that was typed.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Code(_) => "code",
            Self::Keys(options) => options.word(),
            Self::Reload => "reload",
            Self::Session => "session",
        }
    }
}

/// What can be done about an account.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Add a device: shows a QR code, then asks for a code to confirm it
    Enroll(enroll::Enroll),
    /// Confirm a device by a code of it, so that it can log in
    Confirm(confirm::Options),
    /// Have a code sent to a device that is an address
    Send(send::Options),
    /// List the devices of an account, or all accounts
    List(list::Options),
    /// Show all that is known of one device
    Show(show::Options),
    /// Show whether an account is enrolled, and what has failed
    Status,
    /// Tell what an attacker who guesses codes can hope for, or what a login must show
    Explain(decide::Options),
    /// Show what happened to an account: logins, wrong codes, changes
    Log(log::Options),
    /// Give a device another label
    Rename(rename::Options),
    /// Give a device a new secret: the old one works until the new one is confirmed
    Replace(replace::Options),
    /// Remove a device, or a whole account
    Remove(remove::Options),
    /// Make recovery codes, for the day on which the devices are lost
    Recovery(recovery::Options),
    /// Bring a device back into step by two codes that follow each other
    Resync(resync::Options),
    /// Check a code, and spend it, as a login would
    Verify(verify::Options),
    /// Clear an account's failures and locks
    Unlock,
    /// Show which logins need no code again for a while, or forget them
    Remembered(remembered::Options),
    /// Give an account to the uid or name that its user has now
    Adopt(adopt::Options),
    /// Let a user enroll one device without a code
    Invite(invite::Options),
    /// Let a user log in without a code for a while
    Exempt(exempt::Options),
    /// List, inspect and revoke the tokens that applications were granted
    #[command(arg_required_else_help = false)]
    Token(token::Options),
    /// Make, use and manage one-time passwords made for somebody
    #[command(arg_required_else_help = false)]
    Pass(pass::Options),
}

impl Verb {
    /// The word that was typed.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Enroll(_) => "enroll",
            Self::Confirm(_) => "confirm",
            Self::Send(_) => "send",
            Self::List(_) => "list",
            Self::Status => "status",
            Self::Explain(_) => "explain",
            Self::Show(_) => "show",
            Self::Rename(_) => "rename",
            Self::Replace(_) => "replace",
            Self::Log(_) => "log",
            Self::Remove(_) => "remove",
            Self::Recovery(_) => "recovery",
            Self::Resync(_) => "resync",
            Self::Verify(_) => "verify",
            Self::Unlock => "unlock",
            Self::Remembered(_) => "remembered",
            Self::Adopt(_) => "adopt",
            Self::Invite(_) => "invite",
            Self::Exempt(_) => "exempt",
            Self::Token(options) => options.word(),
            Self::Pass(options) => options.word(),
        }
    }

    /// Whether it is about every account, so that none is to be named.
    pub(crate) const fn is_about_all(&self) -> bool {
        matches!(self, Self::List(list::Options { all: true, .. }))
    }
}

/// The command line as clap knows it, for the manual page's test and shell completions.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Answers `--help` and `--version`, or says what is wrong with the command line.
pub(crate) fn explain(error: &clap::Error, host: &mut Host<'_>) -> Result<Exit, Failure> {
    let rendered = error.render().to_string();
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return host
            .out
            .write_all(rendered.as_bytes())
            .map(|()| Exit::Done)
            .map_err(Failure::output);
    }
    let first = rendered.lines().take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    let message = first.trim_start_matches("error: ").trim_end_matches('.');
    Err(Failure::usage(text::squeeze(message), "see `otpctl --help`, or `otpctl VERB --help`"))
}

fn exit_statuses() -> String {
    let lines = Exit::ALL.map(|exit| format!("  {:>3}  {}\n", exit.number(), exit.meaning()));
    format!("Exit status:\n{}", lines.concat())
}
