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
use crate::{audit::Event, nss::Person, policy::Action};

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
        if !known {
            return Ok(ask("default".to_owned()));
        }
        let free = standing.as_ref().is_ok_and(|overview| !overview.demands_code);
        // Whose account it is counts here too: there is none where it is not the user's.
        let exempt = standing.ok().and_then(|overview| overview.exempt);
        let log = &self.services.log;
        // What denies is not overridden.
        let asks = matches!(ruling, Ruling::Code(_) | Ruling::Enrolled(_) | Ruling::Default);
        if let Some(given) = exempt.filter(|_| asks) {
            log.log(&Event::ExemptFor(&believed.who, &given));
            return Ok(challenge(Demand::Exempt, EXEMPTION.to_owned()));
        }
        if let Some(demand) = self.enrolling(call, believed, &person, (enrolling, &rule)).await? {
            return Ok(challenge(demand, rule));
        }
        match ruling {
            Ruling::Nothing => {
                log.log(&Event::Exempt(&believed.who, &rule));
                Ok(challenge(Demand::Exempt, rule))
            }
            Ruling::Enrolled(_) if free => {
                log.log(&Event::Exempt(&believed.who, &rule));
                Ok(challenge(Demand::Exempt, rule))
            }
            Ruling::Default if free && believed.nullok => {
                log.log(&Event::PassedUnenrolled(&believed.who));
                Ok(challenge(Demand::Unenrolled, rule))
            }
            // Which rule denies is nothing for who is denied by it.
            Ruling::Denied(_) => Ok(ask("default".to_owned())),
            Ruling::Code(_) | Ruling::Enrolled(_) | Ruling::Default => Ok(ask(rule)),
        }
    }
}

/// Somebody of whom nothing is known, under the name that was given; none where nobody can be called
/// so, which everybody knows.
fn stranger(user: &str) -> Option<Person> {
    UserName::parse(user).ok().map(|name| Person { name, uid: Uid(u32::MAX) })
}
