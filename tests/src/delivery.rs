//! Messages in the world: otp-deliver as it is shipped, a command that keeps what it is to send, and
//! what came of it. The command can be told to fail or to hang.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, chown},
    time::Duration,
};

use otp_bus::{NewDevice, Warrant};

use crate::{Context, Deadline, Invocation, Result, Service, World, manage, rootfs::directory};

const PROGRAM: &str = "/usr/sbin/otp-deliver";
const SOCKET: &str = "/run/otp-deliver/socket";
const COMMAND: &str = "/run/send-sms";
const KEPT: &str = "/run/sent";

/// The user that otp-deliver runs as.
pub const DELIVER_USER: &str = "_otpd-deliver";

/// Its uid and gid in here.
pub const DELIVER_UID: u32 = 898;

/// The channels `sms` and `email`, both by the command.
pub const CHANNELS: &str = "[channel.sms]\ncommand = ['/run/send-sms']\ntimeout = 30\n\
                            [channel.email]\ncommand = ['/run/send-sms']\ntakes = 'email'\n";

/// What the command does once it has kept the message.
#[derive(Clone, Copy, Debug)]
pub enum Provider {
    /// It says that the message was sent.
    Sends,
    /// It complains, repeating the whole message, and fails.
    Fails,
    /// It does not end.
    Hangs,
}

/// A running otp-deliver.
pub struct Delivery {
    service: Service,
}

impl Delivery {
    /// Starts it as root, as without systemd, and waits until it listens.
    pub fn start(world: &World) -> Result<Self> {
        directory(KEPT, 0o755)?;
        chown(KEPT, Some(DELIVER_UID), Some(DELIVER_UID)).context(KEPT)?;
        provide(Provider::Sends)?;
        let service = Self::launch(world)?;
        Ok(Self { service })
    }

    fn launch(world: &World) -> Result<Service> {
        world.log.clear();
        let service = Service::start(&Invocation::of(PROGRAM))?;
        world.log.expect(&["otp-deliver", "ready"])?;
        Ok(service)
    }

    /// Its process id, as this PID namespace counts.
    pub fn pid(&self) -> u32 {
        self.service.pid()
    }

    /// The number of messages that the command has got.
    pub fn count(&self) -> Result<usize> {
        Ok(lines()?.len())
    }

    /// The code of the message of this number, from 1; waits until it is there.
    pub fn code(&self, number: usize) -> Result<String> {
        let message = self.message(number)?;
        let code = message.split_once("\"code\":\"").and_then(|(_, rest)| rest.split_once('"'));
        code.map(|(code, _)| code.to_owned()).context("a code in the message")
    }

    /// The message of this number, as the command got it.
    pub fn message(&self, number: usize) -> Result<String> {
        Deadline::after(Duration::from_secs(20))
            .poll(&format!("message {number}"), || Ok(lines()?.into_iter().nth(number - 1)))
    }
}

/// Has the command behave so from now on.
pub fn provide(provider: Provider) -> Result {
    let end = match provider {
        Provider::Sends => "exit 0",
        Provider::Fails => "echo \"cannot send: $message\" >&2; exit 3",
        Provider::Hangs => "exec sleep 1000",
    };
    let text = format!("#!/bin/sh\nread -r message\necho \"$message\" >>{KEPT}/messages\n{end}\n");
    let new = format!("{COMMAND}.new");
    fs::write(&new, text).context(&new)?;
    fs::set_permissions(&new, fs::Permissions::from_mode(0o755)).context(&new)?;
    fs::rename(&new, COMMAND).context(COMMAND)
}

/// Where otp-deliver listens.
pub fn deliver_socket() -> &'static str {
    SOCKET
}

/// Enrolls an address for a user by root, and leaves it unconfirmed; its id.
pub fn enroll_address(user: &str, channel: &str, address: &str) -> Result<String> {
    let new = NewDevice {
        kind: "message".to_owned(),
        label: Some(format!("{user}'s {channel}")),
        channel: Some(channel.to_owned()),
        address: Some(address.to_owned()),
        ..NewDevice::default()
    };
    let made = manage(async |proxy| proxy.enroll(user, &Warrant::default(), &new).await)?;
    Ok(made.device)
}

fn lines() -> Result<Vec<String>> {
    match fs::read_to_string(format!("{KEPT}/messages")) {
        // A line that is not at its end is still being written.
        Ok(text) => Ok(text
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'))
            .map(str::to_owned)
            .collect()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}
