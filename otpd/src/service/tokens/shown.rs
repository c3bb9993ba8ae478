//! Tokens as they are told: in the terms of RFC 7662 to applications, as families to people.

use otp_bus::{IssuedTokens, TokenFamily, TokenInfo};
use otp_core::{Family, TokenKind, UnixTime, UserName};

use super::word;
use crate::engine::{Inspected, Issued};

/// New tokens, once.
pub(super) fn issued(issued: &Issued) -> IssuedTokens {
    let details = info(&issued.user, &issued.family, TokenKind::Access);
    let (access, refresh) = (issued.texts.access.to_string(), issued.texts.refresh.to_string());
    IssuedTokens { access, refresh, details }
}

/// A token that counts.
pub(super) fn token(token: &Inspected) -> TokenInfo {
    info(&token.user, &token.family, token.kind)
}

fn info(user: &UserName, family: &Family, kind: TokenKind) -> TokenInfo {
    let token_type = match kind {
        TokenKind::Access => Some("Bearer".to_owned()),
        TokenKind::Refresh => None,
    };
    TokenInfo {
        active: true,
        scope: Some(family.scope.to_string()),
        client_id: Some(family.holder.to_string()),
        username: Some(user.to_string()),
        sub: Some(user.to_string()),
        token_type,
        exp: Some(family.ends(kind).as_secs()),
        iat: Some(family.issued.as_secs()),
        kind: Some(word(kind).to_owned()),
        family: Some(family.id.to_string()),
        family_exp: Some(family.until.as_secs()),
    }
}

/// A family of an account.
pub(super) fn family(user: &UserName, family: &Family, now: UnixTime) -> TokenFamily {
    TokenFamily {
        id: family.id.to_string(),
        user: user.to_string(),
        uid: family.holder.0,
        scope: family.scope.to_string(),
        device: family.device.to_string(),
        made: family.made.as_secs(),
        refreshed: family.issued.as_secs(),
        until: family.until.as_secs(),
        open: family.is_open(now),
    }
}
