//! Who a name is, by NSS. Directories can be slow or down; so look-ups run on a few threads of
//! their own, under a deadline, and no answer is "unavailable", never "no such user".

mod groups;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use nix::unistd::User;
use otp_core::{Uid, UserName};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinHandle,
};

use crate::{audit::Escaped, caller::ROOT};
pub use groups::Memberships;

/// How many look-ups run at once for root, and as many for all others: nobody can hold up root's
/// logins by asking for names of their own.
const AT_ONCE: usize = 8;

/// How many more may hang, for root and for all others. A look-up that takes longer than
/// [`PROMPT`] makes room: those whom `/etc/passwd` knows are not kept out while a directory hangs.
const HANGING: usize = 96;

/// How many of one uid other than 0 can be under way: as many as its calls can. A look-up that hangs
/// outlives its call, and nobody is to fill the room of all others.
const OF_ONE_UID: usize = 16;

/// How long a look-up takes at most where nothing hangs.
const PROMPT: Duration = Duration::from_millis(250);

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
    root: Places,
    others: Places,
    under_way: UnderWay,
}

/// Look-ups under way, by the uid that asked.
#[derive(Clone, Default)]
struct UnderWay(Arc<Mutex<BTreeMap<Uid, usize>>>);

/// One of them; for root there is none.
struct Counted(UnderWay, Uid);

/// Room for look-ups.
#[derive(Clone)]
struct Places {
    prompt: Arc<Semaphore>,
    hanging: Arc<Semaphore>,
}

impl Default for Nss {
    fn default() -> Self {
        let room = |places| Arc::new(Semaphore::new(places));
        let places = || Places { prompt: room(AT_ONCE), hanging: room(HANGING) };
        Self { root: places(), others: places(), under_way: UnderWay::default() }
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
        let name = name.clone();
        self.ask(caller, before, move || look_up(&name)).await
    }

    /// Whose uid it is; none where NSS knows nobody of it.
    ///
    /// # Errors
    /// When NSS fails, or does not answer before `before`.
    pub async fn holder(
        &self,
        uid: Uid,
        caller: Uid,
        before: Instant,
    ) -> Result<Option<Person>, NssUnavailable> {
        self.ask(caller, before, move || look_up_uid(uid)).await
    }

    /// In which of these groups a user is; a group of which that cannot be told is left out.
    ///
    /// # Errors
    /// When NSS fails, or does not answer before `before`.
    pub async fn memberships(
        &self,
        name: &UserName,
        groups: Vec<String>,
        caller: Uid,
        before: Instant,
    ) -> Result<Memberships, NssUnavailable> {
        let name = name.clone();
        self.ask(caller, before, move || groups::memberships(&name, groups)).await
    }

    async fn ask<T: Send + 'static>(
        &self,
        caller: Uid,
        before: Instant,
        look_up: impl FnOnce() -> Result<T, NssUnavailable> + Send + 'static,
    ) -> Result<T, NssUnavailable> {
        let late = |_| NssUnavailable("no answer in time".to_owned());
        let places = if caller == ROOT { self.root.clone() } else { self.others.clone() };
        let closed = |_| NssUnavailable("stopping".to_owned());
        let counted = self.under_way.count(caller)?;
        let place = places.prompt.clone().acquire_owned();
        let place = tokio::time::timeout_at(before.into(), place).await.map_err(late)?;
        let place = place.map_err(closed)?;
        // Goes on until the look-up ends, even if nobody waits for it any more.
        let looking = places.keep(place, tokio::task::spawn_blocking(look_up));
        let looked = tokio::spawn(async move {
            let _counted = counted;
            looking.await
        });
        let looked = tokio::time::timeout_at(before.into(), looked).await.map_err(late)?;
        looked.map_err(|error| NssUnavailable(error.to_string()))?
    }
}

type Looking<T> = JoinHandle<Result<T, NssUnavailable>>;

impl UnderWay {
    fn count(&self, caller: Uid) -> Result<Option<Counted>, NssUnavailable> {
        if caller == ROOT {
            return Ok(None);
        }
        let mut of = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = of.entry(caller).or_default();
        if *count >= OF_ONE_UID {
            return Err(NssUnavailable(format!("it owes uid {caller} {count} answers already")));
        }
        *count += 1;
        Ok(Some(Counted(self.clone(), caller)))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let Self(UnderWay(of), caller) = self;
        let mut of = of.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = of.get_mut(caller) {
            *count -= 1;
            if *count == 0 {
                of.remove(caller);
            }
        }
    }
}

impl Places {
    /// Keeps a look-up's place until it ends; one that hangs takes another, if there is one.
    async fn keep<T>(
        self,
        place: OwnedSemaphorePermit,
        mut looking: Looking<T>,
    ) -> Result<T, NssUnavailable> {
        let ended = match tokio::time::timeout(PROMPT, &mut looking).await {
            Ok(ended) => ended,
            Err(_) => {
                let hanging = self.hanging.try_acquire_owned();
                let _place = hanging.unwrap_or(place);
                looking.await
            }
        };
        ended.map_err(|error| NssUnavailable(error.to_string()))?
    }
}

fn look_up(name: &UserName) -> Result<Option<Person>, NssUnavailable> {
    person(User::from_name(name.as_str()), name.as_str())
}

fn look_up_uid(uid: Uid) -> Result<Option<Person>, NssUnavailable> {
    person(User::from_uid(uid.0.into()), &format!("uid {uid}"))
}

fn person(
    answer: nix::Result<Option<User>>,
    asked: &str,
) -> Result<Option<Person>, NssUnavailable> {
    match answer {
        Ok(None) => Ok(None),
        Ok(Some(user)) => {
            let canonical = UserName::parse(&user.name).map_err(|error| {
                NssUnavailable(format!("it calls {} something else: {error}", Escaped(asked)))
            })?;
            Ok(Some(Person { name: canonical, uid: Uid(user.uid.as_raw()) }))
        }
        Err(errno) => Err(NssUnavailable(errno.desc().to_owned())),
    }
}

#[cfg(test)]
mod tests;
