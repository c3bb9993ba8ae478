//! Black-box tests of otpd: what an administrator, a user and an attacker can do from outside,
//! on real sshd, sudo, su and D-Bus. One binary, so that it is linked once.

mod attacks;
mod cli;
mod daemon;
mod demo;
mod durable;
mod harness;
mod host;
mod hostile;
mod outage;
mod own;
mod race;
mod scene;
mod ssh;
mod su;
mod sudo;
mod throttle;
