//! An account given to another name or uid. Seals and marks are bound to the name, so everything
//! that has one is opened under the old name and written anew under the new one, all within the
//! transaction; then it is read back, and what is not as it was undoes the step.

use otp_core::{Account, Change, Pass, Uid, UserName};
use rusqlite::params;

use super::{
    StoreError,
    load::{self, OpenedBy},
    mark::Marked,
    passes,
    save::Saver,
};

/// Gives the account `old` to the name `new` and this uid.
pub(super) fn give(
    saver: &Saver<'_>,
    old: &UserName,
    new: &UserName,
    uid: Uid,
) -> Result<(), StoreError> {
    let (was, passes) = (read(saver, old)?, passes::all_of(saver, old)?);
    let (name, enrolled) = (new.as_str(), was.enrolled);
    let mark = Marked::Account { name, uid: Some(uid.0), enrolled }.mark(saver.pepper)?;
    // What refers to the account follows its name, by ON UPDATE CASCADE.
    saver.run(
        "UPDATE account SET name = ?2, uid = ?3, mark = ?4 WHERE name = ?1",
        params![old.as_str(), name, uid.0, mark],
    )?;
    if old != new {
        rewrite(saver, new, &was)?;
        let mut renamed = passes.into_iter().map(|pass| Pass { owner: Some(new.clone()), ..pass });
        renamed.try_for_each(|pass| passes::save(saver, &pass))?;
    }
    if is_whole(&was, &read(saver, new)?, uid) {
        return Ok(());
    }
    let text = format!("the account {old} was not the same after it was given to {new}");
    Err(StoreError::Failed(text))
}

/// Writes anew what is bound to the name.
fn rewrite(saver: &Saver<'_>, new: &UserName, was: &Account) -> Result<(), StoreError> {
    saver.perhaps("DELETE FROM device WHERE account = ?1", params![new.as_str()])?;
    saver.perhaps("DELETE FROM lane WHERE account = ?1", params![new.as_str()])?;
    was.devices.iter().try_for_each(|device| saver.add(new.as_str(), device))?;
    let mut lanes = was.lanes.iter();
    lanes.try_for_each(|(lane, state)| saver.change(new, Change::Lane(*lane, state.clone())))?;
    let mut invitation = was.invitation.iter();
    invitation.try_for_each(|open| saver.change(new, Change::Invite(open.clone())))?;
    let mut exemption = was.exemption.iter();
    exemption.try_for_each(|given| saver.change(new, Change::Exempt(given.clone())))
}

fn read(saver: &Saver<'_>, name: &UserName) -> Result<Account, StoreError> {
    let by = OpenedBy { vault: saver.vault, pepper: saver.pepper };
    let loaded = load::account(saver.connection, by, name)?;
    let gone = || StoreError::Failed(format!("the account {name} is not there"));
    Ok(loaded.ok_or_else(gone)?.account)
}

/// Whether nothing but name and uid has changed.
fn is_whole(was: &Account, is: &Account, uid: Uid) -> bool {
    let devices = was.devices.len() == is.devices.len()
        && was
            .devices
            .iter()
            .zip(&is.devices)
            .all(|(was, is)| was.sealed() == is.sealed() && was.summary() == is.summary());
    devices
        && is.uid == Some(uid)
        && (is.enrolled, &is.lanes, &is.addresses) == (was.enrolled, &was.lanes, &was.addresses)
        && is.invitation == was.invitation
        && is.exemption == was.exemption
}
