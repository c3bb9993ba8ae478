//! The daemon's life: take the place, open the store, serve both ways in, say that it is ready, and
//! on SIGTERM finish what was let in.

use std::{
    os::unix::net::UnixListener,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use listenfd::ListenFd;
use otp_bus::names::STATE_DIR;
use sd_notify::NotifyState;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::oneshot,
};

use crate::{
    audit::{Event, Severity, Syslog},
    bus,
    caller::Gate,
    clock::{SystemClock, monotonic},
    config::{Config, ConfigError},
    engine::Engine,
    memory::Swap,
    polkit::Polkit,
    privileges::{self, PlaceError},
    reload::{By, Reload, notify, tell},
    service::{Services, clean_up, tell_missing},
    socket,
    store::{OpenError, SqliteStore},
    vault::CREDENTIAL,
};

/// How long calls that were let in may take once the daemon is told to stop.
const FINISH: Duration = Duration::from_secs(10);

/// How long they may take where the store has died, to hear of it.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How long the files of the configuration may take to be read.
const RELOAD: Duration = Duration::from_secs(10);

/// How often it is looked whether the store is alive.
const PULSE: Duration = Duration::from_secs(1);

/// Why the daemon does not run. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The socket, the user, the directories.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The store.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// What the service manager passed.
    #[error("the service manager passed no usable socket: {0}; check otpd.socket")]
    Passed(std::io::Error),
    /// The runtime.
    #[error("cannot start: {0}")]
    Runtime(std::io::Error),
    /// A thread of the store has died.
    #[error("the store has died; starting anew is the way on")]
    StoreDied,
}

/// Runs until told to stop.
///
/// # Errors
/// When it cannot start, or has to end so that it can be started anew.
pub fn run(config_path: &Path, log: &Arc<Syslog>) -> Result<(), StartError> {
    let config = Config::read(config_path, &host())?;
    let place = privileges::take(passed()?)?;
    let store =
        SqliteStore::open(Path::new(STATE_DIR), credential().as_deref(), Arc::new(SystemClock))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(StartError::Runtime)?;
    let reload = Reload::of(config_path.to_owned(), host());
    let services = Services {
        engine: Arc::new(Engine::new(store, Arc::new(config))),
        gate: Gate::default(),
        log: log.clone(),
        polkit: Polkit::default(),
        sessions: Arc::default(),
        reload: Arc::new(reload),
    };
    let engine = services.engine.clone();
    let ended = runtime.block_on(serve(place.listener.try_clone(), &place.swap, services));
    // Every task is dropped with the runtime, and with the tasks every hold on the engine but ours.
    runtime.shutdown_timeout(Duration::from_secs(1));
    if let Some(engine) = Arc::into_inner(engine) {
        engine.into_store().close();
    }
    ended
}

async fn serve(
    listener: std::io::Result<UnixListener>,
    swap: &Swap,
    services: Services,
) -> Result<(), StartError> {
    let listener = listener.map_err(StartError::Runtime)?;
    listener.set_nonblocking(true).map_err(StartError::Runtime)?;
    let listener = tokio::net::UnixListener::from_std(listener).map_err(StartError::Runtime)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(StartError::Runtime)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(StartError::Runtime)?;
    let hangup = signal(SignalKind::hangup()).map_err(StartError::Runtime)?;
    let accepting = tokio::spawn(socket::serve(listener, services.clone()));
    let (tried, bus_tried) = oneshot::channel();
    let on_the_bus = tokio::spawn(bus::serve(services.clone(), tried));
    // Whoever was waiting for the name on the bus finds it there once the daemon says "ready".
    let _ = bus_tried.await;
    let status = tell(&services.log, By::Start, &services.engine.config());
    notify(&services.log, &[NotifyState::Ready, NotifyState::Status(&status)]);
    services.log.log(&Event::Daemon(Severity::Info, "ready"));
    if let Swap::Possible(reason) = swap {
        let text = format!("memory is not locked ({reason}); keys may reach a swap disk");
        services.log.log(&Event::Daemon(Severity::Notice, &text));
    }
    tokio::spawn(tell_missing(services.clone()));
    tokio::spawn(clean_up(services.clone()));
    tokio::spawn(reload_on(hangup, services.clone()));
    let ended = tokio::select! {
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
        () = dead(&services) => Err(StartError::StoreDied),
    };
    notify(&services.log, &[NotifyState::Stopping]);
    services.gate.close();
    let limit = if ended.is_ok() { FINISH } else { LAST_WORDS };
    let answered = async { tokio::join!(accepting, on_the_bus) };
    if tokio::time::timeout(limit, answered).await.is_err() {
        let text = "stopped with calls under way; their outcome is unknown to their callers";
        services.log.log(&Event::Daemon(Severity::Warning, text));
    }
    services.log.end();
    services.log.log(&Event::Daemon(Severity::Info, "stopped"));
    ended
}

async fn dead(services: &Services) {
    while !services.engine.is_dead() {
        services.log.log_left_out();
        tokio::time::sleep(PULSE).await;
    }
}

/// Several signals while it is being read are one: it is read once more.
async fn reload_on(mut hangup: Signal, services: Services) {
    while hangup.recv().await.is_some() {
        let parts = (services.engine.as_ref(), services.log.as_ref());
        // What came of it is in the log.
        let _ = services.reload.run(parts, By::Signal, monotonic() + RELOAD).await;
    }
}

fn passed() -> Result<Option<UnixListener>, StartError> {
    let mut passed = ListenFd::from_env();
    match passed.len() {
        0 => Ok(None),
        _ => passed.take_unix_listener(0).map_err(StartError::Passed),
    }
}

/// The keyring that systemd decrypted for this service, if it did.
fn credential() -> Option<PathBuf> {
    let dir = std::env::var_os("CREDENTIALS_DIRECTORY")?;
    let path = Path::new(&dir).join(CREDENTIAL);
    // One that is there and cannot be looked at must not be taken for none: another keyring would
    // be made in its place.
    path.try_exists().unwrap_or(true).then_some(path)
}

/// The name of this host, for authenticators to show.
pub fn host() -> String {
    nix::unistd::gethostname().map_or_else(|_| String::new(), |name| name.to_string_lossy().into())
}
