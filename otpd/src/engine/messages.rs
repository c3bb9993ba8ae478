//! Codes that are sent: enrolling an address, and having a code recorded and handed over. A code is
//! on disk before anything is sent; what is sent holds no lock and no place in the store's queue.

use std::time::Instant;

use otp_core::{
    Account, Changed, Code, Decision, Device, DeviceId, DeviceSummary, Kind, Label, Origin,
    Refusal, Uid, UnixTime,
    device::{MessageState, Recipient},
    message::{Address, Counts, Posted, Request, SendLimits, SendTo, Tally, random_code, send},
};
use otp_deliver::wire::{Message, Purpose};
use zeroize::Zeroizing;

use super::{
    Asked, Elsewhere, Engine, Unavailable, Whom,
    steps::{Enroll, EnrollFor, Whose},
};
use crate::{
    deliver::Undelivered,
    entropy,
    nss::Person,
    store::{Key, Query, Records, Step, Store, StoreError},
};

/// An address that somebody wants to enroll.
pub struct WantedAddress {
    /// What people will call it; none: the kind's name.
    pub label: Option<Label>,
    /// The device whose place it takes once it is confirmed.
    pub replaces: Option<String>,
    /// The configured channel.
    pub channel: String,
    /// The address.
    pub address: Address,
}

/// A code that somebody wants sent.
#[derive(Clone, Debug)]
pub struct Ask {
    /// To which device.
    pub to: To,
    /// The kinds of devices that may be used; none: all.
    pub kinds: Option<Vec<String>>,
    /// Where the request comes from.
    pub origin: Origin,
    /// The PAM service, for the account's log.
    pub service: String,
    /// The remote host, for the account's log.
    pub from: String,
    /// What the code is for.
    pub purpose: Purpose,
}

/// To which device.
#[derive(Clone, Debug)]
pub enum To {
    /// This one, by id or label.
    Device(String),
    /// A confirmed one of this channel.
    Channel(String),
    /// The confirmed one, where there is nothing else that makes codes.
    Only,
}

/// A code that is recorded, and the message that holds it.
pub struct Outgoing {
    /// What was recorded.
    pub posted: Posted,
    /// What is handed over.
    pub message: Message,
}

impl Engine {
    /// Adds an unconfirmed device that is an address. Nothing is sent to it yet.
    pub async fn enroll_address(
        &self,
        person: Person,
        asked: Asked,
        wanted: WantedAddress,
        before: Instant,
    ) -> Result<Result<Changed<(DeviceSummary, Elsewhere)>, Refusal>, Unavailable> {
        let WantedAddress { label, replaces, channel, address } = wanted;
        let key: [u8; Recipient::KEY_BYTES] = entropy::array()?;
        let fingerprint = self.fingerprint(address.store().as_bytes())?;
        let (random, policy) = (entropy::array()?, self.throttle());
        let make = move || {
            let recipient = Recipient::new(address.duplicate(), key);
            Some(Kind::Message(recipient, MessageState::new(channel.clone())))
        };
        let make = Box::new(make);
        let new = Enroll { label, replaces, make, fingerprint, random, asked, policy };
        Ok(self.store.transact(EnrollFor::new(person, new), before).await?.into_result())
    }

    /// Records a code that is to be sent.
    pub async fn post(
        &self,
        whom: impl Into<Whom>,
        by: Uid,
        ask: Ask,
        before: Instant,
    ) -> Result<Result<Outgoing, Refusal>, Unavailable> {
        let whom = whom.into();
        let Some(name) = whom.name() else { return Ok(Err(Refusal::NotEnrolled)) };
        let config = self.config();
        let (user, purpose) = (name.to_string(), ask.purpose);
        let addresses = Addresses(Whose::of(whom.clone(), &name));
        let found = self.store.snapshot(addresses, before).await?;
        let addresses = match found {
            Ok(found) => found,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let counted = |(device, address): (DeviceId, Zeroizing<Vec<u8>>)| {
            self.fingerprint(&address).map(|print| (device, Tally::Address(print)))
        };
        let addresses = addresses.into_iter().map(counted).collect::<Result<Vec<_>, _>>()?;
        let code = new_code()?;
        let text = code.reveal();
        let (limits, policy) = (config.limits, config.throttle);
        let step = Post::new(Whose::of(whom, &name), by, (ask, code), (addresses, limits, policy));
        let done = self.store.transact(step, before).await?.into_result().and_then(|sent| sent);
        Ok(done.map(|posted| {
            let message = Message {
                channel: posted.channel.clone(),
                address: posted.address.expose().to_owned(),
                code: text,
                user,
                issuer: config.issuer.clone(),
                purpose,
                valid_for: u32::try_from(posted.valid.0).unwrap_or(u32::MAX),
            };
            Outgoing { posted, message }
        }))
    }

    /// Hands a message over, once.
    ///
    /// # Errors
    /// When the provider has not said that it took it.
    pub async fn hand_over(&self, message: &Message, before: Instant) -> Result<(), Undelivered> {
        self.deliver.send(message, before).await
    }

    pub(super) fn fingerprint(&self, bytes: &[u8]) -> Result<Vec<u8>, Unavailable> {
        let failed = || StoreError::Failed("no fingerprint could be made".to_owned());
        Ok(self.store.pepper().fingerprint(bytes).ok_or_else(failed)?)
    }
}

pub(super) fn new_code() -> Result<Code, Unavailable> {
    loop {
        if let Some(code) = random_code(entropy::array()?) {
            return Ok(code);
        }
    }
}

/// The addresses of an account, by device.
struct Addresses(Whose);

impl Query for Addresses {
    type Row = Result<Vec<(DeviceId, Zeroizing<Vec<u8>>)>, Refusal>;

    fn keys(&self) -> &[Key] {
        &self.0.keys
    }

    fn answer(&self, seen: &Records, _: UnixTime) -> Self::Row {
        let devices = self.0.account(seen)?.map_or(&[][..], |account| &account.devices);
        let address = |device: &Device| match &device.kind {
            Kind::Message(..) => device.own_part().map(|own| (device.id.clone(), own)),
            Kind::Totp(..) | Kind::Hotp(..) | Kind::Recovery(_) => None,
        };
        Ok(devices.iter().filter_map(address).collect())
    }
}

/// A code to be recorded.
struct Post {
    whose: Whose,
    by: Uid,
    ask: Ask,
    code: Code,
    addresses: Vec<(DeviceId, Tally)>,
    others: [Tally; 2],
    limits: SendLimits,
    policy: otp_core::ThrottlePolicy,
}

impl Post {
    fn new(
        mut whose: Whose,
        by: Uid,
        (ask, code): (Ask, Code),
        (addresses, limits, policy): (Vec<(DeviceId, Tally)>, SendLimits, otp_core::ThrottlePolicy),
    ) -> Self {
        let others = [Tally::Account(whose.name.clone()), Tally::All];
        let tallies = addresses.iter().map(|(_, tally)| tally).chain(&others);
        whose.keys.extend(tallies.map(|tally| Key::Sent(tally.clone())));
        Self { whose, by, ask, code, addresses, others, limits, policy }
    }

    fn on(
        &self,
        account: &Account,
        seen: &Records,
        now: UnixTime,
    ) -> Decision<Result<Posted, Refusal>> {
        let Ask { to, kinds, origin, service, from, purpose: _ } = &self.ask;
        let to = match to {
            To::Device(name) => SendTo::Device(name),
            To::Channel(name) => SendTo::Channel(name),
            To::Only => SendTo::Only,
        };
        let request = Request { to, kinds: kinds.as_deref(), origin, service, from };
        let counted =
            |(id, tally): &(DeviceId, Tally)| (id.clone(), tally.clone(), seen.sent(tally));
        let counts = Counts {
            limits: &self.limits,
            addresses: self.addresses.iter().map(counted).collect(),
            others: self.others.iter().map(|tally| (tally.clone(), seen.sent(tally))).collect(),
        };
        send(account, &request, &self.code, &counts, (&self.policy, now))
    }
}

impl Step for Post {
    type Outcome = Result<Posted, Refusal>;

    fn keys(&self) -> &[Key] {
        &self.whose.keys
    }

    fn by(&self) -> Uid {
        self.by
    }

    fn decide(&self, seen: &Records, now: UnixTime) -> Decision<Self::Outcome> {
        match self.whose.account(seen) {
            Ok(Some(account)) => self.on(account, seen, now),
            Ok(None) => Decision::Unchanged(Refusal::NotEnrolled),
            Err(refusal) => Decision::Unchanged(refusal),
        }
    }
}
