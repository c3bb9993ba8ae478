//! What a device is called: an id for programs, a label for people.

use std::fmt;

use data_encoding::HEXLOWER;

/// A persistent id such as `totp/7f3a9c01`: the kind and 32 random bits, unique in the account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceId(Box<str>);

/// A text that is no device id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a device id, which reads like totp/7f3a9c01")]
pub struct IdError;

impl DeviceId {
    /// Makes an id from random bytes.
    pub(crate) fn new(kind: &str, random: [u8; 4]) -> Self {
        Self(format!("{kind}/{}", HEXLOWER.encode(&random)).into())
    }

    /// Reads an id.
    ///
    /// # Errors
    /// When it is not a lower-case kind, a slash and eight lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let (kind, number) = text.split_once('/').ok_or(IdError)?;
        let known = !kind.is_empty() && kind.bytes().all(|b| b.is_ascii_lowercase());
        let hex = number.len() == 8 && HEXLOWER.decode(number.as_bytes()).is_ok();
        if known && hex { Ok(Self(text.into())) } else { Err(IdError) }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What people call a device: 1 to 64 bytes without control characters or `/`, so that it is never
/// mistaken for an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label(Box<str>);

/// Why a text is no label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// Nothing but white space.
    #[error("label is empty; leave it out or give it a name")]
    Empty,
    /// Over 64 bytes.
    #[error("label is longer than 64 bytes; use a shorter one")]
    TooLong,
    /// A control character or `/`.
    #[error("label holds a control character or '/'; use another")]
    Forbidden,
}

impl Label {
    /// The longest label in bytes.
    pub const MAX_BYTES: usize = 64;

    /// Takes a label, without the white space around it.
    ///
    /// # Errors
    /// When it is empty, too long or could deceive.
    pub fn parse(text: &str) -> Result<Self, LabelError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(LabelError::Empty);
        }
        if text.len() > Self::MAX_BYTES {
            return Err(LabelError::TooLong);
        }
        if text.chars().any(|c| c.is_control() || c == '/') {
            return Err(LabelError::Forbidden);
        }
        Ok(Self(text.into()))
    }

    /// The label as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids() {
        assert_eq!(DeviceId::new("totp", [0x7f, 0x3a, 0x9c, 1]).as_str(), "totp/7f3a9c01");
        assert!(DeviceId::parse("totp/7f3a9c01").is_ok());
        for text in [
            "",
            "totp",
            "/7f3a9c01",
            "totp/7f3a9c0",
            "totp/7f3a9c0g",
            "TOTP/7f3a9c01",
            "totp/7F3A9C01",
        ] {
            assert_eq!(DeviceId::parse(text), Err(IdError), "{text:?}");
        }
    }

    #[test]
    fn labels() {
        assert_eq!(Label::parse("  my phone ").map(|l| l.0), Ok("my phone".into()));
        assert_eq!(Label::parse(" "), Err(LabelError::Empty));
        assert!(Label::parse(&"x".repeat(64)).is_ok());
        assert_eq!(Label::parse(&"x".repeat(65)), Err(LabelError::TooLong));
        assert_eq!(Label::parse("totp/7f3a9c01"), Err(LabelError::Forbidden));
        assert_eq!(Label::parse("a\u{1b}[2J"), Err(LabelError::Forbidden));
    }
}
