//! A program of ours with a PAM handle (`tests/host/`): many authentications in one process, in
//! whatever state a host may be, and a look at the process before and after.

use std::{
    fmt::Write as _,
    fs::{self, File, Permissions},
    os::unix::fs::{PermissionsExt, chown},
    time::Duration,
};

use crate::{Account, Context, Failure, Invocation, Result};

const PROGRAM: &str = "/usr/bin/pam-host";
const SCRIPT: &str = "/tmp/pam-host.script";
const REPORT: &str = "/tmp/pam-host.report";

/// How long a whole script may take.
const LONGEST: Duration = Duration::from_secs(3600);

/// What libpam calls each end.
pub mod pam {
    /// `PAM_SUCCESS`
    pub const SUCCESS: i32 = 0;
    /// `PAM_SERVICE_ERR`
    pub const SERVICE_ERR: i32 = 3;
    /// `PAM_SYSTEM_ERR`
    pub const SYSTEM_ERR: i32 = 4;
    /// `PAM_BUF_ERR`
    pub const BUF_ERR: i32 = 5;
    /// `PAM_PERM_DENIED`
    pub const PERM_DENIED: i32 = 6;
    /// `PAM_AUTH_ERR`
    pub const AUTH_ERR: i32 = 7;
    /// `PAM_AUTHINFO_UNAVAIL`
    pub const AUTHINFO_UNAVAIL: i32 = 9;
    /// `PAM_CONV_ERR`
    pub const CONV_ERR: i32 = 19;
}

/// An answer that makes the conversation fail.
pub const NO_ANSWER: &str = "!";

/// A run to come.
#[derive(Clone, Debug, Default)]
pub struct PamHost {
    options: Vec<String>,
    script: String,
    by: Option<Account>,
    runner: Vec<String>,
}

/// What became of a run.
#[derive(Debug)]
pub struct Hosted {
    /// The attempts in their order.
    pub attempts: Vec<Attempt>,
    /// The process once it was warm.
    pub before: Look,
    /// The process at its end.
    pub after: Look,
    /// What it wrote on its standard streams.
    pub output: String,
}

/// What became of one attempt.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// libpam's number, or minus the signal that ended the attempt's process.
    pub code: i32,
    /// From the call of `pam_authenticate` to the prompt; zero where there was none.
    pub prompt: Duration,
    /// From the answer, or the call where there was no prompt, to the end.
    pub refusal: Duration,
    /// With `--delays`: the delay that modules asked for, more or less, as libpam makes it random.
    pub delay: Duration,
}

/// A look at the process.
#[derive(Debug, Default)]
pub struct Look {
    /// Whatever a guest could have changed.
    pub state: Vec<String>,
    /// Resident memory, in KiB.
    pub resident: u64,
    /// What is allocated on the heap, in bytes.
    pub heap: u64,
}

impl PamHost {
    /// With this option of the program.
    #[must_use]
    pub fn option(mut self, option: &str) -> Self {
        self.options.push(option.to_owned());
        self
    }

    /// Run by this user.
    #[must_use]
    pub fn by(mut self, account: &Account) -> Self {
        self.by = Some(account.clone());
        self
    }

    /// Run by another program, such as valgrind.
    #[must_use]
    pub fn under(mut self, words: &[&str]) -> Self {
        self.runner = words.iter().map(ToString::to_string).collect();
        self
    }

    /// With one more attempt.
    #[must_use]
    pub fn attempt(mut self, service: &str, user: &str, answer: &str) -> Self {
        // Writing to a string cannot fail.
        let _ = writeln!(self.script, "{service} {user} {answer}");
        self
    }

    /// Runs it to its end.
    pub fn run(&self) -> Result<Hosted> {
        fs::write(SCRIPT, &self.script).context(SCRIPT)?;
        fs::set_permissions(SCRIPT, Permissions::from_mode(0o644)).context(SCRIPT)?;
        let _absent = fs::remove_file(REPORT);
        File::create(REPORT).context(REPORT)?;
        let mut words = self.runner.iter().map(String::as_str).chain([PROGRAM]);
        let mut program = Invocation::of(words.next().unwrap_or(PROGRAM)).args(words);
        program = program.args(&self.options).args([SCRIPT, REPORT]).env("RUST_BACKTRACE", "1");
        // What the allocator keeps at hand per thread would look like a leak.
        program = program.env("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0");
        if let Some(account) = &self.by {
            chown(REPORT, Some(account.uid), None).context(REPORT)?;
            program = program.by(account);
        }
        let ended = program.on_pipes()?.end_within(LONGEST)?;
        ended.must_succeed()?;
        let report = fs::read_to_string(REPORT).context(REPORT)?;
        Hosted::read(&report, ended.output.clone()).context(format!("{REPORT}:\n{report}"))
    }
}

impl Hosted {
    fn read(report: &str, output: String) -> Result<Self> {
        let (attempts, looks) = report.split_once("before\n").context("no look")?;
        let (before, after) = looks.split_once("\nafter\n").context("one look")?;
        let attempts = attempts.lines().map(Attempt::read).collect::<Result<_>>()?;
        Ok(Self { attempts, before: Look::read(before)?, after: Look::read(after)?, output })
    }

    /// libpam's numbers.
    pub fn codes(&self) -> Vec<i32> {
        self.attempts.iter().map(|attempt| attempt.code).collect()
    }
}

impl Attempt {
    fn read(line: &str) -> Result<Self> {
        let mut words = line.split(' ');
        let mut number = || -> Result<i64> { Ok(words.next().context("a short line")?.parse()?) };
        let code = i32::try_from(number()?)?;
        let mut time = || Ok::<_, Failure>(Duration::from_nanos(u64::try_from(number()?)?));
        let (prompt, refusal) = (time()?, time()?);
        let delay = Duration::from_micros(u64::try_from(number()?)?);
        Ok(Self { code, prompt, refusal, delay })
    }
}

impl Look {
    fn read(text: &str) -> Result<Self> {
        let mut look = Self::default();
        for line in text.lines() {
            match line.strip_prefix("memory ").and_then(|memory| memory.split_once(' ')) {
                Some(("resident", number)) => look.resident = number.parse()?,
                Some(("heap", number)) => look.heap = number.parse()?,
                Some(_) => {}
                None => look.state.push(line.to_owned()),
            }
        }
        if look.state.len() > 100 {
            return Ok(look);
        }
        Err(Failure::new("a look without much to see"))
    }
}
