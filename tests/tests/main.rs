//! Black-box tests of otpd: what an administrator, a user and an attacker can do from outside,
//! on real sshd, sudo, su and D-Bus. One binary, so that it is linked once.

mod absent;
mod attacks;
mod cli;
mod clock;
mod codes;
mod corrupt;
mod crowd;
mod daemon;
mod demo;
mod devices;
mod disk;
mod durable;
mod freeze;
mod guest;
mod harness;
mod host;
mod hostile;
mod kills;
mod liar;
mod lies;
mod nth;
mod outage;
mod own;
mod power;
mod race;
mod random;
mod rules;
mod scene;
mod ssh;
mod starvation;
mod strangers;
mod su;
mod sudo;
mod surface;
mod throttle;
