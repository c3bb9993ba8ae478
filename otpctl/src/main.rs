//! The program: the real terminal, the real connection, and the exit status. All else is the
//! library's, so that tests can stand in for both.

use std::process::ExitCode;

use otpctl::{Live, Stdio};

fn main() -> ExitCode {
    let mut stdio = Stdio::of_process();
    ExitCode::from(otpctl::run(std::env::args_os(), &mut stdio.host(), &Live::system()).number())
}
