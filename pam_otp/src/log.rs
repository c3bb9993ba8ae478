//! One line to the system's log: authpriv, by a datagram to `/dev/log`.
//!
//! Not `pam_syslog`: glibc's `syslog` sends with a call that blocks while the log's queue is full,
//! so that a stuck log daemon would hang every login, and keeps its descriptor in the host. This
//! tries once, never waits, and keeps nothing. A full or absent log loses the line; the login's own
//! outcome does not change.
//!
//! It refuses to pass on anything that could end a line or move a terminal's cursor. No time stamp
//! is written: journald, rsyslog and busybox add theirs, and ours would need the time zone.

use std::fmt::Write as _;
use std::os::fd::AsRawFd;

use nix::sys::socket::{MsgFlags, SockFlag, SockType, UnixAddr, sendto};

use crate::descriptor;

/// Where the system's log listens.
pub(crate) const SOCKET: &str = "/dev/log";
/// The longest line, in bytes: what RFC 5424 says that every receiver takes.
const MAX_LINE_BYTES: usize = 2048;
/// The longest field shown, in bytes, before escaping.
const MAX_FIELD_BYTES: usize = 256;
/// The facility authpriv, shifted as RFC 3164 wants it.
const AUTHPRIV: u8 = 10 << 3;

/// How bad it is; the numbers are syslog's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    /// A login could not be decided.
    Error = 3,
    /// A step, where the administrator asked to see them.
    Debug = 7,
}

/// Of which login a line speaks. Empty fields are left out.
#[derive(Debug, Default)]
pub(crate) struct About {
    pub(crate) service: String,
    pub(crate) user: String,
    pub(crate) rhost: String,
    pub(crate) tty: String,
}

/// The datagram for `text`. The tag is the service's name, as with libpam's other modules.
pub(crate) fn line(severity: Severity, about: &About, pid: u32, text: &str) -> String {
    let service: String = about.service.chars().take(64).map(tag).collect();
    let priority = AUTHPRIV | severity as u8;
    let mut line = format!("<{priority}>{service}[{pid}]: pam_otp({service}:auth): ");
    let mut after = "";
    for (name, value) in [("user", &about.user), ("rhost", &about.rhost), ("tty", &about.tty)] {
        if !value.is_empty() {
            let shown = cut(value, MAX_FIELD_BYTES);
            let before = if after.is_empty() { "" } else { " " };
            // Writing to a string cannot fail.
            let _ = write!(line, "{before}{name}=\"{}\"", shown.escape_debug());
            after = ": ";
        }
    }
    line.push_str(after);
    for character in text.chars() {
        if character == '"' || character == '\'' || character == '\\' {
            line.push(character);
        } else {
            line.extend(character.escape_debug());
        }
    }
    cut(&line, MAX_LINE_BYTES).to_owned()
}

/// Sends it, once, if the log takes it now.
pub(crate) fn send(path: &str, line: &str) {
    let nonblocking = SockFlag::SOCK_NONBLOCK;
    let Ok(log) = descriptor::socket(SockType::Datagram, nonblocking) else { return };
    let Ok(address) = UnixAddr::new(path) else { return };
    let once = MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT;
    let _ = sendto(log.as_raw_fd(), line.as_bytes(), &address, once);
}

/// What may stand in a tag without being taken for its end.
fn tag(character: char) -> char {
    if character.is_ascii_alphanumeric() || "-_.".contains(character) { character } else { '?' }
}

/// The first `bytes` of `text`, or a little less where a character would be split.
fn cut(text: &str, bytes: usize) -> &str {
    let ends = text.char_indices().map(|(at, character)| at.saturating_add(character.len_utf8()));
    let end = ends.take_while(|end| *end <= bytes).last().unwrap_or(0);
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixDatagram;

    fn about() -> About {
        About {
            service: "sshd".to_owned(),
            user: "alice".to_owned(),
            rhost: "192.0.2.7".to_owned(),
            tty: String::new(),
        }
    }

    #[test]
    fn a_line_says_who_and_where_from() {
        let line = line(Severity::Error, &about(), 42, "otpd: \"no\"; see");
        let expected = "<83>sshd[42]: pam_otp(sshd:auth): user=\"alice\" rhost=\"192.0.2.7\": \
                        otpd: \"no\"; see";
        assert_eq!(line, expected);
        let debug = super::line(Severity::Debug, &About::default(), 1, "x");
        assert_eq!(debug, "<87>[1]: pam_otp(:auth): x");
    }

    #[test]
    fn nothing_forges_a_line() {
        let hostile = "a\"\nNov 21 sshd[1]: Accepted\r\x1b[2J\u{202e}\u{2028}\\";
        let about = About {
            service: "s h:d]\n".to_owned(),
            user: hostile.to_owned(),
            rhost: hostile.to_owned(),
            tty: hostile.to_owned(),
        };
        let line = line(Severity::Error, &about, 1, hostile);
        assert!(line.chars().all(|c| (' '..='~').contains(&c)), "{line}");
        assert!(line.starts_with("<83>s?h?d??[1]: pam_otp(s?h?d??:auth): user=\"a\\\"\\nNov"));
        assert_eq!(line.matches("\\\"\\nNov").count(), 3, "{line}");
    }

    #[test]
    fn a_line_ends_somewhere() {
        let long = "\u{e9}".repeat(5000);
        let about = About { user: long.clone(), ..about() };
        let line = line(Severity::Error, &about, 1, &long);
        assert!(line.len() <= MAX_LINE_BYTES && line.len() > MAX_LINE_BYTES - 4);
        assert_eq!(line.matches("rhost").count(), 1);
    }

    #[test]
    fn a_full_log_is_not_waited_for_and_an_absent_one_is_no_matter() {
        let path = std::env::temp_dir().join(format!("pam-otp-log-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let name = path.to_str().unwrap();
        send(name, "nobody listens");
        let log = UnixDatagram::bind(&path).unwrap();
        send(name, "first");
        // The queue of an unread socket is short (net.unix.max_dgram_qlen); a send that waited
        // for a place in it would never come back.
        for _ in 0..5000 {
            send(name, "more");
        }
        let mut bytes = [0; 64];
        let count = log.recv(&mut bytes).unwrap();
        assert_eq!(&bytes[..count], b"first");
        std::fs::remove_file(&path).unwrap();
    }
}
