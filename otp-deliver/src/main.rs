//! The program `otp-deliver`: sends the messages that otpd hands over, by SMTP or by a command of the
//! administrator. It runs as a user of its own that owns nothing; whoever breaks into it reads the
//! messages of that moment, and neither secrets nor records.
//!
//! It refuses callers other than `_otpd`, and sends nothing twice.

#![forbid(unsafe_code)]

mod command;
mod configuration;
mod log;
mod mail;
mod password;
mod place;
mod render;
mod said;
mod send;
mod serve;

use std::{alloc::System, io::Write, process::ExitCode};

use zeroizing_alloc::ZeroAlloc;

use crate::{
    log::{Severity, log},
    place::Place,
};

/// Wipes memory that is given back: codes pass through buffers that are out of our reach.
#[global_allocator]
static WIPING: ZeroAlloc<System> = ZeroAlloc(System);

const USAGE: &str = "\
Usage: otp-deliver            send what otpd hands over (as root, or by otp-deliver.socket)
       otp-deliver --version  tell the version
       otp-deliver --help     this text
See otp-deliver(8) and otpd(8).
";

/// The exit status for a configuration that is not valid, as systemd knows it (`EX_CONFIG`).
const BAD_CONFIG: u8 = 78;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        [] => run(),
        ["--version"] => say(&format!("otp-deliver {}\n", env!("CARGO_PKG_VERSION"))),
        ["--help"] => say(USAGE),
        _ => {
            complain(USAGE);
            ExitCode::from(2)
        }
    }
}

fn run() -> ExitCode {
    let Place { listener, caller } = match place::take() {
        Ok(place) => place,
        Err(error) => return not_running(&error.to_string(), ExitCode::FAILURE),
    };
    match configuration::read() {
        Ok(channels) if channels.is_empty() => {
            log(Severity::Warning, "no [channel.NAME] is configured; there is nothing to send by");
        }
        Ok(_) => {}
        Err(error) => return not_running(&error, ExitCode::from(BAD_CONFIG)),
    }
    log(Severity::Info, "ready");
    serve::serve(&listener, caller);
    not_running("the socket was closed; start otp-deliver anew", ExitCode::FAILURE)
}

fn not_running(why: &str, status: ExitCode) -> ExitCode {
    let text = format!("not running: {why}");
    log(Severity::Error, &text);
    complain(&format!("otp-deliver: {text}\n"));
    status
}

fn say(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn complain(text: &str) {
    // Where standard error is closed there is nobody to complain to.
    let _ = std::io::stderr().write_all(text.as_bytes());
}
