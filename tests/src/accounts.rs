//! The people of the world: ordinary users with a home, a password and an SSH key, and the daemon's
//! own user, all in the private `/etc`.
//!
//! A name or uid that the host has already is replaced in here, never shared, so that a test means
//! the same on every machine.

use std::{
    fmt::Write as _,
    fs,
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
};

use crate::{Context, DELIVER_UID, DELIVER_USER, Invocation, Result, rootfs::directory};

/// The password of every ordinary user in here.
pub const PASSWORD: &str = "correct horse";

/// [`PASSWORD`], by crypt(3); few rounds, because tests wait for it.
const PASSWORD_HASH: &str = "$6$rounds=1000$otpdtest$PsLoYAzn/kczjvqqit9wbt3xl2zI//9K306lo7WfJiXDLwvWcOk4UIcN3VbqFnIzBsziN7mvqWc3yqWIwlXkI/";

/// The daemon's static user.
pub const DAEMON_USER: &str = "_otpd";

/// The daemon's uid and gid in here.
pub const DAEMON_UID: u32 = 899;

/// An ordinary user.
#[derive(Clone, Debug)]
pub struct Account {
    /// The login name.
    pub name: String,
    /// The uid, and the gid of a group of the same name.
    pub uid: u32,
}

impl Account {
    /// The home directory.
    pub fn home(&self) -> PathBuf {
        Path::new("/home").join(&self.name)
    }

    /// The private SSH key that opens the account to those who hold it.
    pub fn key(&self) -> PathBuf {
        self.home().join(".ssh/id_ed25519")
    }

    /// Makes a home with an authorized key.
    fn settle(&self) -> Result {
        let (home, ssh) = (self.home(), self.home().join(".ssh"));
        directory(&home, 0o755)?;
        directory(&ssh, 0o700)?;
        let key = self.key();
        let made = Invocation::of("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-C", &self.name, "-f"])
            .arg(key.display())
            .run()?;
        made.must_succeed()?;
        let public = key.with_extension("pub");
        fs::copy(&public, ssh.join("authorized_keys")).context("authorizing a key")?;
        for path in [home, ssh.clone(), key, public, ssh.join("authorized_keys")] {
            chown(&path, Some(self.uid), Some(self.uid)).context(format!(
                "giving {} to {}",
                path.display(),
                self.name
            ))?;
        }
        Ok(())
    }
}

/// Writes the daemon's user and `people` into the private `/etc` and gives them homes.
pub(crate) fn create(people: &[&Account]) -> Result {
    let daemon = Account { name: DAEMON_USER.to_owned(), uid: DAEMON_UID };
    let deliver = Account { name: DELIVER_USER.to_owned(), uid: DELIVER_UID };
    let everyone = || people.iter().copied().chain([&daemon, &deliver]);
    let (mut passwd, mut group, mut shadow) = (String::new(), String::new(), String::new());
    for account in everyone() {
        let Account { name, uid } = account;
        let (home, shell, hash) = if [DAEMON_UID, DELIVER_UID].contains(uid) {
            ("/nonexistent".to_owned(), "/usr/sbin/nologin", "!")
        } else {
            (account.home().display().to_string(), "/bin/bash", PASSWORD_HASH)
        };
        writeln!(passwd, "{name}:x:{uid}:{uid}::{home}:{shell}")?;
        writeln!(group, "{name}:x:{uid}:")?;
        writeln!(shadow, "{name}:{hash}:19000:0:99999:7:::")?;
    }
    for (path, lines) in [("/etc/passwd", passwd), ("/etc/group", group), ("/etc/shadow", shadow)] {
        let old = fs::read_to_string(path).context(format!("reading {path}"))?;
        let strangers = old.lines().filter(|line| !everyone().any(|account| is_of(line, account)));
        let text = strangers.chain(lines.lines()).collect::<Vec<_>>().join("\n") + "\n";
        fs::write(path, text).context(format!("writing {path}"))?;
    }
    // As Debian has it, of a group with which unix_chkpwd checks for those who are not root.
    fs::set_permissions("/etc/shadow", fs::Permissions::from_mode(0o640))?;
    people.iter().try_for_each(|account| account.settle())
}

/// Adds users without a home, for tests in which there are many.
pub(crate) fn crowd(count: usize) -> Result<Vec<String>> {
    let names: Vec<String> = (0..count).map(|number| format!("user{number}")).collect();
    let (mut passwd, mut group) = (String::new(), String::new());
    for (uid, name) in (50_000..).zip(&names) {
        writeln!(passwd, "{name}:x:{uid}:{uid}::/nonexistent:/bin/sh")?;
        writeln!(group, "{name}:x:{uid}:")?;
    }
    for (path, lines) in [("/etc/passwd", passwd), ("/etc/group", group)] {
        let old = fs::read_to_string(path).context(format!("reading {path}"))?;
        fs::write(path, old + &lines).context(format!("writing {path}"))?;
    }
    Ok(names)
}

/// Whether a line of passwd, group or shadow has the account's name or, in the first two, its id.
fn is_of(line: &str, account: &Account) -> bool {
    let mut fields = line.split(':');
    let (name, password, id) = (fields.next(), fields.next(), fields.next());
    let has_id = password == Some("x") && id == Some(&account.uid.to_string());
    name == Some(&account.name) || has_id
}
