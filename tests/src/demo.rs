//! The system that `make try` shows and `make smoke` tries: a bus that starts the daemon when it is
//! asked for, the daemon, sshd, sudo and su with the module in their stacks, by the real clock, and
//! people enrolled by `otpctl`.

use data_encoding::BASE32_NOPAD;

use crate::{
    Account, Activation, Bus, Daemon, Device, Invocation, Kind, Result, Sshd, World, now, secret_in,
};

/// What `otpctl enroll` asks at its end.
const CONFIRM_PROMPT: &str = "Code";

/// A running system.
pub struct Demo {
    /// Where people log in.
    pub sshd: Sshd,
    _daemon: Daemon,
    _bus: Bus,
    /// The people and the log.
    pub world: World,
}

/// What enrolling somebody gave.
pub struct Enrolled {
    /// What `otpctl` showed: the QR code, the URI, the confirmation.
    pub shown: String,
    /// The secret in base32, as `oathtool -b` reads it.
    pub secret: String,
    /// Makes its codes. The present one is unused.
    pub device: Device,
}

impl Demo {
    /// Starts everything.
    pub fn open() -> Result<Self> {
        let world = World::new()?.quiet();
        for service in ["sshd", "sudo", "su"] {
            world.stack(service, &["requisite pam_otp.so"])?;
        }
        let bus = Bus::start(&world, Activation::On)?;
        let daemon = Daemon::start(&world)?;
        let sshd = Sshd::start(&world)?;
        Ok(Self { sshd, _daemon: daemon, _bus: bus, world })
    }

    /// Enrolls a TOTP device as an administrator does, and confirms it by the code before the
    /// present one. `terminal` is what `TERM` says.
    pub fn enroll(&self, account: &Account, terminal: &str) -> Result<Enrolled> {
        let mut otpctl = Invocation::of("otpctl")
            .args(["enroll", "--user", &account.name, "--label", "phone", "--qr", "always"])
            .env("TERM", terminal)
            .on_terminal()?;
        otpctl.expect("secret=")?.expect(CONFIRM_PROMPT)?;
        let secret = secret_in(otpctl.heard())?;
        let base32 = BASE32_NOPAD.encode(&secret);
        let device = Device::known(Kind::Totp, secret);
        otpctl.answer(&device.code(now() - 30)?)?;
        let ended = otpctl.end()?;
        ended.must_succeed()?;
        Ok(Enrolled { shown: ended.output, secret: base32, device })
    }
}
