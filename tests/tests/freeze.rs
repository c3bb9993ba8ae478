//! Freezes, absences and lies, at each step of a login: never let in, never passed over, never longer
//! than the deadline, and one line of the module that names the cause. Behind the module stands
//! one that lets everybody pass, so that "ignore" would be seen as "let in".

use std::{fs, os::fd::AsRawFd, os::unix::net::UnixListener, time::Duration};

use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, UnixAddr, bind, listen, socket,
};
use otp_bus::names::SOCKET_PATH;
use testbed::{
    Account, Activation, Attempt, Bus, Daemon, Deadline, FakeDaemon, PROMPT, PamHost, Result,
    World, inside, pam, pamtester, replace_bus_policy,
};

use crate::{
    liar::{self, Lie, Moment},
    scene::{STEP, Scene, typed},
};

/// The module's deadline in these tests.
const DEADLINE: Duration = Duration::from_secs(1);

/// What a machine with much to do may add to it.
const MARGIN: Duration = Duration::from_secs(4);

/// What pamtester prints for `PAM_AUTHINFO_UNAVAIL`.
const UNAVAILABLE: &str = "cannot retrieve authentication info";

const OWN: &str = SOCKET_PATH;
const BUS: &str = "/run/dbus/system_bus_socket";

fn stack(world: &World) -> Result {
    world.stack("otp", &["requisite pam_otp.so timeout=1", "required pam_permit.so"])
}

fn scene() -> Result<Scene> {
    let scene = Scene::new()?;
    stack(&scene.world)?;
    Ok(scene)
}

#[test]
fn frozen_at_the_beginning_or_the_prompt_it_costs_the_deadline() -> Result {
    inside(|| {
        let scene = scene()?;
        let alice = scene.world.alice.clone();
        for (bus_too, by, place) in
            [(false, None, OWN), (false, Some(&alice), BUS), (true, Some(&alice), BUS)]
        {
            let freeze = || if bus_too { scene.bus.freeze() } else { scene.daemon.freeze() };
            let thaw = || if bus_too { scene.bus.thaw() } else { scene.daemon.thaw() };
            freeze()?;
            let attempt = login(by, "123456")?;
            denied_late(&scene.world, attempt, place)?;
            thaw()?;
            let code = scene.code()?;
            let tester = pamtester("otp", "alice");
            let mut dialogue = by.map_or(tester.clone(), |by| tester.by(by)).on_pipes()?;
            dialogue.expect(PROMPT)?;
            freeze()?;
            dialogue.answer(&code)?;
            dialogue.end()?.must_fail()?.must_say(UNAVAILABLE)?;
            one_line(&scene.world, &[place, "within 1 s"])?;
            thaw()?;
            // What was sent may have been spent when it thawed, or never read. At most one more gets in.
            let ends = [login(by, &code)?.code, login(by, &code)?.code];
            assert!(
                ends == [pam::SUCCESS, pam::AUTH_ERR] || ends == [pam::AUTH_ERR; 2],
                "{ends:?}"
            );
            scene.clock.advance(STEP)?;
            assert_eq!(login(by, &scene.code()?)?.code, pam::SUCCESS);
            scene.clock.advance(STEP)?;
        }
        Ok(())
    })
}

#[test]
fn frozen_between_decision_and_answer_it_costs_the_deadline() -> Result {
    inside(|| {
        let scene = scene()?;
        let alice = scene.world.alice.clone();
        for (bus_too, by, place) in
            [(false, None, OWN), (false, Some(&alice), BUS), (true, Some(&alice), BUS)]
        {
            let mut caught = false;
            // The daemon logs, waits for the moment of refusals, and answers; in between it is frozen.
            for _ in 0..20 {
                scene.world.log.clear();
                let tester = pamtester("otp", "alice");
                let mut dialogue = by.map_or(tester.clone(), |by| tester.by(by)).on_pipes()?;
                dialogue.expect(PROMPT)?.answer("no code")?;
                scene.world.log.expect(&["otpd[", "alice refused"])?;
                if bus_too {
                    scene.bus.freeze()?
                } else {
                    scene.daemon.freeze()?
                }
                let ended = dialogue.end()?;
                if bus_too {
                    scene.bus.thaw()?
                } else {
                    scene.daemon.thaw()?
                }
                ended.must_fail()?.must_not_say("successfully")?;
                if ended.output.contains(UNAVAILABLE) {
                    one_line(&scene.world, &[place, "within 1 s"])?;
                    caught = true;
                    break;
                }
            }
            assert!(caught, "never frozen in time");
            assert_eq!(login(by, &scene.code()?)?.code, pam::SUCCESS);
            scene.clock.advance(STEP)?;
        }
        Ok(())
    })
}

#[test]
fn a_frozen_bus_is_nothing_to_root() -> Result {
    inside(|| {
        let scene = scene()?;
        scene.bus.freeze()?;
        assert_eq!(login(None, &scene.code()?)?.code, pam::SUCCESS);
        assert_eq!(scene.world.log.settled()?.count(&["pam_otp("]), 0);
        Ok(())
    })
}

#[test]
fn a_daemon_that_lies_on_its_socket_lets_nobody_in() -> Result {
    inside(|| {
        let world = World::new()?;
        stack(&world)?;
        for lie in LIES {
            for at in [Moment::Begin, Moment::Verify] {
                liar::on_socket(lie, at)?;
                refused_to_believe(&world, None, OWN, lie, at)?;
            }
        }
        Ok(())
    })
}

#[test]
fn a_daemon_that_lies_on_the_bus_lets_nobody_in() -> Result {
    inside(|| {
        let world = World::new()?;
        stack(&world)?;
        let _bus = Bus::start(&world, Activation::Off)?;
        for lie in LIES.into_iter().filter(|lie| !lie.is_raw()) {
            for at in [Moment::Begin, Moment::Verify] {
                let liar = liar::on_bus(lie, at)?;
                refused_to_believe(&world, Some(&world.alice), BUS, lie, at)?;
                drop(liar);
                Deadline::after(Duration::from_secs(10)).poll("the name to be free", || {
                    let nobody = login(Some(&world.alice), "")?;
                    Ok((nobody.refusal < DEADLINE && last_line(&world)?.contains("not provided"))
                        .then_some(()))
                })?;
            }
        }
        Ok(())
    })
}

#[test]
fn a_bus_that_comes_back_finds_its_daemon() -> Result {
    inside(|| {
        let Scene { daemon: _daemon, bus, clock, phone, world } = scene()?;
        bus.kill()?;
        assert_eq!(login(Some(&world.alice), "x")?.code, pam::AUTHINFO_UNAVAIL);
        one_line(&world, &[BUS, "cannot be reached"])?;
        let _bus = Bus::start(&world, Activation::Off)?;
        served_again(&world)?;
        assert_eq!(login(Some(&world.alice), &phone.code(clock.now())?)?.code, pam::SUCCESS);
        Ok(())
    })
}

#[test]
fn a_name_that_a_user_has_taken_is_had_again_once_it_is_free() -> Result {
    inside(|| {
        let mut world = World::new()?;
        let lax = r#"<policy context="default"><allow own="org.otpd1"/>
            <allow send_destination="org.otpd1"/></policy>"#;
        replace_bus_policy(&mut world, lax);
        stack(&world)?;
        let bus = Bus::start(&world, Activation::Off)?;
        let daemon = Daemon::start(&world)?;
        // While the daemon cannot move, the bus is restarted and bob is first.
        daemon.freeze()?;
        bus.kill()?;
        let _bus = Bus::start(&world, Activation::Off)?;
        let fake = FakeDaemon::on_system_bus(Some(&world.bob))?;
        daemon.thaw()?;
        world.log.expect(&["otpd[", "no name on the system bus"])?;
        world.log.clear();
        assert_eq!(login(Some(&world.alice), "000000")?.code, pam::AUTHINFO_UNAVAIL);
        one_line(&world, &["uid 40002 owns org.otpd1", "no code was sent"])?;
        // Root's way does not lead there: refused by the real one.
        assert_eq!(login(None, "000000")?.code, pam::AUTH_ERR);
        fake.kill()?;
        served_again(&world)
    })
}

#[test]
fn where_nobody_listens_on_the_socket_root_takes_the_bus() -> Result {
    inside(|| {
        let scene = scene()?;
        fs::remove_file(OWN)?;
        assert_eq!(login(None, &scene.code()?)?.code, pam::SUCCESS);
        scene.clock.advance(STEP)?;
        // Left behind by one that died.
        drop(UnixListener::bind(OWN)?);
        assert_eq!(login(None, &scene.code()?)?.code, pam::SUCCESS);
        assert_eq!(scene.world.log.settled()?.count(&["pam_otp("]), 0);
        Ok(())
    })
}

#[test]
fn where_somebody_listens_on_the_socket_root_never_takes_the_bus() -> Result {
    inside(|| {
        let scene = scene()?;
        let code = scene.code()?;
        // A queue of one, which is taken.
        fs::remove_file(OWN)?;
        let full = socket(AddressFamily::Unix, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
        bind(full.as_raw_fd(), &UnixAddr::new(OWN)?)?;
        listen(&full, Backlog::new(0)?)?;
        let _first = std::os::unix::net::UnixStream::connect(OWN)?;
        denied_late(&scene.world, login(None, &code)?, OWN)?;
        // Bob's.
        let _bobs = FakeDaemon::on_socket(Some(&scene.world.bob))?;
        scene.world.log.clear();
        assert_eq!(login(None, &code)?.code, pam::AUTHINFO_UNAVAIL);
        one_line(&scene.world, &["uid 40002 listens on", OWN, "no code was sent"])?;
        // The bus would have taken the code, and still does.
        assert_eq!(login(Some(&scene.world.alice), &code)?.code, pam::SUCCESS);
        Ok(())
    })
}

#[test]
fn prompts_outlive_a_restart_of_everything() -> Result {
    inside(|| {
        let scene = scene()?;
        let code = scene.code()?;
        let mut dialogue = pamtester("otp", "alice").on_pipes()?;
        dialogue.expect(PROMPT)?;
        let scene = scene.after_a_crash()?;
        dialogue.answer(&code)?;
        dialogue.end()?.must_succeed()?;
        typed(&pamtester("otp", "alice"), &code)?.must_fail()?;
        drop(scene);
        Ok(())
    })
}

/// Every lie.
const LIES: [Lie; 11] = [
    Lie::Mute,
    Lie::Late,
    Lie::Closed,
    Lie::Noise,
    Lie::Endless,
    Lie::TooLarge,
    Lie::WrongShape,
    Lie::UnknownWord,
    Lie::Absurd,
    Lie::StrangeError,
    Lie::Twice,
];

/// One login of alice's, by root or by her.
fn login(by: Option<&Account>, code: &str) -> Result<Attempt> {
    let host = PamHost::default().attempt("otp", "alice", code);
    let host = by.map_or(host.clone(), |by| host.by(by));
    let hosted = host.run()?;
    assert_eq!(hosted.output, "");
    Ok(hosted.attempts[0])
}

/// Fails unless a login ended at its deadline, and one line says so.
fn denied_late(world: &World, attempt: Attempt, place: &str) -> Result {
    assert_eq!(attempt.code, pam::AUTHINFO_UNAVAIL);
    let took = attempt.refusal;
    assert!(took >= DEADLINE && took < DEADLINE + MARGIN, "{took:?}");
    one_line(world, &[place, "within 1 s"])
}

/// Fails unless a lie lets nobody in, in time and with one line that names it.
fn refused_to_believe(
    world: &World,
    by: Option<&Account>,
    place: &str,
    lie: Lie,
    at: Moment,
) -> Result {
    world.log.clear();
    let attempt = login(by, "123456")?;
    let (code, cause) = match (lie, at) {
        // The first answer counts: the second challenge and the second verdict are not heard.
        (Lie::Twice, Moment::Begin) => (pam::SUCCESS, None),
        (Lie::Twice, Moment::Verify) => (pam::AUTH_ERR, None),
        (Lie::Mute | Lie::Late, _) => (pam::AUTHINFO_UNAVAIL, Some("within 1 s")),
        (Lie::Closed, _) => (pam::AUTHINFO_UNAVAIL, Some("broke")),
        (Lie::Absurd, _) => (pam::AUTHINFO_UNAVAIL, Some("cannot be")),
        _ => (pam::AUTHINFO_UNAVAIL, Some("was not understood")),
    };
    assert_eq!(attempt.code, code, "{lie:?} at {at:?}");
    assert!(attempt.refusal < DEADLINE + MARGIN, "{lie:?} at {at:?}: {:?}", attempt.refusal);
    match cause {
        None => assert_eq!(world.log.settled()?.count(&["pam_otp("]), 0, "{lie:?} at {at:?}"),
        Some("cannot be") => one_line(world, &["cannot be"])?,
        Some(cause) => one_line(world, &[place, cause])?,
    }
    Ok(())
}

/// Fails unless the module has logged one line, which says this; forgets the log.
fn one_line(world: &World, fragments: &[&str]) -> Result {
    let log = world.log.settled()?;
    let named = log.count(&[&["pam_otp("], fragments].concat());
    assert_eq!((log.count(&["pam_otp("]), named), (1, 1), "{fragments:?}:\n{}", log.text());
    world.log.clear();
    Ok(())
}

fn last_line(world: &World) -> Result<String> {
    Ok(world.log.settled()?.lines().last().map(|line| line.text.clone()).unwrap_or_default())
}

/// Waits until the daemon answers alice on the bus.
fn served_again(world: &World) -> Result {
    Deadline::after(Duration::from_secs(30)).poll("the daemon on the bus", || {
        Ok((login(Some(&world.alice), "no code")?.code == pam::AUTH_ERR).then_some(()))
    })
}
