//! Accounts as a whole: which there are, what is there under a name, and away with it. All of it
//! must work for what is damaged, so nothing here has to make sense of a record; what cannot be
//! read is told as such and ends no listing.

use std::time::Instant;

use data_encoding::HEXLOWER;
use otp_core::{Account, Uid, UnixTime, UserName};
use rusqlite::{Connection, OptionalExtension as _, Row, params, types::ValueRef};
use tokio::sync::oneshot;

use super::{
    Persisted, StoreError,
    load::{self, OpenedBy},
    writer::{Job, Ran, Run},
};

/// Marks a name that is told by its bytes. No user's name holds a colon.
const BYTES: &str = "hex:";

/// The bytes under which something is stored: a user's name, or what a disk has made of one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StoredName(Vec<u8>);

/// An account in the list of all.
pub struct Entry {
    /// What is there under its name.
    pub stored: Stored,
    /// The account itself, if it is whole.
    pub account: Option<Account>,
}

/// Some of the accounts, in the order of their names' bytes.
pub struct Page {
    /// When they were looked at.
    pub now: UnixTime,
    /// What there is; nothing: the end.
    pub entries: Vec<Entry>,
}

/// What is there under a name, as far as it can be read.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The name.
    pub name: StoredName,
    /// The uid that it belongs to.
    pub uid: Option<Uid>,
    /// Whether a code is demanded.
    pub enrolled: Option<bool>,
    /// When it was made.
    pub created: Option<UnixTime>,
    /// Id and label of each device, and whether it can log somebody in.
    pub devices: Vec<(String, String, bool)>,
    /// How many lanes have failures.
    pub lanes: u32,
    /// How many addresses are known.
    pub addresses: u32,
    /// How many events are remembered.
    pub events: u32,
    /// Why it cannot be used, if it cannot.
    pub damaged: Option<String>,
}

impl StoredName {
    /// What [`told`](Self::told) tells, or a name as it is.
    pub fn read(text: &str) -> Self {
        let bytes = text.strip_prefix(BYTES).and_then(|hex| HEXLOWER.decode(hex.as_bytes()).ok());
        Self(bytes.unwrap_or_else(|| text.as_bytes().to_owned()))
    }

    /// The name as text, reversibly: by its bytes where it is none.
    pub fn told(&self) -> String {
        let hex = || format!("{BYTES}{}", HEXLOWER.encode(&self.0));
        self.user().map_or_else(hex, |name| name.as_str().to_owned())
    }

    fn user(&self) -> Option<UserName> {
        str::from_utf8(&self.0).ok().and_then(|text| UserName::stored(text).ok())
    }
}

/// The first `most` accounts behind a name. Devices without an account are listed too: their user
/// is refused because of them.
pub(super) fn page(
    connection: &Connection,
    by: OpenedBy<'_>,
    after: &StoredName,
    most: u32,
) -> Result<Vec<Entry>, StoreError> {
    let mut query = connection.prepare_cached(
        "SELECT name FROM account WHERE name > CAST(?1 AS TEXT)
         UNION SELECT account FROM device WHERE account > CAST(?1 AS TEXT)
         ORDER BY 1 LIMIT ?2",
    )?;
    let names = query.query_map(params![after.0, most], |row| bytes(row, 0))?;
    let entries = names.map(|name| entry(connection, by, StoredName(name?)));
    entries.filter_map(Result::transpose).collect()
}

/// All that is there under a name; none where nothing is.
pub(super) fn stored(
    connection: &Connection,
    by: OpenedBy<'_>,
    name: &StoredName,
) -> Result<Option<Stored>, StoreError> {
    Ok(entry(connection, by, name.clone())?.map(|entry| entry.stored))
}

fn entry(
    connection: &Connection,
    by: OpenedBy<'_>,
    name: StoredName,
) -> Result<Option<Entry>, StoreError> {
    let mut query = connection.prepare_cached(
        "SELECT uid, enrolled, created FROM account WHERE name = CAST(?1 AS TEXT)",
    )?;
    let head = query
        .query_row([&name.0], |row| Ok((row.get(0).ok(), row.get(1).ok(), row.get(2).ok())))
        .optional()?;
    let (account, mut damaged) = match name.user().map(|user| load::account(connection, by, &user))
    {
        Some(Ok(loaded)) => (loaded.map(|loaded| loaded.account), None),
        Some(Err(error)) => (None, Some(error.to_string())),
        None => (None, Some("its name is none that a user can have".to_owned())),
    };
    let (devices, counts) = contents(connection, &name).unwrap_or_else(|error| {
        damaged.get_or_insert(error.to_string());
        (Vec::new(), [0; 3])
    });
    if head.is_none() && devices.is_empty() && counts == [0; 3] {
        return Ok(None);
    }
    let (uid, enrolled, created) = head.unwrap_or((None, None, None));
    let (uid, created) = (uid.map(Uid), created.map(load::time));
    let [lanes, addresses, events] = counts;
    let stored =
        Stored { name, uid, enrolled, created, devices, lanes, addresses, events, damaged };
    Ok(Some(Entry { stored, account }))
}

type Devices = Vec<(String, String, bool)>;

fn contents(connection: &Connection, name: &StoredName) -> Result<(Devices, [u32; 3]), StoreError> {
    let lanes = count(connection, "lane", name)?;
    let (addresses, events) =
        (count(connection, "address", name)?, count(connection, "event", name)?);
    Ok((devices(connection, name)?, [lanes, addresses, events]))
}

fn devices(connection: &Connection, name: &StoredName) -> Result<Devices, StoreError> {
    let mut query = connection.prepare_cached(
        "SELECT id, label, confirmed FROM device WHERE account = CAST(?1 AS TEXT)
         ORDER BY position",
    )?;
    let devices = query.query_map([&name.0], |row| {
        Ok((text(&bytes(row, 0)?), text(&bytes(row, 1)?), row.get(2).unwrap_or(false)))
    })?;
    Ok(devices.collect::<Result<_, _>>()?)
}

fn count(connection: &Connection, table: &str, name: &StoredName) -> Result<u32, StoreError> {
    let sql = format!("SELECT count(*) FROM {table} WHERE account = CAST(?1 AS TEXT)");
    Ok(connection.prepare_cached(&sql)?.query_row([&name.0], |row| row.get(0))?)
}

fn bytes(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<u8>> {
    Ok(match row.get_ref(column)? {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.to_owned(),
        ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => Vec::new(),
    })
}

/// To be shown and no more. D-Bus knows no NUL.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace('\0', "\u{fffd}")
}

/// Removes whatever refers to an account of this name, then the account.
fn erase(connection: &Connection, name: &StoredName) -> Result<(), StoreError> {
    let mut query = connection.prepare_cached(
        "SELECT DISTINCT m.name, f.\"from\" FROM sqlite_schema m, pragma_foreign_key_list(m.name) f
         WHERE f.\"table\" = 'account'",
    )?;
    let columns = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let columns: Vec<(String, String)> = columns.collect::<Result<_, _>>()?;
    let account = ("account".to_owned(), "name".to_owned());
    columns.iter().chain([&account]).try_for_each(|(table, column)| {
        let sql = format!("DELETE FROM {table} WHERE {column} = CAST(?1 AS TEXT)");
        connection.execute(&sql, [&name.0])?;
        Ok(())
    })
}

/// A removal on its way to the writer.
pub(super) struct EraseJob {
    pub(super) name: StoredName,
    pub(super) before: Instant,
    pub(super) reply: oneshot::Sender<Result<Persisted<Option<Stored>>, StoreError>>,
    pub(super) found: Option<Stored>,
}

impl Job for EraseJob {
    fn is_late(&self, now: Instant) -> bool {
        now > self.before || self.reply.is_closed()
    }

    fn run(&mut self, run: &Run<'_>) -> Result<Ran, StoreError> {
        self.found = stored(run.connection, run.shared.opened_by(), &self.name)?;
        if self.found.is_none() {
            return Ok(Ran::Unchanged);
        }
        erase(run.connection, &self.name).map(|()| Ran::Changed)
    }

    fn answer(self: Box<Self>, fate: Result<(), StoreError>) {
        let Self { reply, found, .. } = *self;
        // A caller that has gone needs no answer; what was committed stays.
        let _ = reply.send(fate.map(|()| Persisted(Ok(found))));
    }
}

#[cfg(test)]
mod tests;
