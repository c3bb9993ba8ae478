//! Every place of the database where sealed values lie, in one list, and what is done to all of them
//! when keys change. A column that is not in the list would need a key that was retired: a test
//! walks the tables and compares.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row, params};

use super::StoreError;
use crate::vault::{Place, Vault, VaultError, tag_of};

/// A column with sealed values. Account, device and field are SQL: together they are the place to
/// which a value is bound, and name its row.
struct Sealed {
    table: &'static str,
    column: &'static str,
    account: &'static str,
    device: &'static str,
    field: &'static str,
    /// Which rows hold one, where not all do.
    rows: &'static str,
}

const SEALED: &[Sealed] = &[
    Sealed {
        table: "device",
        column: "secret",
        account: "account",
        device: "id",
        field: "'secret'",
        rows: "TRUE",
    },
    Sealed {
        table: "meta",
        column: "value",
        account: "''",
        device: "''",
        field: "key",
        rows: "key = 'pepper'",
    },
];

/// How many values that do not open are named.
const NAMED: usize = 20;

/// Bytes of the longest header: version, length of the tag, tag.
const HEADER_BYTES: usize = 18;

/// How many values each key has sealed; under no tag those that are no sealed values at all.
pub(super) type Uses = BTreeMap<Option<String>, u64>;

/// What came of resealing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resealed {
    /// How many values are sealed with the sealing key now that were not before.
    pub done: u32,
    /// How many were met that do not open; they were left as they are.
    pub damaged: u32,
    /// The first of those, in words.
    pub named: Vec<String>,
}

/// A value to be written in place of another.
struct Change {
    account: String,
    device: String,
    old: Vec<u8>,
    new: Vec<u8>,
}

/// Counts, without opening anything.
pub(super) fn uses(connection: &Connection) -> Result<Uses, StoreError> {
    let mut uses = Uses::new();
    for Sealed { table, column, rows, .. } in SEALED {
        let sql = format!(
            "SELECT substr({column}, 1, {HEADER_BYTES}) FROM {table}
             WHERE {rows} AND {column} IS NOT NULL"
        );
        let mut query = connection.prepare_cached(&sql)?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let header: Vec<u8> = row.get(0)?;
            *uses.entry(tag_of(&header).map(|tag| tag.to_string())).or_default() += 1;
        }
    }
    Ok(uses)
}

/// Seals up to `most` values with the sealing key that another one has sealed. What does not open
/// stays as it is and is named.
pub(super) fn reseal(
    connection: &Connection,
    vault: &Vault,
    most: usize,
) -> Result<Resealed, StoreError> {
    let mut resealed = Resealed::default();
    for sealed in SEALED {
        let room = most.saturating_sub(resealed.done.try_into().unwrap_or(usize::MAX));
        for change in sealed.stale(connection, vault, room, &mut resealed)? {
            sealed.write(connection, &change)?;
            resealed.done = resealed.done.saturating_add(1);
        }
    }
    Ok(resealed)
}

impl Sealed {
    /// Values of other keys, sealed anew and opened again; not more than there is room for.
    fn stale(
        &self,
        connection: &Connection,
        vault: &Vault,
        room: usize,
        resealed: &mut Resealed,
    ) -> Result<Vec<Change>, StoreError> {
        let Self { table, column, account, device, field, rows } = self;
        let sql = format!(
            "SELECT {account}, {device}, {field}, {column} FROM {table}
             WHERE {rows} AND substr({column}, 1, ?1) <> ?2"
        );
        let header = vault.sealing_header();
        let header_bytes = i64::try_from(header.len()).unwrap_or(i64::MAX);
        let mut changes = Vec::new();
        let mut query = connection.prepare_cached(&sql)?;
        let mut rows = query.query(params![header_bytes, header])?;
        while changes.len() < room
            && let Some(row) = rows.next()?
        {
            changes.extend(anew(row, vault, resealed)?);
        }
        Ok(changes)
    }

    fn write(&self, connection: &Connection, change: &Change) -> Result<(), StoreError> {
        let Self { table, column, account, device, rows, .. } = self;
        let sql = format!(
            "UPDATE {table} SET {column} = ?1
             WHERE {rows} AND {account} = ?2 AND {device} = ?3 AND {column} = ?4"
        );
        let Change { account, device, old, new } = change;
        match connection.prepare_cached(&sql)?.execute(params![new, account, device, old])? {
            1 => Ok(()),
            rows => Err(StoreError::Failed(format!("resealing met {rows} rows, not one"))),
        }
    }
}

/// One value sealed anew; none where it does not open, which is noted.
fn anew(
    row: &Row<'_>,
    vault: &Vault,
    resealed: &mut Resealed,
) -> Result<Option<Change>, StoreError> {
    let (account, device, field): (String, String, String) =
        (row.get(0)?, row.get(1)?, row.get(2)?);
    let old: Vec<u8> = row.get(3)?;
    let place = Place { account: &account, device: &device, field: &field };
    match vault.reseal(place, &old) {
        Ok(new) => Ok(Some(Change { account, device, old, new })),
        Err(VaultError::Entropy(error)) => Err(StoreError::Failed(error.to_string())),
        Err(error @ (VaultError::NoKey { .. } | VaultError::Damaged { .. })) => {
            resealed.damaged = resealed.damaged.saturating_add(1);
            if resealed.named.len() < NAMED {
                resealed.named.push(error.to_string());
            }
            Ok(None)
        }
    }
}

#[cfg(test)]
mod tests;
