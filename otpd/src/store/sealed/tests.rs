//! The list against the tables: whoever adds a column says in its line what its bytes are.

use std::{collections::BTreeSet, sync::atomic::AtomicU64};

use super::*;
use crate::store::{SqliteStore, contract::SetClock};

/// The BLOB columns of the schema, each with what its line says.
fn blobs(connection: &Connection) -> Vec<(String, String, String)> {
    let mut tables = connection
        .prepare("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql IS NOT NULL")
        .unwrap();
    let tables = tables.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let mut blobs = Vec::new();
    for (table, sql) in tables.map(Result::<(String, String), _>::unwrap) {
        let mut columns = connection
            .prepare("SELECT name FROM pragma_table_info(?1) WHERE type = 'BLOB'")
            .unwrap();
        let columns = columns.query_map([&table], |row| row.get(0)).unwrap();
        for column in columns.map(Result::<String, _>::unwrap) {
            let is_its = |line: &&str| line.split_whitespace().next() == Some(&column);
            let line = sql.lines().find(is_its).unwrap_or_default();
            let comment = line.split_once("--").map_or("", |(_, comment)| comment.trim());
            blobs.push((table.clone(), column, comment.to_owned()));
        }
    }
    blobs
}

#[test]
fn no_sealed_column_is_missing_from_the_list() {
    let dir = tempfile::tempdir().unwrap();
    let clock = std::sync::Arc::new(SetClock(AtomicU64::new(1_700_000_000)));
    SqliteStore::open(dir.path(), None, clock).unwrap().close();
    let connection = Connection::open(dir.path().join("otpd.db")).unwrap();
    let blobs = blobs(&connection);
    for (table, column, comment) in &blobs {
        assert!(
            !comment.is_empty(),
            "say in its line what {table}.{column} holds: sealed, or what"
        );
    }
    let sealed: BTreeSet<_> = blobs
        .iter()
        .filter(|(_, _, comment)| comment.starts_with("sealed"))
        .map(|(table, column, _)| (table.as_str(), column.as_str()))
        .collect();
    let listed: BTreeSet<_> = SEALED.iter().map(|it| (it.table, it.column)).collect();
    assert_eq!(sealed, listed, "SEALED must name every sealed column, and no others");
    assert!(blobs.len() > listed.len(), "marks and hashes have not been seen");
}

#[test]
fn the_longest_tag_is_within_the_longest_header() {
    let mut header = vec![1, 16];
    header.extend_from_slice(&[b'x'; 40]);
    header.truncate(HEADER_BYTES);
    assert_eq!(tag_of(&header).unwrap().as_str().len(), 16);
}
