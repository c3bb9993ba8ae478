//! The daemon as a process: whose it is, what it leaves readable, how it starts and ends.

use std::{
    collections::BTreeMap,
    fs,
    io::{Read, Write},
    os::{
        fd::OwnedFd,
        unix::{
            fs::MetadataExt,
            net::{UnixListener, UnixStream},
        },
    },
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use otp_bus::{DeviceFilter, names::MANAGE_INTERFACE};
use testbed::{
    Context, DAEMON_UID, Daemon, Deadline, Device, Failure, Invocation, Kind, Result, Service,
    World, inside, manage, pamtester, peer::message_to,
};

use crate::{
    scene::{MODULE, Scene, token, typed},
    surface::{device, text},
};

const STATE: &str = "/var/lib/otpd";
const SOCKET: &str = "/run/otpd/auth";
const SOON: Duration = Duration::from_secs(10);
const A_WHILE: Duration = Duration::from_millis(300);

/// What root says first on the socket, without waiting for what is said to it.
const HANDSHAKE: &[u8] = b"\0AUTH EXTERNAL 30\r\nBEGIN\r\n";

#[test]
fn it_has_no_privileges() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let status = fs::read_to_string(format!("/proc/{}/status", scene.daemon.pid()))?;
        let fields: BTreeMap<_, _> =
            status.lines().filter_map(|line| line.split_once(":\t")).collect();
        let own = DAEMON_UID.to_string();
        for ids in ["Uid", "Gid"] {
            assert!(fields[ids].split('\t').all(|id| id == own), "{ids}: {}", fields[ids]);
        }
        assert_eq!(fields["Groups"].trim(), "", "supplementary groups");
        for set in ["CapEff", "CapPrm", "CapInh", "CapAmb"] {
            assert_eq!(fields[set].trim_start_matches('0'), "", "{set}");
        }
        Ok(())
    })
}

#[test]
fn what_it_keeps_is_its_own_and_sealed() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        typed(&pamtester("otp", "alice"), &scene.code()?)?.must_succeed()?;
        let state = fs::metadata(STATE)?;
        assert_eq!((state.uid(), state.mode() & 0o7777), (DAEMON_UID, 0o700));
        let files = fs::read_dir(STATE)?
            .map(|entry| Ok(entry?.path()))
            .collect::<Result<Vec<PathBuf>>>()?;
        assert!(files.iter().any(|path| path.ends_with("otpd.db")), "{files:?}");
        for path in &files {
            let file = fs::metadata(path)?;
            assert_eq!((file.uid(), file.mode() & 0o077), (DAEMON_UID, 0), "{}", path.display());
            let content = fs::read(path)?;
            for form in scene.phone.secret_forms() {
                let found = content.windows(form.len()).any(|window| window == form);
                assert!(!found, "the secret lies open in {}", path.display());
            }
        }
        let ls = Invocation::of("ls").arg(STATE).by(&scene.world.alice).run()?;
        ls.must_fail()?.must_say("Permission denied")?;
        Ok(())
    })
}

#[test]
fn its_socket_is_roots() -> Result {
    inside(|| {
        let _scene = Scene::new()?;
        let (place, socket) = (fs::metadata("/run/otpd")?, fs::metadata(SOCKET)?);
        assert_eq!((place.uid(), place.mode() & 0o7777), (0, 0o755));
        assert_eq!((socket.uid(), socket.mode() & 0o7777), (0, 0o600));
        Ok(())
    })
}

#[test]
fn a_second_one_does_not_start() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let second = scene.clock.rule(Invocation::of("/usr/sbin/otpd"));
        second.run()?.must_fail()?;
        // And the first goes on, reachable as before.
        typed(&pamtester("otp", "alice"), &scene.code()?)?.must_succeed()?;
        Ok(())
    })
}

#[test]
fn a_socket_handed_over_at_its_start_is_the_one_it_serves() -> Result {
    inside(|| {
        let world = World::new()?;
        world.stack("otp", &[MODULE])?;
        fs::create_dir("/run/otpd")?;
        let socket = OwnedFd::from(UnixListener::bind(SOCKET)?);
        let inode = fs::metadata(SOCKET)?.ino();
        // As a service manager hands it over: descriptor 3, and a variable that names the process.
        let script = "LISTEN_PID=$$ LISTEN_FDS=1 exec /usr/sbin/otpd 3<&0 </dev/null";
        let started = Invocation::of("sh").args(["-c", script]);
        let daemon = Daemon::launch_with(&world, started, |invocation| {
            Service::start_with_input(invocation, socket)
        })?;
        let device = Device::enroll(&world.bob, Kind::Hotp, 0)?;
        typed(&pamtester("otp", "bob"), &device.code(1)?)?.must_succeed()?;
        daemon.stop()?;
        assert_eq!(fs::metadata(SOCKET)?.ino(), inode, "the socket is not the daemon's to remove");
        Ok(())
    })
}

#[test]
fn a_configuration_it_does_not_understand_keeps_it_from_starting() -> Result {
    inside(|| {
        let world = World::new()?;
        for toml in ["[throttle]\nlock_aftr = 3\n", "nonsense", "[throttle]\nlock_after = 0\n"] {
            world.configure(toml)?;
            let ended = Invocation::of("/usr/sbin/otpd").run()?;
            ended.must_fail()?;
            let told = format!("{}{}", ended.output, world.log.text());
            assert!(
                told.contains("otpd.toml"),
                "{toml:?} was refused without naming the file: {told}"
            );
        }
        assert!(!Path::new(SOCKET).exists());
        Ok(())
    })
}

#[test]
fn an_order_to_end_is_obeyed_and_everything_kept() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let other = token("bob")?;
        let Scene { daemon, clock, world, bus: _bus, .. } = scene;
        daemon.stop()?;
        let _again = Daemon::start_at(&world, &clock)?;
        typed(&pamtester("otp", "bob"), &other.code(1)?)?.must_succeed().context("after it")?;
        Ok(())
    })
}

/// A caller who has not read its answers yet gets them all the same.
#[test]
fn answers_on_their_way_are_written_before_it_ends() -> Result {
    const CALLS: usize = 60;
    inside(|| {
        let Scene { daemon, world: _world, bus: _bus, .. } = Scene::new()?;
        let mut caller = UnixStream::connect(SOCKET).context(SOCKET)?;
        let mut idle = UnixStream::connect(SOCKET).context(SOCKET)?;
        idle.write_all(HANDSHAKE)?;
        // The answers are more than the kernel keeps for somebody who does not read.
        let introspect = ("org.freedesktop.DBus.Introspectable", "Introspect", Vec::new());
        let enroll = vec![text("bob"), device([]), device([("kind", text("hotp"))])];
        let mut calls = HANDSHAKE.to_vec();
        let last = (MANAGE_INTERFACE, "Enroll", enroll);
        for (interface, member, arguments) in vec![introspect; CALLS].iter().chain([&last]) {
            let call = message_to(None, interface, member, arguments)?;
            calls.extend_from_slice(call.data().bytes());
        }
        caller.write_all(&calls)?;
        Deadline::after(SOON).poll("the last call's device", || {
            let listed = manage(async |proxy| proxy.list("bob", DeviceFilter::All).await)?;
            Ok((!listed.is_empty()).then_some(()))
        })?;
        thread::scope(|scope| {
            let stopping = scope.spawn(|| daemon.stop());
            let mut heard = Vec::new();
            // Who has asked nothing is left at once.
            idle.read_to_end(&mut heard)?;
            heard.clear();
            // And who reads slowly is waited for.
            let ended = || Ok(stopping.is_finished().then_some(()));
            assert!(Deadline::after(A_WHILE).poll("its end", ended).is_err(), "it did not wait");
            caller.read_to_end(&mut heard)?;
            let heard = String::from_utf8_lossy(&heard);
            assert_eq!(heard.matches("</node>").count(), CALLS, "{} bytes", heard.len());
            assert!(heard.contains("otpauth://hotp/"), "the last answer is missing");
            stopping.join().map_err(|_| Failure::new("stopping panicked"))?
        })
    })
}
