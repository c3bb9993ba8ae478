//! The border to C: the entry points that libpam looks up by name, and the functions of its that
//! pam-bindings does not offer.
//!
//! This is the only file of the project in which unsafe code may stand. pam-bindings writes the six
//! `pam_sm_*` functions, checks handle, `argc` and `argv`, and calls [`Module`]. What it leaves
//! open is closed here or elsewhere, without unsafe where that can be:
//!
//! - it can read `PAM_AUTHTOK` but makes nothing that could be set as such: [`set_password`];
//! - what a module keeps in a handle is read without knowing of which type it is: [`kept`];
//! - the PAM environment and `pam_fail_delay` are not bound: [`put_env`], [`drop_env`],
//!   [`has_env`], [`delay_failure`];
//! - it catches a panic but lets std's hook print first, and drops the payload: `lib.rs` installs
//!   a silent hook, catches before pam-bindings does, and forgets the payload;
//! - `pam_syslog` is not bound, and must not be: it ends in a blocking send (see `log.rs`);
//! - `Conv::send` fails where an application answers an information text with a null array:
//!   `host.rs` passes over that.
//!
//! It refuses to hold any logic.
#![allow(unsafe_code, reason = "the border to C")]

use std::ffi::{CStr, c_char, c_int, c_uint};
use std::time::Duration;

use pam::constants::PamResultCode;
use pam::items::{AuthTok, Item};
use pam::module::PamHandle;
use zeroize::Zeroizing;

use crate::Module;

pam::pam_hooks!(Module);

#[link(name = "pam")]
unsafe extern "C" {
    fn pam_putenv(handle: *mut PamHandle, name_value: *const c_char) -> c_int;
    fn pam_getenv(handle: *mut PamHandle, name: *const c_char) -> *const c_char;
    fn pam_fail_delay(handle: *mut PamHandle, microseconds: c_uint) -> c_int;
}

/// What is kept in a handle from one call of libpam to the next. Wiped with the handle.
struct Kept(Zeroizing<String>);

/// Under which name. Nobody else's module has one like it.
const KEPT: &str = "org.otpd1:pam_otp:enrolment";

/// Keeps a text in the handle, for later calls of this module alone.
pub(crate) fn keep(handle: &mut PamHandle, text: Zeroizing<String>) -> Result<(), PamResultCode> {
    handle.set_data(KEPT, Box::new(Kept(text)))
}

/// What was kept.
pub(crate) fn kept(handle: &PamHandle) -> Option<Zeroizing<String>> {
    // SAFETY: `get_data` wants that what is stored under the name is of this type. Only `keep` stores
    // under this name, which holds ours, and always this type; and libpam knows a module's data by the
    // handle, so that nothing outlives this library: pam_end(3) has it dropped before it unloads us.
    let kept = unsafe { handle.get_data::<Kept>(KEPT) }.ok()?;
    Some(kept.0.clone())
}

/// Takes a variable out of the PAM environment. That it was not there is as well.
pub(crate) fn drop_env(handle: &mut PamHandle, name: &CStr) {
    // SAFETY: as for `put_env`; a name without `=` is one to be taken out.
    let _ = unsafe { pam_putenv(handle, name.as_ptr()) };
}

/// Whether the PAM environment has a variable.
pub(crate) fn has_env(handle: &PamHandle, name: &CStr) -> bool {
    // SAFETY: `handle` is the one that libpam called us with, which pam_getenv(3) only reads; `name` is a
    // terminated text. Of what it returns nothing but whether it is null is looked at.
    let value = unsafe { pam_getenv(std::ptr::from_ref(handle).cast_mut(), name.as_ptr()) };
    !value.is_null()
}

/// Sets `PAM_AUTHTOK`. libpam wipes what it held before, and wipes this when the stack has run.
pub(crate) fn set_password(handle: &mut PamHandle, password: &CStr) -> Result<(), PamResultCode> {
    // SAFETY: `from_raw` wants a pointer to a terminated text that lives as long as the token made
    // of it. `password` is one, and the token is gone when this returns: pam_set_item(3) stores a
    // copy of what it is given ("a copy of the object"), and keeps no pointer to it.
    let token = unsafe { AuthTok::from_raw(password.as_ptr()) };
    handle.set_item_str(token)
}

/// Sets a variable of the PAM environment: `NAME=VALUE`.
pub(crate) fn put_env(handle: &mut PamHandle, name_value: &CStr) -> Result<(), PamResultCode> {
    // SAFETY: `handle` is the one that libpam called us with, borrowed alone; `name_value` is a
    // terminated text, which pam_putenv(3) copies before it returns.
    succeeded(unsafe { pam_putenv(handle, name_value.as_ptr()) })
}

/// Asks for a delay before libpam's caller hears of a failure. The longest one asked for counts.
pub(crate) fn delay_failure(handle: &mut PamHandle, by: Duration) -> Result<(), PamResultCode> {
    let microseconds = c_uint::try_from(by.as_micros()).unwrap_or(c_uint::MAX);
    // SAFETY: `handle` is the one that libpam called us with, borrowed alone; pam_fail_delay(3)
    // writes a number into it.
    succeeded(unsafe { pam_fail_delay(handle, microseconds) })
}

fn succeeded(code: c_int) -> Result<(), PamResultCode> {
    match PamResultCode::try_from(code) {
        Ok(PamResultCode::PAM_SUCCESS) => Ok(()),
        Ok(other) => Err(other),
        Err(_) => Err(PamResultCode::PAM_SYSTEM_ERR),
    }
}
