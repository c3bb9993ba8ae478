//! `unlock`: clears an account's failures and locks, in all lanes. The daemon lets nobody unlock
//! themselves.

use serde::Serialize;

use crate::connect::Connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;
use crate::text;

/// The answer in JSON.
#[derive(Serialize)]
struct Record<'a> {
    user: &'a str,
    /// How many lanes had failures or a lock.
    lanes: u32,
}

/// Unlocks the account.
pub(crate) fn run<C: Connect>(session: &mut Session<'_, '_, C>) -> Result<Exit, Failure> {
    let user = session.subject.name().to_owned();
    let before = session.manage(async |manage| manage.status(&user).await).ok();
    let lanes = session.manage(async |manage| manage.unlock(&user).await)?;
    session.answer(&Record { user: &user, lanes }, || {
        let name = text::safe(&user);
        if lanes == 0 {
            return format!("nothing to unlock: no attempt on {name} has failed");
        }
        let cleared = before.iter().flat_map(|status| &status.lanes).map(|lane| {
            let lock = if lane.locked { ", locked" } else { "" };
            format!(
                "\n  {}: {}{lock}",
                text::safe(&lane.lane),
                text::counted(lane.failures, "failure")
            )
        });
        format!("cleared {} of {name}{}", text::counted(lanes, "lane"), cleared.collect::<String>())
    })?;
    Ok(Exit::Done)
}
