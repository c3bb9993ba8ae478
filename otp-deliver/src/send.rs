//! One message: by which channel, within which time, and how many of a channel at once. A provider
//! that hangs fills its own channel's places and nobody else's.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
};

use otp_deliver::{
    channel::{By, Channel},
    wire::{Answer, Message},
};

use crate::{
    command, configuration,
    log::{Severity, log},
    mail,
};

/// Messages of one channel under way at once.
const UNDER_WAY: usize = 16;

/// Counts what is under way, by channel.
#[derive(Clone, Default)]
pub(crate) struct Places(Arc<Mutex<HashMap<String, usize>>>);

/// A message under way; its place is free again when this is dropped.
struct Taken {
    places: Places,
    channel: String,
}

impl Places {
    fn take(&self, channel: &str) -> Option<Taken> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(channel.to_owned()).or_default();
        if *count >= UNDER_WAY {
            return None;
        }
        *count += 1;
        Some(Taken { places: self.clone(), channel: channel.to_owned() })
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut taken = self.places.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.channel) {
            *count = count.saturating_sub(1);
        }
    }
}

/// Sends a message and logs what became of it.
pub(crate) fn send(message: Message, places: &Places) -> Answer {
    let (channel, user) = (message.channel.clone(), message.user.clone());
    let answer = match configured(&channel) {
        Ok(how) => match places.take(&channel) {
            Some(taken) => within_time(how, message, taken),
            None => Answer::Busy,
        },
        Err(why) => Answer::Failed(why),
    };
    match &answer {
        Answer::Sent => log(Severity::Info, &format!("{channel}: sent a message for {user}")),
        Answer::Failed(why) => {
            log(Severity::Warning, &format!("{channel}: no message for {user}: {why}"));
        }
        Answer::Busy => log(
            Severity::Warning,
            &format!("{channel}: {UNDER_WAY} messages are under way; none for {user}"),
        ),
    }
    answer
}

fn configured(name: &str) -> Result<Channel, String> {
    let mut channels = configuration::read()?;
    let named = channels.keys().find(|own| own.as_str() == name).cloned();
    named
        .and_then(|name| channels.remove(&name))
        .ok_or_else(|| "no such channel is configured; otpd knows another otpd.toml".to_owned())
}

/// What hangs is left to itself, with its place: it may yet send.
fn within_time(how: Channel, message: Message, taken: Taken) -> Answer {
    let within = how.timeout;
    let (tell, told) = mpsc::channel();
    let work = move || {
        let sent = match &how.by {
            By::Command(argv) => command::send(argv, &message, how.timeout),
            By::Smtp(smtp) => mail::send(smtp, &message, how.timeout),
        };
        let _ = tell.send(sent);
        drop(taken);
    };
    if let Err(error) = thread::Builder::new().spawn(work) {
        return Answer::Failed(format!("no thread: {error}"));
    }
    // A command is killed at its time, and says so; that takes a moment.
    match told.recv_timeout(within + std::time::Duration::from_secs(1)) {
        Ok(Ok(())) => Answer::Sent,
        Ok(Err(why)) => Answer::Failed(why),
        Err(_) => Answer::Failed(format!("no answer within {} s", within.as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_takes_no_places_but_its_own() {
        let places = Places::default();
        let held: Vec<Taken> = (0..UNDER_WAY).map(|_| places.take("sms").unwrap()).collect();
        assert!(places.take("sms").is_none());
        assert!(places.take("email").is_some());
        drop(held);
        assert!(places.take("sms").is_some());
    }
}
