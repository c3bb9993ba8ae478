//! `make smoke`: the system of `make try` without a person. Logs in by ssh, sudo and su, with a
//! wrong code, the right one, and the right one again; ends with 0, or with what failed.

use std::{
    fmt::Display,
    io::{self, Write},
};

use testbed::{Demo, Failure, Invocation, Method, Result, enter, now, su, sudo, with_code};

fn main() -> Result {
    enter()?;
    let demo = Demo::open()?;
    let (alice, bob) = (&demo.world.alice, &demo.world.bob);
    let phone = demo.enroll(alice, "dumb")?.device;
    let other = demo.enroll(bob, "dumb")?.device;
    told("otpctl enrolls alice and bob")?;
    // One moment for all: a step's code stays right for the step after it.
    let moment = now();
    let login = demo.sshd.login(Method::Keyboard, "alice", bob);
    walk(&demo, "ssh", &login, &phone.wrong_code(moment)?, &phone.code(moment)?)?;
    // The code of the next step is right already, for a clock that is ahead.
    let next = phone.code(moment + 30)?;
    walk(&demo, "sudo", &sudo(alice), &phone.wrong_code(moment)?, &next)?;
    walk(&demo, "su", &su(alice, "bob"), &other.wrong_code(moment)?, &other.code(moment)?)?;
    told("all of it works")
}

/// Tries one way in.
fn walk(demo: &Demo, service: &str, login: &Invocation, wrong: &str, right: &str) -> Result {
    let log = &demo.world.log;
    let try_code = |what: &str, code: &str, lets_in: bool, logged: &str| -> Result {
        log.clear();
        let ended = with_code(login, code)?;
        let step = format!("{service} {} {what}", if lets_in { "lets in with" } else { "refuses" });
        if ended.output.contains("logged in as") != lets_in {
            let log = log.text();
            return Err(Failure::new(format!("failed: {step}\n{}\n{log}", ended.output)));
        }
        log.expect(&["otpd", logged])?;
        told(step)
    };
    try_code("a wrong code", wrong, false, "wrong")?;
    try_code("the right code", right, true, "accepted")?;
    try_code("the same code again", right, false, "used")
}

fn told(what: impl Display) -> Result {
    writeln!(io::stdout(), "ok: {what}")?;
    Ok(())
}
