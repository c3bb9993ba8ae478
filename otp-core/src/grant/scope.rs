//! What tokens are for: OAuth's scope (RFC 6749 section 3.3), a set of words of the application's
//! own. Here it is only compared.

use std::{collections::BTreeSet, fmt};

/// One to sixteen words, in the order of their bytes, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope(BTreeSet<String>);

/// Why a text is no scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// Not a word in it.
    #[error("scope is empty; name what the tokens are for")]
    Empty,
    /// More than [`Scope::MAX_WORDS`], or a longer one than [`Scope::MAX_WORD_BYTES`].
    #[error("scope has more than 16 words, or one of more than 64 bytes; use less")]
    TooLong,
    /// A character that RFC 6749 does not let a scope have.
    #[error(
        "scope holds what is neither visible ASCII nor a space, or one of \" and \\; use others"
    )]
    Forbidden,
}

impl Scope {
    /// The most words.
    pub const MAX_WORDS: usize = 16;

    /// The longest word, in bytes.
    pub const MAX_WORD_BYTES: usize = 64;

    /// Reads words with spaces between them.
    ///
    /// # Errors
    /// When it is no scope.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        let visible = |byte| matches!(byte, b' ' | 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        if !text.bytes().all(visible) {
            return Err(ScopeError::Forbidden);
        }
        let words: BTreeSet<String> =
            text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
        let long = words.iter().any(|word| word.len() > Self::MAX_WORD_BYTES);
        match words.len() {
            0 => Err(ScopeError::Empty),
            count if count > Self::MAX_WORDS || long => Err(ScopeError::TooLong),
            _ => Ok(Self(words)),
        }
    }

    /// Whether all of it is among the other's words.
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, word) in self.0.iter().enumerate() {
            f.write_str(if place > 0 { " " } else { "" })?;
            f.write_str(word)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_a_set() {
        let scope = Scope::parse("shop  admin shop").unwrap();
        assert_eq!(scope.to_string(), "admin shop");
        assert_eq!(Scope::parse("admin shop"), Ok(scope.clone()));
        assert!(Scope::parse("shop").unwrap().is_within(&scope));
        assert!(!scope.is_within(&Scope::parse("shop").unwrap()));
    }

    #[test]
    fn bounds_are_kept() {
        let words =
            |count: usize| (0..count).map(|n| format!("w{n}")).collect::<Vec<_>>().join(" ");
        assert!(Scope::parse(&words(16)).is_ok() && Scope::parse(&"x".repeat(64)).is_ok());
        for (text, error) in [
            ("", ScopeError::Empty),
            ("   ", ScopeError::Empty),
            (words(17).as_str(), ScopeError::TooLong),
            ("x".repeat(65).as_str(), ScopeError::TooLong),
            ("a\"b", ScopeError::Forbidden),
            ("a\\b", ScopeError::Forbidden),
            ("a\nb", ScopeError::Forbidden),
            ("\u{e9}", ScopeError::Forbidden),
        ] {
            assert_eq!(Scope::parse(text), Err(error), "{text:?}");
        }
    }
}
