//! Remembered logins at rest: each with a mark, as each lets somebody in without a code.

use otp_core::{Remembered, UserName};
use rusqlite::{Connection, params};

use super::{StoreError, load::OpenedBy, mark::Marked, save::Saver};
use crate::audit::Escaped;

/// All of an account, in the order of their numbers.
pub(super) fn load(
    connection: &Connection,
    by: OpenedBy<'_>,
    name: &UserName,
) -> Result<Vec<Remembered>, StoreError> {
    let mut query = connection.prepare_cached(
        "SELECT number, state, mark FROM remembered WHERE account = ?1 ORDER BY number",
    )?;
    let mut rows = query.query([name.as_str()])?;
    let mut remembered = Vec::new();
    while let Some(row) = rows.next()? {
        let (number, state, mark): (u32, String, Vec<u8>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Marked::Remembered { account: name.as_str(), number, state: &state }
            .check(by.pepper, &mark)?;
        let login = Remembered::load(number, &state);
        let whose = || format!("remembered login {number} of {}", Escaped(name.as_str()));
        let corrupt = |error| StoreError::Corrupt(format!("{}: {error}", whose()));
        remembered.push(login.map_err(corrupt)?);
    }
    Ok(remembered)
}

/// Writes one, in the place of the one with its number.
pub(super) fn write(saver: &Saver<'_>, name: &str, login: &Remembered) -> Result<(), StoreError> {
    let state = login.store().map_err(|error| StoreError::Failed(error.to_string()))?;
    let mark = Marked::Remembered { account: name, number: login.number, state: &state };
    saver.run(
        "INSERT INTO remembered (account, number, state, mark) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (account, number) DO UPDATE SET state = ?3, mark = ?4",
        params![name, login.number, state, mark.mark(saver.pepper)?],
    )
}

/// Removes the one of this number, or all.
pub(super) fn forget(saver: &Saver<'_>, name: &str, which: Option<u32>) -> Result<(), StoreError> {
    match which {
        Some(number) => saver.perhaps(
            "DELETE FROM remembered WHERE account = ?1 AND number = ?2",
            params![name, number],
        ),
        None => saver.perhaps("DELETE FROM remembered WHERE account = ?1", params![name]),
    }
}
