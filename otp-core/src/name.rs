//! Names of accounts. It refuses what would be ambiguous in a log, a table or an application's
//! name space, and leaves to NSS what a name means.

use std::fmt;

/// A numeric user id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uid(pub u32);

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A user's name: 1 to 256 bytes of UTF-8 without control characters, `/` and `:`. Digits are a
/// name, and so is `DOMAIN\user` or `host$`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserName(String);

/// Why a text is no user name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing was given.
    #[error("user name is empty; name a user")]
    Empty,
    /// More than [`UserName::MAX_BYTES`] bytes.
    #[error("user name is longer than 256 bytes; check what was given")]
    TooLong,
    /// A control character, `/` or `:`.
    #[error(
        "user name holds a control character, '/' or ':', which no account has; check what was given"
    )]
    Forbidden,
}

impl UserName {
    /// The longest name in bytes.
    pub const MAX_BYTES: usize = 256;

    /// Takes a name as PAM or a person gave it.
    ///
    /// # Errors
    /// When the text is no name that an account can have.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        if text.len() > Self::MAX_BYTES {
            return Err(NameError::TooLong);
        }
        if text.chars().any(|c| c.is_control() || c == '/' || c == ':') {
            return Err(NameError::Forbidden);
        }
        Ok(Self(text.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_directories_hold() {
        for name in
            ["alice", "1000", "DOM\\user", "a@b.example", "host$", "Zoë Q", &"x".repeat(256)]
        {
            assert_eq!(UserName::parse(name).map(|n| n.0), Ok(name.to_owned()));
        }
    }

    #[test]
    fn refuses_what_would_deceive() {
        assert_eq!(UserName::parse(""), Err(NameError::Empty));
        assert_eq!(UserName::parse(&"x".repeat(257)), Err(NameError::TooLong));
        for name in ["a/b", "a:b", "a\0b", "a\nb", "\u{7f}", "a\u{85}b"] {
            assert_eq!(UserName::parse(name), Err(NameError::Forbidden), "{name:?}");
        }
    }
}
