//! The border to C: the entry points that libpam looks up by name.
//!
//! This is the only file of the project in which unsafe code may stand, and it needs none of its
//! own: pam-bindings writes the six `pam_sm_*` functions, checks handle, `argc` and `argv`, and
//! calls [`Module`]. What pam-bindings leaves open is closed elsewhere, without unsafe:
//!
//! - it catches a panic but lets std's hook print first, and drops the payload: `lib.rs` installs
//!   a silent hook, catches before pam-bindings does, and forgets the payload;
//! - `pam_syslog` is not bound, and must not be: it ends in a blocking send (see `log.rs`);
//! - `pam_fail_delay` is not bound: the daemon already delays every refusal;
//! - `Conv::send` fails where an application answers an information text with a null array:
//!   `host.rs` passes over that.
//!
//! It refuses to hold any logic.

use crate::Module;

pam::pam_hooks!(Module);
