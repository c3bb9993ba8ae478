//! `org.otpd1.Tokens`: for applications that exchange somebody's code for tokens, where the
//! configuration names their uid. Whoever is refused is refused alike: a stranger, a wrong code and a
//! locked account give one error at the same moments, and count alike for the caller.

mod exchange;
mod shown;

use otp_bus::{
    Error, IssuedTokens, TokenFamily, TokenInfo,
    names::MAX_CODE_BYTES,
    tokens::{MAX_SCOPE_BYTES, MAX_TOKEN_BYTES},
};
use otp_core::{FamilyId, Refusal, Scope, TokenKind, UserName};
use zbus::{Connection, interface, message::Header};
use zeroize::Zeroizing;

use super::{
    Call, Refused, Services, answer,
    auth::{REFUSALS, until_next},
    wanted::invalid,
};
use crate::{
    audit::{Event, Severity},
    caller::{ROOT, Way},
    config::Application,
    engine::Whom,
    policy::Action,
};

/// How many families are listed at once.
const LISTED: u32 = 1000;

/// The object, on one way in.
pub(super) struct TokensService {
    services: Services,
    way: Way,
}

#[interface(name = "org.otpd1.Tokens")]
impl TokensService {
    /// Exchanges a code of somebody, which is thereby spent, for tokens.
    #[zbus(out_args("access", "refresh", "details"))]
    async fn grant(
        &self,
        user: &str,
        code: String,
        scope: &str,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(String, String, TokenInfo), Error> {
        let code = Zeroizing::new(code);
        let (call, application) = self.application(connection, &header).await?;
        super::check_user(user)?;
        bounded(&code, MAX_CODE_BYTES, "code")?;
        let scope = wanted_scope(&application, scope)?;
        let issued = self.exchange(&call, &application, (user, &code), scope).await;
        if issued.is_err() {
            until_next(&call, REFUSALS).await;
        }
        issued.map(|IssuedTokens { access, refresh, details }| (access, refresh, details))
    }

    /// Tells what is known of a token of the caller's.
    async fn inspect(
        &self,
        token: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<TokenInfo, Error> {
        let token = Zeroizing::new(token);
        let call = self.services.enter(self.way, connection, &header).await?;
        let holder = self.holder(&call)?;
        bounded(&token, MAX_TOKEN_BYTES, "token")?;
        let found = self.services.engine.inspect(&token, holder, call.before).await;
        let found = found.map_err(|error| self.unavailable("a token", error.into()))?;
        Ok(found.map(|token| shown::token(&token)).unwrap_or_default())
    }

    /// Gives the next two tokens for a refresh token.
    #[zbus(out_args("access", "refresh", "details"))]
    async fn refresh(
        &self,
        token: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(String, String, TokenInfo), Error> {
        let token = Zeroizing::new(token);
        let (call, application) = self.application(connection, &header).await?;
        bounded(&token, MAX_TOKEN_BYTES, "token")?;
        let issued = self.renew(&call, &application, &token).await?;
        let IssuedTokens { access, refresh, details } = issued;
        Ok((access, refresh, details))
    }

    /// Revokes an access token, or a refresh token with its family. An unknown one is no error.
    async fn revoke(
        &self,
        token: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        let token = Zeroizing::new(token);
        let call = self.services.enter(self.way, connection, &header).await?;
        let holder = self.holder(&call)?;
        bounded(&token, MAX_TOKEN_BYTES, "token")?;
        let revoked = self.services.engine.revoke(&token, (holder, call.uid), call.before).await;
        let revoked = revoked.map_err(|error| self.unavailable("a token", error.into()))?;
        if let Some((user, family)) = revoked {
            self.managed(&call, &format!("revoked tokens {family}"), &user);
        }
        Ok(())
    }

    /// Lists the families of an account; an empty name: of all accounts, at most 1000.
    async fn list(
        &self,
        user: &str,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Vec<TokenFamily>, Error> {
        let mut call = self.services.enter(self.way, connection, &header).await?;
        if user.is_empty() {
            self.services.administrator(&mut call, Action::Tokens).await?;
            let all = self.services.engine.tokens_of_all(LISTED, call.before).await;
            let (now, all) = all.map_err(|error| self.unavailable("all tokens", error.into()))?;
            return Ok(all.iter().map(|(name, it)| shown::family(name, it, now)).collect());
        }
        let (whom, name) = self.account(&mut call, user).await?;
        let listed = self.services.engine.tokens(whom, call.before).await;
        let listed = listed.map_err(|error| self.unavailable(user, error.into()))?;
        let (now, families) = listed.map_err(|refusal| answer::error(refusal, user))?;
        Ok(families.iter().map(|it| shown::family(&name, it, now)).collect())
    }

    /// Ends a family of an account, or all of them where none is named; those that were open.
    async fn end(
        &self,
        user: &str,
        family: &str,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Vec<String>, Error> {
        let mut call = self.services.enter(self.way, connection, &header).await?;
        let (whom, name) = self.account(&mut call, user).await?;
        let which = match family {
            "" => None,
            id => Some(FamilyId::parse(id).ok_or_else(|| {
                invalid("family is 16 hexadecimal digits; otpctl token list shows which there are")
            })?),
        };
        let ended = self.services.engine.end_tokens(whom, which, call.uid, call.before).await;
        let ended = ended.map_err(|error| self.unavailable(user, error.into()))?;
        let ended = match ended {
            // Everywhere logged out already.
            Err(Refusal::UnknownToken) if which.is_none() => Vec::new(),
            other => other.map_err(|refusal| answer::error(refusal, user))?,
        };
        for family in &ended {
            self.managed(&call, &format!("revoked tokens {family}"), &name);
        }
        Ok(ended.iter().map(ToString::to_string).collect())
    }
}

impl TokensService {
    /// The object for one way in.
    pub(super) fn new(services: Services, way: Way) -> Self {
        Self { services, way }
    }

    /// A call of an application that the configuration names.
    async fn application(
        &self,
        connection: &Connection,
        header: &Header<'_>,
    ) -> Result<(Call, Application), Error> {
        let call = self.services.enter(self.way, connection, header).await?;
        let application = self.services.listed(&call, Action::Grant)?;
        Ok((call, application))
    }

    /// Whose tokens a caller sees and revokes: an application its own, root everybody's.
    fn holder(&self, call: &Call) -> Result<Option<otp_core::Uid>, Error> {
        if call.uid == ROOT {
            return Ok(None);
        }
        self.services.listed(call, Action::Grant).map(|application| Some(application.uid))
    }

    /// Whose account a call is about, if the caller may see and end its tokens.
    async fn account(&self, call: &mut Call, user: &str) -> Result<(Whom, UserName), Error> {
        super::check_user(user)?;
        if let Ok(name) = UserName::stored(user)
            && name.application().is_some()
        {
            self.services.administrator_of(call, Action::Tokens, user).await?;
            return Ok((Whom::Application(name.clone()), name));
        }
        let person = self.services.permitted(call, Action::Tokens, user).await;
        let person = person.map_err(|refused| self.unavailable(user, refused))?;
        let person = person.ok_or_else(|| answer::unknown_user(user))?;
        let name = person.name.clone();
        Ok((Whom::Person(person), name))
    }

    fn unavailable(&self, about: &str, refused: Refused) -> Error {
        match refused {
            Refused::Error(error) => error,
            Refused::Unavailable(reason) => {
                let about = crate::audit::Escaped(about);
                let text = format!("a call about tokens for {about} failed: {reason}");
                self.services.log.log(&Event::Daemon(Severity::Error, &text));
                Error::Unavailable(reason.to_string())
            }
        }
    }

    fn managed(&self, call: &Call, deed: &str, user: &UserName) {
        self.services.log.log(&Event::Managed { uid: call.uid, deed, user: user.as_str() });
    }
}

/// The scope that is asked for; all that there is where none is.
fn wanted_scope(application: &Application, scope: &str) -> Result<Scope, Error> {
    bounded(scope, MAX_SCOPE_BYTES, "scope")?;
    let none = || {
        let uid = application.uid;
        Error::NotAllowed(format!("uid {uid} has no scopes; an administrator lists them"))
    };
    let may = application.scope.as_ref().ok_or_else(none)?;
    if scope.is_empty() {
        return Ok(may.clone());
    }
    let scope = Scope::parse(scope).map_err(invalid)?;
    if scope.is_within(may) {
        return Ok(scope);
    }
    let uid = application.uid;
    Err(Error::NotAllowed(format!("uid {uid} may ask for \"{may}\" alone; ask for less")))
}

pub(super) fn bounded(text: &str, most: usize, what: &str) -> Result<(), Error> {
    let fits = text.len() <= most;
    fits.then_some(()).ok_or_else(|| invalid(format!("{what} is longer than {most} bytes")))
}

/// As the bus tells which of the two a token is.
const fn word(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::Access => "access",
        TokenKind::Refresh => "refresh",
    }
}

#[cfg(test)]
mod tests;
