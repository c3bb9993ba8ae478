//! The texts in which people have secrets, and which one a text is. Nothing is guessed: a prefix
//! says the form, and a text without one is base32 or refused. One that could be hexadecimal or
//! base64 as well is refused too, and told which prefix to write: a secret read in the wrong form
//! makes codes that are never right.
//!
//! | text | read as |
//! |---|---|
//! | `otpauth://…` | the URI of a whole device, see [`Otpauth`] |
//! | `base32:…`, or no prefix | base32: blanks, hyphens and case do not count, nor does padding at the end; 0 and 8 are read as O and B, with a warning; 1 could be I or L and is refused |
//! | `hex:…` | hexadecimal: blanks, hyphens and case do not count |
//! | `base64:…` | base64, standard or URL-safe but not both; blanks do not count, nor does padding |

use std::fmt;

use data_encoding::{
    BASE32_NOPAD, BASE64_NOPAD, BASE64URL_NOPAD, DecodeError, DecodeKind, Encoding,
    HEXLOWER_PERMISSIVE,
};
use zeroize::Zeroizing;

use super::{Secret, SecretError, decode};
use crate::{Otpauth, UriError, Warning};

/// What a text holds.
pub enum SecretText {
    /// A secret alone, and what is odd about it.
    Plain(Secret, Vec<Warning>),
    /// A whole device.
    Uri(Otpauth),
}

/// A form that a secret's text can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretForm {
    /// RFC 4648 section 6.
    Base32,
    /// RFC 4648 section 8.
    Hex,
    /// RFC 4648 sections 4 and 5.
    Base64,
}

/// Why a text is no secret. None repeats any of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretTextError {
    /// Nothing, or only blanks.
    #[error("no secret was given; type it, or pipe it in")]
    Empty,
    /// Something before a colon that names no form.
    #[error(
        "secret has a prefix that is not known; write base32:, hex: or base64: before it, or give \
         a whole otpauth:// URI"
    )]
    UnknownPrefix,
    /// Hexadecimal digits alone, which base32 could consist of too.
    #[error(
        "secret looks like hexadecimal; write hex: before it, or base32: if that is what it is"
    )]
    LooksHex,
    /// Both cases, or one of `+/_`, and nothing that base64 does not have.
    #[error("secret looks like base64; write base64: before it, or base32: if that is what it is")]
    LooksBase64,
    /// A 1 in base32, which could be an I or an L.
    #[error("character {0} of the secret is a 1, which base32 does not have; is it I or L?")]
    One(usize),
    /// A character that the form does not have, and its place, from 1.
    #[error(
        "secret is not {0}: character {1} does not belong there (blanks not counted); correct it"
    )]
    Symbol(SecretForm, usize),
    /// A character is missing, or one too many.
    #[error("secret is not {0}: characters are missing, or too many; compare it with its source")]
    Cut(SecretForm),
    /// Too few or too many bytes.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// An otpauth URI that cannot be read.
    #[error(transparent)]
    Uri(#[from] UriError),
}

impl SecretText {
    /// Reads a text, by the table above.
    ///
    /// # Errors
    /// When it is none of these, or could be another one, or holds no secret of 10 to 128 bytes.
    pub fn read(text: &str) -> Result<Self, SecretTextError> {
        let text = text.trim();
        let Some((prefix, rest)) = text.split_once(':') else {
            unambiguous(text)?;
            return base32(text);
        };
        let is = |form: &str| prefix.trim_end().eq_ignore_ascii_case(form);
        if is("base32") {
            base32(rest)
        } else if is("hex") {
            hex(rest)
        } else if is("base64") {
            base64(rest)
        } else if is("otpauth") || is("otpauth-migration") {
            Ok(Self::Uri(Otpauth::parse(text)?))
        } else {
            Err(SecretTextError::UnknownPrefix)
        }
    }
}

/// Refuses what could be in another form than base32.
fn unambiguous(text: &str) -> Result<(), SecretTextError> {
    let symbols = || text.chars().filter(|c| !c.is_whitespace());
    let bare = || symbols().filter(|c| *c != '-');
    if bare().all(|c| c.is_ascii_hexdigit()) && bare().count() >= 2 * Secret::MIN_BYTES {
        return Err(SecretTextError::LooksHex);
    }
    let both =
        symbols().any(|c| c.is_ascii_uppercase()) && symbols().any(|c| c.is_ascii_lowercase());
    let base64 = symbols().all(|c| c.is_ascii_alphanumeric() || "+/-_=".contains(c));
    if base64 && (both || symbols().any(|c| "+/_".contains(c))) {
        return Err(SecretTextError::LooksBase64);
    }
    Ok(())
}

fn base32(text: &str) -> Result<SecretText, SecretTextError> {
    let mut corrected = 0;
    let symbol = |c: char| match c.to_ascii_uppercase() {
        '0' => {
            corrected += 1;
            'O'
        }
        '8' => {
            corrected += 1;
            'B'
        }
        other => other,
    };
    let plain = kept(text, |c| !c.is_whitespace() && c != '-', symbol);
    let plain = plain.trim_end_matches('=');
    let broken = |error: DecodeError| match plain.as_bytes().get(error.position) {
        Some(b'1') if error.kind == DecodeKind::Symbol => SecretTextError::One(error.position + 1),
        _ => refused(SecretForm::Base32, error),
    };
    let secret = secret(&BASE32_NOPAD, plain, broken)?;
    let corrected = (corrected > 0).then_some(Warning::Corrected(corrected));
    Ok(plainly(secret, corrected))
}

fn hex(text: &str) -> Result<SecretText, SecretTextError> {
    let plain = kept(text, |c| !c.is_whitespace() && c != '-', |c| c);
    let broken = |error| refused(SecretForm::Hex, error);
    Ok(plainly(secret(&HEXLOWER_PERMISSIVE, &plain, broken)?, None))
}

fn base64(text: &str) -> Result<SecretText, SecretTextError> {
    let plain = kept(text, |c| !c.is_whitespace(), |c| c);
    let plain = plain.trim_end_matches('=');
    let encoding = if plain.contains(['-', '_']) { BASE64URL_NOPAD } else { BASE64_NOPAD };
    let broken = |error| refused(SecretForm::Base64, error);
    Ok(plainly(secret(&encoding, plain, broken)?, None))
}

fn plainly(secret: Secret, corrected: Option<Warning>) -> SecretText {
    let short = Warning::of_secret(&secret);
    SecretText::Plain(secret, corrected.into_iter().chain(short).collect())
}

/// The characters that count. Never longer than the text, so that it never moves while it grows and
/// leaves copies behind.
fn kept(
    text: &str,
    counts: impl Fn(char) -> bool,
    symbol: impl FnMut(char) -> char,
) -> Zeroizing<String> {
    let mut plain = Zeroizing::new(String::with_capacity(text.len()));
    plain.extend(text.chars().filter(|c| counts(*c)).map(symbol));
    plain
}

fn secret(
    encoding: &Encoding,
    plain: &str,
    broken: impl FnOnce(DecodeError) -> SecretTextError,
) -> Result<Secret, SecretTextError> {
    if plain.is_empty() {
        return Err(SecretTextError::Empty);
    }
    let mut bytes = decode(encoding, plain).map_err(broken)?;
    Ok(Secret::from_bytes(std::mem::take(&mut *bytes))?)
}

fn refused(form: SecretForm, error: DecodeError) -> SecretTextError {
    match error.kind {
        DecodeKind::Symbol => SecretTextError::Symbol(form, error.position + 1),
        DecodeKind::Length | DecodeKind::Trailing | DecodeKind::Padding => {
            SecretTextError::Cut(form)
        }
    }
}

impl fmt::Display for SecretForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Base32 => "base32 (letters A to Z, digits 2 to 7)",
            Self::Hex => "hexadecimal",
            Self::Base64 => "base64",
        })
    }
}

#[cfg(test)]
mod tests;
