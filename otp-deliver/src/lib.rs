//! What otpd and the program otp-deliver agree on: how a message is handed over, and what a
//! `[channel.NAME]` in `otpd.toml` says. The program itself, which sends, is beside this library and
//! no part of it: otpd neither resolves names, nor connects to the network, nor executes anything.

#![forbid(unsafe_code)]

pub mod channel;
pub mod wire;
