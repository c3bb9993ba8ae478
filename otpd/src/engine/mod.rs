//! What the daemon does for a caller that may: finds out who the user is, and runs steps on the
//! store. It decides nothing about an account, and tells nothing that the store has not released. One short
//! method for each thing that can be asked; those about whole accounts and keys have files of their own.

mod accounts;
mod candidates;
mod contacts;
mod enrol;
mod exemption;
mod foresee;
mod keys;
mod log;
mod messages;
mod passes;
mod remembered;
mod steps;
mod token_text;
mod tokens;

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Instant,
};

use otp_core::{
    Attempt, Changed, Code, CodeHash, DeviceSummary, Entry, InvitationToken, Label, LastDevice,
    NewCodes, Offer, Origin, PassKey, RecoveryCode, Refusal, Remembering, Seconds, Secret,
    ThrottlePolicy, TwoCodes, Uid, UnixTime, UserName, Verified, attempt, confirm,
    device::KindState, forget_failures, invite, otpauth_uri, remember, remove, rename,
    renew_recovery, resync,
};
use zeroize::Zeroizing;

use crate::{
    config::{Config, SelfService, Switch},
    deliver::Deliver,
    entropy::{self, NoEntropy},
    nss::{Memberships, Nss, NssUnavailable, Person},
    store::{Logged, Persisted, SqliteStore, Store, StoreError},
};
pub use accounts::Listed;
use candidates::Candidates;
pub use candidates::{Left, Place, Ticket};
pub use contacts::{Reached, Route};
pub use enrol::{Shot, Shown};
pub use foresee::Foreseen;
use log::{Log, LogOfAll};
pub use messages::{Ask, Outgoing, To, WantedAddress};
pub use passes::{Meant, ShownAt, WantedPass};
pub use steps::{Asked, Elsewhere, LaneOverview, Overview, Right, Standing};
use steps::{Enroll, EnrollFor, Look, OnAccount, OnPerson};
pub use token_text::Pair;
pub use tokens::{Exchanged, Inspected, Issued, Renewed, WantedTokens, Whom};

/// A device that somebody asks for; the store's step makes it, perhaps more than once.
pub struct Wanted {
    /// What people will call it; none: the kind's name.
    pub label: Option<Label>,
    /// The device whose place it takes once it is confirmed.
    pub replaces: Option<String>,
    /// What it is and where it starts.
    pub state: KindState,
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
    /// Its secret.
    pub secret: Secret,
    /// Whether another account has the same secret.
    pub elsewhere: Elsewhere,
}

/// Recovery codes that somebody asks for.
pub struct WantedCodes {
    /// The set that they take the place of.
    pub device: Option<String>,
    /// What people will call a new set.
    pub label: Option<Label>,
    /// How many.
    pub count: usize,
}

/// One attempt to be let in.
pub struct Login {
    /// What was typed.
    pub entry: Entry,
    /// The same as the key of a pass, where one may let in and this can be one.
    pub key: Option<PassKey>,
    /// The one device that is asked; none: every one.
    pub device: Option<String>,
    /// The kinds of devices that may be asked; none: all.
    pub kinds: Option<Vec<String>>,
    /// Where it comes from.
    pub origin: Origin,
    /// The PAM service, for the account's log.
    pub service: String,
    /// The remote host, for the account's log.
    pub from: String,
    /// What is to be remembered of it, if it is accepted.
    pub remember: Option<Remembering>,
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
    config: RwLock<Arc<Config>>,
    deliver: Deliver,
    candidates: Candidates,
}

impl Engine {
    /// An engine on an opened store.
    pub fn new(store: SqliteStore, config: Arc<Config>) -> Self {
        let (nss, deliver, candidates) =
            (Nss::default(), Deliver::default(), Candidates::default());
        Self { store, nss, config: RwLock::new(config), deliver, candidates }
    }

    /// What the administrator decided, as it is in force at this moment. A call that needs more than
    /// one thing of it asks once.
    pub fn config(&self) -> Arc<Config> {
        self.config.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts another configuration in force. Calls under way go on with the one that they began with.
    pub fn put_in_force(&self, config: Config) {
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
    }

    /// The store, to be closed at the end.
    pub fn into_store(self) -> SqliteStore {
        self.store
    }

    /// How failures slow an attacker down, as configured.
    pub fn throttle(&self) -> ThrottlePolicy {
        self.config().throttle
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

    /// What is left to users.
    pub fn self_service(&self) -> SelfService {
        self.config().self_service
    }

    /// In which of these groups a user is, for a caller.
    ///
    /// # Errors
    /// When the user database gives no answer.
    pub async fn memberships(
        &self,
        person: &Person,
        groups: Vec<String>,
        caller: Uid,
        before: Instant,
    ) -> Result<Memberships, Unavailable> {
        Ok(self.nss.memberships(&person.name, groups, caller, before).await?)
    }

    /// How a user stands: what there is, or why the account is not theirs.
    pub async fn look(&self, person: Person, before: Instant) -> Result<Standing, Unavailable> {
        let query = Look::new(person, self.throttle());
        Ok(self.store.snapshot(query, before).await?)
    }

    /// The last events of an account, or why it is not theirs.
    pub async fn log(
        &self,
        person: Person,
        most: u32,
        before: Instant,
    ) -> Result<Result<Vec<Logged>, Refusal>, Unavailable> {
        Ok(self.store.snapshot(Log::new(person, most), before).await?)
    }

    /// The last events of all accounts.
    pub async fn log_of_all(&self, most: u32, before: Instant) -> Result<Vec<Logged>, Unavailable> {
        Ok(self.store.snapshot(LogOfAll::new(most), before).await?)
    }

    /// What devices are shown of what was typed.
    ///
    /// # Errors
    /// When no hash can be made.
    pub fn offer(&self, entry: Entry) -> Result<Offer, Unavailable> {
        match entry {
            Entry::Code(code) => Ok(Offer::Code(code)),
            Entry::Recovery(code) => self.hashed(&code).map(Offer::Recovery),
            Entry::Key => Ok(Offer::Key),
        }
    }

    fn hashed(&self, code: &RecoveryCode) -> Result<CodeHash, Unavailable> {
        let hash = self.store.pepper().recovery_code(code.expose());
        let failed = || StoreError::Failed("no hash could be made".to_owned());
        hash.map(CodeHash::new).ok_or_else(|| failed().into())
    }

    /// Checks a code, and spends it.
    pub async fn verify(
        &self,
        person: Person,
        by: Uid,
        login: Login,
        before: Instant,
    ) -> Result<Persisted<Verified>, Unavailable> {
        let mut login = login;
        if let Some(key) = login.key.take() {
            return self.verify_with_pass(person, by, (login, key), before).await;
        }
        let Login { entry, key: _, device, kinds, origin, service, from, remember: wanted } = login;
        let (offer, policy) = (self.offer(entry)?, self.throttle());
        let step = OnAccount::new(person, by, Refusal::NotEnrolled, move |account, now| {
            let (device, kinds, service) = (device.as_deref(), kinds.as_deref(), service.as_str());
            let (offer, origin, from) = (&offer, &origin, from.as_str());
            let typed = Attempt { offer, device, kinds, origin, service, from };
            let decision = attempt(account, &typed, &policy, now);
            match &wanted {
                Some(wanted) => remember(decision, account, wanted, now),
                None => decision,
            }
        });
        Ok(self.store.transact(step, before).await?)
    }

    /// Adds an unconfirmed device.
    pub async fn enroll(
        &self,
        person: Person,
        asked: Asked,
        wanted: Wanted,
        before: Instant,
    ) -> Result<Result<Changed<Made>, Refusal>, Unavailable> {
        let Wanted { label, replaces, state, secret, issuer } = wanted;
        let secret = match secret {
            Some(given) => given,
            None => made_secret(&state)?,
        };
        let issuer = issuer.unwrap_or_else(|| self.config().issuer.clone());
        let name = person.name.clone();
        let bytes = Zeroizing::new(secret.expose().to_vec());
        let fingerprint = self.fingerprint(&bytes)?;
        let (random, policy) = (entropy::array()?, self.throttle());
        let make = move || state.clone().with_sealed(Some(bytes.clone()));
        let make = Box::new(make);
        let new = Enroll { label, replaces, make, fingerprint, random, asked, policy };
        let done = self.store.transact(EnrollFor::new(person, new), before).await?;
        Ok(done.into_result().map(|changed| {
            changed.map(|(device, elsewhere)| {
                let uri = otpauth_uri(&secret, &device.state, &issuer, &name).unwrap_or_default();
                Made { device, uri, secret, elsewhere }
            })
        }))
    }

    /// Confirms a device by a code of it.
    pub async fn confirm(
        &self,
        person: Person,
        asked: Asked,
        device: String,
        (entry, origin): (Entry, Origin),
        before: Instant,
    ) -> Result<Persisted<Changed<DeviceSummary>>, Unavailable> {
        let (offer, policy) = (self.offer(entry)?, self.throttle());
        let step = OnAccount::new(person, asked.by, Refusal::UnknownDevice, move |account, now| {
            confirm(account, &device, &offer, &origin, &asked.asking(&policy, now))
        });
        Ok(self.store.transact(step, before).await?)
    }

    /// Gives a device another label.
    pub async fn rename(
        &self,
        person: Person,
        asked: Asked,
        (device, label): (String, Label),
        before: Instant,
    ) -> Result<Persisted<Changed<DeviceSummary>>, Unavailable> {
        let policy = self.throttle();
        let step = OnAccount::new(person, asked.by, Refusal::UnknownDevice, move |account, now| {
            rename(account, &device, &label, &asked.asking(&policy, now))
        });
        Ok(self.store.transact(step, before).await?)
    }

    /// Removes a device.
    pub async fn remove(
        &self,
        person: Person,
        asked: Asked,
        device: String,
        before: Instant,
    ) -> Result<Persisted<Changed<DeviceSummary>>, Unavailable> {
        let policy = self.throttle();
        let last = match (&asked.right, self.self_service().remove_last_device) {
            (Right::Standing, _) | (_, Switch::On) => LastDevice::Goes,
            (Right::Code(_) | Right::Invitation(_) | Right::Session(_), Switch::Off) => {
                LastDevice::Stays
            }
        };
        let step = OnAccount::new(person, asked.by, Refusal::UnknownDevice, move |account, now| {
            remove(account, &device, last, &asked.asking(&policy, now))
        });
        Ok(self.store.transact(step, before).await?)
    }

    /// Makes recovery codes; the set, and the codes, which nobody can tell again.
    pub async fn renew_recovery(
        &self,
        person: Person,
        asked: Asked,
        wanted: WantedCodes,
        before: Instant,
    ) -> Result<Result<Changed<(DeviceSummary, Vec<RecoveryCode>)>, Refusal>, Unavailable> {
        let WantedCodes { device, label, count } = wanted;
        let codes = recovery_codes(count)?;
        let hashes: Vec<CodeHash> =
            codes.iter().map(|code| self.hashed(code)).collect::<Result<_, _>>()?;
        let (random, policy) = (entropy::array()?, self.throttle());
        let step = OnPerson::new(person, asked.by, move |account, person: &Person, now| {
            let (device, label, codes) = (device.clone(), label.clone(), hashes.clone());
            let new = NewCodes { device, label, codes, random };
            renew_recovery(account, &person.name, person.uid, new, &asked.asking(&policy, now))
        });
        let done = self.store.transact(step, before).await?;
        Ok(done.into_result().map(|changed| changed.map(|set| (set, codes))))
    }

    /// Moves a device to where two consecutive codes show that it is.
    pub async fn resync(
        &self,
        person: Person,
        asked: Asked,
        device: String,
        (first, second, origin): (Code, Code, Origin),
        before: Instant,
    ) -> Result<Persisted<Changed<DeviceSummary>>, Unavailable> {
        let policy = self.throttle();
        let step = OnAccount::new(person, asked.by, Refusal::UnknownDevice, move |account, now| {
            let codes = TwoCodes { first: &first, second: &second };
            resync(account, &device, codes, &origin, &asked.asking(&policy, now))
        });
        Ok(self.store.transact(step, before).await?)
    }

    /// Clears failures and locks; what there was.
    pub async fn unlock(
        &self,
        person: Person,
        asked: Asked,
        before: Instant,
    ) -> Result<Persisted<Changed<Vec<LaneOverview>>>, Unavailable> {
        let policy = self.throttle();
        let step =
            OnAccount::new(person, asked.by, Refusal::NothingToUnlock, move |account, now| {
                forget_failures(account, &asked.asking(&policy, now)).map(|done| {
                    let of = |(lane, state)| LaneOverview::of(lane, &state, &policy, now);
                    done.map(|lanes| lanes.into_iter().map(of).collect())
                })
            });
        Ok(self.store.transact(step, before).await?)
    }

    /// How the store keeps the token of an invitation.
    ///
    /// # Errors
    /// When no hash can be made.
    pub fn kept(&self, token: &InvitationToken) -> Result<CodeHash, Unavailable> {
        let hash = self.store.pepper().invitation(token.expose());
        let failed = || StoreError::Failed("no hash could be made".to_owned());
        hash.map(CodeHash::new).ok_or_else(|| failed().into())
    }

    /// Invites a user; the token, which nobody can tell again, and until when it counts.
    pub async fn invite(
        &self,
        person: Person,
        asked: Asked,
        length: Seconds,
        before: Instant,
    ) -> Result<Result<Changed<(InvitationToken, UnixTime)>, Refusal>, Unavailable> {
        let failed = || StoreError::Failed("no token could be made".to_owned());
        let token = InvitationToken::of_random(entropy::array()?).ok_or_else(failed)?;
        let (kept, policy) = (self.kept(&token)?, self.throttle());
        let step = OnPerson::new(person, asked.by, move |account, person: &Person, now| {
            let new = (kept.clone(), length);
            invite(account, &person.name, person.uid, new, &asked.asking(&policy, now))
        });
        let done = self.store.transact(step, before).await?;
        Ok(done.into_result().map(|changed| changed.map(|until| (token, until))))
    }
}

/// A new secret, as long as the digest under which it is used.
fn made_secret(state: &KindState) -> Result<Secret, Unavailable> {
    let length = state.algorithm().unwrap_or_default().secret_bytes();
    let bytes = entropy::secret(length)?;
    let failed = |error: otp_core::SecretError| StoreError::Failed(error.to_string());
    Ok(Secret::from_bytes(bytes.to_vec()).map_err(failed)?)
}

/// New recovery codes, no two the same.
fn recovery_codes(count: usize) -> Result<Vec<RecoveryCode>, Unavailable> {
    let mut codes: Vec<RecoveryCode> = Vec::with_capacity(count);
    while codes.len() < count {
        // Few random bytes make a code without a letter, or one that is there already.
        if let Some(code) = RecoveryCode::of_random(entropy::array()?)
            && codes.iter().all(|other| other.expose() != code.expose())
        {
            codes.push(code);
        }
    }
    Ok(codes)
}

#[cfg(test)]
mod tests;
