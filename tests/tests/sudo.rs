//! `sudo` in all the ways in which it asks: on a terminal, from standard input, by a helper, not at
//! all.

use std::{fs, os::unix::fs::PermissionsExt};

use testbed::{Invocation, PROMPT, Result, inside, manage, sudo, with_code};

use crate::scene::{STEP, Scene, typed};

#[test]
fn a_code_lets_in_once_and_the_prompt_says_why() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let (login, code) = (sudo(&scene.world.alice), scene.code()?);
        with_code(&login, &code)?.must_succeed()?.must_say("logged in as root")?;
        scene.world.log.expect(&["otpd", "alice", "accepted", "sudo"])?;
        let again = with_code(&login, &code)?;
        again.must_fail()?.must_say("already used")?.must_say("Wait for the next one")?;
        scene.world.log.expect(&["otpd", "alice", "refused", "sudo", "used"])?;
        Ok(())
    })
}

#[test]
fn a_wrong_code_may_be_corrected() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let mut login = sudo(&scene.world.alice).on_terminal()?;
        login.expect(PROMPT)?.answer(&scene.wrong()?)?;
        login.expect("Sorry, try again")?.expect(PROMPT)?.answer(&scene.code()?)?;
        login.end()?.must_succeed()?.must_say("logged in as root")?;
        Ok(())
    })
}

#[test]
fn standard_input_and_a_helper_may_answer() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let of = |option: &str| {
            Invocation::of("sudo").args([option, "-k", "id", "-un"]).by(&scene.world.alice)
        };
        typed(&of("-S"), &scene.code()?)?.must_succeed()?.must_say("root")?;
        scene.clock.advance(STEP)?;
        let helper = scene.world.alice.home().join("askpass");
        fs::write(&helper, format!("#!/bin/sh\necho {}\n", scene.code()?))?;
        fs::set_permissions(&helper, fs::Permissions::from_mode(0o755))?;
        let asking = of("-A").env("SUDO_ASKPASS", helper.display());
        asking.run()?.must_succeed()?.must_say("root")?;
        Ok(())
    })
}

#[test]
fn without_a_way_to_ask_nothing_is_tried() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let silent = Invocation::of("sudo").args(["-n", "-k", "id", "-un"]).by(&scene.world.alice);
        silent.run()?.must_fail()?.must_not_say("root\n")?;
        let status = manage(async |proxy| proxy.status("alice").await)?;
        assert!(status.lanes.iter().all(|lane| lane.failures == 0), "{status:?}");
        with_code(&sudo(&scene.world.alice), &scene.code()?)?.must_succeed()?;
        Ok(())
    })
}
