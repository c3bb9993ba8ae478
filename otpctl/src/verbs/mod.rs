//! The verbs, one file each: its options, its one or two calls, its answer. A new verb is a new
//! file here and an arm in `args.rs` and `lib.rs`, which the compiler asks for.

pub(crate) mod accounts;
pub(crate) mod adopt;
pub(crate) mod code;
pub(crate) mod confirm;
pub(crate) mod decide;
pub(crate) mod enroll;
pub(crate) mod exempt;
pub(crate) mod explain;
pub(crate) mod forget;
pub(crate) mod invite;
pub(crate) mod keys;
pub(crate) mod list;
pub(crate) mod log;
pub(crate) mod pass;
pub(crate) mod recovery;
pub(crate) mod reload;
pub(crate) mod remembered;
pub(crate) mod remove;
pub(crate) mod rename;
pub(crate) mod replace;
pub(crate) mod resync;
pub(crate) mod send;
pub(crate) mod session;
pub(crate) mod show;
pub(crate) mod status;
pub(crate) mod token;
pub(crate) mod unlock;
pub(crate) mod verify;
