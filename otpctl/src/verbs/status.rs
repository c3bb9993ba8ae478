//! `status`: whether a code is demanded, what has failed where, and what to do about it.

use otp_bus::{AccountStatus, LaneStatus};
use serde::Serialize;

use crate::connect::Connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::record::wall_time;
use crate::session::{Session, Subject};
use crate::{remedy, text};

/// The answer in JSON.
#[derive(Serialize)]
struct Record<'a> {
    user: &'a str,
    uid: u32,
    enrolled: bool,
    devices: u32,
    recovery_left: Option<u32>,
    lanes: Vec<Lane<'a>>,
    invited_until: Option<u64>,
    exempt_until: Option<u64>,
    exempt_reason: Option<&'a str>,
}

/// One lane in JSON; `wait` in seconds.
#[derive(Serialize)]
pub(crate) struct Lane<'a> {
    #[serde(rename = "lane")]
    name: &'a str,
    failures: u32,
    recent: u32,
    wait: u32,
    locked: bool,
}

/// Shows the account's state.
pub(crate) fn run<C: Connect>(session: &mut Session<'_, '_, C>) -> Result<Exit, Failure> {
    let user = session.subject.name().to_owned();
    let status = session.manage(async |manage| manage.status(&user).await)?;
    let record = Record {
        user: &status.user,
        uid: status.uid,
        enrolled: status.enrolled,
        devices: status.devices,
        recovery_left: status.recovery_left,
        lanes: status.lanes.iter().map(Lane::from).collect(),
        invited_until: status.invited_until,
        exempt_until: status.exempt_until,
        exempt_reason: status.exempt_reason.as_deref(),
    };
    let subject = session.subject.clone();
    let zone = session.host.zone.clone();
    session.answer(&record, || tell(&status, &subject, |until| wall_time(until, &zone)))?;
    Ok(Exit::Done)
}

impl<'a> From<&'a LaneStatus> for Lane<'a> {
    fn from(lane: &'a LaneStatus) -> Self {
        Self {
            name: &lane.lane,
            failures: lane.failures,
            recent: lane.recent,
            wait: lane.wait,
            locked: lane.locked,
        }
    }
}

fn tell(status: &AccountStatus, subject: &Subject, clock: impl Fn(u64) -> String) -> String {
    let mut lines = vec![format!(
        "{} (uid {}): {}, {}",
        text::safe(&status.user),
        status.uid,
        if status.enrolled { "enrolled" } else { "not enrolled" },
        text::counted(status.devices, "confirmed device"),
    )];
    if let Some(left) = status.recovery_left {
        lines.push(format!("  {} left", text::counted(left, "recovery code")));
    }
    if let Some(until) = status.exempt_until.map(&clock) {
        let reason = text::safe(status.exempt_reason.as_deref().unwrap_or_default());
        lines.push(format!("  exempt: logs in without a code until {until}: {reason}"));
    }
    if let Some(until) = status.invited_until.map(&clock) {
        lines.push(format!("  invited to enroll a device without a code, until {until}"));
    }
    lines.extend(status.lanes.iter().map(lane_line));
    if status.lanes.is_empty() {
        lines.push("  no attempt has failed".to_owned());
    }
    if let Some(next) = next(status, subject) {
        lines.push(format!("  next: {}", text::safe(&next)));
    }
    lines.join("\n")
}

/// A lane in a line.
pub(crate) fn lane_line(lane: &LaneStatus) -> String {
    let state = if lane.locked {
        "locked".to_owned()
    } else if lane.wait > 0 {
        format!("the next attempt is looked at in {}", text::stretch(lane.wait))
    } else {
        "open".to_owned()
    };
    format!(
        "  {}: {state}; {} in a row, {} in 30 days",
        text::safe(&lane.lane),
        text::counted(lane.failures, "failure"),
        lane.recent
    )
}

fn next(status: &AccountStatus, subject: &Subject) -> Option<String> {
    if status.lanes.iter().any(|lane| lane.locked) {
        Some(remedy::unlock(subject))
    } else if status.devices == 0 {
        Some(format!(
            "no code can be right until a device is confirmed: `{}`",
            subject.command("enroll")
        ))
    } else {
        None
    }
}
