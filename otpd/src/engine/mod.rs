//! What the daemon does for a caller that may: finds out who the user is, and runs steps on the
//! store. It decides nothing about an account, and tells nothing that the store has not released.

mod steps;

use std::{sync::Arc, time::Instant};

use otp_core::{Code, DeviceSummary, Origin, Secret, Uid, UserName, Verified, otpauth_uri};
use zeroize::Zeroizing;

use crate::{
    config::Config,
    entropy::{self, NoEntropy},
    nss::{Nss, NssUnavailable, Person},
    store::{Persisted, SqliteStore, Store, StoreError},
};
use steps::{Confirm, Enroll, Look, Remove, Unlock, Verify};
pub use steps::{Overview, Standing};

/// A device that somebody asks for; the store's step makes it, perhaps more than once.
pub struct Wanted {
    /// What people will call it; none: the kind's name.
    pub label: Option<otp_core::Label>,
    /// What it is and where it starts.
    pub state: otp_core::device::KindState,
    /// Its secret; none: one is made.
    pub secret: Option<Secret>,
    /// What authenticators show above the name; none: as configured.
    pub issuer: Option<String>,
}

/// What enrolling gives, once.
pub struct Made {
    /// The new device.
    pub device: DeviceSummary,
    /// Its otpauth URI.
    pub uri: Zeroizing<String>,
    /// Its secret in base32.
    pub secret: Zeroizing<String>,
}

/// Why nobody could decide. Each is a denial.
#[derive(Debug, thiserror::Error)]
pub enum Unavailable {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The user database gave no answer.
    #[error(transparent)]
    Nss(#[from] NssUnavailable),
    /// The kernel gives no random bytes.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
}

/// The daemon's parts, together.
pub struct Engine {
    store: SqliteStore,
    nss: Nss,
    config: Arc<Config>,
}

impl Engine {
    /// An engine on an opened store.
    pub fn new(store: SqliteStore, config: Arc<Config>) -> Self {
        Self { store, nss: Nss::default(), config }
    }

    /// The store, to be closed at the end.
    pub fn into_store(self) -> SqliteStore {
        self.store
    }

    /// Whether the store can answer no more.
    pub fn is_dead(&self) -> bool {
        self.store.is_dead()
    }

    /// Finds out for a caller who a name is. A name that no account can have is nobody's.
    ///
    /// # Errors
    /// When the user database gives no answer.
    pub async fn person(
        &self,
        name: &str,
        caller: Uid,
        before: Instant,
    ) -> Result<Option<Person>, Unavailable> {
        match UserName::parse(name) {
            Ok(name) => Ok(self.nss.person(&name, caller, before).await?),
            Err(_) => Ok(None),
        }
    }

    /// How a user stands: what there is, or why the account is not theirs.
    pub async fn look(&self, person: Person, before: Instant) -> Result<Standing, Unavailable> {
        let query = Look::new(person, self.config.throttle);
        Ok(self.store.snapshot(query, before).await?)
    }

    /// Checks a code, and spends it.
    pub async fn verify(
        &self,
        person: Person,
        code: Code,
        origin: Origin,
        (service, from): (String, String),
        before: Instant,
    ) -> Result<Persisted<Verified>, Unavailable> {
        let step = Verify::new(person, code, origin, (service, from), self.config.throttle);
        Ok(self.store.transact(step, before).await?)
    }

    /// Adds an unconfirmed device.
    pub async fn enroll(
        &self,
        person: Person,
        wanted: Wanted,
        before: Instant,
    ) -> Result<Result<Made, otp_core::Refusal>, Unavailable> {
        let bytes = match wanted.secret {
            Some(given) => Zeroizing::new(given.expose().to_vec()),
            None => entropy::secret(wanted.state.algorithm().secret_bytes())?,
        };
        let issuer = wanted.issuer.unwrap_or_else(|| self.config.issuer.clone());
        let name = person.name.clone();
        let kept = bytes.clone();
        let random = entropy::array()?;
        let step = Enroll::new(person, wanted.label, wanted.state, bytes, random);
        let device = match self.store.transact(step, before).await?.into_result() {
            Ok(device) => device,
            Err(refusal) => return Ok(Err(refusal)),
        };
        // The store has taken these bytes for a secret, so they are one.
        let secret = Secret::from_bytes(kept.to_vec())
            .map_err(|error| StoreError::Failed(error.to_string()))?;
        let uri = otpauth_uri(&secret, &device.state, &issuer, &name);
        Ok(Ok(Made { device, uri, secret: secret.to_base32() }))
    }

    /// Confirms a device by a code of it.
    pub async fn confirm(
        &self,
        person: Person,
        device: String,
        code: Code,
        origin: Origin,
        before: Instant,
    ) -> Result<Persisted<Result<DeviceSummary, Verified>>, Unavailable> {
        let step = Confirm::new(person, device, code, origin, self.config.throttle);
        Ok(self.store.transact(step, before).await?)
    }

    /// Removes a device.
    pub async fn remove(
        &self,
        person: Person,
        device: String,
        before: Instant,
    ) -> Result<Persisted<DeviceSummary>, Unavailable> {
        Ok(self.store.transact(Remove::new(person, device), before).await?)
    }

    /// Clears failures and locks; how many lanes had any.
    pub async fn unlock(
        &self,
        person: Person,
        before: Instant,
    ) -> Result<Persisted<usize>, Unavailable> {
        Ok(self.store.transact(Unlock::new(person), before).await?)
    }
}
