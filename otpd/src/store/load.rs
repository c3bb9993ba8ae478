//! Reading records. What cannot be read is an error that names it, never a record left out: an
//! account with a device missing would be another account.

use std::net::IpAddr;

use otp_core::{
    Account, Device, DeviceId, Invitation, KnownAddress, Label, Lane, LaneState, Tried, Uid,
    UnixTime, UserName, device::KindState,
};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{
    Key, Records, StoreError, contacts, exemption, log,
    mark::{Marked, MarkedDevice},
    passes, remembered, sent, tokens,
};
use crate::{
    audit::Escaped,
    vault::{Pepper, Place, Vault},
};

/// An account and the version that a commit must find again.
pub(super) struct Loaded {
    pub(super) account: Account,
    pub(super) version: i64,
}

/// What stored records are opened and checked with.
#[derive(Clone, Copy)]
pub(super) struct OpenedBy<'a> {
    pub(super) vault: &'a Vault,
    pub(super) pepper: &'a Pepper,
}

/// What the keys of a step name, with the versions of the accounts.
pub(super) fn records(
    connection: &Connection,
    opened_by: OpenedBy<'_>,
    keys: &[Key],
    now: UnixTime,
) -> Result<(Records, Vec<(UserName, i64)>), StoreError> {
    let mut records = Records::default();
    let mut versions = Vec::new();
    for key in keys {
        match key {
            Key::Account(name) => {
                if let Some(loaded) = account(connection, opened_by, name)? {
                    versions.push((name.clone(), loaded.version));
                    records.accounts.insert(name.clone(), loaded.account);
                }
            }
            Key::Owner(uid) => {
                if let Some(name) = owner(connection, *uid)? {
                    records.owners.insert(*uid, name);
                }
            }
            Key::Secret(fingerprint) => {
                let holders = holders(connection, fingerprint)?;
                records.holders.insert(fingerprint.clone(), holders);
            }
            Key::Caller(uid, tried) => {
                if let Some(state) = caller(connection, opened_by, (*uid, *tried))? {
                    records.callers.insert((*uid, *tried), state);
                }
            }
            Key::Sent(tally) => {
                if let Some(state) = sent::load(connection, opened_by, tally)? {
                    records.sent.insert(tally.clone(), state);
                }
            }
            Key::Contact(key) => {
                if let Some(contact) = contacts::load(connection, opened_by, key)? {
                    records.contacts.insert(key.clone(), contact);
                }
            }
            Key::Contacts(uid) => {
                records.pending.insert(*uid, contacts::held(connection, *uid, now)?);
            }
            Key::At(key) => {
                if let Some(name) = contacts::account_at(connection, key)? {
                    records.at.insert(key.clone(), name);
                }
            }
            Key::Families(name) => {
                records.families.extend(tokens::of_account(connection, opened_by, name)?);
            }
            Key::Family(id) => {
                records.families.extend(tokens::family(connection, opened_by, *id)?);
            }
            Key::NewestFamilies(most) => {
                records.families.extend(tokens::newest(connection, opened_by, *most)?);
            }
            Key::Held(uid) => {
                records.held.insert(*uid, tokens::held(connection, *uid, now)?);
            }
            Key::Pass(digest) => {
                records.passes.extend(passes::keyed(connection, opened_by, digest)?);
            }
            Key::PassCalled(id) => {
                records.passes.extend(passes::called(connection, opened_by, id)?);
            }
            Key::Unended(owner, purpose) => {
                let owner = owner.as_ref();
                records.some_passes = passes::unended(connection, opened_by, owner, purpose)?;
            }
            Key::Lives(owner, maker) => {
                records.lives = passes::lives(connection, owner.as_ref(), *maker)?;
            }
            Key::Passes(listing, after, most) => {
                let page = passes::page(connection, opened_by, listing, (after, *most))?;
                records.some_passes = page;
            }
            Key::Log(whose, most) => {
                records.log = log::read(connection, whose.as_ref(), *most)?;
            }
        }
    }
    Ok((records, versions))
}

fn owner(connection: &Connection, uid: Uid) -> Result<Option<UserName>, StoreError> {
    let mut query = connection.prepare_cached("SELECT name FROM account WHERE uid = ?1")?;
    let name: Option<String> = query.query_row([uid.0], |row| row.get(0)).optional()?;
    name.map(|name| UserName::stored(&name).map_err(|error| corrupt(&name, error))).transpose()
}

fn holders(connection: &Connection, fingerprint: &[u8]) -> Result<Vec<UserName>, StoreError> {
    let mut query = connection
        .prepare_cached("SELECT DISTINCT account FROM device WHERE fingerprint = ?1 LIMIT 2")?;
    let names: Result<Vec<String>, _> = query.query_map([fingerprint], |row| row.get(0))?.collect();
    let read = |name: String| UserName::stored(&name).map_err(|error| corrupt(&name, error));
    names?.into_iter().map(read).collect()
}

pub(super) fn account(
    connection: &Connection,
    by: OpenedBy<'_>,
    name: &UserName,
) -> Result<Option<Loaded>, StoreError> {
    let mut query = connection
        .prepare_cached("SELECT uid, enrolled, version, mark FROM account WHERE name = ?1")?;
    let head = query
        .query_row([name.as_str()], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get::<_, Vec<u8>>(3)?))
        })
        .optional()?;
    let Some((uid, enrolled, version, mark)): Option<(Option<u32>, bool, i64, _)> = head else {
        return devices_of_nobody(connection, name).map(|()| None);
    };
    Marked::Account { name: name.as_str(), uid, enrolled }.check(by.pepper, &mark)?;
    let mut account = Account::of_application(name.clone());
    account.uid = uid.map(Uid);
    account.enrolled = enrolled;
    account.devices = devices(connection, by, name)?;
    account.lanes = lanes(connection, by, name)?.into_iter().collect();
    account.addresses = addresses(connection, name)?;
    account.invitation = invitation(connection, by, name)?;
    account.remembered = remembered::load(connection, by, name)?;
    account.exemption = exemption::read(connection, by, name)?;
    Ok(Some(Loaded { account, version }))
}

/// An account that is not found although it has devices was lost, not never there.
fn devices_of_nobody(connection: &Connection, name: &UserName) -> Result<(), StoreError> {
    let mut query = connection.prepare_cached("SELECT count(*) FROM device WHERE account = ?1")?;
    match query.query_row([name.as_str()], |row| row.get(0))? {
        0_i64 => Ok(()),
        _ => Err(corrupt(name.as_str(), "there are devices but no account; restore the store")),
    }
}

fn devices(
    connection: &Connection,
    by: OpenedBy<'_>,
    name: &UserName,
) -> Result<Vec<Device>, StoreError> {
    let mut query = connection.prepare_cached(
        "SELECT id, kind, label, confirmed, created, last_used, state, secret, mark, replaces
         FROM device WHERE account = ?1 ORDER BY position",
    )?;
    let mut rows = query.query([name.as_str()])?;
    let mut devices = Vec::new();
    while let Some(row) = rows.next()? {
        devices.push(device(row, by, name)?);
    }
    Ok(devices)
}

fn device(row: &Row<'_>, by: OpenedBy<'_>, name: &UserName) -> Result<Device, StoreError> {
    let id: String = row.get(0)?;
    let whose = format!("{id} of {name}");
    let (kind, label, state): (String, String, String) = (row.get(1)?, row.get(2)?, row.get(6)?);
    let (confirmed, sealed, mark): (bool, Option<Vec<u8>>, Vec<u8>) =
        (row.get(3)?, row.get(7)?, row.get(8)?);
    let replaces: Option<String> = row.get(9)?;
    let device = MarkedDevice { id: &id, confirmed, replaces: replaces.as_deref(), state: &state };
    Marked::Device { account: name.as_str(), device }.check(by.pepper, &mark)?;
    let place = Place { account: name.as_str(), device: &id, field: "secret" };
    let open = |sealed: Vec<u8>| by.vault.open(place, &sealed);
    let secret = sealed.map(open).transpose();
    let secret = secret.map_err(|error| StoreError::Corrupt(error.to_string()))?;
    let state = KindState::load(&kind, &state).map_err(|error| corrupt(&whose, error))?;
    let id_of = |id: &str| DeviceId::parse(id).map_err(|error| corrupt(&whose, error));
    Ok(Device {
        id: id_of(&id)?,
        label: Label::parse(&label).map_err(|error| corrupt(&whose, error))?,
        confirmed,
        created: time(row.get(4)?),
        last_used: row.get::<_, Option<i64>>(5)?.map(time),
        replaces: replaces.as_deref().map(id_of).transpose()?,
        kind: state.with_sealed(secret).ok_or_else(|| {
            corrupt(&whose, "its secret is missing, none that it can have, or one too many")
        })?,
    })
}

fn lanes(
    connection: &Connection,
    by: OpenedBy<'_>,
    name: &UserName,
) -> Result<Vec<(Lane, LaneState)>, StoreError> {
    let mut query =
        connection.prepare_cached("SELECT lane, state, mark FROM lane WHERE account = ?1")?;
    let mut rows = query.query(params![name.as_str()])?;
    let mut lanes = Vec::new();
    while let Some(row) = rows.next()? {
        let (lane, state, mark): (String, String, Vec<u8>) =
            (row.get(0)?, row.get(1)?, row.get(2)?);
        Marked::Lane { account: name.as_str(), lane: &lane, state: &state }
            .check(by.pepper, &mark)?;
        let whose = format!("lane {lane:?} of {name}");
        let lane = Lane::named(&lane).ok_or_else(|| corrupt(&whose, "no such lane"))?;
        lanes.push((lane, serde_json::from_str(&state).map_err(|error| corrupt(&whose, error))?));
    }
    Ok(lanes)
}

fn caller(
    connection: &Connection,
    by: OpenedBy<'_>,
    (uid, tried): (Uid, Tried),
) -> Result<Option<LaneState>, StoreError> {
    let sql = "SELECT state, mark FROM caller WHERE uid = ?1 AND purpose = ?2";
    let mut query = connection.prepare_cached(sql)?;
    let purpose = tried.name();
    let found: Option<(String, Vec<u8>)> = query
        .query_row(params![uid.0, purpose], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((state, mark)) = found else { return Ok(None) };
    Marked::Caller { uid: uid.0, purpose, state: &state }.check(by.pepper, &mark)?;
    let state = serde_json::from_str(&state);
    state.map(Some).map_err(|error| corrupt(&format!("what uid {uid} has failed"), error))
}

fn addresses(connection: &Connection, name: &UserName) -> Result<Vec<KnownAddress>, StoreError> {
    let mut query = connection
        .prepare_cached("SELECT address, seen FROM address WHERE account = ?1 ORDER BY seen")?;
    let mut rows = query.query([name.as_str()])?;
    let mut addresses = Vec::new();
    while let Some(row) = rows.next()? {
        let text: String = row.get(0)?;
        let address: IpAddr =
            text.parse().map_err(|error| corrupt(&format!("an address of {name}"), error))?;
        addresses.push(KnownAddress { address, seen: time(row.get(1)?) });
    }
    Ok(addresses)
}

fn invitation(
    connection: &Connection,
    by: OpenedBy<'_>,
    name: &UserName,
) -> Result<Option<Invitation>, StoreError> {
    let mut query =
        connection.prepare_cached("SELECT state, mark FROM invitation WHERE account = ?1")?;
    let found: Option<(String, Vec<u8>)> =
        query.query_row([name.as_str()], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((state, mark)) = found else { return Ok(None) };
    Marked::Invitation { account: name.as_str(), state: &state }.check(by.pepper, &mark)?;
    let invitation = Invitation::load(&state);
    invitation.map(Some).map_err(|error| corrupt(&format!("the invitation of {name}"), error))
}

pub(super) fn time(secs: i64) -> UnixTime {
    UnixTime::from_secs(u64::try_from(secs).unwrap_or(0))
}

pub(super) fn corrupt(whose: &str, error: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt(format!("{}: {error}", Escaped(whose)))
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error.to_string())
    }
}
