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

/// What the names of applications' people begin with.
const APPLICATION: &str = "app:";

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

    /// The name under which a person of the application of this uid is kept, such as
    /// `app:33.7f3a9c01`: no user of the system is called so, as none is who has a colon.
    ///
    /// # Errors
    /// When `name` is no name.
    pub fn of_application(uid: Uid, name: &str) -> Result<Self, NameError> {
        let Self(name) = Self::parse(name)?;
        let name = format!("{APPLICATION}{uid}.{name}");
        if name.len() > Self::MAX_BYTES { Err(NameError::TooLong) } else { Ok(Self(name)) }
    }

    /// Reads a name as it is stored: a user's, or that of an application's person.
    ///
    /// # Errors
    /// When it is neither.
    pub fn stored(text: &str) -> Result<Self, NameError> {
        match text.strip_prefix(APPLICATION) {
            Some(rest) => {
                let (uid, name) = rest.split_once('.').ok_or(NameError::Forbidden)?;
                let uid = uid.parse().map_err(|_| NameError::Forbidden)?;
                let read = Self::of_application(Uid(uid), name)?;
                // One person, one name: a number can be written in several ways.
                if read.0 == text { Ok(read) } else { Err(NameError::Forbidden) }
            }
            None => Self::parse(text),
        }
    }

    /// The uid of the application whose person it is, of whom PAM and the user database know
    /// nothing; none: a user of the system.
    pub fn application(&self) -> Option<Uid> {
        let (uid, _) = self.0.strip_prefix(APPLICATION)?.split_once('.')?;
        uid.parse().ok().map(Uid)
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
    fn people_of_applications_have_names_that_no_user_has() {
        let name = UserName::of_application(Uid(33), "7f3a9c01").unwrap();
        assert_eq!((name.as_str(), name.application()), ("app:33.7f3a9c01", Some(Uid(33))));
        assert_eq!(UserName::parse("app:33.7f3a9c01"), Err(NameError::Forbidden));
        assert_eq!(UserName::stored("app:33.7f3a9c01"), Ok(name));
        assert_eq!(UserName::stored("alice"), UserName::parse("alice"));
        assert_eq!(UserName::parse("app33.7f").unwrap().application(), None);
        for name in ["app:", "app:7f", "app:33.", "app:33.a:b", "app:-1.x", "app:033.x", "app:+3.x"]
        {
            assert!(UserName::stored(name).is_err(), "{name}");
        }
        let long = "x".repeat(250);
        assert_eq!(UserName::of_application(Uid(33), &long), Err(NameError::TooLong));
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
