//! The accounts' events: written in the transaction of what they record, bounded by class, so that
//! neither wrong codes nor logins push out who changed what. They decide nothing: one that cannot be
//! read is shown as damaged, hides no other and denies nobody.

use otp_core::{Event, EventKind, Uid, UnixTime, UserName};
use rusqlite::{Connection, params};

use super::StoreError;

/// An event as it was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// Whose account.
    pub account: String,
    /// When; of a repeated failure the last time.
    pub at: UnixTime,
    /// Who asked for it; none where that is damaged.
    pub by: Option<Uid>,
    /// What; none where that is damaged.
    pub what: Option<EventKind>,
}

/// Writes an event as the newest one, together with the one that it repeats, and lets the oldest of
/// its class go.
pub(super) fn write(
    connection: &Connection,
    account: &str,
    by: Uid,
    event: Event,
) -> Result<(), StoreError> {
    let event = match repeated(connection, account, &event)? {
        Some((seq, both)) => {
            connection.prepare_cached("DELETE FROM event WHERE seq = ?1")?.execute([seq])?;
            both
        }
        None => event,
    };
    let class = event.kind.class();
    let body = serde_json::to_string(&event.kind)
        .map_err(|error| StoreError::Failed(error.to_string()))?;
    connection
        .prepare_cached(
            "INSERT INTO event (account, at, by, class, body) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![account, secs(event.at), by.0, class.name(), body])?;
    connection
        .prepare_cached(
            "DELETE FROM event WHERE account = ?1 AND class = ?2 AND seq <=
                 (SELECT seq FROM event WHERE account = ?1 AND class = ?2
                  ORDER BY seq DESC LIMIT 1 OFFSET ?3)",
        )?
        .execute(params![account, class.name(), class.kept()])?;
    Ok(())
}

/// The event since the last login that this one repeats, as the two together are.
fn repeated(
    connection: &Connection,
    account: &str,
    event: &Event,
) -> Result<Option<(i64, Event)>, StoreError> {
    if !matches!(event.kind, EventKind::Wrong { .. }) {
        return Ok(None);
    }
    let mut query = connection.prepare_cached(
        "SELECT seq, at, body FROM event WHERE account = ?1 AND class = 'failure' AND seq >
             (SELECT coalesce(max(seq), 0) FROM event WHERE account = ?1 AND class = 'login')
         ORDER BY seq DESC",
    )?;
    let mut rows = query.query([account])?;
    while let Some(row) = rows.next()? {
        let earlier = Event {
            at: time(row.get(1)?),
            kind: match kind(row, 2)? {
                Some(kind) => kind,
                None => continue,
            },
        };
        if let Some(both) = earlier.repeated(event) {
            return Ok(Some((row.get(0)?, both)));
        }
    }
    Ok(None)
}

/// The last events of one account or of all, the newest first.
pub(super) fn read(
    connection: &Connection,
    account: Option<&UserName>,
    most: u32,
) -> Result<Vec<Logged>, StoreError> {
    let mut query = connection.prepare_cached(match account {
        Some(_) => {
            "SELECT account, at, by, body FROM event WHERE account = ?2
             ORDER BY seq DESC LIMIT ?1"
        }
        None => "SELECT account, at, by, body FROM event ORDER BY seq DESC LIMIT ?1",
    })?;
    let mut rows = match account {
        Some(name) => query.query(params![most, name.as_str()])?,
        None => query.query([most])?,
    };
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        let account = row.get_ref(0)?.as_bytes().unwrap_or_default();
        events.push(Logged {
            account: String::from_utf8_lossy(account).into_owned(),
            at: time(row.get(1)?),
            by: u32::try_from(row.get::<_, i64>(2)?).ok().map(Uid),
            what: kind(row, 3)?,
        });
    }
    Ok(events)
}

fn kind(row: &rusqlite::Row<'_>, column: usize) -> Result<Option<EventKind>, StoreError> {
    let body = row.get_ref(column)?.as_bytes().unwrap_or_default();
    Ok(serde_json::from_slice(body).ok())
}

fn secs(time: UnixTime) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}

fn time(secs: i64) -> UnixTime {
    UnixTime::from_secs(u64::try_from(secs).unwrap_or(0))
}

#[cfg(test)]
mod tests;
