//! Somebody who speaks the contract without any of our programs in between: any call, well formed
//! or not, by any user, on either way in, and what came back. Proxies would refuse to send most of
//! what an attacker sends.

use std::{os::unix::net::UnixStream, time::Duration};

use nix::unistd::{Uid, seteuid};
use otp_bus::names::{BUS_NAME, OBJECT_PATH, SOCKET_PATH};
use zbus::{
    Connection, Error, Message, Structure, Variant,
    connection::Builder,
    message::{self, Flags},
    wire::StructureBuilder,
};

use crate::{Account, Context, Failure, Result};

const BUS: &str = "/run/dbus/system_bus_socket";

/// How long an answer may take: what the module allows, and a margin for busy machines.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection of somebody to the daemon.
#[derive(Clone, Debug)]
pub struct Peer {
    connection: Connection,
    destination: Option<&'static str>,
}

/// What a call was told.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The method returned this.
    Returned(Message),
    /// The error of this name, with its text.
    Refused(String, String),
    /// Nothing came.
    Silence(String),
}

impl Peer {
    /// Root, on the daemon's own socket.
    pub async fn on_socket() -> Result<Self> {
        let stream = UnixStream::connect(SOCKET_PATH).context(SOCKET_PATH)?;
        let connection = Builder::unix_stream(stream).p2p().build().await.context(SOCKET_PATH)?;
        Ok(Self { connection, destination: None })
    }

    /// This user, or root, on the system bus.
    pub async fn on_bus(by: Option<&Account>) -> Result<Self> {
        let uid = by.map_or(0, |account| account.uid);
        let builder = Builder::unix_stream(connect_as(BUS, uid)?).user_id(uid);
        let connection = builder.build().await.context(BUS)?;
        Ok(Self { connection, destination: Some(BUS_NAME) })
    }

    /// Calls a method of the daemon's object with these arguments.
    pub async fn call(&self, interface: &str, member: &str, arguments: &Arguments) -> Answer {
        match self.message(interface, member, arguments) {
            Ok(message) => self.send(&message).await,
            Err(failure) => Answer::Silence(failure.to_string()),
        }
    }

    /// Sends a call as it is and waits for its answer, among others'.
    pub async fn send(&self, message: &Message) -> Answer {
        let answer = async {
            let mut stream = zbus::MessageStream::from(&self.connection);
            self.connection.send(message).await?;
            let serial = message.primary_header().serial_num();
            loop {
                let next = std::future::poll_fn(|context| {
                    zbus::export::futures_core::Stream::poll_next(
                        std::pin::Pin::new(&mut stream),
                        context,
                    )
                });
                match next.await {
                    Some(Ok(reply)) if reply.header().reply_serial() == Some(serial) => {
                        return Ok(reply);
                    }
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Err(error),
                    None => return Err(Error::Failure("the connection was closed".to_owned())),
                }
            }
        };
        match tokio::time::timeout(PATIENCE, answer).await {
            Ok(Ok(reply)) => Answer::of(reply),
            Ok(Err(error)) => Answer::Silence(error.to_string()),
            Err(_) => Answer::Silence(format!("nothing within {PATIENCE:?}")),
        }
    }

    /// Sends a call so many times, and that nobody waits for their answers.
    pub async fn shout(&self, count: usize, call: (&str, &str), arguments: &Arguments) -> Result {
        let (interface, member) = call;
        for _ in 0..count {
            let call = addressed(self.destination, interface, member);
            let call = call.with_flags(Flags::NO_REPLY_EXPECTED);
            self.connection.send(&built(call, arguments)?).await.context(member)?;
        }
        Ok(())
    }

    /// A call of somebody who is prepared to authenticate.
    pub fn prepared(
        &self,
        interface: &str,
        member: &str,
        arguments: &Arguments,
    ) -> Result<Message> {
        let call = addressed(self.destination, interface, member);
        built(call.with_flags(Flags::ALLOW_INTERACTIVE_AUTH), arguments)
    }

    /// A call as a message, addressed as this way in wants it.
    pub fn message(&self, interface: &str, member: &str, arguments: &Arguments) -> Result<Message> {
        message_to(self.destination, interface, member, arguments)
    }
}

impl Answer {
    fn of(reply: Message) -> Self {
        if reply.message_type() == message::Type::MethodReturn {
            return Self::Returned(reply);
        }
        let name = reply.header().error_name().map(ToString::to_string).unwrap_or_default();
        Self::Refused(name, reply.body().deserialize().unwrap_or_default())
    }

    /// The error's name without what all of ours begin with; `return` where there is none.
    pub fn word(&self) -> &str {
        match self {
            Self::Returned(_) => "return",
            Self::Refused(name, _) => name.strip_prefix("org.otpd1.Error.").unwrap_or(name),
            Self::Silence(text) => text,
        }
    }

    /// Whether it is one that the contract or the bus knows.
    pub fn is_typed(&self) -> bool {
        match self {
            Self::Returned(_) => true,
            Self::Refused(name, _) => ["org.otpd1.Error.", "org.freedesktop.DBus.Error."]
                .iter()
                .any(|known| name.starts_with(known)),
            Self::Silence(_) => false,
        }
    }
}

/// The arguments of a call, of any types.
pub type Arguments = Vec<Variant<'static>>;

/// A call with a number of its own.
pub fn message_to(
    destination: Option<&str>,
    interface: &str,
    member: &str,
    arguments: &Arguments,
) -> Result<Message> {
    built(addressed(destination, interface, member), arguments)
}

fn addressed(
    destination: Option<&str>,
    interface: &str,
    member: &str,
) -> message::Builder<'static> {
    let call = Message::method_call(OBJECT_PATH, member.to_owned()).interface(interface.to_owned());
    match destination {
        Some(name) => call.destination(name.to_owned()),
        None => call,
    }
}

fn built(call: message::Builder<'_>, arguments: &Arguments) -> Result<Message> {
    if arguments.is_empty() {
        return call.build(&()).map_err(Failure::from);
    }
    let body = Structure::builder();
    let body = arguments.iter().cloned().fold(body, StructureBuilder::append_field);
    call.build(&body.build()?).map_err(Failure::from)
}

/// A connection that the kernel says this user has made. Whoever calls this is root and alone in
/// its process: the identity is changed for all threads while it connects.
pub fn connect_as(path: &str, uid: u32) -> Result<UnixStream> {
    seteuid(Uid::from_raw(uid)).context("becoming somebody else")?;
    let stream = UnixStream::connect(path);
    seteuid(Uid::from_raw(0)).context("becoming root again")?;
    stream.context(path)
}
