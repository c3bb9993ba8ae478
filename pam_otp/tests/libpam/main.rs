//! The module as libpam loads it: built by itself, as it ships, and driven by `pamtester`.
//!
//! Needed: `pamtester`, libpam-wrapper (so that the services are ours and no root is needed),
//! `pam_exec.so`, `dbus-daemon` and `nm`. A missing one fails.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "how a test fails")]

mod services;
#[path = "../stage/mod.rs"]
mod stage;

use std::path::PathBuf;
use std::process::Command;

use services::{Services, auth, built, run};
use stage::{Bus, Place, Running};

/// What pamtester says of each end; libpam's own words.
const SUCCESS: &str = "pamtester: successfully authenticated\n";
const SERVICE_ERR: &str = "pamtester: Error in service module\n";
const UNAVAILABLE: &str = "pamtester: Authentication service cannot retrieve authentication info\n";
const REFUSED: &str = "pamtester: Authentication failure\n";
const ABORTED: &str = "pamtester: Critical error - immediate abort\n";
const CONVERSATION: &str = "pamtester: Conversation error\n";
/// What the conversation of pamtester shows to ask.
const PROMPT: &str = "One-time code: ";

fn bus_of(place: &Place) -> String {
    format!("bus=unix:path={}", place.0.join("bus").display())
}

/// Whether the fake daemon of these tests, which runs as we do, is one that the module trusts.
fn trusted() -> bool {
    nix::unistd::geteuid().is_root()
}

/// What pamtester writes where `end` is what the module makes of an answer. Who is not root gets
/// the module's other answer: that the daemon is run by somebody who may not.
fn after_prompt(end: &str) -> String {
    if trusted() { format!("{PROMPT}{end}") } else { UNAVAILABLE.to_owned() }
}

#[test]
fn nothing_but_libpams_entry_points_is_exported() {
    let mut nm = Command::new("nm");
    let said = run(nm.args(["-D", "--defined-only"]).arg(&built().module), "");
    let mut names: Vec<_> = said.stdout.lines().filter_map(|line| line.split(' ').nth(2)).collect();
    names.sort_unstable();
    let expected = [
        "pam_sm_acct_mgmt",
        "pam_sm_authenticate",
        "pam_sm_chauthtok",
        "pam_sm_close_session",
        "pam_sm_open_session",
        "pam_sm_setcred",
    ];
    assert_eq!(names, expected, "{said:?}");
}

#[test]
fn neither_a_runtime_nor_the_core_nor_a_store_is_linked() {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["tree", "--locked", "--package", "pam_otp", "--edges", "normal,no-proc-macro"]);
    let said = run(cargo.args(["--prefix", "none", "--format", "{p} {f}"]), "");
    let line = |name: &str| {
        let start = format!("{name} v");
        said.stdout.lines().find(|line| line.starts_with(&start)).map(str::to_owned)
    };
    for name in ["tokio", "otp-core", "otpd", "rusqlite", "libsqlite3-sys", "tracing", "async-io"] {
        assert_eq!(line(name), None);
    }
    assert!(line("zbus").is_some_and(|zbus| zbus.ends_with(" comms")), "{}", said.stdout);
    assert!(line("otp-bus").is_some_and(|ours| !ours.contains("proxy")), "{}", said.stdout);
}

#[test]
fn an_unknown_argument_is_a_service_error_in_silence() {
    let said = auth(&built().module, "nulok").pamtester(&["authenticate"], "");
    assert_eq!((said.stderr.as_str(), said.stdout.as_str()), (SERVICE_ERR, ""));
    assert!(!said.success);
}

#[test]
fn without_a_daemon_nothing_is_asked_and_nobody_gets_in() {
    let place = Place::new();
    for arguments in [bus_of(&place), format!("{} nullok debug echo", bus_of(&place))] {
        let said = auth(&built().module, &arguments).pamtester(&["authenticate"], "123456\n");
        assert_eq!((said.stderr.as_str(), said.stdout.as_str()), (UNAVAILABLE, ""));
        assert!(!said.success);
    }
}

#[test]
fn a_panic_aborts_in_silence() {
    for kind in ["panic", "bomb"] {
        let said = auth(&built().panicking, kind).pamtester(&["authenticate"], "");
        assert_eq!((said.stderr.as_str(), said.stdout.as_str()), (ABORTED, ""), "{kind}");
        // Again and again in one process, which goes on after it.
        let optional = format!("auth optional {} {kind}\n", built().panicking.display());
        let stack = format!("{}auth required pam_permit.so\n", optional.repeat(20));
        let said = Services::new(&stack).pamtester(&["authenticate", "authenticate"], "");
        assert!(said.success && said.stderr.is_empty(), "{kind}: {said:?}");
        assert_eq!(said.stdout, SUCCESS.repeat(2), "{kind}");
    }
    let said = auth(&built().module, "panic").pamtester(&["authenticate"], "");
    assert_eq!(said.stderr, SERVICE_ERR, "the shipped module knows the injection");
}

#[test]
fn a_code_is_asked_for_and_judged() {
    let place = Place::new();
    let _bus = Bus::new(&place);
    let _daemon = Running::on_the_bus(&place.0.join("bus"));
    let services = auth(&built().module, &bus_of(&place));

    let said = services.pamtester(&["authenticate", "setcred"], "123456\n");
    assert_eq!(said.success, trusted(), "{said:?}");
    if trusted() {
        assert_eq!(said.stderr, PROMPT);
        assert!(said.stdout.starts_with(SUCCESS), "{said:?}");
    } else {
        assert_eq!(said.stderr, UNAVAILABLE);
    }
    let said = services.pamtester(&["authenticate"], "000000\n");
    assert_eq!(said.stderr, after_prompt(REFUSED));
    let said = services.pamtester(&["authenticate"], "\n");
    assert_eq!(said.stderr, after_prompt(REFUSED));
    let said = services.pamtester(&["authenticate"], "");
    assert_eq!(said.stderr, after_prompt(CONVERSATION));

    let used = "That code was already used. Wait for the next one (up to 30 s).\n";
    let said = services.pamtester(&["authenticate"], "111111\n");
    assert_eq!(said.stderr, after_prompt(&format!("{used}{REFUSED}")));
    // sudo always asks for silence, and its user still has to learn why.
    let said = services.pamtester(&["authenticate(PAM_SILENT)"], "111111\n");
    assert_eq!(said.stderr, after_prompt(&format!("{used}{REFUSED}")));
}

/// A program for `pam_exec` to run.
fn script(place: &Place, name: &str, text: &str) -> PathBuf {
    let path = place.0.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&path, mode).unwrap();
    path
}

#[test]
fn another_code_is_asked_for_as_often_as_said() {
    let place = Place::new();
    let _bus = Bus::new(&place);
    let _daemon = Running::on_the_bus(&place.0.join("bus"));
    let services = auth(&built().module, &format!("{} tries=2", bus_of(&place)));
    let said = services.pamtester(&["authenticate"], "000000\n123456\n");
    assert_eq!(
        (said.success, said.stderr),
        (trusted(), after_prompt(if trusted() { PROMPT } else { "" }))
    );
    let said = services.pamtester(&["authenticate"], "000000\n000000\n123456\n");
    assert_eq!(said.stderr, after_prompt(&format!("{PROMPT}{REFUSED}")));
}

#[test]
fn the_next_module_gets_the_password_and_the_session_the_device() {
    let place = Place::new();
    let _bus = Bus::new(&place);
    let _daemon = Running::on_the_bus(&place.0.join("bus"));
    let seen = place.0.join("seen");
    let shown =
        script(&place, "show", &format!("(env | grep ^OTPD | sort; cat) >{}", seen.display()));
    let stack = format!(
        "auth requisite {} forward_pass {}\nauth required pam_exec.so expose_authtok quiet {}\n",
        built().module.display(),
        bus_of(&place),
        shown.display()
    );
    let said = Services::new(&stack).pamtester(&["authenticate"], "se,cret12123456\n");
    assert_eq!(said.success, trusted(), "{said:?}");
    if trusted() {
        assert_eq!(said.stderr, "Password and one-time code: ");
        let seen = std::fs::read_to_string(&seen).unwrap();
        assert_eq!(seen, "OTPD_DEVICE=totp/1\nOTPD_METHOD=totp\nse,cret12");
        std::fs::remove_file(place.0.join("seen")).unwrap();
    }
    // Nothing of a refused answer reaches the next module, not even where it runs.
    let stack = stack.replace("requisite", "optional");
    let said = Services::new(&stack).pamtester(&["authenticate"], "secret000000\nmine\n");
    assert!(said.success, "{said:?}");
    assert_eq!(std::fs::read_to_string(&seen).unwrap(), "mine");
}

#[test]
fn the_environment_does_not_choose_who_answers() {
    let place = Place::new();
    let _bus = Bus::new(&place);
    let _daemon = Running::on_the_bus(&place.0.join("bus"));
    let address = format!("unix:path={}", place.0.join("bus").display());
    let environment = [
        ("DBUS_SYSTEM_BUS_ADDRESS", address.clone()),
        ("DBUS_SESSION_BUS_ADDRESS", address.clone()),
        ("DBUS_STARTER_ADDRESS", address),
    ];
    let services = auth(&built().module, "timeout=5");
    let said = services.pamtester_with(&["authenticate"], "123456\n", &environment);
    assert!(!said.success, "a bus from the environment let us in: {said:?}");
}

/// What libpam makes of a stack none of whose modules says yes or no.
const NOBODY: &str = "pamtester: Permission denied\n";

/// Beside other modules it is as if it were not there, whatever they say; alone it lets nothing
/// pass for done: `passwd` with such a stack fails and says so.
#[test]
fn account_session_and_password_are_not_ours() {
    let module = built().module.display();
    let operations = [
        ("account", "acct_mgmt"),
        ("session", "open_session"),
        ("session", "close_session"),
        ("password", "chauthtok"),
    ];
    for (group, operation) in operations {
        for control in ["required", "requisite", "sufficient", "[ignore=ignore default=die]"] {
            let ours = format!("{group} {control} {module} nonsense\n");
            let beside = |other: &str| {
                let stack = format!("{ours}{group} required {other}\n");
                Services::new(&stack).pamtester(&[operation], "")
            };
            let said = beside("pam_permit.so");
            assert!(said.success && said.stderr.is_empty(), "{control} {operation}: {said:?}");
            let said = beside("pam_deny.so");
            assert!(!said.success, "{control} {operation}: {said:?}");
            let said = Services::new(&ours).pamtester(&[operation], "");
            assert_eq!((said.success, said.stderr.as_str()), (false, NOBODY), "{operation}");
        }
    }
}

#[test]
fn there_are_no_credentials_and_that_is_no_failure() {
    let module = built().module.display();
    let alone = Services::new(&format!("auth required {module} nonsense\n"));
    for flag in ["ESTABLISH", "REINITIALIZE", "REFRESH"] {
        let said = alone.pamtester(&[&format!("setcred(PAM_{flag}_CRED)")], "");
        assert!(said.success && said.stderr.is_empty(), "{said:?}");
    }
}

#[test]
fn the_host_is_left_as_it_was() {
    let place = Place::new();
    let _bus = Bus::new(&place);
    let _daemon = Running::on_the_bus(&place.0.join("bus"));
    // The environment as a sum: a failing test must not print it. SigQ is not looked at, it counts
    // what is queued for all processes of the user.
    let look = "cd /proc/$PPID || exit 1\necho fds; for fd in fd/*; do echo \"$fd \
                  $(readlink $fd)\"; done\nls task | wc -l\n\
                  grep -E '^(Name|Threads|SigPnd|ShdPnd|SigBlk|SigIgn|SigCgt):' status\n\
                  cksum <environ\nreadlink cwd\n";
    let probe = script(&place, "probe", look);
    let look = |when: &str| {
        let file = place.0.join(when);
        let (file, probe) = (file.display(), probe.display());
        format!("auth optional pam_exec.so quiet log={file} {probe}\n")
    };
    let cases = [
        (&built().module, bus_of(&place), "123456\n"),
        (&built().module, bus_of(&place), "000000\n"),
        (&built().module, format!("{} forward_pass", bus_of(&place)), "secret123456\n"),
        (&built().module, "bus=unix:path=/nowhere".to_owned(), ""),
        (&built().panicking, "panic".to_owned(), ""),
        (&built().panicking, "bomb".to_owned(), ""),
    ];
    for (module, arguments, typed) in cases {
        let ours = format!("auth optional {} {arguments}\n", module.display());
        // Once before the first look: what loading a library does is libpam's.
        let stack = format!("{ours}{}{ours}{}", look("before"), look("after"));
        let said = Services::new(&stack).pamtester(&["authenticate"], &typed.repeat(2));
        let seen = |when| {
            let all = std::fs::read_to_string(place.0.join(when)).unwrap();
            std::fs::remove_file(place.0.join(when)).unwrap();
            // pam_exec heads its log with the time.
            all.split_once("fds\n").unwrap().1.to_owned()
        };
        let (before, after) = (seen("before"), seen("after"));
        assert!(before.contains("Name:\tpamtester\n"), "looked at somebody else: {before}");
        assert!(before.contains("Threads:\t1\n") && before.contains("SigCgt:"), "{before}");
        assert_eq!(before, after, "{arguments}: {said:?}");
    }
}
