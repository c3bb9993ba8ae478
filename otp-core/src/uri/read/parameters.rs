//! The parameters of an `otpauth://` URI: each at most once, known ones by their bounds, unknown
//! ones noted. Values wait here as text, wiped when dropped, for one of them is the secret.

use zeroize::Zeroizing;

use super::{UriError, shown, unescaped};
use crate::{Algorithm, Digits, Period, Secret, Warning};

/// The longest name that a warning repeats. The shortest secret has 16 characters.
const MAX_NAME: usize = 15;

/// The values that were given.
#[derive(Default)]
pub(super) struct Parameters {
    secret: Value,
    issuer: Value,
    algorithm: Value,
    digits: Value,
    period: Value,
    counter: Value,
    /// Names and places of all others.
    unknown: Vec<(Zeroizing<String>, usize)>,
}

type Value = Option<Zeroizing<String>>;

impl Parameters {
    /// Reads what stands behind the question mark.
    pub(super) fn read(query: &str) -> Result<Self, UriError> {
        let mut read = Self::default();
        for (place, pair) in (1..).zip(query.split('&')) {
            if !pair.is_empty() {
                read.take(place, pair)?;
            }
        }
        Ok(read)
    }

    fn take(&mut self, place: usize, pair: &str) -> Result<(), UriError> {
        let (name, value) = pair.split_once('=').ok_or(UriError::Unnamed(place))?;
        let mut name = unescaped("a parameter", name)?;
        name.make_ascii_lowercase();
        let slot = match name.as_str() {
            "secret" => &mut self.secret,
            "issuer" => &mut self.issuer,
            "algorithm" => &mut self.algorithm,
            "digits" => &mut self.digits,
            "period" => &mut self.period,
            "counter" => &mut self.counter,
            _ if self.unknown.iter().any(|(known, _)| *known == name) => {
                return Err(UriError::Twice(place));
            }
            _ => {
                self.unknown.push((name, place));
                return Ok(());
            }
        };
        // As it stands: what it is decoded to depends on what it is.
        match slot.replace(Zeroizing::new(value.to_owned())) {
            None => Ok(()),
            Some(_) => Err(UriError::Twice(place)),
        }
    }

    pub(super) fn secret(&self) -> Result<Secret, UriError> {
        let text = self.secret.as_ref().ok_or(UriError::NoSecret)?;
        Ok(Secret::from_base32(&unescaped("secret", text)?)?)
    }

    /// None where it is empty, too.
    pub(super) fn issuer(&self) -> Result<Option<String>, UriError> {
        let issuer = self.issuer.as_ref().map(|text| shown("issuer", text)).transpose()?;
        Ok(issuer.filter(|issuer| !issuer.is_empty()))
    }

    pub(super) fn algorithm(&self) -> Result<Algorithm, UriError> {
        match &self.algorithm {
            Some(text) => Ok(unescaped("algorithm", text)?.parse()?),
            None => Ok(Algorithm::default()),
        }
    }

    pub(super) fn digits(&self) -> Result<Digits, UriError> {
        match number::<u32>("digits", &self.digits)? {
            Some(count) => Ok(Digits::try_from(count)?),
            None => Ok(Digits::default()),
        }
    }

    pub(super) fn period(&self) -> Result<Option<Period>, UriError> {
        Ok(number::<u32>("period", &self.period)?.map(Period::try_from).transpose()?)
    }

    pub(super) fn counter(&self) -> Result<Option<u64>, UriError> {
        number("counter", &self.counter)
    }

    pub(super) fn unknown(&self) -> impl Iterator<Item = Warning> {
        self.unknown.iter().map(|(name, place)| {
            let short = name.chars().count() <= MAX_NAME && !name.is_empty();
            let name = short.then(|| name.as_str().to_owned());
            Warning::UnknownParameter { name, place: *place }
        })
    }
}

/// ASCII digits alone: `parse` by itself takes a plus.
fn number<N: std::str::FromStr>(part: &'static str, value: &Value) -> Result<Option<N>, UriError> {
    let Some(text) = value else { return Ok(None) };
    let text = unescaped(part, text)?;
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = plain.then(|| text.parse().ok()).flatten();
    number.map(Some).ok_or(UriError::Number(part))
}
