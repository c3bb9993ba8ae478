//! A login, from the question to its end: Begin, prompt, Verify.
//!
//! No connection is open while somebody types, and the time that takes is not counted. It refuses
//! to judge what was typed: an empty answer, nonsense, or the `INCORRECT` that sshd puts in the
//! place of what strangers type goes the same way as a right code, so that calls and times are
//! alike and the daemon alone classifies. It refuses a user who changed behind the prompt.

#[cfg(test)]
mod tests;
mod texts;

use otp_bus::names::{MAX_CODE_BYTES, MAX_FIELD_BYTES, MAX_USER_BYTES};
use otp_bus::{Demand, Hint, Login};
use zeroize::Zeroizing;

use crate::args::{Arguments, Chatter, FirstPass, Unenrolled};
use crate::client::{self, Daemon};
use crate::host::{Host, Item, Silence, Typed};
use crate::log::Severity;
use crate::outcome::{self, Ending};

/// Authenticates the user whom `host` names.
pub(crate) fn authenticate(
    host: &mut impl Host,
    daemon: &impl Daemon,
    arguments: &Arguments,
) -> Ending {
    Walk { host, daemon, arguments }.walk().unwrap_or_else(|ending| ending)
}

struct Walk<'a, H, D> {
    host: &'a mut H,
    daemon: &'a D,
    arguments: &'a Arguments,
}

impl<H: Host, D: Daemon> Walk<'_, H, D> {
    fn walk(&mut self) -> Result<Ending, Ending> {
        let login = self.login()?;
        let challenge = self.daemon.begin(&login)?;
        self.debug(|| format!("{} ({})", outcome::described(challenge.demand), challenge.rule));
        match challenge.demand {
            Demand::Unenrolled => Ok(Ending::unenrolled(self.arguments.unenrolled)),
            Demand::Exempt => Ok(Ending::Exempt),
            Demand::Ask => self.code(&login),
        }
    }

    /// Who wants in, as far as that can be.
    fn login(&mut self) -> Result<Login, Ending> {
        self.host.name_user()?;
        let hints = match self.arguments.unenrolled {
            Unenrolled::MayPass => vec![Hint::Nullok],
            Unenrolled::Refuse => Vec::new(),
        };
        Ok(Login {
            user: user(self.host.item(Item::User))?,
            service: self.field(Item::Service)?,
            rhost: self.field(Item::Rhost)?,
            ruser: self.field(Item::Ruser)?,
            tty: self.field(Item::Tty)?,
            hints,
        })
    }

    /// What is not UTF-8 in an item loses only those bytes: a rule that names it cannot match.
    fn field(&self, item: Item) -> Result<String, Ending> {
        let text = String::from_utf8_lossy(&self.host.item(item)).into_owned();
        if text.len() <= MAX_FIELD_BYTES {
            return Ok(text);
        }
        Err(Ending::BadLogin(format!(
            "refused: the application's {item:?} is longer than {MAX_FIELD_BYTES} bytes"
        )))
    }

    /// Finds a code where the administrator said, and has it judged.
    fn code(&mut self, login: &Login) -> Result<Ending, Ending> {
        let first = match self.arguments.first_pass {
            FirstPass::Ignore => None,
            FirstPass::Try | FirstPass::Only => self.host.first_pass(),
        };
        match (self.arguments.first_pass, first) {
            (FirstPass::Only, None) => {
                let why = "use_first_pass, and no earlier module of the stack asked for anything";
                return Err(Ending::NoAnswer(why.to_owned()));
            }
            (FirstPass::Only, Some(typed)) => return self.verify(login, &typed),
            (FirstPass::Try, Some(typed)) => {
                let ending = self.verify(login, &typed)?;
                if !matches!(ending, Ending::Refused(_)) {
                    return Ok(ending);
                }
            }
            (FirstPass::Ignore | FirstPass::Try, _) => {}
        }
        let typed = self.host.ask(&self.arguments.prompt, self.arguments.echo)?;
        if self.host.item(Item::User) != login.user.as_bytes() {
            let why = "refused: the application changed the user's name behind the prompt";
            return Err(Ending::BadLogin(why.to_owned()));
        }
        self.verify(login, &typed)
    }

    fn verify(&mut self, login: &Login, typed: &Typed) -> Result<Ending, Ending> {
        let verdict = self.daemon.verify(login, &code(typed))?;
        self.debug(|| format!("otpd's verdict: {:?}, {:?}", verdict.outcome, verdict.reason));
        let ending = Ending::of(&verdict);
        let texts = if let Ending::Accepted = ending {
            texts::notices(&verdict.details)
        } else if let (Ending::Refused(_), true) = (&ending, login.rhost.is_empty()) {
            Vec::from_iter(texts::advice(&verdict))
        } else {
            Vec::new()
        };
        for text in texts {
            self.host.tell(&text);
        }
        Ok(ending)
    }

    fn debug(&self, text: impl FnOnce() -> String) {
        match self.arguments.chatter {
            Chatter::Quiet => {}
            Chatter::Debug => self.host.log(Severity::Debug, &text()),
        }
    }
}

impl From<client::Error> for Ending {
    fn from(error: client::Error) -> Self {
        Self::Undecided(error)
    }
}

impl From<Silence> for Ending {
    fn from(silence: Silence) -> Self {
        Self::NoAnswer(silence.0)
    }
}

/// A user's name, within the contract's bounds. Nobody can have another, so refusing it early
/// tells strangers nothing.
fn user(name: Vec<u8>) -> Result<String, Ending> {
    let refused = |why: &str| Err(Ending::BadLogin(format!("refused: the user's name {why}")));
    let Ok(name) = String::from_utf8(name) else { return refused("is not UTF-8") };
    if name.is_empty() {
        return refused("is empty");
    }
    if name.len() > MAX_USER_BYTES {
        return refused("is longer than 256 bytes");
    }
    if name.chars().any(|c| c.is_control() || c == '/' || c == ':') {
        return refused("has a control character, / or :");
    }
    Ok(name)
}

/// What was typed, as the contract carries it. What is too long for that is no code whatever it
/// holds, and so is the empty one that is sent in its place: same calls, same time.
fn code(typed: &[u8]) -> Zeroizing<String> {
    let text = Zeroizing::new(String::from_utf8_lossy(typed).into_owned());
    if text.len() <= MAX_CODE_BYTES { text } else { Zeroizing::new(String::new()) }
}
