//! `make try`: otpd at work in a private system, for a person in another terminal. Shows how to get
//! in, and the log as it grows, until Ctrl-C. It leaves nothing behind, because its end is the
//! end of the namespaces in which everything happened.

use std::{
    env,
    io::{self, Write},
    thread,
    time::Duration,
};

use nix::sys::signal::{SigSet, Signal};
use testbed::{Context, Demo, Enrolled, LogSink, Method, Result, enter};

fn main() -> Result {
    enter()?;
    // Blocked before any thread exists, so that all of them leave these to the wait below.
    let ends: SigSet = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP].into_iter().collect();
    ends.thread_block().context("blocking signals")?;
    let demo = Demo::open()?;
    let terminal = env::var("TERM").unwrap_or_else(|_| "dumb".to_owned());
    let enrolled = demo.enroll(&demo.world.demo, &terminal)?;
    welcome(&demo, &enrolled)?;
    let log = demo.world.log.clone();
    log.clear();
    thread::spawn(move || show(&log));
    ends.wait().context("waiting for Ctrl-C")?;
    writeln!(io::stdout(), "\nEverything in there ends now; this machine is as it was.")?;
    Ok(())
}

fn welcome(demo: &Demo, enrolled: &Enrolled) -> Result {
    let (port, Enrolled { shown, secret, .. }) = (demo.sshd.port(Method::Keyboard), enrolled);
    let text = format!(
        "$ otpctl enroll --user demo --label phone
{shown}
This system is private: nothing in it touches your machine, and Ctrl-C ends all of it.

In another terminal, log in as demo:

    ssh -p {port} -o NoHostAuthenticationForLocalhost=yes demo@127.0.0.1

The code is in the authenticator that scanned the QR code above, or in

    oathtool --totp --base32 {secret}

A code lets you in; the same code again does not. Inside, `sudo id` asks too, for the next one.

What is logged, as it happens:
"
    );
    io::stdout().write_all(text.as_bytes())?;
    Ok(io::stdout().flush()?)
}

/// Prints what is logged, without the bus's own remarks.
fn show(log: &LogSink) {
    let mut known = 0;
    loop {
        for line in log.beyond(known, Duration::from_secs(1)) {
            known += 1;
            // A terminal that is gone takes this process with it; nothing is to be done here.
            if !line.text.contains("dbus-daemon[") {
                let _gone = writeln!(io::stdout(), "  {}", line.text);
            }
        }
    }
}
