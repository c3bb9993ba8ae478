//! `org.otpd1.Admin`: for what is nobody's own affair, accounts as a whole. An account is named
//! exactly as it is stored here: what is to be repaired may belong to nobody any more, or the user
//! database be down.

use otp_bus::{AccountInfo, Adoption, DeviceName, Error, InForce, StoredAccount, names};
use otp_core::{Adopted, DeviceId, DeviceSummary, UserName};
use zbus::{Connection, interface, message::Header};

use super::{Call, Refused, Services, answer};
use crate::{
    audit::{Escaped, Event, Severity},
    caller::{ROOT, Way},
    engine::Listed,
    policy::Action,
    reload::By,
    rules,
    store::{Stored, StoredName},
};

/// How many accounts are given at once: logins wait while they are read.
const MOST: u32 = 64;

/// Said of what cannot be put in force.
const STAYS: &str = "what was read before stays in force";

/// The object, on one way in.
pub(super) struct AdminService {
    services: Services,
    way: Way,
}

#[interface(name = "org.otpd1.Admin")]
impl AdminService {
    /// Gives an account to the uid that `user` has now; with `from`, the account of that name.
    async fn adopt(
        &self,
        user: &str,
        from: &str,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Adoption, Error> {
        // What polkit is shown: `from` is looked at behind it, and is nobody's own.
        let call = self.enter(Action::Adopt, user, connection, &header).await?;
        super::check_user(user)?;
        let engine = &self.services.engine;
        let person = engine.person(user, call.uid, call.before).await;
        let person = person.map_err(|error| self.unavailable(user, error.into()))?;
        let person = person.ok_or_else(|| answer::unknown_user(user))?;
        if call.uid != ROOT && person.name.as_str() != user {
            return Err(answer::by_name(&person.name));
        }
        self.services.nobodys_own(&call, (Action::Adopt, user), [person.uid])?;
        let given = if from.is_empty() { user } else { from };
        self.nobodys_own(&call, Action::Adopt, given).await?;
        let former = former(from, &person.name)?;
        let (name, uid) = (person.name.to_string(), person.uid.0);
        let done = engine.adopt(person, former, call.uid, call.before).await;
        let done = done.map_err(|error| self.unavailable(user, error.into()))?;
        let was = done.into_result().map_err(|refusal| answer::error(refusal, &name))?;
        let former = Escaped(was.name.as_str());
        self.managed(
            &call,
            &format!("gave account {former} of uid {} to uid {uid}", was.uid),
            &name,
        );
        Ok(adoption(was, name, uid))
    }

    /// Removes an account with all that it has, be it damaged or not, and tells what there was.
    async fn forget(
        &self,
        account: &str,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<StoredAccount, Error> {
        stored_name(account)?;
        let call = self.enter(Action::Forget, account, connection, &header).await?;
        self.nobodys_own(&call, Action::Forget, account).await?;
        let name = stored_name(account)?;
        let done = self.services.engine.forget(name, call.before).await;
        let done = done.map_err(|error| self.unavailable(account, error.into()))?;
        let gone = done.into_result().map_err(|refusal| answer::error(refusal, account))?;
        let gone = gone.ok_or_else(|| unknown(account))?;
        self.managed(&call, &format!("removed the account ({})", summary(&gone)), account);
        Ok(told(gone))
    }

    /// Shows what is stored under a name.
    async fn account(
        &self,
        account: &str,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<StoredAccount, Error> {
        stored_name(account)?;
        let call = self.enter(Action::Accounts, account, connection, &header).await?;
        let stored = self.services.engine.stored(stored_name(account)?, call.before).await;
        let stored = stored.map_err(|error| self.unavailable(account, error.into()))?;
        stored.map(told).ok_or_else(|| unknown(account))
    }

    /// Lists accounts in the order of their names' bytes; an empty list is the end.
    async fn accounts(
        &self,
        after: &str,
        most: u32,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Vec<AccountInfo>, Error> {
        let call = self.enter(Action::Accounts, super::permit::ALL, connection, &header).await?;
        // Whatever text it is, it is a place in an order, and nobody's name.
        let (after, most) = (StoredName::read(after), most.clamp(1, MOST));
        let listed = self.services.engine.accounts(after, most, call.before).await;
        let listed = listed.map_err(|error| self.unavailable("everybody", error.into()))?;
        Ok(listed.into_iter().map(info).collect())
    }

    /// Puts the configuration in force as its files are now, and tells what that is.
    async fn reload(
        &self,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<InForce, Error> {
        let call = self.enter(Action::Reload, super::permit::ALL, connection, &header).await?;
        let Services { engine, log, reload, .. } = &self.services;
        let done = reload.run((engine, log), By::Caller(call.uid), call.before).await;
        let config = done.map_err(|why| Error::BadConfiguration(format!("{why}; {STAYS}")))?;
        Ok(InForce {
            files: config.files.iter().map(|file| file.display().to_string()).collect(),
            rules: u32::try_from(config.rules.iter().count()).unwrap_or(u32::MAX),
            remarks: rules::review(&config.rules).iter().map(ToString::to_string).collect(),
        })
    }
}

impl AdminService {
    /// The object for one way in.
    pub(super) fn new(services: Services, way: Way) -> Self {
        Self { services, way }
    }

    async fn enter(
        &self,
        action: Action,
        account: &str,
        connection: &Connection,
        header: &Header<'_>,
    ) -> Result<Call, Error> {
        let mut call = self.services.enter(self.way, connection, header).await?;
        self.services.administrator_of(&mut call, action, account).await?;
        Ok(call)
    }

    /// Refuses callers other than root whose own the account is, by its record or by its name. Where
    /// that cannot be told, root alone may.
    async fn nobodys_own(&self, call: &Call, action: Action, account: &str) -> Result<(), Error> {
        if call.uid == ROOT {
            return Ok(());
        }
        let engine = &self.services.engine;
        let stored = engine.stored(stored_name(account)?, call.before).await;
        let stored = stored.map_err(|error| self.unavailable(account, error.into()))?;
        let person = engine.person(account, call.uid, call.before).await;
        let person = person.map_err(|error| self.unavailable(account, error.into()))?;
        let Some(recorded) = stored.ok_or_else(|| unknown(account))?.uid else {
            let text = "whose the account is cannot be read; root alone may change it";
            return Err(Error::NotAllowed(text.to_owned()));
        };
        let uids = [Some(recorded), person.map(|person| person.uid)].into_iter().flatten();
        self.services.nobodys_own(call, (action, account), uids)
    }

    fn unavailable(&self, account: &str, refused: Refused) -> Error {
        match refused {
            Refused::Error(error) => error,
            Refused::Unavailable(reason) => {
                let text = format!("a call about {} failed: {reason}", Escaped(account));
                self.services.log.log(&Event::Daemon(Severity::Error, &text));
                Error::Unavailable(reason.to_string())
            }
        }
    }

    fn managed(&self, call: &Call, deed: &str, user: &str) {
        self.services.log.log(&Event::Managed { uid: call.uid, deed, user });
    }
}

/// The former name; none where it was not another.
fn former(from: &str, user: &UserName) -> Result<Option<UserName>, Error> {
    if from.is_empty() {
        return Ok(None);
    }
    let name = UserName::parse(from).map_err(|e| Error::InvalidArgument(format!("from: {e}")))?;
    if name == *user {
        let text = "from is the name that the user has now; leave it away".to_owned();
        return Err(Error::InvalidArgument(text));
    }
    Ok(Some(name))
}

fn stored_name(account: &str) -> Result<StoredName, Error> {
    if account.len() > names::MAX_FIELD_BYTES {
        let text = "account is longer than 1024 bytes; check what was given".to_owned();
        return Err(Error::InvalidArgument(text));
    }
    // A name that a user can have is named by itself: else polkit's rules, and who looks for whose
    // an account is, could be shown another text for it.
    let name = StoredName::read(account);
    let told = name.told();
    if told != account && UserName::stored(&told).is_ok() {
        let text = format!("{} is {}; name it so", Escaped(account), Escaped(&told));
        return Err(Error::InvalidArgument(text));
    }
    Ok(name)
}

fn unknown(account: &str) -> Error {
    Error::UnknownAccount(format!(
        "nothing is stored under {}; otpctl list --all shows which accounts there are",
        Escaped(account)
    ))
}

fn adoption(was: Adopted, user: String, uid: u32) -> Adoption {
    let device = |device: &DeviceSummary| DeviceName {
        id: device.id.to_string(),
        label: device.label.to_string(),
        confirmed: device.confirmed,
    };
    Adoption {
        user,
        uid,
        from: was.name.to_string(),
        from_uid: was.uid.0,
        holder: was.holder.map(|name| name.to_string()),
        devices: was.devices.iter().map(device).collect(),
    }
}

fn told(stored: Stored) -> StoredAccount {
    let device = |(id, label, confirmed)| DeviceName { id, label, confirmed };
    StoredAccount {
        name: stored.name.told(),
        uid: stored.uid.map(|uid| uid.0),
        enrolled: stored.enrolled,
        created: stored.created.map(otp_core::UnixTime::as_secs),
        devices: stored.devices.into_iter().map(device).collect(),
        lanes: stored.lanes,
        addresses: stored.addresses,
        events: stored.events,
        damaged: stored.damaged,
    }
}

/// For the log: the account itself is gone.
fn summary(stored: &Stored) -> String {
    let uid = stored.uid.map_or_else(|| "no uid".to_owned(), |uid| format!("uid {uid}"));
    let enrolled = match stored.enrolled {
        Some(true) => ", enrolled",
        Some(false) => ", not enrolled",
        None => "",
    };
    // An id that is none could read like anything.
    let devices = stored.devices.iter().map(|(id, ..)| match DeviceId::parse(id) {
        Ok(id) => format!(", {id}"),
        Err(_) => format!(", {}", Escaped(id)),
    });
    let damaged = if stored.damaged.is_some() { ", damaged" } else { "" };
    format!("{uid}{enrolled}{}{damaged}", devices.collect::<String>())
}

fn info(Listed { stored, whole }: Listed) -> AccountInfo {
    let confirmed = stored.devices.iter().filter(|(.., confirmed)| *confirmed).count();
    let locked = whole.as_ref().map(|whole| {
        whole.locked.iter().map(|lane| lane.name().to_owned()).collect::<Vec<String>>()
    });
    AccountInfo {
        name: stored.name.told(),
        uid: stored.uid.map(|uid| uid.0),
        enrolled: whole.as_ref().map_or(stored.enrolled, |whole| Some(whole.demands_code)),
        devices: Some(u32::try_from(confirmed).unwrap_or(u32::MAX)),
        locked,
        exempt_until: whole
            .as_ref()
            .and_then(|whole| whole.exempt)
            .map(otp_core::UnixTime::as_secs),
        last_used: whole.and_then(|whole| whole.last_used).map(otp_core::UnixTime::as_secs),
        created: stored.created.map(otp_core::UnixTime::as_secs),
        damaged: stored.damaged,
    }
}
