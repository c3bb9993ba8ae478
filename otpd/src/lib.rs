//! otpd, the daemon: checks one-time passwords for logins and keeps the records they are checked
//! against. Every decision about an account is `otp_core`'s; here are the clock, the disk, the bus
//! and the question of who is asking.

pub mod clock;
pub mod entropy;
pub mod store;
pub mod vault;
