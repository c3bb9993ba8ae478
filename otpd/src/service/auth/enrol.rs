//! Enrolling at the prompt, for hosts of uid 0. What is made here counts for nothing until the host's
//! account phase settles it, and that phase runs only where authentication as a whole has succeeded:
//! what stood before the module in the stack cannot be known here.

use data_encoding::BASE32_NOPAD;
use otp_bus::{Candidate, Demand, Error, Outcome, Proof, Reason, Settled};
use otp_core::{
    Entry, InvitationToken, Verified,
    at_prompt::Entitled,
    qr::{Quiet, Symbol},
};
use zeroize::Zeroizing;

use super::{
    super::{
        Call, Refused,
        wanted::{invalid, wrong_code},
    },
    AuthService, Believed,
    accepted::LetIn,
};
use crate::{
    audit::{AtPrompt, Event},
    caller::ROOT,
    config::Qr,
    engine::{Left, Place, Shot, Shown, Ticket},
    nss::Person,
    policy::Action,
    rules::{Enrolling, Until},
};

/// How many letters of a secret stand together.
const GROUP: usize = 4;

impl AuthService {
    /// What is demanded of somebody who has no device, where the rule says anything of them.
    pub(super) async fn enrolling(
        &self,
        call: &Call,
        believed: &Believed,
        person: &Person,
        enrolling: Enrolling,
    ) -> Result<Option<Demand>, Refused> {
        let (open, invited, Until(by)) = match enrolling {
            Enrolling::No => return Ok(None),
            // What has no host of uid 0 has no account phase that could be believed.
            Enrolling::Offered(_) | Enrolling::Required(_) if call.uid != ROOT => return Ok(None),
            Enrolling::Offered(_) if believed.declined => return Ok(None),
            Enrolling::Offered(until) => (Demand::Offer, Demand::OfferInvited, until),
            Enrolling::Required(until) => (Demand::Enroll, Demand::EnrollInvited, until),
        };
        let entitled = self.services.engine.entitled(person.clone(), by, call.before).await?;
        Ok(match (entitled, enrolling) {
            (Ok(Entitled::Open), _) => Some(open),
            (Ok(Entitled::Invited), _) => Some(invited),
            // Asked as strangers are, and refused as they are.
            (Ok(Entitled::Closed), Enrolling::Required(_)) => Some(Demand::Ask),
            (Ok(Entitled::Closed), Enrolling::Offered(_) | Enrolling::No)
            | (Ok(Entitled::Enrolled) | Err(_), _) => None,
        })
    }

    /// Makes a device, where `Begin` would say so, and shows it once.
    pub(super) async fn candidate(
        &self,
        call: &mut Call,
        believed: &Believed,
        invitation: &str,
    ) -> Result<Candidate, Refused> {
        let person = self.enroller(call, believed).await?;
        let decided = self.services.ruled(call, believed, &person).await;
        let token = match self.enrolling(call, believed, &person, decided.enrolling).await? {
            Some(Demand::Enroll | Demand::Offer) => None,
            Some(Demand::EnrollInvited | Demand::OfferInvited) => {
                Some(self.invited(call, believed, &person, invitation).await?)
            }
            Some(Demand::Ask | Demand::Unenrolled | Demand::Exempt | Demand::Remembered) | None => {
                return Err(not_now().into());
            }
        };
        let place = place(believed);
        let shown = self.services.engine.begin_enrolment(person, place, token.as_ref())?;
        self.tell(believed, AtPrompt::Begun(&decided.rule));
        Ok(self.told(&shown))
    }

    /// Looks at a code of it.
    pub(super) async fn proved(
        &self,
        call: &mut Call,
        believed: &Believed,
        (token, typed): (&str, &str),
    ) -> Result<Proof, Refused> {
        let person = self.enroller(call, believed).await?;
        let entry = match Entry::parse(typed) {
            Ok(entry) => entry,
            Err(malformed) => {
                self.services.log.log(&Event::Malformed(&believed.who, malformed));
                return Ok(refused(Reason::Malformed));
            }
        };
        // Recovery codes of what is not to count are not told.
        self.still(call, believed, (&person, token)).await?;
        let whose = (person, place(believed));
        let engine = &self.services.engine;
        match engine.prove_enrolment(whose, &ticket(token)?, entry, call.before).await? {
            Shot::Right(codes) => {
                self.tell(believed, AtPrompt::Proved);
                let codes = codes.iter().map(|code| code.reveal().to_string()).collect();
                Ok(Proof { outcome: Outcome::Accepted, reason: Reason::Matched, codes })
            }
            Shot::Wrong(left) => {
                self.tell(believed, AtPrompt::Wrong);
                Ok(refused(match left {
                    Left::Some => Reason::Wrong,
                    Left::None => Reason::Locked,
                }))
            }
            Shot::Unknown => {
                self.tell(believed, AtPrompt::Unknown);
                Err(not_now().into())
            }
        }
    }

    /// Makes it count.
    pub(super) async fn settled(
        &self,
        call: &mut Call,
        believed: &Believed,
        token: &str,
    ) -> Result<Settled, Refused> {
        let person = self.enroller(call, believed).await?;
        let (rule, Until(by)) = self.still(call, believed, (&person, token)).await?;
        let whose = (person.clone(), place(believed));
        let (engine, caller) = (&self.services.engine, (call.uid, by));
        let ticket = ticket(token)?;
        let Some(done) = engine.settle_enrolment(whose, caller, &ticket, call.before).await? else {
            self.tell(believed, AtPrompt::Unknown);
            return Err(not_now().into());
        };
        match done.into_result() {
            Ok(device) => {
                self.tell(believed, AtPrompt::Settled(&device.id));
                let by = LetIn::by(device.id.as_str(), &person, &rule);
                self.let_in(call, believed, by);
                Ok(Settled { device: device.id.to_string(), label: device.label.to_string() })
            }
            Err(refusal) => {
                self.tell(believed, AtPrompt::Unsettled(&refusal));
                Err(not_now().into())
            }
        }
    }

    /// The rule that has it enroll now, which need not be what it was at the beginning. Where there is
    /// none any more it is forgotten.
    async fn still(
        &self,
        call: &Call,
        believed: &Believed,
        (person, token): (&Person, &str),
    ) -> Result<(String, Until), Refused> {
        let decided = self.services.ruled(call, believed, person).await;
        match decided.enrolling {
            Enrolling::Offered(until) | Enrolling::Required(until) => Ok((decided.rule, until)),
            Enrolling::No => {
                self.services.engine.drop_enrolment((person, &place(believed)), &ticket(token)?);
                self.tell(believed, AtPrompt::Closed(&decided.rule));
                Err(not_now().into())
            }
        }
    }

    /// Forgets it.
    pub(super) async fn dropped(
        &self,
        call: &mut Call,
        believed: &Believed,
        token: &str,
    ) -> Result<(), Refused> {
        let person = self.enroller(call, believed).await?;
        self.services.engine.drop_enrolment((&person, &place(believed)), &ticket(token)?);
        self.tell(believed, AtPrompt::Dropped);
        Ok(())
    }

    /// The person that enrolls, if the caller may have them do so.
    async fn enroller(&self, call: &mut Call, believed: &Believed) -> Result<Person, Refused> {
        let user = &believed.who.user;
        match self.services.permitted(call, Action::EnrollAtPrompt, user).await? {
            Some(person) => Ok(person),
            None => {
                self.services.log.log(&Event::UnknownUser(&believed.who));
                Err(not_now().into())
            }
        }
    }

    /// The invitation that was typed, if it is the open one.
    async fn invited(
        &self,
        call: &Call,
        believed: &Believed,
        person: &Person,
        typed: &str,
    ) -> Result<InvitationToken, Refused> {
        let none = || invalid("that is no invitation of 24 letters and digits; type it anew");
        let Some(token) = InvitationToken::parse(typed) else {
            let malformed = otp_core::Malformed::NotDigits;
            self.services.log.log(&Event::Malformed(&believed.who, malformed));
            return Err(Error::WrongCode(none().to_string()).into());
        };
        let at = (believed.origin.clone(), place(believed));
        let engine = &self.services.engine;
        let looked = engine.shown_token(person.clone(), call.uid, &token, at, call.before).await?;
        let wrong = match looked.into_result() {
            Ok(Ok(())) => return Ok(token),
            Ok(Err(wrong)) => wrong,
            Err(refusal) => Verified::Held(refusal),
        };
        super::super::answer::Logged::of(wrong.clone()).write(&self.services.log, &believed.who);
        Err(wrong_code(wrong, &believed.who.user).into())
    }

    fn told(&self, shown: &Shown) -> Candidate {
        Candidate {
            token: BASE32_NOPAD.encode(&shown.ticket),
            secret: grouped(&shown.secret),
            qr: drawn(&shown.uri, self.services.engine.config().qr),
        }
    }

    pub(super) fn tell(&self, believed: &Believed, what: AtPrompt<'_>) {
        self.services.log.log(&Event::AtPrompt(&believed.who, what));
    }
}

fn place(believed: &Believed) -> Place {
    let (service, from) = (believed.who.service.clone(), believed.who.from.clone());
    Place { service, from, by: believed.by.clone() }
}

fn refused(reason: Reason) -> Proof {
    Proof { outcome: Outcome::Refused, reason, codes: Vec::new() }
}

/// What the module hears of all that does not count; the log tells more.
fn not_now() -> Error {
    Error::NotAllowed("no such enrolment is under way; log in again, or see the log".to_owned())
}

fn ticket(token: &str) -> Result<Ticket, Error> {
    let bytes = BASE32_NOPAD.decode(token.as_bytes()).map_err(|_| not_now())?;
    Ok(Ticket::new(Zeroizing::new(bytes)))
}

/// A secret that is too long for a code has none drawn, and is to be typed.
fn drawn(uri: &str, qr: Qr) -> String {
    let symbol = |quiet| Symbol::encode(uri, quiet);
    match qr {
        Qr::Utf8 => symbol(Quiet::Standard).map(|symbol| symbol.halves()).unwrap_or_default(),
        Qr::Ascii => symbol(Quiet::Narrow).map(|symbol| symbol.hashes()).unwrap_or_default(),
        Qr::None => String::new(),
    }
}

fn grouped(secret: &str) -> String {
    let mut text = String::with_capacity(secret.len() + secret.len() / GROUP);
    for (at, letter) in secret.chars().enumerate() {
        if at > 0 && at % GROUP == 0 {
            text.push(' ');
        }
        text.push(letter);
    }
    text
}

#[cfg(test)]
mod tests;
