//! How many messages were sent lately: to an address, for an account, in all. It belongs to no
//! account's record, so that neither removing an account nor giving it another name begins the count
//! anew; what is older than it looks back is dropped with the next message.

use otp_core::{
    Seconds, UnixTime,
    message::{SendTally, Tally},
};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{StoreError, load::OpenedBy, mark::Marked, save::Saver};

/// For how long a count is kept: longer than any of them looks back.
const KEPT: Seconds = Seconds(2 * 86_400);

/// Under what it is stored. An address has its fingerprint alone.
fn subject(tally: &Tally) -> String {
    match tally {
        Tally::Address(print) => {
            format!("address:{}", data_encoding::HEXLOWER.encode(print))
        }
        Tally::Account(name) => format!("account:{name}"),
        Tally::All => "all".to_owned(),
    }
}

/// What was sent lately; none: nothing.
pub(super) fn load(
    connection: &Connection,
    by: OpenedBy<'_>,
    tally: &Tally,
) -> Result<Option<SendTally>, StoreError> {
    let subject = subject(tally);
    let mut query = connection.prepare_cached("SELECT state, mark FROM sent WHERE subject = ?1")?;
    let found: Option<(String, Vec<u8>)> =
        query.query_row([&subject], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((state, mark)) = found else { return Ok(None) };
    Marked::Sent { subject: &subject, state: &state }.check(by.pepper, &mark)?;
    let state = serde_json::from_str(&state);
    state.map(Some).map_err(|error| {
        StoreError::Corrupt(format!("how many messages were sent ({subject}): {error}"))
    })
}

/// Keeps it, and nothing that is over.
pub(super) fn save(saver: &Saver<'_>, tally: &Tally, state: &SendTally) -> Result<(), StoreError> {
    let failed = |error: serde_json::Error| StoreError::Failed(error.to_string());
    let (subject, state) = (subject(tally), serde_json::to_string(state).map_err(failed)?);
    let mark = Marked::Sent { subject: &subject, state: &state }.mark(saver.pepper)?;
    let secs = |time: UnixTime| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    let now = secs(saver.now);
    saver.run(
        "INSERT INTO sent (subject, at, state, mark) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (subject) DO UPDATE SET at = ?2, state = ?3, mark = ?4",
        params![subject, now, state, mark],
    )?;
    let over = now.saturating_sub(i64::try_from(KEPT.0).unwrap_or(i64::MAX));
    saver.perhaps("DELETE FROM sent WHERE at < ?1", params![over])
}

#[cfg(test)]
mod tests;
