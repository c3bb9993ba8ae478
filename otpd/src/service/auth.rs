//! `org.otpd1.Auth`: for hosts that let somebody in. Strangers look alike: unknown, unenrolled,
//! throttled, locked and wrong are asked alike, and refused at the same moments.

use std::time::Duration;

use otp_bus::{
    Challenge, Demand, Details, Error, Hint, Login, Outcome, Reason, Terms, Verdict, names,
};
use otp_core::{Entry, Malformed, Origin, Refusal, Uid, UserName};
use zbus::{Connection, interface, message::Header};
use zeroize::Zeroizing;

use super::{
    Call, Refused, Services, answer,
    ruling::{Decided, Ruling},
};
use crate::{
    audit::{Event, Subject},
    caller::{ROOT, Way},
    clock::monotonic,
    engine,
    nss::Person,
    policy::Action,
    rules::Methods,
};

/// Refusals are answered at multiples of this from a call's arrival, so that their time does not
/// tell one from the other.
const REFUSALS: Duration = Duration::from_millis(250);

/// `Begin` is answered at multiples of this: it looks into the store for those alone whom NSS
/// knows, and the longer the more devices they have.
const BEGINNINGS: Duration = Duration::from_millis(2);

/// The object, on one way in.
pub(super) struct AuthService {
    services: Services,
    way: Way,
}

/// What is believed of a login.
pub(super) struct Believed {
    pub(super) who: Subject,
    pub(super) origin: Origin,
    pub(super) tty: String,
    nullok: bool,
}

#[interface(name = "org.otpd1.Auth")]
impl AuthService {
    /// Says what a login must do.
    #[zbus(out_args("demand", "rule", "terms"))]
    async fn begin(
        &self,
        login: Login,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(Demand, String, Terms), Error> {
        let mut call = self.services.enter(self.way, connection, &header).await?;
        let believed = self.believe(&call, login)?;
        match self.demand(&mut call, &believed).await {
            Ok(challenge) => {
                until_next(&call, BEGINNINGS).await;
                Ok(challenge.into_args())
            }
            Err(refused) => {
                let error = self.refuse(&believed.who, refused);
                until_next(&call, REFUSALS).await;
                Err(error)
            }
        }
    }

    /// Checks a code and spends it.
    #[zbus(out_args("outcome", "reason", "device", "label", "wait", "details"))]
    async fn verify(
        &self,
        login: Login,
        code: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(Outcome, Reason, String, String, u32, Details), Error> {
        let code = Zeroizing::new(code);
        let mut call = self.services.enter(self.way, connection, &header).await?;
        self.checked(&mut call, login, None, &code).await.map(Verdict::into_args)
    }

    /// Checks a code of one device alone and spends it.
    #[zbus(out_args("outcome", "reason", "device", "label", "wait", "details"))]
    async fn verify_device(
        &self,
        login: Login,
        device: String,
        code: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(Outcome, Reason, String, String, u32, Details), Error> {
        let code = Zeroizing::new(code);
        let mut call = self.services.enter(self.way, connection, &header).await?;
        let device = self.services.named(&call, &device)?;
        self.checked(&mut call, login, Some(device), &code).await.map(Verdict::into_args)
    }
}

impl AuthService {
    /// The object for one way in.
    pub(super) fn new(services: Services, way: Way) -> Self {
        Self { services, way }
    }

    fn believe(&self, call: &Call, login: Login) -> Result<Believed, Error> {
        let believed = believe(call, login);
        believed.inspect_err(|error| self.services.rejected(Some(call.uid), error))
    }

    /// What accepts is told at once; what refuses, at the next multiple of [`REFUSALS`].
    async fn checked(
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

    /// What a login must do. What denies is not told before a code was typed: strangers are asked
    /// alike.
    async fn demand(&self, call: &mut Call, believed: &Believed) -> Result<Challenge, Refused> {
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
        let Decided { ruling, rule } = self.services.ruled(call, believed, &person).await;
        let standing = self.services.engine.look(person, call.before).await?;
        if !known {
            return Ok(ask("default".to_owned()));
        }
        let free = standing.is_ok_and(|overview| !overview.demands_code);
        let log = &self.services.log;
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

    async fn decide(
        &self,
        call: &mut Call,
        believed: &Believed,
        device: Option<String>,
        typed: &str,
    ) -> Result<Verdict, Refused> {
        let who = &believed.who;
        let person = self.services.permitted(call, Action::Verify, &who.user).await?;
        match (person, Entry::parse(typed)) {
            (None, _) => {
                self.services.log.log(&Event::UnknownUser(who));
                Ok(answer::refused(Reason::UnknownUser))
            }
            (Some(_), Err(malformed)) => {
                self.services.log.log(&Event::Malformed(who, malformed));
                Ok(malformed_verdict(malformed))
            }
            (Some(person), Ok(entry)) => {
                self.attempt(call, believed, person, (entry, device)).await
            }
        }
    }

    async fn attempt(
        &self,
        call: &Call,
        believed: &Believed,
        person: Person,
        (entry, device): (Entry, Option<String>),
    ) -> Result<Verdict, Refused> {
        let Believed { who, origin, .. } = believed;
        let Decided { ruling, .. } = self.services.ruled(call, believed, &person).await;
        let methods = match ruling {
            Ruling::Code(methods) | Ruling::Enrolled(methods) => methods,
            Ruling::Default | Ruling::Nothing => Methods::Any,
            Ruling::Denied(why) => {
                self.services.log.log(&Event::Denied(who, &why));
                return Ok(answer::refused(Reason::Denied));
            }
        };
        let kinds = match methods {
            Methods::Any => None,
            Methods::Only(kinds) => Some(kinds),
        };
        let (service, from) = (who.service.clone(), who.from.clone());
        let origin = origin.clone();
        let login = engine::Login { entry, device, kinds, origin, service, from };
        let verified = self.services.engine.verify(person, call.uid, login, call.before).await?;
        let (event_log, verdict) = answer::verdict(verified);
        event_log.write(&self.services.log, who);
        Ok(verdict)
    }

    fn refuse(&self, who: &Subject, refused: Refused) -> Error {
        match refused {
            Refused::Error(error) => error,
            Refused::Unavailable(reason) => {
                let text = reason.to_string();
                self.services.log.log(&Event::Unavailable(who, &text));
                Error::Unavailable(text)
            }
        }
    }
}

/// Somebody of whom nothing is known, under the name that was given; none where nobody can be called
/// so, which everybody knows.
fn stranger(user: &str) -> Option<Person> {
    UserName::parse(user).ok().map(|name| Person { name, uid: Uid(u32::MAX) })
}

fn malformed_verdict(malformed: Malformed) -> Verdict {
    match malformed {
        Malformed::Empty | Malformed::Replaced | Malformed::NotDigits => {
            answer::refused(Reason::Malformed)
        }
    }
}

/// What a caller other than root says of a remote host or terminal is its own claim, and nobody's
/// throttle or log depends on it.
fn believe(call: &Call, login: Login) -> Result<Believed, Error> {
    let fields = [&login.service, &login.rhost, &login.ruser, &login.tty];
    if fields.iter().any(|field| field.len() > names::MAX_FIELD_BYTES) {
        let text = "a field of the login is longer than 1024 bytes; check the host program";
        return Err(Error::InvalidArgument(text.to_owned()));
    }
    let nullok = login.hints.contains(&Hint::Nullok);
    let Login { user, service, rhost, tty, .. } = login;
    if call.uid == ROOT {
        let origin = Origin::of_host(&rhost);
        let who = Subject { user, service, from: rhost };
        return Ok(Believed { who, origin, tty, nullok });
    }
    let who = Subject { user, service: "self".to_owned(), from: String::new() };
    Ok(Believed { who, origin: Origin::Own, tty: String::new(), nullok })
}

/// Waits for the next multiple of `quantum` since the call's arrival.
async fn until_next(call: &Call, quantum: Duration) {
    let spent = monotonic().saturating_duration_since(call.arrival).as_nanos();
    let quanta = u32::try_from(spent / quantum.as_nanos() + 1).unwrap_or(u32::MAX);
    tokio::time::sleep_until((call.arrival + quantum * quanta).into()).await;
}

/// The reason that a refusal is given on the bus.
pub(super) fn reason(refusal: &Refusal) -> Reason {
    match refusal {
        Refusal::Throttled { .. } => Reason::Throttled,
        Refusal::Locked { .. } => Reason::Locked,
        Refusal::Used(..) => Reason::Used,
        Refusal::UidMismatch(_) | Refusal::UidOwns(_) => Reason::UidMismatch,
        Refusal::UnknownDevice | Refusal::AmbiguousDevice(_) => Reason::UnknownDevice,
        // The others are answers to changes of devices: no device of the account decided.
        Refusal::NotEnrolled
        | Refusal::AlreadyConfirmed(_)
        | Refusal::LabelTaken(_)
        | Refusal::SecretTaken(_)
        | Refusal::WrongKind(_)
        | Refusal::WaitedTooLong(_)
        | Refusal::IdTaken
        | Refusal::TooManyDevices
        | Refusal::NothingToUnlock
        | Refusal::CodeNeeded
        | Refusal::NotInvited
        | Refusal::UnknownInvitation
        | Refusal::InvitationOver
        | Refusal::LastDevice(_)
        | Refusal::Unadopted(_) => Reason::NotEnrolled,
    }
}
