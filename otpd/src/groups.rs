//! Which groups a user is in, by NSS, for rules that ask. As with names, look-ups run on a few threads
//! under the deadline, and no answer is not "in none".

use std::{ffi::CString, sync::Arc, time::Instant};

use nix::unistd::{Gid, Group, User, getgrouplist};
use otp_core::{Uid, UserName};
use tokio::sync::Semaphore;

use crate::caller::ROOT;

/// How many look-ups run at once for root, and as many for all others.
const AT_ONCE: usize = 8;

/// The groups cannot be told; the text says why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the groups of the user cannot be told ({0}); check nsswitch.conf and its services")]
pub struct GroupsUnavailable(String);

/// Looks groups up.
#[derive(Clone)]
pub struct Groups {
    root: Arc<Semaphore>,
    others: Arc<Semaphore>,
}

impl Default for Groups {
    fn default() -> Self {
        let places = || Arc::new(Semaphore::new(AT_ONCE));
        Self { root: places(), others: places() }
    }
}

impl Groups {
    /// The names of the groups that a user is in, the primary one too, for a caller with this uid.
    ///
    /// # Errors
    /// When NSS fails, or does not answer before `before`.
    pub async fn of(
        &self,
        name: &UserName,
        caller: Uid,
        before: Instant,
    ) -> Result<Vec<String>, GroupsUnavailable> {
        let places = if caller == ROOT { self.root.clone() } else { self.others.clone() };
        let name = name.as_str().to_owned();
        let looked = async move {
            let closed = |_| GroupsUnavailable("stopping".to_owned());
            let place = places.acquire_owned().await.map_err(closed)?;
            let work = tokio::task::spawn_blocking(move || {
                // Kept until the look-up ends, even if nobody waits for it any more.
                let _place = place;
                look_up(&name)
            });
            work.await.map_err(|error| GroupsUnavailable(error.to_string()))?
        };
        let late = |_| GroupsUnavailable("no answer in time".to_owned());
        tokio::time::timeout_at(before.into(), looked).await.map_err(late)?
    }
}

fn look_up(name: &str) -> Result<Vec<String>, GroupsUnavailable> {
    let failed = |errno: nix::Error| GroupsUnavailable(errno.desc().to_owned());
    let user = User::from_name(name).map_err(failed)?;
    let user = user.ok_or_else(|| GroupsUnavailable("the user is gone".to_owned()))?;
    let nul = |_| GroupsUnavailable("the name holds a NUL".to_owned());
    let text = CString::new(name).map_err(nul)?;
    let gids: Vec<Gid> = getgrouplist(&text, user.gid).map_err(failed)?;
    let mut names = Vec::with_capacity(gids.len());
    for gid in gids {
        // A number without a name is no group that a rule could name.
        names.extend(Group::from_gid(gid).map_err(failed)?.map(|group| group.name));
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::monotonic;

    #[test]
    fn root_is_in_its_own_group_and_strangers_are_in_none() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let before = monotonic() + Duration::from_secs(10);
        let of = |name| {
            let name = UserName::parse(name).unwrap();
            runtime.block_on(Groups::default().of(&name, ROOT, before))
        };
        assert!(of("root").unwrap().contains(&"root".to_owned()));
        assert!(of("no such user here").is_err());
    }
}
