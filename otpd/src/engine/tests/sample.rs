//! A store as this version writes it, kept as a sample: every later version must open it, know all
//! that is in it, and accept what it would have accepted. Samples are never edited once they were
//! released; `BLESS=1` writes the one of a schema that was not.

use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf};

use rusqlite::{Connection, types::Value};

use super::*;
use otp_core::{Lane, Recalled, Seconds, Source, UnixTime};

const NOW: u64 = START + 600;

fn sample(file: &str) -> PathBuf {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/samples/store-1");
    PathBuf::from(dir).join(file)
}

/// What a rule remembers of the first login.
fn remembering() -> Remembering {
    let address = std::net::Ipv4Addr::new(192, 0, 2, 7).into();
    let source = Source::of_address(address, |_| false).unwrap();
    let (rule, service) = ("office".to_owned(), "sshd".to_owned());
    Remembering { rule, length: Seconds(28_800), service, source }
}

/// A store with one of each thing that can be in it, as SQL, with the codes that it would accept.
fn write() {
    let mut world = World::new();
    world.at(START);
    let known = Origin::of_host("192.0.2.7");
    world.verify_and(Some(remembering()), &totp_code(START / 30), known);
    world.verify(&hotp_code(3), Origin::Local);
    world.verify(&hotp_code(20), Origin::Local);
    world.verify(&world.codes[0].clone(), Origin::Own);
    world.verify("0000000000", Origin::Named);
    let (engine, before) = (world.engine.as_ref().unwrap(), soon());
    let invited = engine.invite(alice(), root(), Seconds(86_400), before);
    world.runtime.block_on(invited).unwrap().unwrap().unwrap_or_else(|_| panic!("not invited"));
    let codes = world.codes.join("\n") + "\n";
    world.engine.take().unwrap().into_store().close();
    fs::create_dir_all(sample("")).unwrap();
    fs::write(sample("store.sql"), dump(&world.dir.path().join("otpd.db"))).unwrap();
    fs::copy(world.dir.path().join("keyring"), sample("keyring")).unwrap();
    fs::write(sample("codes.txt"), codes).unwrap();
}

/// Tables and rows as SQL, in an order that does not depend on chance.
fn dump(path: &std::path::Path) -> String {
    let connection = Connection::open(path).unwrap();
    let version: i64 =
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    let mut sql = format!("PRAGMA user_version = {version};\n");
    let master = "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL
                  ORDER BY type DESC, rootpage";
    let mut query = connection.prepare(master).unwrap();
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    let made: Vec<(String, String, String)> = rows.unwrap().map(Result::unwrap).collect();
    for (kind, name, create) in made {
        sql.extend([create.as_str(), ";\n"]);
        if kind == "table" {
            sql.push_str(&rows_of(&connection, &name));
        }
    }
    sql
}

fn rows_of(connection: &Connection, table: &str) -> String {
    let mut query = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
    let columns = query.column_count();
    let mut rows = query.query([]).unwrap();
    let mut sql = String::new();
    while let Some(row) = rows.next().unwrap() {
        let values = (0..columns).map(|column| match row.get::<_, Value>(column).unwrap() {
            Value::Null => "NULL".to_owned(),
            Value::Integer(number) => number.to_string(),
            Value::Real(number) => number.to_string(),
            Value::Text(text) => format!("'{}'", text.replace('\'', "''")),
            Value::Blob(bytes) => format!("X'{}'", data_encoding::HEXUPPER.encode(&bytes)),
        });
        let values = values.collect::<Vec<_>>().join(", ");
        sql.extend(["INSERT INTO ", table, " VALUES (", values.as_str(), ");\n"]);
    }
    sql
}

/// A world on the sample.
fn opened() -> World {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let connection = Connection::open(dir.path().join("otpd.db")).unwrap();
    connection.execute_batch(&fs::read_to_string(sample("store.sql")).unwrap()).unwrap();
    drop(connection);
    let keyring = dir.path().join("keyring");
    fs::copy(sample("keyring"), &keyring).unwrap();
    fs::set_permissions(&keyring, fs::Permissions::from_mode(0o600)).unwrap();
    let clock = Arc::new(SetClock(AtomicU64::new(NOW)));
    let codes = fs::read_to_string(sample("codes.txt")).unwrap();
    let codes = codes.lines().map(str::to_owned).collect();
    let mut world = World { dir, clock, engine: None, codes, runtime };
    world.open();
    world
}

#[test]
fn a_store_of_the_first_schema_is_read_by_every_later_version() {
    if std::env::var_os("BLESS").is_some() {
        write();
    }
    let world = opened();
    let overview = world.overview();
    let kinds: Vec<&str> = overview.devices.iter().map(|device| device.state.kind()).collect();
    assert_eq!(kinds, ["totp", "hotp", "recovery"]);
    assert!(overview.demands_code && overview.devices.iter().all(|device| device.confirmed));
    let failed: Vec<_> = overview.lanes.iter().map(|lane| (lane.lane, lane.failures)).collect();
    assert_eq!(failed, [(Lane::Local, 1), (Lane::Remote, 1)]);
    assert_eq!(overview.invited.map(UnixTime::as_secs), Some(START + 86_400));
    let before = soon();
    let recalled = world.engine.as_ref().unwrap().recall(
        alice(),
        Uid(0),
        remembering(),
        (Origin::of_host("192.0.2.7"), None),
        before,
    );
    let recalled = world.runtime.block_on(recalled).unwrap().into_result();
    assert!(matches!(recalled, Ok(Recalled::Yes(login)) if login.since.as_secs() == START));
    let log = world.runtime.block_on(world.engine.as_ref().unwrap().log(alice(), 100, soon()));
    assert_eq!(log.unwrap().unwrap().len(), 12);

    // What was used is used, what was noted is noted, and what was right is right.
    for used in [totp_code(START / 30), hotp_code(3), world.codes[0].clone()] {
        assert!(world.verify(&used, Origin::Local).starts_with("used"), "{used}");
    }
    let known = Origin::of_host("192.0.2.7");
    assert!(world.verify("0000000000", known).starts_with("wrong Known 1"));
    for right in [totp_code(NOW / 30), hotp_code(4), world.codes[1].clone()] {
        assert!(world.verify(&right, Origin::Local).starts_with("accepted"), "{right}");
    }
}
