//! The socket: one connection for each message, from `_otpd` alone. It refuses everybody else before
//! it reads a byte, and waits for nobody longer than a moment.

use std::{
    io::{Read, Write},
    os::unix::net::{UnixListener, UnixStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use otp_deliver::wire::{self, Answer, Message, PREFIX};

use crate::{
    log::{Severity, log},
    send::{Places, send},
};

/// How long otpd may take between two parts of a message, which it writes at once.
const PATIENCE: Duration = Duration::from_secs(2);
/// Connections at once; otpd has fewer.
const CONNECTIONS: usize = 256;
/// How long to wait before accepting again where that fails, as without a free descriptor.
const PAUSE: Duration = Duration::from_millis(50);

/// A connection under way.
struct Under(Arc<AtomicUsize>);

impl Drop for Under {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Serves until the socket is no more.
pub(crate) fn serve(listener: &UnixListener, caller: u32) {
    let (places, connections) = (Places::default(), Arc::new(AtomicUsize::new(0)));
    for stream in listener.incoming() {
        let Ok(stream) = stream else {
            thread::sleep(PAUSE);
            continue;
        };
        if let Some(uid) = stranger(&stream, caller) {
            let text =
                format!("uid {uid} reached the socket of _otpd; check its mode and directory");
            log(Severity::Warning, &text);
            continue;
        }
        let under = Under(connections.clone());
        if connections.fetch_add(1, Ordering::SeqCst) >= CONNECTIONS {
            continue;
        }
        let places = places.clone();
        // Where there is no thread, the connection ends, and otpd says that nothing was sent.
        let _ = thread::Builder::new().spawn(move || {
            let under = under;
            converse(stream, &places);
            drop(under);
        });
    }
}

/// Who calls, where it is not `_otpd`; nobody, where the kernel does not say.
fn stranger(stream: &UnixStream, caller: u32) -> Option<u32> {
    match getsockopt(stream, PeerCredentials) {
        Ok(peer) if peer.uid() == caller => None,
        Ok(peer) => Some(peer.uid()),
        Err(_) => Some(u32::MAX),
    }
}

fn converse(mut stream: UnixStream, places: &Places) {
    let timed = stream
        .set_read_timeout(Some(PATIENCE))
        .and_then(|()| stream.set_write_timeout(Some(PATIENCE)));
    if timed.is_err() {
        return;
    }
    let answer = match message(&mut stream) {
        Ok(message) => send(message, places),
        Err(why) => {
            log(Severity::Warning, &format!("a message was not understood: {why}"));
            Answer::Failed(why)
        }
    };
    if let Ok(frame) = wire::frame(&answer) {
        let _ = stream.write_all(&frame);
    }
}

fn message(stream: &mut UnixStream) -> Result<Message, String> {
    let mut prefix = [0; PREFIX];
    stream.read_exact(&mut prefix).map_err(|error| error.to_string())?;
    let mut body = vec![0; wire::length(prefix).map_err(|error| error.to_string())?];
    stream.read_exact(&mut body).map_err(|error| error.to_string())?;
    wire::read(&body).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_but_the_one_caller_is_heard() {
        let own = nix::unistd::geteuid().as_raw();
        let (here, _there) = UnixStream::pair().unwrap();
        assert_eq!(stranger(&here, own), None);
        assert_eq!(stranger(&here, own + 1), Some(own));
    }

    #[test]
    fn what_is_no_message_is_answered_and_not_sent() {
        for bytes in [&b"\0\0\0\x02{}"[..], b"\xff\xff\xff\xff", b"\0\0\0\0"] {
            let (mut here, there) = UnixStream::pair().unwrap();
            here.write_all(bytes).unwrap();
            converse(there, &Places::default());
            let mut answer = Vec::new();
            here.read_to_end(&mut answer).unwrap();
            let said: Answer = wire::read(answer.get(PREFIX..).unwrap()).unwrap();
            assert!(matches!(said, Answer::Failed(_)), "{said:?}");
        }
    }
}
