//! The tables and how they came about. A migration is never edited once it was released; what was
//! stored stays readable.

use rusqlite::Connection;

/// Each entry takes the database from the version of its index to the next (`user_version`).
const MIGRATIONS: &[&str] = &["
    CREATE TABLE meta (
        key   TEXT PRIMARY KEY,
        value BLOB NOT NULL               -- sealed where the key is 'pepper'
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE account (
        name     TEXT PRIMARY KEY,
        uid      INTEGER UNIQUE,          -- none: a person of an application, never of PAM
        enrolled INTEGER NOT NULL CHECK (enrolled IN (0, 1)),
        version  INTEGER NOT NULL,        -- counts commits; a commit that misses one is refused
        created  INTEGER NOT NULL,
        mark     BLOB NOT NULL            -- keyed hash of name, uid, enrolled
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE device (
        account     TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        id          TEXT NOT NULL,
        position    INTEGER NOT NULL,     -- the order of enrolment
        kind        TEXT NOT NULL,
        label       TEXT NOT NULL,
        confirmed   INTEGER NOT NULL CHECK (confirmed IN (0, 1)),
        created     INTEGER NOT NULL,
        last_used   INTEGER,
        state       TEXT NOT NULL,        -- JSON without anything secret
        secret      BLOB,                 -- sealed; none: a kind that has none
        fingerprint BLOB,                 -- keyed hash of the secret
        replaces    TEXT,                 -- the device whose place it takes once it is confirmed
        mark        BLOB NOT NULL,        -- keyed hash of account, id, confirmed, replaces, state
        PRIMARY KEY (account, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX device_fingerprint ON device (fingerprint);

    CREATE TABLE lane (
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        lane    TEXT NOT NULL,
        state   TEXT NOT NULL,            -- JSON
        mark    BLOB NOT NULL,            -- keyed hash of account, lane, state
        PRIMARY KEY (account, lane)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE address (
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        address TEXT NOT NULL,
        seen    INTEGER NOT NULL,
        PRIMARY KEY (account, address)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE invitation (
        account TEXT PRIMARY KEY REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        state   TEXT NOT NULL,            -- JSON, with the keyed hash of the token
        mark    BLOB NOT NULL             -- keyed hash of account, state
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE remembered (
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        number  INTEGER NOT NULL,
        state   TEXT NOT NULL,            -- JSON
        mark    BLOB NOT NULL,            -- keyed hash of account, number, state
        PRIMARY KEY (account, number)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE exemption (
        account TEXT PRIMARY KEY REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        state   TEXT NOT NULL,            -- JSON
        mark    BLOB NOT NULL             -- keyed hash of account, state
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE event (
        seq     INTEGER PRIMARY KEY,      -- the order over all accounts, whatever the clock said
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        at      INTEGER NOT NULL,
        by      INTEGER NOT NULL,         -- the uid that asked for it
        class   TEXT NOT NULL,            -- failure, login or change: each is bounded by itself
        body    TEXT NOT NULL             -- JSON
    ) STRICT;
    CREATE INDEX event_account ON event (account, class, seq);

    CREATE TABLE contact (
        holder  INTEGER NOT NULL,         -- the uid of the application
        address BLOB NOT NULL,            -- keyed hash of the address
        touched INTEGER NOT NULL,         -- for tidying up
        state   TEXT NOT NULL,            -- JSON, with keyed hashes of code and identifier
        mark    BLOB NOT NULL,            -- keyed hash of holder, address, state
        PRIMARY KEY (holder, address)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX contact_touched ON contact (touched);

    CREATE TABLE token_family (
        id      TEXT PRIMARY KEY,
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        device  TEXT NOT NULL,            -- whose code it was granted for, and with which it goes
        holder  INTEGER NOT NULL,         -- the uid that asked
        until   INTEGER NOT NULL,         -- for tidying up; the state decides
        state   TEXT NOT NULL,            -- JSON, with the keyed hashes of its tokens
        mark    BLOB NOT NULL,            -- keyed hash of account, id, state
        FOREIGN KEY (account, device) REFERENCES device (account, id)
            ON DELETE CASCADE ON UPDATE CASCADE
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX token_family_device ON token_family (account, device);
    CREATE INDEX token_family_holder ON token_family (holder);
    CREATE INDEX token_family_until ON token_family (until);
    CREATE TABLE pass (
        id      TEXT PRIMARY KEY,
        account TEXT REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE, -- none: nobody's
        digest  BLOB NOT NULL UNIQUE,     -- keyed hash of purpose and key
        purpose TEXT NOT NULL,
        maker   INTEGER NOT NULL,
        expires INTEGER NOT NULL,
        ended   INTEGER NOT NULL CHECK (ended IN (0, 1)), -- used or called back
        over    INTEGER NOT NULL,         -- when it ended, or else expires
        state   TEXT NOT NULL,            -- JSON, with all of the above that decides
        data    TEXT,                     -- JSON of its maker
        mark    BLOB NOT NULL             -- keyed hash of id, account, digest, state, data
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX pass_account ON pass (account, purpose);
    CREATE INDEX pass_maker ON pass (maker);
    CREATE INDEX pass_over ON pass (over);

    CREATE TABLE caller (
        uid     INTEGER NOT NULL,         -- who asked for what is no account's own, and failed
        purpose TEXT NOT NULL,            -- at what: passes or codes
        state   TEXT NOT NULL,            -- JSON
        mark    BLOB NOT NULL,            -- keyed hash of uid, purpose, state
        PRIMARY KEY (uid, purpose)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE sent (
        subject TEXT PRIMARY KEY,         -- an address by its keyed hash, an account, or all
        at      INTEGER NOT NULL,         -- when it was last written
        state   TEXT NOT NULL,            -- JSON
        mark    BLOB NOT NULL             -- keyed hash of subject, state
    ) STRICT, WITHOUT ROWID;
"];

/// Why the tables are not as this version needs them.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// A later version made the database.
    #[error("made by a later version of otpd (schema {0}); install that version")]
    TooNew(usize),
    /// The database says it has less than no tables.
    #[error("schema version {0} is none; restore the database from backup")]
    NoVersion(i64),
    /// The database cannot be read or changed.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

/// Brings the tables to this version, all in one transaction or not at all.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), SchemaError> {
    let tx = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let version: i64 = tx.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let done = usize::try_from(version).map_err(|_| SchemaError::NoVersion(version))?;
    let rest = MIGRATIONS.get(done..).ok_or(SchemaError::TooNew(done))?;
    if rest.is_empty() {
        return Ok(());
    }
    for migration in rest {
        tx.execute_batch(migration)?;
    }
    tx.pragma_update(None, "user_version", i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX))?;
    tx.commit()?;
    Ok(())
}
