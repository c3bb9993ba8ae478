//! Who is calling, and how many calls they may have under way. Identity comes from the kernel or
//! the bus daemon, never from an argument: on the daemon's own socket only uid 0 gets past the
//! handshake, and there a message's sender is the caller's own choice and is not read.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use otp_bus::Error;
use otp_core::Uid;
use zbus::{Connection, message::Header};

use crate::process::Process;

/// The uid of root.
pub const ROOT: Uid = Uid(0);

/// Calls under way per uid other than 0. A login needs one at a time.
const CALLS_PER_UID: usize = 16;

/// Calls of one connection to the bus of which it is not known yet who is calling. Without a bound
/// a user could have any number of them wait for the bus's word, and fill the daemon's memory.
const UNIDENTIFIED_PER_SENDER: usize = 32;

/// Calls under way in all, beyond which only root gets in.
const CALLS: usize = 4096;

/// How long the bus daemon has to say who somebody is.
const BUS_ANSWERS: Duration = Duration::from_secs(5);

/// By which of the two ways a call came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The daemon's own socket, on which only uid 0 is let in: the number of the process that
    /// connected, where the kernel tells it.
    Socket(Option<u32>),
    /// The system bus.
    Bus,
}

/// The uid behind a call.
///
/// # Errors
/// When the bus daemon does not say, or the caller has too many calls waiting for that.
pub async fn identify(
    gate: &Gate,
    way: Way,
    connection: &Connection,
    header: &Header<'_>,
) -> Result<Uid, Error> {
    match way {
        Way::Socket(_) => Ok(ROOT),
        Way::Bus => {
            let unknown =
                || Error::Unavailable("the bus does not say who is calling; try again".to_owned());
            let sender = header.sender().ok_or_else(unknown)?;
            let _knock = gate.knock(sender)?;
            let who = (sender,);
            let asked = connection.call_method(
                Some("org.freedesktop.DBus"),
                "/org/freedesktop/DBus",
                Some("org.freedesktop.DBus"),
                "GetConnectionUnixUser",
                &who,
            );
            let reply = tokio::time::timeout(BUS_ANSWERS, asked).await.map_err(|_| unknown())?;
            reply.and_then(|reply| reply.body().deserialize()).map(Uid).map_err(|_| unknown())
        }
    }
}

/// The process behind a call, as long as it lives; none where the kernel or the bus does not tell.
pub async fn process(way: Way, connection: &Connection, header: &Header<'_>) -> Option<Process> {
    let number = match way {
        Way::Socket(number) => number?,
        Way::Bus => {
            let who = (header.sender()?,);
            let asked = connection.call_method(
                Some("org.freedesktop.DBus"),
                "/org/freedesktop/DBus",
                Some("org.freedesktop.DBus"),
                "GetConnectionUnixProcessID",
                &who,
            );
            let reply = tokio::time::timeout(BUS_ANSWERS, asked).await.ok()?.ok()?;
            reply.body().deserialize().ok()?
        }
    };
    Process::of(number)
}

/// Counts calls under way, and lets no more in once the daemon stops.
#[derive(Clone, Default)]
pub struct Gate {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    state: Mutex<State>,
    /// Somebody has left, or the gate was closed.
    changed: tokio::sync::Notify,
}

#[derive(Default)]
struct State {
    closed: bool,
    all: usize,
    by_uid: HashMap<Uid, usize>,
    unidentified: HashMap<String, usize>,
}

/// A call under way; it ends when this is dropped.
pub struct Entry {
    inner: Arc<Inner>,
    uid: Uid,
}

/// A call of which it is being found out who is calling.
pub struct Knock {
    inner: Arc<Inner>,
    sender: String,
}

impl Gate {
    /// Takes a call for being looked at. Senders are names that the bus gives out, never twice.
    ///
    /// # Errors
    /// When that connection has too many waiting.
    pub fn knock(&self, sender: &str) -> Result<Knock, Error> {
        let mut state = self.inner.state.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = state.unidentified.entry(sender.to_owned()).or_default();
        if *waiting >= UNIDENTIFIED_PER_SENDER {
            let text = format!("{sender} has {waiting} calls under way; try again shortly");
            return Err(Error::Busy(text));
        }
        *waiting += 1;
        Ok(Knock { inner: self.inner.clone(), sender: sender.to_owned() })
    }

    /// Lets a call in.
    ///
    /// # Errors
    /// When the caller has too many under way, or the daemon is stopping.
    pub fn enter(&self, uid: Uid) -> Result<Entry, Error> {
        let mut state = self.inner.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            return Err(Error::Unavailable("otpd is stopping; try again shortly".to_owned()));
        }
        let under_way = state.by_uid.get(&uid).copied().unwrap_or(0);
        // Root is bounded by the connections of its socket; nobody else can take its place.
        if uid != ROOT && (under_way >= CALLS_PER_UID || state.all >= CALLS) {
            let text = format!("uid {uid} has {under_way} calls under way; try again shortly");
            return Err(Error::Busy(text));
        }
        state.all += 1;
        state.by_uid.insert(uid, under_way + 1);
        Ok(Entry { inner: self.inner.clone(), uid })
    }

    /// Lets nobody in any more.
    pub fn close(&self) {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.inner.changed.notify_waiters();
    }

    /// Whether nobody is inside.
    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner).all == 0
    }

    /// Waits until nobody is let in any more.
    pub async fn closed(&self) {
        self.until(|state| state.closed).await;
    }

    /// Waits until nobody is let in any more and all have left.
    pub async fn deserted(&self) {
        self.until(|state| state.closed && state.all == 0).await;
    }

    async fn until(&self, done: impl Fn(&State) -> bool) {
        loop {
            // It hears of what changes from here on, so that no change is missed.
            let changed = self.inner.changed.notified();
            if done(&self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)) {
                return;
            }
            changed.await;
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut state = self.inner.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.all = state.all.saturating_sub(1);
        match state.by_uid.get_mut(&self.uid) {
            Some(count) if *count > 1 => *count -= 1,
            Some(_) | None => drop(state.by_uid.remove(&self.uid)),
        }
        self.inner.changed.notify_waiters();
    }
}

impl Drop for Knock {
    fn drop(&mut self) {
        let mut state = self.inner.state.lock().unwrap_or_else(PoisonError::into_inner);
        match state.unidentified.get_mut(&self.sender) {
            Some(count) if *count > 1 => *count -= 1,
            Some(_) | None => drop(state.unidentified.remove(&self.sender)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_connection_cannot_have_any_number_wait() {
        let gate = Gate::default();
        let knocks = (0..UNIDENTIFIED_PER_SENDER).map(|_| gate.knock(":1.1").unwrap());
        let held: Vec<Knock> = knocks.collect();
        assert!(matches!(gate.knock(":1.1"), Err(Error::Busy(_))));
        assert!(gate.knock(":1.2").is_ok());
        drop(held);
        assert!(gate.knock(":1.1").is_ok());
        assert!(gate.inner.state.lock().unwrap().unidentified.is_empty());
    }

    #[test]
    fn one_uid_cannot_take_every_place() {
        let gate = Gate::default();
        let held: Vec<Entry> = (0..CALLS_PER_UID).map(|_| gate.enter(Uid(1000)).unwrap()).collect();
        assert!(matches!(gate.enter(Uid(1000)), Err(Error::Busy(_))));
        assert!(gate.enter(Uid(1001)).is_ok());
        let root: Vec<Entry> = (0..100).map(|_| gate.enter(Uid(0)).unwrap()).collect();
        drop(held);
        assert!(gate.enter(Uid(1000)).is_ok());
        drop(root);
        let state = gate.inner.state.lock().unwrap();
        assert!(state.by_uid.is_empty() && state.all == 0);
    }

    #[test]
    fn a_closed_gate_waits_for_those_inside() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let gate = Gate::default();
            let entry = gate.enter(Uid(0)).unwrap();
            let waiting = tokio::spawn({
                let gate = gate.clone();
                async move { tokio::join!(gate.closed(), gate.deserted()) }
            });
            tokio::task::yield_now().await;
            gate.close();
            gate.closed().await;
            tokio::task::yield_now().await;
            assert!(!waiting.is_finished());
            assert!(matches!(gate.enter(Uid(0)), Err(Error::Unavailable(_))));
            drop(entry);
            waiting.await.unwrap();
        });
    }
}
