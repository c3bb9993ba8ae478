//! Reading `otpauth://` URIs. What contradicts itself, says a thing twice or leaves out what its
//! kind needs is refused: a device that was half understood makes codes that are never right. No
//! error repeats a part of the URI that could be its secret.

mod parameters;

use zeroize::Zeroizing;

use crate::{
    AlgorithmError, Counter, DigitsError, PeriodError, Secret, SecretError, Warning,
    device::{HotpState, KindState, TotpState},
};
use parameters::Parameters;

/// A device as an `otpauth://` URI describes it.
pub struct Otpauth {
    /// What it is and where it starts.
    pub state: KindState,
    /// Its secret.
    pub secret: Secret,
    /// Whose service it is for. Chosen by whoever wrote the URI: to be shown, never believed.
    pub issuer: Option<String>,
    /// The name of the account there; the same holds.
    pub account: String,
    /// What is odd about it.
    pub warnings: Vec<Warning>,
}

/// Why a text is no URI of a device.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    /// Another scheme, or none.
    #[error("not an otpauth URI, which begins with otpauth://totp/ or otpauth://hotp/; check it")]
    NotOtpauth,
    /// What authenticators export for each other.
    #[error("otpauth-migration URIs hold several accounts; give the secret or URI of one alone")]
    Migration,
    /// Over [`Otpauth::MAX_BYTES`].
    #[error("otpauth URI is longer than 4096 bytes; check what was given")]
    TooLong,
    /// Neither `totp` nor `hotp`.
    #[error("otpauth URI is of another type than totp and hotp; only these make codes here")]
    Kind,
    /// A `#`, behind which nothing would be read.
    #[error("otpauth URI holds a #; write it as %23")]
    Fragment,
    /// A `%` without its two hexadecimal digits; where.
    #[error("{0} of the otpauth URI holds a % that escapes nothing; write it as %25")]
    Escape(&'static str),
    /// No UTF-8 once its escapes are undone; where.
    #[error("{0} of the otpauth URI is not UTF-8; make the URI anew")]
    NotText(&'static str),
    /// A control character; where.
    #[error("{0} of the otpauth URI holds a control character; make the URI anew")]
    Control(&'static str),
    /// Nothing between type and parameters.
    #[error("otpauth URI names no account; write otpauth://TYPE/NAME?...")]
    NoAccount,
    /// The label's prefix is not the parameter.
    #[error("otpauth URI names two issuers, in its label and as a parameter; make them the same")]
    TwoIssuers,
    /// A parameter without `=`; its place, from 1.
    #[error("parameter {0} of the otpauth URI has no =; write NAME=VALUE")]
    Unnamed(usize),
    /// A parameter that stands there twice; the second one's place, from 1.
    #[error("parameter {0} of the otpauth URI stands there a second time; leave one away")]
    Twice(usize),
    /// No secret.
    #[error("otpauth URI has no secret; add secret=... in base32")]
    NoSecret,
    /// A HOTP device without a counter.
    #[error("otpauth URI of type hotp has no counter; add counter=... with the next one")]
    NoCounter,
    /// A TOTP device with a counter.
    #[error("otpauth URI of type totp has a counter, which only hotp has; check its type")]
    CounterOfTotp,
    /// A HOTP device with a period.
    #[error("otpauth URI of type hotp has a period, which only totp has; check its type")]
    PeriodOfHotp,
    /// A number that is none, or too large; which.
    #[error("{0} of the otpauth URI is no number that fits; correct it")]
    Number(&'static str),
    /// A number of digits that no device has.
    #[error(transparent)]
    Digits(#[from] DigitsError),
    /// A period that no device has.
    #[error(transparent)]
    Period(#[from] PeriodError),
    /// No algorithm that devices use.
    #[error(transparent)]
    Algorithm(#[from] AlgorithmError),
    /// The secret is not base32, or too short or too long.
    #[error(transparent)]
    Secret(#[from] SecretError),
}

impl Otpauth {
    /// The longest URI that is read; what authenticators scan is far shorter.
    pub const MAX_BYTES: usize = 4096;

    /// Reads a URI. Scheme, type and names of parameters are read in any case; a `+` is a plus.
    ///
    /// # Errors
    /// When it is not understood as a whole; only parameters that are not known are passed over,
    /// with a warning.
    pub fn parse(text: &str) -> Result<Self, UriError> {
        let (kind, rest) = typed(text)?;
        let (label, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (prefix, account) = labels(label)?;
        let given = Parameters::read(query)?;
        let issuer = match (prefix, given.issuer()?) {
            (Some(prefix), Some(issuer)) if prefix != issuer => return Err(UriError::TwoIssuers),
            (prefix, issuer) => issuer.or(prefix),
        };
        let (algorithm, digits) = (given.algorithm()?, given.digits()?);
        let state = match (kind, given.period()?, given.counter()?) {
            (Type::Totp, _, Some(_)) => return Err(UriError::CounterOfTotp),
            (Type::Hotp, Some(_), _) => return Err(UriError::PeriodOfHotp),
            (Type::Hotp, None, None) => return Err(UriError::NoCounter),
            (Type::Totp, period, None) => {
                KindState::Totp(TotpState::new(algorithm, digits, period.unwrap_or_default()))
            }
            (Type::Hotp, None, Some(counter)) => {
                KindState::Hotp(HotpState::new(algorithm, digits, Counter(counter)))
            }
        };
        let secret = given.secret()?;
        let odd = [Warning::of_secret(&secret), Warning::of_digits(digits)];
        let warnings = given.unknown().chain(odd.into_iter().flatten()).collect();
        Ok(Self { state, secret, issuer, account, warnings })
    }
}

#[derive(Clone, Copy)]
enum Type {
    Totp,
    Hotp,
}

/// The type, and what stands behind it.
fn typed(text: &str) -> Result<(Type, &str), UriError> {
    if text.len() > Otpauth::MAX_BYTES {
        return Err(UriError::TooLong);
    }
    let (scheme, rest) = text.split_once("://").ok_or(UriError::NotOtpauth)?;
    if scheme.eq_ignore_ascii_case("otpauth-migration") {
        return Err(UriError::Migration);
    }
    if !scheme.eq_ignore_ascii_case("otpauth") {
        return Err(UriError::NotOtpauth);
    }
    if rest.contains('#') {
        return Err(UriError::Fragment);
    }
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (kind, rest) = rest.split_at(end);
    let rest = rest.strip_prefix('/').unwrap_or(rest);
    match kind.to_ascii_lowercase().as_str() {
        TotpState::KIND => Ok((Type::Totp, rest)),
        HotpState::KIND => Ok((Type::Hotp, rest)),
        _ => Err(UriError::Kind),
    }
}

/// The issuer before the colon, if there is one, and the account. A colon as it is goes before an
/// escaped one, which may belong to a name.
fn labels(label: &str) -> Result<(Option<String>, String), UriError> {
    let split = label
        .split_once(':')
        .or_else(|| label.split_once("%3A"))
        .or_else(|| label.split_once("%3a"));
    let (issuer, account) = split.map_or((None, label), |(issuer, name)| (Some(issuer), name));
    let issuer = issuer.map(|text| shown("issuer", text)).transpose()?;
    let account = shown("account", account)?.trim_start_matches(' ').to_owned();
    if account.is_empty() {
        return Err(UriError::NoAccount);
    }
    Ok((issuer.filter(|issuer| !issuer.is_empty()), account))
}

/// Text that is to be shown.
fn shown(part: &'static str, text: &str) -> Result<String, UriError> {
    let text = unescaped(part, text)?;
    if text.chars().any(char::is_control) {
        return Err(UriError::Control(part));
    }
    Ok(text.as_str().to_owned())
}

/// Undoes percent-encoding (RFC 3986 section 2.1). Never longer than what it was.
fn unescaped(part: &'static str, text: &str) -> Result<Zeroizing<String>, UriError> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let nibble = |byte: Option<u8>| char::from(byte?).to_digit(16);
        bytes.push(match byte {
            b'%' => match (nibble(rest.next()), nibble(rest.next())) {
                (Some(high), Some(low)) => u8::try_from(high * 16 + low).unwrap_or_default(),
                _ => return Err(UriError::Escape(part)),
            },
            plain => plain,
        });
    }
    let text = str::from_utf8(&bytes).map_err(|_| UriError::NotText(part))?;
    Ok(Zeroizing::new(text.to_owned()))
}

#[cfg(test)]
mod tests;
