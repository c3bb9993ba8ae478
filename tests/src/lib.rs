//! The testbed: a private system in which real sshd, sudo, su, pamtester and dbus-daemon meet the
//! module, the daemon and the command line as they are shipped.
//!
//! [`inside`] runs a test in mount and PID namespaces of its own, [`World`] furnishes them, and the
//! other modules are what stands in the room. Everything is seen from outside: by prompts, exit
//! statuses, the log and the bus. It refuses to change anything of the host, and to pass a test
//! whose tool is missing. `make try` and `make smoke` are built of the same pieces.

mod accounts;
mod artefacts;
mod browser;
mod bus;
pub mod callers;
mod clock;
pub mod counts;
mod daemon;
mod deadline;
mod delivery;
mod demo;
mod device;
mod dialogue;
mod dice;
mod directory;
mod ended;
mod failure;
mod fake;
mod invocation;
mod keys;
mod ledger;
mod log_sink;
mod login;
mod manager;
mod namespace;
mod network;
mod pam_host;
pub mod peer;
mod polkit;
mod registry;
mod rootfs;
mod service;
mod sshd;
mod strangers;
mod syscalls;
mod volume;
mod world;

pub use accounts::{Account, DAEMON_UID, DAEMON_USER, PASSWORD};
use artefacts::Artefacts;
pub use browser::Browser;
pub use bus::{Activation, Bus, replace_bus_policy};
pub use clock::{FakeClock, now};
pub use daemon::Daemon;
pub use deadline::Deadline;
pub use delivery::{
    CHANNELS, DELIVER_UID, DELIVER_USER, Delivery, Provider, deliver_socket, enroll_address,
    provide,
};
pub use demo::{Demo, Enrolled};
pub use device::{Device, Form, Kind, manage, secret_in};
pub use dialogue::Dialogue;
pub use dice::Dice;
pub use directory::{Directory, Fault};
pub use ended::Ended;
pub use failure::{Context, Failure, Result};
pub use fake::FakeDaemon;
pub use invocation::Invocation;
pub use keys::{Rotation, keys};
pub use ledger::Ledger;
pub use log_sink::{Line, LogSink};
pub use login::{PROMPT, pamtester, su, sudo, with_code};
pub use manager::Manager;
pub use namespace::{enter, inside};
pub use network::{GUEST, HERE, Network, OTHER_GUEST};
pub use pam_host::{Attempt, Hosted, Look, NO_ANSWER, PamHost, pam};
pub use polkit::{POLKIT, Polkit};
pub use registry::Registry;
pub use service::Service;
pub use sshd::{Method, Sshd};
pub use strangers::{Strangers, Times, median, noise, quantile};
pub use syscalls::Tracer;
pub use volume::{Volume, state_files};
pub use world::World;
