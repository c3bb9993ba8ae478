//! A pass as it is kept.

use std::fmt;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use super::{Data, Generator, PassPlace, Purpose, Reason, Related, Restrictions, term};
use crate::{CodeHash, Uid, UnixTime, UserName};

/// A persistent id such as `pass/7f3a9c0112345678`: 64 random bits, of no use to who would log in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PassId(String);

/// A text that is no id of a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the id of a pass, which reads like pass/7f3a9c0112345678")]
pub struct PassIdError;

impl PassId {
    /// Makes an id from random bytes.
    pub fn new(random: [u8; 8]) -> Self {
        Self(format!("pass/{}", HEXLOWER.encode(&random)))
    }

    /// Reads an id.
    ///
    /// # Errors
    /// When it is not `pass/` and sixteen lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, PassIdError> {
        let hex = text.strip_prefix("pass/").ok_or(PassIdError)?;
        let fits = hex.len() == 16 && HEXLOWER.decode(hex.as_bytes()).is_ok();
        fits.then(|| Self(text.to_owned())).ok_or(PassIdError)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PassId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pass {
    /// What it is called.
    pub id: PassId,
    /// Whose it is; none: nobody's, and of no use at a PAM prompt.
    pub owner: Option<UserName>,
    /// The keyed hash of purpose and key.
    pub digest: CodeHash,
    /// Data of its maker.
    pub data: Option<Data>,
    /// All else.
    pub state: PassState,
}

/// What is stored of a pass as one text: nothing secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PassState {
    /// What it is for.
    pub purpose: Purpose,
    /// The uid that made it.
    pub maker: u32,
    /// Who made it and where: `maker@host`.
    pub origin: String,
    /// Why, in the maker's words.
    pub reason: Option<Reason>,
    /// When.
    pub created: UnixTime,
    /// From when on it counts no more.
    pub expires: UnixTime,
    /// How its key was made.
    pub generator: Generator,
    /// Where it counts.
    pub restrictions: Restrictions,
    /// What it has to do with.
    pub related: Related,
    /// When and how it ended before its time.
    pub ended: Option<(UnixTime, Ending)>,
}

/// How a pass ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// Somebody showed its key.
    Used,
    /// Somebody called it back.
    Deactivated,
}

/// How a pass stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its key counts.
    Live,
    /// Its time is over.
    Expired,
    /// It ended before.
    Ended(Ending),
}

impl Pass {
    /// How it stands at `now`.
    pub fn standing(&self, now: UnixTime) -> Standing {
        let PassState { created, expires, ended, .. } = &self.state;
        match ended {
            Some((_, how)) => Standing::Ended(*how),
            None if term::is_within(*created, *expires, now) => Standing::Live,
            None => Standing::Expired,
        }
    }

    /// Whether its key counts at `now`.
    pub fn is_live(&self, now: UnixTime) -> bool {
        self.standing(now) == Standing::Live
    }

    /// Whether its key counts now and there.
    pub(super) fn counts(&self, place: &PassPlace<'_>, now: UnixTime) -> bool {
        self.is_live(now) && self.state.restrictions.fit(place)
    }

    /// Who made it.
    pub fn maker(&self) -> Uid {
        Uid(self.state.maker)
    }

    /// The same, ended.
    pub(super) fn ended(&self, how: Ending, now: UnixTime) -> Self {
        let state = PassState { ended: Some((now, how)), ..self.state.clone() };
        Self { state, ..self.clone() }
    }

    /// From when on it is kept for looking at alone.
    pub fn over(&self) -> UnixTime {
        self.state.ended.map_or(self.state.expires, |(at, _)| at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_again() {
        let id = PassId::new([0x7f, 0x3a, 0, 1, 2, 3, 4, 0xff]);
        assert_eq!(
            (id.as_str(), PassId::parse(id.as_str())),
            ("pass/7f3a0001020304ff", Ok(id.clone()))
        );
        for text in ["", "pass/", "pass/7f3a", "totp/7f3a0001020304ff", "pass/7F3A0001020304FF"] {
            assert_eq!(PassId::parse(text), Err(PassIdError), "{text:?}");
        }
    }

    /// A sample of the stored format. It is never edited: what was stored must stay readable.
    #[test]
    fn stored_samples_stay_readable() {
        let json = r#"{"purpose":"login","maker":0,"origin":"root@host","reason":"lost phone","created":1700000000,"expires":1700000600,"generator":"alnum:20","restrictions":["service:sshd","from:192.0.2.0/24","x-a"],"related":["a","b"],"ended":[1700000001,"used"]}"#;
        let state: PassState = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&state).unwrap(), json);
        assert!(serde_json::from_str::<PassState>(&json.replace("\"maker\"", "\"mkr\"")).is_err());
        assert!(serde_json::from_str::<PassState>(&json.replace("x-a", "y-a")).is_err());
    }
}
