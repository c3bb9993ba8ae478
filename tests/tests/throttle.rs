//! Guessing is slow, wherever and however often one starts again, and it never keeps the owner out
//! of places that the guesser does not stand in.

use testbed::{
    Ended, Invocation, Method, Result, Sshd, inside, manage, pamtester, sudo, with_code,
};

use crate::scene::{STEP, Scene, typed};

/// Failures that cost no waiting.
const FREE: u64 = 2;

#[test]
fn a_right_code_within_the_wait_is_refused_and_not_spent() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let wait = fail_often(&scene, 4)?;
        let (tester, code) = (pamtester("otp", "alice"), scene.code()?);
        scene.clock.advance(wait - 1)?;
        refused_as("throttled", &scene, &typed(&tester, &code)?)?;
        // Asking again did not make it longer.
        scene.clock.advance(1)?;
        typed(&tester, &code)?.must_succeed()?;
        Ok(())
    })
}

#[test]
fn neither_a_restart_nor_a_crash_ends_the_wait() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let wait = fail_often(&scene, 4)?;
        let scene = scene.after_a_crash()?;
        let (tester, code) = (pamtester("otp", "alice"), scene.code()?);
        refused_as("throttled", &scene, &typed(&tester, &code)?)?;
        scene.clock.advance(wait)?;
        typed(&tester, &code)?.must_succeed()?;
        Ok(())
    })
}

#[test]
fn a_clock_set_back_does_not_keep_anybody_out_longer() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        scene.clock.advance(100 * STEP)?;
        let wait = fail_often(&scene, 3)?;
        scene.clock.set(scene.clock.now() - 50 * STEP)?;
        let tester = pamtester("otp", "alice");
        refused_as("throttled", &scene, &typed(&tester, &scene.code()?)?)?;
        scene.clock.advance(wait)?;
        typed(&tester, &scene.code()?)?.must_succeed()?;
        Ok(())
    })
}

#[test]
fn noise_from_afar_does_not_reach_the_console() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let sshd = Sshd::start(&scene.world)?;
        let login = sshd.login(Method::Keyboard, "alice", &scene.world.bob);
        for _ in 0..=FREE {
            with_code(&login, &scene.wrong()?)?.must_fail()?;
        }
        let code = scene.code()?;
        refused_as("throttled", &scene, &with_code(&login, &code)?)?;
        with_code(&sudo(&scene.world.alice), &code)?
            .must_succeed()?
            .must_say("logged in as root")?;
        Ok(())
    })
}

#[test]
fn a_locked_lane_opens_by_unlock_alone() -> Result {
    inside(|| {
        let scene = Scene::configured("[throttle]\nlock_after = 4\n")?;
        fail_often(&scene, 4 - FREE)?;
        scene.clock.advance(365 * 86_400)?;
        let (tester, code) = (pamtester("otp", "alice"), scene.code()?);
        refused_as("locked", &scene, &typed(&tester, &code)?)?;
        let by_herself = Invocation::of("otpctl").arg("unlock").by(&scene.world.alice);
        by_herself.run()?.must_fail()?;
        refused_as("locked", &scene, &typed(&tester, &code)?)?;
        let unlocked = manage(async |proxy| proxy.unlock("alice").await)?;
        assert_eq!(unlocked.len(), 1);
        typed(&tester, &code)?.must_succeed()?;
        Ok(())
    })
}

/// Fails so often that the last `beyond` failures cost waiting, and gives the wait that follows the
/// last one, in seconds.
fn fail_often(scene: &Scene, beyond: u64) -> Result<u64> {
    let (tester, mut wait) = (pamtester("otp", "alice"), 0);
    for failures in 1..=FREE + beyond {
        scene.clock.advance(wait)?;
        refused_as("wrong", scene, &typed(&tester, &scene.wrong()?)?)?;
        wait = failures.checked_sub(FREE + 1).map_or(0, |doublings| 1 << doublings);
    }
    Ok(wait)
}

/// Fails unless a login was refused, and logged with this reason.
fn refused_as(reason: &str, scene: &Scene, ended: &Ended) -> Result {
    ended.must_fail()?.must_not_say("successfully")?.must_not_say("logged in")?;
    scene.world.log.expect(&["otpd", "alice", "refused", reason])?;
    scene.world.log.clear();
    Ok(())
}
