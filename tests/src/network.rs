//! A network of two: this test's own, in which everything that is started afterwards runs, and a
//! guest's, whose addresses are not this machine's. The kernel takes both away with their processes.

use std::fs;

use nix::sched::{CloneFlags, unshare};

use crate::{Context, Deadline, Failure, Invocation, Method, Result, Service, Sshd};

/// Addresses of this side.
pub const HERE: [&str; 2] = ["192.0.2.1", "2001:db8::1"];

/// Addresses of the guest.
pub const GUEST: [&str; 2] = ["192.0.2.7", "2001:db8::7"];

/// Further addresses of the guest.
pub const OTHER_GUEST: [&str; 2] = ["192.0.2.8", "2001:db8::8"];

/// How long a namespace may take to be there.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

/// The guest's side, as long as this is held.
pub struct Network {
    guest: Service,
}

impl Network {
    /// Leaves the network of the host. Whatever this thread starts from now on is in the new one.
    pub fn new() -> Result<Self> {
        unshare(CloneFlags::CLONE_NEWNET).context("leaving the host's network")?;
        let own = network_of("thread-self")?;
        let guest = Invocation::of("unshare").args(["--net", "sleep", "infinity"]);
        let network = Self { guest: Service::start(&guest)? };
        let number = network.guest.pid().to_string();
        Deadline::after(PATIENCE)
            .poll("the guest's network", || Ok((network_of(&number)? != own).then_some(())))?;
        here(&["link", "set", "lo", "up"])?;
        here(&["link", "add", "here", "type", "veth", "peer", "name", "there"])?;
        here(&["link", "set", "there", "netns", &number])?;
        let addresses = |link| move |address: &&str| words(link, address);
        for words in HERE.iter().map(addresses("here")) {
            here(&words.iter().map(String::as_str).collect::<Vec<_>>())?;
        }
        here(&["link", "set", "here", "up"])?;
        for words in GUEST.iter().chain(&OTHER_GUEST).map(addresses("there")) {
            network.there(&words.iter().map(String::as_str).collect::<Vec<_>>())?;
        }
        network.there(&["link", "set", "there", "up"])?;
        Ok(network)
    }

    /// An `ssh` of the guest's, from one of its addresses to one of this side, that says who and how.
    pub fn ssh(&self, sshd: &Sshd, user: &str, from: &str) -> Invocation {
        let to = if from.contains(':') { HERE[1] } else { HERE[0] };
        let number = self.guest.pid().to_string();
        ssh(sshd, user, (from, to)).behind(&["nsenter", "--target", &number, "--net"])
    }

    fn there(&self, words: &[&str]) -> Result {
        let number = self.guest.pid().to_string();
        let ip = Invocation::of("ip").args(words);
        ip.behind(&["nsenter", "--target", &number, "--net"]).run()?.must_succeed()?;
        Ok(())
    }

    /// An `ssh` of this side's, from an address of its own to the same one.
    pub fn ssh_here(&self, sshd: &Sshd, user: &str, address: &str) -> Invocation {
        ssh(sshd, user, (address, address))
    }
}

/// Who can reach this sshd from another machine: its configuration's first lines.
pub(crate) fn listening() -> String {
    HERE.map(|address| format!("ListenAddress {address}\n")).concat()
}

fn ssh(sshd: &Sshd, user: &str, (from, to): (&str, &str)) -> Invocation {
    let port = sshd.port(Method::Keyboard);
    Invocation::of("ssh")
        .args(["-F", "none", "-b", from, "-o", &format!("Port={port}")])
        .args(["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"])
        .args(["-o", "NumberOfPasswordPrompts=1", "-o", "LogLevel=ERROR"])
        .arg(format!("{user}@{to}"))
        .args(["echo", "logged in as $(id -un) by ${OTPD_METHOD:-no method}"])
}

fn words(link: &str, address: &str) -> Vec<String> {
    let (bits, duplicates) = if address.contains(':') { (64, Some("nodad")) } else { (24, None) };
    let words = ["address", "add", &format!("{address}/{bits}"), "dev", link].map(str::to_owned);
    words.into_iter().chain(duplicates.map(str::to_owned)).collect()
}

fn here(words: &[&str]) -> Result {
    Invocation::of("ip").args(words).run()?.must_succeed()?;
    Ok(())
}

fn network_of(process: &str) -> Result<std::path::PathBuf> {
    let link = format!("/proc/{process}/ns/net");
    fs::read_link(&link).map_err(|error| Failure::new(format!("{link}: {error}")))
}
