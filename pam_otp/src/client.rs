//! Asks the daemon: one connection per call, closed when the answer is there, under one deadline.
//!
//! With uid 0 the way is the daemon's own socket, and the bus only where there is no such socket or
//! nobody listens on it; everyone else takes the bus. It refuses to take an address from the
//! environment (the user of a setuid program writes that), to talk to a listener whom the system's
//! administrator did not put there, and to send anything after a code was written: whether that
//! code was spent is then not known, and a second sending would be a second attempt.

mod address;
mod bus;
mod deadline;
mod error;
mod session;
#[cfg(test)]
mod tests;
mod transport;
mod wire;

use std::num::NonZeroU32;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::Duration;

use nix::errno::Errno;
use nix::unistd::geteuid;
use otp_bus::names::{
    AUTH_INTERFACE, OBJECT_PATH, SESSIONS_INTERFACE, SOCKET_PATH, STATE_DIR, SYSTEM_BUS_ADDRESS,
};
use otp_bus::{Candidate, Challenge, Login, Proof, Settled, Verdict};
use zbus::message::Type;
use zbus::wire::DynamicDeserialize;
use zbus::{DynamicTuple, Message};
use zeroize::Zeroizing;

pub(crate) use self::address::Address;
use self::bus::{Owner, Stranded};
pub(crate) use self::deadline::Deadline;
pub(crate) use self::error::Error;
pub(crate) use self::session::Registrar;
use self::transport::{Transport, Trouble};
use crate::args::Arguments;

/// Root, who alone may listen on the daemon's socket and may own its name.
const ROOT: u32 = 0;

/// Whoever decides on a login. Its questions are `org.otpd1.Auth`'s.
pub(crate) trait Daemon {
    /// What must the login do?
    fn begin(&self, login: &Login) -> Result<Challenge, Error>;
    /// Is this code right? It is spent if so. Never to be asked again with the same code.
    fn verify(&self, login: &Login, code: &str) -> Result<Verdict, Error>;
    /// Makes a device that counts for nothing yet.
    fn begin_enrolment(&self, login: &Login, invitation: &str) -> Result<Candidate, Error>;
    /// Is this a code of it?
    fn prove_enrolment(&self, login: &Login, token: &str, code: &str) -> Result<Proof, Error>;
    /// Makes it count: authentication as a whole has succeeded.
    fn settle_enrolment(&self, login: &Login, token: &str) -> Result<Settled, Error>;
    /// Has it forgotten.
    fn drop_enrolment(&self, login: &Login, token: &str) -> Result<(), Error>;
}

/// The daemon behind its socket or the bus.
#[derive(Debug)]
pub(crate) struct Client {
    /// The daemon's own socket, for those who may use it.
    own: Option<Address>,
    bus: Address,
    /// The uid as which we introduce ourselves; the kernel vouches for it.
    uid: u32,
    /// Who must have made the daemon's socket.
    listener: u32,
    /// Whose owner may own the daemon's name, beside root.
    state: PathBuf,
    timeout: Duration,
}

/// A question of the contract.
#[derive(Clone, Copy)]
enum Call<'a> {
    Begin(&'a Login),
    Verify(&'a Login, &'a str),
    Open(&'a str),
    Close,
    BeginEnrolment(&'a Login, &'a str),
    ProveEnrolment(&'a Login, &'a str, &'a str),
    SettleEnrolment(&'a Login, &'a str),
    DropEnrolment(&'a Login, &'a str),
}

impl Client {
    /// Chooses the ways from who we are and what the administrator wrote.
    pub(crate) fn new(arguments: &Arguments) -> Result<Self, Error> {
        let system = Address::parse(SYSTEM_BUS_ADDRESS)
            .map_err(|why| Error::Unreachable(format!("the contract names {why}")))?;
        let uid = geteuid();
        let own_too = arguments.bus.is_none() && uid.is_root();
        Ok(Self {
            own: own_too.then(|| Address::Path(SOCKET_PATH.to_owned())),
            bus: arguments.bus.clone().unwrap_or(system),
            uid: uid.as_raw(),
            listener: ROOT,
            state: PathBuf::from(STATE_DIR),
            timeout: arguments.timeout,
        })
    }

    /// Asks on whichever way is open. The connection is closed when this returns.
    fn ask<T>(&self, call: Call<'_>) -> Result<T, Error>
    where
        T: for<'d> DynamicDeserialize<'d>,
    {
        let deadline = Deadline::after(self.timeout);
        let mut absent = None;
        if let Some(own) = &self.own {
            match Transport::connect(own, deadline) {
                Ok(transport) => return self.ask_peer(own, transport, call),
                // Nobody is there, or we may not go there. Whoever is there and slow is waited
                // for: the bus has no other daemon.
                Err(Trouble::Failed(
                    errno @ (Errno::ENOENT | Errno::ECONNREFUSED | Errno::EACCES),
                )) => absent = Some(format!("{own}: {}", errno.desc())),
                Err(trouble) => return Err(self.at(own, &trouble)),
            }
        }
        match Transport::connect(&self.bus, deadline) {
            Ok(transport) => self.ask_bus(transport, call, absent),
            Err(Trouble::Failed(errno)) => {
                Err(unreachable(absent, &format!("{}: {}", self.bus, errno.desc())))
            }
            Err(trouble) => Err(self.at(&self.bus, &trouble)),
        }
    }

    /// Asks on the daemon's own socket: everything in one write.
    fn ask_peer<T>(
        &self,
        own: &Address,
        mut transport: Transport,
        call: Call<'_>,
    ) -> Result<T, Error>
    where
        T: for<'d> DynamicDeserialize<'d>,
    {
        let listener = transport.listener().map_err(|trouble| self.at(own, &trouble))?;
        if listener != self.listener {
            return Err(Error::Distrusted(format!("uid {listener} listens on {own}")));
        }
        let serial = NonZeroU32::MIN;
        let question = call.message(serial, None).map_err(|error| strange(own, &error))?;
        // Made in one piece: growing would leave a copy of the code behind.
        let opening = Zeroizing::new([&wire::greeting(self.uid), question.data().bytes()].concat());
        let answer = transport
            .send(&opening)
            .and_then(|()| transport.welcome())
            .and_then(|()| transport.answer(serial, None))
            .map_err(|trouble| self.at(own, &trouble))?;
        self.understood(own, answer)
    }

    /// Asks on the bus, once it is clear who would hear the question.
    fn ask_bus<T>(
        &self,
        mut transport: Transport,
        call: Call<'_>,
        absent: Option<String>,
    ) -> Result<T, Error>
    where
        T: for<'d> DynamicDeserialize<'d>,
    {
        let bus = &self.bus;
        let owner = bus::owner(&mut transport, self.uid).map_err(|why| match why {
            Stranded::Trouble(trouble) => self.at(bus, &trouble),
            Stranded::Said(text) => unreachable(absent, &format!("{bus}: {text}")),
        })?;
        self.trusted(&owner)?;
        let serial = NonZeroU32::MIN.saturating_add(bus::NEXT_SERIAL - 1);
        let question =
            call.message(serial, Some(&owner.name)).map_err(|error| strange(bus, &error))?;
        let answer = transport
            .send(question.data())
            .and_then(|()| transport.answer(serial, Some(&owner.name)))
            .map_err(|trouble| self.at(bus, &trouble))?;
        self.understood(bus, answer)
    }

    /// The daemon runs as root or as the owner of its state, which is read without asking the
    /// user database: that may itself ask over the bus.
    fn trusted(&self, owner: &Owner) -> Result<(), Error> {
        let state = std::fs::metadata(&self.state).map_or(ROOT, |state| state.uid());
        if owner.uid == ROOT || owner.uid == state {
            return Ok(());
        }
        let name = otp_bus::names::BUS_NAME;
        Err(Error::Distrusted(format!("uid {} owns {name} on {}", owner.uid, self.bus)))
    }

    fn understood<T>(&self, place: &Address, answer: Message) -> Result<T, Error>
    where
        T: for<'d> DynamicDeserialize<'d>,
    {
        match answer.message_type() {
            Type::MethodReturn => {
                answer.body().deserialize().map_err(|error| strange(place, &error))
            }
            Type::Error => {
                Err(Error::answered(place, otp_bus::Error::from(zbus::Error::from(answer))))
            }
            Type::MethodCall | Type::Signal => {
                Err(self.at(place, &Trouble::Nonsense("no answer at all")))
            }
        }
    }

    fn at(&self, place: &Address, trouble: &Trouble) -> Error {
        Error::at(place, self.timeout, trouble)
    }
}

impl Daemon for Client {
    fn begin(&self, login: &Login) -> Result<Challenge, Error> {
        self.ask(Call::Begin(login))
    }

    fn verify(&self, login: &Login, code: &str) -> Result<Verdict, Error> {
        self.ask(Call::Verify(login, code))
    }

    fn begin_enrolment(&self, login: &Login, invitation: &str) -> Result<Candidate, Error> {
        self.ask(Call::BeginEnrolment(login, invitation))
    }

    fn prove_enrolment(&self, login: &Login, token: &str, code: &str) -> Result<Proof, Error> {
        self.ask(Call::ProveEnrolment(login, token, code))
    }

    fn settle_enrolment(&self, login: &Login, token: &str) -> Result<Settled, Error> {
        self.ask(Call::SettleEnrolment(login, token))
    }

    fn drop_enrolment(&self, login: &Login, token: &str) -> Result<(), Error> {
        self.ask(Call::DropEnrolment(login, token))
    }
}

impl Call<'_> {
    /// The call as a message. zbus's own copy of a code in it is not wiped: the code is spent, or
    /// refused, before that memory is anybody else's.
    fn message(self, serial: NonZeroU32, destination: Option<&str>) -> zbus::Result<Message> {
        let (interface, method) = match self {
            Self::Begin(..) => (AUTH_INTERFACE, "Begin"),
            Self::Verify(..) => (AUTH_INTERFACE, "Verify"),
            Self::BeginEnrolment(..) => (AUTH_INTERFACE, "BeginEnrolment"),
            Self::ProveEnrolment(..) => (AUTH_INTERFACE, "ProveEnrolment"),
            Self::SettleEnrolment(..) => (AUTH_INTERFACE, "SettleEnrolment"),
            Self::DropEnrolment(..) => (AUTH_INTERFACE, "DropEnrolment"),
            Self::Open(..) => (SESSIONS_INTERFACE, "Open"),
            Self::Close => (SESSIONS_INTERFACE, "Close"),
        };
        let mut call = Message::method_call(OBJECT_PATH, method).interface(interface);
        if let Some(name) = destination {
            call = call.destination(name);
        }
        let call = call.serial(serial);
        match self {
            Self::Begin(login) => call.build(&DynamicTuple((login,))),
            Self::Verify(login, text)
            | Self::BeginEnrolment(login, text)
            | Self::SettleEnrolment(login, text)
            | Self::DropEnrolment(login, text) => call.build(&DynamicTuple((login, text))),
            Self::ProveEnrolment(login, token, code) => {
                call.build(&DynamicTuple((login, token, code)))
            }
            Self::Open(service) => call.build(&DynamicTuple((service,))),
            Self::Close => call.build(&()),
        }
    }
}

/// Neither a question that cannot be written down nor an answer that cannot be read is guessed at.
fn strange(place: &Address, error: &zbus::Error) -> Error {
    Error::NotUnderstood { place: place.to_string(), what: error.to_string() }
}

fn unreachable(absent: Option<String>, bus: &str) -> Error {
    Error::Unreachable(absent.map_or_else(|| bus.to_owned(), |own| format!("{own}; {bus}")))
}
