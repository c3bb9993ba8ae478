//! Who a name is, by NSS. Directories can be slow or down; so look-ups run on a few threads of
//! their own, under a deadline, and no answer is "unavailable", never "no such user".

use std::{sync::Arc, time::Instant};

use nix::unistd::User;
use otp_core::{Uid, UserName};
use tokio::sync::Semaphore;

use crate::{audit::Escaped, caller::ROOT};

/// How many look-ups run at once for root, and as many for all others. A directory that hangs holds
/// up these and no more, and nobody can hold up root's logins by asking for names of their own.
const AT_ONCE: usize = 8;

/// A user of this system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The canonical name (`pw_name`).
    pub name: UserName,
    /// The numeric id.
    pub uid: Uid,
}

/// NSS gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the user database gives no answer ({0}); check nsswitch.conf and its services")]
pub struct NssUnavailable(String);

/// Looks names up.
#[derive(Clone)]
pub struct Nss {
    root: Arc<Semaphore>,
    others: Arc<Semaphore>,
}

impl Default for Nss {
    fn default() -> Self {
        let places = || Arc::new(Semaphore::new(AT_ONCE));
        Self { root: places(), others: places() }
    }
}

impl Nss {
    /// The user of a name, for a caller with this uid; none where NSS knows none.
    ///
    /// # Errors
    /// When NSS fails, or does not answer before `before`.
    pub async fn person(
        &self,
        name: &UserName,
        caller: Uid,
        before: Instant,
    ) -> Result<Option<Person>, NssUnavailable> {
        let late = |_| NssUnavailable("no answer in time".to_owned());
        let places = if caller == ROOT { self.root.clone() } else { self.others.clone() };
        let name = name.clone();
        let looked = async move {
            let closed = |_| NssUnavailable("stopping".to_owned());
            let place = places.acquire_owned().await.map_err(closed)?;
            let work = tokio::task::spawn_blocking(move || {
                // Kept until the look-up ends, even if nobody waits for it any more.
                let _place = place;
                look_up(&name)
            });
            work.await.map_err(|error| NssUnavailable(error.to_string()))?
        };
        tokio::time::timeout_at(before.into(), looked).await.map_err(late)?
    }
}

fn look_up(name: &UserName) -> Result<Option<Person>, NssUnavailable> {
    match User::from_name(name.as_str()) {
        Ok(None) => Ok(None),
        Ok(Some(user)) => {
            let canonical = UserName::parse(&user.name).map_err(|error| {
                let name = Escaped(name.as_str());
                NssUnavailable(format!("it calls {name} something else: {error}"))
            })?;
            Ok(Some(Person { name: canonical, uid: Uid(user.uid.as_raw()) }))
        }
        Err(errno) => Err(NssUnavailable(errno.desc().to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::monotonic;

    fn person(name: &str) -> Result<Option<Person>, NssUnavailable> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let before = monotonic() + Duration::from_secs(10);
        runtime.block_on(Nss::default().person(&UserName::parse(name).unwrap(), ROOT, before))
    }

    #[test]
    fn root_is_uid_0_and_strangers_are_none() {
        assert_eq!(person("root").unwrap().map(|person| person.uid), Some(Uid(0)));
        assert_eq!(person("no such user here"), Ok(None));
        assert_eq!(person("0"), Ok(None), "digits are a name, not an id");
    }

    #[test]
    fn others_cannot_hold_up_root() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let nss = Nss::default();
            let name = UserName::parse("root").unwrap();
            let hanging = nss.others.acquire_many(u32::try_from(AT_ONCE).unwrap()).await.unwrap();
            let soon = monotonic() + Duration::from_millis(10);
            assert!(nss.person(&name, Uid(1000), soon).await.is_err(), "nobody was held up");
            let later = monotonic() + Duration::from_secs(10);
            assert!(nss.person(&name, ROOT, later).await.is_ok());
            drop(hanging);
            assert!(nss.person(&name, Uid(1000), later).await.is_ok());
        });
    }
}
