//! Whether what was typed lets somebody in: once for the log, once for the caller, and in a time
//! that does not tell why not.

use otp_bus::{Error, Login, Outcome, Reason, Verdict};
use otp_core::{Entry, Malformed, PassKey};

use super::{
    super::{
        Call, Refused, answer,
        messages::kinds,
        ruling::{Decided, Ruling},
    },
    AuthService, Believed, REFUSALS,
    accepted::LetIn,
    until_next,
};
use crate::{
    audit::{Event, Subject},
    engine,
    nss::Person,
    policy::Action,
    rules::{Methods, PASS},
};

impl AuthService {
    /// What accepts is told at once; what refuses, at the next multiple of [`REFUSALS`].
    pub(super) async fn checked(
        &self,
        call: &mut Call,
        login: Login,
        device: Option<String>,
        typed: &str,
    ) -> Result<Verdict, Error> {
        let believed = self.believe(call, login)?;
        let verdict = match self.decide(call, &believed, device, typed).await {
            Ok(verdict) => Ok(verdict),
            Err(refused) => Err(self.refuse(&believed.who, refused)),
        };
        match &verdict {
            Ok(verdict) if verdict.reason == Reason::Matched => {}
            Ok(_) | Err(_) => until_next(call, REFUSALS).await,
        }
        verdict
    }

    async fn decide(
        &self,
        call: &mut Call,
        believed: &Believed,
        device: Option<String>,
        typed: &str,
    ) -> Result<Verdict, Refused> {
        let who = &believed.who;
        let person = self.services.permitted(call, Action::Verify, &who.user).await?;
        if let Some(word) = self.services.word(typed) {
            return self.services.on_word(call, believed, (person, device), word).await;
        }
        // What no device makes may be a key; where no pass lets in it stays what it is.
        let key = PassKey::parse(typed);
        let entry = match Entry::parse(typed) {
            Err(Malformed::NotDigits) if key.is_some() => Ok(Entry::Key),
            entry => entry,
        };
        match (person, entry) {
            (None, _) => {
                self.services.log.log(&Event::UnknownUser(who));
                Ok(answer::refused(Reason::UnknownUser))
            }
            (Some(_), Err(malformed)) => Ok(self.malformed(who, malformed)),
            (Some(person), Ok(entry)) => {
                self.attempt(call, believed, person, (entry, key, device)).await
            }
        }
    }

    async fn attempt(
        &self,
        call: &Call,
        believed: &Believed,
        person: Person,
        (entry, key, device): (Entry, Option<PassKey>, Option<String>),
    ) -> Result<Verdict, Refused> {
        let Believed { who, origin, .. } = believed;
        let decided = self.services.ruled(call, believed, &person).await;
        let remember = self.remembering(call, believed, &decided);
        let Decided { ruling, rule, .. } = decided;
        let methods = match ruling {
            Ruling::Code(methods) | Ruling::Enrolled(methods) => methods,
            Ruling::Default | Ruling::Nothing => Methods::Any,
            Ruling::Denied(why) => {
                self.services.log.log(&Event::Denied(who, &why));
                return Ok(answer::refused(Reason::Denied));
            }
        };
        let kinds = kinds(methods);
        // A device that was named is no pass.
        let passes = kinds.as_ref().is_some_and(|kinds| kinds.iter().any(|kind| kind == PASS));
        let key = key.filter(|_| passes && device.is_none());
        if matches!((&entry, &key), (Entry::Key, None)) {
            return Ok(self.malformed(who, Malformed::NotDigits));
        }
        let (service, from) = (who.service.clone(), who.from.clone());
        let origin = origin.clone();
        let login = engine::Login { entry, key, device, kinds, origin, service, from, remember };
        let whose = person.clone();
        let verified = self.services.engine.verify(person, call.uid, login, call.before).await?;
        let (event_log, verdict) = answer::verdict(verified);
        match verdict.outcome {
            Outcome::Accepted => {
                self.let_in(call, believed, LetIn::by(&verdict.device, &whose, &rule));
            }
            Outcome::Refused => {}
        }
        event_log.write(&self.services.log, who);
        Ok(verdict)
    }

    fn malformed(&self, who: &Subject, malformed: Malformed) -> Verdict {
        self.services.log.log(&Event::Malformed(who, malformed));
        malformed_verdict(malformed)
    }
}

fn malformed_verdict(malformed: Malformed) -> Verdict {
    match malformed {
        Malformed::Empty | Malformed::Replaced | Malformed::NotDigits => {
            answer::refused(Reason::Malformed)
        }
    }
}
