//! A directory of people beside `/etc/passwd`, as LDAP is: a name service module of ours
//! (`tests/nss/`) that knows whom it is told, and can be down or keep everybody waiting.

use std::{
    fmt::Write as _,
    fs::{self, File},
    os::unix::fs::MetadataExt,
};

use nix::fcntl::{Flock, FlockArg};

use crate::{Account, Context, Deadline, Failure, Invocation, Result, rootfs::directory};

/// Where the module lies.
pub(crate) const LIBRARIES: &str = "/var/lib/nss-otptest";

const PLACE: &str = "/run/nss-otptest";
const PEOPLE: &str = "/run/nss-otptest/people";
const FAULT: &str = "/run/nss-otptest/fault";
const GATE: &str = "/run/nss-otptest/gate";

/// The directory. `/etc/passwd` is asked before it.
#[derive(Debug)]
pub struct Directory {
    gate: Option<Flock<File>>,
}

/// How a directory fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It cannot be reached: `NSS_STATUS_UNAVAIL` with this error.
    Unavailable(i32),
    /// It cannot answer now: `NSS_STATUS_TRYAGAIN` with this error.
    TryAgain(i32),
}

impl Directory {
    /// Puts it into `nsswitch.conf`, knowing nobody.
    pub fn install() -> Result<Self> {
        directory(PLACE, 0o755)?;
        fs::write(GATE, "").context(GATE)?;
        fs::write("/etc/ld.so.conf.d/otptest.conf", LIBRARIES).context("ld.so.conf.d")?;
        Invocation::of("ldconfig").run()?.must_succeed()?;
        let directory = Self { gate: None };
        sources("files")?;
        directory.knows(&[])?;
        Ok(directory)
    }

    /// It is asked for groups too, by whoever begins to ask from now on.
    pub fn serve_groups() -> Result {
        sources("files otptest")
    }

    /// From now on these are known and nobody else: the name that is asked for, the one that is
    /// answered, and the uid.
    pub fn knows(&self, people: &[(&str, &str, u32)]) -> Result {
        let mut text = String::new();
        for (asked, name, uid) in people {
            writeln!(text, "{asked}:{name}:{uid}")?;
        }
        replace(PEOPLE, &text)
    }

    /// Somebody who is known by one name alone, to run programs.
    pub fn account(name: &str, uid: u32) -> Account {
        Account { name: name.to_owned(), uid }
    }

    /// From now on it fails, whoever is asked for.
    pub fn fails(&self, fault: Fault) -> Result {
        let (status, error) = match fault {
            Fault::TryAgain(error) => (-2, error),
            Fault::Unavailable(error) => (-1, error),
        };
        replace(FAULT, &format!("{status} {error}\n"))
    }

    /// It is in order again.
    pub fn recovers(&self) -> Result {
        fs::remove_file(FAULT).context(FAULT)
    }

    /// From now on whoever asks has to wait.
    pub fn hangs(&mut self) -> Result {
        let gate = File::open(GATE).context(GATE)?;
        let locked = Flock::lock(gate, FlockArg::LockExclusive);
        self.gate = Some(locked.map_err(|(_, errno)| Failure::from(errno)).context(GATE)?);
        Ok(())
    }

    /// Answers those who wait, and whoever asks from now on.
    pub fn goes_on(&mut self) {
        self.gate = None;
    }

    /// Waits until so many look-ups are waiting.
    pub fn keeps_waiting(&self, count: usize) -> Result {
        let file = fs::metadata(GATE).context(GATE)?.ino().to_string();
        let deadline = Deadline::after(std::time::Duration::from_secs(20));
        deadline.poll(&format!("{count} look-ups that wait"), || {
            let locks = fs::read_to_string("/proc/locks").context("/proc/locks")?;
            let waits = |line: &&str| line.contains("->") && line.contains(&format!(":{file} "));
            Ok((locks.lines().filter(waits).count() >= count).then_some(()))
        })
    }
}

fn sources(groups: &str) -> Result {
    let sources = format!("passwd: files otptest\ngroup: {groups}\nshadow: files\nhosts: files\n");
    fs::write("/etc/nsswitch.conf", sources).context("nsswitch.conf")
}

/// Writes a file so that nobody reads half of it.
fn replace(path: &str, text: &str) -> Result {
    let new = format!("{path}.new");
    fs::write(&new, text).context(&new)?;
    fs::rename(&new, path).context(path)
}
