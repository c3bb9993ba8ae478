//! A daemon that lies, run by root and therefore believed to be the daemon: on its socket, or as the
//! owner of its name on the system bus. It is honest until the moment that a test names.

use std::{
    future::poll_fn,
    io::{Read, Write},
    os::unix::net::{UnixListener, UnixStream},
    pin::Pin,
    sync::mpsc,
    thread,
    time::Duration,
};

use otp_bus::{
    Details, Terms,
    names::{BUS_NAME, SOCKET_PATH, SYSTEM_BUS_ADDRESS},
};
use testbed::{Context, Result};
use zbus::{Connection, Guid, Message, MessageStream, connection::Builder};

/// How it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lie {
    /// It says nothing, and does not hang up.
    Mute,
    /// It answers a second after the caller's deadline.
    Late,
    /// It hangs up.
    Closed,
    /// Bytes that are no D-Bus.
    Noise,
    /// The beginning of a message of 4 GiB.
    Endless,
    /// A message of 200 KB.
    TooLarge,
    /// Text where a challenge or a verdict should be.
    WrongShape,
    /// A word that the contract does not have.
    UnknownWord,
    /// A verdict that contradicts itself; a challenge that lets pass without being asked to.
    Absurd,
    /// An error that is not of the contract.
    StrangeError,
    /// First a refusal, then the same call accepted.
    Twice,
}

/// The call at which it begins to lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    Begin,
    Verify,
}

impl Lie {
    /// Whether only a peer can say it: a bus passes on nothing but whole messages.
    pub(crate) fn is_raw(self) -> bool {
        matches!(self, Self::Closed | Self::Noise | Self::Endless)
    }
}

/// Lies on the daemon's socket, which must not exist yet, until the test ends.
pub(crate) fn on_socket(lie: Lie, at: Moment) -> Result {
    let _absent = std::fs::remove_file(SOCKET_PATH);
    let _made = std::fs::create_dir("/run/otpd");
    let listener = UnixListener::bind(SOCKET_PATH).context(SOCKET_PATH)?;
    thread::spawn(move || {
        // Each call is a connection of its own.
        for (number, stream) in listener.incoming().enumerate() {
            let Ok(stream) = stream else { return };
            let lies_now = at == Moment::Begin || number % 2 == 1;
            thread::spawn(move || {
                if lies_now && lie.is_raw() { raw(stream, lie) } else { peer(stream, lie, at) }
            });
        }
    });
    Ok(())
}

/// Owns the daemon's name and lies, until the test ends or the sender is dropped.
pub(crate) fn on_bus(lie: Lie, at: Moment) -> Result<mpsc::Sender<()>> {
    let (ready, started) = mpsc::channel();
    let (stop, stopped) = mpsc::channel();
    thread::spawn(move || {
        run(async move {
            let bus = Builder::address(SYSTEM_BUS_ADDRESS).build().await?;
            let messages = MessageStream::from(&bus);
            bus.request_name(BUS_NAME).await?;
            ready.send(()).context("telling that the name is owned")?;
            serve(messages, lie, at, &stopped).await
        })
    });
    started.recv().context("the liar has not got the name")?;
    Ok(stop)
}

fn raw(mut stream: UnixStream, lie: Lie) -> Result {
    // Greeting and call come in one write.
    let _heard = stream.read(&mut [0; 4096])?;
    if lie == Lie::Noise {
        stream.write_all(b"OK 00\r\nHTTP/1.1 200 OK\r\n\r\n................")?;
    } else if lie == Lie::Endless {
        stream.write_all(b"OK 00\r\n")?;
        stream.write_all(b"l\x02\x00\x01\xff\xff\xff\xff\x01\x00\x00\x00\x00\x00\x00\x00")?;
    } else {
        return Ok(());
    }
    // Not hanging up: it is what was said that ends it.
    let _until_it_hangs_up = stream.read(&mut [0; 1])?;
    Ok(())
}

fn peer(stream: UnixStream, lie: Lie, at: Moment) -> Result {
    let (_stop, stopped) = mpsc::channel();
    run(async move {
        let server = Builder::unix_stream(stream).server(Guid::generate()).p2p();
        // On this one thread nothing is read before the stream is there.
        serve(MessageStream::from(&server.build().await?), lie, at, &stopped).await
    })
}

fn run(work: impl Future<Output = Result>) -> Result {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}

async fn serve(
    mut messages: MessageStream,
    lie: Lie,
    at: Moment,
    stopped: &mpsc::Receiver<()>,
) -> Result {
    use zbus::export::futures_core::Stream;
    let connection = Connection::from(&messages);
    loop {
        let next = poll_fn(|context| Pin::new(&mut messages).poll_next(context));
        let next = tokio::time::timeout(Duration::from_millis(50), next).await;
        if stopped.try_recv() == Err(mpsc::TryRecvError::Disconnected) {
            return Ok(());
        }
        let Ok(next) = next else { continue };
        let Some(Ok(call)) = next else { return Ok(()) };
        let header = call.header();
        let moment = match header.member().map(zbus::names::MemberName::as_str) {
            Some("Begin") => Moment::Begin,
            Some("Verify") => Moment::Verify,
            _ => continue,
        };
        let replies =
            if moment == at { lies(lie, moment, &call) } else { vec![honest(moment, &call)] };
        if lie == Lie::Late && moment == at {
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
        for reply in replies {
            connection.send(&reply?).await?;
        }
    }
}

fn honest(moment: Moment, call: &Message) -> zbus::Result<Message> {
    let reply = Message::method_return(&call.header());
    match moment {
        Moment::Begin => reply.build(&("ask", "default", Terms::default())),
        Moment::Verify => reply.build(&verdict("accepted", "matched", "phone")),
    }
}

/// The words of a verdict, whether they are any or not.
fn verdict<'a>(
    outcome: &'a str,
    reason: &'a str,
    label: &'a str,
) -> (&'a str, &'a str, &'a str, &'a str, u32, Details) {
    (outcome, reason, "totp/1", label, 0, Details::default())
}

fn lies(lie: Lie, moment: Moment, call: &Message) -> Vec<zbus::Result<Message>> {
    let header = call.header();
    let reply = || Message::method_return(&header);
    let long = "x".repeat(200_000);
    match (lie, moment) {
        (Lie::Mute | Lie::Closed | Lie::Noise | Lie::Endless, _) => vec![],
        (Lie::Late, _) => vec![honest(moment, call)],
        (Lie::TooLarge, Moment::Begin) => vec![reply().build(&("ask", &long, Terms::default()))],
        (Lie::TooLarge, Moment::Verify) => {
            vec![reply().build(&verdict("accepted", "matched", &long))]
        }
        (Lie::WrongShape, _) => vec![reply().build(&"accepted")],
        (Lie::UnknownWord, Moment::Begin) => {
            vec![reply().build(&("pass", "default", Terms::default()))]
        }
        (Lie::UnknownWord, Moment::Verify) => {
            vec![reply().build(&verdict("exempt", "matched", "phone"))]
        }
        (Lie::Absurd, Moment::Begin) => {
            vec![reply().build(&("unenrolled", "default", Terms::default()))]
        }
        (Lie::Absurd, Moment::Verify) => {
            vec![reply().build(&verdict("accepted", "wrong", "phone"))]
        }
        (Lie::StrangeError, _) => {
            vec![Message::error(&header, "org.otpd1.Error.Accepted").build(&"yes")]
        }
        (Lie::Twice, Moment::Begin) => vec![honest(moment, call), honest(moment, call)],
        (Lie::Twice, Moment::Verify) => {
            vec![reply().build(&verdict("refused", "wrong", "phone")), honest(moment, call)]
        }
    }
}
