//! `otpctl` at the real daemon: what administrators and users do from day to day, and what users
//! may not.

use testbed::{
    Device, Ended, Invocation, Kind, Result, inside, pamtester, secret_in, su, with_code,
};

use crate::scene::{STEP, Scene, token, typed};

fn otpctl(words: &str) -> Invocation {
    Invocation::of("otpctl").args(words.split(' '))
}

/// Runs it with a line on its standard input.
fn told(invocation: &Invocation, line: &str) -> Result<Ended> {
    let mut dialogue = invocation.on_pipes()?;
    dialogue.type_ahead(line)?;
    dialogue.end()
}

#[test]
fn an_administrator_enrolls_by_hand_and_the_code_logs_in() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let mut enroll = otpctl("enroll -u bob --kind hotp --label token").on_terminal()?;
        enroll.expect("secret=")?.expect("Code")?;
        let token = Device::known(Kind::Hotp, secret_in(enroll.heard())?);
        enroll.answer(&token.wrong_code(0)?)?.expect("Code")?.answer(&token.code(0)?)?;
        enroll.end()?.must_succeed()?;
        let login = su(&scene.world.alice, "bob");
        with_code(&login, &token.code(1)?)?.must_succeed()?.must_say("logged in as bob")?;
        Ok(())
    })
}

#[test]
fn a_device_waits_for_its_confirmation() -> Result {
    inside(|| {
        let _scene = Scene::new()?;
        let enrolled = otpctl("enroll -u bob --kind hotp --label token --no-confirm").run()?;
        enrolled.must_succeed()?;
        let token = Device::known(Kind::Hotp, secret_in(&enrolled.output)?);
        typed(&pamtester("otp", "bob"), &token.code(0)?)?.must_fail()?;
        told(&otpctl("confirm -u bob token"), &token.code(0)?)?.must_succeed()?;
        typed(&pamtester("otp", "bob"), &token.code(0)?)?.must_fail()?;
        typed(&pamtester("otp", "bob"), &token.code(1)?)?.must_succeed()?;
        Ok(())
    })
}

#[test]
fn what_there_is_is_listed_and_what_is_removed_lets_nobody_in() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let list = otpctl("list -u alice").run()?;
        list.must_succeed()?.must_say(&scene.phone.id)?.must_say("alice's totp")?;
        otpctl("list -u alice --json").run()?.must_succeed()?.must_say(r#""confirmed":true"#)?;
        let remove = otpctl(&format!("remove -u alice {} --yes", scene.phone.id));
        remove.run()?.must_succeed()?;
        otpctl("list -u alice").run()?.must_not_say(&scene.phone.id)?;
        // Still enrolled: without a device nothing is right, and nothing passes unasked.
        typed(&pamtester("otp", "alice"), &scene.code()?)?.must_fail()?;
        Ok(())
    })
}

#[test]
fn verify_spends_a_code_as_a_login_does() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let (verify, code) = (otpctl("verify -u alice"), scene.code()?);
        told(&verify, &code)?.must_succeed()?.must_say("accepted")?;
        told(&verify, &code)?.must_fail()?.must_say("already used")?;
        typed(&pamtester("otp", "alice"), &code)?.must_fail()?;
        scene.clock.advance(STEP)?;
        let own = otpctl("verify").by(&scene.world.alice);
        told(&own, &scene.code()?)?.must_succeed()?.must_say("accepted")?;
        Ok(())
    })
}

#[test]
fn a_user_sees_herself_and_nobody_else() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let _token = token("bob")?;
        otpctl("list").by(&scene.world.alice).run()?.must_succeed()?.must_say(&scene.phone.id)?;
        for words in [
            "list -u bob",
            "status -u bob",
            "log -u bob",
            "unlock -u bob",
            "remove -u bob token --yes",
        ] {
            let ended = otpctl(words).by(&scene.world.alice).run()?;
            assert_eq!(ended.status.code(), Some(3), "{words}: {}", ended.output);
        }
        let first = otpctl("enroll --no-confirm").by(&scene.world.demo).run()?;
        assert_eq!(first.status.code(), Some(3), "a first device: {}", first.output);
        // Neither without a code, although it is her own: whoever sits at her screen is not she.
        let remove = otpctl(&format!("remove {} --yes", scene.phone.id)).by(&scene.world.alice);
        remove.run()?.must_fail()?;
        otpctl("unlock").by(&scene.world.alice).run()?.must_fail()?;
        Ok(())
    })
}

#[test]
fn the_log_tells_who_did_what_and_outlives_a_crash() -> Result {
    inside(|| {
        let scene = Scene::configured("[throttle]\nfree = 20\n")?;
        for _ in 0..10 {
            typed(&pamtester("otp", "alice"), &scene.wrong()?)?.must_fail()?;
        }
        typed(&pamtester("otp", "alice"), &scene.code()?)?.must_succeed()?;
        let scene = scene.after_a_crash()?;
        let (id, log) = (&scene.phone.id, otpctl("log -u alice").run()?);
        log.must_succeed()?.must_say("10 wrong codes by otp")?;
        log.must_say(&format!("accepted by otp: code of {id}"))?;
        log.must_say(&format!("{id} confirmed by root"))?;
        log.must_say(&format!("{id} enrolled by root"))?;
        assert_eq!(log.output.lines().count(), 5, "one line for ten wrong codes: {}", log.output);
        otpctl("log").run()?.must_succeed()?.must_say("alice  10 wrong codes")?;
        let own = otpctl("log").by(&scene.world.alice).run()?;
        own.must_succeed()?;
        assert_eq!(own.output, log.output, "her own, and by default nothing else");
        otpctl("log").by(&scene.world.bob).run()?.must_succeed()?.must_not_say("otp")?;
        Ok(())
    })
}

#[test]
fn an_administrator_unlocks_while_the_bus_is_down() -> Result {
    inside(|| {
        let scene = Scene::configured("[throttle]\nlock_after = 1\n")?;
        typed(&pamtester("otp", "alice"), &scene.wrong()?)?.must_fail()?;
        let (code, locked) = (scene.code()?, otpctl("verify -u alice"));
        told(&locked, &code)?
            .must_fail()?
            .must_say("locked")?
            .must_say("otpctl unlock -u alice")?;
        let Scene { bus, daemon: _daemon, world: _world, .. } = scene;
        bus.kill()?;
        otpctl("unlock -u alice").run()?.must_succeed()?;
        told(&locked, &code)?.must_succeed()?;
        Ok(())
    })
}

#[test]
fn a_daemon_that_is_away_is_named() -> Result {
    inside(|| {
        let Scene { daemon, bus: _bus, world, .. } = Scene::new()?;
        daemon.stop()?;
        for caller in [otpctl("list -u alice"), otpctl("list").by(&world.alice)] {
            let ended = caller.run()?;
            assert_eq!(ended.status.code(), Some(5), "{}", ended.output);
            ended.must_say("otpd")?;
        }
        Ok(())
    })
}
