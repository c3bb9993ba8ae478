//! The D-Bus contract of otpd, defined once for the daemon, the PAM module, the command line and
//! the tests: names and paths, the types that cross the bus, and typed errors.
//!
//! It refuses to know anything else: no transport, no policy, no code is made or checked here.
//! The PAM module uses it without a runtime; programs that have one enable the feature `proxy`.

mod admin;
mod auth;
pub mod contacts;
mod decide;
mod enrol;
mod error;
mod explain;
mod keys;
pub mod log;
mod manage;
pub mod names;
pub mod passes;
#[cfg(feature = "proxy")]
mod proxy;
mod remembered;
mod session;
mod terms;
pub mod tokens;

pub use admin::{AccountInfo, Adoption, DeviceName, InForce, StoredAccount};
pub use auth::{Challenge, Demand, Details, Hint, Login, Outcome, Reason, Verdict};
pub use contacts::{Identified, SignedUp};
pub use decide::{Decision, DeviceFits, RuleSeen};
pub use enrol::{Candidate, Proof, Settled};
pub use error::Error;
pub use explain::{DeviceOdds, Explanation};
pub use keys::{KeyInfo, KeyRole, Resealing};
pub use log::LogEntry;
pub use manage::{
    AccountStatus, Caution, DeviceFilter, DeviceInfo, Enrolment, Invitation, LaneName, LaneStatus,
    NewCodes, NewDevice, RecoveryCodes, Sending, Warrant,
};
pub use passes::{MadePass, NewPass, PassInfo, PassPlace, PassTerm, ShownPass, WhichPasses};
#[cfg(feature = "proxy")]
pub use proxy::{
    AdminProxy, AuthProxy, ContactsProxy, KeysProxy, ManageProxy, PassesProxy, SessionsProxy,
    TokensProxy,
};
pub use remembered::{ALL_REMEMBERED, RememberedLogin};
pub use session::SessionLogin;
pub use terms::{ForwardDigits, Separator, Tell, Terms};
pub use tokens::{IssuedTokens, TokenFamily, TokenInfo};
