//! Codes that are sent: by themselves once `Begin` was answered, on a word at the prompt, and on
//! request. Who may not know whether there is anybody to send to learns it by none of these, neither
//! by the answer nor by its time.

use std::time::{Duration, Instant};

use otp_bus::{Error, NewDevice, Reason, Tell, Verdict};
use otp_core::{
    Label, Malformed, Origin, Refusal, Uid,
    message::{Address, AddressKind, Unsent},
};
use otp_deliver::{
    channel::{ChannelName, Takes},
    wire::Purpose,
};

use super::{
    Call, Refused, Services, answer,
    auth::Believed,
    ruling::{Decided, Ruling},
    wanted::{bounded, invalid},
};
use crate::{
    audit::{Event, Subject},
    caller::ROOT,
    clock::monotonic,
    config::Config,
    engine::{Ask, Outgoing, To, WantedAddress},
    nss::Person,
    rules::Methods,
};

/// How long a message may be under way for which nobody waits: longer than any channel takes.
pub(super) const SENDING: Duration = Duration::from_secs(40);

/// How long before the end of a call its caller is told that nobody knows yet.
const RESERVE: Duration = Duration::from_secs(1);

/// After `Begin`, when it is surely answered.
const ANSWERED: Duration = Duration::from_millis(20);

impl Services {
    /// What was typed in place of a code, if it may have been the name of a channel. sshd puts
    /// something else in the place of what strangers type, of the same length: whatever has the
    /// length of a name, which no code has, is answered alike, so that it does not tell who is none.
    pub(super) fn word(&self, typed: &str) -> Option<Word> {
        let config = self.engine.config();
        let mut names = config.channels.keys().map(ChannelName::as_str);
        let exact = names.clone().find(|name| name.eq_ignore_ascii_case(typed));
        let like = || names.any(|name| name.len() == typed.len()).then_some(Word::Like);
        exact.map(|name| Word::Channel(name.to_owned())).or_else(like)
    }

    /// Has a code sent without being asked for one, once `Begin` is answered.
    pub(super) fn send_by_itself(
        &self,
        believed: &Believed,
        person: Person,
        kinds: Option<Vec<String>>,
    ) {
        let ask = ask(believed, To::Only, kinds);
        let (services, who) = (self.clone(), believed.who.clone());
        tokio::spawn(async move {
            let now = monotonic();
            tokio::time::sleep_until((now + ANSWERED).into()).await;
            match services.engine.post(person, ROOT, ask, now + SENDING).await {
                Ok(Ok(outgoing)) => services.hand_over(who, outgoing).await.unwrap_or_default(),
                // What was sent a moment ago counts still.
                Ok(Err(Refusal::Unsent(Unsent::Lately(_)))) => {}
                Ok(Err(refusal)) => services.log.log(&Event::NotSent(&who, &refusal)),
                Err(error) => services.log.log(&Event::Unavailable(&who, &error.to_string())),
            }
        });
    }

    /// What is said to somebody who typed the name of a channel.
    pub(super) async fn on_word(
        &self,
        call: &Call,
        believed: &Believed,
        (person, device): (Option<Person>, Option<String>),
        word: Word,
    ) -> Result<Verdict, Refused> {
        let who = &believed.who;
        let sent = answer::refused(Reason::Sent);
        let Some(person) = person else {
            self.log.log(&Event::UnknownUser(who));
            return Ok(sent);
        };
        let Word::Channel(channel) = word else {
            self.log.log(&Event::Malformed(who, Malformed::NotDigits));
            return Ok(sent);
        };
        let Decided { ruling, .. } = self.ruled(call, believed, &person).await;
        let kinds = match ruling {
            Ruling::Code(methods) | Ruling::Enrolled(methods) => kinds(methods),
            Ruling::Default | Ruling::Nothing => None,
            Ruling::Denied(why) => {
                self.log.log(&Event::Denied(who, &why));
                return Ok(sent);
            }
        };
        let ask = ask(believed, device.map_or(To::Channel(channel), To::Device), kinds);
        let told = may_know(believed, self.engine.config().terms.tell);
        match self.engine.post(person, call.uid, ask, call.before).await? {
            Ok(outgoing) => Ok(self.on_its_way(call, who, outgoing, told).await),
            Err(refusal) => {
                self.log.log(&Event::NotSent(who, &refusal));
                Ok(match told {
                    Told::Why => answer::unsent(&refusal),
                    Told::Nothing => sent,
                })
            }
        }
    }

    /// Who may know waits for what becomes of the message; everybody else hears the same at once.
    async fn on_its_way(
        &self,
        call: &Call,
        who: &Subject,
        outgoing: Outgoing,
        told: Told,
    ) -> Verdict {
        let (services, who) = (self.clone(), who.clone());
        let under_way = tokio::spawn(async move { services.hand_over(who, outgoing).await });
        let sent = answer::refused(Reason::Sent);
        match told {
            Told::Nothing => sent,
            Told::Why => {
                let known = call.before.checked_sub(RESERVE).unwrap_or(call.before);
                match tokio::time::timeout_at(known.into(), under_way).await {
                    Ok(Ok(Err(_))) => answer::refused(Reason::NotSent),
                    Ok(Ok(Ok(())) | Err(_)) | Err(_) => sent,
                }
            }
        }
    }

    /// Hands a message over, and logs what became of it; why not, for who asked.
    async fn hand_over(&self, who: Subject, outgoing: Outgoing) -> Result<(), String> {
        let Outgoing { posted, message } = outgoing;
        self.log.log(&Event::Sent {
            who: &who,
            device: &posted.device,
            label: &posted.label,
            channel: &posted.channel,
            address: &posted.address.masked(),
        });
        let handed = self.engine.hand_over(&message, monotonic() + SENDING).await;
        handed.map_err(|error| {
            let why = error.to_string();
            self.log.log(&Event::Undelivered {
                user: &who.user,
                channel: &posted.channel,
                why: &why,
            });
            why
        })
    }

    /// Has a code sent to a device and waits for what becomes of it, within the call's time.
    pub(super) async fn send_to(
        &self,
        call: &Call,
        person: Person,
        (device, purpose): (String, Purpose),
    ) -> Result<otp_bus::Sending, Refused> {
        let user = person.name.to_string();
        let own = call.uid != ROOT && person.uid == call.uid;
        let origin = if own { Origin::Own } else { Origin::Local };
        let (service, from) = ("otpctl".to_owned(), String::new());
        let who = Subject { user: user.clone(), service: service.clone(), from: from.clone() };
        let ask = Ask { to: To::Device(device), kinds: None, origin, service, from, purpose };
        let outgoing = self.engine.post(person, call.uid, ask, call.before).await?;
        let outgoing = outgoing.map_err(|refusal| {
            self.log.log(&Event::NotSent(&who, &refusal));
            answer::error(refusal, &user)
        })?;
        let sending = answer::sending(&outgoing.posted);
        let services = self.clone();
        let under_way = tokio::spawn(async move { services.hand_over(who, outgoing).await });
        let known: Instant = call.before.checked_sub(RESERVE).unwrap_or(call.before);
        match tokio::time::timeout_at(known.into(), under_way).await {
            Ok(Ok(Ok(()))) => Ok(sending),
            Ok(Ok(Err(why))) => Err(undelivered(&why)),
            Ok(Err(_)) | Err(_) => Err(undelivered("no answer yet; it may arrive all the same")),
        }
    }
}

fn undelivered(why: &str) -> Refused {
    Error::Undelivered(format!("the message could not be sent: {why}")).into()
}

/// What was typed in place of a code.
pub(super) enum Word {
    /// The name of this channel.
    Channel(String),
    /// Something as long as one.
    Like,
}

/// Whether a caller may know what became of a word.
#[derive(Clone, Copy)]
enum Told {
    Why,
    Nothing,
}

/// As the prompt tells it: on this machine, everywhere, or nowhere.
fn may_know(believed: &Believed, tell: Tell) -> Told {
    match (tell, &believed.origin) {
        (Tell::Always, _) | (Tell::Local, Origin::Own | Origin::Local) => Told::Why,
        (Tell::Local, Origin::Address(_) | Origin::Named | Origin::Application)
        | (Tell::Never, _) => Told::Nothing,
    }
}

/// The kinds of devices that may be used.
pub(super) fn kinds(methods: Methods) -> Option<Vec<String>> {
    match methods {
        Methods::Any => None,
        Methods::Only(kinds) => Some(kinds),
    }
}

fn ask(believed: &Believed, to: To, kinds: Option<Vec<String>>) -> Ask {
    let Believed { who, origin, .. } = believed;
    let (service, from) = (who.service.clone(), who.from.clone());
    Ask { to, kinds, origin: origin.clone(), service, from, purpose: Purpose::Login }
}

/// Whether a login that `uid` asks about gets its code by itself. A user's own programs ask by the
/// word: else any of them could have messages sent by asking what a login must do.
pub(super) fn is_sent_by_itself(uid: Uid) -> bool {
    uid == ROOT
}

/// Reads an address that is to be enrolled.
pub(super) fn wanted_address(new: &NewDevice, config: &Config) -> Result<WantedAddress, Error> {
    let NewDevice { label, channel, address, replaces, .. } = new;
    if says_of_codes(new) {
        return Err(invalid(
            "a message has a channel, an address, a label and what it replaces; leave out the rest",
        ));
    }
    let names: Vec<&str> = config.channels.keys().map(ChannelName::as_str).collect();
    let channel = channel.as_deref().unwrap_or_default();
    let configured = config.channels.iter().find(|(name, _)| name.as_str() == channel);
    let (name, how) = configured.ok_or_else(|| match names.as_slice() {
        [] => invalid("no channel is configured; [channel.NAME] in otpd.toml, see otp-deliver(8)"),
        names => invalid(format!("channel must be one of {}", names.join(", "))),
    })?;
    let kind = match how.takes {
        Takes::Phone => AddressKind::Phone,
        Takes::Email => AddressKind::Email,
    };
    let address = Address::parse(kind, address.as_deref().unwrap_or_default()).map_err(invalid)?;
    let label = label.as_deref().map(Label::parse).transpose().map_err(invalid)?;
    let replaces = replaces.as_deref().map(bounded).transpose()?.map(str::to_owned);
    Ok(WantedAddress { label, replaces, channel: name.as_str().to_owned(), address })
}

/// Whether something is said that belongs to codes that a device makes.
fn says_of_codes(new: &NewDevice) -> bool {
    new.algorithm.is_some()
        || new.digits.is_some()
        || new.period.is_some()
        || new.counter.is_some()
        || new.secret.is_some()
        || new.issuer.is_some()
}
