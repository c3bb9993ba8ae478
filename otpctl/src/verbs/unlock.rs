//! `unlock`: clears an account's failures and locks, in all lanes. The daemon lets nobody unlock
//! themselves.

use otp_bus::LaneStatus;
use serde::Serialize;

use crate::connect::Connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;
use crate::text;
use crate::verbs::status::Lane;

/// The answer in JSON.
#[derive(Serialize)]
struct Record<'a> {
    user: &'a str,
    /// How many lanes had failures or a lock.
    lanes: usize,
    /// What was there in each.
    cleared: Vec<Lane<'a>>,
}

/// Unlocks the account.
pub(crate) fn run<C: Connect>(session: &mut Session<'_, '_, C>) -> Result<Exit, Failure> {
    let user = session.subject.name().to_owned();
    let lanes = session.manage(async |manage| manage.unlock(&user).await)?;
    let cleared = lanes.iter().map(Lane::from).collect();
    let record = Record { user: &user, lanes: lanes.len(), cleared };
    session.answer(&record, || tell(&user, &lanes))?;
    Ok(Exit::Done)
}

fn tell(user: &str, lanes: &[LaneStatus]) -> String {
    let name = text::safe(user);
    if lanes.is_empty() {
        return format!("nothing to unlock: no attempt on {name} has failed");
    }
    let cleared = lanes.iter().map(|lane| {
        let lock = if lane.locked { ", locked" } else { "" };
        let failures = text::counted(lane.failures, "failure");
        format!("\n  {}: {failures}{lock}", text::safe(&lane.lane))
    });
    let count = text::counted(u32::try_from(lanes.len()).unwrap_or(u32::MAX), "lane");
    format!("cleared {count} of {name}{}", cleared.collect::<String>())
}
