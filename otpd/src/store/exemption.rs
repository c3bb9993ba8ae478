//! Exemptions in the store: one an account, marked, and gone with the account.

use otp_core::{Exemption, UserName};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{
    StoreError,
    load::{OpenedBy, corrupt},
    mark::Marked,
    save::Saver,
};

impl Saver<'_> {
    /// Keeps an exemption, in place of the one before it.
    pub(super) fn exempt(&self, name: &str, given: &Exemption) -> Result<(), StoreError> {
        let state = given.store().map_err(|error| StoreError::Failed(error.to_string()))?;
        let mark = Marked::Exemption { account: name, state: &state };
        self.run(
            "INSERT INTO exemption (account, state, mark) VALUES (?1, ?2, ?3)
             ON CONFLICT (account) DO UPDATE SET state = ?2, mark = ?3",
            params![name, state, mark.mark(self.pepper)?],
        )
    }

    /// Keeps it no more.
    pub(super) fn unexempt(&self, name: &str) -> Result<(), StoreError> {
        self.run("DELETE FROM exemption WHERE account = ?1", params![name])
    }
}

/// The exemption of an account.
pub(super) fn read(
    connection: &Connection,
    by: OpenedBy<'_>,
    name: &UserName,
) -> Result<Option<Exemption>, StoreError> {
    let mut query =
        connection.prepare_cached("SELECT state, mark FROM exemption WHERE account = ?1")?;
    let found: Option<(String, Vec<u8>)> =
        query.query_row([name.as_str()], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((state, mark)) = found else { return Ok(None) };
    Marked::Exemption { account: name.as_str(), state: &state }.check(by.pepper, &mark)?;
    let given = Exemption::load(&state);
    given.map(Some).map_err(|error| corrupt(&format!("the exemption of {name}"), error))
}
