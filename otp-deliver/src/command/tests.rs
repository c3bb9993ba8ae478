//! Commands that send, fail, hang, chatter, leave something behind, or do not read.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use otp_deliver::wire::Purpose;

use super::*;

const LONG: Duration = Duration::from_secs(20);

struct Script {
    dir: tempfile::TempDir,
}

impl Script {
    fn new(body: &str) -> Self {
        let script = Self { dir: tempfile::tempdir().unwrap() };
        let text = format!("#!/bin/sh\nout={}\n{body}\n", script.out().display());
        fs::write(script.path(), text).unwrap();
        fs::set_permissions(script.path(), fs::Permissions::from_mode(0o755)).unwrap();
        script
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("send")
    }

    fn out(&self) -> PathBuf {
        self.dir.path().join("out")
    }

    fn run(&self, within: Duration) -> Result<(), String> {
        send(&[self.path().display().to_string(), "-x".to_owned()], &message(), within)
    }

    fn wrote(&self) -> String {
        fs::read_to_string(self.out()).unwrap()
    }
}

fn message() -> Message {
    Message {
        channel: "sms".to_owned(),
        address: "+4915123456742".to_owned(),
        code: "123456".to_owned(),
        user: "alice".to_owned(),
        issuer: "host".to_owned(),
        purpose: Purpose::Login,
        valid_for: 300,
    }
}

#[test]
fn the_message_is_on_its_input_and_nowhere_else() {
    let script = Script::new("cat > $out; tr '\\0' ' ' < /proc/$$/cmdline >> $out; env >> $out");
    script.run(LONG).unwrap();
    let wrote = script.wrote();
    let (json, rest) = wrote.split_once('\n').unwrap();
    let read: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(
        read,
        serde_json::json!({
            "channel": "sms", "address": "+4915123456742", "code": "123456", "user": "alice",
            "issuer": "host", "purpose": "login", "valid_for": 300
        })
    );
    assert!(rest.contains("send -x") && rest.contains("PATH="), "{rest}");
    assert!(
        !rest.contains("123456") && !rest.contains("HOME") && !rest.contains("CARGO"),
        "{rest}"
    );
}

#[test]
fn its_failure_is_told_without_the_code() {
    let script =
        Script::new("cat > /dev/null; echo 'no route for 123456 to +4915123456742' >&2; exit 3");
    let error = script.run(LONG).unwrap_err();
    assert!(error.contains("exit status: 3"), "{error}");
    assert!(error.contains("no route for [code] to [address]"), "{error}");
}

#[test]
fn when_its_time_is_over_it_is_killed_with_all_that_it_started() {
    let script = Script::new("sh -c 'echo $$ > '$out'; exec sleep 1000' & wait");
    // The time begins once the inner one runs, so that it is there to be killed.
    let error = loop {
        let error = script.run(Duration::from_millis(300)).unwrap_err();
        if script.out().exists() && !script.wrote().trim().is_empty() {
            break error;
        }
    };
    assert!(error.contains("was killed"), "{error}");
    let pid: i32 = script.wrote().trim().parse().unwrap();
    let gone = || nix::sys::signal::kill(Pid::from_raw(pid), None).is_err() || zombie(pid);
    while !gone() {
        thread::yield_now();
    }
}

fn zombie(pid: i32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    status.split(") ").nth(1).is_none_or(|rest| rest.starts_with('Z'))
}

#[test]
fn one_that_does_not_read_or_says_too_much_does_not_hang() {
    assert!(Script::new("exec <&-; exit 0").run(LONG).is_ok());
    let chatter = Script::new("head -c 1000000 /dev/zero | tr '\\0' x >&2; exit 1");
    let error = chatter.run(LONG).unwrap_err();
    assert!(error.contains("xxx") && error.len() < 500, "{}", error.len());
}

#[test]
fn what_cannot_be_run_is_said() {
    let error = send(&["/nonexistent/send".to_owned()], &message(), LONG).unwrap_err();
    assert!(error.contains("/nonexistent/send"), "{error}");
}
