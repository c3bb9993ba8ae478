//! A program to run: who runs it, with which arguments and in which environment. It never inherits
//! the environment of the tests, in which cargo has left much that no login shell has.

use std::{
    fmt,
    os::unix::fs::chown,
    process::{Command, Stdio},
};

use crate::{Account, Context, Dialogue, Ended, Result};

const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A program with its arguments, run by root unless [`by`](Self::by) names somebody.
#[derive(Clone, Debug)]
pub struct Invocation {
    by: Option<Account>,
    env: Vec<String>,
    argv: Vec<String>,
}

impl Invocation {
    /// Of this program, found in the usual directories.
    pub fn of(program: impl fmt::Display) -> Self {
        Self { by: None, env: Vec::new(), argv: vec![program.to_string()] }
    }

    /// With one more argument.
    #[must_use]
    pub fn arg(mut self, argument: impl fmt::Display) -> Self {
        self.argv.push(argument.to_string());
        self
    }

    /// With more arguments.
    #[must_use]
    pub fn args<T: fmt::Display>(mut self, arguments: impl IntoIterator<Item = T>) -> Self {
        self.argv.extend(arguments.into_iter().map(|argument| argument.to_string()));
        self
    }

    /// With this variable in its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.env.push(format!("{name}={value}"));
        self
    }

    /// Behind the words of another program that runs it.
    #[must_use]
    pub fn behind(&self, words: &[&str]) -> Self {
        let argv = words.iter().map(ToString::to_string).chain(self.argv.iter().cloned()).collect();
        Self { argv, ..self.clone() }
    }

    /// Run by this user, with the user's groups, home and shell, as after a login.
    #[must_use]
    pub fn by(mut self, account: &Account) -> Self {
        self.by = Some(account.clone());
        self
    }

    /// Starts it on a terminal of its own.
    pub fn on_terminal(&self) -> Result<Dialogue> {
        Dialogue::on_terminal(self)
    }

    /// Starts it on pipes.
    pub fn on_pipes(&self) -> Result<Dialogue> {
        Dialogue::on_pipes(self)
    }

    /// Runs it without input to its end.
    pub fn run(&self) -> Result<Ended> {
        self.on_pipes()?.end()
    }

    /// The command behind `prefix`, which runs as root.
    pub(crate) fn command(&self, prefix: &[&str]) -> Command {
        let mut words: Vec<String> = prefix.iter().map(ToString::to_string).collect();
        if let Some(Account { name, uid }) = &self.by {
            words.extend([
                "setpriv".to_owned(),
                // By name: a number would be looked up as one, everywhere.
                format!("--reuid={name}"),
                format!("--regid={uid}"),
            ]);
            words.extend(["--init-groups", "--reset-env"].map(str::to_owned));
        }
        if !self.env.is_empty() {
            words.push("env".to_owned());
            words.extend(self.env.iter().cloned());
        }
        words.extend(self.argv.iter().cloned());
        let mut words = words.into_iter();
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words).stdin(Stdio::null()).env_clear();
        command.env("PATH", PATH).env("HOME", "/root").env("TZ", "UTC").env("LC_ALL", "C.UTF-8");
        command
    }

    /// Gives a terminal to whoever runs this.
    pub(crate) fn give(&self, terminal: &str) -> Result {
        let Some(account) = &self.by else { return Ok(()) };
        chown(terminal, Some(account.uid), None).context(format!("giving {terminal} away"))
    }
}

impl fmt::Display for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.argv.join(" "))?;
        self.by.as_ref().map_or(Ok(()), |account| write!(f, " (by {})", account.name))
    }
}
