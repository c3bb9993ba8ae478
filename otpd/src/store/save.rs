//! Writing changes, within the transaction in which they were decided.

use otp_core::{Beside, Change, Changes, Device, DeviceId, Invitation, Uid, UnixTime, UserName};
use rusqlite::{Connection, params};

use super::{
    StoreError, contacts,
    give::give,
    log,
    mark::{Marked, MarkedDevice},
    passes, remembered, sent, tokens,
};
use crate::vault::{Pepper, Place, Vault};

/// What saving needs beside the changes.
pub(super) struct Saver<'a> {
    pub(super) connection: &'a Connection,
    pub(super) vault: &'a Vault,
    pub(super) pepper: &'a Pepper,
    pub(super) now: UnixTime,
    pub(super) by: Uid,
}

/// What changes as a device moves.
struct MovedDevice<'a> {
    id: &'a str,
    state: &'a str,
    confirmed: bool,
}

impl Saver<'_> {
    /// Writes the changes, provided that the account is still at the version that was seen.
    pub(super) fn save(&self, changes: Changes, seen: Option<i64>) -> Result<(), StoreError> {
        let Changes { account, list, beside } = changes;
        if let Some(name) = &account {
            self.save_account(name, list, seen)?;
        }
        beside.into_iter().try_for_each(|change| self.beside(change))
    }

    fn save_account(
        &self,
        name: &UserName,
        list: Vec<Change>,
        seen: Option<i64>,
    ) -> Result<(), StoreError> {
        if let Some(version) = seen {
            let mut bump = self.connection.prepare_cached(
                "UPDATE account SET version = version + 1 WHERE name = ?1 AND version = ?2",
            )?;
            if bump.execute(params![name.as_str(), version])? != 1 {
                let text = format!("{name} was changed by somebody else: do two otpd run?");
                return Err(StoreError::Failed(text));
            }
        }
        list.into_iter().try_for_each(|change| self.change(name, change))
    }

    fn beside(&self, change: Beside) -> Result<(), StoreError> {
        match change {
            Beside::Sent(tally, state) => sent::save(self, &tally, &state),
            Beside::Caller(uid, tried, state) if state.is_clear() => {
                let sql = "DELETE FROM caller WHERE uid = ?1 AND purpose = ?2";
                self.perhaps(sql, params![uid.0, tried.name()])
            }
            Beside::Contact(key, contact) => contacts::keep(self, &key, &contact),
            Beside::TidyContacts(since) => contacts::tidy(self, since),
            Beside::TidyFamilies(before) => tokens::tidy(self, before),
            Beside::Pass(pass) => passes::save(self, &pass),
            Beside::ForgetPasses(before) => passes::forget(self, before),
            Beside::Caller(uid, tried, state) => {
                let state = json(&state)?;
                let (uid, purpose) = (uid.0, tried.name());
                let mark = Marked::Caller { uid, purpose, state: &state }.mark(self.pepper)?;
                self.run(
                    "INSERT INTO caller (uid, purpose, state, mark) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (uid, purpose) DO UPDATE SET state = ?3, mark = ?4",
                    params![uid, purpose, state, mark],
                )
            }
        }
    }

    pub(super) fn change(&self, name: &UserName, change: Change) -> Result<(), StoreError> {
        let (owner, name) = (name, name.as_str());
        match change {
            Change::Head { uid, enrolled } => self.run(
                "INSERT INTO account (name, uid, enrolled, version, created, mark)
                 VALUES (?1, ?2, ?3, 1, ?4, ?5)
                 ON CONFLICT (name) DO UPDATE SET uid = ?2, enrolled = ?3, mark = ?5",
                params![
                    name,
                    uid.map(|uid| uid.0),
                    enrolled,
                    secs(self.now),
                    Marked::Account { name, uid: uid.map(|uid| uid.0), enrolled }
                        .mark(self.pepper)?
                ],
            ),
            Change::Add(device) => self.add(name, &device),
            Change::Move { device, state, used, confirmed } => {
                // Whatever was confirmed has taken its place by now.
                let row = MovedDevice { id: device.as_str(), state: &state.store(), confirmed };
                self.moved(name, &row)?;
                self.run(
                    "UPDATE device SET last_used = ?3 WHERE account = ?1 AND id = ?2",
                    params![name, device.as_str(), secs(used)],
                )
            }
            Change::Note { device, state, confirmed } => {
                let row = MovedDevice { id: device.as_str(), state: &state.store(), confirmed };
                self.moved(name, &row)
            }
            Change::Sent { device, state, confirmed, replaces } => {
                let id = device.as_str();
                let (state, replaces) = (state.store(), replaces.as_ref().map(DeviceId::as_str));
                let device = MarkedDevice { id, confirmed, replaces, state: &state };
                let mark = Marked::Device { account: name, device }.mark(self.pepper)?;
                self.run(
                    "UPDATE device SET state = ?3, mark = ?4 WHERE account = ?1 AND id = ?2",
                    params![name, id, state, mark],
                )
            }
            Change::Rename(device, label) => self.run(
                "UPDATE device SET label = ?3 WHERE account = ?1 AND id = ?2",
                params![name, device.as_str(), label.as_str()],
            ),
            Change::Drop(device) => self.run(
                "DELETE FROM device WHERE account = ?1 AND id = ?2",
                params![name, device.as_str()],
            ),
            Change::Lane(lane, state) if state.is_clear() => self.perhaps(
                "DELETE FROM lane WHERE account = ?1 AND lane = ?2",
                params![name, lane.name()],
            ),
            Change::Lane(lane, state) => {
                let (lane, state) = (lane.name(), json(&state)?);
                let mark = Marked::Lane { account: name, lane, state: &state };
                self.run(
                    "INSERT INTO lane (account, lane, state, mark) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (account, lane) DO UPDATE SET state = ?3, mark = ?4",
                    params![name, lane, state, mark.mark(self.pepper)?],
                )
            }
            Change::Seen(address, at) => self.run(
                "INSERT INTO address (account, address, seen) VALUES (?1, ?2, ?3)
                 ON CONFLICT (account, address) DO UPDATE SET seen = ?3",
                params![name, address.to_string(), secs(at)],
            ),
            Change::Forget(address) => self.perhaps(
                "DELETE FROM address WHERE account = ?1 AND address = ?2",
                params![name, address.to_string()],
            ),
            Change::Invite(invitation) => self.invite(name, &invitation),
            Change::Uninvite => {
                self.run("DELETE FROM invitation WHERE account = ?1", params![name])
            }
            Change::Remember(login) => remembered::write(self, name, &login),
            Change::Unremember(which) => remembered::forget(self, name, which),
            Change::Exempt(given) => self.exempt(name, &given),
            Change::Unexempt => self.unexempt(name),
            Change::Tokens(change) => tokens::change(self, owner, change),
            Change::Event(event) => log::write(self.connection, name, self.by, event),
            Change::Give { name: to, uid } => give(self, owner, &to, uid),
        }
    }

    /// A device that is confirmed takes nobody's place any more: it has taken it.
    fn moved(&self, name: &str, row: &MovedDevice<'_>) -> Result<(), StoreError> {
        let MovedDevice { id, state, confirmed } = *row;
        let device = MarkedDevice { id, confirmed, replaces: None, state };
        let mark = Marked::Device { account: name, device }.mark(self.pepper)?;
        self.run(
            "UPDATE device SET state = ?3, confirmed = ?4, replaces = NULL, mark = ?5
             WHERE account = ?1 AND id = ?2",
            params![name, id, state, confirmed, mark],
        )
    }

    pub(super) fn add(&self, name: &str, device: &Device) -> Result<(), StoreError> {
        let failed = |error: &dyn std::fmt::Display| StoreError::Failed(error.to_string());
        let (secret, own) = (device.sealed(), device.own_part());
        let place = Place { account: name, device: device.id.as_str(), field: "secret" };
        let sealed = secret
            .map(|secret| self.vault.seal(place, &secret).map_err(|error| failed(&error)))
            .transpose()?;
        let fingerprint = own
            .map(|own| self.pepper.fingerprint(&own).ok_or_else(|| failed(&"no fingerprint")))
            .transpose()?;
        let state = device.state();
        let (stored, id, confirmed) = (state.store(), device.id.as_str(), device.confirmed);
        let replaces = device.replaces.as_ref().map(DeviceId::as_str);
        let marked = MarkedDevice { id, confirmed, replaces, state: &stored };
        let mark = Marked::Device { account: name, device: marked };
        self.run(
            "INSERT INTO device
                 (account, id, position, kind, label, confirmed, created, last_used, state,
                  secret, fingerprint, mark, replaces)
             VALUES (?1, ?2, (SELECT coalesce(max(position), 0) + 1 FROM device WHERE account = ?1),
                     ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            params![
                name,
                id,
                state.kind(),
                device.label.as_str(),
                confirmed,
                secs(device.created),
                device.last_used.map(secs),
                stored,
                sealed,
                fingerprint,
                mark.mark(self.pepper)?,
                replaces
            ],
        )
    }

    fn invite(&self, name: &str, invitation: &Invitation) -> Result<(), StoreError> {
        let state = invitation.store().map_err(|error| StoreError::Failed(error.to_string()))?;
        let mark = Marked::Invitation { account: name, state: &state };
        self.run(
            "INSERT INTO invitation (account, state, mark) VALUES (?1, ?2, ?3)
             ON CONFLICT (account) DO UPDATE SET state = ?2, mark = ?3",
            params![name, state, mark.mark(self.pepper)?],
        )
    }

    /// Runs a statement that must change exactly one row: anything else would be a record that is
    /// not what the step saw.
    pub(super) fn run(&self, sql: &str, values: &[&dyn rusqlite::ToSql]) -> Result<(), StoreError> {
        match self.connection.prepare_cached(sql)?.execute(values)? {
            1 => Ok(()),
            rows => Err(StoreError::Failed(format!("a change met {rows} rows, not one"))),
        }
    }

    /// Runs a statement that may find nothing to do.
    pub(super) fn perhaps(
        &self,
        sql: &str,
        values: &[&dyn rusqlite::ToSql],
    ) -> Result<(), StoreError> {
        self.connection.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }
}

pub(super) fn secs(time: UnixTime) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}

pub(super) fn json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Failed(error.to_string()))
}

#[cfg(test)]
mod tests;
