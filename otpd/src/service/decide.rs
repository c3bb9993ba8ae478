//! From rules, account and throttle to what `Decide` tells: what a login would have to show, and
//! why. It asks the same questions as a login does, and changes nothing.

use otp_bus::{Decision, DeviceFits, Error, Login, RuleSeen};
use otp_core::{Origin, Refusal, at_prompt::Entitled};

use super::{
    Call, Refused, Services, answer,
    auth::{Believed, EXEMPTION, foreseen},
    ruling::{Decided, Ruling, decided, known},
};
use crate::{
    engine::Foreseen,
    nss::Person,
    rules::{Enrolling, Looked, Methods, Seen},
};

/// What the rules come to, and how.
struct Traced {
    seen: Vec<RuleSeen>,
    decided: Decided,
}

impl Services {
    /// What a login would have to show.
    pub(super) async fn decision(
        &self,
        call: &Call,
        person: Person,
        login: Login,
    ) -> Result<Decision, Refused> {
        let believed = foreseen(login)?;
        let Traced { seen, decided } = self.traced(call, &believed, &person).await;
        let user = person.name.to_string();
        let enroll = self.enrolled(call, &believed, &person, decided.enrolling).await?;
        let standing = self.engine.foresee(person, believed.origin, call.before).await?;
        Ok(told(user, seen, (decided, enroll), standing))
    }

    /// What becomes of somebody who has no device.
    async fn enrolled(
        &self,
        call: &Call,
        believed: &Believed,
        person: &Person,
        enrolling: Enrolling,
    ) -> Result<Option<Enrolled>, Refused> {
        let until = match (enrolling, &believed.origin) {
            (Enrolling::No, _) | (_, Origin::Own) => return Ok(None),
            (Enrolling::Offered(until) | Enrolling::Required(until), _) => until,
        };
        let entitled = self.engine.entitled(person.clone(), until.0, call.before).await?;
        Ok(entitled.ok().and_then(|entitled| Enrolled::of(enrolling, entitled)))
    }

    async fn traced(&self, call: &Call, believed: &Believed, person: &Person) -> Traced {
        let config = self.engine.config();
        let groups = self.groups(call, &config.rules, believed, person).await;
        let login = known(believed, person, &groups);
        let seen = config.rules.trace(&login).iter().map(rule).collect();
        Traced { seen, decided: decided(&config.rules.decide(&login)) }
    }
}

/// What becomes of who has no device, as it is told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Enrolled {
    Required,
    RequiredInvited,
    Offered,
    OfferedInvited,
    Over,
}

impl Enrolled {
    /// An offer that is over is none, and whoever has a device is asked for its code.
    const fn of(enrolling: Enrolling, entitled: Entitled) -> Option<Self> {
        match (enrolling, entitled) {
            (Enrolling::No, _)
            | (_, Entitled::Enrolled)
            | (Enrolling::Offered(_), Entitled::Closed) => None,
            (Enrolling::Offered(_), Entitled::Open) => Some(Self::Offered),
            (Enrolling::Offered(_), Entitled::Invited) => Some(Self::OfferedInvited),
            (Enrolling::Required(_), Entitled::Open) => Some(Self::Required),
            (Enrolling::Required(_), Entitled::Invited) => Some(Self::RequiredInvited),
            (Enrolling::Required(_), Entitled::Closed) => Some(Self::Over),
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::RequiredInvited => "required-invited",
            Self::Offered => "offered",
            Self::OfferedInvited => "offered-invited",
            Self::Over => "over",
        }
    }
}

fn told(
    user: String,
    rules: Vec<RuleSeen>,
    (Decided { ruling, rule, remember, enrolling: _ }, enroll): (Decided, Option<Enrolled>),
    standing: Result<Foreseen, Refusal>,
) -> Decision {
    let (free, wrong) = match &standing {
        Ok(there) => (!there.overview.demands_code, None),
        Err(refusal) => (false, Some(answer::error(refusal.clone(), &user).to_string())),
    };
    let passes = matches!(ruling, Ruling::Default) && free;
    let exempt = standing.as_ref().ok().and_then(|there| there.overview.exempt.clone());
    let asks = matches!(ruling, Ruling::Code(_) | Ruling::Enrolled(_) | Ruling::Default);
    let exempt = exempt.filter(|_| asks);
    // Who is exempt is let in without a device.
    let enroll = enroll.filter(|_| exempt.is_none());
    let (demand, why, methods) = match (ruling, wrong) {
        (Ruling::Denied(why), _) => ("denied", Some(why), Methods::Any),
        (Ruling::Nothing, _) => ("nothing", None, Methods::Any),
        // Whose account it is counts wherever a code does.
        (Ruling::Code(_) | Ruling::Enrolled(_) | Ruling::Default, Some(wrong)) => {
            ("denied", Some(wrong), Methods::Any)
        }
        (Ruling::Code(_) | Ruling::Enrolled(_) | Ruling::Default, None) if exempt.is_some() => {
            ("nothing", None, Methods::Any)
        }
        (Ruling::Code(methods) | Ruling::Enrolled(methods), None)
            if matches!(enroll, Some(Enrolled::Required | Enrolled::RequiredInvited)) =>
        {
            ("enroll", None, methods)
        }
        (Ruling::Enrolled(_), None) if free && enroll != Some(Enrolled::Over) => {
            ("nothing", None, Methods::Any)
        }
        (Ruling::Code(methods) | Ruling::Enrolled(methods), None) => ("code", None, methods),
        (Ruling::Default, None) => ("code", None, Methods::Any),
    };
    let there = standing.ok();
    let kinds = match methods {
        Methods::Any => None,
        Methods::Only(kinds) => Some(kinds),
    };
    Decision {
        user,
        rules,
        rule: if exempt.is_some() { EXEMPTION.to_owned() } else { rule },
        exempt_until: exempt.as_ref().map(|given| given.until.as_secs()),
        exempt_reason: exempt.map(|given| given.reason.to_string()),
        demand: demand.to_owned(),
        why,
        enrolled: !free,
        nullok: passes,
        devices: there.as_ref().map(|there| devices(there, kinds.as_deref())).unwrap_or_default(),
        methods: kinds,
        remember: remember.map(|length| length.0),
        enroll: enroll.map(|enroll| enroll.word().to_owned()),
        lane: there.map(|there| answer::lane(&there.lane)),
    }
}

fn devices(there: &Foreseen, kinds: Option<&[String]>) -> Vec<DeviceFits> {
    let confirmed = there.overview.devices.iter().filter(|device| device.confirmed);
    let fits = confirmed.map(|device| DeviceFits {
        device: device.id.to_string(),
        label: device.label.to_string(),
        counts: kinds.is_none_or(|kinds| kinds.iter().any(|kind| kind == device.state.kind())),
    });
    fits.collect()
}

fn rule(Looked { rule, seen }: &Looked<'_>) -> RuleSeen {
    let (word, why) = match seen {
        Seen::Matches => ("matches", Vec::new()),
        Seen::Differs(keys) => ("differs", keys.iter().map(ToString::to_string).collect()),
        Seen::Undecided(why) => ("undecided", vec![(*why).to_owned()]),
        Seen::NotReached => ("not-reached", Vec::new()),
    };
    RuleSeen { rule: rule.name.clone(), seen: word.to_owned(), why }
}

/// What a login cannot be asked about.
pub(super) fn unnamed() -> Error {
    let text = "service is empty; name a PAM service, or self for the user's own programs";
    Error::InvalidArgument(text.to_owned())
}
