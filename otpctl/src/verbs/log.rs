//! `log`: what happened to an account, or to all of them, the newest first. Services and hosts in it
//! were named by whoever knocked.

use clap::Args;
use jiff::tz::TimeZone;
use otp_bus::{LogEntry, log::MAX_EVENTS};
use serde::Serialize;

use crate::connect::Connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::record::wall_time;
use crate::session::Session;
use crate::text;

/// What to show.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How many events to show at most, the newest first
    #[arg(long, value_name = "NUMBER", default_value_t = 20,
          value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_EVENTS)))]
    last: u32,
}

/// The answer in JSON; `user` is null for all accounts.
#[derive(Serialize)]
struct Record<'a> {
    user: Option<&'a str>,
    events: Vec<Event<'a>>,
}

/// An event in JSON. Times are seconds since 1970 UTC.
#[derive(Serialize)]
struct Event<'a> {
    user: &'a str,
    at: u64,
    by: Option<u32>,
    #[serde(rename = "event")]
    word: &'a str,
    lane: Option<&'a str>,
    service: Option<&'a str>,
    from: Option<&'a str>,
    devices: &'a [String],
    count: Option<u32>,
    label: Option<&'a str>,
    address: Option<&'a str>,
    former: Option<&'a str>,
    first: Option<u64>,
    since: Option<u64>,
    until: Option<u64>,
    locked: Option<bool>,
    reason: Option<&'a str>,
}

/// Shows what happened.
pub(crate) fn run<C: Connect>(
    options: &Options,
    session: &mut Session<'_, '_, C>,
) -> Result<Exit, Failure> {
    let user = session.subject.one().map(str::to_owned);
    let events = session.manage(async |manage| match &user {
        Some(user) => manage.log(user, options.last).await,
        None => manage.log_all(options.last).await,
    })?;
    let record = Record { user: user.as_deref(), events: events.iter().map(Event::from).collect() };
    let zone = session.host.zone.clone();
    session.answer(&record, || match (&user, events.as_slice()) {
        (Some(user), []) => format!("nothing has happened to {} yet", text::safe(user)),
        (None, []) => "nothing has happened to any account yet".to_owned(),
        (_, events) => table(events, user.is_none().then_some("USER"), &zone),
    })?;
    Ok(Exit::Done)
}

impl<'a> From<&'a LogEntry> for Event<'a> {
    fn from(entry: &'a LogEntry) -> Self {
        Self {
            user: &entry.user,
            at: entry.at,
            by: entry.by,
            word: &entry.event,
            lane: entry.lane.as_deref(),
            service: entry.service.as_deref(),
            from: entry.from.as_deref(),
            devices: entry.devices.as_deref().unwrap_or_default(),
            count: entry.count,
            label: entry.label.as_deref(),
            address: entry.address.as_deref(),
            former: entry.former.as_deref(),
            first: entry.first,
            since: entry.since,
            until: entry.until,
            locked: entry.locked,
            reason: entry.reason.as_deref(),
        }
    }
}

/// What happened comes last: its width in columns is not known, and nothing can be misplaced by it.
fn table(events: &[LogEntry], users: Option<&str>, zone: &TimeZone) -> String {
    let head = ("WHEN".to_owned(), users.map(str::to_owned), "WHAT".to_owned());
    let rows = events.iter().map(|entry| {
        let user = users.map(|_| text::safe(&entry.user));
        (wall_time(entry.at, zone), user, sentence(entry, zone))
    });
    let rows: Vec<_> = std::iter::once(head).chain(rows).collect();
    let width = |cells: &mut dyn Iterator<Item = &String>| {
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let when = width(&mut rows.iter().map(|(when, ..)| when));
    let who = width(&mut rows.iter().filter_map(|(_, user, _)| user.as_ref()));
    let lines = rows.iter().map(|(at, user, what)| match user {
        Some(user) => format!("{at:when$}  {user:who$}  {what}"),
        None => format!("{at:when$}  {what}"),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// What happened, in words. A word that a later daemon has for something new is shown as it is.
fn sentence(entry: &LogEntry, zone: &TimeZone) -> String {
    let devices = entry.devices.as_deref().unwrap_or_default().join(", ");
    let told = match entry.event.as_str() {
        "accepted" => format!("accepted{}: code of {devices}", place(entry)),
        "remembered" => remembered(entry, zone),
        "forgotten" => {
            let count = text::counted(entry.count.unwrap_or(0), "remembered login");
            format!("{count} forgotten{}", by(entry))
        }
        "wrong" => wrong(entry, zone),
        "sent" => {
            let address = entry.address.as_deref().unwrap_or("an address");
            format!("a code sent to {address}{}: {devices}", place(entry))
        }
        "renamed" => {
            let label = entry.label.as_deref().unwrap_or_default();
            format!("{devices} renamed {label:?}{}", by(entry))
        }
        "enrolled-at-prompt" => format!("{devices} enrolled at the prompt{}", place(entry)),
        "replaced" => {
            let former = entry.former.as_deref().unwrap_or("another device");
            format!("{devices} took the place of {former}{}", by(entry))
        }
        "recovery-made" => {
            let codes = text::counted(entry.count.unwrap_or(0), "recovery code");
            format!("{codes} made{}: {devices}", by(entry))
        }
        "adopted" => {
            let name = entry.former.as_deref().unwrap_or_default();
            let uid = entry.former_uid.map(|uid| format!(" of uid {uid}")).unwrap_or_default();
            format!("the account {name}{uid} adopted{}", by(entry))
        }
        "tokens-granted" => {
            let scope = entry.scope.as_deref().unwrap_or_default();
            let tokens = entry.tokens.as_deref().unwrap_or_default();
            format!("tokens {tokens} granted{} for {scope:?}: code of {devices}", by(entry))
        }
        "tokens-revoked" => {
            format!("tokens {} revoked{}", entry.tokens.as_deref().unwrap_or_default(), by(entry))
        }
        "tokens-reused" => format!(
            "tokens {} ended: a refresh token was used twice{}; one of those who did stole it",
            entry.tokens.as_deref().unwrap_or_default(),
            by(entry)
        ),
        "pass-made" => format!("{devices} made{}{}", purpose(entry), by(entry)),
        "pass-used" => format!("{devices} used{}{}", purpose(entry), place(entry)),
        "pass-extended" => format!("{devices} extended{}", by(entry)),
        "pass-deactivated" => format!("{devices} called back{}", by(entry)),
        "invited" => format!("invited to enroll a device without a code{}", by(entry)),
        "exempted" => {
            let until = entry.until.map(|until| format!(" until {}", wall_time(until, zone)));
            let reason = entry.reason.as_deref().unwrap_or_default();
            format!("exempt from codes{}{}: {reason}", until.unwrap_or_default(), by(entry))
        }
        "exemption-ended" => format!("the exemption ended before its time{}", by(entry)),
        "unlocked" => format!("failures and locks cleared{}", by(entry)),
        "damaged" => "an event that cannot be read: the disk or somebody has changed it".to_owned(),
        event if devices.is_empty() => format!("{event}{}", by(entry)),
        event => format!("{devices} {event}{}", by(entry)),
    };
    text::safe(&told)
}

fn remembered(entry: &LogEntry, zone: &TimeZone) -> String {
    let devices = entry.devices.as_deref().unwrap_or_default().join(", ");
    let since = entry.since.map(|since| format!(" at {}", wall_time(since, zone)));
    let until = entry.until.map(|until| format!(" until {}", wall_time(until, zone)));
    let (since, until) = (since.unwrap_or_default(), until.unwrap_or_default());
    format!("no code needed{}: remembered{until}, code of {devices}{since}", place(entry))
}

fn wrong(entry: &LogEntry, zone: &TimeZone) -> String {
    let (count, first) = (entry.count.unwrap_or(1), entry.first.unwrap_or(entry.at));
    let since = match count {
        0 | 1 => String::new(),
        _ => format!(", the first at {}", wall_time(first, zone)),
    };
    let lock = match (entry.locked, &entry.lane) {
        (Some(true), Some(lane)) => format!("; that locked lane {lane}"),
        (Some(true), None) => "; that locked".to_owned(),
        (Some(false) | None, _) => String::new(),
    };
    format!("{}{}{since}{lock}", text::counted(count, "wrong code"), place(entry))
}

/// By which service and from where.
fn place(entry: &LogEntry) -> String {
    let service = match entry.service.as_deref() {
        None => String::new(),
        Some("") => " by an unnamed service".to_owned(),
        // What a caller other than root says of itself is not believed; who it is, is known.
        Some("self") => by(entry),
        Some(service) => format!(" by {}", named(service)),
    };
    match entry.from.as_deref() {
        None | Some("") => service,
        Some(from) => format!("{service} from {}", named(from)),
    }
}

/// For what a pass is.
fn purpose(entry: &LogEntry) -> String {
    entry.label.as_deref().map(|purpose| format!(" for {purpose}")).unwrap_or_default()
}

/// A name that others chose: in quotes where it could be read as more than a name.
fn named(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-@:%".contains(c);
    if name.chars().all(plain) { name.to_owned() } else { format!("{name:?}") }
}

/// Who asked for it.
fn by(entry: &LogEntry) -> String {
    match entry.by {
        Some(0) => " by root".to_owned(),
        Some(uid) => format!(" by uid {uid}"),
        None => String::new(),
    }
}
