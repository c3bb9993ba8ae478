//! The log: one line each to syslog's authpriv, without waiting for anybody. A line names channels,
//! users and what went wrong; never a code, and no address.

use std::os::unix::net::UnixDatagram;

/// How much a line matters, as syslog numbers it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Severity {
    /// Nothing can be sent.
    Error,
    /// Somebody should look.
    Warning,
    /// All is as it should be.
    Info,
}

/// Where the local logger listens.
const SOCKET: &str = "/dev/log";
/// syslog's authpriv, times eight.
const FACILITY: u8 = 10 << 3;
/// The longest line; what others said is cut before.
const MOST: usize = 1024;

/// Writes a line. Where nobody takes it, it is lost: a full log holds up no message.
pub(crate) fn log(severity: Severity, text: &str) {
    let severity = match severity {
        Severity::Error => 3,
        Severity::Warning => 4,
        Severity::Info => 6,
    };
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let text: String = text.chars().take(MOST).collect();
    let line = format!("<{}>otp-deliver[{}]: {text}", FACILITY | severity, std::process::id());
    if let Ok(socket) = UnixDatagram::unbound() {
        let _ = socket.set_nonblocking(true);
        let _ = socket.send_to(line.as_bytes(), SOCKET);
    }
}
