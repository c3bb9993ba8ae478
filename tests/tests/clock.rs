//! The machine's clock goes wrong: no code that was used lets in again, no wait becomes endless, and
//! the log says so.

use testbed::{PROMPT, Result, inside, manage, pamtester};

use crate::scene::{STEP, Scene, typed};

const DAY: u64 = 86_400;
const YEAR: u64 = 365 * DAY;

#[test]
fn set_back_a_day_no_used_step_lets_in() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let tester = pamtester("otp", "alice");
        let start = scene.clock.now();
        let mut used = Vec::new();
        for _ in 0..4 {
            used.push(scene.code()?);
            typed(&tester, &scene.code()?)?.must_succeed()?;
            scene.clock.advance(STEP)?;
        }
        for back in [0, DAY, YEAR] {
            scene.clock.set(start - back)?;
            scene.world.log.clear();
            for code in used.iter().chain([&scene.code()?]) {
                // What is looked at here is not the throttle.
                manage(async |proxy| proxy.unlock("alice").await.or(Ok(Vec::new())))?;
                typed(&tester, code)?.must_fail()?;
            }
            scene.world.log.expect(&["otpd", "alice refused", "clock is behind", "set back"])?;
        }
        // Where the clock is right again, so is the next code.
        scene.clock.set(start + 20 * STEP)?;
        typed(&tester, &scene.code()?)?.must_succeed()?;
        Ok(())
    })
}

#[test]
fn forward_a_year_and_back_nothing_is_reopened_and_nobody_kept_out() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let tester = pamtester("otp", "alice");
        let start = scene.clock.now();
        let used = scene.code()?;
        typed(&tester, &used)?.must_succeed()?;
        scene.clock.advance(YEAR)?;
        typed(&tester, &used)?.must_fail()?;
        // Failures in a time that has not come yet, the last of which costs waiting.
        for _ in 0..6 {
            typed(&tester, &scene.wrong()?)?.must_fail()?;
            scene.clock.advance(STEP)?;
        }
        typed(&tester, &scene.wrong()?)?.must_fail()?;
        scene.clock.set(start + STEP)?;
        typed(&tester, &used)?.must_fail()?;
        scene.world.log.expect(&["otpd", "alice refused", "throttled for"])?;
        // The wait begins anew from the present and ends.
        scene.clock.advance(20 * STEP)?;
        typed(&tester, &scene.code()?)?.must_succeed()?;
        Ok(())
    })
}

#[test]
fn a_jump_in_mid_login_lets_only_the_present_code_in() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let tester = pamtester("otp", "alice");
        let start = scene.clock.now();
        for (jump, lets_in) in [(STEP, true), (DAY, false)] {
            let mut login = tester.on_pipes()?;
            login.expect(PROMPT)?;
            let code = scene.code()?;
            scene.clock.advance(jump)?;
            let ended = login.answer(&code).map(drop).and_then(|()| login.end())?;
            assert_eq!(ended.status.success(), lets_in, "{jump} s: {}", ended.output);
        }
        // Back in mid-login: a used code stays used.
        let mut login = tester.on_pipes()?;
        login.expect(PROMPT)?;
        scene.clock.set(start)?;
        let code = scene.code()?;
        login.answer(&code)?;
        login.end()?.must_fail()?;
        Ok(())
    })
}
