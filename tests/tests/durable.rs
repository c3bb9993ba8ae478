//! What was said is kept: an accepted code stays spent, whatever happens to the daemon next.

use testbed::{Method, Result, Sshd, inside, manage, pamtester, with_code};

use crate::scene::{STEP, Scene, token, typed};

/// A crash after each of so many acceptances.
const CRASHES: u64 = 20;

#[test]
fn an_accepted_code_outlives_a_kill_at_once() -> Result {
    inside(|| {
        let mut scene = Scene::new()?;
        let token = token("bob")?;
        for counter in 1..=CRASHES {
            let codes = [("alice", scene.code()?), ("bob", token.code(counter)?)];
            for (user, code) in &codes {
                typed(&pamtester("otp", user), code)?.must_succeed()?;
            }
            scene = scene.after_a_crash()?;
            for (user, code) in &codes {
                scene.world.log.clear();
                typed(&pamtester("otp", user), code)?.must_fail()?;
                scene.world.log.expect(&["otpd", user, "refused", "used"])?;
            }
            scene.clock.advance(STEP)?;
        }
        Ok(())
    })
}

#[test]
fn devices_failures_and_logins_outlive_a_restart() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        typed(&pamtester("otp", "alice"), &scene.wrong()?)?.must_fail()?;
        let status = async |proxy: &otp_bus::ManageProxy<'_>| proxy.status("alice").await;
        let before = manage(status)?;
        let Scene { daemon, bus, clock, phone, world } = scene;
        daemon.stop()?;
        let daemon = testbed::Daemon::start_at(&world, &clock)?;
        let scene = Scene { daemon, bus, clock, phone, world };
        assert_eq!(manage(status)?, before);
        let sshd = Sshd::start(&scene.world)?;
        let login = sshd.login(Method::Keyboard, "alice", &scene.world.bob);
        with_code(&login, &scene.code()?)?.must_succeed()?.must_say("logged in as alice")?;
        Ok(())
    })
}
