//! What the administrator wrote behind `pam_otp.so`, parsed once into a value that cannot be
//! wrong.
//!
//! It refuses whatever it does not know, whatever is said twice and whatever is out of bounds: a
//! misspelt option in a PAM stack must be found at the first login, not guessed at.

use std::ffi::CStr;
use std::fmt;
use std::num::NonZeroU8;
use std::time::Duration;

use crate::client::Address;

/// What is asked where no `prompt=` says otherwise.
const PROMPT: &str = "One-time code: ";
/// The same with `forward_pass`.
const PROMPT_FOR_BOTH: &str = "Password and one-time code: ";
/// The longest `prompt=`, in bytes: a line of a terminal, and well below libpam's bounds.
const MAX_PROMPT_BYTES: usize = 256;
/// How long one call may take where no `timeout=` says otherwise, in seconds.
const TIMEOUT: u64 = 10;
/// The longest `timeout=`, in seconds: sshd gives a login 120.
const MAX_TIMEOUT: u64 = 120;
/// The most questions of one call. sshd, which asks by itself, would ask three times as many.
const MAX_TRIES: u8 = 5;
/// Every option, as the log shows it to who wrote another.
const KNOWN: &str = "prompt=TEXT echo try_first_pass use_first_pass forward_pass tries=NUMBER \
                     timeout=SECONDS nullok debug bus=unix:path=PATH";

/// The module's options.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// `prompt=TEXT`: the question.
    pub(crate) prompt: String,
    /// `echo`: whether typing shows.
    pub(crate) echo: Echo,
    /// `try_first_pass`, `use_first_pass`: what an earlier module's answer is good for.
    pub(crate) first_pass: FirstPass,
    /// `forward_pass`: what an answer holds.
    pub(crate) content: Content,
    /// `tries=NUMBER`, 1 to 5: how often is asked before the call ends in a refusal.
    pub(crate) tries: NonZeroU8,
    /// `timeout=SECONDS`, 1 to 120: the bound on one call, connecting included.
    pub(crate) timeout: Duration,
    /// `nullok`: whether the daemon may let pass who has no device.
    pub(crate) unenrolled: Unenrolled,
    /// `debug`: whether each step is logged.
    pub(crate) chatter: Chatter,
    /// `bus=ADDRESS`: the one bus to ask, and nothing else.
    pub(crate) bus: Option<Address>,
}

/// Whether typing shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Echo {
    Off,
    On,
}

/// What becomes of an answer that an earlier module of the stack received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FirstPass {
    /// It is left alone.
    Ignore,
    /// It is tried; if it is refused, a code is asked for.
    Try,
    /// It is the code; nothing is asked.
    Only,
}

/// What an answer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// A code and nothing else.
    Code,
    /// A password and behind it a code; the next module gets the password.
    PasswordAndCode,
}

/// What the administrator says about users without a confirmed device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unenrolled {
    Refuse,
    MayPass,
}

/// Whether each step is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chatter {
    Quiet,
    Debug,
}

/// An option that is not to be followed. Its text names it and says what would be right.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadArgument(String);

impl fmt::Display for BadArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; correct the pam_otp line of this service in /etc/pam.d", self.0)
    }
}

impl Default for Arguments {
    fn default() -> Self {
        Self {
            prompt: PROMPT.to_owned(),
            echo: Echo::Off,
            first_pass: FirstPass::Ignore,
            content: Content::Code,
            tries: NonZeroU8::MIN,
            timeout: Duration::from_secs(TIMEOUT),
            unenrolled: Unenrolled::Refuse,
            chatter: Chatter::Quiet,
            bus: None,
        }
    }
}

impl Arguments {
    /// Reads the options as libpam hands them over, brackets already resolved.
    pub(crate) fn parse(given: &[&CStr]) -> Result<Self, BadArgument> {
        let mut arguments = Self::default();
        let mut seen: Vec<&str> = Vec::with_capacity(given.len());
        for raw in given {
            let option = raw.to_str().map_err(|_| bad("an option that is not UTF-8", raw))?;
            let (name, value) = match option.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (option, None),
            };
            if seen.contains(&name) {
                return Err(bad("an option given twice", raw));
            }
            seen.push(name);
            arguments.set(name, value).map_err(|why| bad(why, raw))?;
        }
        if arguments.content == Content::PasswordAndCode && !seen.contains(&"prompt") {
            PROMPT_FOR_BOTH.clone_into(&mut arguments.prompt);
        }
        Ok(arguments)
    }

    /// Follows one option, or says what is wrong with it.
    fn set(&mut self, name: &str, value: Option<&str>) -> Result<(), &'static str> {
        match (name, value) {
            ("prompt", Some(text)) => self.prompt = prompt(text)?,
            ("echo", None) => self.echo = Echo::On,
            ("try_first_pass", None) => {
                self.first_pass = self.first_pass.changed(FirstPass::Try)?;
            }
            ("use_first_pass", None) => {
                self.first_pass = self.first_pass.changed(FirstPass::Only)?;
            }
            ("forward_pass", None) => self.content = Content::PasswordAndCode,
            ("tries", Some(number)) => self.tries = tries(number)?,
            ("timeout", Some(seconds)) => self.timeout = timeout(seconds)?,
            ("nullok", None) => self.unenrolled = Unenrolled::MayPass,
            ("debug", None) => self.chatter = Chatter::Debug,
            ("bus", Some(address)) => self.bus = Some(Address::parse(address)?),
            ("prompt" | "tries" | "timeout" | "bus", None) => {
                return Err("an option that needs a value");
            }
            (
                "echo" | "try_first_pass" | "use_first_pass" | "forward_pass" | "nullok" | "debug",
                Some(_),
            ) => return Err("an option that takes no value"),
            _ => return Err("an unknown option"),
        }
        Ok(())
    }
}

impl FirstPass {
    fn changed(self, to: Self) -> Result<Self, &'static str> {
        match self {
            Self::Ignore => Ok(to),
            Self::Try | Self::Only => Err("try_first_pass together with use_first_pass"),
        }
    }
}

/// A question that cannot move a terminal's cursor.
fn prompt(text: &str) -> Result<String, &'static str> {
    if text.is_empty() || text.len() > MAX_PROMPT_BYTES || text.chars().any(char::is_control) {
        return Err("a prompt that is not 1 to 256 bytes of printable text");
    }
    Ok(text.to_owned())
}

fn tries(number: &str) -> Result<NonZeroU8, &'static str> {
    let number = digits(number).and_then(|number| u8::try_from(number).ok());
    let number = number.filter(|number| *number <= MAX_TRIES).and_then(NonZeroU8::new);
    number.ok_or("a number of tries that is not 1 to 5")
}

fn timeout(seconds: &str) -> Result<Duration, &'static str> {
    match digits(seconds) {
        Some(number) if (1..=MAX_TIMEOUT).contains(&number) => Ok(Duration::from_secs(number)),
        _ => Err("a timeout that is not 1 to 120 seconds"),
    }
}

/// A number of digits alone, which `parse` would also take with a sign.
fn digits(text: &str) -> Option<u64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

fn bad(why: &str, option: &CStr) -> BadArgument {
    let shown = option.to_string_lossy();
    BadArgument(format!("{why}: \"{}\"; known options are {KNOWN}", shown.escape_debug()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(given: &[&CStr]) -> Result<Arguments, String> {
        Arguments::parse(given).map_err(|bad| bad.to_string())
    }

    #[test]
    fn every_option_is_in_the_manual() {
        let manual = include_str!("../../packaging/man/pam_otp.8");
        for option in KNOWN.split(' ') {
            let name =
                option.split_once('=').map_or(option.to_owned(), |(name, _)| format!("{name}="));
            assert!(manual.contains(&format!(".It Cm {name}")), "{name}");
        }
    }

    #[test]
    fn nothing_said_is_the_default() {
        let arguments = parse(&[]).unwrap();
        assert_eq!(arguments, Arguments::default());
        assert_eq!(arguments.prompt, "One-time code: ");
        assert_eq!(arguments.timeout, Duration::from_secs(10));
        assert_eq!(arguments.unenrolled, Unenrolled::Refuse);
    }

    #[test]
    fn every_option_is_followed() {
        let arguments = parse(&[
            c"prompt=Code = ",
            c"echo",
            c"try_first_pass",
            c"forward_pass",
            c"tries=5",
            c"timeout=120",
            c"nullok",
            c"debug",
            c"bus=unix:abstract=otpd-test",
        ])
        .unwrap();
        let expected = Arguments {
            prompt: "Code = ".to_owned(),
            echo: Echo::On,
            first_pass: FirstPass::Try,
            content: Content::PasswordAndCode,
            tries: NonZeroU8::new(5).unwrap(),
            timeout: Duration::from_secs(120),
            unenrolled: Unenrolled::MayPass,
            chatter: Chatter::Debug,
            bus: Some(Address::parse("unix:abstract=otpd-test").unwrap()),
        };
        assert_eq!(arguments, expected);
        assert_eq!(parse(&[c"use_first_pass"]).unwrap().first_pass, FirstPass::Only);
        let both = parse(&[c"forward_pass"]).unwrap().prompt;
        assert_eq!(both, "Password and one-time code: ");
    }

    #[test]
    fn what_is_not_known_is_named_with_what_is() {
        for option in [c"nulok", c"ECHO", c"", c"=", c"try=3", c"forward", c"debug ", c"pro"] {
            let said = parse(&[c"echo", option]).unwrap_err();
            let named = format!("unknown option: \"{}\";", option.to_str().unwrap());
            assert!(said.contains(&named), "{said}");
            assert!(said.contains(KNOWN), "{said}");
        }
        let said = parse(&[c"caf\xe9"]).unwrap_err();
        assert!(said.contains("not UTF-8"), "{said}");
    }

    #[test]
    fn values_are_bounded() {
        assert_eq!(parse(&[c"timeout=1"]).unwrap().timeout, Duration::from_secs(1));
        let out_of_bounds = [
            c"timeout=0",
            c"timeout=121",
            c"timeout=",
            c"timeout=+5",
            c"timeout=5s",
            c"timeout=99999999999999999999",
            c"timeout",
            c"tries",
            c"tries=",
            c"tries=0",
            c"tries=6",
            c"tries=+1",
            c"tries=257",
            c"forward_pass=6",
            c"prompt=",
            c"prompt",
            c"prompt=a\nb",
            c"prompt=\x1b[2J",
            c"echo=1",
            c"nullok=yes",
            c"bus",
            c"bus=",
            c"bus=tcp:host=localhost",
        ];
        for option in out_of_bounds {
            assert!(parse(&[option]).is_err(), "{option:?}");
        }
        let long = std::ffi::CString::new(format!("prompt={}", "x".repeat(257))).unwrap();
        assert!(parse(&[&long]).is_err());
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        assert!(parse(&[c"timeout=5", c"timeout=6"]).is_err());
        assert!(parse(&[c"echo", c"echo"]).is_err());
        assert!(parse(&[c"try_first_pass", c"use_first_pass"]).is_err());
    }

    #[test]
    fn an_option_cannot_forge_a_log_line() {
        let said = parse(&[c"x\nNov 21 sshd[1]: accepted\""]).unwrap_err();
        assert!(!said.contains('\n'), "{said}");
        assert!(said.contains("accepted\\\""), "{said}");
    }
}
