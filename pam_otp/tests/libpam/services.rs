//! The module as it ships, and stacks of it that libpam-wrapper lets pamtester run.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::stage::Place;

/// The module, and the one with a panic in it, each from a cargo invocation of its own: with the
/// daemon's in the same one, features would add up and bring a runtime into it.
pub(crate) struct Built {
    pub(crate) module: PathBuf,
    pub(crate) panicking: PathBuf,
}

pub(crate) fn built() -> &'static Built {
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
pub(crate) struct Said {
    pub(crate) success: bool,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

pub(crate) fn run(command: &mut Command, typed: &str) -> Said {
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
pub(crate) struct Services(Place);

impl Services {
    pub(crate) fn new(stack: &str) -> Self {
        let place = Place::new();
        let services = place.0.join("pam.d");
        std::fs::create_dir(&services).unwrap();
        std::fs::write(services.join("otp"), stack).unwrap();
        std::fs::write(services.join("other"), "auth required pam_deny.so\n").unwrap();
        Self(place)
    }

    pub(crate) fn pamtester(&self, operations: &[&str], typed: &str) -> Said {
        self.pamtester_with(operations, typed, &[])
    }

    pub(crate) fn pamtester_with(
        &self,
        operations: &[&str],
        typed: &str,
        more: &[(&str, String)],
    ) -> Said {
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
pub(crate) fn auth(module: &Path, arguments: &str) -> Services {
    Services::new(&format!("auth required {} {arguments}\n", module.display()))
}
