//! A login, from the question to its end: Begin, prompt, Verify.
//!
//! No connection is open while somebody types, and the time that takes is not counted. It refuses
//! to judge what was typed: an empty answer, nonsense, or the `INCORRECT` that sshd puts in the
//! place of what strangers type goes the same way as a right code, so that calls and times are
//! alike and the daemon alone classifies. Nor does it depend on why a code was refused how often
//! and how fast the next one is asked for, unless the reason was told anyway. It refuses a user who
//! changed behind the prompt.

mod answer;
mod enrol;
mod login;
pub(crate) mod session;
#[cfg(test)]
mod tests;
mod texts;
mod words;

use std::time::Duration;

use otp_bus::{Demand, Hint, Login, Reason, Tell, Terms, Verdict};

use self::answer::Answer;
use self::enrol::{Basis, Wish};
pub(crate) use self::enrol::{is_unsettled, settle};
use crate::args::{Arguments, Chatter, Content, FirstPass};
use crate::client::{self, Daemon, Deadline};
use crate::host::{Host, Silence, Typed, Unset};
use crate::log::Severity;
use crate::outcome::{self, Ending};

/// How long after a refusal the next answer of the same call is sent at the earliest: the throttle's
/// first waits, during which a right code would be refused. Everybody is held alike, as only those
/// have such waits who are no strangers.
const PAUSE: Duration = Duration::from_secs(2);
/// For how long a failure is kept back where password and code are one answer: as long as by
/// `pam_unix` with a wrong password, so that one cannot tell by the time which of the two was wrong.
const FAILURE_DELAY: Duration = Duration::from_secs(2);

/// Authenticates the user whom `host` names.
pub(crate) fn authenticate(
    host: &mut impl Host,
    daemon: &impl Daemon,
    arguments: &Arguments,
) -> Ending {
    enrol::begin_anew(host);
    Walk { host, daemon, arguments, sends: words::SENDS }.walk().unwrap_or_else(|ending| ending)
}

struct Walk<'a, H, D> {
    host: &'a mut H,
    daemon: &'a D,
    arguments: &'a Arguments,
    /// How often a code can still be sent without using up a try.
    sends: u8,
}

/// Whom a code is demanded of, and how.
struct Question {
    login: Login,
    terms: Terms,
}

/// What becomes of another code.
#[derive(Clone, Copy)]
enum Another {
    /// It may be right, or is asked for lest strangers learn that theirs never can.
    Asked,
    /// None is needed, or none can be right and whoever types has been told.
    Pointless,
}

impl<H: Host, D: Daemon> Walk<'_, H, D> {
    fn walk(&mut self) -> Result<Ending, Ending> {
        let login = login::read(self.host, self.arguments.unenrolled)?;
        self.begun(login)
    }

    /// Does what the daemon demands.
    fn begun(&mut self, login: Login) -> Result<Ending, Ending> {
        let challenge = self.daemon.begin(&login)?;
        self.debug(|| format!("{} ({})", outcome::described(challenge.demand), challenge.rule));
        match challenge.demand {
            Demand::Unenrolled => Ok(Ending::unenrolled(self.arguments.unenrolled)),
            Demand::Exempt => Ok(Ending::Exempt),
            Demand::Remembered => self.remembered(&login),
            Demand::Enroll => self.enrol(login, (Wish::Demanded, Basis::Login)),
            Demand::EnrollInvited => self.enrol(login, (Wish::Demanded, Basis::Invitation)),
            // Whoever has declined is not asked again, whatever a daemon says.
            Demand::Offer | Demand::OfferInvited if login.hints.contains(&Hint::Declined) => {
                Ok(Ending::Absurd("an offer that was declined".to_owned()))
            }
            Demand::Offer => self.enrol(login, (Wish::Offered, Basis::Login)),
            Demand::OfferInvited => self.enrol(login, (Wish::Offered, Basis::Invitation)),
            Demand::Ask => self.code(&Question { login, terms: challenge.terms }),
        }
    }

    /// Finds a code where the administrator said, and has it judged.
    fn code(&mut self, question: &Question) -> Result<Ending, Ending> {
        if self.arguments.content == Content::PasswordAndCode {
            self.host.delay_failure(FAILURE_DELAY);
        }
        match self.given(question)? {
            Some(ending) => Ok(ending),
            None => self.asked(question),
        }
    }

    /// What becomes of the answer that an earlier module was given; nothing where a code is still to
    /// be asked for.
    fn given(&mut self, question: &Question) -> Result<Option<Ending>, Ending> {
        let given = match self.arguments.first_pass {
            FirstPass::Ignore => None,
            FirstPass::Try | FirstPass::Only => self.host.first_pass(),
        };
        let Some(given) = given else {
            return match self.arguments.first_pass {
                FirstPass::Ignore | FirstPass::Try => Ok(None),
                FirstPass::Only => {
                    let why =
                        "use_first_pass, and no earlier module of the stack asked for anything";
                    Err(Ending::NoAnswer(why.to_owned()))
                }
            };
        };
        self.debug(|| "an earlier module's answer is tried".to_owned());
        let (ending, _) = self.verify(question, &given)?;
        match (self.arguments.first_pass, &ending) {
            (FirstPass::Ignore | FirstPass::Try, Ending::Refused(_)) => Ok(None),
            _ => Ok(Some(ending)),
        }
    }

    /// Asks, as often as the administrator said, until a code is accepted.
    fn asked(&mut self, question: &Question) -> Result<Ending, Ending> {
        let tries = self.arguments.tries.get();
        let mut pause = None;
        for number in 1..tries {
            self.debug(|| format!("asking, {number} of {tries}"));
            match self.attempt(question, pause)? {
                (_, Another::Asked) => {}
                (ending, Another::Pointless) => return Ok(ending),
            }
            pause = Some(Deadline::after(PAUSE.min(self.arguments.timeout)));
        }
        self.debug(|| format!("asking, {tries} of {tries}"));
        self.attempt(question, pause).map(|(ending, _)| ending)
    }

    /// One try: asks, and again where a word was typed that has a code sent.
    fn attempt(
        &mut self,
        question: &Question,
        pause: Option<Deadline>,
    ) -> Result<(Ending, Another), Ending> {
        while let Some(left) = self.sends.checked_sub(1) {
            match self.ask(question, pause)? {
                (Ending::Refused(reason), _) if words::awaits(reason) => self.sends = left,
                other => return Ok(other),
            }
        }
        self.ask(question, pause)
    }

    /// Asks once. What is typed before the pause is over waits in here.
    fn ask(
        &mut self,
        question: &Question,
        pause: Option<Deadline>,
    ) -> Result<(Ending, Another), Ending> {
        let prompt = words::prompt(&self.arguments.prompt, question.terms.words());
        let typed = self.host.ask(&prompt, self.arguments.echo)?;
        login::same_user(self.host, &question.login)?;
        if let Some(pause) = pause {
            self.host.hold(pause);
        }
        self.verify(question, &typed)
    }

    fn verify(&mut self, question: &Question, typed: &Typed) -> Result<(Ending, Another), Ending> {
        let Answer { code, password } =
            Answer::read(typed, self.arguments.content, &question.terms);
        let verdict = self.daemon.verify(&question.login, &code)?;
        self.debug(|| format!("otpd's verdict: {:?}, {:?}", verdict.outcome, verdict.reason));
        let ending = Ending::of(&verdict);
        if let Ending::Accepted = ending {
            self.pass(question, &verdict, password)?;
        }
        let another = if let Ending::Refused(_) = ending {
            self.advise(question, &verdict)
        } else {
            Another::Pointless
        };
        Ok((ending, another))
    }

    /// Tells why, those who may know.
    fn advise(&mut self, question: &Question, verdict: &Verdict) -> Another {
        if verdict.reason == Reason::Sent {
            self.host.tell(words::SENT);
            return Another::Asked;
        }
        let local = question.login.rhost.is_empty();
        match question.terms.tell {
            Tell::Always => {}
            Tell::Local if local => {}
            Tell::Local | Tell::Never => return Another::Asked,
        }
        if let Some(text) = texts::advice(verdict) {
            self.host.tell(&text);
        }
        if texts::mends(verdict, PAUSE) { Another::Asked } else { Another::Pointless }
    }

    /// What is left to be done for somebody whose code was accepted.
    fn pass(
        &mut self,
        question: &Question,
        verdict: &Verdict,
        password: Option<Typed>,
    ) -> Result<(), Ending> {
        for text in texts::notices(&verdict.details) {
            self.host.tell(&text);
        }
        login::same_user(self.host, &question.login)?;
        if let Some(password) = password {
            self.host.hand_on(&password).map_err(|Unset(why)| Ending::NotHandedOn(why))?;
            self.debug(|| {
                "the next module gets the password that stood before the code".to_owned()
            });
        }
        self.export(texts::environment(&verdict.device));
        Ok(())
    }

    /// Nothing is asked, so that what an earlier module was given, a code or a password before
    /// one, stays as it is for the next one.
    fn remembered(&mut self, login: &Login) -> Result<Ending, Ending> {
        login::same_user(self.host, login)?;
        self.export(vec![("OTPD_METHOD", "remembered".to_owned())]);
        Ok(Ending::Remembered)
    }

    fn export(&mut self, variables: Vec<(&'static str, String)>) {
        for (variable, value) in variables {
            match self.host.export(variable, &value) {
                Ok(()) => self.debug(|| format!("the session gets {variable}={value}")),
                Err(Unset(why)) => self.debug(|| format!("{variable} is not set: {why}")),
            }
        }
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
