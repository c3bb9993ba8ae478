//! What crosses `org.otpd1.Tokens`: tokens for applications, in the terms of RFC 7662, and families of
//! them for people to see. Records are `a{sv}` dictionaries, so that they can grow.

use std::fmt;

use serde::{Deserialize, Serialize};
use zbus::{DeserializeDict, SerializeDict, Type};

/// The longest token, in bytes.
pub const MAX_TOKEN_BYTES: usize = 512;

/// The longest scope, in bytes.
pub const MAX_SCOPE_BYTES: usize = 1039;

/// Tokens, told once. Its fields are the method's out arguments, `ssa{sv}`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct IssuedTokens {
    /// Shows for a few minutes who somebody is. Secret.
    pub access: String,
    /// Gets the next two tokens, once. Secret.
    pub refresh: String,
    /// What is known of the access token.
    pub details: TokenInfo,
}

impl fmt::Debug for IssuedTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuedTokens").field("details", &self.details).finish_non_exhaustive()
    }
}

/// What is known of a token, in the terms of RFC 7662 section 2.2. Of one that does not count, or is
/// another's, nothing but that it does not.
#[derive(Clone, Debug, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "a{sv}", rename_all = "snake_case")]
pub struct TokenInfo {
    /// Whether it counts.
    pub active: bool,
    /// What for: words with a space between them.
    pub scope: Option<String>,
    /// The uid of the application that it was made for.
    pub client_id: Option<String>,
    /// The account's name.
    pub username: Option<String>,
    /// The same; no other account has it at the same time.
    pub sub: Option<String>,
    /// `Bearer` of an access token; absent of a refresh token.
    pub token_type: Option<String>,
    /// From when on it does not count, in seconds since 1970 UTC.
    pub exp: Option<u64>,
    /// When it was made, in seconds since 1970 UTC.
    pub iat: Option<u64>,
    /// `access` or `refresh`.
    pub kind: Option<String>,
    /// What the family is called, as in [`TokenFamily`].
    pub family: Option<String>,
    /// From when on the family is over, in seconds since 1970 UTC.
    pub family_exp: Option<u64>,
}

/// A family: all tokens that came of one code.
#[derive(Clone, Debug, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "a{sv}", rename_all = "kebab-case")]
pub struct TokenFamily {
    /// What it is called. No secret.
    pub id: String,
    /// The account's name.
    pub user: String,
    /// The uid of the application that holds it.
    pub uid: u32,
    /// What for.
    pub scope: String,
    /// The device whose code it was granted for.
    pub device: String,
    /// When that was, in seconds since 1970 UTC.
    pub made: u64,
    /// When its newest tokens were made.
    pub refreshed: u64,
    /// From when on it is over.
    pub until: u64,
    /// Whether it is not over.
    pub open: bool,
}
