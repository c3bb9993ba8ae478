//! Texts with placeholders. What is no placeholder that there is, is refused where the configuration is
//! read, so that nobody gets a mail that says `{kode}`.

use serde::Deserialize;

/// A text with placeholders, all of which are known.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Template(Vec<Piece>);

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// As it stands.
    Text(String),
    /// What the message says.
    Value(Value),
}

/// What a template can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// `{code}`.
    Code,
    /// `{user}`.
    User,
    /// `{issuer}`.
    Issuer,
    /// `{purpose}`: `login`, `confirm` or `sign-up`.
    Purpose,
    /// `{minutes}`: for how long the code counts.
    Minutes,
}

impl Template {
    /// Its pieces in their order.
    pub fn pieces(&self) -> &[Piece] {
        &self.0
    }

    pub(super) fn holds_line_breaks(&self) -> bool {
        self.0.iter().any(|piece| match piece {
            Piece::Text(text) => text.chars().any(char::is_control),
            Piece::Value(_) => false,
        })
    }
}

impl std::str::FromStr for Template {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            pieces.extend((!before.is_empty()).then(|| Piece::Text(before.to_owned())));
            if let Some(more) = after.strip_prefix('{') {
                pieces.push(Piece::Text("{".to_owned()));
                rest = more;
                continue;
            }
            let unknown = || {
                "there are {code}, {user}, {issuer}, {purpose} and {minutes}; {{ is a brace"
                    .to_owned()
            };
            let (name, more) = after.split_once('}').ok_or_else(unknown)?;
            pieces.push(Piece::Value(Value::named(name).ok_or_else(unknown)?));
            rest = more;
        }
        pieces.extend((!rest.is_empty()).then(|| Piece::Text(rest.to_owned())));
        Ok(Self(pieces))
    }
}

impl TryFrom<String> for Template {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl Value {
    fn named(name: &str) -> Option<Self> {
        match name {
            "code" => Some(Self::Code),
            "user" => Some(Self::User),
            "issuer" => Some(Self::Issuer),
            "purpose" => Some(Self::Purpose),
            "minutes" => Some(Self::Minutes),
            _ => None,
        }
    }
}
