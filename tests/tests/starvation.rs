//! Somebody who uses up what others need: connections, calls, prompts, the log. Root's logins and
//! another user's lock screen go on, or it is the bus that keeps the latter out, which is shown.

use std::{
    fs,
    os::unix::{
        fs::PermissionsExt,
        net::{UnixDatagram, UnixStream},
    },
    time::Duration,
};

use otp_bus::names::{AUTH_INTERFACE, SOCKET_PATH};
use testbed::{
    Bus, Context, Deadline, Ended, PROMPT, Result, counts, inside, pamtester,
    peer::{Peer, connect_as},
};

use crate::{
    random::resident,
    scene::{STEP, Scene, typed},
    surface::{block_on, usual},
};

const BUS: &str = "/run/dbus/system_bus_socket";

/// What a login may take with all that around it: the module's deadline for each of its two calls.
const DEADLINES: Duration = Duration::from_secs(20);

/// By how much the daemon may grow, in KiB.
const GROWTH_KIB: u64 = 16 * 1024;

/// Root's program asks alice for her code, which is right.
fn by_root(scene: &Scene) -> Result<Ended> {
    scene.clock.advance(STEP)?;
    typed(&pamtester("otp", "alice"), &scene.code()?)
}

/// Alice's own program asks her, as a lock screen does.
fn lock_screen(scene: &Scene) -> Result<Ended> {
    scene.clock.advance(STEP)?;
    typed(&pamtester("otp", "alice").by(&scene.world.alice), &scene.code()?)
}

fn both_get_in(scene: &Scene) -> Result {
    for login in [by_root, lock_screen] {
        let from = Deadline::after(DEADLINES);
        login(scene)?.must_succeed()?.must_say("successfully authenticated")?;
        assert!(!from.passed(), "it took {:?}", from.elapsed());
    }
    Ok(())
}

fn half_open(scene: &Scene) -> Result<Vec<UnixStream>> {
    (0..300).map(|_| connect_as(BUS, scene.world.bob.uid)).collect()
}

#[test]
fn half_open_bus_connections_keep_root_out_nowhere() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        scene.world.stack("otp", &["requisite pam_otp.so timeout=3"])?;
        let held = half_open(&scene)?;
        by_root(&scene)?.must_succeed()?;
        // dbus-daemon takes 64 connections that have not said who they are, and then nobody else:
        // whoever is not root has to wait until it hangs up on these.
        let own = pamtester("otp", "alice").by(&scene.world.alice).on_pipes()?.end()?;
        own.must_fail()?.must_not_say(PROMPT)?;
        // No matter of ours: whoever only wants to greet the bus is not let in either.
        let mut greeting = connect_as(BUS, scene.world.alice.uid)?;
        greeting.set_read_timeout(Some(Duration::from_secs(1)))?;
        std::io::Write::write_all(&mut greeting, b"\0AUTH\r\n")?;
        let silence = std::io::Read::read(&mut greeting, &mut [0; 64]);
        assert!(silence.is_err(), "the bus answers: {silence:?}");
        drop((held, greeting));
        lock_screen(&scene)?.must_succeed()?;
        Ok(())
    })
}

#[test]
fn half_open_connections_to_dbus_broker_keep_nobody_out() -> Result {
    inside(|| {
        let scene = Scene::on_bus(Bus::start_broker)?;
        let held = half_open(&scene)?;
        both_get_in(&scene)?;
        drop(held);
        Ok(())
    })
}

#[test]
fn calls_in_flight_keep_nobody_out() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let calls = counts::of(1_000, 10_000);
        let before = resident(scene.daemon.pid())?;
        block_on(async {
            let bob = Peer::on_bus(Some(&scene.world.bob)).await?;
            let mut took = Duration::ZERO;
            for login in [by_root, lock_screen] {
                let arguments = usual("Verify", "bob");
                bob.shout(calls, (AUTH_INTERFACE, "Verify"), &arguments).await?;
                let from = Deadline::after(DEADLINES);
                login(&scene)?.must_succeed()?;
                took = took.max(from.elapsed());
            }
            assert!(took < DEADLINES, "it took {took:?}");
            // The last of bob's is looked at before this one.
            let last = bob.call(AUTH_INTERFACE, "Verify", &usual("Verify", "bob")).await;
            assert!(last.is_typed(), "{last:?}");
            let grown = resident(scene.daemon.pid())?.saturating_sub(before);
            counts::figure(&format!(
                "{calls} calls of one user in flight: another user's login took {took:?}; \
                 the daemon grew by {grown} KiB"
            ));
            assert!(grown < GROWTH_KIB, "the daemon grew by {grown} KiB");
            Ok(())
        })
    })
}

#[test]
fn prompts_that_nobody_answers_keep_nobody_out() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let mut waiting = Vec::new();
        for _ in 0..counts::of(50, 500) {
            let mut prompt = pamtester("otp", "bob").by(&scene.world.bob).on_pipes()?;
            prompt.expect(PROMPT)?;
            waiting.push(prompt);
        }
        both_get_in(&scene)?;
        counts::figure(&format!("{} prompts of one user: others get in", waiting.len()));
        Ok(())
    })
}

#[test]
fn handshakes_that_never_end_keep_nobody_out() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        // More than the daemon serves at once. Only root can: this is a program of root's that
        // has gone wrong, not an attack.
        let mut held = Vec::new();
        for sent in [&b""[..], b"\0", b"\0AUTH EXTERNAL 30\r\n"].iter().cycle().take(300) {
            let mut stream = UnixStream::connect(SOCKET_PATH).context(SOCKET_PATH)?;
            std::io::Write::write_all(&mut stream, sent)?;
            held.push(stream);
        }
        both_get_in(&scene)?;
        drop(held);
        Ok(())
    })
}

#[test]
fn a_log_that_nobody_reads_keeps_nobody_out() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        fs::remove_file("/dev/log").context("/dev/log")?;
        let log = UnixDatagram::bind("/dev/log").context("/dev/log")?;
        fs::set_permissions("/dev/log", fs::Permissions::from_mode(0o666))?;
        let scene = scene.after_a_crash()?;
        let stuffing = UnixDatagram::unbound()?;
        stuffing.connect("/dev/log")?;
        stuffing.set_nonblocking(true)?;
        let mut stuffed = 0;
        while stuffing.send(b"<86>noise").is_ok() {
            stuffed += 1;
        }
        assert!(stuffed > 0, "the log took nothing at all");
        both_get_in(&scene)?;
        // Once somebody reads again, the daemon says what was lost.
        log.set_nonblocking(true)?;
        while log.recv(&mut [0; 4096]).is_ok() {}
        by_root(&scene)?.must_succeed()?;
        let mut told = String::new();
        let mut line = [0; 4096];
        while let Ok(length) = log.recv(&mut line) {
            told += &String::from_utf8_lossy(line.get(..length).unwrap_or_default());
        }
        assert!(told.contains("lines were lost"), "{told}");
        Ok(())
    })
}
