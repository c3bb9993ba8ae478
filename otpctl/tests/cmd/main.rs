//! Every verb as people and programs see it, pinned by the files in `expected/`, against a daemon
//! that implements the contract in this process. What the real daemon does is tested elsewhere;
//! this is the command line's side of the seam. `BLESS=1` writes the files anew; read the
//! difference before committing it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod accounts;
mod alone;
mod case;
mod codes;
mod decide;
mod devices;
mod enroll;
mod exempt;
mod fake;
mod inspect;
mod invite;
mod keys;
mod log;
mod manual;
mod messages;
mod passes;
mod reload;
mod remembered;
mod repair;
mod session;
mod surroundings;
mod token;
