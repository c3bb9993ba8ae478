//! Passes: kept by the keyed hash of purpose and key, with a mark over all that decides. What the
//! columns repeat of the state, so that they can be searched, is checked against it when it is read.

use otp_core::{CodeHash, Data, Pass, PassId, PassState, Purpose, Uid, UnixTime, UserName};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{StoreError, load, load::OpenedBy, mark::Marked, save::Saver};
use crate::{audit::Escaped, vault::Pepper};

/// The columns of a pass, in the order in which they are read.
const COLUMNS: &str =
    "id, account, digest, purpose, maker, expires, ended, over, state, data, mark";

/// When those passes are over that were neither used nor called back.
#[derive(Default)]
pub struct Lives {
    /// Those of an owner.
    pub owned: Vec<UnixTime>,
    /// Those that a uid has made.
    pub made: Vec<UnixTime>,
}

/// Which passes are listed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Listing {
    /// Those of this owner.
    Of(UserName),
    /// All.
    All,
}

/// The pass whose purpose and key have this hash.
pub(super) fn keyed(
    connection: &Connection,
    by: OpenedBy<'_>,
    digest: &[u8],
) -> Result<Option<Pass>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM pass WHERE digest = ?1");
    one(connection, by, &sql, params![digest])
}

/// The pass of this id.
pub(super) fn called(
    connection: &Connection,
    by: OpenedBy<'_>,
    id: &PassId,
) -> Result<Option<Pass>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM pass WHERE id = ?1");
    one(connection, by, &sql, params![id.as_str()])
}

/// The passes of an owner, or of none, for a purpose that were neither used nor called back.
pub(super) fn unended(
    connection: &Connection,
    by: OpenedBy<'_>,
    owner: Option<&UserName>,
    purpose: &Purpose,
) -> Result<Vec<Pass>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM pass
         WHERE account IS ?1 AND purpose = ?2 AND ended = 0 ORDER BY id"
    );
    let owner = owner.map(UserName::as_str);
    several(connection, by, &sql, params![owner, purpose.as_str()])
}

/// The first `most` passes behind an id.
pub(super) fn page(
    connection: &Connection,
    by: OpenedBy<'_>,
    listing: &Listing,
    (after, most): (&str, u32),
) -> Result<Vec<Pass>, StoreError> {
    match listing {
        Listing::Of(owner) => {
            let sql = format!(
                "SELECT {COLUMNS} FROM pass WHERE account = ?1 AND id > ?2 ORDER BY id LIMIT ?3"
            );
            several(connection, by, &sql, params![owner.as_str(), after, most])
        }
        Listing::All => {
            let sql = format!("SELECT {COLUMNS} FROM pass WHERE id > ?1 ORDER BY id LIMIT ?2");
            several(connection, by, &sql, params![after, most])
        }
    }
}

/// When the passes of an owner, and those of a maker, are over.
pub(super) fn lives(
    connection: &Connection,
    owner: Option<&UserName>,
    maker: Uid,
) -> Result<Lives, StoreError> {
    let times = |column: &str, value: &dyn rusqlite::ToSql| {
        let sql = format!("SELECT expires FROM pass WHERE {column} = ?1 AND ended = 0");
        let mut query = connection.prepare_cached(&sql)?;
        let times = query.query_map([value], |row| row.get(0).map(load::time))?;
        Ok::<_, StoreError>(times.collect::<Result<Vec<UnixTime>, _>>()?)
    };
    let owned = owner.map(|owner| times("account", &owner.as_str())).transpose()?;
    Ok(Lives { owned: owned.unwrap_or_default(), made: times("maker", &maker.0)? })
}

fn one(
    connection: &Connection,
    by: OpenedBy<'_>,
    sql: &str,
    values: &[&dyn rusqlite::ToSql],
) -> Result<Option<Pass>, StoreError> {
    let mut query = connection.prepare_cached(sql)?;
    query.query_row(values, |row| Ok(read(row, by.pepper))).optional()?.transpose()
}

fn several(
    connection: &Connection,
    by: OpenedBy<'_>,
    sql: &str,
    values: &[&dyn rusqlite::ToSql],
) -> Result<Vec<Pass>, StoreError> {
    let mut query = connection.prepare_cached(sql)?;
    let mut rows = query.query(values)?;
    let mut passes = Vec::new();
    while let Some(row) = rows.next()? {
        passes.push(read(row, by.pepper)?);
    }
    Ok(passes)
}

fn read(row: &Row<'_>, pepper: &Pepper) -> Result<Pass, StoreError> {
    let (id, account, digest): (String, Option<String>, Vec<u8>) =
        (row.get(0)?, row.get(1)?, row.get(2)?);
    let (state, data, mark): (String, Option<String>, Vec<u8>) =
        (row.get(8)?, row.get(9)?, row.get(10)?);
    let corrupt =
        |error: &dyn std::fmt::Display| StoreError::Corrupt(format!("{}: {error}", Escaped(&id)));
    let owner = account.as_deref();
    Marked::Pass { id: &id, account: owner, digest: &digest, state: &state, data: data.as_deref() }
        .check(pepper, &mark)?;
    let digest = <[u8; 32]>::try_from(digest).map_err(|_| corrupt(&"its hash is cut"))?;
    let pass = Pass {
        id: PassId::parse(&id).map_err(|error| corrupt(&error))?,
        owner: owner.map(UserName::parse).transpose().map_err(|error| corrupt(&error))?,
        digest: CodeHash::new(digest),
        data: data.as_deref().map(Data::parse).transpose().map_err(|error| corrupt(&error))?,
        state: serde_json::from_str::<PassState>(&state).map_err(|error| corrupt(&error))?,
    };
    let found: (String, u32, i64, bool, i64) =
        (row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?, row.get(7)?);
    if found == columns(&pass) {
        return Ok(pass);
    }
    Err(corrupt(&"its columns are not as it was written; restore the store from backup"))
}

/// What the columns repeat.
fn columns(pass: &Pass) -> (String, u32, i64, bool, i64) {
    let PassState { purpose, maker, expires, ended, .. } = &pass.state;
    let over = secs(pass.over());
    (purpose.to_string(), *maker, secs(*expires), ended.is_some(), over)
}

/// Writes a pass as it is from now on.
pub(super) fn save(saver: &Saver<'_>, pass: &Pass) -> Result<(), StoreError> {
    let state = serde_json::to_string(&pass.state)
        .map_err(|error| StoreError::Failed(error.to_string()))?;
    let digest = digest(&pass.digest);
    let (id, account) = (pass.id.as_str(), pass.owner.as_ref().map(UserName::as_str));
    let data = pass.data.as_ref().map(Data::as_str);
    let mark = Marked::Pass { id, account, digest: &digest, state: &state, data };
    let (purpose, maker, expires, ended, over) = columns(pass);
    saver.run(
        "INSERT INTO pass
             (id, account, digest, purpose, maker, expires, ended, over, state, data, mark)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
         ON CONFLICT (id) DO UPDATE SET account = ?2, expires = ?6, ended = ?7, over = ?8,
             state = ?9, mark = ?11
         WHERE digest = ?3",
        params![
            id,
            account,
            digest,
            purpose,
            maker,
            expires,
            ended,
            over,
            state,
            data,
            mark.mark(saver.pepper)?
        ],
    )
}

/// Removes those that were over before a time.
pub(super) fn forget(saver: &Saver<'_>, before: UnixTime) -> Result<(), StoreError> {
    saver.perhaps("DELETE FROM pass WHERE over < ?1", params![secs(before)])
}

/// All passes of an owner.
pub(super) fn all_of(saver: &Saver<'_>, owner: &UserName) -> Result<Vec<Pass>, StoreError> {
    let by = OpenedBy { vault: saver.vault, pepper: saver.pepper };
    page(saver.connection, by, &Listing::Of(owner.clone()), ("", u32::MAX))
}

/// The bytes of a hash, by which a pass is found.
pub(super) fn digest(hash: &CodeHash) -> Vec<u8> {
    let text = String::from(hash.clone());
    data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap_or_default()
}

fn secs(time: UnixTime) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
