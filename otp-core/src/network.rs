//! Networks: an address and how many of its leading bits count. It refuses names, which anybody who
//! runs a resolver can choose, and bits set behind the prefix, which are always a mistake.

use std::{fmt, net::IpAddr, str::FromStr};

/// A numeric network such as `192.0.2.0/24` or `2001:db8::/32`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// Why a text is no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// Neither an address nor an address and a number of bits.
    #[error("{0:?} is no numeric network; write 192.0.2.0/24 or 2001:db8::/32")]
    NotNumeric(String),
    /// More bits than the address has.
    #[error("{0:?} has more bits than an address; write at most /32 (IPv4) or /128 (IPv6)")]
    TooLong(String),
    /// Bits behind the prefix.
    #[error("{text:?} has bits behind its prefix; write {meant}")]
    HostBits {
        /// What was written.
        text: String,
        /// The network that the address lies in.
        meant: Network,
    },
}

impl Network {
    /// Whether an address lies in it. An IPv4 address in IPv6 clothes is one of IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        masked(address.to_canonical(), self.prefix) == self.address
    }

    /// Whether every address of the other lies in it.
    pub fn covers(&self, other: &Self) -> bool {
        self.prefix <= other.prefix && self.contains(other.address)
    }
}

/// How many bits an address has.
fn width(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

fn masked(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(u32::from(32 - prefix.min(32))).unwrap_or(0);
            IpAddr::V4((address.to_bits() & mask).into())
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(u32::from(128 - prefix.min(128))).unwrap_or(0);
            IpAddr::V6((address.to_bits() & mask).into())
        }
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let no = || NetworkError::NotNumeric(text.to_owned());
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let written: IpAddr = address.parse().map_err(|_| no())?;
        let digits = |prefix: &str| prefix.bytes().all(|byte| byte.is_ascii_digit());
        let prefix: Option<u8> = match prefix {
            Some(prefix) if digits(prefix) => Some(prefix.parse().map_err(|_| no())?),
            Some(_) => return Err(no()),
            None => None,
        };
        // ::ffff:192.0.2.0/120 is 192.0.2.0/24.
        let address = written.to_canonical();
        let (width, written_width) = (width(address), width(written));
        let mapped = written_width - width;
        let prefix = match prefix {
            None => width,
            Some(prefix) if (mapped..=written_width).contains(&prefix) => prefix - mapped,
            Some(_) => return Err(NetworkError::TooLong(text.to_owned())),
        };
        let meant = Self { address: masked(address, prefix), prefix };
        if meant.address == address {
            Ok(meant)
        } else {
            Err(NetworkError::HostBits { text: text.to_owned(), meant })
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        text.parse().unwrap()
    }

    #[test]
    fn what_lies_in_it() {
        for (text, address, inside) in [
            ("192.0.2.0/24", "192.0.2.255", true),
            ("192.0.2.0/24", "192.0.3.0", false),
            ("192.0.2.0/24", "::ffff:192.0.2.7", true),
            ("::ffff:192.0.2.0/120", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.6", false),
            ("0.0.0.0/0", "255.255.255.255", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "192.0.2.7", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::1", "::1", true),
        ] {
            let address = address.parse().unwrap();
            assert_eq!(network(text).contains(address), inside, "{address} in {text}");
        }
    }

    #[test]
    fn what_it_covers() {
        for (wide, narrow, covers) in [
            ("192.0.2.0/24", "192.0.2.128/25", true),
            ("192.0.2.128/25", "192.0.2.0/24", false),
            ("192.0.2.0/24", "192.0.2.0/24", true),
            ("0.0.0.0/0", "::/0", false),
        ] {
            assert_eq!(network(wide).covers(&network(narrow)), covers, "{wide} {narrow}");
        }
    }

    #[test]
    fn what_is_none() {
        for text in [
            "",
            "/24",
            "192.0.2.0/",
            "192.0.2.0/-1",
            "192.0.2.0/+8",
            "192.0.2/24",
            "host.example",
            "fe80::1%eth0",
            "192.0.2.0/24/8",
        ] {
            let error = Network::from_str(text).unwrap_err();
            assert_eq!(error, NetworkError::NotNumeric(text.to_owned()), "{text}");
        }
        for text in ["192.0.2.0/33", "::/129", "::ffff:192.0.2.0/95"] {
            let error = Network::from_str(text).unwrap_err();
            assert_eq!(error, NetworkError::TooLong(text.to_owned()), "{text}");
        }
        let error = Network::from_str("192.0.2.7/24").unwrap_err().to_string();
        assert!(error.contains("write 192.0.2.0/24"), "{error}");
        assert!(Network::from_str("192.0.2.0/256").is_err());
    }
}
