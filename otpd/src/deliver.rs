//! Handing messages over to otp-deliver, which sends them: otpd itself reaches no network and runs
//! nothing. A provider that hangs holds up nobody but who waits for that message: each one has a
//! connection and a deadline of its own, and there are so many at once at most.
//!
//! It refuses to hand a code to anybody on a socket that root did not make: systemd listens on it, or
//! otp-deliver did while it was root.

use std::{path::PathBuf, time::Instant};

use otp_deliver::wire::{self, Answer, Message, PREFIX, SOCKET_PATH, WireError};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
    sync::Semaphore,
};
use zeroize::Zeroizing;

/// Messages under way at once.
const UNDER_WAY: usize = 128;

/// The way to otp-deliver.
pub struct Deliver {
    path: PathBuf,
    places: Semaphore,
}

/// Why a message was not sent, or is not known to have been. The text is for the log: it names no
/// address and no code.
#[derive(Debug, thiserror::Error)]
pub enum Undelivered {
    /// Nobody listens.
    #[error("otp-deliver cannot be reached on {SOCKET_PATH}: {0}; is otp-deliver.socket started?")]
    Unreachable(std::io::Error),
    /// Somebody listens who should not.
    #[error("uid {0} listens on {SOCKET_PATH}, which is not root; nothing was sent")]
    Distrusted(u32),
    /// As many messages are under way as may be.
    #[error("as many messages are under way as may be; the provider is slow")]
    Busy,
    /// The deadline passed; it may be sent all the same.
    #[error("otp-deliver did not answer in time; the provider is slow, or hangs")]
    Late,
    /// The connection broke; it may be sent all the same.
    #[error("the connection to otp-deliver broke: {0}; its own log says more")]
    Broken(std::io::Error),
    /// The answer was none.
    #[error("otp-deliver: {0}")]
    NotUnderstood(#[from] WireError),
    /// otp-deliver could not send it.
    #[error("otp-deliver: {0}")]
    Failed(String),
}

impl Default for Deliver {
    fn default() -> Self {
        Self::at(SOCKET_PATH.into())
    }
}

impl Deliver {
    /// By the socket at this path.
    pub fn at(path: PathBuf) -> Self {
        Self { path, places: Semaphore::new(UNDER_WAY) }
    }

    /// Has a message sent, once. It is never sent again here: whoever wants another asks for one.
    ///
    /// # Errors
    /// When the provider has not said that it took the message.
    pub async fn send(&self, message: &Message, before: Instant) -> Result<(), Undelivered> {
        let _place = self.places.try_acquire().map_err(|_| Undelivered::Busy)?;
        let frame = Zeroizing::new(wire::frame(message)?);
        let answered = tokio::time::timeout_at(before.into(), self.converse(&frame)).await;
        match answered.map_err(|_| Undelivered::Late)?? {
            Answer::Sent => Ok(()),
            Answer::Failed(why) => Err(Undelivered::Failed(why)),
            Answer::Busy => Err(Undelivered::Busy),
        }
    }

    async fn converse(&self, frame: &[u8]) -> Result<Answer, Undelivered> {
        let connected = UnixStream::connect(&self.path).await;
        let mut stream = connected.map_err(Undelivered::Unreachable)?;
        trusted(&stream)?;
        stream.write_all(frame).await.map_err(Undelivered::Broken)?;
        let mut prefix = [0; PREFIX];
        stream.read_exact(&mut prefix).await.map_err(Undelivered::Broken)?;
        let mut body = vec![0; wire::length(prefix)?];
        stream.read_exact(&mut body).await.map_err(Undelivered::Broken)?;
        Ok(wire::read(&body)?)
    }
}

/// The kernel names whoever made the socket listen. What has our own uid could read our memory anyway.
fn trusted(stream: &UnixStream) -> Result<(), Undelivered> {
    let peer = stream.peer_cred().map_err(Undelivered::Unreachable)?.uid();
    let own = nix::unistd::geteuid().as_raw();
    if peer == 0 || peer == own { Ok(()) } else { Err(Undelivered::Distrusted(peer)) }
}

#[cfg(test)]
mod tests;
