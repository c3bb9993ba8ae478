//! `explain`: what an attacker who guesses codes can hope for, at most, in words and numbers.

use otp_bus::{DeviceOdds, Explanation};
use serde::Serialize;

use crate::connect::Connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::record::named;
use crate::session::Session;
use crate::text;

/// The answer in JSON. A chance is the N of "at most 1 in N"; `null` where there is none.
#[derive(Serialize)]
struct Record<'a> {
    user: &'a str,
    devices: Vec<Odds<'a>>,
    guess: Option<u64>,
    guesses_until_locked: u32,
    seconds_until_locked: u64,
    unlock_after: Option<u64>,
    guesses_in_a_year: u64,
    lane_until_locked: Option<u64>,
    lanes_until_locked: Option<u64>,
    lane_in_a_year: Option<u64>,
    lanes_in_a_year: Option<u64>,
}

/// One confirmed device in JSON.
#[derive(Serialize)]
struct Odds<'a> {
    device: &'a str,
    label: &'a str,
    codes: u32,
    one_in: u64,
}

/// Explains an account.
pub(crate) fn run<C: Connect>(session: &mut Session<'_, '_, C>) -> Result<Exit, Failure> {
    let user = session.subject.name().to_owned();
    let told = session.manage(async |manage| manage.explain(&user).await)?;
    session.answer(&record(&told), || people(&told))?;
    Ok(Exit::Done)
}

impl<'a> From<&'a DeviceOdds> for Odds<'a> {
    fn from(odds: &'a DeviceOdds) -> Self {
        let DeviceOdds { device, label, codes, one_in } = odds;
        Self { device, label, codes: *codes, one_in: *one_in }
    }
}

fn record(told: &Explanation) -> Record<'_> {
    Record {
        user: &told.user,
        devices: told.devices.iter().map(Odds::from).collect(),
        guess: told.guess,
        guesses_until_locked: told.guesses_until_locked,
        seconds_until_locked: told.seconds_until_locked,
        unlock_after: told.unlock_after,
        guesses_in_a_year: told.guesses_in_a_year,
        lane_until_locked: told.lane_until_locked,
        lanes_until_locked: told.lanes_until_locked,
        lane_in_a_year: told.lane_in_a_year,
        lanes_in_a_year: told.lanes_in_a_year,
    }
}

fn people(told: &Explanation) -> String {
    let user = text::safe(&told.user);
    let Some(guess) = told.guess else {
        return format!("{user} has no confirmed device: no guess is right");
    };
    let mut lines = vec![format!("{user}, against those who guess and do not know the secret:")];
    lines.extend(told.devices.iter().map(device));
    if told.devices.len() > 1 {
        lines.push(format!("  together: at most 1 guess in {guess} is right"));
    }
    lines.push(lock(told));
    lines.push(format!(
        "  from one place, so in one lane, a row of guesses is right with a chance of at most {}, a \
         year of them with {}",
        one_in(told.lane_until_locked),
        one_in(told.lane_in_a_year)
    ));
    lines.push(format!(
        "  from anywhere, so in all four lanes, a row in each with at most {}, a year with {}",
        one_in(told.lanes_until_locked),
        one_in(told.lanes_in_a_year)
    ));
    lines.push(format!(
        "  a year has at most {} guesses a lane, however often the owner's logins end the row",
        told.guesses_in_a_year
    ));
    lines.join("\n")
}

fn device(odds: &DeviceOdds) -> String {
    format!(
        "  {}: up to {} right at a moment; at most 1 guess in {} is one of them",
        named(&odds.device, &odds.label),
        text::counted(odds.codes, "code"),
        odds.one_in
    )
}

/// What a lane does about wrong codes.
fn lock(told: &Explanation) -> String {
    let until = told.unlock_after.map_or_else(
        || "until an administrator unlocks it".to_owned(),
        |seconds| format!("for {}", text::stretch(u32::try_from(seconds).unwrap_or(u32::MAX))),
    );
    format!(
        "  each lane locks {until} after {} in a row, which take at least {}",
        text::counted(told.guesses_until_locked, "wrong code"),
        text::at_least(told.seconds_until_locked)
    )
}

fn one_in(many: Option<u64>) -> String {
    many.map_or_else(|| "never".to_owned(), |many| format!("1 in {many}"))
}
