//! What a pass carries beside its key, each within its bounds: what it is for, why it was made, what
//! it has to do with, and data of whoever made it.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

/// What a pass is for: 1 to 64 lower-case letters, digits, `-`, `_` and `.`, beginning with a letter
/// or digit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Purpose(String);

/// A text that is no purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a purpose is 1 to 64 of a-z, 0-9, '-', '_' and '.', the first a letter or digit")]
pub struct PurposeError;

impl Purpose {
    /// The purpose that a PAM prompt takes.
    pub fn login() -> Self {
        Self("login".to_owned())
    }

    /// Takes a purpose.
    ///
    /// # Errors
    /// When the text is none.
    pub fn parse(text: &str) -> Result<Self, PurposeError> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let begins = text.bytes().next().is_some_and(plain);
        let fits = begins && text.len() <= 64;
        if fits && text.bytes().all(|b| plain(b) || matches!(b, b'-' | b'_' | b'.')) {
            Ok(Self(text.to_owned()))
        } else {
            Err(PurposeError)
        }
    }

    /// The purpose as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Purpose {
    type Error = PurposeError;

    fn try_from(text: String) -> Result<Self, PurposeError> {
        Self::parse(&text)
    }
}

impl From<Purpose> for String {
    fn from(purpose: Purpose) -> Self {
        purpose.0
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text for people, or the name of an object, that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Empty, too long, or with control characters.
    #[error("{0} must have 1 to 256 bytes without control characters")]
    Unfit(&'static str),
    /// More than a pass can have.
    #[error("{0}: a pass has at most 16")]
    TooMany(&'static str),
}

/// A text of 1 to 256 bytes without control characters.
pub(super) fn plain(what: &'static str, text: &str) -> Result<String, TextError> {
    let fits = (1..=256).contains(&text.len()) && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned()).ok_or(TextError::Unfit(what))
}

/// Why a pass was made, in words for the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Reason(String);

impl Reason {
    /// Takes a reason.
    ///
    /// # Errors
    /// When it is empty, too long or no plain text.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        plain("reason", text).map(Self)
    }

    /// The reason as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Reason {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        Self::parse(&text)
    }
}

impl From<Reason> for String {
    fn from(reason: Reason) -> Self {
        reason.0
    }
}

/// The objects that a pass has to do with, as a set: in whatever order they were named.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Related(BTreeSet<String>);

impl Related {
    /// The most that one pass has.
    const MOST: usize = 16;

    /// In the order of their bytes.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl TryFrom<Vec<String>> for Related {
    type Error = TextError;

    fn try_from(names: Vec<String>) -> Result<Self, TextError> {
        let names: Result<BTreeSet<String>, _> =
            names.iter().map(|name| plain("a related object", name)).collect();
        let names = names?;
        if names.len() > Self::MOST {
            Err(TextError::TooMany("related objects"))
        } else {
            Ok(Self(names))
        }
    }
}

impl From<Related> for Vec<String> {
    fn from(related: Related) -> Self {
        related.0.into_iter().collect()
    }
}

/// JSON of whoever made the pass, as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data(String);

/// What is no data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DataError {
    /// Over 16 KiB.
    #[error("data is longer than 16384 bytes; keep it elsewhere and its name here")]
    TooLong,
    /// No JSON, or nested too deeply.
    #[error("data is no JSON of at most 32 levels: {0}")]
    NoJson(String),
}

impl Data {
    /// The longest data in bytes.
    pub const MAX_BYTES: usize = 16 * 1024;
    /// How deeply arrays and objects may lie in each other: whoever reads it may read by recursion.
    const DEEPEST: usize = 32;

    /// Takes data.
    ///
    /// # Errors
    /// When it is too long, too deep or no JSON.
    pub fn parse(text: &str) -> Result<Self, DataError> {
        if text.len() > Self::MAX_BYTES {
            return Err(DataError::TooLong);
        }
        let value: serde_json::Value =
            serde_json::from_str(text).map_err(|error| DataError::NoJson(error.to_string()))?;
        if depth(&value) > Self::DEEPEST {
            return Err(DataError::NoJson("it is nested more deeply".to_owned()));
        }
        Ok(Self(text.to_owned()))
    }

    /// The data as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How deeply a value is nested. `serde_json` reads no more than 128 levels.
fn depth(value: &serde_json::Value) -> usize {
    use serde_json::Value;
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(items) => 1 + items.values().map(depth).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purposes_are_slugs() {
        for text in ["login", "a", "0", "reset-2.web_x", &"a".repeat(64)] {
            assert_eq!(Purpose::parse(text).unwrap().as_str(), text);
        }
        for text in ["", "Login", "-a", ".a", "a b", "a/b", "é", "a\n", &"a".repeat(65)] {
            assert_eq!(Purpose::parse(text), Err(PurposeError), "{text:?}");
        }
    }

    #[test]
    fn related_objects_are_a_set() {
        let of = |names: &[&str]| {
            Related::try_from(names.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(of(&["b", "a", "b"]).unwrap(), of(&["a", "b"]).unwrap());
        assert_ne!(of(&["a"]).unwrap(), of(&["a", "b"]).unwrap());
        assert_eq!(of(&[""]), Err(TextError::Unfit("a related object")));
        assert!(of(&["a\nb"]).is_err() && of(&[&"x".repeat(257)]).is_err());
        let many: Vec<String> = (0..17).map(|n| n.to_string()).collect();
        assert_eq!(Related::try_from(many), Err(TextError::TooMany("related objects")));
    }

    #[test]
    fn data_is_json_within_its_bounds() {
        let longest = format!("\"{}\"", "x".repeat(Data::MAX_BYTES - 2));
        for text in ["null", "{\"a\": [1, 2]}", "\"x\"", &longest, &nested(32)] {
            assert_eq!(Data::parse(text).unwrap().as_str(), text);
        }
        assert_eq!(Data::parse(&(longest + " ")), Err(DataError::TooLong));
        for text in ["", "{", "{'a': 1}", "1 2", "nul", &nested(33), &nested(200), &nested(8000)] {
            assert!(matches!(Data::parse(text), Err(DataError::NoJson(_))), "{text:.20}");
        }
    }

    fn nested(levels: usize) -> String {
        "[".repeat(levels) + &"]".repeat(levels)
    }
}
