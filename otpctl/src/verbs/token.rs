//! `token`: the tokens that applications were granted for an account's codes; listed, inspected,
//! revoked. A token is never taken from an argument, where every user can read it; what a family of
//! them is called is no secret.

use otp_bus::tokens::MAX_TOKEN_BYTES;
use otp_bus::{TokenFamily, TokenInfo};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::connect::Connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::record::wall_time;
use crate::session::Session;
use crate::text;
use crate::verbs::list::aligned;

/// What `token` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    deed: Deed,
}

/// What can be done with tokens.
#[derive(Debug, clap::Subcommand)]
enum Deed {
    /// List the families of tokens of an account; root without --user: of all
    List,
    /// Tell what is known of a token, which is asked for or read from a pipe
    Inspect,
    /// Revoke a family of tokens, all of them, or one token
    ///
    /// Without a family and without --all a token is asked for, or read from a pipe.
    Revoke {
        /// The family, from `otpctl token list`
        family: Option<String>,

        /// Every family of the account
        #[arg(long, conflicts_with = "family")]
        all: bool,
    },
}

impl Options {
    /// The words that were typed.
    pub(crate) const fn word(&self) -> &'static str {
        match self.deed {
            Deed::List => "token list",
            Deed::Inspect => "token inspect",
            Deed::Revoke { .. } => "token revoke",
        }
    }

    /// Whether root need not say whose account is meant.
    pub(crate) const fn is_of_nobody(&self) -> bool {
        match &self.deed {
            Deed::List | Deed::Inspect => true,
            Deed::Revoke { family, all } => family.is_none() && !*all,
        }
    }
}

/// Families in JSON.
#[derive(Serialize)]
struct Families<'a> {
    user: Option<&'a str>,
    tokens: Vec<Family<'a>>,
}

/// One family in JSON.
#[derive(Serialize)]
struct Family<'a> {
    id: &'a str,
    user: &'a str,
    uid: u32,
    scope: &'a str,
    device: &'a str,
    made: u64,
    refreshed: u64,
    until: u64,
    open: bool,
}

/// What is known of a token, in JSON and in the terms of RFC 7662.
#[derive(Serialize)]
struct Known<'a> {
    active: bool,
    scope: Option<&'a str>,
    client_id: Option<&'a str>,
    username: Option<&'a str>,
    sub: Option<&'a str>,
    token_type: Option<&'a str>,
    exp: Option<u64>,
    iat: Option<u64>,
    kind: Option<&'a str>,
    family: Option<&'a str>,
    family_exp: Option<u64>,
}

/// What was revoked, in JSON.
#[derive(Serialize)]
struct Revoked<'a> {
    user: Option<&'a str>,
    revoked: &'a [String],
}

/// Does what was asked for.
pub(crate) fn run<C: Connect>(
    options: &Options,
    session: &mut Session<'_, '_, C>,
) -> Result<Exit, Failure> {
    match &options.deed {
        Deed::List => list(session),
        Deed::Inspect => inspect(session),
        Deed::Revoke { family: None, all: false } => revoke(session),
        Deed::Revoke { family, .. } => end(family.as_deref().unwrap_or_default(), session),
    }
}

fn list<C: Connect>(session: &mut Session<'_, '_, C>) -> Result<Exit, Failure> {
    let user = session.subject.one().map(str::to_owned);
    let name = user.clone().unwrap_or_default();
    let families = session.tokens(async |tokens| tokens.list(&name).await)?;
    let shown = families.iter().map(Family::from).collect();
    let record = Families { user: user.as_deref(), tokens: shown };
    let zone = session.host.zone.clone();
    session.answer(&record, || match (&user, families.as_slice()) {
        (Some(user), []) => format!("no application has tokens of {}", text::safe(user)),
        (None, []) => "no application has tokens".to_owned(),
        (_, families) => table(families, |seconds| wall_time(seconds, &zone)),
    })?;
    Ok(Exit::Done)
}

fn inspect<C: Connect>(session: &mut Session<'_, '_, C>) -> Result<Exit, Failure> {
    let token = typed(session)?;
    let info = session.tokens(async |tokens| tokens.inspect(&token).await)?;
    let record = Known {
        active: info.active,
        scope: info.scope.as_deref(),
        client_id: info.client_id.as_deref(),
        username: info.username.as_deref(),
        sub: info.sub.as_deref(),
        token_type: info.token_type.as_deref(),
        exp: info.exp,
        iat: info.iat,
        kind: info.kind.as_deref(),
        family: info.family.as_deref(),
        family_exp: info.family_exp,
    };
    let zone = session.host.zone.clone();
    session.answer(&record, || words(&info, |seconds| wall_time(seconds, &zone)))?;
    Ok(Exit::Done)
}

fn revoke<C: Connect>(session: &mut Session<'_, '_, C>) -> Result<Exit, Failure> {
    let token = typed(session)?;
    session.tokens(async |tokens| tokens.revoke(&token).await)?;
    session.answer(&Revoked { user: None, revoked: &[] }, || {
        "revoked: that token counts no more, if it ever did".to_owned()
    })?;
    Ok(Exit::Done)
}

fn end<C: Connect>(family: &str, session: &mut Session<'_, '_, C>) -> Result<Exit, Failure> {
    let user = session.subject.name().to_owned();
    let ended = session.tokens(async |tokens| tokens.end(&user, family).await)?;
    let count = u32::try_from(ended.len()).unwrap_or(u32::MAX);
    session.answer(&Revoked { user: Some(&user), revoked: &ended }, || match ended.as_slice() {
        [] => format!("no application has tokens of {}", text::safe(&user)),
        [one] => format!("revoked: tokens {} of {}", text::safe(one), text::safe(&user)),
        _ => format!("revoked: {count} families of tokens of {}", text::safe(&user)),
    })?;
    Ok(Exit::Done)
}

fn typed<C: Connect>(session: &mut Session<'_, '_, C>) -> Result<Zeroizing<String>, Failure> {
    let token = session.hidden("Token: ", "a token")?;
    if token.is_empty() || token.len() > MAX_TOKEN_BYTES {
        let message = format!("a token has 1 to {MAX_TOKEN_BYTES} bytes");
        return Err(Failure::usage(message, "run it again and give the token alone"));
    }
    Ok(token)
}

impl<'a> From<&'a TokenFamily> for Family<'a> {
    fn from(family: &'a TokenFamily) -> Self {
        Self {
            id: &family.id,
            user: &family.user,
            uid: family.uid,
            scope: &family.scope,
            device: &family.device,
            made: family.made,
            refreshed: family.refreshed,
            until: family.until,
            open: family.open,
        }
    }
}

/// Scopes come last: their width is not known.
fn table(families: &[TokenFamily], clock: impl Fn(u64) -> String) -> String {
    let head = ["TOKENS", "USER", "UID", "GRANTED", "UNTIL", "SCOPE"].map(str::to_owned);
    let rows = families.iter().map(|family| {
        [
            text::safe(&family.id),
            text::safe(&family.user),
            family.uid.to_string(),
            clock(family.made),
            if family.open { clock(family.until) } else { "over".to_owned() },
            text::safe(&family.scope),
        ]
    });
    let rows: Vec<[String; 6]> = std::iter::once(head).chain(rows).collect();
    aligned(&rows)
}

fn words(info: &TokenInfo, clock: impl Fn(u64) -> String) -> String {
    if !info.active {
        return "inactive: it was made up, revoked or used, or has run out".to_owned();
    }
    let word = |text: &Option<String>| text::safe(text.as_deref().unwrap_or("-"));
    format!(
        "active: {} token of {} for {:?}, until {}\n  held by uid {}, tokens {}",
        word(&info.kind),
        word(&info.username),
        word(&info.scope),
        info.exp.map_or_else(|| "-".to_owned(), clock),
        word(&info.client_id),
        word(&info.family)
    )
}
