//! `org.otpd1.Manage`: for those who enroll, repair and inspect.

mod address;
mod call;

use otp_bus::{
    AccountStatus, Decision, DeviceFilter, DeviceInfo, Error, Explanation, LaneStatus, LogEntry,
    Login, NewCodes, NewDevice, RememberedLogin, Warrant,
};
use otp_core::{
    Code, Entry, Label, Refusal, UnixTime,
    device::{KindState, MessageState},
};
use otp_deliver::wire::Purpose;
use zbus::{Connection, interface, message::Header};
use zeroize::Zeroizing;

use super::{
    Services, answer, explain, log, remembered,
    right::{origin, own},
    wanted::{cautions, invalid, malformed, wanted, wanted_codes, wanted_exemption, wanted_length},
};
use crate::{audit::Escaped, caller::Way, policy::Action};

/// The object, on one way in.
pub(super) struct ManageService {
    services: Services,
    way: Way,
}

#[interface(name = "org.otpd1.Manage")]
impl ManageService {
    /// Adds an unconfirmed device and gives its secret, once.
    #[zbus(out_args("device", "uri", "secret", "warnings"))]
    async fn enroll(
        &self,
        user: &str,
        warrant: Warrant,
        device: NewDevice,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(String, String, String, Vec<otp_bus::Caution>), Error> {
        let action = if device.replaces.is_some() { Action::Replace } else { Action::Enroll };
        let (call, person) = self.enter(action, user, connection, &header).await?;
        let invited = warrant.invitation.is_some();
        let asked = self.asked(&call, user, warrant)?;
        if device.kind == MessageState::KIND {
            return self.enroll_address(&call, user, person, (asked, &device)).await;
        }
        let wanted = wanted(device)?;
        let engine = &self.services.engine;
        let made = engine.enroll(person, asked, wanted, call.before).await;
        let made = made.map_err(|error| self.unavailable(user, error.into()))?;
        let made = made.map_err(|refusal| answer::error(refusal, user))?;
        let made = made.map_err(|wrong| {
            if invited { self.uninvited(wrong, user) } else { self.unproven(wrong, user) }
        })?;
        let by = if invited { " by invitation" } else { "" };
        self.managed(&call, &format!("enrolled {}{by}", made.device.id), user);
        let secret = made.secret.to_base32().to_string();
        Ok((made.device.id.to_string(), made.uri.to_string(), secret, cautions(&made)))
    }

    /// Confirms a device by a code of it, which is thereby spent.
    async fn confirm(
        &self,
        user: &str,
        device: &str,
        code: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<DeviceInfo, Error> {
        let code = Zeroizing::new(code);
        let (call, person) = self.enter(Action::Confirm, user, connection, &header).await?;
        let entry = Entry::parse(&code).map_err(malformed)?;
        let (asked, origin) = (self.services.confirming(&call), origin(&call));
        let device = self.services.named(&call, device)?;
        let engine = &self.services.engine;
        let done = engine.confirm(person, asked, device, (entry, origin), call.before).await;
        let confirmed = self.changed(user, done)?;
        self.managed(&call, &format!("confirmed {}", confirmed.id), user);
        Ok(answer::device(&confirmed))
    }

    /// Has a code sent to a device that is an address, and tells where to.
    #[zbus(out_args("device", "channel", "address", "valid"))]
    async fn send(
        &self,
        user: &str,
        device: &str,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(String, String, String, u32), Error> {
        let (call, person) = self.enter(Action::Send, user, connection, &header).await?;
        let device = self.services.named(&call, device)?;
        let sent = self.services.send_to(&call, person, (device, Purpose::Login)).await;
        let sent = sent.map_err(|refused| self.unavailable(user, refused))?;
        let otp_bus::Sending { device, channel, address, valid } = sent;
        Ok((device, channel, address, valid))
    }

    /// Lists devices in the order of their enrolment.
    async fn list(
        &self,
        user: &str,
        filter: DeviceFilter,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Vec<DeviceInfo>, Error> {
        let (call, person) = self.enter(Action::List, user, connection, &header).await?;
        let overview = self.look(&call, user, person).await?;
        let wanted = |confirmed| match filter {
            DeviceFilter::All => true,
            DeviceFilter::Confirmed => confirmed,
            DeviceFilter::Unconfirmed => !confirmed,
        };
        let devices = overview.devices.iter().filter(|device| wanted(device.confirmed));
        Ok(devices.map(answer::device).collect())
    }

    /// Tells whether the account has a confirmed device.
    async fn has_device(
        &self,
        user: &str,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<bool, Error> {
        let (call, person) = self.enter(Action::List, user, connection, &header).await?;
        let overview = self.look(&call, user, person).await?;
        Ok(overview.devices.iter().any(|device| device.confirmed))
    }

    /// Tells the kinds of the account's confirmed devices, each once.
    async fn kinds(
        &self,
        user: &str,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Vec<String>, Error> {
        let (call, person) = self.enter(Action::List, user, connection, &header).await?;
        let overview = self.look(&call, user, person).await?;
        let mut kinds: Vec<String> = Vec::new();
        for device in overview.devices.iter().filter(|device| device.confirmed) {
            if kinds.iter().all(|kind| kind != device.state.kind()) {
                kinds.push(device.state.kind().to_owned());
            }
        }
        Ok(kinds)
    }

    /// Shows an account's state.
    async fn status(
        &self,
        user: &str,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<AccountStatus, Error> {
        let (call, person) = self.enter(Action::Status, user, connection, &header).await?;
        let uid = person.uid.0;
        let overview = self.look(&call, user, person).await?;
        let confirmed = overview.devices.iter().filter(|device| device.confirmed).count();
        let sets = overview.devices.iter().filter_map(|device| match &device.state {
            KindState::Recovery(state) => Some(state.left()),
            KindState::Totp(_) | KindState::Hotp(_) | KindState::Message(_) => None,
        });
        Ok(AccountStatus {
            user: overview.name.to_string(),
            uid,
            enrolled: overview.demands_code,
            devices: u32::try_from(confirmed).unwrap_or(u32::MAX),
            recovery_left: sets.reduce(u32::saturating_add),
            lanes: overview.lanes.iter().map(answer::lane).collect(),
            invited_until: overview.invited.map(UnixTime::as_secs),
            exempt_until: overview.exempt.as_ref().map(|given| given.until.as_secs()),
            exempt_reason: overview.exempt.map(|given| given.reason.to_string()),
        })
    }

    /// Tells what an attacker who guesses codes can hope for, at most.
    async fn explain(
        &self,
        user: &str,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Explanation, Error> {
        let (call, person) = self.enter(Action::Explain, user, connection, &header).await?;
        let overview = self.look(&call, user, person).await?;
        Ok(explain::explanation(&overview, &self.services.engine.throttle()))
    }

    /// Tells what a login would have to show, and why.
    async fn decide(
        &self,
        login: Login,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Decision, Error> {
        let user = login.user.clone();
        let (call, person) = self.enter(Action::Decide, &user, connection, &header).await?;
        let told = self.services.decision(&call, person, login).await;
        told.map_err(|refused| self.unavailable(&user, refused))
    }

    /// Gives a device another label.
    async fn rename(
        &self,
        user: &str,
        warrant: Warrant,
        device: &str,
        label: &str,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<DeviceInfo, Error> {
        let (call, person) = self.enter(Action::Rename, user, connection, &header).await?;
        let asked = self.asked(&call, user, warrant)?;
        let (device, label) =
            (self.services.named(&call, device)?, Label::parse(label).map_err(invalid)?);
        let done = self.services.engine.rename(person, asked, (device, label), call.before).await;
        let renamed = self.changed(user, done)?;
        let label = Escaped(renamed.label.as_str());
        self.managed(&call, &format!("renamed {} \"{label}\"", renamed.id), user);
        Ok(answer::device(&renamed))
    }

    /// Removes a device and tells which it was.
    async fn remove(
        &self,
        user: &str,
        warrant: Warrant,
        device: &str,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<DeviceInfo, Error> {
        let (call, person) = self.enter(Action::Remove, user, connection, &header).await?;
        let asked = self.asked(&call, user, warrant)?;
        let device = self.services.named(&call, device)?;
        let done = self.services.engine.remove(person, asked, device, call.before).await;
        let removed = self.changed(user, done)?;
        self.managed(&call, &format!("removed {}", removed.id), user);
        Ok(answer::device(&removed))
    }

    /// Makes recovery codes and tells them, once.
    #[zbus(out_args("device", "codes"))]
    async fn renew_recovery(
        &self,
        user: &str,
        warrant: Warrant,
        codes: NewCodes,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(DeviceInfo, Vec<String>), Error> {
        let (call, person) = self.enter(Action::Recovery, user, connection, &header).await?;
        let (asked, wanted) = (self.asked(&call, user, warrant)?, wanted_codes(codes)?);
        let engine = &self.services.engine;
        let made = engine.renew_recovery(person, asked, wanted, call.before).await;
        let made = made.map_err(|error| self.unavailable(user, error.into()))?;
        let made = made.map_err(|refusal| answer::error(refusal, user))?;
        let (set, codes) = made.map_err(|wrong| self.unproven(wrong, user))?;
        self.managed(&call, &format!("made {} recovery codes, {}", codes.len(), set.id), user);
        Ok((answer::device(&set), codes.iter().map(|code| code.reveal().to_string()).collect()))
    }

    /// Moves a device to where two consecutive codes show that it is.
    async fn resync(
        &self,
        user: &str,
        device: &str,
        first: String,
        second: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<DeviceInfo, Error> {
        let (first, second) = (Zeroizing::new(first), Zeroizing::new(second));
        let (call, person) = self.enter(Action::Resync, user, connection, &header).await?;
        let first = Code::parse(&first).map_err(malformed)?;
        let second = Code::parse(&second).map_err(malformed)?;
        let device = self.services.named(&call, device)?;
        let (asked, codes) = (own(&call), (first, second, origin(&call)));
        let done = self.services.engine.resync(person, asked, device, codes, call.before).await;
        let moved = self.changed(user, done)?;
        self.managed(&call, &format!("resynchronised {}", moved.id), user);
        Ok(answer::device(&moved))
    }

    /// Clears all failures and locks of an account and tells what there was.
    async fn unlock(
        &self,
        user: &str,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Vec<LaneStatus>, Error> {
        let (call, person) = self.enter(Action::Unlock, user, connection, &header).await?;
        let done = self.services.engine.unlock(person, own(&call), call.before).await;
        let done = done.map_err(|error| self.unavailable(user, error.into()))?;
        let lanes = match done.into_result() {
            Ok(lanes) => lanes.map_err(|wrong| self.unproven(wrong, user))?,
            Err(Refusal::NothingToUnlock) => return Ok(Vec::new()),
            Err(refusal) => return Err(answer::error(refusal, user)),
        };
        self.managed(&call, "cleared failures and locks", user);
        Ok(lanes.iter().map(answer::lane).collect())
    }

    /// Tells what happened to an account, the newest first.
    async fn log(
        &self,
        user: &str,
        most: u32,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Vec<LogEntry>, Error> {
        let (call, person) = self.enter(Action::Log, user, connection, &header).await?;
        let told = self.services.engine.log(person, log::bounded(most)?, call.before).await;
        let told = told.map_err(|error| self.unavailable(user, error.into()))?;
        let told = told.map_err(|refusal| answer::error(refusal, user))?;
        Ok(told.into_iter().map(log::entry).collect())
    }

    /// Tells what happened to all accounts, the newest first.
    async fn log_all(
        &self,
        most: u32,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Vec<LogEntry>, Error> {
        let mut call = self.services.enter(self.way, connection, &header).await?;
        self.services.administrator(&mut call, Action::Accounts).await?;
        let told = self.services.engine.log_of_all(log::bounded(most)?, call.before).await;
        let told = told.map_err(|error| self.unavailable("all", error.into()))?;
        Ok(told.into_iter().map(log::entry).collect())
    }

    /// Lets the user enroll one device without a code within so many seconds.
    #[zbus(out_args("token", "until"))]
    async fn invite(
        &self,
        user: &str,
        seconds: u32,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(String, u64), Error> {
        let (call, person) = self.enter(Action::Invite, user, connection, &header).await?;
        let length = wanted_length(seconds)?;
        let made = self.services.engine.invite(person, own(&call), length, call.before).await;
        let made = made.map_err(|error| self.unavailable(user, error.into()))?;
        let made = made.map_err(|refusal| answer::error(refusal, user))?;
        let (token, until) = made.map_err(|wrong| self.unproven(wrong, user))?;
        self.managed(&call, &format!("invited for {} s,", length.0), user);
        Ok((token.reveal().to_string(), until.as_secs()))
    }

    /// Lists the logins that need no code again for a while, as long as the rules say so.
    async fn remembered(
        &self,
        user: &str,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Vec<RememberedLogin>, Error> {
        let (call, person) = self.enter(Action::Remembered, user, connection, &header).await?;
        let overview = self.look(&call, user, person).await?;
        Ok(overview.remembered.into_iter().map(remembered::shown).collect())
    }

    /// Forgets one of them by its number, or with 0 all, and tells which there were.
    async fn forget_remembered(
        &self,
        user: &str,
        number: u32,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Vec<RememberedLogin>, Error> {
        let (call, person) =
            self.enter(Action::ForgetRemembered, user, connection, &header).await?;
        let (asked, which) = (own(&call), remembered::which(number));
        let done = self.services.engine.forget_remembered(person, asked, which, call.before).await;
        let persisted = done.map_err(|error| self.unavailable(user, error.into()))?;
        let gone = match persisted.into_result() {
            Ok(changed) => changed.map_err(|wrong| self.unproven(wrong, user))?,
            // That there is nothing to forget is as was wished.
            Err(Refusal::NotRemembered) if which.is_none() => return Ok(Vec::new()),
            Err(refusal) => return Err(answer::error(refusal, user)),
        };
        self.managed(&call, &format!("forgot {} remembered logins", gone.len()), user);
        Ok(gone.into_iter().map(remembered::shown).collect())
    }

    /// Lets the user log in without a code for so many seconds; until when.
    #[zbus(out_args("until"))]
    async fn exempt(
        &self,
        user: &str,
        seconds: u32,
        reason: &str,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<u64, Error> {
        let (call, person) = self.enter(Action::Exempt, user, connection, &header).await?;
        let wanted = wanted_exemption(seconds, reason)?;
        let told = format!("exempted for {} s ({:?}),", wanted.0.0, wanted.1.as_str());
        let done = self.services.engine.exempt(person, own(&call), wanted, call.before).await;
        let until = self.changed(user, done)?;
        self.managed(&call, &told, user);
        Ok(until.as_secs())
    }

    /// Ends an exemption before its time; whether there was one.
    #[zbus(out_args("ended"))]
    async fn end_exemption(
        &self,
        user: &str,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<bool, Error> {
        let (call, person) = self.enter(Action::Exempt, user, connection, &header).await?;
        let done = self.services.engine.end_exemption(person, own(&call), call.before).await;
        let done = done.map_err(|error| self.unavailable(user, error.into()))?;
        match done.into_result() {
            Ok(ended) => ended.map_err(|wrong| self.unproven(wrong, user))?,
            Err(Refusal::NotExempt) => return Ok(false),
            Err(refusal) => return Err(answer::error(refusal, user)),
        }
        self.managed(&call, "ended the exemption", user);
        Ok(true)
    }
}

impl ManageService {
    /// The object for one way in.
    pub(super) fn new(services: Services, way: Way) -> Self {
        Self { services, way }
    }
}
