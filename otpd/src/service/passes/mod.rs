//! `org.otpd1.Passes`: one-time passwords made for somebody. Whoever shows a key may, whoever that is;
//! whoever names an owner is looked at as with every change of that owner's account. A key is told
//! once, in the answer to `Create`, and never logged.

mod answer;
mod read;

use std::time::Duration;

use otp_bus::{Error, NewPass, PassInfo, PassPlace, PassTerm, Warrant, WhichPasses};
use otp_core::{
    Changed, Data, KeyDeed, Keyed, Origin, Pass, PassId, PassKey, Purpose, Standing, Verified,
};
use zbus::{Connection, interface, message::Header};
use zeroize::Zeroizing;

use super::{
    Call, Refused, Services,
    answer::Logged,
    permit::ALL,
    wanted::{invalid, wrong_code},
};
use crate::{
    audit::{Escaped, Event, Severity, Subject},
    caller::{ROOT, Way},
    clock::monotonic,
    engine::{Asked, ShownAt},
    nss::Person,
    policy::Action,
    store::Persisted,
};

/// In the log, and for polkit's rules, whose those passes are that are nobody's: no user can be called
/// that.
const NOBODY: &str = "nobody:";

/// How often it is looked which passes have been over for long enough.
const CLEANING: Duration = Duration::from_secs(3600);

/// The object, on one way in.
pub(super) struct PassesService {
    services: Services,
    way: Way,
}

#[interface(name = "org.otpd1.Passes")]
impl PassesService {
    /// Makes a pass and tells its key, once.
    #[zbus(out_args("pass", "key"))]
    async fn create(
        &self,
        user: &str,
        warrant: Warrant,
        pass: NewPass,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(PassInfo, String), Error> {
        let (call, owner) = self.enter(Action::Pass, (user, NOBODY), connection, &header).await?;
        let (asked, wanted) = (self.asked(&call, user, warrant)?, read::wanted(pass)?);
        let engine = &self.services.engine;
        let made = engine.make_pass(owner, asked, wanted, call.before).await;
        let made = made.map_err(|error| self.unavailable(user, error.into()))?;
        let made = made.map_err(|refusal| super::answer::error(refusal, told(user)))?;
        let (pass, key) = made.map_err(|wrong| self.unproven(wrong, user))?;
        self.managed(&call, &answer::made(&pass), user);
        // It is wiped with the message by the allocator.
        Ok((answer::info(&pass, Standing::Live), key.reveal().to_string()))
    }

    /// Tells whether a key counts now, here and for this purpose.
    async fn check(
        &self,
        purpose: &str,
        key: String,
        place: PassPlace,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<bool, Error> {
        let key = Zeroizing::new(key);
        let shown = self.shown((purpose, &key), KeyDeed::Look, place, connection, &header).await?;
        Ok(shown.is_ok())
    }

    /// Shows the pass of a key that counts.
    #[zbus(out_args("pass", "data"))]
    async fn get(
        &self,
        purpose: &str,
        key: String,
        place: PassPlace,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(PassInfo, String), Error> {
        let key = Zeroizing::new(key);
        let shown = self.shown((purpose, &key), KeyDeed::Look, place, connection, &header).await?;
        let (pass, _) = shown?;
        Ok((answer::info(&pass, Standing::Live), data(&pass)))
    }

    /// Uses a key up, and shows its pass.
    #[zbus(name = "Use", out_args("pass", "data"))]
    async fn use_up(
        &self,
        purpose: &str,
        key: String,
        place: PassPlace,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(PassInfo, String), Error> {
        let key = Zeroizing::new(key);
        let shown = self.shown((purpose, &key), KeyDeed::Use, place, connection, &header).await?;
        let (pass, call) = shown?;
        let whose = pass.owner.as_ref().map_or("", |owner| owner.as_str());
        self.managed(&call, &format!("used {} for {}", pass.id, pass.state.purpose), whose);
        Ok((answer::info(&pass, Standing::Ended(otp_core::Ending::Used)), data(&pass)))
    }

    /// Lets a live pass live longer.
    async fn extend(
        &self,
        user: &str,
        warrant: Warrant,
        pass: &str,
        term: PassTerm,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<PassInfo, Error> {
        let (call, owner) = self.enter(Action::Pass, (user, NOBODY), connection, &header).await?;
        let asked = self.asked(&call, user, warrant)?;
        let id = PassId::parse(pass).map_err(invalid)?;
        let wanted = (id, read::expiry(term.seconds, term.until)?);
        let done = self.services.engine.extend_pass(owner, asked, wanted, call.before).await;
        let done = done.map_err(|error| self.unavailable(user, error.into()))?;
        let pass = self.changed(user, done)?;
        self.managed(
            &call,
            &format!("extended {} to {}", pass.id, pass.state.expires.as_secs()),
            user,
        );
        Ok(answer::info(&pass, Standing::Live))
    }

    /// Calls live passes of a purpose back, and tells which they were.
    async fn deactivate(
        &self,
        user: &str,
        purpose: &str,
        which: WhichPasses,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Vec<String>, Error> {
        let meant = read::meant(which)?;
        let purpose = Purpose::parse(purpose).map_err(invalid)?;
        let (call, owner) =
            self.enter(Action::EndPass, (user, NOBODY), connection, &header).await?;
        let engine = &self.services.engine;
        let done = engine.end_passes(owner, call.uid, (purpose, meant), call.before).await;
        let done = done.map_err(|error| self.unavailable(user, error.into()))?;
        let done = done.into_result();
        let ended = done.map_err(|refusal| super::answer::error(refusal, told(user)))?;
        let ids: Vec<String> = ended.iter().map(|pass| pass.id.to_string()).collect();
        self.managed(&call, &format!("deactivated {}", ids.join(", ")), user);
        Ok(ids)
    }

    /// Lists passes in the order of their ids, those that are over among them.
    async fn list(
        &self,
        user: &str,
        after: &str,
        most: u32,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Vec<PassInfo>, Error> {
        let page = read::page(after, most)?;
        let (call, owner) =
            self.enter(Action::ListPasses, (user, ALL), connection, &header).await?;
        let listed = self.services.engine.passes(owner, page, call.before).await;
        let listed = listed.map_err(|error| self.unavailable(user, error.into()))?;
        Ok(answer::fitting(listed.iter().map(|(pass, standing)| answer::info(pass, *standing))))
    }
}

impl PassesService {
    /// The object for one way in.
    pub(super) fn new(services: Services, way: Way) -> Self {
        Self { services, way }
    }

    /// Lets in who may, for this user, or for what `none` says where none is named.
    async fn enter(
        &self,
        action: Action,
        (user, none): (&str, &str),
        connection: &Connection,
        header: &Header<'_>,
    ) -> Result<(Call, Option<Person>), Error> {
        let mut call = self.services.enter(self.way, connection, header).await?;
        if user.is_empty() {
            self.services.administrator_of(&mut call, action, none).await?;
            return Ok((call, None));
        }
        let person = self.services.permitted(&mut call, action, user).await;
        match person.map_err(|refused| self.unavailable(user, refused))? {
            Some(person) => Ok((call, Some(person))),
            None => Err(super::answer::unknown_user(user)),
        }
    }

    /// What a key is good for; the inner error is that it does not count.
    async fn shown(
        &self,
        (purpose, key): (&str, &str),
        deed: KeyDeed,
        place: PassPlace,
        connection: &Connection,
        header: &Header<'_>,
    ) -> Result<Result<(Box<Pass>, Call), Error>, Error> {
        let mut call = self.services.enter(self.way, connection, header).await?;
        self.services.administrator_of(&mut call, Action::ShowKey, NOBODY).await?;
        let purpose = Purpose::parse(purpose).map_err(invalid)?;
        let key = PassKey::parse(key)
            .ok_or_else(|| invalid("that is no key of 4 to 64 letters and digits; type it anew"))?;
        let shown = believed(&call, place)?;
        let (asked, engine) = ((purpose.clone(), key), &self.services.engine);
        let done = engine.show_key(call.uid, asked, (deed, shown), call.before).await;
        let done = done.map_err(|error| self.unavailable("", error.into()))?;
        match done.into_result() {
            Ok(Keyed::Valid(pass)) => Ok(Ok((pass, call))),
            Ok(Keyed::Wrong { failures, wait }) => {
                let (uid, purpose) = (call.uid, purpose.as_str());
                let event = Event::WrongKey { uid, purpose, failures, wait };
                self.services.log.log_of(Some(uid), &event);
                Ok(Err(answer::wrong_key(wait)))
            }
            Ok(Keyed::Held(refusal)) | Err(refusal) => Err(answer::held(&refusal)),
        }
    }

    fn asked(&self, call: &Call, user: &str, warrant: Warrant) -> Result<Asked, Error> {
        let asked = self.services.asked(call, warrant);
        asked.map_err(|refused| self.unavailable(user, refused))
    }

    fn changed<O>(&self, user: &str, done: Persisted<Changed<O>>) -> Result<O, Error> {
        let done = done.into_result();
        let changed = done.map_err(|refusal| super::answer::error(refusal, told(user)))?;
        changed.map_err(|wrong| self.unproven(wrong, user))
    }

    /// Who did not prove to be the owner.
    fn unproven(&self, wrong: Verified, user: &str) -> Error {
        let (service, from) = ("otpctl".to_owned(), String::new());
        let who = Subject { user: user.to_owned(), service, from };
        Logged::of(wrong.clone()).write(&self.services.log, &who);
        wrong_code(wrong, user)
    }

    fn unavailable(&self, user: &str, refused: Refused) -> Error {
        match refused {
            Refused::Error(error) => error,
            Refused::Unavailable(reason) => {
                let text = format!("a pass of {} failed: {reason}", Escaped(told(user)));
                self.services.log.log(&Event::Daemon(Severity::Error, &text));
                Error::Unavailable(reason.to_string())
            }
        }
    }

    fn managed(&self, call: &Call, deed: &str, user: &str) {
        self.services.log.log(&Event::Managed { uid: call.uid, deed, user: told(user) });
    }
}

/// A user's name, or what stands for nobody's.
fn told(user: &str) -> &str {
    if user.is_empty() { "nobody" } else { user }
}

fn data(pass: &Pass) -> String {
    pass.data.as_ref().map(Data::as_str).unwrap_or_default().to_owned()
}

/// What a caller other than root says of a place is its own claim, and no restriction is kept by it.
fn believed(call: &Call, place: PassPlace) -> Result<ShownAt, Error> {
    let PassPlace { service, from } = place;
    let (service, from) = (service.unwrap_or_default(), from.unwrap_or_default());
    if [&service, &from].iter().any(|field| field.len() > otp_bus::names::MAX_FIELD_BYTES) {
        return Err(invalid("service or from is longer than 1024 bytes; check what was given"));
    }
    if call.uid == ROOT {
        return Ok(ShownAt { service, origin: Origin::of_host(&from) });
    }
    Ok(ShownAt { service: "self".to_owned(), origin: Origin::Own })
}

/// Cleans up for as long as the daemon runs. What fails is tried again an hour later.
pub async fn clean_up(services: Services) {
    loop {
        let before = monotonic() + super::CALL;
        if let Err(error) = services.engine.clean_passes(before).await {
            let text = format!("passes that are over are still kept: {error}");
            services.log.log(&Event::Daemon(Severity::Warning, &text));
        }
        tokio::time::sleep(CLEANING).await;
    }
}
