//! A daemon that answers as a test wishes and remembers what it was asked. As long as the contract has
//! methods: one short answer each.

use std::collections::{HashMap, VecDeque};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use otp_bus::names::{BUS_NAME, OBJECT_PATH};
use otp_bus::{
    AccountInfo, AccountStatus, Adoption, Caution, Challenge, Decision, Demand, Details,
    DeviceFilter, DeviceInfo, DeviceName, DeviceOdds, Enrolment, Error, Explanation, InForce,
    Invitation, LaneStatus, LogEntry, Login, NewCodes, NewDevice, Outcome, Reason, RecoveryCodes,
    StoredAccount, Terms, Verdict, Warrant,
};
use otpctl::{Connect, Peer, Unreachable};
use zbus::connection::Builder;
use zbus::names::{BusName, WellKnownName};
use zbus::{Connection, Guid, interface};

/// The seed of RFC 4226, appendix D, as the daemon tells it.
pub(crate) const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

/// What the daemon knows and how it answers.
pub(crate) struct State {
    pub(crate) devices: Vec<DeviceInfo>,
    pub(crate) status: AccountStatus,
    pub(crate) explanation: Explanation,
    pub(crate) verdict: Verdict,
    /// What it says of a new device.
    pub(crate) cautions: Vec<Caution>,
    pub(crate) cleared: Vec<LaneStatus>,
    pub(crate) log: Vec<LogEntry>,
    pub(crate) remembered: Vec<otp_bus::RememberedLogin>,
    pub(crate) session: Vec<otp_bus::SessionLogin>,
    pub(crate) accounts: Vec<AccountInfo>,
    pub(crate) stored: StoredAccount,
    pub(crate) adoption: Adoption,
    pub(crate) in_force: InForce,
    pub(crate) decision: Option<Decision>,
    /// Whether there is an exemption to end.
    pub(crate) exempt: bool,
    /// Errors that a method answers with before it does what it should.
    pub(crate) refusals: HashMap<&'static str, VecDeque<Error>>,
    /// A method in which the connection breaks.
    pub(crate) breaks: Option<&'static str>,
    /// How many values are to be resealed, how many of them do not open, and the keys.
    pub(crate) sealed: (u64, u32),
    pub(crate) keys: Vec<otp_bus::KeyInfo>,
    pub(crate) tokens: Vec<otp_bus::TokenFamily>,
    pub(crate) passes: Vec<otp_bus::PassInfo>,
    asked: Vec<String>,
    servers: Vec<Connection>,
}

/// The daemon, and the way to it.
#[derive(Clone)]
pub(crate) struct Fake(Arc<Mutex<State>>);

impl Fake {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            devices: vec![phone(), token()],
            status: status(&[]),
            explanation: explanation(),
            verdict: verdict(Outcome::Accepted, Reason::Matched, 0),
            cautions: Vec::new(),
            cleared: Vec::new(),
            log: Vec::new(),
            remembered: Vec::new(),
            session: Vec::new(),
            accounts: Vec::new(),
            stored: stored(),
            adoption: adoption(),
            decision: None,
            exempt: false,
            in_force: InForce { files: Vec::new(), rules: 0, remarks: Vec::new() },
            refusals: HashMap::new(),
            breaks: None,
            sealed: (0, 0),
            keys: Vec::new(),
            tokens: Vec::new(),
            passes: vec![crate::passes::pass(1)],
            asked: Vec::new(),
            servers: Vec::new(),
        })))
    }

    pub(crate) fn with(self, change: impl FnOnce(&mut State)) -> Self {
        change(&mut self.state());
        self
    }

    /// Lets the next calls of a method fail.
    pub(crate) fn refusing(
        self,
        method: &'static str,
        errors: impl IntoIterator<Item = Error>,
    ) -> Self {
        self.with(|state| {
            state.refusals.insert(method, errors.into_iter().collect());
        })
    }

    /// What was asked, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.state().asked.clone()
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Notes a call; says whether and how it is to fail.
    pub(crate) async fn note(
        &self,
        method: &'static str,
        call: String,
        connection: &Connection,
    ) -> Result<(), Error> {
        let (breaks, refusal) = {
            let mut state = self.state();
            state.asked.push(call);
            let refusal = state.refusals.get_mut(method).and_then(VecDeque::pop_front);
            (state.breaks == Some(method), refusal)
        };
        if breaks {
            let _ = connection.clone().close().await;
            std::future::pending::<()>().await;
        }
        refusal.map_or(Ok(()), Err)
    }
}

impl Connect for Fake {
    async fn connect(&self) -> Result<Peer, Unreachable> {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let server = Builder::unix_stream(theirs)
            .server(Guid::generate())
            .p2p()
            .serve_at(OBJECT_PATH, Auth(self.clone()))
            .serve_at(OBJECT_PATH, Manage(self.clone()))
            .serve_at(OBJECT_PATH, Admin(self.clone()))
            .serve_at(OBJECT_PATH, crate::session::Sessions(self.clone()))
            .serve_at(OBJECT_PATH, crate::passes::Passes(self.clone()))
            .serve_at(OBJECT_PATH, crate::keys::Keys(self.clone()))
            .serve_at(OBJECT_PATH, crate::token::Tokens(self.clone()));
        let server = tokio::spawn(server.build());
        let connection = Builder::unix_stream(ours).p2p().build().await.unwrap();
        let server = server.await.unwrap().unwrap();
        self.state().servers.push(server);
        let name = WellKnownName::from_static_str(BUS_NAME).unwrap();
        Ok(Peer { connection, destination: BusName::from(name).into() })
    }

    /// Long enough for a slow machine; a call that hangs fails its test instead of hanging it.
    fn deadline(&self) -> Duration {
        Duration::from_secs(60)
    }
}

struct Auth(Fake);

#[interface(name = "org.otpd1.Auth")]
impl Auth {
    async fn begin(
        &self,
        login: Login,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<Challenge, Error> {
        self.0.note("Begin", format!("Begin({login:?})"), connection).await?;
        Ok(Challenge { demand: Demand::Ask, rule: "default".into(), terms: Terms::default() })
    }

    async fn verify(
        &self,
        login: Login,
        code: String,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<Verdict, Error> {
        self.0.note("Verify", format!("Verify({login:?}, {code:?})"), connection).await?;
        Ok(self.0.state().verdict.clone())
    }

    async fn verify_device(
        &self,
        login: Login,
        device: String,
        code: String,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<Verdict, Error> {
        let call = format!("VerifyDevice({login:?}, {device:?}, {code:?})");
        self.0.note("VerifyDevice", call, connection).await?;
        Ok(self.0.state().verdict.clone())
    }
}

struct Manage(Fake);

#[interface(name = "org.otpd1.Manage")]
impl Manage {
    async fn enroll(
        &self,
        user: String,
        warrant: Warrant,
        device: NewDevice,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<Enrolment, Error> {
        let call = format!("Enroll({user:?}, {}{})", shown(&warrant), wish(&device));
        self.0.note("Enroll", call, connection).await?;
        if device.kind == "message" {
            let (device, warnings) = ("message/55ee66ff".into(), self.0.state().cautions.clone());
            return Ok(Enrolment { device, uri: String::new(), secret: String::new(), warnings });
        }
        let uri = format!("otpauth://{}/host.example:{user}?secret={SECRET}", device.kind);
        Ok(Enrolment {
            device: "totp/7f3a9c01".into(),
            uri,
            secret: SECRET.into(),
            warnings: self.0.state().cautions.clone(),
        })
    }

    async fn confirm(
        &self,
        user: String,
        device: String,
        code: String,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<DeviceInfo, Error> {
        let call = format!("Confirm({user:?}, {device:?}, {code:?})");
        self.0.note("Confirm", call, connection).await?;
        Ok(phone())
    }

    async fn send(
        &self,
        user: String,
        device: String,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<(String, String, String, u32), Error> {
        self.0.note("Send", format!("Send({user:?}, {device:?})"), connection).await?;
        Ok(("message/55ee66ff".into(), "sms".into(), "•••42".into(), 300))
    }

    async fn list(
        &self,
        user: String,
        filter: DeviceFilter,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<Vec<DeviceInfo>, Error> {
        self.0.note("List", format!("List({user:?}, {filter:?})"), connection).await?;
        Ok(self.0.state().devices.clone())
    }

    async fn status(
        &self,
        user: String,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<AccountStatus, Error> {
        self.0.note("Status", format!("Status({user:?})"), connection).await?;
        Ok(self.0.state().status.clone())
    }

    async fn explain(
        &self,
        user: String,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<Explanation, Error> {
        self.0.note("Explain", format!("Explain({user:?})"), connection).await?;
        Ok(self.0.state().explanation.clone())
    }

    async fn decide(
        &self,
        login: Login,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<Decision, Error> {
        self.0.note("Decide", format!("Decide({login:?})"), connection).await?;
        Ok(self.0.state().decision.clone().unwrap())
    }

    async fn remove(
        &self,
        user: String,
        warrant: Warrant,
        device: String,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<DeviceInfo, Error> {
        let call = format!("Remove({user:?}, {}{device:?})", shown(&warrant));
        self.0.note("Remove", call, connection).await?;
        Ok(phone())
    }

    async fn rename(
        &self,
        user: String,
        warrant: Warrant,
        device: String,
        label: String,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<DeviceInfo, Error> {
        let call = format!("Rename({user:?}, {}{device:?}, {label:?})", shown(&warrant));
        self.0.note("Rename", call, connection).await?;
        Ok(DeviceInfo { label, ..phone() })
    }

    async fn renew_recovery(
        &self,
        user: String,
        warrant: Warrant,
        codes: NewCodes,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<RecoveryCodes, Error> {
        let NewCodes { device, label, count } = codes;
        let wish = format!("device {device:?}, label {label:?}, count {count:?}");
        let call = format!("RenewRecovery({user:?}, {}{wish})", shown(&warrant));
        self.0.note("RenewRecovery", call, connection).await?;
        let codes = ["abcd-efgh", "ijkl-mnop", "qrst-uvwx"].map(str::to_owned).to_vec();
        Ok(RecoveryCodes { device: recovery(), codes })
    }

    async fn resync(
        &self,
        user: String,
        device: String,
        first: String,
        second: String,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<DeviceInfo, Error> {
        let call = format!("Resync({user:?}, {device:?}, {first:?}, {second:?})");
        self.0.note("Resync", call, connection).await?;
        Ok(DeviceInfo { drift: Some(12), ..phone() })
    }

    async fn unlock(
        &self,
        user: String,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<Vec<LaneStatus>, Error> {
        self.0.note("Unlock", format!("Unlock({user:?})"), connection).await?;
        Ok(self.0.state().cleared.clone())
    }

    async fn log(
        &self,
        user: String,
        most: u32,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<Vec<LogEntry>, Error> {
        self.0.note("Log", format!("Log({user:?}, {most})"), connection).await?;
        Ok(self.0.state().log.clone())
    }

    async fn log_all(
        &self,
        most: u32,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<Vec<LogEntry>, Error> {
        self.0.note("LogAll", format!("LogAll({most})"), connection).await?;
        Ok(self.0.state().log.clone())
    }

    async fn invite(
        &self,
        user: String,
        seconds: u32,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<Invitation, Error> {
        self.0.note("Invite", format!("Invite({user:?}, {seconds})"), connection).await?;
        let token = "abcd-efgh-ijkl-mnop-qrst-uvwx".into();
        Ok(Invitation { token, until: 1_784_116_800 })
    }

    async fn remembered(
        &self,
        user: String,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<Vec<otp_bus::RememberedLogin>, Error> {
        self.0.note("Remembered", format!("Remembered({user:?})"), connection).await?;
        Ok(self.0.state().remembered.clone())
    }

    async fn forget_remembered(
        &self,
        user: String,
        number: u32,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<Vec<otp_bus::RememberedLogin>, Error> {
        let call = format!("ForgetRemembered({user:?}, {number})");
        self.0.note("ForgetRemembered", call, connection).await?;
        let mut gone = self.0.state().remembered.clone();
        gone.retain(|login| number == 0 || login.number == number);
        Ok(gone)
    }

    async fn exempt(
        &self,
        user: String,
        seconds: u32,
        reason: String,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<u64, Error> {
        let call = format!("Exempt({user:?}, {seconds}, {reason:?})");
        self.0.note("Exempt", call, connection).await?;
        Ok(1_784_124_000)
    }

    async fn end_exemption(
        &self,
        user: String,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<bool, Error> {
        self.0.note("EndExemption", format!("EndExemption({user:?})"), connection).await?;
        Ok(std::mem::take(&mut self.0.state().exempt))
    }
}

struct Admin(Fake);

#[interface(name = "org.otpd1.Admin")]
impl Admin {
    async fn adopt(
        &self,
        user: String,
        from: String,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<Adoption, Error> {
        self.0.note("Adopt", format!("Adopt({user:?}, {from:?})"), connection).await?;
        Ok(self.0.state().adoption.clone())
    }

    async fn forget(
        &self,
        account: String,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<StoredAccount, Error> {
        self.0.note("Forget", format!("Forget({account:?})"), connection).await?;
        Ok(self.0.state().stored.clone())
    }

    async fn account(
        &self,
        account: String,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<StoredAccount, Error> {
        self.0.note("Account", format!("Account({account:?})"), connection).await?;
        Ok(self.0.state().stored.clone())
    }

    /// Two at a time, whatever is asked for.
    async fn accounts(
        &self,
        after: String,
        most: u32,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<Vec<AccountInfo>, Error> {
        self.0.note("Accounts", format!("Accounts({after:?}, {most})"), connection).await?;
        let state = self.0.state();
        let behind = state.accounts.iter().filter(|account| account.name > after);
        Ok(behind.take(2).cloned().collect())
    }

    async fn reload(&self, #[zbus(connection)] connection: &Connection) -> Result<InForce, Error> {
        self.0.note("Reload", "Reload()".to_owned(), connection).await?;
        Ok(self.0.state().in_force.clone())
    }
}

/// What a device to enroll asks for, the secret by its bytes.
fn wish(device: &NewDevice) -> String {
    format!(
        "kind {:?}, label {:?}, algorithm {:?}, digits {:?}, period {:?}, counter {:?}, issuer {:?}, \
         secret {:?}{}{}",
        device.kind,
        device.label,
        device.algorithm,
        device.digits,
        device.period,
        device.counter,
        device.issuer,
        device.secret.as_ref().map(|secret| secret.escape_ascii().to_string()),
        device.replaces.as_ref().map(|other| format!(", replaces {other:?}")).unwrap_or_default(),
        device
            .channel
            .as_ref()
            .map(|channel| format!(", {channel:?} to {:?}", device.address))
            .unwrap_or_default(),
    )
}

/// What a change was asked with, where it was anything.
fn shown(warrant: &Warrant) -> String {
    let Warrant { code, invitation } = warrant;
    let code = code.as_ref().map(|code| format!("code {code:?}, "));
    let invitation = invitation.as_ref().map(|token| format!("invitation {token:?}, "));
    code.into_iter().chain(invitation).collect()
}

pub(crate) fn phone() -> DeviceInfo {
    DeviceInfo {
        id: "totp/7f3a9c01".into(),
        kind: "totp".into(),
        label: "phone".into(),
        confirmed: true,
        created: 1_768_478_400,
        last_used: Some(1_784_116_800),
        algorithm: Some("SHA1".into()),
        digits: Some(6),
        period: Some(30),
        counter: None,
        drift: Some(-1),
        left: None,
        replaces: None,
        channel: None,
        address: None,
    }
}

pub(crate) fn token() -> DeviceInfo {
    DeviceInfo {
        id: "hotp/11aa22bb".into(),
        kind: "hotp".into(),
        label: "key ring".into(),
        confirmed: false,
        created: 1_768_478_401,
        last_used: None,
        algorithm: Some("SHA256".into()),
        digits: Some(8),
        period: None,
        counter: Some(7),
        drift: None,
        left: None,
        replaces: None,
        channel: None,
        address: None,
    }
}

pub(crate) fn recovery() -> DeviceInfo {
    DeviceInfo {
        id: "recovery/33cc44dd".into(),
        kind: "recovery".into(),
        label: "recovery".into(),
        confirmed: true,
        created: 1_768_478_402,
        last_used: None,
        algorithm: None,
        digits: None,
        period: None,
        counter: None,
        drift: None,
        left: Some(3),
        replaces: None,
        channel: None,
        address: None,
    }
}

pub(crate) fn address() -> DeviceInfo {
    DeviceInfo {
        id: "message/55ee66ff".into(),
        kind: "message".into(),
        label: "mobile".into(),
        digits: Some(6),
        last_used: None,
        left: None,
        channel: Some("sms".into()),
        address: Some("•••42".into()),
        ..recovery()
    }
}

pub(crate) fn verdict(outcome: Outcome, reason: Reason, wait: u32) -> Verdict {
    let by = matches!(reason, Reason::Matched | Reason::Used);
    let (device, label) = if by { ("totp/7f3a9c01", "phone") } else { ("", "") };
    Verdict {
        outcome,
        reason,
        device: device.into(),
        label: label.into(),
        wait,
        details: Details::default(),
    }
}

/// Of one phone, by the defaults of the throttle.
pub(crate) fn explanation() -> Explanation {
    Explanation {
        user: "alice".into(),
        devices: vec![DeviceOdds {
            device: "totp/7f3a9c01".into(),
            label: "phone".into(),
            codes: 6,
            one_in: 166_626,
        }],
        guess: Some(166_626),
        guesses_until_locked: 100,
        seconds_until_locked: 79_323,
        unlock_after: None,
        guesses_in_a_year: 3888,
        lane_until_locked: Some(1666),
        lanes_until_locked: Some(416),
        lane_in_a_year: Some(42),
        lanes_in_a_year: Some(10),
    }
}

/// Lanes by name, failures in a row, failures in 30 days, seconds to wait, locked.
pub(crate) fn lanes(lanes: &[(&str, u32, u32, u32, bool)]) -> Vec<LaneStatus> {
    let lane = |&(lane, failures, recent, wait, locked): &(&str, u32, u32, u32, bool)| LaneStatus {
        lane: lane.into(),
        failures,
        recent,
        wait,
        locked,
    };
    lanes.iter().map(lane).collect()
}

/// An account with these lanes.
pub(crate) fn status(of: &[(&str, u32, u32, u32, bool)]) -> AccountStatus {
    AccountStatus {
        user: "alice".into(),
        uid: 1000,
        enrolled: true,
        devices: 1,
        recovery_left: None,
        lanes: lanes(of),
        invited_until: None,
        exempt_until: None,
        exempt_reason: None,
    }
}

fn names() -> Vec<DeviceName> {
    [phone(), token()]
        .map(|DeviceInfo { id, label, confirmed, .. }| DeviceName { id, label, confirmed })
        .to_vec()
}

pub(crate) fn stored() -> StoredAccount {
    StoredAccount {
        name: "alice".into(),
        uid: Some(1000),
        enrolled: Some(true),
        created: Some(1_768_478_400),
        devices: names(),
        lanes: 1,
        addresses: 2,
        events: 17,
        damaged: None,
    }
}

pub(crate) fn adoption() -> Adoption {
    Adoption {
        user: "alice".into(),
        uid: 2000,
        from: "alice".into(),
        from_uid: 1000,
        holder: None,
        devices: names(),
    }
}

/// An account as the list of all shows it.
pub(crate) fn account(name: &str, uid: u32) -> AccountInfo {
    AccountInfo {
        name: name.into(),
        uid: Some(uid),
        enrolled: Some(true),
        devices: Some(2),
        locked: Some(Vec::new()),
        last_used: Some(1_784_116_800),
        exempt_until: None,
        created: Some(1_768_478_400),
        damaged: None,
    }
}
