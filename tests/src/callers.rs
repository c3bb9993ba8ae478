//! Callers of `org.otpd1.Auth` without PAM in between, many at once: what the module sends, and the
//! answers counted. One connection a call on the daemon's socket, as the module does it; on the bus
//! they share some, because dbus-daemon allows a user 256.

use std::{collections::BTreeMap, fmt, future::Future, path::Path, sync::Arc, time::Duration};

use otp_bus::{
    AuthProxy, Error, Login, Outcome, Reason, Verdict,
    names::{SOCKET_PATH, SYSTEM_BUS_ADDRESS},
};
use tokio::{net::UnixStream, runtime::Builder, task::JoinSet};
use zbus::{Connection, connection};

use crate::{Context, Failure, Result};

/// How many connections all callers on the bus share.
const ON_THE_BUS: usize = 64;

/// How long an answer may take: what the module allows, and a margin for busy machines.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a caller was told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// The code let in.
    Accepted,
    /// It did not, for this reason, as the bus names it.
    Refused(String),
    /// The daemon has too many calls of this caller under way.
    Busy,
    /// The daemon says that it cannot decide.
    Unavailable(String),
    /// There was no answer: whether the code is spent is unknown.
    Silence(String),
}

impl Answer {
    /// Whether it is a refusal for this reason.
    pub fn is_refusal(&self, reason: Reason) -> bool {
        *self == Self::Refused(word(reason))
    }

    fn of(answer: std::result::Result<Verdict, Error>) -> Self {
        match answer {
            Ok(Verdict { outcome: Outcome::Accepted, .. }) => Self::Accepted,
            Ok(Verdict { reason, .. }) => Self::Refused(word(reason)),
            Err(Error::Busy(_)) => Self::Busy,
            Err(Error::Unavailable(text)) => Self::Unavailable(text),
            Err(error) => Self::Silence(error.to_string()),
        }
    }
}

/// One word a kind, as [`Tally`] counts.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Accepted => "accepted",
            Self::Refused(reason) => reason,
            Self::Busy => "busy",
            Self::Unavailable(_) => "unavailable",
            Self::Silence(_) => "silence",
        })
    }
}

fn word(reason: Reason) -> String {
    format!("{reason:?}").to_lowercase()
}

/// How many callers were told what.
pub type Tally = BTreeMap<String, usize>;

/// What a caller does who is told that there are too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenBusy {
    /// Takes it as the answer.
    Leave,
    /// Asks again, as people do.
    AskAgain,
}

/// Sends one code through the daemon's socket.
pub fn verify(user: &str, code: &str) -> Result<Answer> {
    verify_at(Path::new(SOCKET_PATH), user, code)
}

/// Sends one code through a socket at this path.
pub fn verify_at(socket: &Path, user: &str, code: &str) -> Result<Answer> {
    block_on(by_socket(socket, user, code))
}

/// Sends all at once, each name its code, by root through sockets at these paths in turn.
pub fn rush_at(sockets: &[&Path], tries: &[(String, String)]) -> Result<Tally> {
    block_on(async {
        let mut calls = JoinSet::new();
        for ((user, code), socket) in tries.iter().zip(sockets.iter().cycle()) {
            let (user, code, socket) = (user.clone(), code.clone(), socket.to_path_buf());
            calls.spawn(async move { by_socket(&socket, &user, &code).await });
        }
        tally(calls.join_all().await)
    })
}

/// Sends all at once, each name its code, by root through the daemon's socket.
pub fn rush(tries: &[(String, String)]) -> Result<Tally> {
    rush_at(&[Path::new(SOCKET_PATH)], tries)
}

/// Sends one code so many times at once over the system bus, as whoever this process is.
pub fn rush_on_bus(callers: usize, user: &str, code: &str, when_busy: WhenBusy) -> Result<Tally> {
    block_on(async {
        let mut connections = Vec::new();
        for _ in 0..callers.min(ON_THE_BUS) {
            let bus = connection::Builder::address(SYSTEM_BUS_ADDRESS).build().await;
            connections.push(Arc::new(bus.context("connecting to the system bus")?));
        }
        let mut calls = JoinSet::new();
        for connection in connections.iter().cycle().take(callers) {
            let connection = Arc::clone(connection);
            let (user, code) = (user.to_owned(), code.to_owned());
            calls.spawn(async move {
                loop {
                    let answer = call(&connection, &user, &code).await;
                    if answer != Answer::Busy || when_busy == WhenBusy::Leave {
                        return Ok(answer);
                    }
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            });
        }
        tally(calls.join_all().await)
    })
}

fn tally(answers: Vec<Result<Answer>>) -> Result<Tally> {
    let mut tally = Tally::new();
    for answer in answers {
        *tally.entry(answer?.to_string()).or_default() += 1;
    }
    Ok(tally)
}

async fn by_socket(socket: &Path, user: &str, code: &str) -> Result<Answer> {
    let stream = loop {
        match UnixStream::connect(socket).await {
            // The backlog is full. The module's blocking connect waits for a place in it.
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            Err(error) => return Ok(Answer::Silence(error.to_string())),
            Ok(stream) => break stream.into_std()?,
        }
    };
    match connection::Builder::unix_stream(stream).p2p().build().await {
        Ok(connection) => Ok(call(&connection, user, code).await),
        Err(error) => Ok(Answer::Silence(error.to_string())),
    }
}

async fn call(connection: &Connection, user: &str, code: &str) -> Answer {
    let login = Login { user: user.to_owned(), service: "otp".to_owned(), ..Login::default() };
    let answer = async {
        let proxy = AuthProxy::new(connection).await?;
        proxy.verify(&login, code).await
    };
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(answer) => Answer::of(answer),
        Err(_) => Answer::Silence(format!("none within {PATIENCE:?}")),
    }
}

fn block_on<T>(calls: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = Builder::new_current_thread().enable_all().build().map_err(Failure::from)?;
    runtime.block_on(calls)
}
