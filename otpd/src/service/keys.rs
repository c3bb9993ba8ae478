//! `org.otpd1.Keys`: for those who change the keys that seal secrets at rest. It is about no user,
//! so that the caller is an administrator or a stranger. No key crosses the bus, only its tag.

use otp_bus::{Error, KeyInfo, KeyRole, Resealing, names::MAX_RESEALED};
use zbus::{Connection, interface, message::Header};

use super::{Call, Services};
use crate::{
    audit::{Event, Severity},
    caller::Way,
    clock::monotonic,
    policy::Action,
    store::{KeyRole as Role, KeyUse, KeysError, StoreError},
    vault::ChangeError,
};

/// The object, on one way in.
pub(super) struct KeysService {
    services: Services,
    way: Way,
}

#[interface(name = "org.otpd1.Keys")]
impl KeysService {
    /// Lists the keys in the order of the keyring, then those that are missing.
    async fn list(
        &self,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Vec<KeyInfo>, Error> {
        let call = self.enter(connection, &header).await?;
        let keys = self.services.engine.keys(call.before).await;
        let keys = keys.map_err(|error| self.refused("listing the keys", &error.into()))?;
        Ok(keys.into_iter().map(shown).collect())
    }

    /// Makes a key, which seals from now on, and tells its tag.
    async fn add(
        &self,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<String, Error> {
        let call = self.enter(connection, &header).await?;
        let added = self.services.engine.add_key(call.before).await;
        let tag = added.map_err(|error| self.refused("adding a key", &error))?;
        self.changed(&call, &format!("added key {tag}, which seals from now on"));
        Ok(tag.to_string())
    }

    /// Seals up to `most` values with the sealing key that others have sealed.
    #[zbus(out_args("done", "left", "damaged", "named"))]
    async fn reseal(
        &self,
        most: u32,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(u32, u64, u32, Vec<String>), Error> {
        let call = self.enter(connection, &header).await?;
        let most = bounded(most)?;
        let done = self.services.engine.reseal(most, call.before).await;
        let (resealed, left) = done.map_err(|error| self.refused("resealing", &error.into()))?;
        if resealed.done > 0 {
            let damaged = resealed.damaged;
            let deed = format!("resealed {}; {left} left, {damaged} do not open", resealed.done);
            self.changed(&call, &deed);
        }
        let (done, damaged) = (resealed.done, resealed.damaged);
        Ok(Resealing { done, left, damaged, named: resealed.named }.into_args())
    }

    /// Takes a key out of the keyring that nothing needs.
    async fn retire(
        &self,
        tag: &str,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        let call = self.enter(connection, &header).await?;
        let retired = self.services.engine.retire_key(tag, call.before).await;
        let tag = retired.map_err(|error| self.refused("retiring a key", &error))?;
        self.changed(&call, &format!("retired key {tag}; backups made before need it"));
        Ok(())
    }
}

impl KeysService {
    /// The object for one way in.
    pub(super) fn new(services: Services, way: Way) -> Self {
        Self { services, way }
    }

    async fn enter(&self, connection: &Connection, header: &Header<'_>) -> Result<Call, Error> {
        let mut call = self.services.enter(self.way, connection, header).await?;
        self.services.administrator(&mut call, Action::Keys).await?;
        Ok(call)
    }

    fn changed(&self, call: &Call, deed: &str) {
        let text = format!("uid {} {deed}", call.uid);
        self.services.log.log(&Event::Daemon(Severity::Notice, &text));
    }

    /// What the caller is told; the log learns of what is the daemon's own trouble.
    fn refused(&self, deed: &str, error: &KeysError) -> Error {
        let text = error.to_string();
        match error {
            KeysError::Unknown => Error::UnknownKey(text),
            KeysError::Seals(_) | KeysError::Needed { .. } => Error::KeyNeeded(text),
            KeysError::Change(ChangeError::Fixed { .. } | ChangeError::Linked(_)) => {
                Error::KeyringFixed(text)
            }
            KeysError::Change(ChangeError::Full) => Error::LimitReached(text),
            KeysError::Store(StoreError::Late | StoreError::Full) => Error::Busy(text),
            KeysError::Change(ChangeError::Changed { .. } | ChangeError::Keyring(_))
            | KeysError::Store(
                StoreError::Failed(_) | StoreError::Corrupt(_) | StoreError::Closed,
            ) => {
                let line = format!("{deed} failed: {text}");
                self.services.log.log(&Event::Daemon(Severity::Error, &line));
                Error::Unavailable(text)
            }
        }
    }
}

/// Says which keys are missing that values need. The daemon runs all the same: the owners of those
/// are denied, each with a line, and nobody else is. That the store's own key is missing is an error
/// of the start.
pub async fn tell_missing(services: Services) {
    let before = monotonic() + super::CALL;
    // A store that does not answer says so where somebody wants in.
    for key in services.engine.keys(before).await.unwrap_or_default() {
        let KeyUse { tag, values, role } = key;
        let text = match role {
            Role::Seals | Role::Opens => continue,
            Role::Missing => format!(
                "the keyring lacks key {tag}, which {values} sealed values need: their owners are \
                 denied; put that key back and restart otpd"
            ),
            Role::Unreadable => format!(
                "{values} sealed values are damaged: their owners are denied; otpctl keys reseal \
                 names them"
            ),
        };
        services.log.log(&Event::Daemon(Severity::Error, &text));
    }
}

fn bounded(most: u32) -> Result<usize, Error> {
    let fits = (1..=MAX_RESEALED).contains(&most).then(|| usize::try_from(most).ok()).flatten();
    fits.ok_or_else(|| Error::InvalidArgument(format!("most must be 1 to {MAX_RESEALED}")))
}

fn shown(key: KeyUse) -> KeyInfo {
    let role = match key.role {
        Role::Seals => KeyRole::Seals,
        Role::Opens => KeyRole::Opens,
        Role::Missing => KeyRole::Missing,
        Role::Unreadable => KeyRole::Unreadable,
    };
    KeyInfo { tag: key.tag, values: key.values, role }
}
