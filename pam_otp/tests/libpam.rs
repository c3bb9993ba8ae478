//! The module as libpam loads it: built by itself, as it ships, and driven by `pamtester`.
//!
//! Needed: `pamtester`, libpam-wrapper (so that the services are ours and no root is needed),
//! `pam_exec.so`, `dbus-daemon` and `nm`. A missing one fails.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "how a test fails")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

mod stage;

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

/// The module, and the one with a panic in it, each from a cargo invocation of its own: with the
/// daemon's in the same one, features would add up and bring a runtime into it.
struct Built {
    module: PathBuf,
    panicking: PathBuf,
}

fn built() -> &'static Built {
    static BUILT: OnceLock<Built> = OnceLock::new();
    BUILT.get_or_init(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("module");
        std::fs::create_dir_all(&target).unwrap();
        // Both kinds come out under one name; another process of these tests must not build the
        // other kind between our build and our copy.
        let _alone = locked(&target.join("lock"));
        let build = |features: &[&str], name: &str| {
            let done = Command::new(env!("CARGO"))
                .args(["build", "--quiet", "--locked", "--package", "pam_otp", "--target-dir"])
                .arg(&target)
                .args(features)
                .status();
            assert!(done.unwrap().success(), "the module does not build");
            // Put in place at once: somebody else may be loading the one that is there.
            let (fresh, kept) = (target.join(format!("{name}.fresh")), target.join(name));
            std::fs::copy(target.join("debug/libpam_otp.so"), &fresh).unwrap();
            std::fs::rename(&fresh, &kept).unwrap();
            kept
        };
        let panicking = build(&["--features", "panic-injection"], "pam_otp_panicking.so");
        Built { module: build(&[], "pam_otp.so"), panicking }
    })
}

/// What a command wrote, and whether it succeeded.
#[derive(Debug)]
struct Said {
    success: bool,
    stdout: String,
    stderr: String,
}

fn run(command: &mut Command, typed: &str) -> Said {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{name} is needed: {error}"));
    // Whoever asks for nothing has closed its end, or will not read.
    let _ = child.stdin.take().unwrap().write_all(typed.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (stdout, stderr) = (text(output.stdout), text(output.stderr));
    Said { success: output.status.success(), stdout, stderr }
}

/// A directory of services for libpam-wrapper.
struct Services(Place);

impl Services {
    fn new(stack: &str) -> Self {
        let place = Place::new();
        let services = place.0.join("pam.d");
        std::fs::create_dir(&services).unwrap();
        std::fs::write(services.join("otp"), stack).unwrap();
        std::fs::write(services.join("other"), "auth required pam_deny.so\n").unwrap();
        Self(place)
    }

    fn pamtester(&self, operations: &[&str], typed: &str) -> Said {
        self.pamtester_with(operations, typed, &[])
    }

    fn pamtester_with(&self, operations: &[&str], typed: &str, more: &[(&str, String)]) -> Said {
        let wrapper = Command::new("sh")
            .args(["-c", "exec 2>&1; LD_PRELOAD=libpam_wrapper.so true"])
            .output();
        assert!(wrapper.unwrap().stdout.is_empty(), "libpam-wrapper is needed");
        let mut command = Command::new("pamtester");
        command
            .args(["otp", "alice"])
            .args(operations)
            .env("LD_PRELOAD", "libpam_wrapper.so")
            .env("PAM_WRAPPER", "1")
            .env("PAM_WRAPPER_SERVICE_DIR", self.0.0.join("pam.d"))
            // What std's own panic hook would make a long story of.
            .env("RUST_BACKTRACE", "1");
        for (name, value) in more {
            command.env(name, value);
        }
        let _alone = alone();
        run(&mut command, typed)
    }
}

/// Keeps every other run away, of whatever process of these tests, until it is dropped.
///
/// libpam-wrapper copies the services to `/tmp/pam.X`, a letter that two runs can choose at once:
/// then one of them fails, or is given the other's stack, and would show nothing of its own.
fn alone() -> std::fs::File {
    let name = format!("pam-otp-wrapper-{}", nix::unistd::geteuid());
    locked(&std::env::temp_dir().join(name))
}

/// Waits for a lock that lasts as long as the file that it gives.
fn locked(path: &Path) -> std::fs::File {
    let file = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
    file.lock().unwrap();
    file
}

/// One line of a stack that ends with the module.
fn auth(module: &Path, arguments: &str) -> Services {
    Services::new(&format!("auth required {} {arguments}\n", module.display()))
}

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

#[test]
fn account_session_and_password_are_not_ours() {
    let module = built().module.display();
    let stack = ["account", "session", "password"].map(|group| {
        format!("{group} required {module} nonsense\n{group} required pam_permit.so\n")
    });
    let services = Services::new(&stack.concat());
    let said = services.pamtester(&["acct_mgmt", "open_session", "close_session", "chauthtok"], "");
    assert!(said.success, "{said:?}");
    let alone =
        format!("account [ignore=ignore default=die] {module}\naccount required pam_permit.so\n");
    assert!(Services::new(&alone).pamtester(&["acct_mgmt"], "").success);
}

#[test]
fn the_host_is_left_as_it_was() {
    let place = Place::new();
    let _bus = Bus::new(&place);
    let _daemon = Running::on_the_bus(&place.0.join("bus"));
    let probe = place.0.join("probe");
    // The environment as a sum: a failing test must not print it. SigQ is not looked at, it counts
    // what is queued for all processes of the user.
    let script = "#!/bin/sh\ncd /proc/$PPID || exit 1\necho fds; for fd in fd/*; do echo \"$fd \
                  $(readlink $fd)\"; done\nls task | wc -l\n\
                  grep -E '^(Name|Threads|SigPnd|ShdPnd|SigBlk|SigIgn|SigCgt):' status\n\
                  cksum <environ\nreadlink cwd\n";
    std::fs::write(&probe, script).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&probe, mode).unwrap();
    let look = |when: &str| {
        let file = place.0.join(when);
        let (file, probe) = (file.display(), probe.display());
        format!("auth optional pam_exec.so quiet log={file} {probe}\n")
    };
    let cases = [
        (&built().module, bus_of(&place), "123456\n"),
        (&built().module, bus_of(&place), "000000\n"),
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
