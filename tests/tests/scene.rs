//! The usual scene: a running daemon by a clock that stands still, a bus, and alice, who has a
//! phone. Stacks of the services hold the module alone.

use testbed::{
    Activation, Bus, Daemon, Device, Ended, FakeClock, Invocation, Kind, PROMPT, Result, World,
};

/// A period of the default TOTP device, in seconds.
pub(crate) const STEP: u64 = 30;

/// The stack of every service in these tests.
pub(crate) const MODULE: &str = "requisite pam_otp.so";

/// What stands around alice. The parts are dropped in this order.
pub(crate) struct Scene {
    pub(crate) daemon: Daemon,
    pub(crate) bus: Bus,
    pub(crate) clock: FakeClock,
    /// Her TOTP device; the code of the clock's step is unused.
    pub(crate) phone: Device,
    pub(crate) world: World,
}

impl Scene {
    /// With nothing configured.
    pub(crate) fn new() -> Result<Self> {
        Self::configured("")
    }

    /// With an `otpd.toml`.
    pub(crate) fn configured(toml: &str) -> Result<Self> {
        Self::furnished(toml, || Ok(()), |world| Bus::start(world, Activation::Off))
    }

    /// On another bus.
    pub(crate) fn on_bus(start: impl FnOnce(&World) -> Result<Bus>) -> Result<Self> {
        Self::furnished("", || Ok(()), start)
    }

    /// With an `otpd.toml`, on what `mount` puts in place.
    pub(crate) fn configured_on(toml: &str, mount: impl FnOnce() -> Result) -> Result<Self> {
        Self::furnished(toml, mount, |world| Bus::start(world, Activation::Off))
    }

    /// With its state on a disk that `mount` puts in place.
    pub(crate) fn on(mount: impl FnOnce() -> Result) -> Result<Self> {
        Self::furnished("", mount, |world| Bus::start(world, Activation::Off))
    }

    fn furnished(
        toml: &str,
        mount: impl FnOnce() -> Result,
        start: impl FnOnce(&World) -> Result<Bus>,
    ) -> Result<Self> {
        let world = World::new()?;
        world.configure(toml)?;
        mount()?;
        for service in ["sshd", "sudo", "su", "otp"] {
            world.stack(service, &[MODULE])?;
        }
        let clock = FakeClock::new()?;
        let bus = start(&world)?;
        let daemon = Daemon::start_at(&world, &clock)?;
        let phone = Device::enroll(&world.alice, Kind::Totp, clock.now())?;
        clock.advance(STEP)?;
        Ok(Self { daemon, bus, clock, phone, world })
    }

    /// The right code of alice's phone.
    pub(crate) fn code(&self) -> Result<String> {
        self.phone.code(self.clock.now())
    }

    /// A code that alice's phone does not show for a long time.
    pub(crate) fn wrong(&self) -> Result<String> {
        self.phone.wrong_code(self.clock.now())
    }

    /// The same scene with a daemon that was killed and started again.
    pub(crate) fn after_a_crash(mut self) -> Result<Self> {
        let Self { daemon, bus, clock, phone, world } = self;
        daemon.kill()?;
        self = Self { daemon: Daemon::start_at(&world, &clock)?, bus, clock, phone, world };
        Ok(self)
    }
}

/// Enrolls a HOTP device; its code at counter 1 is unused.
pub(crate) fn token(user: &str) -> Result<Device> {
    Device::enroll_name(user, Kind::Hotp, 0)
}

/// Types `code` at the prompt of a login on pipes and waits for its end.
pub(crate) fn typed(login: &Invocation, code: &str) -> Result<Ended> {
    let mut dialogue = login.on_pipes()?;
    dialogue.expect(PROMPT)?.answer(code)?;
    dialogue.end()
}
