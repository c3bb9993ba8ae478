//! The bytes of a connection, by either way in. It refuses what a hostile caller could exhaust the
//! daemon with before anybody has asked who is calling: file descriptors, which the bus then does
//! not pass on, and messages longer than any call, which are dropped unread and unanswered.

use std::{
    io,
    os::fd::{BorrowedFd, OwnedFd},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
};
use zbus::{
    Message,
    connection::socket::{ReadHalf, Socket, Split, WriteHalf},
    export::async_trait::async_trait,
    fdo::ConnectionCredentials,
};

/// The longest message that is taken, in bytes. The longest call of the contract has a tenth of it.
const MAX_MESSAGE_BYTES: u64 = 64 * 1024;

/// What every message starts with: its byte order and lengths.
const PREFIX_BYTES: usize = 16;

/// A connected stream and the uid at its other end. zbus's own would look the peer up in passwd and
/// group at every connection.
#[derive(Debug)]
pub(crate) struct Stream {
    inner: UnixStream,
    peer: u32,
    process: Option<u32>,
}

#[derive(Debug)]
pub(crate) struct Reader {
    half: OwnedReadHalf,
    peer: u32,
}

#[derive(Debug)]
pub(crate) struct Writer {
    half: OwnedWriteHalf,
    peer: u32,
}

impl Stream {
    /// Takes a connected stream, and asks the kernel who is at its other end.
    pub(crate) fn new(stream: UnixStream) -> io::Result<Self> {
        let peer = stream.peer_cred()?;
        let process = peer.pid().and_then(|pid| u32::try_from(pid).ok());
        Ok(Self { inner: stream, peer: peer.uid(), process })
    }

    /// The uid at the other end.
    pub(crate) fn peer(&self) -> u32 {
        self.peer
    }

    /// The number of the process that connected; none where it is not told.
    pub(crate) fn process(&self) -> Option<u32> {
        self.process
    }
}

impl Socket for Stream {
    type ReadHalf = Reader;
    type WriteHalf = Writer;

    fn split(self) -> Split<Reader, Writer> {
        let (read, write) = self.inner.into_split();
        let peer = self.peer;
        Split::new(Reader { half: read, peer }, Writer { half: write, peer })
    }
}

impl Reader {
    /// Reads until `received` holds `len` bytes.
    async fn fill(&mut self, received: &mut Vec<u8>, len: usize) -> io::Result<()> {
        let missing = len.saturating_sub(received.len());
        received.reserve(missing);
        let missing = missing as u64;
        let read = (&mut self.half).take(missing).read_to_end(received).await?;
        if (read as u64) < missing {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }

    /// Reads the rest of a message of `len` bytes and keeps none of it.
    async fn skip(&mut self, received: &mut Vec<u8>, len: u64) -> io::Result<()> {
        let held = received.len().min(usize::try_from(len).unwrap_or(usize::MAX));
        received.drain(..held);
        let rest = len - held as u64;
        let skipped =
            tokio::io::copy(&mut (&mut self.half).take(rest), &mut tokio::io::sink()).await?;
        if skipped < rest { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }
}

/// How long the whole message is that starts with `prefix` (D-Bus specification, "Message Format").
fn whole(prefix: &[u8]) -> Option<u64> {
    let [order, _, _, _, b0, b1, b2, b3, _, _, _, _, f0, f1, f2, f3] = *prefix.first_chunk()?;
    let number = match order {
        b'l' => u32::from_le_bytes,
        b'B' => u32::from_be_bytes,
        _ => return None,
    };
    let fields = u64::from(number([f0, f1, f2, f3])).next_multiple_of(8);
    Some(PREFIX_BYTES as u64 + fields + u64::from(number([b0, b1, b2, b3])))
}

#[async_trait]
impl ReadHalf for Reader {
    async fn receive_message(
        &mut self,
        seq: u64,
        received: &mut Vec<u8>,
        descriptors: &mut Vec<OwnedFd>,
    ) -> zbus::Result<Message> {
        loop {
            self.fill(received, PREFIX_BYTES).await?;
            let len = whole(received).ok_or_else(|| io::Error::other("not D-Bus"))?;
            match usize::try_from(len) {
                Ok(fits) if len <= MAX_MESSAGE_BYTES => {
                    self.fill(received, fits).await?;
                    return Received.receive_message(seq, received, descriptors).await;
                }
                Ok(_) | Err(_) => self.skip(received, len).await?,
            }
        }
    }

    async fn recvmsg(&mut self, buffer: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
        Ok((self.half.read(buffer).await?, Vec::new()))
    }

    async fn peer_credentials(&mut self) -> io::Result<ConnectionCredentials> {
        Ok(ConnectionCredentials::default().set_unix_user_id(self.peer))
    }
}

/// A reader that is at its end: zbus makes the message of what was received before.
#[derive(Debug)]
struct Received;

#[async_trait]
impl ReadHalf for Received {
    async fn recvmsg(&mut self, _: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
        Ok((0, Vec::new()))
    }
}

#[async_trait]
impl WriteHalf for Writer {
    async fn sendmsg(&mut self, buffer: &[u8], _: &[BorrowedFd<'_>]) -> io::Result<usize> {
        self.half.write(buffer).await
    }

    async fn close(&mut self) -> io::Result<()> {
        self.half.shutdown().await
    }

    async fn peer_credentials(&mut self) -> io::Result<ConnectionCredentials> {
        Ok(ConnectionCredentials::default().set_unix_user_id(self.peer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(test: impl Future<Output = ()>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(test);
    }

    fn call(member: &str, body: &str) -> Message {
        Message::method_call("/org/otpd1", member).build(&body).unwrap()
    }

    #[test]
    fn what_is_too_long_is_dropped_and_the_next_is_read() {
        run(async {
            let (ours, theirs) = UnixStream::pair().unwrap();
            let mut reader = Stream::new(ours).unwrap().split().take().0;
            let mut writer = Stream::new(theirs).unwrap().split().take().1;
            let long = "x".repeat(usize::try_from(MAX_MESSAGE_BYTES).unwrap());
            let sending = tokio::spawn(async move {
                for message in [call("First", ""), call("Long", &long), call("Last", "")] {
                    writer.send_message(&message).await.unwrap();
                }
            });
            let (mut received, mut descriptors) = (Vec::new(), Vec::new());
            for member in ["First", "Last"] {
                let message = reader.receive_message(1, &mut received, &mut descriptors).await;
                let message = message.unwrap();
                assert_eq!(message.header().member().unwrap().as_str(), member);
            }
            sending.await.unwrap();
            let ended = reader.receive_message(1, &mut received, &mut descriptors).await;
            assert!(ended.is_err(), "read behind the end");
        });
    }

    #[test]
    fn a_length_is_that_of_the_whole_message() {
        for body in ["", "1234567", "12345678"] {
            let message = call("Verify", body);
            let bytes = message.data().bytes();
            assert_eq!(whole(bytes), Some(bytes.len() as u64), "{body:?}");
        }
        let mut most = [0xff; PREFIX_BYTES];
        assert_eq!(whole(&most), None);
        most[0] = b'B';
        assert_eq!(whole(&most), Some(16 + (1 << 32) + u64::from(u32::MAX)));
        assert_eq!(whole(&most[1..]), None);
    }

    #[test]
    fn descriptors_are_not_taken() {
        run(async {
            let (ours, _theirs) = UnixStream::pair().unwrap();
            let (reader, writer) = Stream::new(ours).unwrap().split().take();
            assert!(!reader.can_pass_unix_fd() && !writer.can_pass_unix_fd());
        });
    }
}
