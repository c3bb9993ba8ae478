//! Codes of every form that authenticators have, made by `oathtool`, and their windows of time and
//! counters, as a login sees them.

use testbed::{Device, Form, Kind, Result, inside, pamtester};

use crate::scene::{STEP, Scene, token, typed};

#[test]
fn every_form_of_code_logs_in_once() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let tester = pamtester("otp", "bob");
        for algorithm in ["SHA1", "SHA256", "SHA512"] {
            for (digits, period) in [(6, 60), (7, 30), (8, 30)] {
                let form = Form { algorithm, digits, period };
                let now = scene.clock.now();
                let device = Device::enroll_form("bob", Kind::Totp, form, now)?;
                let code = device.code(now + u64::from(period))?;
                typed(&tester, &code)?.must_succeed()?;
                typed(&tester, &code)?.must_fail()?;
                let removed = device.id.clone();
                testbed::manage(async |proxy| {
                    proxy.remove("bob", &otp_bus::Warrant::default(), &removed).await
                })?;
            }
        }
        for digits in [6, 7, 8] {
            let form = Form { digits, ..Form::default() };
            let device = Device::enroll_form("bob", Kind::Hotp, form, 0)?;
            typed(&tester, &device.code(1)?)?.must_succeed()?;
            testbed::manage(async |proxy| {
                proxy.remove("bob", &otp_bus::Warrant::default(), &device.id).await
            })?;
        }
        Ok(())
    })
}

#[test]
fn a_clock_may_be_one_step_off_and_no_more() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let tester = pamtester("otp", "alice");
        // Never a step that was used or lies before it, hence from the far past on.
        scene.clock.advance(100 * STEP)?;
        let at = |steps: i64| scene.phone.code(scene.clock.now().saturating_add_signed(steps * 30));
        for steps in [-2, 2] {
            typed(&tester, &at(steps)?)?.must_fail()?;
        }
        for steps in [-1, 0, 1] {
            typed(&tester, &at(steps)?)?.must_succeed()?;
        }
        Ok(())
    })
}

#[test]
fn a_counter_may_be_five_ahead_and_no_more() -> Result {
    inside(|| {
        let _scene = Scene::new()?;
        let (token, tester) = (token("bob")?, pamtester("otp", "bob"));
        // The next is 1; five may have been skipped.
        typed(&tester, &token.code(7)?)?.must_fail()?;
        typed(&tester, &token.code(6)?)?.must_succeed()?;
        // Nobody's wrong code has moved it: what lies behind stays behind.
        for counter in [1, 5, 6] {
            typed(&tester, &token.code(counter)?)?.must_fail()?;
        }
        Ok(())
    })
}
