//! Rooms of one's own: a test's body runs in a second process of the test binary, which is the
//! first of new PID and mount namespaces.
//!
//! The kernel is what cleans up: when that first process ends, however it ends, the kernel kills
//! whatever runs in the PID namespace and with it the mounts go. The chain of death signals
//! (test binary, `unshare`, first process) holds for SIGKILL too. Nothing here needs a handler,
//! a destructor or a temporary file on the host.

use std::{
    any::type_name,
    env,
    ffi::OsString,
    fs,
    io::{self, Write},
    os::unix::process::CommandExt,
    process::{self, Command, Stdio},
    sync::{Condvar, Mutex, PoisonError},
    thread,
    time::Duration,
};

use crate::{Context, Failure, Result, counts};

/// Set for the second process: it is inside. The value is the mount namespace outside.
const INSIDE: &str = "OTPD_TESTBED_INSIDE";

/// A test that takes longer hangs; in seconds, for the usual and for the long counts.
const LONGEST: (u64, u64) = (240, 4 * 3600);

/// Worlds at once. They mostly wait for each other's processes; more would only make the machine
/// so slow that deadlines pass.
const WORLDS: usize = 4;

/// Runs a test's `body` in namespaces of its own. The test has to be named as the function from
/// which this is called: the second process finds the body again by that name.
pub fn inside<F: FnOnce() -> Result>(body: F) -> Result {
    if env::var_os(INSIDE).is_some() {
        watch_over();
        return body();
    }
    let test = test_name::<F>()?;
    let _slot = Slot::take();
    let binary = env::current_exe().context("finding the test binary")?;
    let mut command = unshare()?;
    command.arg(binary).args(["--exact", test, "--nocapture", "--include-ignored"]);
    command.args(["--test-threads", "1"]).stdin(Stdio::null());
    let output = command.output().context("running unshare (package util-linux)")?;
    let (told, heard) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    // The count guards against a name that fits no test: libtest calls running nothing a success.
    if output.status.success() && told.contains("test result: ok. 1 passed") {
        return pass_on(test, &told);
    }
    // Indented, so that nobody takes its summary for one of the whole run's.
    let all = format!("{told}\n{heard}").replace('\n', "\n  | ");
    Err(Failure::new(format!("inside its namespace: {}\n  | {all}", output.status)))
}

/// Shows what the second process has for the person who runs this, whatever libtest captures.
fn pass_on(test: &str, told: &str) -> Result {
    for line in told.lines() {
        let told = [counts::FIGURE, counts::SKIPPED].into_iter().find_map(|mark| line.find(mark));
        if let Some(text) = told.and_then(|at| line.get(at..)) {
            writeln!(io::stderr(), "{text} ({test})")?;
        }
    }
    Ok(())
}

/// Turns this process into one that runs the same program in namespaces of its own; returns in
/// there. For programs; tests use [`inside`].
pub fn enter() -> Result {
    if env::var_os(INSIDE).is_some() {
        return Ok(());
    }
    let binary = env::current_exe().context("finding this program")?;
    let error = unshare()?.arg(binary).args(env::args_os().skip(1)).exec();
    Err(error).context("running unshare (package util-linux)")
}

/// Refuses to go on where a mount would be seen by anybody else.
pub(crate) fn must_be_private() -> Result {
    let outside = env::var_os(INSIDE).context("not started in a namespace of its own")?;
    if process::id() == 1 && outside != mount_namespace()? {
        return Ok(());
    }
    Err(Failure::new("this is the host; nothing is mounted here"))
}

fn mount_namespace() -> Result<OsString> {
    let link = fs::read_link("/proc/self/ns/mnt").context("reading my mount namespace")?;
    Ok(link.into_os_string())
}

fn unshare() -> Result<Command> {
    if !nix::unistd::geteuid().is_root() {
        return Err(Failure::new(
            "did not run: namespaces need root; use make check, which asks sudo for it",
        ));
    }
    // The command's parent may die by SIGKILL too, hence setpriv in front.
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "unshare", "--mount", "--propagation", "private"]);
    command.args(["--pid", "--fork", "--kill-child", "--mount-proc"]);
    command.env(INSIDE, mount_namespace()?);
    Ok(command)
}

/// `binary::module::test::{{closure}}` without its ends, as libtest names the test.
fn test_name<F>() -> Result<&'static str> {
    let path = type_name::<F>();
    path.strip_suffix("::{{closure}}")
        .and_then(|path| path.split_once("::"))
        .map(|(_, test)| test)
        .context(format!("{path} is not a closure written directly in a test"))
}

fn watch_over() {
    let longest = Duration::from_secs(if counts::is_soak() { LONGEST.1 } else { LONGEST.0 });
    thread::spawn(move || {
        thread::sleep(longest);
        #[expect(
            clippy::print_stderr,
            reason = "this ends a hanging test, which says nothing itself"
        )]
        {
            eprintln!("the test hangs: more than {longest:?}");
        }
        process::exit(124);
    });
}

static TAKEN: Mutex<usize> = Mutex::new(0);
static FREED: Condvar = Condvar::new();

struct Slot;

impl Slot {
    fn take() -> Self {
        let taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = FREED
            .wait_while(taken, |taken| *taken >= WORLDS)
            .unwrap_or_else(PoisonError::into_inner);
        *taken += 1;
        Self
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        *TAKEN.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        FREED.notify_one();
    }
}
