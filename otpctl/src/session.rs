//! What a verb works with: whose account, the daemon, and how to ask and answer. It refuses codes
//! in arguments, for every verb alike.

use std::ffi::OsString;

use otp_bus::names::{MAX_CODE_BYTES, MAX_USER_BYTES};
use otp_bus::{
    AdminProxy, Error, KeysProxy, ManageProxy, PassesProxy, SessionsProxy, TokensProxy, Warrant,
};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::connect::Connect;
use crate::daemon::{Daemon, Trouble, Wait};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::{Caller, Host};
use crate::input::{Echo, InputError};
use crate::{remedy, text};

/// How answers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// As text.
    People,
    /// As JSON.
    Json,
}

impl Format {
    /// What a command line asks for, be it usable or not.
    pub(crate) fn wanted(args: &[OsString]) -> Self {
        let mut options = args.iter().take_while(|argument| *argument != "--");
        if options.any(|argument| argument == "--json") { Self::Json } else { Self::People }
    }
}

/// Whose account it is about.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    name: String,
    /// Commands to type must name the user too.
    named: bool,
}

impl Subject {
    /// The user named, or else the caller, unless that is root: root's own account is hardly ever
    /// meant, and a forgotten `-u` would change it.
    pub(crate) fn chosen(named: Option<String>, caller: &Caller) -> Result<Self, Failure> {
        let again = "name the user: `otpctl -u NAME ...`";
        match (named, &caller.name) {
            (Some(name), _) if name.is_empty() || name.len() > MAX_USER_BYTES => {
                let message = format!("a user name has 1 to {MAX_USER_BYTES} bytes");
                Err(Failure::usage(message, again))
            }
            (Some(name), _) => Ok(Self { name, named: true }),
            (None, _) if caller.uid == 0 => {
                Err(Failure::usage("root must say whose account is meant", again))
            }
            (None, Some(name)) => Ok(Self { name: name.clone(), named: false }),
            (None, None) => Err(Failure::new(
                Exit::NotFound,
                "unknown-user",
                format!("uid {} has no name in the user database", caller.uid),
                again,
            )),
        }
    }

    /// All accounts, for what is told of all at once.
    pub(crate) const fn everybody() -> Self {
        Self { name: String::new(), named: false }
    }

    /// The one user, if it is about one: a name is never empty.
    pub(crate) fn one(&self) -> Option<&str> {
        (!self.name.is_empty()).then_some(self.name.as_str())
    }

    /// Nobody, for what is the daemon's own.
    pub(crate) const fn nobody() -> Self {
        Self { name: String::new(), named: false }
    }

    /// The name, as the daemon is asked.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The name, as a shell reads it.
    pub(crate) fn word(&self) -> String {
        text::shell_word(&self.name)
    }

    /// Who asks about somebody else may have to authenticate; at a terminal a person can.
    pub(crate) fn wait(&self, host: &Host<'_>) -> Wait {
        let own = host.caller.name.as_ref() == Some(&self.name);
        if own || host.caller.uid == 0 || !host.input.interactive() {
            Wait::Daemon
        } else {
            Wait::Person
        }
    }

    /// A command line about the same account.
    pub(crate) fn command(&self, verb: &str) -> String {
        if self.named {
            format!("otpctl {verb} -u {}", self.word())
        } else {
            format!("otpctl {verb}")
        }
    }
}

/// One command line being carried out.
pub(crate) struct Session<'s, 'h, C> {
    pub(crate) host: &'s mut Host<'h>,
    pub(crate) daemon: Daemon<'s, C>,
    pub(crate) subject: Subject,
    pub(crate) verb: &'static str,
    pub(crate) format: Format,
}

impl<C: Connect> Session<'_, '_, C> {
    /// Makes one call of `org.otpd1.Sessions`; what goes wrong comes with its next step.
    pub(crate) fn sessions<T>(
        &self,
        call: impl AsyncFnOnce(&SessionsProxy<'_>) -> Result<T, Error>,
    ) -> Result<T, Failure> {
        let failed = |trouble| remedy::failure(trouble, &self.subject, self.verb);
        self.daemon.sessions(call).map_err(failed)
    }

    /// Makes one call of `org.otpd1.Keys`; what goes wrong comes with its next step.
    pub(crate) fn keys<T>(
        &self,
        call: impl AsyncFnOnce(&KeysProxy<'_>) -> Result<T, Error>,
    ) -> Result<T, Failure> {
        self.daemon.keys(call).map_err(|trouble| remedy::failure(trouble, &self.subject, self.verb))
    }

    /// Makes one call of `org.otpd1.Tokens`; what goes wrong comes with its next step.
    pub(crate) fn tokens<T>(
        &self,
        call: impl AsyncFnOnce(&TokensProxy<'_>) -> Result<T, Error>,
    ) -> Result<T, Failure> {
        self.daemon
            .tokens(call)
            .map_err(|trouble| remedy::failure(trouble, &self.subject, self.verb))
    }

    /// Makes one call of `org.otpd1.Manage`; what goes wrong comes with its next step.
    pub(crate) fn manage<T>(
        &self,
        call: impl AsyncFnOnce(&ManageProxy<'_>) -> Result<T, Error>,
    ) -> Result<T, Failure> {
        self.daemon
            .manage(call)
            .map_err(|trouble| remedy::failure(trouble, &self.subject, self.verb))
    }

    /// Makes one call of `org.otpd1.Admin`, in the same way.
    pub(crate) fn admin<T>(
        &self,
        call: impl AsyncFnOnce(&AdminProxy<'_>) -> Result<T, Error>,
    ) -> Result<T, Failure> {
        self.daemon
            .admin(call)
            .map_err(|trouble| remedy::failure(trouble, &self.subject, self.verb))
    }

    /// Makes one call of `org.otpd1.Passes`, in the same way.
    pub(crate) fn passes<T>(
        &self,
        call: impl AsyncFnOnce(&PassesProxy<'_>) -> Result<T, Error>,
    ) -> Result<T, Failure> {
        self.daemon
            .passes(call)
            .map_err(|trouble| remedy::failure(trouble, &self.subject, self.verb))
    }

    /// Makes one call that makes a pass or lets it live longer; for oneself with a code, as a change.
    pub(crate) fn change_pass<T>(
        &mut self,
        call: &impl AsyncFn(&PassesProxy<'_>, &Warrant) -> Result<T, Error>,
    ) -> Result<T, Failure> {
        let bare = Warrant::default();
        match self.daemon.passes(async |passes| call(passes, &bare).await) {
            Err(Trouble::Answered(Error::CodeNeeded(_))) if self.interactive() => {
                let warrant = self.warrant()?;
                let done = self.passes(async |passes| call(passes, &warrant).await);
                drop(warrant.code.map(Zeroizing::new));
                done
            }
            done => done.map_err(|trouble| remedy::failure(trouble, &self.subject, self.verb)),
        }
    }

    /// A code of the caller's own, typed at the terminal.
    fn warrant(&mut self) -> Result<Warrant, Failure> {
        let typed = self
            .ask("A code of a device you have: ", Echo::Hidden)
            .map_err(|error| Failure::input(&error, "a code"))?;
        Ok(Warrant { code: Some(typed.to_string()), ..Warrant::default() })
    }

    /// Makes one call that changes an account. Whoever changes their own shows a code with it: where
    /// the daemon asks for one, so does this, and makes the call again.
    pub(crate) fn change<T>(
        &mut self,
        call: &impl AsyncFn(&ManageProxy<'_>, &Warrant) -> Result<T, Error>,
    ) -> Result<T, Failure> {
        let bare = Warrant::default();
        match self.daemon.manage(async |manage| call(manage, &bare).await) {
            Err(Trouble::Answered(Error::CodeNeeded(_))) if self.interactive() => {
                let warrant = self.warrant()?;
                let done = self.manage(async |manage| call(manage, &warrant).await);
                drop(warrant.code.map(Zeroizing::new));
                done
            }
            done => done.map_err(|trouble| remedy::failure(trouble, &self.subject, self.verb)),
        }
    }

    /// Writes the answer: `record` to programs, `people` (made safe, with its line ends) to people.
    pub(crate) fn answer(
        &mut self,
        record: &impl Serialize,
        people: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        self.host.answer(self.format, record, people)
    }

    /// Writes to standard output as it is.
    pub(crate) fn write(&mut self, text: &str) -> Result<(), Failure> {
        self.host.write(text)
    }

    /// Writes to standard error, where people are talked to, as it is.
    pub(crate) fn tell(&mut self, text: &str) -> Result<(), Failure> {
        self.host.tell(text)
    }

    /// Whether there is somebody to ask.
    pub(crate) fn interactive(&self) -> bool {
        self.host.input.interactive()
    }

    /// Asks at the terminal.
    pub(crate) fn ask(
        &mut self,
        prompt: &str,
        echo: Echo,
    ) -> Result<Zeroizing<String>, InputError> {
        self.host.ask(prompt, echo)
    }

    /// A line that must not show: typed at a prompt, or the first line of a pipe.
    pub(crate) fn hidden(
        &mut self,
        prompt: &str,
        wanted: &str,
    ) -> Result<Zeroizing<String>, Failure> {
        self.host.hidden(prompt, wanted)
    }

    /// The code for a verb whose arguments end in `given`, which may be nothing or `-`.
    ///
    /// Every user can read the arguments of a running program, and a code is good until it is
    /// spent: whoever reads it there first logs in with it.
    pub(crate) fn code(&mut self, given: &[String]) -> Result<Zeroizing<String>, Failure> {
        if !matches!(given, [] | [_]) || given.iter().any(|argument| argument != "-") {
            return Err(Failure::usage(
                "a code is not taken from an argument, where every user can read it",
                "leave it away and type it when asked, or pipe it in; use the next code, this one was seen",
            ));
        }
        self.typed("One-time code: ", "code")
    }

    /// The key of a pass, in the same way.
    pub(crate) fn key(&mut self, given: &[String]) -> Result<Zeroizing<String>, Failure> {
        if !matches!(given, [] | [_]) || given.iter().any(|argument| argument != "-") {
            return Err(Failure::usage(
                "a key is not taken from an argument, where every user can read it",
                "leave it away and type it when asked, or pipe it in; ask for another pass, this one was seen",
            ));
        }
        self.typed("Key: ", "key")
    }

    fn typed(&mut self, prompt: &str, what: &str) -> Result<Zeroizing<String>, Failure> {
        let code = self.hidden(prompt, &format!("a {what}"))?;
        if code.trim().is_empty() {
            let message = format!("no {what} was typed");
            return Err(Failure::usage(message, format!("run it again and type the {what}")));
        }
        if code.len() > MAX_CODE_BYTES {
            let message = format!("more than {MAX_CODE_BYTES} bytes are no {what}");
            return Err(Failure::usage(message, format!("run it again and type the {what} alone")));
        }
        Ok(code)
    }
}
