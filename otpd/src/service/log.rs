//! What happened to accounts, as it is told on the bus.

use otp_bus::{Error, LogEntry, log::MAX_EVENTS};
use otp_core::{EventKind, UnixTime};

use crate::store::Logged;

/// How many events are asked for.
pub(super) fn bounded(most: u32) -> Result<u32, Error> {
    if (1..=MAX_EVENTS).contains(&most) {
        return Ok(most);
    }
    Err(Error::InvalidArgument(format!("{most} events are not told at once; ask for 1 to 1000")))
}

/// An event as it may be shown.
#[expect(clippy::too_many_lines, reason = "a row for each kind of event")]
pub(super) fn entry(logged: Logged) -> LogEntry {
    let Logged { account, at, by, what } = logged;
    let told = LogEntry {
        user: account,
        at: at.as_secs(),
        by: by.map(|uid| uid.0),
        ..LogEntry::default()
    };
    let about = |event: &str, device| LogEntry {
        event: event.to_owned(),
        devices: Some(vec![device]),
        ..told.clone()
    };
    match what {
        Some(EventKind::Accepted { lane, service, from, devices }) => LogEntry {
            event: "accepted".to_owned(),
            lane: Some(lane.name().to_owned()),
            service: Some(service),
            from: Some(from),
            devices: Some(devices),
            ..told
        },
        Some(EventKind::Wrong { lane, service, from, count, first, locked }) => LogEntry {
            event: "wrong".to_owned(),
            lane: Some(lane.name().to_owned()),
            service: Some(service),
            from: Some(from),
            count: Some(count),
            first: Some(UnixTime::as_secs(first)),
            locked: Some(locked),
            ..told
        },
        Some(EventKind::Remembered { lane, service, from, device, since, until }) => LogEntry {
            lane: Some(lane.name().to_owned()),
            service: Some(service),
            from: Some(from),
            since: Some(since.as_secs()),
            until: Some(until.as_secs()),
            ..about("remembered", device)
        },
        Some(EventKind::Forgotten { count }) => {
            LogEntry { event: "forgotten".to_owned(), count: Some(count), ..told }
        }
        Some(EventKind::Sent { device, address, lane, service, from }) => LogEntry {
            address: Some(address),
            lane: Some(lane.name().to_owned()),
            service: Some(service),
            from: Some(from),
            ..about("sent", device)
        },
        Some(EventKind::Enrolled { device }) => about("enrolled", device),
        Some(EventKind::Confirmed { device }) => about("confirmed", device),
        Some(EventKind::EnrolledAtPrompt { device, service, from }) => LogEntry {
            service: Some(service),
            from: Some(from),
            ..about("enrolled-at-prompt", device)
        },
        Some(EventKind::Removed { device }) => about("removed", device),
        Some(EventKind::Renamed { device, label }) => {
            LogEntry { label: Some(label), ..about("renamed", device) }
        }
        Some(EventKind::Replaced { device, former }) => {
            LogEntry { former: Some(former), ..about("replaced", device) }
        }
        Some(EventKind::RecoveryMade { device, codes }) => {
            LogEntry { count: Some(codes), ..about("recovery-made", device) }
        }
        Some(EventKind::Resynchronised { device }) => about("resynchronised", device),
        Some(EventKind::Adopted { name, uid }) => LogEntry {
            event: "adopted".to_owned(),
            former: Some(name),
            former_uid: Some(uid),
            ..told
        },
        Some(EventKind::Invited { until }) => {
            LogEntry { event: "invited".to_owned(), until: Some(until.as_secs()), ..told }
        }
        Some(EventKind::Exempted { until, reason }) => LogEntry {
            event: "exempted".to_owned(),
            until: Some(until.as_secs()),
            reason: Some(reason),
            ..told
        },
        Some(EventKind::ExemptionEnded) => LogEntry { event: "exemption-ended".to_owned(), ..told },
        Some(EventKind::TokensGranted { family, scope, device }) => {
            LogEntry { tokens: Some(family), scope: Some(scope), ..about("tokens-granted", device) }
        }
        Some(EventKind::TokensEnded { family, why }) => {
            LogEntry { event: format!("tokens-{}", why.name()), tokens: Some(family), ..told }
        }
        Some(EventKind::PassMade { pass, purpose, until: _ }) => {
            LogEntry { label: Some(purpose), ..about("pass-made", pass) }
        }
        Some(EventKind::PassExtended { pass, until: _ }) => about("pass-extended", pass),
        Some(EventKind::PassUsed { pass, purpose, service }) => {
            LogEntry { label: Some(purpose), service: Some(service), ..about("pass-used", pass) }
        }
        Some(EventKind::PassEnded { passes }) => {
            LogEntry { event: "pass-deactivated".to_owned(), devices: Some(passes), ..told }
        }
        Some(EventKind::Unlocked) => LogEntry { event: "unlocked".to_owned(), ..told },
        None => LogEntry { event: "damaged".to_owned(), ..told },
    }
}
