//! A Unix stream socket under one deadline: connects, says who listens there, sends, and reads
//! messages one by one.
//!
//! It refuses to wait past the deadline, to store more than one answer's worth, and to leave a
//! trace in its host: the descriptor is close-on-exec and gone when the value is, and no write
//! raises SIGPIPE.

use std::num::NonZeroU32;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::sockopt::{PeerCredentials, SendTimeout};
use nix::sys::socket::{MsgFlags, SockFlag, SockType};
use nix::sys::socket::{connect, getsockopt, recv, send, setsockopt};
use nix::sys::time::{TimeVal, TimeValLike};
use zbus::Message;

use super::address::Address;
use super::deadline::Deadline;
use super::wire::{self, Nonsense};
use crate::descriptor;

/// How many messages may come before the answer: signals, and what others send us on a bus.
const MAX_UNRELATED: usize = 64;
/// How much is read at once, in bytes.
const CHUNK_BYTES: usize = 4096;

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The deadline passed.
    Late,
    /// The peer closed the connection.
    Closed,
    /// The kernel says no.
    Failed(Errno),
    /// What came is not what the peer should have said.
    Nonsense(&'static str),
}

impl From<Nonsense> for Trouble {
    fn from(nonsense: Nonsense) -> Self {
        Self::Nonsense(nonsense.0)
    }
}

/// A connection and what was read from it and not yet looked at.
#[derive(Debug)]
pub(super) struct Transport {
    fd: OwnedFd,
    deadline: Deadline,
    received: Vec<u8>,
}

impl Transport {
    /// Connects. A full backlog is waited for, under the deadline.
    pub(super) fn connect(address: &Address, deadline: Deadline) -> Result<Self, Trouble> {
        let name = address.socket().map_err(Trouble::Failed)?;
        let fd =
            descriptor::socket(SockType::Stream, SockFlag::empty()).map_err(Trouble::Failed)?;
        // A Unix socket that does not block cannot wait for a place in the backlog: connect says
        // EAGAIN and poll has nothing to wait for. So this one call blocks, bounded by what is left.
        loop {
            let left = deadline.left().ok_or(Trouble::Late)?;
            let bound = TimeVal::milliseconds(i64::try_from(left.as_millis()).unwrap_or(1));
            setsockopt(&fd, SendTimeout, &bound).map_err(Trouble::Failed)?;
            match connect(fd.as_raw_fd(), &name) {
                Ok(()) | Err(Errno::EISCONN) => break,
                Err(Errno::EINTR | Errno::EAGAIN) => {}
                Err(errno) => return Err(Trouble::Failed(errno)),
            }
        }
        Ok(Self { fd, deadline, received: Vec::new() })
    }

    /// The uid of whoever made the peer listen, as the kernel remembers it.
    pub(super) fn listener(&self) -> Result<u32, Trouble> {
        getsockopt(&self.fd, PeerCredentials).map(|peer| peer.uid()).map_err(Trouble::Failed)
    }

    /// Sends all of `bytes`.
    pub(super) fn send(&mut self, mut bytes: &[u8]) -> Result<(), Trouble> {
        while !bytes.is_empty() {
            let flags = MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT;
            match send(self.fd.as_raw_fd(), bytes, flags) {
                Ok(sent) => bytes = bytes.get(sent..).unwrap_or_default(),
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => self.wait(PollFlags::POLLOUT)?,
                Err(Errno::EPIPE) => return Err(Trouble::Closed),
                Err(errno) => return Err(Trouble::Failed(errno)),
            }
        }
        Ok(())
    }

    /// Reads the peer's side of the handshake.
    pub(super) fn welcome(&mut self) -> Result<(), Trouble> {
        loop {
            if let Some(end) = wire::welcome(&self.received)? {
                self.received.drain(..end);
                return Ok(());
            }
            self.read()?;
        }
    }

    /// Reads until the answer to our call `serial`; see [`wire::answers`].
    pub(super) fn answer(
        &mut self,
        serial: NonZeroU32,
        sender: Option<&str>,
    ) -> Result<Message, Trouble> {
        for _ in 0..=MAX_UNRELATED {
            let message = self.message()?;
            if wire::answers(&message, serial, sender) {
                return Ok(message);
            }
        }
        Err(Trouble::Nonsense("message upon message, and no answer"))
    }

    fn message(&mut self) -> Result<Message, Trouble> {
        loop {
            match wire::frame(&self.received)? {
                Some(whole) if whole <= self.received.len() => {
                    let rest = self.received.split_off(whole);
                    let bytes = std::mem::replace(&mut self.received, rest);
                    return Ok(wire::message(bytes)?);
                }
                _ => self.read()?,
            }
        }
    }

    /// Reads some bytes, at least one. Descriptors that come along are closed by the kernel.
    fn read(&mut self) -> Result<(), Trouble> {
        // Also where there is always something to read, the deadline holds.
        self.deadline.left().ok_or(Trouble::Late)?;
        let mut chunk = [0; CHUNK_BYTES];
        loop {
            match recv(self.fd.as_raw_fd(), &mut chunk, MsgFlags::MSG_DONTWAIT) {
                Ok(0) | Err(Errno::ECONNRESET) => return Err(Trouble::Closed),
                Ok(count) => {
                    self.received.extend_from_slice(chunk.get(..count).unwrap_or_default());
                    return Ok(());
                }
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => self.wait(PollFlags::POLLIN)?,
                Err(errno) => return Err(Trouble::Failed(errno)),
            }
        }
    }

    /// Waits until something can be done, or the deadline. A signal only recomputes what is left.
    fn wait(&self, events: PollFlags) -> Result<(), Trouble> {
        loop {
            let left = self.deadline.left().ok_or(Trouble::Late)?;
            let bound = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
            match poll(&mut [PollFd::new(self.fd.as_fd(), events)], bound) {
                Ok(0) | Err(Errno::EINTR) => {}
                Ok(_) => return Ok(()),
                Err(errno) => return Err(Trouble::Failed(errno)),
            }
        }
    }
}
