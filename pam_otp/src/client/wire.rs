//! Bytes to meaning: the lines of the D-Bus handshake and the frames of its messages, as pure
//! functions, so that they can be fuzzed.
//!
//! It refuses what is longer than any answer of the contract before a byte of it is stored, and
//! what is not D-Bus. It never guesses.

use std::future::Future;
use std::io;
use std::num::NonZeroU32;
use std::os::fd::OwnedFd;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use zbus::Message;
use zbus::connection::socket::ReadHalf;
use zbus::export::async_trait::async_trait;
use zbus::message::Type;

/// The longest message taken, in bytes. The contract's answers are below a thousandth of it.
pub(super) const MAX_MESSAGE_BYTES: usize = 64 * 1024;
/// The longest line of the handshake, in bytes.
const MAX_LINE_BYTES: usize = 512;
/// What every message starts with: twelve bytes, and the length of the header's fields.
const PREFIX_BYTES: usize = 16;

/// The bus itself, as it signs its messages.
pub(super) const BUS: &str = "org.freedesktop.DBus";

/// What was read is not what the peer should have said. The text says what it was.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Nonsense(pub(super) &'static str);

/// What opens a connection: the null byte, the claim of a uid (which the kernel vouches for), and
/// the end of the handshake without waiting for its answer.
pub(super) fn greeting(uid: u32) -> Vec<u8> {
    use std::fmt::Write as _;
    let hex = uid.to_string().bytes().fold(String::new(), |mut hex, digit| {
        let _ = write!(hex, "{digit:02x}");
        hex
    });
    format!("\0AUTH EXTERNAL {hex}\r\nBEGIN\r\n").into_bytes()
}

/// Reads the handshake's answer off the front of `received`: how many bytes it took, or `None`
/// where more must be read.
pub(super) fn welcome(received: &[u8]) -> Result<Option<usize>, Nonsense> {
    let Some(end) = received.windows(2).take(MAX_LINE_BYTES).position(|pair| pair == b"\r\n")
    else {
        let long = received.len() > MAX_LINE_BYTES;
        return if long { Err(Nonsense("a handshake without end")) } else { Ok(None) };
    };
    match received.get(..end) {
        Some(line) if line.starts_with(b"OK ") => Ok(Some(end.saturating_add(2))),
        Some(line) if line.starts_with(b"REJECTED") => Err(Nonsense("a refusal of our uid")),
        _ => Err(Nonsense("no D-Bus handshake")),
    }
}

/// How long the message at the front of `received` is in all, or `None` where its first bytes are
/// not all there. Decided before anything is allocated.
pub(super) fn frame(received: &[u8]) -> Result<Option<usize>, Nonsense> {
    let Some(prefix) = received.first_chunk::<PREFIX_BYTES>() else {
        return Ok(None);
    };
    let [order, _, _, version, body @ .., _, _, _, _, f0, f1, f2, f3] = *prefix;
    let [b0, b1, b2, b3] = body;
    let number = match order {
        b'l' => u32::from_le_bytes,
        b'B' => u32::from_be_bytes,
        _ => return Err(Nonsense("no D-Bus message")),
    };
    if version != 1 {
        return Err(Nonsense("a message of an unknown protocol version"));
    }
    let fields = u64::from(number([f0, f1, f2, f3])).next_multiple_of(8);
    let whole = PREFIX_BYTES as u64 + fields + u64::from(number([b0, b1, b2, b3]));
    match usize::try_from(whole) {
        Ok(whole) if whole <= MAX_MESSAGE_BYTES => Ok(Some(whole)),
        _ => Err(Nonsense("a message longer than 64 KiB")),
    }
}

/// Reads one whole message. `bytes` must be exactly what [`frame`] measured.
///
/// zbus's `Message::from_bytes` is unsafe; this goes the way its own connections go, through the
/// safe `receive_message`, with everything received before and a reader that has nothing more.
pub(super) fn message(mut bytes: Vec<u8>) -> Result<Message, Nonsense> {
    const BROKEN: Nonsense = Nonsense("a broken D-Bus message");
    if bytes.len() > MAX_MESSAGE_BYTES || frame(&bytes)? != Some(bytes.len()) {
        return Err(BROKEN);
    }
    let (mut reader, mut fds) = (Exhausted, Vec::new());
    let reading = pin!(reader.receive_message(0, &mut bytes, &mut fds));
    match reading.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(message)) => Ok(message),
        Poll::Ready(Err(_)) | Poll::Pending => Err(BROKEN),
    }
}

/// Whether `message` answers our call `serial`.
///
/// On a bus, `sender` is whom we called: the bus writes that field itself, so that nobody else can
/// answer in its place. The bus speaks for it only to say that it cannot: not delivered, gone.
pub(super) fn answers(message: &Message, serial: NonZeroU32, sender: Option<&str>) -> bool {
    let header = message.header();
    let from = header.sender().map(zbus::names::UniqueName::as_str);
    let called = sender.is_none() || sender == from;
    header.reply_serial() == Some(serial)
        && match header.message_type() {
            Type::MethodReturn => called,
            Type::Error => called || from == Some(BUS),
            Type::MethodCall | Type::Signal => false,
        }
}

/// A socket from which nothing more will come.
#[derive(Debug)]
struct Exhausted;

#[async_trait]
impl ReadHalf for Exhausted {
    async fn recvmsg(&mut self, _buffer: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
        Ok((0, Vec::new()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use otp_bus::{Challenge, Demand, Outcome, Reason, Terms, Verdict};

    fn serial(number: u32) -> NonZeroU32 {
        NonZeroU32::new(number).unwrap()
    }

    fn call() -> Message {
        Message::method_call("/org/otpd1", "Verify").serial(serial(7)).build(&()).unwrap()
    }

    fn verdict() -> Vec<u8> {
        let verdict = Verdict {
            outcome: Outcome::Refused,
            reason: Reason::Wrong,
            device: String::new(),
            label: "phone".to_owned(),
            wait: 1,
            details: otp_bus::Details::default(),
        };
        Message::method_return(&call().header()).build(&verdict).unwrap().data().to_vec()
    }

    #[test]
    fn the_greeting_claims_a_uid_in_hex() {
        assert_eq!(greeting(0), b"\0AUTH EXTERNAL 30\r\nBEGIN\r\n");
        assert_eq!(greeting(1000), b"\0AUTH EXTERNAL 31303030\r\nBEGIN\r\n");
    }

    #[test]
    fn a_welcome_ends_at_its_line() {
        let whole = b"OK 0123456789abcdef0123456789abcdef\r\nl\x02";
        let end = whole.len() - 2;
        assert_eq!(welcome(whole), Ok(Some(end)));
        for cut in 0..end {
            assert_eq!(welcome(&whole[..cut]), Ok(None), "cut at {cut}");
        }
    }

    #[test]
    fn a_handshake_of_something_else_is_nonsense() {
        let strange: [&[u8]; 8] = [
            b"\r\n",
            b"OK\r\n",
            b"ok 00\r\n",
            b"REJECTED EXTERNAL\r\n",
            b"ERROR\r\n",
            b"DATA\r\n",
            b"SSH-2.0-OpenSSH_9.2\r\n",
            b"\xff\xfe\x00\r\nOK 00\r\n",
        ];
        for line in strange {
            assert!(welcome(line).is_err(), "{line:?}");
        }
        assert_eq!(welcome(&[b'O'; MAX_LINE_BYTES]), Ok(None));
        assert!(welcome(&[b'O'; MAX_LINE_BYTES + 1]).is_err());
        let mut late = vec![b'x'; MAX_LINE_BYTES + 10];
        late.extend(b"\r\n");
        assert!(welcome(&late).is_err());
    }

    #[test]
    fn a_message_is_read_whole_or_not_at_all() {
        let whole = verdict();
        assert_eq!(frame(&whole), Ok(Some(whole.len())));
        let read = message(whole.clone()).unwrap();
        assert_eq!(read.body().deserialize::<Verdict>().unwrap().reason, Reason::Wrong);
        for cut in 0..whole.len() {
            let part = whole[..cut].to_vec();
            let expected = (cut >= PREFIX_BYTES).then_some(whole.len());
            assert_eq!(frame(&part), Ok(expected), "cut at {cut}");
            assert!(message(part).is_err(), "cut at {cut}");
        }
        let mut more = whole;
        more.push(0);
        assert!(message(more).is_err());
    }

    #[test]
    fn length_is_judged_before_anything_is_stored() {
        let mut prefix = [0; PREFIX_BYTES];
        (prefix[0], prefix[1], prefix[3]) = (b'l', 2, 1);
        let body = u32::try_from(MAX_MESSAGE_BYTES - PREFIX_BYTES).unwrap();
        prefix[4..8].copy_from_slice(&body.to_le_bytes());
        assert_eq!(frame(&prefix), Ok(Some(MAX_MESSAGE_BYTES)));
        prefix[4..8].copy_from_slice(&(body + 1).to_le_bytes());
        assert!(frame(&prefix).is_err());
        prefix[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
        prefix[12..].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(frame(&prefix).is_err());
        prefix[0] = b'B';
        assert!(frame(&prefix).is_err());
        prefix[0] = b'x';
        assert!(frame(&prefix).is_err());
    }

    #[test]
    fn other_byte_orders_are_read_and_other_versions_are_not() {
        let big = Message::method_return(&call().header())
            .endian(zbus::wire::BE)
            .build(&("phone", 1_u32))
            .unwrap();
        let bytes = big.data().to_vec();
        let read = message(bytes.clone()).unwrap();
        assert_eq!(read.body().deserialize::<(String, u32)>().unwrap(), ("phone".to_owned(), 1));
        let mut other = bytes;
        other[3] = 2;
        assert!(message(other).is_err());
    }

    #[test]
    fn every_flipped_byte_is_read_or_refused_but_never_panics() {
        let whole = verdict();
        for at in 0..whole.len() {
            for value in [0, 1, 0x7f, 0xff, whole[at] ^ 0x20] {
                let mut bytes = whole.clone();
                bytes[at] = value;
                if let Ok(read) = message(bytes) {
                    let _ = answers(&read, serial(7), Some(":1.1"));
                    let _ = read.body().deserialize::<Verdict>();
                    let _ = otp_bus::Error::from(zbus::Error::from(read)).to_string();
                }
            }
        }
    }

    /// As its fuzz target does it; what was found there stays here.
    #[test]
    fn the_corpus_is_read_or_refused_but_never_panics() {
        let place = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/corpus/wire");
        let mut read = 0;
        for file in std::fs::read_dir(place).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            let end = welcome(&bytes).ok().flatten().unwrap_or(0);
            for at in end..bytes.len() {
                for bit in 0..8 {
                    let mut broken = bytes[end..].to_vec();
                    broken[at - end] ^= 1 << bit;
                    let Ok(Some(whole)) = frame(&broken) else { continue };
                    let Some(part) = broken.get(..whole) else { continue };
                    let Ok(message) = message(part.to_vec()) else { continue };
                    let _ = answers(&message, serial(1), Some(":1.1"));
                    let _ = message.body().deserialize::<Verdict>();
                    let _ = message.body().deserialize::<Challenge>();
                    let _ = otp_bus::Error::from(zbus::Error::from(message)).to_string();
                    read += 1;
                }
            }
        }
        assert!(read > 100, "the corpus holds no messages: {read}");
    }

    #[test]
    fn the_corpus_holds_a_whole_challenge() {
        let bytes = include_bytes!("../../../fuzz/corpus/wire/challenge").to_vec();
        let read: Challenge = message(bytes).unwrap().body().deserialize().unwrap();
        assert_eq!((read.demand, read.terms), (Demand::Ask, Terms::default()));
    }

    #[test]
    fn only_the_called_one_answers() {
        let ours = serial(7);
        let reply = Message::method_return(&call().header()).sender(":1.5").build(&()).unwrap();
        assert!(answers(&reply, ours, Some(":1.5")));
        assert!(answers(&reply, ours, None));
        assert!(!answers(&reply, ours, Some(":1.6")));
        assert!(!answers(&reply, serial(8), Some(":1.5")));
        let unsigned = message(verdict()).unwrap();
        assert!(answers(&unsigned, ours, None));
        assert!(!answers(&unsigned, ours, Some(":1.5")));
        let error = Message::error(&call().header(), "org.otpd1.Error.Busy").build(&"x").unwrap();
        assert!(answers(&error, ours, None));
        assert!(!answers(&error, ours, Some(":1.5")));
        let undelivered = Message::error(&call().header(), "a.b").sender(BUS).build(&"x").unwrap();
        assert!(answers(&undelivered, ours, Some(":1.5")));
        let forged = Message::method_return(&call().header()).sender(BUS).build(&()).unwrap();
        assert!(!answers(&forged, ours, Some(":1.5")));
        assert!(!answers(&call(), ours, None));
        let signal = Message::signal("/", "a.b", "C").reply_serial(Some(ours)).build(&()).unwrap();
        assert!(!answers(&signal, ours, None));
    }
}
