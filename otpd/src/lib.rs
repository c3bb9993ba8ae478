//! otpd, the daemon: checks one-time passwords for logins and keeps the records they are checked
//! against. Every decision about an account is `otp_core`'s; here are the clock, the disk, the bus
//! and the question of who is asking.

pub mod audit;
pub mod bus;
pub mod caller;
pub mod check;
pub mod clock;
pub mod config;
pub mod daemon;
pub mod deliver;
pub mod engine;
pub mod entropy;
pub mod memory;
pub mod nss;
pub mod policy;
pub mod polkit;
pub mod privileges;
pub mod process;
pub mod reload;
pub mod rules;
pub mod service;
pub mod sessions;
pub mod socket;
pub mod store;
mod stream;
pub mod vault;
