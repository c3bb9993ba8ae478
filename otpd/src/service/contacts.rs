//! `org.otpd1.Contacts`: for applications by which people sign up, where the configuration names their
//! uid and the channel. Who asks for an address hears the same at the same moments whoever has it,
//! and whatever is sent.

use otp_bus::{
    Error,
    contacts::{MAX_ADDRESS_BYTES, MAX_IDENTIFIER_BYTES},
    names::MAX_CODE_BYTES,
};
use otp_core::{
    Code, Refusal, SignedUp,
    message::{Address, AddressKind, CODE_VALID},
};
use otp_deliver::{channel::Takes, wire::Message};
use zbus::{Connection, interface, message::Header};
use zeroize::Zeroizing;

use super::{
    Call, Refused, Services, answer,
    auth::{REFUSALS, until_next},
    messages::SENDING,
    right::own,
    tokens::bounded,
    wanted::{invalid, wrong_code},
};
use crate::{
    audit::{Event, Severity},
    caller::Way,
    clock::monotonic,
    config::Application,
    engine::{Reached, Route, Whom},
    policy::Action,
};

/// For whom it is in the log.
const SIGN_UP: &str = "sign-up";

/// The object, on one way in.
pub(super) struct ContactsService {
    services: Services,
    way: Way,
}

#[interface(name = "org.otpd1.Contacts")]
impl ContactsService {
    /// Has a code sent to an address and tells for how many seconds it counts.
    async fn request(
        &self,
        address: String,
        channel: &str,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<u32, Error> {
        let address = Zeroizing::new(address);
        let call = self.services.enter(self.way, connection, &header).await?;
        let application = self.services.listed(&call, Action::SignUp)?;
        let (reached, route) = self.wanted(&call, &application, (&address, channel))?;
        let shown = format!("{} by {channel}", reached.address.masked());
        let posted = self.services.engine.request_contact(&reached, route, call.before).await;
        let posted = posted.map_err(|error| self.unavailable(error.into()));
        until_next(&call, REFUSALS).await;
        match posted? {
            Ok(message) => self.send(&call, &shown, message),
            // Nor is it told of too many contacts: an address that is known needs none, so that the
            // answer would tell which are.
            Err(refusal) => {
                self.managed(&call, &format!("had nothing sent to {shown} ({refusal:?})"), SIGN_UP);
            }
        }
        Ok(u32::try_from(CODE_VALID.0).unwrap_or(u32::MAX))
    }

    /// Checks the code that was sent last and gives an identifier for it, once.
    #[zbus(out_args("identifier", "until"))]
    async fn verify(
        &self,
        address: String,
        code: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(String, u64), Error> {
        let (address, code) = (Zeroizing::new(address), Zeroizing::new(code));
        let call = self.services.enter(self.way, connection, &header).await?;
        let application = self.services.listed(&call, Action::SignUp)?;
        bounded(&address, MAX_ADDRESS_BYTES, "address")?;
        bounded(&code, MAX_CODE_BYTES, "code")?;
        let address = read(&address)?;
        let shown = address.masked();
        let reached = Reached { holder: application.uid, address };
        let checked = self.checked(&call, reached, &code).await;
        match checked {
            Ok((identifier, until)) => {
                self.managed(&call, &format!("verified {shown}"), SIGN_UP);
                Ok((identifier.to_string(), until))
            }
            Err(error) => {
                until_next(&call, REFUSALS).await;
                Err(error)
            }
        }
    }

    /// Enrolls a device at the identifier's address, for a user of the system or, with an empty name,
    /// for a person of the application's.
    #[zbus(out_args("user", "device"))]
    async fn enroll(
        &self,
        user: &str,
        identifier: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(String, String), Error> {
        let identifier = Zeroizing::new(identifier);
        let mut call = self.services.enter(self.way, connection, &header).await?;
        let application = self.services.listed(&call, Action::SignUp)?;
        bounded(&identifier, MAX_IDENTIFIER_BYTES, "identifier")?;
        let (whom, asked) = if user.is_empty() {
            (Whom::Nobody, own(&call))
        } else {
            let person = self.services.permitted(&mut call, Action::Enroll, user).await;
            let person = person.map_err(|refused| self.unavailable(refused))?;
            let person = person.ok_or_else(|| answer::unknown_user(user))?;
            let asked = self.services.asked(&call, otp_bus::Warrant::default());
            (Whom::Person(person), asked.map_err(|refused| self.unavailable(refused))?)
        };
        let used = (application.uid, identifier.as_str());
        let done = self.services.engine.enroll_contact(whom, used, asked, call.before).await;
        let done = done.map_err(|error| self.unavailable(error.into()))?;
        let done = done.map_err(|refusal| answer::error(refusal, user))?;
        match done.map_err(|wrong| wrong_code(wrong, user))? {
            SignedUp::Known(name) => Ok((name.to_string(), String::new())),
            SignedUp::Made(name, device) => {
                self.managed(&call, &format!("signed up with {}", device.id), name.as_str());
                Ok((name.to_string(), device.id.to_string()))
            }
        }
    }
}

impl ContactsService {
    /// The object for one way in.
    pub(super) fn new(services: Services, way: Way) -> Self {
        Self { services, way }
    }

    /// Where a code is to be sent, and by which of the application's channels.
    fn wanted(
        &self,
        call: &Call,
        application: &Application,
        (address, channel): (&str, &str),
    ) -> Result<(Reached, Route), Error> {
        bounded(address, MAX_ADDRESS_BYTES, "address")?;
        let uid = call.uid;
        let config = self.services.engine.config();
        let mut configured = config.channels.iter();
        let own = application.channels.iter().any(|own| own == channel);
        let found = configured.find(|(name, _)| own && name.as_str() == channel);
        let (name, how) = found.ok_or_else(|| {
            let channels = application.channels.join(", ");
            Error::NotAllowed(format!("uid {uid} may send by its channels alone: {channels}"))
        })?;
        let kind = match how.takes {
            Takes::Phone => AddressKind::Phone,
            Takes::Email => AddressKind::Email,
        };
        let address = Address::parse(kind, address).map_err(invalid)?;
        let (channel, messages_a_day) = (name.as_str().to_owned(), application.messages_a_day);
        Ok((Reached { holder: uid, address }, Route { channel, messages_a_day }))
    }

    async fn checked(
        &self,
        call: &Call,
        reached: Reached,
        code: &str,
    ) -> Result<(Zeroizing<String>, u64), Error> {
        let code = Code::parse(code).map_err(|_| no_code())?;
        let done = self.services.engine.check_contact(&reached, code, call.before).await;
        let done = done.map_err(|error| self.unavailable(error.into()))?;
        done.map(|(text, until)| (text, until.as_secs())).map_err(|refusal| {
            let shown = reached.address.masked();
            self.managed(call, &format!("was refused for {shown} ({refusal:?})"), SIGN_UP);
            let own = matches!(refusal, Refusal::CallerThrottled { .. });
            if own { answer::error(refusal, SIGN_UP) } else { no_code() }
        })
    }

    /// Hands a message over; nobody waits for it, and nobody is told what became of it but the log.
    fn send(&self, call: &Call, shown: &str, message: Message) {
        self.managed(call, &format!("had a code sent to {shown}"), SIGN_UP);
        let services = self.services.clone();
        tokio::spawn(async move {
            let handed = services.engine.hand_over(&message, monotonic() + SENDING).await;
            if let Err(error) = handed {
                let (user, channel) = (SIGN_UP, message.channel.as_str());
                let why = error.to_string();
                services.log.log(&Event::Undelivered { user, channel, why: &why });
            }
        });
    }

    fn unavailable(&self, refused: Refused) -> Error {
        match refused {
            Refused::Error(error) => error,
            Refused::Unavailable(reason) => {
                let text = format!("a sign-up failed: {reason}");
                self.services.log.log(&Event::Daemon(Severity::Error, &text));
                Error::Unavailable(reason.to_string())
            }
        }
    }

    fn managed(&self, call: &Call, deed: &str, user: &str) {
        self.services.log.log(&Event::Managed { uid: call.uid, deed, user });
    }
}

/// An address as people write it: a telephone number begins with its country code.
pub(super) fn read(text: &str) -> Result<Address, Error> {
    let phone = text.trim_start().starts_with('+');
    let kind = if phone { AddressKind::Phone } else { AddressKind::Email };
    Address::parse(kind, text).map_err(invalid)
}

fn no_code() -> Error {
    let text = "that is not the code that was sent there last, or it is over; ask for another";
    Error::WrongCode(text.to_owned())
}
