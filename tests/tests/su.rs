//! `su`: the code asked for is the target's, never the caller's.

use testbed::{Result, inside, su, with_code};

use crate::scene::{Scene, token};

#[test]
fn it_asks_for_the_targets_code() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let token = token("bob")?;
        let login = su(&scene.world.alice, "bob");
        with_code(&login, &scene.code()?)?.must_fail()?.must_not_say("logged in")?;
        with_code(&login, &token.code(1)?)?.must_succeed()?.must_say("logged in as bob")?;
        scene.world.log.expect(&["otpd", "bob", "refused", "su", "wrong"])?;
        scene.world.log.expect(&["otpd", "bob", "accepted", "su"])?;
        Ok(())
    })
}

#[test]
fn it_refuses_a_used_code_and_a_user_without_a_device() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let code = scene.code()?;
        let login = su(&scene.world.bob, "alice");
        with_code(&login, &code)?.must_succeed()?.must_say("logged in as alice")?;
        with_code(&login, &code)?.must_fail()?.must_say("already used")?;
        let unenrolled = su(&scene.world.alice, "bob");
        with_code(&unenrolled, &code)?.must_fail()?.must_not_say("logged in")?;
        scene.world.log.expect(&["otpd", "bob", "refused", "su"])?;
        Ok(())
    })
}
