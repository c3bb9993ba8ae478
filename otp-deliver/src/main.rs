//! The program `otp-deliver`.

fn main() {}
