//! Remembered logins: for so long as a rule says, a login by the same service from the same place
//! is not asked for another code. It is a convenience that its owner's device has paid for, so it
//! ends whenever that device's word is in doubt: with every change of the devices, with a clock that
//! went back, with another rule. What lets somebody in without proving that they hold a device, such
//! as codes on paper, is never remembered; and a locked lane is locked for what is remembered too.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::{
    Account, Asking, Change, Changed, Changes, Decision, Device, DeviceId, Event, EventKind, Kind,
    Origin, Refusal, Seconds, ThrottlePolicy, Transition, UnixTime, Verified, event::noted,
    warrant::Draft,
};

/// How many logins an account has remembered at most; the oldest one goes.
pub const MAX_REMEMBERED: usize = 32;

/// By how much a clock may be put back without all being forgotten: what setting it right does.
const CLOCK_SLACK: Seconds = Seconds(60);

/// The place that a login comes from, as it can be told again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// A remote host by its address.
    Address(IpAddr),
    /// A session on a terminal of this machine.
    Terminal(Terminal),
}

/// A session on a terminal, as the kernel tells it of a process. Numbers of terminals and processes
/// come again; not so the moment at which the session's leader was started, within one boot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terminal {
    /// The terminal's device number.
    pub tty: u64,
    /// The session's id, which is its leader's.
    pub session: u32,
    /// When the leader was started, in the kernel's ticks since the boot.
    pub started: u64,
    /// Which boot.
    pub boot: String,
}

/// What a rule would have remembered of a login, or known again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembering {
    /// The rule's name.
    pub rule: String,
    /// For how long.
    pub length: Seconds,
    /// The PAM service.
    pub service: String,
    /// Where the login comes from.
    pub source: Source,
}

/// A login that is remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// Its number among the account's.
    pub number: u32,
    /// The rule that said so.
    pub rule: String,
    /// The PAM service.
    pub service: String,
    /// Where the login came from.
    pub source: Source,
    /// The device that made the code.
    pub device: DeviceId,
    /// When the code was accepted.
    pub since: UnixTime,
    /// From when on it counts no more.
    pub until: UnixTime,
    /// When somebody was last let in by it.
    pub last: UnixTime,
}

/// A stored login that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the remembered login cannot be read: {0}")]
pub struct CorruptRemembered(String);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    rule: String,
    service: String,
    source: Source,
    device: String,
    since: UnixTime,
    until: UnixTime,
    last: UnixTime,
}

/// What came of looking for a remembered login.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recalled {
    /// It is remembered, and goes on without a code.
    Yes(Remembered),
    /// The clock went back: so many were forgotten, and a code is demanded.
    Forgotten(u32),
}

impl Source {
    /// The place of a login from an address, where that is one host's alone. An address of this
    /// machine is everybody's here, and one of a link is another host's on the next link.
    pub fn of_address(address: IpAddr, shared: impl Fn(IpAddr) -> bool) -> Option<Self> {
        let address = address.to_canonical();
        let everybodys =
            address.is_loopback() || address.is_unspecified() || address.is_multicast();
        let of_a_link = match address {
            IpAddr::V4(address) => address.is_link_local() || address.is_broadcast(),
            IpAddr::V6(address) => address.is_unicast_link_local(),
        };
        let plain = !everybodys && !of_a_link && !shared(address);
        plain.then_some(Self::Address(address))
    }
}

impl Terminal {
    /// What the terminal is called under `/dev`; its numbers, where that is not known.
    pub fn name(&self) -> String {
        // As the kernel packs them: twelve bits, and the minor number's upper ones behind.
        let (major, minor) =
            ((self.tty >> 8) & 0xfff, (self.tty & 0xff) | ((self.tty >> 12) & !0xff));
        match major {
            136..=143 => format!("pts/{}", (major - 136) * 256 + minor),
            4 if minor < 64 => format!("tty{minor}"),
            4 => format!("ttyS{}", minor - 64),
            _ => format!("{major}:{minor}"),
        }
    }
}

impl Remembered {
    /// Whether it may be shown as one that counts: the rules, which are no account's, may say
    /// otherwise.
    pub fn is_open(&self, account: &Account, now: UnixTime) -> bool {
        let held = account.confirmed().any(|device| device.id == self.device);
        held && now < self.until && !self.is_ahead_of(now)
    }

    /// Whether it lets this login in. A rule that was shortened meanwhile counts as it is now.
    fn fits(&self, wanted: &Remembering, kinds: Option<&[String]>) -> bool {
        let kind = self.device.as_str().split('/').next().unwrap_or_default();
        self.rule == wanted.rule
            && self.service == noted(&wanted.service)
            && self.source == wanted.source
            && kinds.is_none_or(|kinds| kinds.iter().any(|own| own == kind))
    }

    fn is_ahead_of(&self, now: UnixTime) -> bool {
        self.last > now.plus(CLOCK_SLACK)
    }

    /// As it is stored, without its number.
    ///
    /// # Errors
    /// Never for what this version knows.
    pub fn store(&self) -> Result<String, CorruptRemembered> {
        let Self { number: _, rule, service, source, device, since, until, last } = self.clone();
        let device = device.to_string();
        let stored = Stored { rule, service, source, device, since, until, last };
        serde_json::to_string(&stored).map_err(|error| CorruptRemembered(error.to_string()))
    }

    /// Reads what [`store`](Self::store) wrote.
    ///
    /// # Errors
    /// When it is none.
    pub fn load(number: u32, json: &str) -> Result<Self, CorruptRemembered> {
        let Stored { rule, service, source, device, since, until, last } =
            serde_json::from_str(json).map_err(|error| CorruptRemembered(error.to_string()))?;
        let device =
            DeviceId::parse(&device).map_err(|error| CorruptRemembered(error.to_string()))?;
        Ok(Self { number, rule, service, source, device, since, until, last })
    }
}

/// Whether a login goes on without a code because one was shown before. `kinds` are those that the
/// rule counts; none: all.
pub fn recall(
    account: &Account,
    wanted: &Remembering,
    (origin, kinds): (&Origin, Option<&[String]>),
    policy: &ThrottlePolicy,
    now: UnixTime,
) -> Decision<Recalled> {
    if account.remembered.iter().any(|one| one.is_ahead_of(now)) {
        return forgotten(account, now);
    }
    let mut open = account.remembered.iter().filter(|one| one.is_open(account, now));
    let Some(found) =
        open.find(|one| one.fits(wanted, kinds) && now.since(one.since) < wanted.length)
    else {
        return Decision::Unchanged(Refusal::NotRemembered);
    };
    let lane = origin.lane(account, now);
    let state = account.lane(lane);
    if state.is_locked(policy, now) {
        return Decision::Unchanged(Refusal::Locked { lane, failures: state.failures });
    }
    let until = found.until.min(found.since.plus(wanted.length));
    let again = Remembered { last: now.max(found.last), until, ..found.clone() };
    let kind = EventKind::Remembered {
        lane,
        service: again.service.clone(),
        from: from(&again.source),
        device: again.device.to_string(),
        since: again.since,
        until,
    };
    let list = vec![Change::Remember(again.clone()), Change::Event(Event { at: now, kind })];
    Decision::Change(Transition::new(Changes::of(&account.name, list), Recalled::Yes(again)))
}

/// With a clock that went back, nobody can tell how long ago a code was shown.
fn forgotten(account: &Account, now: UnixTime) -> Decision<Recalled> {
    let count = counted(&account.remembered);
    let event = Change::Event(Event { at: now, kind: EventKind::Forgotten { count } });
    let changes = Changes::of(&account.name, vec![Change::Unremember(None), event]);
    Decision::Change(Transition::new(changes, Recalled::Forgotten(count)))
}

/// Has a login remembered, within the very change that accepts its code. What accepts none, or not
/// a device that its owner holds, stays as it is.
pub fn remember(
    decision: Decision<Verified>,
    account: &Account,
    wanted: &Remembering,
    now: UnixTime,
) -> Decision<Verified> {
    let transition = match decision {
        Decision::Change(transition) => transition,
        Decision::Unchanged(refusal) => return Decision::Unchanged(refusal),
    };
    let (mut changes, outcome) = transition.into_parts();
    if let Verified::Accepted { device, .. } = &outcome {
        let held = account.confirmed().find(|own| own.id == *device);
        if let Some(held) = held.filter(|held| proves(&held.kind)) {
            changes.list.extend(taken_in(account, held, wanted, now));
        }
    }
    Decision::Change(Transition::new(changes, outcome))
}

/// Whether a code of this kind shows that its owner holds a device. Codes on paper are for the day
/// on which none is at hand, and whoever has the sheet for a minute, or sees a message come in, would
/// have the hours as well.
const fn proves(kind: &Kind) -> bool {
    match kind {
        Kind::Totp(..) | Kind::Hotp(..) => true,
        Kind::Recovery(_) | Kind::Message(..) => false,
    }
}

/// The new one, and what goes for it: the one before it of the same place, what is over, and the
/// oldest where there is no room.
fn taken_in(
    account: &Account,
    device: &Device,
    wanted: &Remembering,
    now: UnixTime,
) -> Vec<Change> {
    let service = noted(&wanted.service);
    let same = |one: &Remembered| one.service == service && one.source == wanted.source;
    let mut stay: Vec<&Remembered> =
        account.remembered.iter().filter(|one| one.is_open(account, now) && !same(one)).collect();
    stay.sort_by_key(|one| (one.since, one.number));
    let surplus = (stay.len() + 1).saturating_sub(MAX_REMEMBERED);
    let stay: Vec<u32> = stay.into_iter().skip(surplus).map(|one| one.number).collect();
    let gone = account.remembered.iter().filter(|one| !stay.contains(&one.number));
    let highest = account.remembered.iter().map(|one| one.number).max();
    let new = Remembered {
        number: highest.unwrap_or(0).saturating_add(1),
        rule: wanted.rule.clone(),
        service,
        source: wanted.source.clone(),
        device: device.id.clone(),
        since: now,
        until: now.plus(wanted.length),
        last: now,
    };
    let gone = gone.map(|one| Change::Unremember(Some(one.number)));
    gone.chain([Change::Remember(new)]).collect()
}

/// Forgets one login by its number, or all. It only takes away, so that it needs no code.
pub fn forget_remembered(
    account: &Account,
    which: Option<u32>,
    asking: &Asking<'_>,
) -> Decision<Changed<Vec<Remembered>>> {
    let meant = |one: &&Remembered| which.is_none_or(|number| one.number == number);
    let gone: Vec<Remembered> = account.remembered.iter().filter(meant).cloned().collect();
    let draft = if gone.is_empty() {
        Err(Refusal::NotRemembered)
    } else {
        let event = asking.event(EventKind::Forgotten { count: counted(&gone) });
        Ok(Draft { list: vec![Change::Unremember(which), event], outcome: gone })
    };
    asking.decide(&account.name, Some(account), draft)
}

fn counted(remembered: &[Remembered]) -> u32 {
    u32::try_from(remembered.len()).unwrap_or(u32::MAX)
}

/// The remote host, for the account's log; empty for a local login.
fn from(source: &Source) -> String {
    match source {
        Source::Address(address) => address.to_string(),
        Source::Terminal(_) => String::new(),
    }
}

#[cfg(test)]
mod tests;
