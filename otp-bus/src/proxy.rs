//! Proxies for programs that have a runtime: the command line and the tests.

use zbus::proxy;

use crate::{
    AccountStatus, Challenge, DeviceFilter, DeviceInfo, Enrolment, Error, Login, NewDevice, Verdict,
};

/// `org.otpd1.Auth`: for hosts that let somebody in.
#[proxy(interface = "org.otpd1.Auth", default_service = "org.otpd1", default_path = "/org/otpd1")]
pub trait Auth {
    /// Says what a login must do. Changes nothing and remembers nothing.
    fn begin(&self, login: &Login) -> Result<Challenge, Error>;

    /// Checks a code and spends it. An accepting answer means that the code is recorded as spent
    /// on disk. Never to be sent twice: a second sending is a second attempt.
    fn verify(&self, login: &Login, code: &str) -> Result<Verdict, Error>;
}

/// `org.otpd1.Manage`: for those who enroll, repair and inspect. `user` is any name of the user;
/// `device` an id or a label that only one device has.
#[proxy(interface = "org.otpd1.Manage", default_service = "org.otpd1", default_path = "/org/otpd1")]
pub trait Manage {
    /// Adds an unconfirmed device and gives its secret, once.
    fn enroll(&self, user: &str, device: &NewDevice) -> Result<Enrolment, Error>;

    /// Confirms a device by a code of it, which is thereby spent.
    fn confirm(&self, user: &str, device: &str, code: &str) -> Result<DeviceInfo, Error>;

    /// Lists devices in the order of their enrolment.
    fn list(&self, user: &str, filter: DeviceFilter) -> Result<Vec<DeviceInfo>, Error>;

    /// Shows an account's state.
    fn status(&self, user: &str) -> Result<AccountStatus, Error>;

    /// Removes a device and tells which it was. The account stays enrolled.
    fn remove(&self, user: &str, device: &str) -> Result<DeviceInfo, Error>;

    /// Clears all failures and locks of an account and tells how many lanes had any.
    fn unlock(&self, user: &str) -> Result<u32, Error>;
}
