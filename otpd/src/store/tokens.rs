//! Families of tokens in their table. A family goes with its account and with the device by whose
//! code it was granted: the tables say so themselves, so that no way of removing either forgets it.

use otp_core::{Family, FamilyId, TokenChange, Uid, UnixTime, UserName};
use rusqlite::{Connection, Params, Row, params};

use super::{
    StoreError,
    load::{OpenedBy, corrupt},
    mark::Marked,
    save::{Saver, secs},
};

type Owned = (UserName, Family);

/// All families of an account, the oldest first.
pub(super) fn of_account(
    connection: &Connection,
    by: OpenedBy<'_>,
    name: &UserName,
) -> Result<Vec<Owned>, StoreError> {
    let sql = "SELECT id, account, state, mark FROM token_family WHERE account = ?1";
    let mut families = families(connection, by, sql, params![name.as_str()])?;
    families.sort_by_key(|(_, family)| (family.made, family.id));
    Ok(families)
}

/// The family of an id, and whose it is.
pub(super) fn family(
    connection: &Connection,
    by: OpenedBy<'_>,
    id: FamilyId,
) -> Result<Option<Owned>, StoreError> {
    let sql = "SELECT id, account, state, mark FROM token_family WHERE id = ?1";
    Ok(families(connection, by, sql, params![id.to_string()])?.pop())
}

/// Those families of all accounts that run out last.
pub(super) fn newest(
    connection: &Connection,
    by: OpenedBy<'_>,
    most: u32,
) -> Result<Vec<Owned>, StoreError> {
    let sql = "SELECT id, account, state, mark FROM token_family ORDER BY until DESC LIMIT ?1";
    families(connection, by, sql, params![most])
}

/// How many families a uid holds that are alive: those that are over fill no place, as they are removed
/// when the next is made, which a full uid makes none of.
pub(super) fn held(connection: &Connection, uid: Uid, now: UnixTime) -> Result<u32, StoreError> {
    let sql = "SELECT count(*) FROM token_family WHERE holder = ?1 AND until > ?2";
    Ok(connection.prepare_cached(sql)?.query_row(params![uid.0, secs(now)], |row| row.get(0))?)
}

/// Writes what was decided about an account's tokens.
pub(super) fn change(
    saver: &Saver<'_>,
    name: &UserName,
    change: TokenChange,
) -> Result<(), StoreError> {
    match change {
        TokenChange::Keep(family) => keep(saver, name, &family),
        TokenChange::End(id) => saver.run(
            "DELETE FROM token_family WHERE account = ?1 AND id = ?2",
            params![name.as_str(), id.to_string()],
        ),
        TokenChange::EndAll => {
            saver.perhaps("DELETE FROM token_family WHERE account = ?1", params![name.as_str()])
        }
    }
}

/// Removes what was over before this.
pub(super) fn tidy(saver: &Saver<'_>, before: UnixTime) -> Result<(), StoreError> {
    saver.perhaps("DELETE FROM token_family WHERE until < ?1", params![secs(before)])
}

/// An id that is another account's, or another holder's, meets no row, and the step is undone.
fn keep(saver: &Saver<'_>, name: &UserName, family: &Family) -> Result<(), StoreError> {
    let state = family.store().map_err(|error| StoreError::Failed(error.to_string()))?;
    let (account, id) = (name.as_str(), family.id.to_string());
    let mark = Marked::Family { account, id: &id, state: &state }.mark(saver.pepper)?;
    saver.run(
        "INSERT INTO token_family (id, account, device, holder, until, state, mark)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (id) DO UPDATE SET state = ?6, mark = ?7
         WHERE account = ?2 AND device = ?3 AND holder = ?4 AND until = ?5",
        params![
            id,
            account,
            family.device.as_str(),
            family.holder.0,
            secs(family.until),
            state,
            mark
        ],
    )
}

fn families(
    connection: &Connection,
    by: OpenedBy<'_>,
    sql: &str,
    values: impl Params,
) -> Result<Vec<Owned>, StoreError> {
    let mut query = connection.prepare_cached(sql)?;
    let mut rows = query.query(values)?;
    let mut families = Vec::new();
    while let Some(row) = rows.next()? {
        families.push(read(row, by)?);
    }
    Ok(families)
}

fn read(row: &Row<'_>, by: OpenedBy<'_>) -> Result<Owned, StoreError> {
    let (id, account, state): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let mark: Vec<u8> = row.get(3)?;
    Marked::Family { account: &account, id: &id, state: &state }.check(by.pepper, &mark)?;
    let whose = format!("tokens {id} of {account}");
    let id = FamilyId::parse(&id).ok_or_else(|| corrupt(&whose, "the id is none"))?;
    let name = UserName::stored(&account).map_err(|error| corrupt(&whose, error))?;
    let family = Family::load(id, &state).map_err(|error| corrupt(&whose, error))?;
    Ok((name, family))
}

#[cfg(test)]
mod tests;
