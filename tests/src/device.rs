//! Devices whose secret the test knows: enrolled by root through the daemon's own socket, their
//! codes made by `oathtool`, which shares no line of code with what is tested.

use data_encoding::{BASE32_NOPAD, HEXLOWER, HEXUPPER};
use otp_bus::{Error, ManageProxy, NewDevice, Warrant, names::SOCKET_PATH};
use tokio::runtime::Builder;
use zbus::connection;

use crate::{Account, Context, Failure, Invocation, Result};

/// What sort of device, and with that what its moving factor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The factor is a time, in seconds since 1970 UTC.
    Totp,
    /// The factor is a counter.
    Hotp,
}

/// How a device makes its codes.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// `SHA1`, `SHA256` or `SHA512`; `oathtool` knows the last two for TOTP alone.
    pub algorithm: &'static str,
    /// Digits of a code.
    pub digits: u32,
    /// Seconds of a TOTP step.
    pub period: u32,
}

impl Default for Form {
    fn default() -> Self {
        Self { algorithm: "SHA1", digits: 6, period: 30 }
    }
}

/// An enrolled and confirmed device.
#[derive(Clone, Debug)]
pub struct Device {
    /// The daemon's id for it; empty where another enrolled it.
    pub id: String,
    kind: Kind,
    form: Form,
    secret: Vec<u8>,
}

impl Device {
    /// Enrolls a device and confirms it by its code at `factor`, which is thereby spent.
    pub fn enroll(account: &Account, kind: Kind, factor: u64) -> Result<Self> {
        Self::enroll_name(&account.name, kind, factor)
    }

    /// The same for any name.
    pub fn enroll_name(user: &str, kind: Kind, factor: u64) -> Result<Self> {
        Self::enroll_form(user, kind, Form::default(), factor)
    }

    /// The same with other codes than usual.
    pub fn enroll_form(user: &str, kind: Kind, form: Form, factor: u64) -> Result<Self> {
        let device = Self::enroll_pending(user, kind, form)?;
        let code = device.code(factor)?;
        manage(async |proxy| proxy.confirm(user, &device.id, &code).await)?;
        Ok(device)
    }

    /// Enrolls a device and leaves it unconfirmed.
    pub fn enroll_unconfirmed(user: &str, kind: Kind) -> Result<Self> {
        Self::enroll_pending(user, kind, Form::default())
    }

    fn enroll_pending(user: &str, kind: Kind, form: Form) -> Result<Self> {
        let word = match kind {
            Kind::Totp => "totp",
            Kind::Hotp => "hotp",
        };
        let Form { algorithm, digits, period } = form;
        let secret = format!("{:-<20}", format!("{algorithm}-{digits}-{period}-{word}-{user}"));
        let secret = secret.into_bytes();
        let new = NewDevice {
            kind: word.to_owned(),
            label: Some(format!("{user}'s {word}")),
            algorithm: Some(algorithm.to_owned()),
            digits: Some(digits),
            period: (kind == Kind::Totp).then_some(period),
            secret: Some(secret.clone()),
            ..NewDevice::default()
        };
        let enrolled = manage(async |proxy| proxy.enroll(user, &Warrant::default(), &new).await)?;
        Ok(Self { id: enrolled.device, kind, form, secret })
    }

    /// A device that was enrolled by somebody else.
    pub fn known(kind: Kind, secret: Vec<u8>) -> Self {
        Self { id: String::new(), kind, form: Form::default(), secret }
    }

    /// The secret as somebody who looks for it would find it: raw, in base32, in hexadecimal.
    pub fn secret_forms(&self) -> [Vec<u8>; 4] {
        let texts = [BASE32_NOPAD, HEXLOWER, HEXUPPER].map(|form| form.encode(&self.secret));
        let [base32, lower, upper] = texts.map(String::into_bytes);
        [self.secret.clone(), base32, lower, upper]
    }

    /// The code at a time or counter, by `oathtool`.
    pub fn code(&self, factor: u64) -> Result<String> {
        let secret = HEXLOWER.encode(&self.secret);
        let Form { algorithm, digits, period } = self.form;
        let tool = Invocation::of("oathtool").args(["--digits", &digits.to_string(), &secret]);
        let tool = match self.kind {
            Kind::Totp => tool
                .arg(format!("--totp={algorithm}"))
                .arg(format!("--time-step-size={period}s"))
                .args(["--now", &format!("@{factor}")]),
            Kind::Hotp => tool.args(["--hotp", "--counter", &factor.to_string()]),
        };
        let ended = tool.run().context("oathtool (package oathtool)")?;
        Ok(ended.must_succeed()?.output.trim().to_owned())
    }

    /// The codes of a counter and those that follow it, by `oathtool`.
    pub fn codes(&self, counter: usize, count: usize) -> Result<Vec<String>> {
        let secret = HEXLOWER.encode(&self.secret);
        let (counter, window) = (counter.to_string(), count.saturating_sub(1).to_string());
        let tool = Invocation::of("oathtool").args(["--hotp", "--counter", &counter]);
        let ended = tool.args(["--window", &window, &secret]).run()?;
        Ok(ended.must_succeed()?.output.lines().map(str::to_owned).collect())
    }

    /// A code that is right nowhere near `factor`.
    pub fn wrong_code(&self, factor: u64) -> Result<String> {
        let near: Vec<String> = match self.kind {
            Kind::Totp => {
                (0..9).map(|step| self.code(factor + step * 30 - 120)).collect::<Result<_>>()?
            }
            Kind::Hotp => (0..30).map(|step| self.code(factor + step)).collect::<Result<_>>()?,
        };
        let mut candidates = (0..1_000_000).map(|number| format!("{number:06}"));
        candidates.find(|code| !near.contains(code)).context("all codes are right")
    }
}

/// The secret in an `otpauth://` URI somewhere in a text.
pub fn secret_in(text: &str) -> Result<Vec<u8>> {
    let (_, rest) = text.split_once("secret=").context("there is no otpauth URI")?;
    let base32: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
    BASE32_NOPAD.decode(base32.as_bytes()).context("the URI's secret")
}

/// Calls `org.otpd1.Manage` as root, through the daemon's own socket.
pub fn manage<T>(
    call: impl AsyncFnOnce(&ManageProxy<'_>) -> std::result::Result<T, Error>,
) -> Result<T> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let address = format!("unix:path={SOCKET_PATH}");
        let socket = connection::Builder::address(address.as_str()).p2p().build().await;
        let socket = socket.context(format!("connecting to {SOCKET_PATH}"))?;
        let proxy = ManageProxy::new(&socket).await.context("making a proxy")?;
        call(&proxy).await.map_err(|error| Failure::new(format!("org.otpd1.Manage: {error}")))
    })
}
