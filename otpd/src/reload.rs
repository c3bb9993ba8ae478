//! The configuration, read anew while logins go on: on SIGHUP or by `org.otpd1.Admin.Reload`. It is
//! put in force as a whole or not at all; calls under way go on with what was in force when they
//! asked. There is nothing in it that only a start could change.

use std::{path::PathBuf, sync::Arc, time::Instant};

use otp_core::Uid;
use sd_notify::NotifyState;
use tokio::sync::Mutex;

use crate::{
    audit::{Event, Severity, Syslog},
    config::{Config, ConfigError},
    engine::Engine,
    rules,
};

/// Where the configuration is, and that one alone reads it.
pub struct Reload {
    path: PathBuf,
    host: String,
    one: Arc<Mutex<()>>,
}

/// Who wants it.
#[derive(Clone, Copy, Debug)]
pub enum By {
    /// The start of the daemon.
    Start,
    /// Whoever may send signals to it.
    Signal,
    /// A caller.
    Caller(Uid),
}

/// Why what was in force before still is.
#[derive(Debug, thiserror::Error)]
pub enum NotInForce {
    /// It is not valid, or cannot be read.
    #[error("{}", .0.in_a_line())]
    Config(ConfigError),
    /// The files are on a disk that does not answer.
    #[error("{0} is not read in time; see to the disk that it is on")]
    Late(String),
}

impl Reload {
    /// Of this file, on a host of this name.
    pub fn of(path: PathBuf, host: String) -> Self {
        Self { path, host, one: Arc::default() }
    }

    /// Reads it and puts it in force, and says so in the log and to the service manager.
    ///
    /// # Errors
    /// When it is not put in force; what was stays.
    pub async fn run(
        &self,
        (engine, log): (&Engine, &Syslog),
        by: By,
        before: Instant,
    ) -> Result<Arc<Config>, NotInForce> {
        let begun = NotifyState::monotonic_usec_now();
        let begun = [Some(NotifyState::Reloading), begun.ok()].into_iter().flatten();
        notify(log, &begun.collect::<Vec<_>>());
        let read = tokio::time::timeout_at(before.into(), self.read(engine)).await;
        let done = read.unwrap_or_else(|_| Err(self.late()));
        let status = match &done {
            Ok(config) => tell(log, by, config),
            Err(why) => {
                let text = format!(
                    "configuration not put in force {by}: {why}; what was read before stays in force"
                );
                log.log(&Event::Daemon(Severity::Error, &text));
                text
            }
        };
        notify(log, &[NotifyState::Ready, NotifyState::Status(&status)]);
        done
    }

    async fn read(&self, engine: &Engine) -> Result<Arc<Config>, NotInForce> {
        // Held for as long as the disk takes, though nobody waits any more.
        let alone = self.one.clone().lock_owned().await;
        let (path, host, old) = (self.path.clone(), self.host.clone(), engine.config());
        let reading = move || (old.read_anew(&path, &host), alone);
        let read = tokio::task::spawn_blocking(reading).await;
        let (config, _alone) = read.map_err(|_| self.late())?;
        engine.put_in_force(config.map_err(NotInForce::Config)?);
        Ok(engine.config())
    }

    fn late(&self) -> NotInForce {
        NotInForce::Late(self.path.display().to_string())
    }
}

impl std::fmt::Display for By {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Start => f.write_str("at the start"),
            Self::Signal => f.write_str("on SIGHUP"),
            Self::Caller(uid) => write!(f, "by uid {uid}"),
        }
    }
}

/// Logs what is in force and what is odd about it; gives the first.
pub fn tell(log: &Syslog, by: By, config: &Config) -> String {
    let files: Vec<String> = config.files.iter().map(|file| file.display().to_string()).collect();
    let from = if files.is_empty() { "no file".to_owned() } else { files.join(", ") };
    let rules = match config.rules.iter().count() {
        1 => "1 rule".to_owned(),
        many => format!("{many} rules"),
    };
    log.log(&Event::Daemon(
        Severity::Notice,
        &format!("configuration put in force {by}: {rules}, from {from}"),
    ));
    for remark in rules::review(&config.rules) {
        log.log(&Event::Daemon(Severity::Warning, &remark.to_string()));
    }
    format!("{rules} in force")
}

/// Tells the service manager, if there is one.
pub fn notify(log: &Syslog, states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        let text = format!("cannot notify the service manager: {error}");
        log.log(&Event::Daemon(Severity::Warning, &text));
    }
}
