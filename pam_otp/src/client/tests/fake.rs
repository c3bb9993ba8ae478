//! The other end of the wire, a step at a time.

use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread::{self, JoinHandle};

use zbus::Message;
use zbus::message::Builder;

use super::super::wire;

/// One accepted connection.
pub(super) struct Server {
    stream: UnixStream,
    received: Vec<u8>,
}

/// Serves one connection on `listener` by `script`; joining gives what that returns.
pub(super) fn serve<T: Send + 'static>(
    listener: UnixListener,
    script: impl FnOnce(&mut Server) -> T + Send + 'static,
) -> JoinHandle<T> {
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(super::PATIENT)).unwrap();
        script(&mut Server { stream, received: Vec::new() })
    })
}

impl Server {
    /// Reads the client's greeting, all of it, before anything is answered.
    pub(super) fn greeting(&mut self) -> Vec<u8> {
        let end = loop {
            let begin = b"\r\nBEGIN\r\n";
            let found = self.received.windows(begin.len()).position(|part| part == begin);
            if let Some(at) = found {
                break at + begin.len();
            }
            assert!(self.read(), "closed in the greeting");
        };
        self.received.drain(..end).collect()
    }

    /// Reads one message.
    pub(super) fn message(&mut self) -> Message {
        loop {
            if let Some(whole) = wire::frame(&self.received).unwrap()
                && whole <= self.received.len()
            {
                return wire::message(self.received.drain(..whole).collect()).unwrap();
            }
            assert!(self.read(), "closed in a message");
        }
    }

    /// Whether the client has closed without sending anything more.
    pub(super) fn is_left(&mut self) -> bool {
        self.received.is_empty() && !self.read()
    }

    /// Waits until the client has closed, whatever it sends.
    pub(super) fn outlive(&mut self) {
        while self.read() {}
    }

    /// Sends bytes; a client that is gone does not mind.
    pub(super) fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    pub(super) fn ok(&mut self) {
        self.send(b"OK 0123456789abcdef0123456789abcdef\r\n");
    }

    pub(super) fn reply(&mut self, reply: &Message) {
        self.send(reply.data());
    }

    fn read(&mut self) -> bool {
        let mut chunk = [0; 4096];
        let count = self.stream.read(&mut chunk).unwrap();
        self.received.extend_from_slice(&chunk[..count]);
        count > 0
    }
}

/// An answer to `call`, as the bus would sign it for `sender`.
pub(super) fn signed<'a>(call: &Message, sender: &'a str) -> Builder<'a> {
    Message::method_return(&call.header()).sender(sender)
}

/// An error in answer to `call`.
pub(super) fn error(call: &Message, name: &str, text: &str) -> Message {
    Message::error(&call.header(), name).build(&text).unwrap()
}
