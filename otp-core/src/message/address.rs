//! Where messages go: a telephone number (ITU-T E.164) or a mailbox (RFC 5321 section 4.1.2). An
//! address is personal: it has no Debug that shows it, and is shown masked. What cannot be an
//! address, or could say something else to a program further on, is refused here, once.

use std::{fmt, str::FromStr};

use email_address::{EmailAddress, Options};
use zeroize::Zeroizing;

/// A checked address, wiped when dropped.
pub struct Address {
    kind: AddressKind,
    text: Zeroizing<String>,
}

/// What an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressKind {
    /// A telephone number.
    Phone,
    /// A mailbox.
    Email,
}

/// Why a text is no address. What was given is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not `+` and 7 to 15 digits.
    #[error("not a telephone number with its country code, such as +49 151 23456789")]
    Phone,
    /// Not a mailbox.
    #[error("not an e-mail address in ASCII, such as alice@example.org")]
    Email,
}

/// The longest mailbox: the longest path of RFC 5321 section 4.5.3.1.3 without its brackets.
const EMAIL_BYTES: usize = 254;

impl AddressKind {
    /// How an address of this kind begins where it is stored, as a URI's scheme.
    const fn scheme(self) -> &'static str {
        match self {
            Self::Phone => "tel:",
            Self::Email => "mailto:",
        }
    }
}

impl Address {
    /// Reads an address of this kind as people write it.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(kind: AddressKind, text: &str) -> Result<Self, AddressError> {
        let text = match kind {
            AddressKind::Phone => phone(text).ok_or(AddressError::Phone)?,
            AddressKind::Email => email(text).ok_or(AddressError::Email)?,
        };
        Ok(Self { kind, text })
    }

    /// Reads what [`store`](Self::store) wrote.
    ///
    /// # Errors
    /// When it is no address.
    pub fn load(text: &str) -> Result<Self, AddressError> {
        let phone = text.strip_prefix(AddressKind::Phone.scheme());
        let email = text.strip_prefix(AddressKind::Email.scheme());
        match (phone, email) {
            (Some(text), _) => Self::parse(AddressKind::Phone, text),
            (None, Some(text)) => Self::parse(AddressKind::Email, text),
            (None, None) => Err(AddressError::Email),
        }
    }

    /// As it is stored, and fingerprinted: `tel:+49…` or `mailto:…`. Two are the same address where
    /// these are.
    pub fn store(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{}{}", self.kind.scheme(), self.text.as_str()))
    }

    /// What it is.
    pub fn kind(&self) -> AddressKind {
        self.kind
    }

    /// The address, for whoever sends to it.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// The address, once more: it is never copied by accident.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self { kind: self.kind, text: self.text.clone() }
    }

    /// What may be shown: the last two digits, or the first letter and the domain.
    pub fn masked(&self) -> String {
        match self.kind {
            AddressKind::Phone => {
                let shown: String = self.text.chars().skip(self.text.len() - 2).collect();
                format!("•••{shown}")
            }
            AddressKind::Email => {
                let (local, domain) = self.text.rsplit_once('@').unwrap_or_default();
                let first = local.chars().next().filter(|_| local.len() > 1);
                format!("{}•••@{domain}", first.map(String::from).unwrap_or_default())
            }
        }
    }
}

/// E.164: at most 15 digits, the first of the country code not 0. What people put between them is
/// dropped.
fn phone(text: &str) -> Option<Zeroizing<String>> {
    let mut plain = Zeroizing::new(String::with_capacity(16));
    for c in text.trim().chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '/' | '(' | ')')) {
        if plain.len() > 15 {
            return None;
        }
        plain.push(c);
    }
    let digits = plain.strip_prefix('+')?;
    let fits = (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    (fits && !digits.starts_with('0')).then_some(plain)
}

/// A mailbox without display name, comment, quoted string or address literal: what these allow is
/// in nobody's address book, and much of it is read differently by different programs. The domain's
/// letters are made small, as they mean the same.
fn email(text: &str) -> Option<Zeroizing<String>> {
    let text = text.trim();
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'(' | b'<' | b'\\');
    if text.len() > EMAIL_BYTES || !text.bytes().all(plain) || text.starts_with('-') {
        return None;
    }
    let options = Options::default().without_display_text().without_domain_literal();
    EmailAddress::parse_with_options(text, options).ok()?;
    let (local, domain) = text.rsplit_once('@')?;
    Some(Zeroizing::new(format!("{local}@{}", domain.to_ascii_lowercase())))
}

impl FromStr for AddressKind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "phone" => Ok(Self::Phone),
            "email" => Ok(Self::Email),
            _ => Err("an address is of phone or email"),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({:?})", self.kind)
    }
}

#[cfg(test)]
mod tests;
