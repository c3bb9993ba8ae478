//! Contacts in their table: whose, at which address by its fingerprint, and how it stands. What is
//! there names nobody.

use otp_core::{CONTACT_KEPT_FOR, Contact, ContactKey, Uid, UnixTime, UserName};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{
    StoreError,
    load::{OpenedBy, corrupt},
    mark::Marked,
    save::{Saver, json, secs},
};

/// A contact; none where nothing is known of it.
pub(super) fn load(
    connection: &Connection,
    by: OpenedBy<'_>,
    key: &ContactKey,
) -> Result<Option<Contact>, StoreError> {
    let sql = "SELECT state, mark FROM contact WHERE holder = ?1 AND address = ?2";
    let mut query = connection.prepare_cached(sql)?;
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let found: Option<(String, Vec<u8>)> =
        query.query_row(params![key.holder.0, key.address], read).optional()?;
    let Some((state, mark)) = found else { return Ok(None) };
    Marked::Contact { key, state: &state }.check(by.pepper, &mark)?;
    let whose = format!("a contact of uid {}", key.holder);
    serde_json::from_str(&state).map(Some).map_err(|error| corrupt(&whose, error))
}

/// How many contacts a uid has that nothing came of yet. Those that are over fill no place, as they are
/// removed when the next is made, which a full uid makes none of.
pub(super) fn held(connection: &Connection, uid: Uid, now: UnixTime) -> Result<u32, StoreError> {
    let sql = "SELECT count(*) FROM contact WHERE holder = ?1 AND touched >= ?2
               AND (state ->> 'live' IS NOT NULL OR state ->> 'identifier' IS NOT NULL)";
    let since = UnixTime::from_secs(now.as_secs().saturating_sub(CONTACT_KEPT_FOR.0));
    Ok(connection.prepare_cached(sql)?.query_row(params![uid.0, secs(since)], |row| row.get(0))?)
}

/// The account of an application's that has a confirmed device at an address.
pub(super) fn account_at(
    connection: &Connection,
    key: &ContactKey,
) -> Result<Option<UserName>, StoreError> {
    let sql = "SELECT account FROM device
               WHERE fingerprint = ?1 AND confirmed = 1 AND substr(account, 1, length(?2)) = ?2
               ORDER BY account LIMIT 1";
    let prefix = format!("app:{}.", key.holder);
    let mut query = connection.prepare_cached(sql)?;
    let name: Option<String> =
        query.query_row(params![key.address, prefix], |row| row.get(0)).optional()?;
    let read = |name: String| UserName::stored(&name).map_err(|error| corrupt(&name, error));
    name.map(read).transpose()
}

/// Writes how a contact stands.
pub(super) fn keep(
    saver: &Saver<'_>,
    key: &ContactKey,
    contact: &Contact,
) -> Result<(), StoreError> {
    let state = json(contact)?;
    let mark = Marked::Contact { key, state: &state }.mark(saver.pepper)?;
    saver.run(
        "INSERT INTO contact (holder, address, touched, state, mark) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (holder, address) DO UPDATE SET touched = ?3, state = ?4, mark = ?5",
        params![key.holder.0, key.address, secs(saver.now), state, mark],
    )
}

/// Removes those to which nothing has happened since.
pub(super) fn tidy(saver: &Saver<'_>, since: UnixTime) -> Result<(), StoreError> {
    saver.perhaps("DELETE FROM contact WHERE touched < ?1", params![secs(since)])
}
