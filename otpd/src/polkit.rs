//! polkit: whether a caller who is not root may do what the table leaves to it. Asked only about
//! callers on the system bus, by the name that the bus gave their connection, never by a process
//! id, which can be somebody else's by the time it is looked at.
//!
//! Whatever is not a plain yes is a no: an error, no answer in time, a caller that has gone. Nothing
//! is held meanwhile that another call could need, and the checks under way are bounded for each
//! user, so that nobody can fill the places of others.

use std::{
    collections::HashMap,
    future::poll_fn,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use otp_core::{Uid, UserName};
use zbus::{
    Connection, Message,
    export::futures_core::Stream,
    fdo::{DBusProxy, NameOwnerChangedStream},
    message::{Flags, Header},
    names::{OwnedUniqueName, WellKnownName},
    proxy::CacheProperties,
};
use zbus_polkit::policykit1::{
    AuthorityProxy, AuthorizationResult, CheckAuthorizationFlags, Subject,
};

use crate::audit::Escaped;

/// Its name on the bus.
const NAME: &str = "org.freedesktop.PolicyKit1";

/// How long polkit has where a person may have to type a password, and where nobody has to.
const ANSWERS: (Duration, Duration) = (Duration::from_secs(120), Duration::from_secs(8));

/// Checks under way for one uid. A person answers one at a time.
const PER_UID: usize = 4;

/// Checks under way in all: half of what dbus-daemon lets one connection wait for
/// (`max_replies_per_connection`).
const IN_ALL: usize = 64;

/// Whether polkit may have the caller authenticate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interaction {
    /// The caller is prepared to wait for a person.
    Allowed,
    /// Polkit says what it knows.
    Forbidden,
}

/// A caller on the system bus, as polkit can be asked about it.
pub struct Asker {
    connection: Connection,
    sender: OwnedUniqueName,
    subject: Subject,
    interaction: Interaction,
}

impl Asker {
    /// The sender of a message; none where the bus has not put its name on it.
    pub fn of(connection: &Connection, header: &Header<'_>) -> Option<Self> {
        let interactive = header.primary().flags().contains(Flags::ALLOW_INTERACTIVE_AUTH);
        Some(Self {
            connection: connection.clone(),
            sender: header.sender()?.clone().into(),
            subject: Subject::new_for_message_header(header).ok()?,
            interaction: if interactive { Interaction::Allowed } else { Interaction::Forbidden },
        })
    }
}

/// Why polkit's answer is a no.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum No {
    /// It neither runs nor could be started: root manages alone.
    #[error("there is no polkit")]
    Absent,
    /// It says so.
    #[error("polkit says no")]
    Denied,
    /// It would want somebody to authenticate, and there was nobody it could ask.
    #[error("polkit wants somebody to authenticate, and nobody could be asked")]
    Challenge,
    /// Whoever was asked to authenticate did not want to.
    #[error("nobody wanted to authenticate")]
    Dismissed,
    /// It did not answer in time.
    #[error("polkit did not answer within {} s", .0.as_secs())]
    Late(Duration),
    /// The caller has gone meanwhile.
    #[error("the caller has gone")]
    Gone,
    /// As many checks are under way for this caller, or for all.
    #[error("{0} checks are under way")]
    Busy(usize),
    /// It could not be asked, or its answer was none.
    #[error("polkit failed: {0}")]
    Failed(String),
}

impl From<zbus::Error> for No {
    fn from(error: zbus::Error) -> Self {
        Self::Failed(Escaped(&error.to_string()).to_string())
    }
}

impl From<zbus::fdo::Error> for No {
    fn from(error: zbus::fdo::Error) -> Self {
        zbus::Error::from(error).into()
    }
}

/// Asks polkit, and counts the checks under way.
#[derive(Clone, Default)]
pub struct Polkit(Arc<Inner>);

#[derive(Default)]
struct Inner {
    places: Mutex<HashMap<Uid, usize>>,
    serial: AtomicU64,
}

/// A check under way; it ends when this is dropped.
struct Place {
    inner: Arc<Inner>,
    uid: Uid,
}

impl Polkit {
    /// Whether the caller may do this for this user, as named by the caller. It is asked in the
    /// same way for every name, be it somebody's or not.
    ///
    /// # Errors
    /// With everything that is not a yes.
    pub async fn ask(
        &self,
        (asker, uid): (&Asker, Uid),
        action: &str,
        user: &str,
    ) -> Result<(), No> {
        let _place = self.enter(uid)?;
        let serial = self.0.serial.fetch_add(1, Ordering::Relaxed);
        let check = Check { asker, action, user, cancellation: format!("otpd-{serial}") };
        let patience = match asker.interaction {
            Interaction::Allowed => ANSWERS.0,
            Interaction::Forbidden => ANSWERS.1,
        };
        let said = tokio::time::timeout(patience, check.run()).await;
        let said = said.unwrap_or(Err(No::Late(patience)));
        if matches!(said, Err(No::Late(_) | No::Gone)) {
            check.cancel().await;
        }
        said
    }

    fn enter(&self, uid: Uid) -> Result<Place, No> {
        let mut places = self.0.places.lock().unwrap_or_else(PoisonError::into_inner);
        let (own, all): (usize, usize) =
            (places.get(&uid).copied().unwrap_or(0), places.values().sum());
        if own >= PER_UID || all >= IN_ALL {
            return Err(No::Busy(own));
        }
        places.insert(uid, own + 1);
        Ok(Place { inner: self.0.clone(), uid })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut places = self.inner.places.lock().unwrap_or_else(PoisonError::into_inner);
        match places.get_mut(&self.uid) {
            Some(count) if *count > 1 => *count -= 1,
            Some(_) | None => drop(places.remove(&self.uid)),
        }
    }
}

/// One check.
struct Check<'a> {
    asker: &'a Asker,
    action: &'a str,
    user: &'a str,
    cancellation: String,
}

impl Check<'_> {
    async fn run(&self) -> Result<(), No> {
        let Asker { connection, sender, .. } = self.asker;
        let bus =
            DBusProxy::builder(connection).cache_properties(CacheProperties::No).build().await?;
        if !is_there(&bus).await? {
            return Err(No::Absent);
        }
        let mut gone = bus.receive_name_owner_changed_with_args(&[(0, sender.as_str())]).await?;
        // Who has gone before that is not heard of again.
        if !bus.name_has_owner(sender.as_ref().into()).await? {
            return Err(No::Gone);
        }
        tokio::select! {
            biased;
            () = vanished(&mut gone) => Err(No::Gone),
            answer = self.answer() => answer,
        }
    }

    async fn answer(&self) -> Result<(), No> {
        let polkit = AuthorityProxy::builder(&self.asker.connection)
            .cache_properties(CacheProperties::No)
            .build()
            .await?;
        let flags = match self.asker.interaction {
            Interaction::Allowed => CheckAuthorizationFlags::ALLOW_USER_INTERACTION,
            Interaction::Forbidden => CheckAuthorizationFlags::empty(),
        };
        // For rules as it is, if it could be a name; for people so that it cannot read like more.
        let name = UserName::parse(self.user).map_or_else(|_| "", |_| self.user);
        let shown = Escaped(self.user).to_string();
        let details = HashMap::from([("user", name), ("shown", shown.as_str())]);
        let asked = polkit.check_authorization(
            &self.asker.subject,
            self.action,
            &details,
            flags,
            &self.cancellation,
        );
        weigh(&asked.await?)
    }

    /// Takes the question back, so that nobody is left at a prompt. No answer is waited for: where
    /// polkit stands still there will be none.
    async fn cancel(&self) {
        let call = Message::method_call(
            "/org/freedesktop/PolicyKit1/Authority",
            "CancelCheckAuthorization",
        )
        .destination(NAME)
        .interface("org.freedesktop.PolicyKit1.Authority")
        .with_flags(Flags::NO_REPLY_EXPECTED | Flags::NO_AUTO_START)
        .build(&(self.cancellation.as_str(),));
        if let Ok(call) = call {
            // Where the bus has gone, polkit sees that as well.
            let _ = self.asker.connection.send(&call).await;
        }
    }
}

/// Whether polkit runs or could be started.
async fn is_there(bus: &DBusProxy<'_>) -> Result<bool, No> {
    let name = WellKnownName::from_static_str(NAME)?;
    if bus.name_has_owner(name.into()).await? {
        return Ok(true);
    }
    Ok(bus.list_activatable_names().await?.iter().any(|activatable| activatable.as_str() == NAME))
}

/// Waits for the end of the caller's connection. The stream's own end is the bus's.
async fn vanished(gone: &mut NameOwnerChangedStream) {
    poll_fn(|context| Pin::new(&mut *gone).poll_next(context)).await;
}

fn weigh(answer: &AuthorizationResult) -> Result<(), No> {
    match answer {
        AuthorizationResult { is_authorized: true, .. } => Ok(()),
        AuthorizationResult { details, .. } if details.contains_key("polkit.dismissed") => {
            Err(No::Dismissed)
        }
        AuthorizationResult { is_challenge: true, .. } => Err(No::Challenge),
        AuthorizationResult { is_challenge: false, .. } => Err(No::Denied),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_uid_cannot_take_the_places_of_others() {
        let polkit = Polkit::default();
        let take = |uid| polkit.enter(Uid(uid));
        let held: Vec<_> = (0..PER_UID).map(|_| take(1000).unwrap()).collect();
        assert_eq!(take(1000).err(), Some(No::Busy(PER_UID)));
        let others: Vec<_> = (1001..).map_while(|uid| take(uid).ok()).collect();
        assert_eq!(held.len() + others.len(), IN_ALL);
        drop(held);
        assert!(take(1000).is_ok() && take(1).is_ok());
        drop(others);
        assert!(polkit.0.places.lock().unwrap().is_empty());
    }

    #[test]
    fn only_a_plain_yes_is_one() {
        let said = |is_authorized, is_challenge, details: &[(&str, &str)]| {
            let details = details.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
            weigh(&AuthorizationResult { is_authorized, is_challenge, details })
        };
        assert_eq!(said(true, false, &[]), Ok(()));
        assert_eq!(said(false, false, &[]), Err(No::Denied));
        assert_eq!(said(false, true, &[]), Err(No::Challenge));
        assert_eq!(said(false, true, &[("polkit.dismissed", "true")]), Err(No::Dismissed));
    }
}
