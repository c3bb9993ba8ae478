//! `[[application]]`: the programs that may exchange people's codes for tokens, each by its uid. There
//! are none by default, and root is none either unless it is listed: it can ask whether a code is
//! right, and needs no tokens for that.

use otp_core::{Lifetimes, Scope, Seconds, Uid};
use serde::Deserialize;

use super::Length;

/// How long an access token lives at most.
const ACCESS_MOST: Seconds = Seconds(86_400);

/// One program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// The uid that it runs as.
    pub uid: Uid,
    /// For what its tokens can be; none: it is granted none.
    pub scope: Option<Scope>,
    /// How long they live.
    pub lifetimes: Lifetimes,
    /// Whose codes it may exchange.
    pub people: People,
    /// By which channels people can sign up by it; none: nobody can.
    pub channels: Vec<String>,
    /// How many messages it may have sent within a day.
    pub messages_a_day: u32,
}

/// Whose codes an application may exchange.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum People {
    /// Those who signed up by it, and nobody who has a login: it can neither guess at their codes
    /// nor lock them.
    #[default]
    Own,
    /// Users of the system too.
    All,
}

/// All of them, no uid twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<Said>")]
pub struct Applications(Vec<Application>);

/// A table as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    uid: u32,
    #[serde(default)]
    scopes: Vec<String>,
    access: Option<Length>,
    refresh: Option<Length>,
    #[serde(default)]
    people: People,
    #[serde(default)]
    channels: Vec<String>,
    messages_a_day: Option<u32>,
}

impl Applications {
    /// What is said of a uid.
    pub fn of(&self, uid: Uid) -> Option<&Application> {
        self.0.iter().find(|application| application.uid == uid)
    }
}

impl TryFrom<Vec<Said>> for Applications {
    type Error = String;

    fn try_from(said: Vec<Said>) -> Result<Self, String> {
        let mut all: Vec<Application> = Vec::new();
        for said in said {
            let next = Application::try_from(said)?;
            if all.iter().any(|other| other.uid == next.uid) {
                return Err(format!("[[application]] names uid {} twice; write one", next.uid));
            }
            all.push(next);
        }
        Ok(Self(all))
    }
}

impl TryFrom<Said> for Application {
    type Error = String;

    fn try_from(said: Said) -> Result<Self, String> {
        let Said { uid, scopes, access, refresh, people, channels, messages_a_day } = said;
        let messages_a_day = messages_a_day.unwrap_or(200);
        if !(1..=100_000).contains(&messages_a_day) {
            return Err("messages_a_day must be 1 to 100000".to_owned());
        }
        if let Some(several) = scopes.iter().find(|word| word.contains(' ')) {
            return Err(format!("scopes must be one word each, not {several:?}"));
        }
        let scope = match scopes.as_slice() {
            [] => None,
            words => Some(Scope::parse(&words.join(" ")).map_err(|error| error.to_string())?),
        };
        let access = access.map_or(Seconds(600), |length| length.0);
        let family = refresh.map_or(Seconds(30 * 86_400), |length| length.0);
        if access > ACCESS_MOST {
            return Err("access must be 24h at most".to_owned());
        }
        if family < access {
            return Err("refresh must not be shorter than access".to_owned());
        }
        let (uid, lifetimes) = (Uid(uid), Lifetimes { access, family });
        Ok(Self { uid, scope, lifetimes, people, channels, messages_a_day })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn nobody_is_one_by_default() {
        let config = Config::parse("", "host").unwrap();
        assert!([0, 33, 1000].iter().all(|uid| config.applications.of(Uid(*uid)).is_none()));
    }

    #[test]
    fn what_is_said_is_done() {
        let text = "[[application]]\nuid = 33\nscopes = ['shop', 'admin']\n[[application]]\nuid = 0
                    scopes = ['a']\naccess = '1h'\nrefresh = '2h'\npeople = 'all'";
        let applications = Config::parse(text, "host").unwrap().applications;
        let shop = applications.of(Uid(33)).unwrap();
        assert_eq!(shop.scope, Scope::parse("admin shop").ok());
        let (access, family) = (Seconds(600), Seconds(2_592_000));
        assert_eq!((shop.lifetimes, shop.people), (Lifetimes { access, family }, People::Own));
        assert_eq!((shop.channels.len(), shop.messages_a_day), (0, 200));
        let root = applications.of(Uid(0)).unwrap();
        let (access, family) = (Seconds(3600), Seconds(7200));
        assert_eq!((root.lifetimes, root.people), (Lifetimes { access, family }, People::All));
    }
}
