//! `pam_otp`: asks for a one-time code inside sshd, sudo, su, login or a lock screen, and lets the
//! daemon decide.
//!
//! A guest in somebody else's process: it never prints, starts a thread or reads the environment. Between
//! calls it keeps nothing but, in the handle of a login, what makes a device count that was enrolled in
//! it. And a fault of its own ends in `PAM_ABORT`, never in the end of
//! its host.
//!
//! # Panics
//!
//! std's hook would print to the host's stderr (and read `RUST_BACKTRACE`). Each entry therefore
//! installs a hook that does nothing. That changes nothing in the host: std is linked into this
//! library with all its symbols local, so the hook is a static of ours, which a host in Rust has
//! a copy of its own of. It is not put back afterwards: between two logins on two threads that
//! would be a race, at the end of which one prints. A value without size needs no memory, so that
//! unloading the library leaks nothing. The other way, code that provably cannot panic, is not to
//! be had with dependencies that allocate and index.
//!
//! The panic is caught before pam-bindings would catch it, and its payload forgotten: dropping a
//! payload can panic again. What is left, and ends the host, is what Rust itself makes fatal: a
//! panic inside a destructor during another panic, and an allocator without memory. The latter is
//! asked first whether it has enough for a login (see `memory.rs`).

mod args;
mod client;
mod descriptor;
mod ffi;
mod flow;
mod host;
mod log;
mod memory;
mod outcome;
mod stack;

use std::any::Any;
use std::ffi::CStr;
use std::mem;
use std::panic::{self, AssertUnwindSafe};

use nix::unistd::geteuid;
use pam::constants::{PamFlag, PamResultCode};
use pam::module::{PamHandle, PamHooks};

use crate::args::Arguments;
use crate::client::Client;
use crate::flow::session::Moment;
use crate::host::{Application, Host};
use crate::log::Severity;
use crate::outcome::Ending;

/// The module, as pam-bindings calls it.
struct Module;

impl PamHooks for Module {
    fn sm_authenticate(pamh: &mut PamHandle, args: Vec<&CStr>, _flags: PamFlag) -> PamResultCode {
        entry(pamh, |host| authenticate(host, &args))
    }

    fn sm_setcred(pamh: &mut PamHandle, _args: Vec<&CStr>, _flags: PamFlag) -> PamResultCode {
        entry(pamh, |host| unless_unsettled(host, Ending::Credentials))
    }

    fn acct_mgmt(pamh: &mut PamHandle, args: Vec<&CStr>, _flags: PamFlag) -> PamResultCode {
        entry(pamh, |host| account(host, &args))
    }

    fn sm_open_session(pamh: &mut PamHandle, args: Vec<&CStr>, _flags: PamFlag) -> PamResultCode {
        entry(pamh, |host| session(host, &args, Moment::Opens))
    }

    fn sm_close_session(pamh: &mut PamHandle, args: Vec<&CStr>, _flags: PamFlag) -> PamResultCode {
        entry(pamh, |host| session(host, &args, Moment::Closes))
    }

    fn sm_chauthtok(pamh: &mut PamHandle, _args: Vec<&CStr>, _flags: PamFlag) -> PamResultCode {
        entry(pamh, |_| Ending::NotOurs)
    }
}

fn authenticate(host: &mut Application<'_>, args: &[&CStr]) -> Ending {
    if !memory::has(memory::LOGIN) {
        return Ending::NoMemory;
    }
    #[cfg(feature = "panic-injection")]
    inject(args);
    let arguments = match Arguments::parse(args) {
        Ok(arguments) => arguments,
        Err(bad) => return Ending::BadArgument(bad),
    };
    match Client::new(&arguments) {
        Ok(client) => flow::authenticate(host, &client, &arguments),
        Err(error) => error.into(),
    }
}

/// A session is nobody's to hold up: what cannot be told, or may not, is not; but for one by an
/// enrolment that does not count.
fn session(host: &mut Application<'_>, args: &[&CStr], moment: Moment) -> Ending {
    match moment {
        Moment::Opens if flow::is_unsettled(host) => return Ending::Unsettled,
        Moment::Opens | Moment::Closes => {}
    }
    if !memory::has(memory::LOGIN) || !geteuid().is_root() {
        return Ending::NotOurs;
    }
    match Arguments::parse(args) {
        Ok(arguments) => match Client::of_sessions(&arguments) {
            Ok(client) => flow::session::session(host, &client, &arguments, moment),
            Err(_) => Ending::NotOurs,
        },
        Err(bad) => {
            host.log(Severity::Error, &bad.to_string());
            Ending::NotOurs
        }
    }
}

/// Makes count what was enrolled in this login, if anything was. Nothing else is looked at where nothing
/// was.
fn account(host: &mut Application<'_>, args: &[&CStr]) -> Ending {
    if host.kept().is_none() {
        return unless_unsettled(host, Ending::NotOurs);
    }
    if !memory::has(memory::LOGIN) {
        return Ending::NoMemory;
    }
    let arguments = match Arguments::parse(args) {
        Ok(arguments) => arguments,
        Err(bad) => return Ending::BadArgument(bad),
    };
    match Client::new(&arguments) {
        Ok(client) => flow::settle(host, &client, &arguments),
        Err(error) => error.into(),
    }
}

/// Stops a login in which a device was enrolled that the account phase did not make count: it would be
/// let in without ever having one.
fn unless_unsettled(host: &Application<'_>, ending: Ending) -> Ending {
    if flow::is_unsettled(host) { Ending::Unsettled } else { ending }
}

/// Panics as a test asks: with a text, or with a payload that panics again when it is dropped.
#[cfg(feature = "panic-injection")]
#[expect(clippy::panic, reason = "what a test injects")]
fn inject(args: &[&CStr]) {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("the payload was dropped");
        }
    }
    assert!(!args.contains(&c"panic"), "injected");
    if args.contains(&c"bomb") {
        panic::panic_any(Bomb);
    }
}

/// The way in and out of every call: in silence, and with one line in the log if it is ours to
/// write.
fn entry(
    handle: &mut PamHandle,
    work: impl FnOnce(&mut Application<'_>) -> Ending,
) -> PamResultCode {
    panic::set_hook(Box::new(|_| {}));
    let mut host = Application::new(handle);
    let ending = guarded(|| work(&mut host)).unwrap_or_else(Ending::Panicked);
    report(&host, &ending);
    ending.code()
}

/// Writes what the log must hear from us, if anything. A fault in that changes no outcome.
fn report(host: &impl Host, ending: &Ending) {
    let _ = guarded(|| {
        if memory::has(memory::LINE)
            && let Some(cause) = ending.cause()
        {
            host.log(Severity::Error, &cause);
        }
    });
}

/// Runs `work`; a panic becomes its text.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    panic::catch_unwind(AssertUnwindSafe(work)).map_err(|payload| {
        let text = said(payload.as_ref());
        mem::forget(payload);
        text
    })
}

/// What a panic said, where it said anything.
fn said(payload: &(dyn Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "a panic without a text".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("the payload was dropped");
        }
    }

    #[test]
    fn a_panic_becomes_its_text() {
        assert_eq!(guarded(|| 7), Ok(7));
        assert_eq!(guarded(|| panic!("plain")), Err::<(), _>("plain".to_owned()));
        let number = std::hint::black_box(3);
        assert_eq!(guarded(|| panic!("no {number}")), Err::<(), _>("no 3".to_owned()));
    }

    #[test]
    fn a_payload_is_never_dropped() {
        let text = guarded(|| panic::panic_any(Bomb)).unwrap_err();
        assert_eq!(text, "a panic without a text");
    }
}
