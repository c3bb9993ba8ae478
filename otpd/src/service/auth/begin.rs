//! What a login must do, before anything was typed. What denies is not told yet: strangers are asked
//! alike.

use otp_bus::{Challenge, Demand};
use otp_core::{Uid, UserName, message::is_only_way};

use super::{
    super::{
        Call, Refused,
        messages::{is_sent_by_itself, kinds},
        ruling::{Decided, Ruling},
    },
    AuthService, Believed,
    accepted::LetIn,
};
use crate::{
    audit::{AtPrompt, Event},
    engine::{Overview, Standing},
    nss::Person,
    policy::Action,
    rules::Methods,
};

/// What stands in a rule's place where an exemption lets somebody pass.
pub(crate) const EXEMPTION: &str = "exemption";

/// A demand, and the name of the rule that makes it.
type Demanded = (Demand, String);

impl AuthService {
    /// What a login must do.
    pub(super) async fn demand(
        &self,
        call: &mut Call,
        believed: &Believed,
    ) -> Result<Challenge, Refused> {
        self.begun(call);
        let person = self.services.permitted(call, Action::Begin, &believed.who.user).await?;
        let terms = self.services.engine.config().terms.clone();
        let (demand, rule) = self.demanded(call, believed, person).await?;
        Ok(Challenge { demand, rule, terms })
    }

    async fn demanded(
        &self,
        call: &Call,
        believed: &Believed,
        person: Option<Person>,
    ) -> Result<Demanded, Refused> {
        // Strangers take the same way, to nothing: what it takes must not tell who is none.
        let known = person.is_some();
        let Some(person) = person.or_else(|| stranger(&believed.who.user)) else {
            return Ok(by_default());
        };
        let decided = self.services.ruled(call, believed, &person).await;
        let recalled = self.recalled(call, believed, &person, &decided).await?;
        if let Some(login) = recalled.filter(|_| known) {
            self.let_in(call, believed, LetIn::again(&login, &person));
            return Ok((Demand::Remembered, login.rule));
        }
        let Decided { ruling, rule, enrolling, .. } = decided;
        let standing = self.services.engine.look(person.clone(), call.before).await?;
        let enrolling = self.enrolling(call, believed, &person, enrolling).await?;
        if !known {
            return Ok(by_default());
        }
        if self.is_exempt(believed, &ruling, &standing) {
            return Ok((Demand::Exempt, EXEMPTION.to_owned()));
        }
        if let Some(demand) = enrolling {
            if demand == Demand::Ask {
                self.tell(believed, AtPrompt::Closed(&rule));
            }
            return Ok((demand, rule));
        }
        Ok(self.by_ruling((call, believed), (ruling, rule), (person, standing)))
    }

    /// Whether an exemption lets this login pass. What denies is not overridden; and whose account
    /// it is counts here too: there is none where it is not the user's.
    fn is_exempt(&self, believed: &Believed, ruling: &Ruling, standing: &Standing) -> bool {
        let asks = matches!(ruling, Ruling::Code(_) | Ruling::Enrolled(_) | Ruling::Default);
        let given = standing.as_ref().ok().and_then(|overview| overview.exempt.as_ref());
        if let Some(given) = given.filter(|_| asks) {
            self.services.log.log(&Event::ExemptFor(&believed.who, given));
            return true;
        }
        false
    }

    /// What a ruling comes to where nothing else decides.
    fn by_ruling(
        &self,
        (call, believed): (&Call, &Believed),
        (ruling, rule): (Ruling, String),
        (person, standing): (Person, Standing),
    ) -> Demanded {
        let free = standing.as_ref().is_ok_and(|overview| !overview.demands_code);
        let log = &self.services.log;
        let methods = match ruling {
            Ruling::Nothing => {
                log.log(&Event::Exempt(&believed.who, &rule));
                return (Demand::Exempt, rule);
            }
            Ruling::Enrolled(_) if free => {
                log.log(&Event::Exempt(&believed.who, &rule));
                return (Demand::Exempt, rule);
            }
            Ruling::Default if free && believed.nullok => {
                log.log(&Event::PassedUnenrolled(&believed.who));
                return (Demand::Unenrolled, rule);
            }
            // Which rule denies is nothing for who is denied by it.
            Ruling::Denied(_) => return by_default(),
            Ruling::Code(methods) | Ruling::Enrolled(methods) => methods,
            Ruling::Default => Methods::Any,
        };
        self.send_where_alone(call, believed, (person, standing), kinds(methods));
        (Demand::Ask, rule)
    }

    /// Whoever has nothing but an address gets a code without asking for it, once this is answered.
    fn send_where_alone(
        &self,
        call: &Call,
        believed: &Believed,
        (person, standing): (Person, Standing),
        kinds: Option<Vec<String>>,
    ) {
        let only = |overview: &Overview| is_only_way(&overview.devices, kinds.as_deref());
        if is_sent_by_itself(call.uid) && standing.as_ref().is_ok_and(only) {
            self.services.send_by_itself(believed, person, kinds);
        }
    }
}

/// A code, as strangers are asked for one.
fn by_default() -> Demanded {
    (Demand::Ask, "default".to_owned())
}

/// Somebody of whom nothing is known, under the name that was given; none where nobody can be called
/// so, which everybody knows.
fn stranger(user: &str) -> Option<Person> {
    UserName::parse(user).ok().map(|name| Person { name, uid: Uid(u32::MAX) })
}
