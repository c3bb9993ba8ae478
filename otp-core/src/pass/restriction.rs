//! Where a pass counts: `service:NAME` and `from:NETWORK` are kept to by the daemon, `x-...` is for
//! whoever reads the pass. A restriction that nobody would keep to is refused, as one that is spelled
//! wrongly would restrict nothing.

use serde::{Deserialize, Serialize};

use super::text::{TextError, plain};
use crate::{Network, NetworkError, Origin};

/// The restrictions of a pass. None of a kind: anywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Restrictions {
    services: Vec<String>,
    from: Vec<Network>,
    advisory: Vec<String>,
}

/// What is no restriction.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestrictionError {
    /// Of no kind that there is.
    #[error("{0:?} restricts nothing: write service:NAME, from:NETWORK, or x-... for yourself")]
    Unknown(String),
    /// No network.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// Empty, too long, too many.
    #[error(transparent)]
    Text(#[from] TextError),
}

/// Where somebody shows a key.
#[derive(Clone, Copy, Debug)]
pub struct PassPlace<'a> {
    /// The PAM service, or what a program that root runs calls itself; `self` for anybody else.
    pub service: &'a str,
    /// From where, as far as the caller is believed.
    pub origin: &'a Origin,
}

impl Restrictions {
    /// The most of each kind.
    const MOST: usize = 16;

    /// Whether a pass counts there. A place of which it cannot be told is none.
    pub fn fit(&self, place: &PassPlace<'_>) -> bool {
        let service =
            self.services.is_empty() || self.services.iter().any(|own| own == place.service);
        let from = self.from.is_empty()
            || match place.origin {
                Origin::Address(address) => self.from.iter().any(|net| net.contains(*address)),
                Origin::Own | Origin::Local | Origin::Named | Origin::Application => false,
            };
        service && from
    }

    fn add(&mut self, text: &str) -> Result<(), RestrictionError> {
        let text = plain("a restriction", text)?;
        if let Some(service) = text.strip_prefix("service:") {
            self.services.push(plain("a service", service)?);
        } else if let Some(network) = text.strip_prefix("from:") {
            self.from.push(network.parse()?);
        } else if text.strip_prefix("x-").is_some_and(|rest| !rest.is_empty()) {
            self.advisory.push(text);
        } else {
            return Err(RestrictionError::Unknown(text));
        }
        Ok(())
    }
}

impl TryFrom<Vec<String>> for Restrictions {
    type Error = RestrictionError;

    fn try_from(texts: Vec<String>) -> Result<Self, RestrictionError> {
        let mut all = Self::default();
        texts.iter().try_for_each(|text| all.add(text))?;
        let counts = [all.services.len(), all.from.len(), all.advisory.len()];
        if counts.into_iter().any(|count| count > Self::MOST) {
            return Err(TextError::TooMany("restrictions of a kind").into());
        }
        Ok(all)
    }
}

impl From<Restrictions> for Vec<String> {
    fn from(all: Restrictions) -> Self {
        let services = all.services.iter().map(|service| format!("service:{service}"));
        let from = all.from.iter().map(|network| format!("from:{network}"));
        services.chain(from).chain(all.advisory.iter().cloned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(texts: &[&str]) -> Result<Restrictions, RestrictionError> {
        texts.iter().map(ToString::to_string).collect::<Vec<_>>().try_into()
    }

    #[test]
    fn a_pass_counts_where_all_kinds_fit() {
        let office = Origin::of_host("192.0.2.7");
        let sshd = |origin| PassPlace { service: "sshd", origin };
        for (texts, fits) in [
            (&[][..], true),
            (&["service:sshd"], true),
            (&["service:sudo", "service:sshd"], true),
            (&["service:sudo"], false),
            (&["from:192.0.2.0/24"], true),
            (&["from:198.51.100.0/24", "from:192.0.2.7"], true),
            (&["from:198.51.100.0/24"], false),
            (&["service:sshd", "from:198.51.100.0/24"], false),
            (&["x-door:left"], true),
        ] {
            assert_eq!(of(texts).unwrap().fit(&sshd(&office)), fits, "{texts:?}");
        }
        for origin in &[Origin::Local, Origin::Own, Origin::Named] {
            let place = PassPlace { service: "sshd", origin };
            assert!(!of(&["from:0.0.0.0/0"]).unwrap().fit(&place), "{origin:?}");
        }
    }

    #[test]
    fn what_nobody_keeps_to_is_refused() {
        for text in ["", "sshd", "Service:sshd", "service", "x-", "host:a", "uid:0", "not:x"] {
            assert!(of(&[text]).is_err(), "{text:?}");
        }
        for text in ["service:", "service:a\nb", "from:", "from:localhost", "from:192.0.2.7/24"] {
            assert!(of(&[text]).is_err(), "{text:?}");
        }
        assert!(of(&["x-a"; 16]).is_ok() && of(&["x-a"; 17]).is_err());
    }

    #[test]
    fn texts_round_trip() {
        let all = of(&["x-a:b", "from:::1", "service:sshd"]).unwrap();
        let texts = Vec::from(all.clone());
        assert_eq!(texts, ["service:sshd", "from:::1/128", "x-a:b"]);
        assert_eq!(Restrictions::try_from(texts).unwrap(), all);
    }
}
