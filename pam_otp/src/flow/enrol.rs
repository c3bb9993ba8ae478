//! Enrolling at the prompt. What is shown and proved here counts for nothing: the daemon makes it count
//! when the account phase hands back the token that it gave with it, and that phase runs only where
//! authentication as a whole has succeeded. The token stays in the PAM handle of this one login, out of
//! reach of its session.
//!
//! It refuses to begin where the host's stack has no account line of ours, as then nothing ever would
//! count; and texts go into the prompt behind them, as some hosts show them late, or never.

use otp_bus::{Candidate, Hint, Login, Outcome, Reason};

use super::{Walk, login, texts};
use crate::args::FirstPass;
use crate::client::Daemon;
use crate::host::{Host, Typed, Unset};
use crate::log::Severity;
use crate::outcome::Ending;

/// How often a code of the new device is asked for.
const TRIES: usize = 3;
/// Set until the account phase has settled an enrolment, and in no session.
const MARK: &str = "OTPD_ENROLMENT";
/// How many recovery codes stand in a line.
const IN_A_LINE: usize = 5;

/// Whether there is another way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// Who does not enroll is refused.
    Demanded,
    /// Who does not enroll goes on as if nothing had been offered.
    Offered,
}

/// What a device is made on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Basis {
    /// What stands before us in the stack.
    Login,
    /// An invitation too, whose token is typed.
    Invitation,
}

/// What came of showing a device.
enum Shown {
    Proved(Vec<String>),
    GivenUp,
    Refused(Reason),
}

impl<H: Host, D: Daemon> Walk<'_, H, D> {
    /// Shows a device, has a code of it proved, and keeps what makes it count later.
    pub(super) fn enrol(
        &mut self,
        login: Login,
        (wish, basis): (Wish, Basis),
    ) -> Result<Ending, Ending> {
        if self.arguments.first_pass == FirstPass::Only {
            let why = "use_first_pass leaves no prompt at which to enroll";
            return self.instead(login, wish, why);
        }
        if let Err(why) = self.host.account_line() {
            return self.instead(login, wish, &why);
        }
        let invitation = match basis {
            Basis::Login => Typed::default(),
            Basis::Invitation => self.put(&login, &texts::invitation(wish == Wish::Offered))?,
        };
        if basis == Basis::Invitation && invitation.is_empty() {
            return self.given_up(login, wish);
        }
        let invitation = super::answer::text(&invitation);
        let candidate = self.daemon.begin_enrolment(&login, &invitation)?;
        let shown = self.shown(&login, &candidate, wish);
        match shown {
            Ok(Shown::Proved(codes)) => self.kept(&login, &candidate, &codes),
            Ok(Shown::GivenUp) => {
                self.dropped(&login, &candidate);
                self.given_up(login, wish)
            }
            Ok(Shown::Refused(reason)) => {
                self.dropped(&login, &candidate);
                Ok(Ending::Refused(reason))
            }
            Err(ending) => {
                self.dropped(&login, &candidate);
                Err(ending)
            }
        }
    }

    /// Asks for codes of it until one is right.
    fn shown(&mut self, login: &Login, candidate: &Candidate, wish: Wish) -> Result<Shown, Ending> {
        let mut prompt = texts::candidate(candidate, wish == Wish::Offered);
        for _ in 0..TRIES {
            let typed = self.put(login, &prompt)?;
            if typed.is_empty() {
                return Ok(Shown::GivenUp);
            }
            let code = super::answer::text(&typed);
            let proof = self.daemon.prove_enrolment(login, &candidate.token, &code)?;
            match (proof.outcome, proof.reason) {
                (Outcome::Accepted, Reason::Matched) => return Ok(Shown::Proved(proof.codes)),
                (Outcome::Refused, Reason::Wrong | Reason::Malformed) => {}
                (Outcome::Refused, reason) => return Ok(Shown::Refused(reason)),
                (Outcome::Accepted, reason) => {
                    return Err(Ending::Absurd(format!("proved because of {reason:?}")));
                }
            }
            prompt = texts::again().into();
        }
        Ok(Shown::Refused(Reason::Wrong))
    }

    /// Shows the recovery codes, and keeps the token for the account phase.
    fn kept(
        &mut self,
        login: &Login,
        candidate: &Candidate,
        codes: &[String],
    ) -> Result<Ending, Ending> {
        let seen = self.put(login, &texts::recovery(codes, IN_A_LINE));
        if let Err(ending) = seen {
            self.dropped(login, candidate);
            return Err(ending);
        }
        // In this order: where the mark cannot be set, nothing may be settled.
        let marked = self.host.export(MARK, "unsettled");
        match marked.and_then(|()| self.host.keep(&candidate.token)) {
            Ok(()) => Ok(Ending::Accepted),
            Err(Unset(why)) => {
                self.dropped(login, candidate);
                Err(Ending::NotKept(why))
            }
        }
    }

    fn put(&mut self, login: &Login, prompt: &str) -> Result<Typed, Ending> {
        let typed = self.host.ask(prompt, self.arguments.echo)?;
        login::same_user(self.host, login)?;
        Ok(typed)
    }

    /// Tells the daemon that nothing will come of it. It would forget it soon anyway.
    fn dropped(&self, login: &Login, candidate: &Candidate) {
        let _ = self.daemon.drop_enrolment(login, &candidate.token);
    }

    fn given_up(&mut self, login: Login, wish: Wish) -> Result<Ending, Ending> {
        match wish {
            Wish::Demanded => Ok(Ending::Declined),
            Wish::Offered => self.on(login),
        }
    }

    /// What becomes of a login where nobody can enroll, whatever they wish.
    fn instead(&mut self, login: Login, wish: Wish, why: &str) -> Result<Ending, Ending> {
        match wish {
            Wish::Demanded => Err(Ending::Unenrollable(why.to_owned())),
            Wish::Offered => {
                self.host.log(Severity::Error, &format!("nobody is offered to enroll: {why}"));
                self.on(login)
            }
        }
    }

    /// Goes on as if nothing had been offered.
    fn on(&mut self, mut login: Login) -> Result<Ending, Ending> {
        login.hints.push(Hint::Declined);
        self.begun(login)
    }
}

/// The account phase: authentication as a whole has succeeded, and what was proved in it counts.
pub(crate) fn settle(
    host: &mut impl Host,
    daemon: &impl Daemon,
    arguments: &crate::args::Arguments,
) -> Ending {
    let Some(token) = host.kept() else { return Ending::NotOurs };
    let settled = login::read(host, arguments.unenrolled)
        .and_then(|login| daemon.settle_enrolment(&login, &token).map_err(Ending::from));
    match settled {
        Ok(settled) => {
            host.forget();
            host.unexport(MARK);
            for (variable, value) in texts::environment(&settled.device) {
                // A session that is not told by what it was let in is one all the same.
                let _ = host.export(variable, &value);
            }
            Ending::NotOurs
        }
        Err(ending) => ending,
    }
}

/// Forgets what an earlier authentication by the same handle has left: this one begins anew.
pub(super) fn begin_anew(host: &mut impl Host) {
    if host.exported(MARK) {
        host.unexport(MARK);
    }
    if host.kept().is_some() {
        host.forget();
    }
}

/// Whether an enrolment of this login was never settled, so that it must not go on.
pub(crate) fn is_unsettled(host: &impl Host) -> bool {
    host.exported(MARK)
}
