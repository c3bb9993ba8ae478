//! When the daemon or the bus is away, dying or standing still: nobody gets in, nobody waits beyond
//! the deadline, and the log says what is the matter. And when it is merely not running yet, the
//! first login starts it.

use std::{fs, time::Duration};

use testbed::{
    Activation, Bus, Daemon, Deadline, Device, Dialogue, Kind, Method, PROMPT, Result, Sshd, World,
    inside, now, pamtester, with_code,
};

use crate::scene::{MODULE, Scene, typed};

/// What pamtester prints for `PAM_AUTHINFO_UNAVAIL`.
const UNAVAILABLE: &str = "cannot retrieve authentication info";

#[test]
fn without_a_daemon_nobody_gets_in_and_the_log_says_so() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let code = scene.code()?;
        let sshd = Sshd::start(&scene.world)?;
        let Scene { daemon, bus, world, .. } = scene;
        daemon.stop()?;
        let by_root = pamtester("otp", "alice");
        for tester in [by_root.clone(), by_root.by(&world.alice)] {
            world.log.clear();
            let mut dialogue = tester.on_pipes()?;
            dialogue.type_ahead(&code)?;
            dialogue.end()?.must_fail()?.must_say(UNAVAILABLE)?;
            world.log.expect(&["pam_otp"])?;
        }
        let login = sshd.login(Method::Keyboard, "alice", &world.bob);
        login.on_terminal()?.end()?.must_fail()?.must_not_say("logged in")?;
        bus.kill()?;
        pamtester("otp", "alice").by(&world.alice).run()?.must_fail()?.must_say(UNAVAILABLE)?;
        pamtester("otp", "alice").run()?.must_fail()?.must_say(UNAVAILABLE)?;
        Ok(())
    })
}

#[test]
fn the_first_login_starts_the_daemon() -> Result {
    inside(|| {
        let world = World::new()?;
        world.stack("sshd", &[MODULE])?;
        world.stack("otp", &[MODULE])?;
        let _bus = Bus::start(&world, Activation::On)?;
        let daemon = Daemon::start(&world)?;
        // The code of the step before is right too, and leaves the present one unused.
        let phone = Device::enroll(&world.alice, Kind::Totp, now() - 30)?;
        let token = Device::enroll(&world.bob, Kind::Hotp, 0)?;
        daemon.stop()?;
        let sshd = Sshd::start(&world)?;
        let login = sshd.login(Method::Keyboard, "alice", &world.bob);
        with_code(&login, &phone.code(now())?)?.must_succeed()?.must_say("logged in as alice")?;
        let own = pamtester("otp", "bob").by(&world.bob);
        typed(&own, &token.code(1)?)?.must_succeed()?;
        Ok(())
    })
}

#[test]
fn killed_in_the_middle_of_a_call_it_lets_nobody_in() -> Result {
    inside(|| {
        let mut scene = Scene::new()?;
        let by_root = pamtester("otp", "alice");
        for tester in [by_root.clone(), by_root.by(&scene.world.alice)] {
            let code = scene.code()?;
            let mut dialogue = tester.on_pipes()?;
            dialogue.expect(PROMPT)?;
            scene.daemon.freeze()?;
            dialogue.answer(&code)?;
            wait_for_call(&dialogue)?;
            let scene_again = scene.after_a_crash()?;
            dialogue.end()?.must_fail()?.must_say(UNAVAILABLE)?;
            scene = scene_again;
        }
        Ok(())
    })
}

#[test]
fn a_daemon_that_stands_still_costs_the_deadline_and_no_more() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        scene.world.stack("otp", &["requisite pam_otp.so timeout=2"])?;
        let code = scene.code()?;
        let by_root = pamtester("otp", "alice");
        let testers = [by_root.clone(), by_root.by(&scene.world.alice)];
        for tester in &testers {
            let mut dialogue = tester.on_pipes()?;
            dialogue.expect(PROMPT)?;
            scene.daemon.freeze()?;
            ends_at_the_deadline(dialogue, Some(&code))?;
            // And before the prompt.
            ends_at_the_deadline(tester.on_pipes()?, None)?;
            scene.daemon.thaw()?;
        }
        Ok(())
    })
}

#[test]
fn a_bus_that_stands_still_costs_the_deadline_and_no_more() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        scene.world.stack("otp", &["requisite pam_otp.so timeout=2"])?;
        scene.bus.freeze()?;
        ends_at_the_deadline(pamtester("otp", "alice").by(&scene.world.alice).on_pipes()?, None)
    })
}

/// Fails unless it is refused after the two seconds that the stacks here allow.
fn ends_at_the_deadline(mut dialogue: Dialogue, answer: Option<&str>) -> Result {
    let watch = Deadline::after(Duration::from_secs(20));
    if let Some(code) = answer {
        dialogue.answer(code)?;
    }
    dialogue.end()?.must_fail()?.must_say(UNAVAILABLE)?;
    let took = watch.elapsed();
    assert!(took >= Duration::from_millis(1_800), "gave up early: {took:?}");
    assert!(took < Duration::from_secs(5), "waited too long: {took:?}");
    Ok(())
}

/// Waits until a program at the prompt has connected to somebody again.
fn wait_for_call(dialogue: &Dialogue) -> Result {
    let descriptors = format!("/proc/{}/fd", dialogue.pid());
    Deadline::after(Duration::from_secs(10)).poll("the module's call", || {
        let calls = fs::read_dir(&descriptors)?.any(|entry| {
            let link = entry.and_then(|entry| fs::read_link(entry.path()));
            link.is_ok_and(|link| link.to_string_lossy().starts_with("socket:"))
        });
        Ok(calls.then_some(()))
    })
}
