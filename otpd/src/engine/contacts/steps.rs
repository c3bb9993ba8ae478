//! The steps and questions about contacts that the store runs.

use otp_core::{
    Attempt, Changed, Checked, CodeHash, ContactKey, ContactSeen, Decision, Enrollee, Kind,
    NewDevice, Offer, Origin, Refusal, SignedUp, ThrottlePolicy, Tried, Uid, UnixTime, UserName,
    check_contact,
    device::{MessageState, Recipient},
    enroll_contact,
    message::{Address, SendLimits, Tally},
    request_contact,
};

use crate::{
    engine::{Asked, Unavailable, steps::Whose},
    entropy,
    store::{Key, Query, Records, Step},
};

/// Which account of an application has a device at an address.
pub(super) struct FindAt(pub(super) [Key; 1], pub(super) ContactKey);

impl Query for FindAt {
    type Row = Option<UserName>;

    fn keys(&self) -> &[Key] {
        &self.0
    }

    fn answer(&self, seen: &Records, _: UnixTime) -> Self::Row {
        seen.at(&self.1).cloned()
    }
}

/// A code to be recorded for a contact.
pub(super) struct Request {
    contact: (ContactKey, String),
    code: CodeHash,
    tallies: Vec<(Tally, SendLimits)>,
    policy: ThrottlePolicy,
    keys: Vec<Key>,
}

impl Request {
    pub(super) fn new(
        contact: (ContactKey, String),
        code: CodeHash,
        tallies: Vec<(Tally, SendLimits)>,
        policy: ThrottlePolicy,
    ) -> Self {
        let key = &contact.0;
        let mut keys = vec![Key::Contact(key.clone()), Key::Contacts(key.holder)];
        keys.extend(tallies.iter().map(|(tally, _)| Key::Sent(tally.clone())));
        Self { contact, code, tallies, policy, keys }
    }
}

impl Step for Request {
    type Outcome = ();

    fn keys(&self) -> &[Key] {
        &self.keys
    }

    fn by(&self) -> Uid {
        self.contact.0.holder
    }

    fn decide(&self, seen: &Records, now: UnixTime) -> Decision<()> {
        let (key, channel) = &self.contact;
        let counted =
            |(tally, limits): &(Tally, SendLimits)| (tally.clone(), seen.sent(tally), *limits);
        let sendings: Vec<_> = self.tallies.iter().map(counted).collect();
        let known = (seen.contact(key), seen.pending(key.holder));
        let code = (channel.as_str(), self.code.clone());
        request_contact(key, known, code, &sendings, (&self.policy, now))
    }
}

/// A code that was typed for a contact.
pub(super) struct Check {
    key: ContactKey,
    known: Option<UserName>,
    typed: (Offer, (CodeHash, CodeHash)),
    policy: ThrottlePolicy,
    keys: Vec<Key>,
}

impl Check {
    pub(super) fn new(
        key: ContactKey,
        known: Option<UserName>,
        typed: (Offer, (CodeHash, CodeHash)),
        policy: ThrottlePolicy,
    ) -> Self {
        let mut keys = vec![Key::Contact(key.clone()), Key::Caller(key.holder, Tried::Codes)];
        keys.extend(known.clone().map(Key::Account));
        Self { key, known, typed, policy, keys }
    }
}

impl Step for Check {
    type Outcome = Checked;

    fn keys(&self) -> &[Key] {
        &self.keys
    }

    fn by(&self) -> Uid {
        self.key.holder
    }

    fn decide(&self, seen: &Records, now: UnixTime) -> Decision<Checked> {
        let (offer, (code, identifier)) = &self.typed;
        let kinds = [MessageState::KIND.to_owned()];
        let attempt = Attempt {
            offer,
            device: None,
            kinds: Some(&kinds),
            origin: &Origin::Application,
            service: "sign-up",
            from: "",
        };
        let account = self.known.as_ref().and_then(|name| seen.account(name));
        let caller = &seen.caller(self.key.holder, Tried::Codes);
        let account = account.map(|account| (account, &attempt));
        let known = ContactSeen { contact: seen.contact(&self.key), account, caller };
        check_contact(&self.key, known, (code, identifier.clone()), &self.policy, now)
    }
}

/// For whom an identifier is used, as it was found before.
pub(super) enum Found {
    /// For a user of the system.
    User,
    /// For a new person of the application's.
    Nobody,
    /// For the application's account that is at the address.
    Account(UserName),
}

/// An identifier that is used.
pub(super) struct Enroll {
    contact: (ContactKey, CodeHash),
    whose: Whose,
    found: Found,
    address: Address,
    random: ([u8; 4], [u8; Recipient::KEY_BYTES]),
    asked: (Asked, ThrottlePolicy),
    keys: Vec<Key>,
}

impl Enroll {
    pub(super) fn new(
        contact: (ContactKey, CodeHash),
        (whose, found): (Whose, Found),
        address: Address,
        asked: (Asked, ThrottlePolicy),
    ) -> Result<Self, Unavailable> {
        let random = (entropy::array()?, entropy::array()?);
        let mut keys = whose.keys.clone();
        keys.extend([Key::Contact(contact.0.clone()), Key::At(contact.0.clone())]);
        Ok(Self { contact, whose, found, address, random, asked, keys })
    }

    fn device(&self, channel: &str) -> NewDevice {
        let (random, key) = self.random;
        let recipient = Recipient::new(self.address.duplicate(), key);
        let kind = Kind::Message(recipient, MessageState::new(channel.to_owned()));
        NewDevice { label: None, replaces: None, kind, random }
    }
}

impl Step for Enroll {
    type Outcome = Changed<SignedUp>;

    fn keys(&self) -> &[Key] {
        &self.keys
    }

    fn by(&self) -> Uid {
        self.asked.0.by
    }

    fn decide(&self, seen: &Records, now: UnixTime) -> Decision<Self::Outcome> {
        let Self { contact: (key, identifier), whose, .. } = self;
        let (asked, policy) = &self.asked;
        let account = match whose.account(seen) {
            Ok(account) => account,
            Err(refusal) => return Decision::Unchanged(refusal),
        };
        let contact = seen.contact(key);
        let of = || Enrollee::Of {
            account,
            name: &whose.name,
            uid: whose.owner(),
            device: Box::new(self.device(contact.map_or("", |contact| contact.channel()))),
        };
        let enrollee = match (&self.found, seen.at(key)) {
            (Found::User, _) | (Found::Nobody, None) => of(),
            (Found::Account(name), Some(at)) if name == at => Enrollee::Known(at),
            // Somebody signed up there meanwhile, or is gone: the next try finds who is there.
            (Found::Nobody, Some(_)) | (Found::Account(_), _) => {
                return Decision::Unchanged(Refusal::IdTaken);
            }
        };
        enroll_contact(key, contact, identifier, enrollee, &asked.asking(policy, now))
    }
}
