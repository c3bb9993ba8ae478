//! The furnished room: private file system, people, a log, and what was built, installed.
//! Everything else, a bus, the daemon, sshd, is started by the test that wants it.

use std::{fs, thread};

use crate::{Account, Artefacts, Context, LogSink, Result, accounts, rootfs, rootfs::directory};

/// Where `/etc/otpd/otpd.toml` lies.
const CONFIG_DIR: &str = "/etc/otpd";

/// Debian's, with a rule for the people in here.
const SUDOERS: &str = "Defaults env_reset, use_pty
Defaults secure_path=\"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\"
root ALL=(ALL:ALL) ALL
alice, bob, demo ALL=(ALL:ALL) ALL
";

/// A private system around this process.
pub struct World {
    /// What is logged in it.
    pub log: LogSink,
    /// An ordinary user.
    pub alice: Account,
    /// Another one.
    pub bob: Account,
    /// The one whom a person plays.
    pub demo: Account,
    /// What was built, if this world is about it.
    pub(crate) artefacts: Option<Artefacts>,
    announces: bool,
}

impl World {
    /// A system with otpd, otpctl and the module installed, and nothing running.
    pub fn new() -> Result<Self> {
        let mut artefacts = Artefacts::gather()?;
        let mut world = Self::bare()?;
        artefacts.install()?;
        world.artefacts = Some(artefacts);
        Ok(world)
    }

    /// A system without any of ours, to try the testbed itself.
    pub fn bare() -> Result<Self> {
        rootfs::build()?;
        let person = |name: &str, uid| Account { name: name.to_owned(), uid };
        let [alice, bob, demo] = [("alice", 40_001), ("bob", 40_002), ("demo", 40_003)]
            .map(|(name, uid)| person(name, uid));
        accounts::create(&[&alice, &bob, &demo])?;
        // Names come from the private files alone, whatever the host asks about its people.
        fs::write(
            "/etc/nsswitch.conf",
            "passwd: files\ngroup: files\nshadow: files\nhosts: files\n",
        )
        .context("writing /etc/nsswitch.conf")?;
        fs::write("/etc/hosts", format!("127.0.0.1 localhost {}\n", hostname()?))
            .context("writing /etc/hosts")?;
        // Written into the private copy, which has Debian's owner and mode.
        fs::write("/etc/sudoers", SUDOERS).context("writing /etc/sudoers (package sudo)")?;
        Ok(Self { log: LogSink::open()?, alice, bob, demo, artefacts: None, announces: true })
    }

    /// For programs, which show the log themselves: says nothing at its end.
    #[must_use]
    pub fn quiet(mut self) -> Self {
        self.announces = false;
        self
    }

    /// Adds so many ordinary users, and gives their names.
    pub fn crowd(&self, count: usize) -> Result<Vec<String>> {
        accounts::crowd(count)
    }

    /// Adds a group with these members.
    pub fn group(&self, name: &str, members: &[&Account]) -> Result {
        let members: Vec<&str> = members.iter().map(|account| account.name.as_str()).collect();
        let groups = fs::read_to_string("/etc/group").context("/etc/group")?;
        let line = format!("{name}:x:49999:{}\n", members.join(","));
        fs::write("/etc/group", groups + &line).context("/etc/group")
    }

    /// Writes the PAM stack of a service: these `auth` lines and nothing else that could refuse.
    pub fn stack(&self, service: &str, auth: &[&str]) -> Result {
        let rest = ["account required pam_unix.so", "session required pam_permit.so", ""];
        let auth = auth.iter().map(|line| format!("auth {line}"));
        let text = auth.chain(rest.map(str::to_owned)).collect::<Vec<_>>().join("\n");
        let path = format!("/etc/pam.d/{service}");
        fs::write(&path, text).context(format!("writing {path}"))
    }

    /// Writes `/etc/otpd/otpd.toml`.
    pub fn configure(&self, toml: &str) -> Result {
        if !fs::exists(CONFIG_DIR)? {
            directory(CONFIG_DIR, 0o755)?;
        }
        fs::write(format!("{CONFIG_DIR}/otpd.toml"), toml).context("writing otpd.toml")
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // Shown when the test failed; which of the ways it did does not matter here.
        if self.announces || thread::panicking() {
            #[expect(clippy::print_stderr, reason = "libtest shows it for failed tests alone")]
            {
                eprintln!("--- /dev/log ---\n{}", self.log.text());
            }
        }
    }
}

fn hostname() -> Result<String> {
    let name =
        fs::read_to_string("/proc/sys/kernel/hostname").context("reading the host's name")?;
    Ok(name.trim().to_owned())
}
