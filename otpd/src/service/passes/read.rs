//! What callers of `org.otpd1.Passes` ask for, read into what the core takes.

use otp_bus::{Error, NewPass, WhichPasses, passes::MAX_LISTED};
use otp_core::{
    Data, Expiry, Generator, Old, PassKey, Purpose, Reason, Related, Restrictions, Seconds,
    UnixTime,
};
use zeroize::Zeroizing;

use crate::{
    engine::{Meant, WantedPass},
    service::wanted::invalid,
};

/// The longest id behind which a page can begin.
const MAX_ID_BYTES: usize = 64;

/// Reads what pass is to be made; what is left out takes its default.
pub(super) fn wanted(new: NewPass) -> Result<WantedPass, Error> {
    let NewPass {
        purpose,
        services,
        restrictions,
        related,
        data,
        generator,
        seconds,
        until,
        reason,
        deactivate_old,
    } = new;
    let services = services.unwrap_or_default();
    let services = services.into_iter().map(|service| format!("service:{service}"));
    let texts: Vec<String> = services.chain(restrictions.unwrap_or_default()).collect();
    let generator: Option<Generator> =
        generator.map(|text| text.parse()).transpose().map_err(invalid)?;
    Ok(WantedPass {
        purpose: Purpose::parse(&purpose).map_err(invalid)?,
        generator: generator.unwrap_or_default(),
        expiry: expiry(seconds, until)?,
        reason: reason.map(|text| Reason::parse(&text)).transpose().map_err(invalid)?,
        restrictions: Restrictions::try_from(texts).map_err(invalid)?,
        related: Related::try_from(related.unwrap_or_default()).map_err(invalid)?,
        data: data.map(|text| Data::parse(&text)).transpose().map_err(invalid)?,
        old: if deactivate_old == Some(true) { Old::End } else { Old::Stay },
    })
}

/// When a pass is to be over. Zero seconds are a time, and none that can be: never the default.
pub(super) fn expiry(seconds: Option<u32>, until: Option<u64>) -> Result<Expiry, Error> {
    match (seconds, until) {
        (None, None) => Ok(Expiry::Default),
        (Some(seconds), None) => Ok(Expiry::In(Seconds(seconds.into()))),
        (None, Some(until)) => Ok(Expiry::At(UnixTime::from_secs(until))),
        (Some(_), Some(_)) => Err(invalid("give seconds or until, not both")),
    }
}

/// Which passes are called back.
pub(super) fn meant(which: WhichPasses) -> Result<Meant, Error> {
    let WhichPasses { key, related } = which;
    match (key.map(Zeroizing::new), related) {
        (None, None) => Ok(Meant::All),
        (Some(key), None) => PassKey::parse(&key)
            .map(Meant::Key)
            .ok_or_else(|| invalid("that is no key of 4 to 64 letters and digits; type it anew")),
        (None, Some(related)) => Related::try_from(related).map(Meant::Related).map_err(invalid),
        (Some(_), Some(_)) => Err(invalid("give a key or related objects, not both")),
    }
}

/// Where a listing begins, and how long it may be.
pub(super) fn page(after: &str, most: u32) -> Result<(String, u32), Error> {
    if !(1..=MAX_LISTED).contains(&most) {
        return Err(invalid(format!("most must be 1 to {MAX_LISTED}")));
    }
    if after.len() > MAX_ID_BYTES {
        return Err(invalid("after is longer than any id of a pass"));
    }
    Ok((after.to_owned(), most))
}
