//! A code for tokens, and a refresh token for the next: for whom the application may ask, what the
//! administrator's rules say of them, and one answer to all who are refused.

use otp_bus::{Error, IssuedTokens};
use otp_core::{
    Entry, Origin, Refusal, Scope, UserName,
    message::{Address, AddressKind},
};

use super::{TokensService, shown};
use crate::{
    audit::{Event, Subject},
    config::{Application, People},
    engine::{Exchanged, Login, Reached, Renewed, WantedTokens, Whom},
    rules::Methods,
    service::{Call, Refused, answer, answer::Logged, auth::Believed, ruling::Ruling},
};

/// What codes are exchanged under, for rules and logs.
const SERVICE: &str = "tokens";

/// The kinds of devices whose codes are exchanged. A recovery code is for the day on which these are
/// lost, and lets nobody stay.
const KINDS: [&str; 3] = ["totp", "hotp", "message"];

impl TokensService {
    /// Exchanges a code.
    pub(super) async fn exchange(
        &self,
        call: &Call,
        application: &Application,
        (user, code): (&str, &str),
        scope: Scope,
    ) -> Result<IssuedTokens, Error> {
        let who = who(user, application);
        let entry = Entry::parse(code).map_err(|malformed| {
            self.services.log.log(&Event::Malformed(&who, malformed));
            no_code()
        })?;
        let allowed = self.allowed(call, application, user, &who).await;
        let (whom, kinds) = allowed.map_err(|refused| self.unavailable(user, refused))?;
        let wanted = WantedTokens { holder: call.uid, scope, lifetimes: application.lifetimes };
        let (service, from) = (SERVICE.to_owned(), String::new());
        let (device, kinds, origin) = (None, Some(kinds), Origin::Application);
        // No pass is exchanged for tokens.
        let (key, remember) = (None, None);
        let login = Login { entry, key, device, kinds, origin, service, from, remember };
        let known = !matches!(whom, Whom::Nobody);
        let done = self.services.engine.grant(whom, wanted, login, call.before).await;
        let done = done.map_err(|error| self.unavailable(user, error.into()))?;
        let log = &self.services.log;
        match done {
            Ok(Exchanged::Issued(issued, verified)) => {
                Logged::of(verified).write(log, &who);
                let deed =
                    format!("granted tokens {} for \"{}\"", issued.family.id, issued.family.scope);
                self.managed(call, &deed, &issued.user);
                Ok(shown::issued(&issued))
            }
            Ok(Exchanged::Wrong(verified)) => {
                Logged::of(verified).write(log, &who);
                Err(no_code())
            }
            Ok(Exchanged::Refused(refusal)) | Err(refusal) => {
                if known || refusal != Refusal::NotEnrolled {
                    log.log(&Event::Refused(&who, &refusal));
                }
                // What is the caller's own affair tells nothing of anybody else.
                let own =
                    matches!(refusal, Refusal::CallerThrottled { .. } | Refusal::TooManyTokens);
                Err(if own { answer::error(refusal, user) } else { no_code() })
            }
        }
    }

    /// Who is meant, and which kinds of devices are asked. Whom the application may not ask for, or
    /// whom a rule denies, is nobody: what follows is the same.
    async fn allowed(
        &self,
        call: &Call,
        application: &Application,
        user: &str,
        who: &Subject,
    ) -> Result<(Whom, Vec<String>), Refused> {
        let every = || KINDS.map(str::to_owned).to_vec();
        let whom = self.whom(call, application, user).await?;
        let person = match &whom {
            Whom::Person(person) => person,
            Whom::Application(_) => return Ok((whom, every())),
            Whom::Nobody => {
                self.services.log.log(&Event::UnknownUser(who));
                return Ok((whom, every()));
            }
        };
        let rules = who_for_rules(user);
        let ruled = self.services.ruled(call, &Believed::of_application(rules), person).await;
        match ruled.ruling {
            Ruling::Code(Methods::Only(kinds)) | Ruling::Enrolled(Methods::Only(kinds)) => {
                let granting = |kind: &String| KINDS.contains(&kind.as_str());
                Ok((whom, kinds.into_iter().filter(granting).collect()))
            }
            Ruling::Code(Methods::Any)
            | Ruling::Enrolled(Methods::Any)
            | Ruling::Default
            | Ruling::Nothing => Ok((whom, every())),
            Ruling::Denied(why) => {
                self.services.log.log(&Event::Denied(who, &why));
                Ok((Whom::Nobody, every()))
            }
        }
    }

    async fn whom(
        &self,
        call: &Call,
        application: &Application,
        user: &str,
    ) -> Result<Whom, Refused> {
        if let Some(address) = address(user) {
            let reached = Reached { holder: application.uid, address };
            let known = self.services.engine.account_at(&reached, call.before).await?;
            return Ok(known.map_or(Whom::Nobody, Whom::Application));
        }
        let name = UserName::stored(user).ok();
        match (name.as_ref().and_then(UserName::application), application.people) {
            (Some(uid), _) if uid == application.uid => {
                Ok(name.map_or(Whom::Nobody, Whom::Application))
            }
            (None, People::All) => {
                let person = self.services.engine.person(user, call.uid, call.before).await?;
                Ok(person.map_or(Whom::Nobody, Whom::Person))
            }
            (Some(_), _) | (None, People::Own) => Ok(Whom::Nobody),
        }
    }

    /// Gives the next two tokens for a refresh token.
    pub(super) async fn renew(
        &self,
        call: &Call,
        application: &Application,
        token: &str,
    ) -> Result<IssuedTokens, Error> {
        let engine = &self.services.engine;
        let found = engine.family_of(token, call.uid, call.before).await;
        let found = found.map_err(|error| self.unavailable("a token", error.into()))?;
        let (user, scope) = found.ok_or_else(unknown_token)?;
        // What the application may ask for no more is not renewed either.
        if !application.scope.as_ref().is_some_and(|own| scope.is_within(own)) {
            return Err(unknown_token());
        }
        let who = who(user.as_str(), application);
        // Whoever is no user any more, is called something else, or is denied by now stays out.
        let allowed = self.allowed(call, application, user.as_str(), &who).await;
        let (whom, _) = allowed.map_err(|refused| self.unavailable(user.as_str(), refused))?;
        let holder = (call.uid, application.lifetimes.access);
        let done = engine.refresh(whom, token, holder, call.before).await;
        let done = done.map_err(|error| self.unavailable(user.as_str(), error.into()))?;
        match done {
            Ok(Renewed::Issued(issued)) => {
                self.managed(call, &format!("refreshed tokens {}", issued.family.id), &user);
                Ok(shown::issued(&issued))
            }
            Ok(Renewed::Reused(user, family)) => {
                let (uid, tokens) = (call.uid, family.to_string());
                let (tokens, user) = (tokens.as_str(), user.as_str());
                self.services.log.log(&Event::Reused { uid, tokens, user });
                Err(unknown_token())
            }
            Err(_) => Err(unknown_token()),
        }
    }
}

/// The address that stands in a user's place: a telephone number with its country code, or a mailbox
/// behind `mailto:`. No user of the system has a colon, and none that is asked for here a plus first.
fn address(user: &str) -> Option<Address> {
    match user.strip_prefix("mailto:") {
        Some(mailbox) => Address::parse(AddressKind::Email, mailbox).ok(),
        None if user.starts_with('+') => Address::parse(AddressKind::Phone, user).ok(),
        None => None,
    }
}

/// Who wants in, as it is logged: by which application.
fn who(user: &str, application: &Application) -> Subject {
    let from = format!("uid:{}", application.uid);
    let shown = address(user).map(|address| address.masked());
    Subject { from, ..who_for_rules(shown.as_deref().unwrap_or(user)) }
}

fn who_for_rules(user: &str) -> Subject {
    Subject { user: user.to_owned(), service: SERVICE.to_owned(), from: String::new() }
}

/// Why no code was exchanged, whatever the reason.
fn no_code() -> Error {
    let text =
        "no tokens for that name and code: it is wrong, was used or is over; type the next one";
    Error::WrongCode(text.to_owned())
}

fn unknown_token() -> Error {
    let text = "that token does not count, or is not yours; ask for a code and grant tokens anew";
    Error::UnknownToken(text.to_owned())
}
