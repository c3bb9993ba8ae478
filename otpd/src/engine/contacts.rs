//! People who sign up by an application: a code recorded for an address, checked, and a device
//! enrolled there. An identifier carries the address, which the application knows, so that nothing
//! stored tells it before there is an account.

mod steps;

use std::time::Instant;

use data_encoding::BASE64URL_NOPAD;
use otp_core::{
    Changed, Checked, Code, CodeHash, ContactKey, Offer, Origin, Refusal, SignedUp, Uid, UnixTime,
    UserName,
    message::{Address, CODE_VALID, SendLimits, Tally},
};
use otp_deliver::wire::{Message, Purpose};
use zeroize::Zeroizing;

use super::{
    Ask, Asked, Engine, Outgoing, To, Unavailable, Whom, messages::new_code, steps::Whose,
};
use crate::{
    entropy,
    store::{Key, Store, StoreError},
};
use steps::{Check, Enroll, FindAt, Found, Request};

/// Random bytes of an identifier, beside the sealed address.
const RANDOM_BYTES: usize = 32;

/// What an identifier begins with, so that one that leaked is known for what it is.
const PREFIX: &str = "otpd_id_";

/// A contact that an application speaks of.
pub struct Reached {
    /// The application.
    pub holder: Uid,
    /// Where.
    pub address: Address,
}

/// By which channel a code is to be sent, and how many the application may have sent within a day.
pub struct Route {
    /// The channel.
    pub channel: String,
    /// How many.
    pub messages_a_day: u32,
}

impl Engine {
    /// The account of the application's that has a device at an address.
    pub async fn account_at(
        &self,
        reached: &Reached,
        before: Instant,
    ) -> Result<Option<UserName>, Unavailable> {
        let key = self.contact_key(reached)?;
        let at = FindAt([Key::At(key.clone())], key);
        Ok(self.store.snapshot(at, before).await?)
    }

    /// Records a code for an address: of the device there, or of a contact.
    pub async fn request_contact(
        &self,
        reached: &Reached,
        route: Route,
        before: Instant,
    ) -> Result<Result<Message, Refusal>, Unavailable> {
        let (key, config) = (self.contact_key(reached)?, self.config());
        let known = self.account_at(reached, before).await?;
        let limits = SendLimits { account_day: route.messages_a_day, ..config.limits };
        let own = UserName::of_application(reached.holder, "all");
        let own = own.map_err(|error| StoreError::Failed(error.to_string()))?;
        if let Some(name) = known {
            // The device's own counts and the account's; the application's are those of its contacts.
            let to = To::Channel(route.channel);
            let (service, from) = ("sign-up".to_owned(), String::new());
            let origin = Origin::Application;
            let ask = Ask { to, kinds: None, origin, service, from, purpose: Purpose::Login };
            let posted = self.post(Whom::Application(name), reached.holder, ask, before).await?;
            return Ok(posted.map(|Outgoing { message, .. }| message));
        }
        let code = new_code()?;
        let (text, hash) = (code.reveal(), self.contact_code(&key, &code)?);
        let tallies = vec![
            (Tally::Address(key.address.clone()), config.limits),
            (Tally::Account(own), limits),
            (Tally::All, config.limits),
        ];
        let channel = route.channel.clone();
        let step = Request::new((key, channel), hash, tallies, config.throttle);
        let done = self.store.transact(step, before).await?.into_result();
        Ok(done.map(|()| Message {
            channel: route.channel,
            address: reached.address.expose().to_owned(),
            code: text,
            user: String::new(),
            issuer: config.issuer.clone(),
            purpose: Purpose::SignUp,
            valid_for: u32::try_from(CODE_VALID.0).unwrap_or(u32::MAX),
        }))
    }

    /// Checks a code that was typed for an address; an identifier, told once, and until when it counts.
    pub async fn check_contact(
        &self,
        reached: &Reached,
        code: Code,
        before: Instant,
    ) -> Result<Result<(Zeroizing<String>, UnixTime), Refusal>, Unavailable> {
        let key = self.contact_key(reached)?;
        let known = self.account_at(reached, before).await?;
        let text = new_identifier(&reached.address)?;
        let hashes = (self.contact_code(&key, &code)?, self.identifier_hash(&key, &text)?);
        let policy = self.throttle();
        let step = Check::new(key, known, (Offer::Code(code), hashes), policy);
        let done = self.store.transact(step, before).await?.into_result();
        Ok(match done {
            Ok(Checked::Identified(until)) => Ok((text, until)),
            Ok(Checked::Refused(refusal)) => Err(refusal.unwrap_or(Refusal::UnknownContact)),
            Ok(Checked::Held(refusal)) | Err(refusal) => Err(refusal),
        })
    }

    /// Uses an identifier: for this user, or for a person of the application's.
    pub async fn enroll_contact(
        &self,
        whom: Whom,
        (holder, identifier): (Uid, &str),
        asked: Asked,
        before: Instant,
    ) -> Result<Result<Changed<SignedUp>, Refusal>, Unavailable> {
        let Some(address) = address_of(identifier) else {
            return Ok(Err(Refusal::UnknownContact));
        };
        let reached = Reached { holder, address };
        let key = self.contact_key(&reached)?;
        let hash = self.identifier_hash(&key, identifier)?;
        let (whose, found) = match whom {
            Whom::Person(person) => (Whose::new(person), Found::User),
            Whom::Application(_) | Whom::Nobody => match self.account_at(&reached, before).await? {
                Some(name) => (Whose::of_application(name.clone()), Found::Account(name)),
                None => (Whose::of_application(new_name(holder)?), Found::Nobody),
            },
        };
        let asked = (asked, self.throttle());
        let step = Enroll::new((key, hash), (whose, found), reached.address, asked)?;
        Ok(self.store.transact(step, before).await?.into_result())
    }

    fn contact_key(&self, reached: &Reached) -> Result<ContactKey, Unavailable> {
        let address = self.fingerprint(reached.address.store().as_bytes())?;
        Ok(ContactKey { holder: reached.holder, address })
    }

    fn contact_code(&self, key: &ContactKey, code: &Code) -> Result<CodeHash, Unavailable> {
        let text = Zeroizing::new(code.reveal());
        let holder = key.holder.0.to_be_bytes();
        self.contact_hash(&[b"code", &holder, &key.address, text.as_bytes()])
    }

    fn identifier_hash(&self, key: &ContactKey, text: &str) -> Result<CodeHash, Unavailable> {
        let holder = key.holder.0.to_be_bytes();
        self.contact_hash(&[b"identifier", &holder, &key.address, text.as_bytes()])
    }

    fn contact_hash(&self, parts: &[&[u8]]) -> Result<CodeHash, Unavailable> {
        let failed = || StoreError::Failed("no hash could be made".to_owned());
        Ok(CodeHash::new(self.store.pepper().contact(parts).ok_or_else(failed)?))
    }
}

fn new_name(holder: Uid) -> Result<UserName, Unavailable> {
    let random: [u8; 8] = entropy::array()?;
    let name = UserName::of_application(holder, &data_encoding::HEXLOWER.encode(&random));
    Ok(name.map_err(|error| StoreError::Failed(error.to_string()))?)
}

fn new_identifier(address: &Address) -> Result<Zeroizing<String>, Unavailable> {
    let mut bytes = entropy::secret(RANDOM_BYTES)?;
    bytes.extend_from_slice(address.store().as_bytes());
    Ok(Zeroizing::new(format!("{PREFIX}{}", BASE64URL_NOPAD.encode(&bytes))))
}

/// The address that an identifier carries; none: it is none.
fn address_of(identifier: &str) -> Option<Address> {
    let text = identifier.strip_prefix(PREFIX)?;
    let bytes = Zeroizing::new(BASE64URL_NOPAD.decode(text.as_bytes()).ok()?);
    let (_, address) = bytes.split_at_checked(RANDOM_BYTES)?;
    Address::load(std::str::from_utf8(address).ok()?).ok()
}

#[cfg(test)]
mod tests;
