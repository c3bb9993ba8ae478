//! `org.otpd1.Manage`: for those who enroll, repair and inspect.

use otp_bus::{AccountStatus, DeviceFilter, DeviceInfo, Error, LaneStatus, NewDevice, names};
use otp_core::{
    Algorithm, Code, Counter, Digits, Label, Origin, Period, Refusal, Secret, Verified,
    device::{HotpState, KindState, TotpState},
};
use zbus::{Connection, interface, message::Header};
use zeroize::Zeroizing;

use super::{Call, Refused, Services, answer};
use crate::{
    audit::{Escaped, Event, Severity},
    caller::{ROOT, Way},
    config::check_issuer,
    engine::{Overview, Wanted},
    nss::Person,
    policy::Action,
    store::Persisted,
};

/// The object, on one way in.
pub struct ManageService {
    services: Services,
    way: Way,
}

#[interface(name = "org.otpd1.Manage")]
impl ManageService {
    /// Adds an unconfirmed device and gives its secret, once.
    #[zbus(out_args("device", "uri", "secret"))]
    async fn enroll(
        &self,
        user: &str,
        device: NewDevice,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(String, String, String), Error> {
        let (call, person) = self.enter(Action::Enroll, user, connection, &header).await?;
        let wanted = wanted(device)?;
        let made = self.services.engine.enroll(person, wanted, call.before).await;
        let made = made.map_err(|error| self.unavailable(user, error.into()))?;
        let made = made.map_err(|refusal| answer::error(refusal, user))?;
        self.managed(&call, &format!("enrolled {}", made.device.id), user);
        Ok((made.device.id.to_string(), made.uri.to_string(), made.secret.to_string()))
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
        let code =
            Code::parse(&code).map_err(|e| Error::InvalidArgument(format!("{e}; type it anew")))?;
        let origin = if call.uid == ROOT { Origin::Local } else { Origin::Own };
        let device = bounded(device)?.to_owned();
        let engine = &self.services.engine;
        let done = engine.confirm(person, device, code, origin, call.before).await;
        let confirmed = match self.released(user, done)? {
            Ok(confirmed) => confirmed,
            Err(wrong) => return Err(wrong_code(wrong, user)),
        };
        self.managed(&call, &format!("confirmed {}", confirmed.id), user);
        Ok(answer::device(&confirmed))
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
        let lanes = overview.lanes.iter().map(|lane| LaneStatus {
            lane: lane.lane.name().to_owned(),
            failures: lane.failures,
            recent: lane.recent,
            wait: u32::try_from(lane.wait.0).unwrap_or(u32::MAX),
            locked: lane.locked,
        });
        Ok(AccountStatus {
            user: overview.name.to_string(),
            uid,
            enrolled: overview.demands_code,
            devices: u32::try_from(confirmed).unwrap_or(u32::MAX),
            lanes: lanes.collect(),
        })
    }

    /// Removes a device and tells which it was.
    async fn remove(
        &self,
        user: &str,
        device: &str,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<DeviceInfo, Error> {
        let (call, person) = self.enter(Action::Remove, user, connection, &header).await?;
        let device = bounded(device)?.to_owned();
        let done = self.services.engine.remove(person, device, call.before).await;
        let removed = self.released(user, done)?;
        self.managed(&call, &format!("removed {}", removed.id), user);
        Ok(answer::device(&removed))
    }

    /// Clears all failures and locks of an account; how many lanes had any.
    async fn unlock(
        &self,
        user: &str,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<u32, Error> {
        let (call, person) = self.enter(Action::Unlock, user, connection, &header).await?;
        let done = self.services.engine.unlock(person, call.before).await;
        let done = done.map_err(|error| self.unavailable(user, error.into()))?;
        let lanes = match done.into_result() {
            Ok(lanes) => lanes,
            Err(Refusal::NothingToUnlock) => return Ok(0),
            Err(refusal) => return Err(answer::error(refusal, user)),
        };
        self.managed(&call, "cleared failures and locks", user);
        Ok(u32::try_from(lanes).unwrap_or(u32::MAX))
    }
}

impl ManageService {
    /// The object for one way in.
    pub fn new(services: Services, way: Way) -> Self {
        Self { services, way }
    }

    async fn enter(
        &self,
        action: Action,
        user: &str,
        connection: &Connection,
        header: &Header<'_>,
    ) -> Result<(Call, Person), Error> {
        let call = self.services.enter(self.way, connection, header).await?;
        let person = self.services.permitted(&call, action, user).await;
        match person.map_err(|refused| self.unavailable(user, refused))? {
            Some(person) => Ok((call, person)),
            None => Err(Error::UnknownUser(format!(
                "{} is no user of this system; check the spelling with getent passwd",
                Escaped(user)
            ))),
        }
    }

    async fn look(&self, call: &Call, user: &str, person: Person) -> Result<Overview, Error> {
        let standing = self.services.engine.look(person, call.before).await;
        let standing = standing.map_err(|error| self.unavailable(user, error.into()))?;
        standing.map_err(|refusal| answer::error(refusal, user))
    }

    fn released<O>(
        &self,
        user: &str,
        done: Result<Persisted<O>, crate::engine::Unavailable>,
    ) -> Result<O, Error> {
        let persisted = done.map_err(|error| self.unavailable(user, error.into()))?;
        persisted.into_result().map_err(|refusal| answer::error(refusal, user))
    }

    fn unavailable(&self, user: &str, refused: Refused) -> Error {
        match refused {
            Refused::Error(error) => error,
            Refused::Unavailable(reason) => {
                let text = format!("a change for {} failed: {reason}", Escaped(user));
                self.services.log.log(&Event::Daemon(Severity::Error, &text));
                Error::Unavailable(reason.to_string())
            }
        }
    }

    fn managed(&self, call: &Call, deed: &str, user: &str) {
        self.services.log.log(&Event::Managed { uid: call.uid, deed, user });
    }
}

fn bounded(device: &str) -> Result<&str, Error> {
    let fits = device.len() <= Label::MAX_BYTES;
    fits.then_some(device)
        .ok_or_else(|| Error::InvalidArgument("device is longer than any name of one".to_owned()))
}

fn wrong_code(wrong: Verified, user: &str) -> Error {
    match wrong {
        Verified::Held(refusal) => answer::error(refusal, user),
        Verified::Wrong { locked: true, .. } => Error::Locked(format!(
            "that code is wrong, and {0} is locked now; otpctl unlock -u {0}",
            Escaped(user)
        )),
        Verified::Wrong { wait, .. } if wait.0 > 0 => Error::WrongCode(format!(
            "that code is wrong; check the device's clock and try again in {} s",
            wait.0
        )),
        Verified::Wrong { .. } | Verified::Accepted { .. } => Error::WrongCode(
            "that code is wrong; check the device's clock and try the next one".to_owned(),
        ),
    }
}

/// Reads what is to be enrolled; what is left out takes its default.
fn wanted(new: NewDevice) -> Result<Wanted, Error> {
    let NewDevice { kind, label, algorithm, digits, period, counter, secret, issuer } = new;
    let secret = secret.map(Secret::from_bytes).transpose().map_err(invalid)?;
    let algorithm: Algorithm =
        algorithm.map_or(Ok(Algorithm::default()), |text| text.parse()).map_err(invalid)?;
    let digits = digits.map_or(Ok(Digits::default()), Digits::try_from).map_err(invalid)?;
    let state = match (kind.as_str(), period, counter) {
        ("totp", period, None) => {
            let period = period.map_or(Ok(Period::default()), Period::try_from).map_err(invalid)?;
            KindState::Totp(TotpState::new(algorithm, digits, period))
        }
        ("hotp", None, counter) => {
            let counter = Counter(counter.unwrap_or(0));
            KindState::Hotp(HotpState::new(algorithm, digits, counter))
        }
        ("totp", _, Some(_)) => return Err(invalid("a totp device has no counter; leave it out")),
        ("hotp", Some(_), _) => return Err(invalid("an hotp device has no period; leave it out")),
        _ => return Err(invalid("kind must be totp or hotp")),
    };
    let label = label.map(|text| Label::parse(&text)).transpose().map_err(invalid)?;
    issuer.as_deref().map_or(Ok(()), check_issuer).map_err(invalid)?;
    Ok(Wanted { label, state, secret, issuer })
}

fn invalid(error: impl std::fmt::Display) -> Error {
    Error::InvalidArgument(error.to_string())
}

const _: () = assert!(names::MAX_USER_BYTES == otp_core::UserName::MAX_BYTES);
