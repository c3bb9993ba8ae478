//! What callers of `org.otpd1.Manage` ask for, read into what the core takes; and how it is told
//! that the code shown with a change was wrong.

use otp_bus::{Caution, Error, NewCodes, NewDevice, names};
use otp_core::{
    Algorithm, Counter, Digits, ExemptionReason, Label, Period, Seconds, Secret, Verified, Warning,
    device::{HotpState, KindState, RECOVERY_CODES, RECOVERY_CODES_MOST, TotpState},
};

use super::answer;
use crate::{
    audit::Escaped,
    config::check_issuer,
    engine::{Elsewhere, Made, Wanted, WantedCodes},
};

/// A name of a device, if it can be one.
pub(super) fn bounded(device: &str) -> Result<&str, Error> {
    let fits = device.len() <= Label::MAX_BYTES;
    fits.then_some(device)
        .ok_or_else(|| Error::InvalidArgument("device is longer than any name of one".to_owned()))
}

/// Why a change that a code should prove was not made.
pub(super) fn wrong_code(wrong: Verified, user: &str) -> Error {
    match wrong {
        Verified::Held(refusal) => answer::error(refusal, user),
        Verified::Wrong { locked: true, .. } => Error::Locked(format!(
            "that code is wrong, and {0} is locked now; otpctl unlock -u {0}",
            Escaped(user)
        )),
        Verified::Wrong { wait, .. } if wait.0 > 0 => Error::WrongCode(format!(
            "that code is wrong; check the device's clock and try again in {} s",
            wait.0
        )),
        Verified::Wrong { .. } | Verified::Accepted { .. } | Verified::Passed(_) => {
            Error::WrongCode(
                "that code is wrong; check the device's clock and try the next one".to_owned(),
            )
        }
    }
}

/// Reads what is to be enrolled; what is left out takes its default.
pub(super) fn wanted(new: NewDevice) -> Result<Wanted, Error> {
    if new.channel.is_some() || new.address.is_some() {
        return Err(invalid("a channel and an address are a message's; leave them out"));
    }
    let NewDevice {
        kind, label, algorithm, digits, period, counter, secret, issuer, replaces, ..
    } = new;
    let secret = secret.map(Secret::from_bytes).transpose().map_err(invalid)?;
    let algorithm: Algorithm =
        algorithm.map_or(Ok(Algorithm::default()), |text| text.parse()).map_err(invalid)?;
    let digits = digits.map_or(Ok(Digits::default()), Digits::try_from).map_err(invalid)?;
    let state = match (kind.as_str(), period, counter) {
        ("totp", period, None) => {
            let period = period.map_or(Ok(Period::default()), Period::try_from).map_err(invalid)?;
            KindState::Totp(TotpState::new(algorithm, digits, period))
        }
        ("hotp", None, counter) => {
            let counter = Counter(counter.unwrap_or(0));
            KindState::Hotp(HotpState::new(algorithm, digits, counter))
        }
        ("totp", _, Some(_)) => return Err(invalid("a totp device has no counter; leave it out")),
        ("hotp", Some(_), _) => return Err(invalid("an hotp device has no period; leave it out")),
        ("recovery", ..) => {
            return Err(invalid("recovery codes are not enrolled; RenewRecovery makes them"));
        }
        _ => return Err(invalid("kind must be totp, hotp or message")),
    };
    let label = label.map(|text| Label::parse(&text)).transpose().map_err(invalid)?;
    issuer.as_deref().map_or(Ok(()), check_issuer).map_err(invalid)?;
    let replaces = replaces.as_deref().map(bounded).transpose()?.map(str::to_owned);
    Ok(Wanted { label, replaces, state, secret, issuer })
}

/// Reads what recovery codes are to be made.
pub(super) fn wanted_codes(new: NewCodes) -> Result<WantedCodes, Error> {
    let NewCodes { device, label, count } = new;
    let count = match count.map(usize::try_from) {
        None => RECOVERY_CODES,
        Some(Ok(count @ 1..=RECOVERY_CODES_MOST)) => count,
        Some(_) => {
            return Err(invalid(format!("count must be 1 to {RECOVERY_CODES_MOST} codes")));
        }
    };
    let device = device.as_deref().map(bounded).transpose()?.map(str::to_owned);
    let label = label.map(|text| Label::parse(&text)).transpose().map_err(invalid)?;
    if device.is_some() && label.is_some() {
        return Err(invalid("a set that there is keeps its label; leave one of the two out"));
    }
    Ok(WantedCodes { device, label, count })
}

/// How long an invitation is to be open.
pub(super) fn wanted_length(seconds: u32) -> Result<Seconds, Error> {
    let (least, most) = names::INVITATION_SECONDS;
    if (least..=most).contains(&seconds) {
        return Ok(Seconds(seconds.into()));
    }
    Err(invalid(format!("an invitation is open for {least} to {most} seconds")))
}

/// For how long and why somebody is to be exempt.
pub(super) fn wanted_exemption(
    seconds: u32,
    reason: &str,
) -> Result<(Seconds, ExemptionReason), Error> {
    let (least, most) = names::EXEMPTION_SECONDS;
    if !(least..=most).contains(&seconds) {
        return Err(invalid(format!("an exemption lasts for {least} to {most} seconds")));
    }
    Ok((Seconds(seconds.into()), ExemptionReason::parse(reason).map_err(invalid)?))
}

/// What should be looked at before a new device is used.
pub(super) fn cautions(made: &Made) -> Vec<Caution> {
    let short = Warning::of_secret(&made.secret).is_some();
    let many = made.device.state.digits().and_then(Warning::of_digits).is_some();
    let elsewhere = made.elsewhere == Elsewhere::Yes;
    [
        (short, Caution::ShortSecret),
        (many, Caution::ManyDigits),
        (elsewhere, Caution::SecretElsewhere),
    ]
    .into_iter()
    .filter_map(|(applies, caution)| applies.then_some(caution))
    .collect()
}

/// An argument that is out of its bounds.
pub(super) fn invalid(error: impl std::fmt::Display) -> Error {
    Error::InvalidArgument(error.to_string())
}

/// What was typed for a code and is none.
pub(super) fn malformed(error: otp_core::Malformed) -> Error {
    invalid(format!("{error}; type it anew"))
}

const _: () = assert!(names::MAX_USER_BYTES == otp_core::UserName::MAX_BYTES);
