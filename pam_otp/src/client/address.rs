//! Where to connect: a Unix socket's name, as D-Bus writes it.
//!
//! It refuses every other transport (the code would leave the machine, or run a program), lists of
//! addresses, escapes and further keys.

use std::fmt;

use nix::errno::Errno;
use nix::sys::socket::UnixAddr;

/// The longest name that fits a `sockaddr_un` with its terminator, in bytes.
const MAX_NAME_BYTES: usize = 107;

/// The name of a Unix socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// A socket in the file system; absolute.
    Path(String),
    /// A name in Linux's abstract namespace.
    Abstract(String),
}

impl Address {
    /// Reads `unix:path=/…` or `unix:abstract=…`. Only the bytes that D-Bus lets stand for
    /// themselves are taken, so that no `;`, `,` or `%` can mean more than it says.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        const WRONG: &str = "an address that is not unix:path=/… or unix:abstract=…";
        let plain = |name: &str| {
            let fits = !name.is_empty() && name.len() <= MAX_NAME_BYTES;
            fits && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_/.\\*".contains(&b))
        };
        if let Some(path) = text.strip_prefix("unix:path=") {
            if plain(path) && path.starts_with('/') {
                return Ok(Self::Path(path.to_owned()));
            }
        } else if let Some(name) = text.strip_prefix("unix:abstract=")
            && plain(name)
        {
            return Ok(Self::Abstract(name.to_owned()));
        }
        Err(WRONG)
    }

    /// The address as the kernel takes it.
    pub(super) fn socket(&self) -> Result<UnixAddr, Errno> {
        match self {
            Self::Path(path) => UnixAddr::new(path.as_str()),
            Self::Abstract(name) => UnixAddr::new_abstract(name.as_bytes()),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => f.write_str(path),
            Self::Abstract(name) => write!(f, "@{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        let path = Address::parse("unix:path=/run/dbus/system_bus_socket").unwrap();
        assert_eq!(path, Address::Path("/run/dbus/system_bus_socket".to_owned()));
        assert_eq!(path.to_string(), "/run/dbus/system_bus_socket");
        let name = Address::parse("unix:abstract=/tmp/a-b_c").unwrap();
        assert_eq!(name.to_string(), "@/tmp/a-b_c");
        assert!(path.socket().is_ok() && name.socket().is_ok());
    }

    #[test]
    fn the_contracts_own_bus_address_is_one() {
        assert!(Address::parse(otp_bus::names::SYSTEM_BUS_ADDRESS).is_ok());
    }

    #[test]
    fn anything_else_is_refused() {
        let wrong = [
            "",
            "/run/bus",
            "unix:",
            "unix:path=",
            "unix:path=relative",
            "unix:abstract=",
            "unix:dir=/tmp",
            "unix:path=/a;unix:path=/b",
            "unix:path=/a,guid=00",
            "unix:path=/a%2fb",
            "unix:path=/a b",
            "unix:path=/a\u{e9}",
            "tcp:host=127.0.0.1,port=1",
            "unixexec:path=/bin/sh",
            "autolaunch:",
            "UNIX:path=/a",
        ];
        for text in wrong {
            assert!(Address::parse(text).is_err(), "{text}");
        }
        let fits = format!("unix:path=/{}", "x".repeat(MAX_NAME_BYTES - 1));
        assert!(Address::parse(&fits).unwrap().socket().is_ok());
        assert!(Address::parse(&format!("{fits}x")).is_err());
    }
}
