//! The daemon or the bus stands still, at each step of a login: nobody is let in, or passed over, or kept
//! longer than the deadline, and one line of the module names the cause. Behind the module stands one
//! that lets everybody pass, so that "ignore" would be seen as "let in".

use std::time::Duration;

use otp_bus::names::SOCKET_PATH;
use testbed::{Account, Attempt, Context, PROMPT, PamHost, Result, World, inside, pam, pamtester};

use crate::scene::{STEP, Scene};

/// The module's deadline in these tests.
pub(crate) const DEADLINE: Duration = Duration::from_secs(1);

/// What a machine with much to do may add to it.
pub(crate) const MARGIN: Duration = Duration::from_secs(4);

/// What pamtester prints for `PAM_AUTHINFO_UNAVAIL`.
const UNAVAILABLE: &str = "cannot retrieve authentication info";

/// The socket, and the bus, as the log names them.
pub(crate) const OWN: &str = SOCKET_PATH;
pub(crate) const BUS: &str = "/run/dbus/system_bus_socket";

/// Writes the stack of these tests.
pub(crate) fn stack(world: &World) -> Result {
    world.stack("otp", &["requisite pam_otp.so timeout=1", "required pam_permit.so"])
}

/// The usual scene with it.
pub(crate) fn scene() -> Result<Scene> {
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
                    scene.bus.freeze()?;
                } else {
                    scene.daemon.freeze()?;
                }
                let ended = dialogue.end()?;
                if bus_too {
                    scene.bus.thaw()?;
                } else {
                    scene.daemon.thaw()?;
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

/// One login of alice's, by root or by her.
pub(crate) fn login(by: Option<&Account>, code: &str) -> Result<Attempt> {
    let host = PamHost::default().attempt("otp", "alice", code);
    let host = by.map_or(host.clone(), |by| host.by(by));
    let hosted = host.run()?;
    assert_eq!(hosted.output, "");
    hosted.attempts.first().copied().context("no attempt")
}

/// Fails unless a login ended at its deadline, and one line says so.
pub(crate) fn denied_late(world: &World, attempt: Attempt, place: &str) -> Result {
    assert_eq!(attempt.code, pam::AUTHINFO_UNAVAIL);
    let took = attempt.refusal;
    assert!(took >= DEADLINE && took < DEADLINE + MARGIN, "{took:?}");
    one_line(world, &[place, "within 1 s"])
}

/// Fails unless the module has logged one line, which says this; forgets the log.
pub(crate) fn one_line(world: &World, fragments: &[&str]) -> Result {
    let log = world.log.settled()?;
    let named = log.count(&[&["pam_otp("], fragments].concat());
    assert_eq!((log.count(&["pam_otp("]), named), (1, 1), "{fragments:?}:\n{}", log.text());
    world.log.clear();
    Ok(())
}
