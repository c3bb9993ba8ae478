//! What a login must do, before anything was typed. What denies is not told yet: strangers are asked
//! alike.

use otp_bus::{Challenge, Demand};
use otp_core::{Uid, UserName};

use super::{
    super::{
        Call, Refused,
        ruling::{Decided, Ruling},
    },
    AuthService, Believed,
    accepted::LetIn,
};
use crate::{
    audit::{AtPrompt, Event},
    nss::Person,
    policy::Action,
};

/// What stands in a rule's place where an exemption lets somebody pass.
pub(crate) const EXEMPTION: &str = "exemption";

impl AuthService {
    /// What a login must do.
    pub(super) async fn demand(
        &self,
        call: &mut Call,
        believed: &Believed,
    ) -> Result<Challenge, Refused> {
        self.begun(call);
        let user = &believed.who.user;
        let person = self.services.permitted(call, Action::Begin, user).await?;
        let terms = self.services.engine.config().terms;
        let challenge = |demand, rule| Challenge { demand, rule, terms };
        let ask = |rule| challenge(Demand::Ask, rule);
        // Strangers take the same way, to nothing: what it takes must not tell who is none.
        let known = person.is_some();
        let Some(person) = person.or_else(|| stranger(user)) else {
            return Ok(ask("default".to_owned()));
        };
        let decided = self.services.ruled(call, believed, &person).await;
        let recalled = self.recalled(call, believed, &person, &decided).await?;
        if let Some(login) = recalled.filter(|_| known) {
            self.let_in(call, believed, LetIn::again(&login, &person));
            return Ok(challenge(Demand::Remembered, login.rule));
        }
        let Decided { ruling, rule, enrolling, .. } = decided;
        let standing = self.services.engine.look(person.clone(), call.before).await?;
        let enrolling = self.enrolling(call, believed, &person, enrolling).await?;
        if !known {
            return Ok(ask("default".to_owned()));
        }
        let free = match &standing {
            Ok(overview) if !overview.demands_code => Free::Yes,
            Ok(_) | Err(_) => Free::No,
        };
        // Whose account it is counts here too: there is none where it is not the user's.
        let exempt = standing.ok().and_then(|overview| overview.exempt);
        let log = &self.services.log;
        // What denies is not overridden.
        let asks = matches!(ruling, Ruling::Code(_) | Ruling::Enrolled(_) | Ruling::Default);
        if let Some(given) = exempt.filter(|_| asks) {
            log.log(&Event::ExemptFor(&believed.who, &given));
            return Ok(challenge(Demand::Exempt, EXEMPTION.to_owned()));
        }
        if let Some(demand) = enrolling {
            if demand == Demand::Ask {
                self.tell(believed, AtPrompt::Closed(&rule));
            }
            return Ok(challenge(demand, rule));
        }
        let (demand, rule) = self.by_ruling(believed, (ruling, rule), free);
        Ok(challenge(demand, rule))
    }

    /// What a ruling comes to where nothing else decides.
    fn by_ruling(
        &self,
        believed: &Believed,
        (ruling, rule): (Ruling, String),
        standing: Free,
    ) -> (Demand, String) {
        let log = &self.services.log;
        match (ruling, standing) {
            (Ruling::Nothing, _) | (Ruling::Enrolled(_), Free::Yes) => {
                log.log(&Event::Exempt(&believed.who, &rule));
                (Demand::Exempt, rule)
            }
            (Ruling::Default, Free::Yes) if believed.nullok => {
                log.log(&Event::PassedUnenrolled(&believed.who));
                (Demand::Unenrolled, rule)
            }
            // Which rule denies is nothing for who is denied by it.
            (Ruling::Denied(_), _) => (Demand::Ask, "default".to_owned()),
            (Ruling::Code(_) | Ruling::Enrolled(_) | Ruling::Default, _) => (Demand::Ask, rule),
        }
    }
}

/// Whether an account demands no code by itself.
#[derive(Clone, Copy)]
enum Free {
    Yes,
    No,
}

/// Somebody of whom nothing is known, under the name that was given; none where nobody can be called
/// so, which everybody knows.
fn stranger(user: &str) -> Option<Person> {
    UserName::parse(user).ok().map(|name| Person { name, uid: Uid(u32::MAX) })
}
