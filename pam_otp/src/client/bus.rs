//! On the system bus: who owns the daemon's name, and is that somebody whom we trust with a code?
//!
//! The bus starts the daemon where it is not running. It refuses an owner that is neither root nor
//! the owner of the daemon's state, and ties the check and the call to one connection: the answer
//! is the owner's unique name, which nobody else can have, and only that is called.

use std::num::NonZeroU32;

use otp_bus::names::BUS_NAME;
use zbus::Message;
use zbus::message::Type;

use super::transport::{Transport, Trouble};
use super::wire::{self, BUS};

/// Where the bus's own methods are.
const BUS_PATH: &str = "/org/freedesktop/DBus";
/// What the bus says of a name that nobody owns.
const UNOWNED: &str = "org.freedesktop.DBus.Error.NameHasNoOwner";

/// Our calls on a connection, in order; each number is a serial.
#[derive(Clone, Copy)]
enum Step {
    Hello = 1,
    Owner,
    Start,
    OwnerOnceStarted,
    Uid,
}

/// The serial of the first call after those of this file.
pub(super) const NEXT_SERIAL: u32 = Step::Uid as u32 + 1;

/// Who owns the daemon's name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Owner {
    /// The owner's unique name, such as `:1.7`.
    pub(super) name: String,
    /// The uid that the kernel gave the bus for that connection.
    pub(super) uid: u32,
}

/// Why the owner is not known.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stranded {
    /// The bus did not answer as a bus.
    Trouble(Trouble),
    /// The bus answered that it cannot; its own words.
    Said(String),
}

impl From<Trouble> for Stranded {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

/// Says hello as `uid` and finds out who owns the daemon's name, starting it if need be.
pub(super) fn owner(transport: &mut Transport, uid: u32) -> Result<Owner, Stranded> {
    let mut opening = wire::greeting(uid);
    opening.extend_from_slice(built(call(Step::Hello, "Hello").build(&()))?.data());
    opening.extend_from_slice(built(call(Step::Owner, "GetNameOwner").build(&BUS_NAME))?.data());
    transport.send(&opening)?;
    transport.welcome()?;
    success(&answer(transport, Step::Hello)?)?;
    let found = answer(transport, Step::Owner)?;
    let name = match found.header().error_name() {
        Some(error) if error.as_str() == UNOWNED => started(transport)?,
        _ => unique_name(&found)?,
    };
    let whose = built(call(Step::Uid, "GetConnectionUnixUser").build(&name))?;
    transport.send(whose.data())?;
    let answer = answer(transport, Step::Uid)?;
    success(&answer)?;
    let uid = answer.body().deserialize().map_err(|_| nonsense())?;
    Ok(Owner { name, uid })
}

/// Lets the bus start the daemon and waits until it owns its name.
fn started(transport: &mut Transport) -> Result<String, Stranded> {
    let start = built(call(Step::Start, "StartServiceByName").build(&(BUS_NAME, 0_u32)))?;
    transport.send(start.data())?;
    success(&answer(transport, Step::Start)?)?;
    let again = built(call(Step::OwnerOnceStarted, "GetNameOwner").build(&BUS_NAME))?;
    transport.send(again.data())?;
    unique_name(&answer(transport, Step::OwnerOnceStarted)?)
}

fn call(step: Step, method: &'static str) -> zbus::message::Builder<'static> {
    let call = Message::method_call(BUS_PATH, method).interface(BUS).destination(BUS);
    call.serial(step.serial())
}

impl Step {
    fn serial(self) -> NonZeroU32 {
        NonZeroU32::MIN.saturating_add(self as u32 - 1)
    }
}

fn built(message: zbus::Result<Message>) -> Result<Message, Stranded> {
    message.map_err(|error| Stranded::Said(format!("a call to the bus cannot be made: {error}")))
}

fn answer(transport: &mut Transport, step: Step) -> Result<Message, Stranded> {
    Ok(transport.answer(step.serial(), Some(BUS))?)
}

fn success(answer: &Message) -> Result<(), Stranded> {
    match answer.message_type() {
        Type::Error => Err(Stranded::Said(zbus::Error::from(answer.clone()).to_string())),
        Type::MethodReturn | Type::MethodCall | Type::Signal => Ok(()),
    }
}

/// A unique name, and no other: a well-known one could change hands between check and call.
fn unique_name(answer: &Message) -> Result<String, Stranded> {
    success(answer)?;
    let name: String = answer.body().deserialize().map_err(|_| nonsense())?;
    if name.starts_with(':') { Ok(name) } else { Err(nonsense()) }
}

fn nonsense() -> Stranded {
    Stranded::Trouble(Trouble::Nonsense("an answer that no bus gives"))
}
