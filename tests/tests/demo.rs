//! `make try` and `make smoke`, as a person or a script runs them: from the host.

use std::{env, path::Path, time::Duration};

use testbed::{
    Context, Deadline, Device, Dialogue, Invocation, Kind, PROMPT, Result, now, secret_in,
    with_code,
};

use crate::host::{descendants, inhabitants, state};

#[test]
fn smoke_logs_in_by_itself() -> Result {
    let ended = program("smoke")?.on_pipes()?.end_within(Duration::from_secs(60))?;
    ended.must_succeed()?.must_say("all of it works")?;
    Ok(())
}

#[test]
fn a_person_tries_it_and_nothing_is_left() -> Result {
    let before = state()?;
    let mut terminal = program("try-otpd")?.env("TERM", "dumb").on_terminal()?;
    terminal.expect("What is logged")?;
    let room = room(&terminal)?;
    let phone = Device::known(Kind::Totp, secret_in(terminal.heard())?);
    let login = shown_login(terminal.heard())?;
    let moment = now();
    let code = phone.code(moment)?;
    let mut ssh = login.on_terminal()?;
    ssh.expect(PROMPT)?.answer(&code)?.expect("$")?;
    terminal.expect("demo accepted by sshd")?;
    with_code(&login, &code)?.must_fail()?;
    terminal.expect("demo refused by sshd")?.expect("used code")?;
    ssh.answer("sudo id")?
        .expect(PROMPT)?
        .answer(&phone.code(moment + 30)?)?
        .expect("uid=0(root)")?
        .expect("$")?;
    ssh.answer("exit")?;
    ssh.end()?.must_succeed()?;
    terminal.interrupt()?.must_succeed()?.must_say("this machine is as it was")?;
    Deadline::after(Duration::from_secs(10))
        .poll("an empty room", || Ok(inhabitants(&room)?.is_empty().then_some(())))?;
    let after = state()?;
    let differences: Vec<_> = before.symmetric_difference(&after).collect();
    assert!(differences.is_empty(), "the host has changed: {differences:?}");
    Ok(())
}

/// A program of the build, to be run by root.
fn program(name: &str) -> Result<Invocation> {
    let built =
        env::var("OTPD_BUILD_DIR").context("did not run: no OTPD_BUILD_DIR; run make check")?;
    Ok(Invocation::of(Path::new(&built).join(name).display()).env("OTPD_BUILD_DIR", &built))
}

/// The `ssh` line that a person is told to type.
fn shown_login(text: &str) -> Result<Invocation> {
    let line = text.lines().find(|line| line.trim_start().starts_with("ssh -p "));
    let mut words = line.context("no ssh line was shown")?.split_whitespace();
    let program = words.next().context("no program")?;
    // A person's own configuration is not this test's; one prompt is one attempt.
    Ok(Invocation::of(program).args(["-F", "none", "-o", "NumberOfPasswordPrompts=1"]).args(words))
}

/// The PID namespace that the program has made.
fn room(terminal: &Dialogue) -> Result<std::path::PathBuf> {
    let ours = std::fs::read_link("/proc/self/ns/pid")?;
    let mut links = descendants(terminal.pid())?.into_iter().filter_map(|pid| {
        std::fs::read_link(format!("/proc/{pid}/ns/pid")).ok().filter(|link| *link != ours)
    });
    links.next_back().context("it has made no namespace")
}
