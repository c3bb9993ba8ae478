//! The module's side of the wire: whatever a false daemon sends is read, or refused.

use std::num::NonZeroU32;

// The module is a cdylib: its file is taken as it stands.
#[allow(dead_code)]
#[path = "../../pam_otp/src/client/wire.rs"]
mod wire;

/// A handshake's line and the messages behind it, as `transport` reads them.
pub fn wire(bytes: &[u8]) {
    let rest = match wire::welcome(bytes) {
        Ok(Some(end)) => bytes.get(end..).expect("an end within what was read"),
        Ok(None) => return,
        Err(_) => bytes,
    };
    let Ok(Some(whole)) = wire::frame(rest) else { return };
    assert!(whole <= wire::MAX_MESSAGE_BYTES);
    let Some(frame) = rest.get(..whole) else { return };
    let Ok(message) = wire::message(frame.to_vec()) else { return };
    let _ = wire::answers(&message, NonZeroU32::MIN, Some(":1.1"));
    let _ = message.body().deserialize::<otp_bus::Verdict>();
    let _ = message.body().deserialize::<otp_bus::Challenge>();
    let _ = otp_bus::Error::from(zbus::Error::from(message)).to_string();
}
