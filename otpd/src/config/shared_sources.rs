//! `shared_sources`: networks behind whose addresses more than one person sits, such as a proxy or a
//! translating router. What comes from there is never remembered.

use std::net::IpAddr;

use serde::Deserialize;

use crate::rules::{Network, NetworkError};

/// Networks that many share.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub struct SharedSources(Vec<Network>);

impl SharedSources {
    /// Whether an address lies in one of them.
    pub fn contain(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }
}

impl TryFrom<Vec<String>> for SharedSources {
    type Error = NetworkError;

    fn try_from(written: Vec<String>) -> Result<Self, NetworkError> {
        written.iter().map(|text| text.parse()).collect::<Result<_, _>>().map(Self)
    }
}
