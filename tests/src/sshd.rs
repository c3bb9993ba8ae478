//! A real sshd on three loopback ports: one that asks for a code alone, one that wants a key first,
//! and one that takes passwords and asks for nothing.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
};

use crate::{Account, Context, Invocation, Result, Service, World};

const CONFIG: &str = "/etc/ssh/testbed_config";
const HOST_KEY: &str = "/etc/ssh/testbed_host_key";
const KNOWN_HOSTS: &str = "/etc/ssh/testbed_known_hosts";

/// What a login has to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// What PAM asks for, alone.
    Keyboard,
    /// A key, then what PAM asks for.
    KeyThenKeyboard,
    /// A password, which is the answer to whatever PAM asks for.
    Password,
}

/// A running sshd; its PAM service is `sshd`.
pub struct Sshd {
    service: Service,
    keyboard: u16,
    key: u16,
    password: u16,
}

impl Sshd {
    /// Starts it and waits until it listens.
    pub fn start(world: &World) -> Result<Self> {
        Self::configured(world, "MaxStartups 100\n")
    }

    /// The same on addresses that a guest can reach too.
    pub fn for_guests(world: &World) -> Result<Self> {
        Self::configured(world, &(crate::network::listening() + "MaxStartups 100\n"))
    }

    /// The same with these lines of its configuration, which go before its usual ones.
    pub fn configured(world: &World, lines: &str) -> Result<Self> {
        let made =
            Invocation::of("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f", HOST_KEY]);
        made.run()?.must_succeed()?;
        let ports = free_ports()?;
        let [keyboard, key, password] = ports;
        fs::write(CONFIG, lines.to_owned() + &config(ports)).context(CONFIG)?;
        let public = fs::read_to_string(format!("{HOST_KEY}.pub")).context("the host key")?;
        let known = ports.map(|port| format!("[127.0.0.1]:{port} {public}")).concat();
        fs::write(KNOWN_HOSTS, known).context(KNOWN_HOSTS)?;
        // By its absolute path: sshd refuses to start otherwise, since it runs itself again.
        let service = Service::start(&Invocation::of("/usr/sbin/sshd").args(["-D", "-f", CONFIG]))?;
        for port in ports {
            world.log.expect(&["Server listening on 127.0.0.1", &format!("port {port}.")])?;
        }
        Ok(Self { service, keyboard, key, password })
    }

    /// The process that listens.
    pub fn pid(&self) -> u32 {
        self.service.pid()
    }

    /// The port that asks for this.
    pub fn port(&self, method: Method) -> u16 {
        match method {
            Method::Keyboard => self.keyboard,
            Method::KeyThenKeyboard => self.key,
            Method::Password => self.password,
        }
    }

    /// An `ssh` that logs in as `user` and says `whoami` and by which device, run by somebody who holds `holder`'s key.
    pub fn login(&self, method: Method, user: &str, holder: &Account) -> Invocation {
        // One attempt is one attempt; sshd would ask three times.
        self.client("ssh", method, holder)
            .args(["-o", "NumberOfPasswordPrompts=1"])
            .arg(format!("{user}@127.0.0.1"))
            .args(["echo", "logged in as $(id -un) by ${OTPD_DEVICE:-no device}"])
    }

    /// A client that knows this sshd, `ssh`, `scp` or `sftp`, without the words that say what it is
    /// to do.
    pub fn client(&self, program: &str, method: Method, holder: &Account) -> Invocation {
        Invocation::of(program)
            .args(["-F", "none", "-o", &format!("Port={}", self.port(method))])
            .args([
                "-o",
                "StrictHostKeyChecking=yes",
                "-o",
                &format!("UserKnownHostsFile={KNOWN_HOSTS}"),
            ])
            .args(["-o", "IdentitiesOnly=yes", "-i"])
            .arg(holder.key().display())
            .by(holder)
    }
}

fn config([keyboard, key, password]: [u16; 3]) -> String {
    format!(
        "Port {keyboard}
Port {key}
Port {password}
ListenAddress 127.0.0.1
HostKey {HOST_KEY}
PidFile none
UsePAM yes
UseDNS no
PasswordAuthentication no
KbdInteractiveAuthentication yes
PrintMotd no
PrintLastLog no
AuthenticationMethods keyboard-interactive
Subsystem sftp internal-sftp
Match LocalPort {key}
  AuthenticationMethods publickey,keyboard-interactive:pam
Match LocalPort {password}
  PasswordAuthentication yes
  AuthenticationMethods password
"
    )
}

/// Ports that were free a moment ago, all different. The loopback device is the host's: a person's
/// `ssh` is to reach this sshd.
fn free_ports<const N: usize>() -> Result<[u16; N]> {
    let mut ports = [0; N];
    let mut held = Vec::new();
    for port in &mut ports {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("finding a free port")?;
        *port = listener.local_addr()?.port();
        held.push(listener);
    }
    Ok(ports)
}
