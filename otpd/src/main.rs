//! The program `otpd`: without arguments the daemon, with `--check` a look at its configuration.

use std::{alloc::System, io::Write, path::Path, process::ExitCode, sync::Arc};

use otpd::{
    audit::{Event, Severity, Syslog},
    check,
    config::{self, Config},
    daemon,
};
use zeroizing_alloc::ZeroAlloc;

/// Wipes memory that is given back. What zbus, serde and the standard library copy and drop of a
/// secret, such as a message that was read, is out of our reach.
#[global_allocator]
static WIPING: ZeroAlloc<System> = ZeroAlloc(System);

const USAGE: &str = "\
Usage: otpd                  run the daemon (as root, or by otpd.socket)
       otpd --check [FILE]   check a configuration (/etc/otpd/otpd.toml)
       otpd --version        tell the version
       otpd --help           this text
See otpd(8) and otpctl(8).
";

/// The exit status for a configuration that is not valid, as systemd knows it (`EX_CONFIG`).
const BAD_CONFIG: u8 = 78;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        [] => run(),
        ["--check"] => check(config::PATH),
        ["--check", file] => check(file),
        ["--version"] => say(&format!("otpd {}\n", env!("CARGO_PKG_VERSION"))),
        ["--help"] => say(USAGE),
        _ => {
            complain(USAGE);
            ExitCode::from(2)
        }
    }
}

fn run() -> ExitCode {
    let log = Arc::new(Syslog::default());
    match daemon::run(Path::new(config::PATH), &log) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let text = format!("not running: {error}");
            log.log(&Event::Daemon(Severity::Error, &text));
            complain(&format!("otpd: {text}\n"));
            match error {
                daemon::StartError::Config(_) => ExitCode::from(BAD_CONFIG),
                daemon::StartError::Place(_)
                | daemon::StartError::Store(_)
                | daemon::StartError::Passed(_)
                | daemon::StartError::Runtime(_)
                | daemon::StartError::StoreDied => ExitCode::FAILURE,
            }
        }
    }
}

fn check(file: &str) -> ExitCode {
    if !Path::new(file).exists() && file != config::PATH {
        complain(&format!("otpd: {file} does not exist; name another file\n"));
        return ExitCode::from(BAD_CONFIG);
    }
    match Config::read(Path::new(file), &daemon::host()) {
        Ok(config) => {
            let remarks = check::remarks(&config);
            let remarks: Vec<String> =
                remarks.iter().map(|remark| format!("  {remark}\n")).collect();
            say(&format!("{file}: valid\n{}", remarks.concat()))
        }
        Err(error) => {
            complain(&format!("otpd: {error}\n"));
            ExitCode::from(BAD_CONFIG)
        }
    }
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
