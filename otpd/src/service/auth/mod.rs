//! `org.otpd1.Auth`: for hosts that let somebody in. Strangers look alike: unknown, unenrolled,
//! throttled, locked and wrong are asked alike, and refused at the same moments.

mod accepted;
mod begin;
mod check;
mod enrol;
mod remembered;

pub(super) use begin::EXEMPTION;

use std::time::Duration;

use otp_bus::{
    Candidate, Demand, Details, Error, Hint, Login, Outcome, Proof, Reason, Settled, Terms,
    Verdict, names,
};
use otp_core::{Origin, Refusal};
use zbus::{Connection, interface, message::Header};
use zeroize::Zeroizing;

use super::{Call, Refused, Services, decide::unnamed};
use crate::{
    audit::{Event, Subject},
    caller::{self, ROOT, Way},
    clock::monotonic,
};

/// Refusals are answered at multiples of this from a call's arrival, so that their time does not
/// tell one from the other.
pub(super) const REFUSALS: Duration = Duration::from_millis(250);

/// `Begin` is answered at multiples of this: it looks into the store for those alone whom NSS
/// knows, and the longer the more devices they have.
const BEGINNINGS: Duration = Duration::from_millis(2);

/// The service of whatever runs as the user.
const OWN: &str = "self";

/// The object, on one way in.
pub(super) struct AuthService {
    services: Services,
    way: Way,
}

/// What is believed of a login.
pub(super) struct Believed {
    pub(super) who: Subject,
    pub(super) origin: Origin,
    pub(super) tty: String,
    /// The asking user, as the host names them.
    by: String,
    nullok: bool,
    declined: bool,
}

impl Believed {
    /// What is believed of an application that speaks for somebody: nothing of where that is.
    pub(super) fn of_application(who: Subject) -> Self {
        let (origin, tty, by) = (Origin::Application, String::new(), String::new());
        Self { who, origin, tty, by, nullok: false, declined: false }
    }
}

#[interface(name = "org.otpd1.Auth")]
impl AuthService {
    /// Says what a login must do.
    #[zbus(out_args("demand", "rule", "terms"))]
    async fn begin(
        &self,
        login: Login,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(Demand, String, Terms), Error> {
        let mut call = self.enter(connection, &header).await?;
        let believed = self.believe(&call, login)?;
        match self.demand(&mut call, &believed).await {
            Ok(challenge) => {
                until_next(&call, BEGINNINGS).await;
                Ok(challenge.into_args())
            }
            Err(refused) => {
                let error = self.refuse(&believed.who, refused);
                until_next(&call, REFUSALS).await;
                Err(error)
            }
        }
    }

    /// Checks a code and spends it.
    #[zbus(out_args("outcome", "reason", "device", "label", "wait", "details"))]
    async fn verify(
        &self,
        login: Login,
        code: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(Outcome, Reason, String, String, u32, Details), Error> {
        let code = Zeroizing::new(code);
        let mut call = self.enter(connection, &header).await?;
        self.checked(&mut call, login, None, &code).await.map(Verdict::into_args)
    }

    /// Checks a code of one device alone and spends it.
    #[zbus(out_args("outcome", "reason", "device", "label", "wait", "details"))]
    async fn verify_device(
        &self,
        login: Login,
        device: String,
        code: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(Outcome, Reason, String, String, u32, Details), Error> {
        let code = Zeroizing::new(code);
        let mut call = self.enter(connection, &header).await?;
        let device = self.services.named(&call, &device)?;
        self.checked(&mut call, login, Some(device), &code).await.map(Verdict::into_args)
    }

    /// Makes a device that counts for nothing yet.
    #[zbus(out_args("token", "secret", "qr"))]
    async fn begin_enrolment(
        &self,
        login: Login,
        invitation: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(String, String, String), Error> {
        let invitation = Zeroizing::new(invitation);
        let mut call = self.services.enter(self.way, connection, &header).await?;
        let believed = self.believe(&call, login)?;
        let begun = self.candidate(&mut call, &believed, &invitation).await;
        self.answered(&call, &believed, begun).await.map(Candidate::into_args)
    }

    /// Checks a code of it, and tells its recovery codes.
    #[zbus(out_args("outcome", "reason", "codes"))]
    async fn prove_enrolment(
        &self,
        login: Login,
        token: String,
        code: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(Outcome, Reason, Vec<String>), Error> {
        let (token, code) = (Zeroizing::new(token), Zeroizing::new(code));
        let mut call = self.services.enter(self.way, connection, &header).await?;
        let believed = self.believe(&call, login)?;
        let proved = self.proved(&mut call, &believed, (&token, &code)).await;
        self.answered(&call, &believed, proved).await.map(Proof::into_args)
    }

    /// Makes it count, now that the login has succeeded.
    #[zbus(out_args("device", "label"))]
    async fn settle_enrolment(
        &self,
        login: Login,
        token: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(String, String), Error> {
        let token = Zeroizing::new(token);
        let mut call = self.services.enter(self.way, connection, &header).await?;
        let believed = self.believe(&call, login)?;
        let settled = self.settled(&mut call, &believed, &token).await;
        self.answered(&call, &believed, settled).await.map(Settled::into_args)
    }

    /// Forgets it.
    async fn drop_enrolment(
        &self,
        login: Login,
        token: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        let token = Zeroizing::new(token);
        let mut call = self.services.enter(self.way, connection, &header).await?;
        let believed = self.believe(&call, login)?;
        let dropped = self.dropped(&mut call, &believed, &token).await;
        self.answered(&call, &believed, dropped).await
    }
}

impl AuthService {
    /// The object for one way in.
    pub(super) fn new(services: Services, way: Way) -> Self {
        Self { services, way }
    }

    /// Lets a call in. Of a host that runs as root it is found out which process it is.
    async fn enter(&self, connection: &Connection, header: &Header<'_>) -> Result<Call, Error> {
        let mut call = self.services.enter(self.way, connection, header).await?;
        if call.uid == ROOT {
            call.process = caller::process(self.way, connection, header).await;
        }
        Ok(call)
    }

    fn believe(&self, call: &Call, login: Login) -> Result<Believed, Error> {
        let believed = believe(call, login);
        believed.inspect_err(|error| self.services.rejected(Some(call.uid), error))
    }

    /// What refuses is told at the next multiple of [`REFUSALS`].
    async fn answered<T>(
        &self,
        call: &Call,
        believed: &Believed,
        done: Result<T, Refused>,
    ) -> Result<T, Error> {
        match done {
            Ok(done) => Ok(done),
            Err(refused) => {
                let error = self.refuse(&believed.who, refused);
                until_next(call, REFUSALS).await;
                Err(error)
            }
        }
    }

    fn refuse(&self, who: &Subject, refused: Refused) -> Error {
        match refused {
            Refused::Error(error) => error,
            Refused::Unavailable(reason) => {
                let text = reason.to_string();
                self.services.log.log(&Event::Unavailable(who, &text));
                Error::Unavailable(text)
            }
        }
    }
}

/// What a caller other than root says of a remote host or terminal is its own claim, and nobody's
/// throttle or log depends on it.
fn believe(call: &Call, login: Login) -> Result<Believed, Error> {
    let fields = [&login.service, &login.rhost, &login.ruser, &login.tty];
    if fields.iter().any(|field| field.len() > names::MAX_FIELD_BYTES) {
        let text = "a field of the login is longer than 1024 bytes; check the host program";
        return Err(Error::InvalidArgument(text.to_owned()));
    }
    Ok(if call.uid == ROOT { of_service(login) } else { of_own(login) })
}

/// A login that nobody has begun, as an administrator describes it.
pub(super) fn foreseen(login: Login) -> Result<Believed, Error> {
    let fields = [&login.service, &login.rhost, &login.ruser, &login.tty];
    if fields.iter().any(|field| field.len() > names::MAX_FIELD_BYTES) {
        let text = "a field of the login is longer than 1024 bytes; check what was given";
        return Err(Error::InvalidArgument(text.to_owned()));
    }
    match login.service.as_str() {
        "" => Err(unnamed()),
        OWN => Ok(of_own(login)),
        _ => Ok(of_service(login)),
    }
}

fn of_service(login: Login) -> Believed {
    let nullok = login.hints.contains(&Hint::Nullok);
    let declined = login.hints.contains(&Hint::Declined);
    let Login { user, service, rhost, ruser: by, tty, .. } = login;
    let origin = Origin::of_host(&rhost);
    let who = Subject { user, service, from: rhost };
    Believed { who, origin, tty, by, nullok, declined }
}

fn of_own(login: Login) -> Believed {
    let nullok = login.hints.contains(&Hint::Nullok);
    let who = Subject { user: login.user, service: OWN.to_owned(), from: String::new() };
    let declined = login.hints.contains(&Hint::Declined);
    let (tty, by) = (String::new(), String::new());
    Believed { who, origin: Origin::Own, tty, by, nullok, declined }
}

/// Waits for the next multiple of `quantum` since the call's arrival.
pub(super) async fn until_next(call: &Call, quantum: Duration) {
    let spent = monotonic().saturating_duration_since(call.arrival).as_nanos();
    let quanta = u32::try_from(spent / quantum.as_nanos() + 1).unwrap_or(u32::MAX);
    tokio::time::sleep_until((call.arrival + quantum * quanta).into()).await;
}

/// The reason that a refusal is given on the bus.
pub(super) fn reason(refusal: &Refusal) -> Reason {
    match refusal {
        Refusal::Throttled { .. } | Refusal::CallerThrottled { .. } => Reason::Throttled,
        Refusal::Locked { .. } => Reason::Locked,
        Refusal::Used(..) => Reason::Used,
        Refusal::UidMismatch(_) | Refusal::UidOwns(_) => Reason::UidMismatch,
        Refusal::UnknownDevice | Refusal::AmbiguousDevice(_) => Reason::UnknownDevice,
        // The others are answers to changes of devices: no device of the account decided.
        Refusal::NotEnrolled
        | Refusal::AlreadyConfirmed(_)
        | Refusal::LabelTaken(_)
        | Refusal::SecretTaken(_)
        | Refusal::WrongKind(_)
        | Refusal::WaitedTooLong(_)
        | Refusal::IdTaken
        | Refusal::TooManyDevices
        | Refusal::NothingToUnlock
        | Refusal::NotExempt
        | Refusal::CodeNeeded
        | Refusal::NotInvited
        | Refusal::NotRemembered
        | Refusal::UnknownInvitation
        | Refusal::InvitationOver
        | Refusal::LastDevice(_)
        | Refusal::Unsent(_)
        | Refusal::UnknownContact
        | Refusal::TooManyContacts
        | Refusal::UnknownToken
        | Refusal::TooManyTokens
        | Refusal::Pass(_)
        | Refusal::Unadopted(_) => Reason::NotEnrolled,
    }
}
