//! What else an account can have and what can become of it: recovery codes, a device out of step,
//! a device in another's place. Seen at logins and through `otpctl`, by real PAM.

use otp_bus::{DeviceFilter, NewCodes, NewDevice, Warrant};
use testbed::{
    Device, Ended, Invocation, Kind, Result, callers, inside, manage, pamtester, secret_in,
};

use crate::scene::{STEP, Scene, token, typed};

/// New recovery codes of a user.
fn recovery(user: &str) -> Result<Vec<String>> {
    let made = manage(async |proxy| {
        proxy.renew_recovery(user, &Warrant::default(), &NewCodes::default()).await
    })?;
    assert_eq!((made.codes.len(), made.device.left), (10, Some(10)));
    Ok(made.codes)
}

/// Runs a command that reads these lines.
fn piped(command: &Invocation, lines: &[&str]) -> Result<Ended> {
    let mut dialogue = command.on_pipes()?;
    for line in lines {
        dialogue.type_ahead(line)?;
    }
    dialogue.end()
}

#[test]
fn recovery_codes_log_in_once_each() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let codes = recovery("alice")?;
        let tester = pamtester("otp", "alice");
        for (used, code) in codes.iter().enumerate() {
            // As it was shown, and as people type it.
            let code = if used % 2 == 0 { code.clone() } else { code.replace('-', " ") };
            let left = codes.len() - used - 1;
            let ended = typed(&tester, &code.to_uppercase())?;
            ended.must_succeed()?;
            match left {
                0 => ended.must_say("That was the last recovery code")?,
                1 => ended.must_say("1 recovery code is left. Make new ones")?,
                2 => ended.must_say("2 recovery codes are left. Make new ones")?,
                _ => ended.must_say(&format!("{left} recovery codes are left."))?,
            };
            typed(&tester, &code)?.must_fail()?.must_say("already used")?;
        }
        scene.world.log.expect(&["otpd", "alice", "accepted", "recovery/", "0 recovery codes"])?;
        // The phone is as it was, and no used code has counted as a failure.
        typed(&tester, &scene.code()?)?.must_succeed()?;
        let status = manage(async |proxy| proxy.status("alice").await)?;
        assert_eq!((status.recovery_left, status.lanes.len()), (Some(0), 0), "{status:?}");
        Ok(())
    })
}

#[test]
fn new_recovery_codes_end_the_old_ones_and_nothing_else() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let old = recovery("alice")?;
        let (first, second) = (old.first().cloned(), old.get(1).cloned());
        typed(&pamtester("otp", "alice"), &first.unwrap_or_default())?.must_succeed()?;
        let new = recovery("alice")?;
        typed(&pamtester("otp", "alice"), &second.unwrap_or_default())?.must_fail()?;
        typed(&pamtester("otp", "alice"), &scene.code()?)?.must_succeed()?;
        let code = new.first().cloned().unwrap_or_default();
        typed(&pamtester("otp", "alice"), &code)?.must_succeed()?;
        // They outlive the daemon, and are nowhere to be read.
        let scene = scene.after_a_crash()?;
        typed(&pamtester("otp", "alice"), &code)?.must_fail()?.must_say("already used")?;
        let unused = new.get(1).cloned().unwrap_or_default();
        typed(&pamtester("otp", "alice"), &unused)?.must_succeed()?;
        drop(scene);
        for file in std::fs::read_dir("/var/lib/otpd")? {
            let bytes = std::fs::read(file?.path())?;
            for code in &new {
                for form in
                    [code.clone(), code.replace('-', ""), code.to_uppercase().replace('-', "")]
                {
                    let found = bytes.windows(form.len()).any(|part| part == form.as_bytes());
                    assert!(!found, "a recovery code lies in the store");
                }
            }
        }
        Ok(())
    })
}

#[test]
fn one_recovery_code_lets_one_of_ten_in() -> Result {
    inside(|| {
        let _scene = Scene::new()?;
        for code in recovery("alice")? {
            let tries = vec![("alice".to_owned(), code); 10];
            let tally = callers::rush(&tries)?;
            assert_eq!(
                (tally.get("accepted"), tally.get("used")),
                (Some(&1), Some(&9)),
                "{tally:?}"
            );
        }
        Ok(())
    })
}

#[test]
fn two_codes_at_the_prompt_bring_a_phone_back_into_step() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let tester = pamtester("otp", "alice");
        // Its clock is four minutes fast.
        let fast = |scene: &Scene| scene.phone.code(scene.clock.now() + 240);
        let refused = typed(&tester, &fast(&scene)?)?;
        refused.must_fail()?.must_say("Type the very next one")?;
        scene.world.log.expect(&["otpd", "alice", "too far out to count"])?;
        typed(&tester, &fast(&scene)?)?.must_fail()?;
        scene.clock.advance(STEP)?;
        let scene = scene.after_a_crash()?;
        typed(&tester, &fast(&scene)?)?.must_succeed()?;
        scene.world.log.expect(&["otpd", "alice", "accepted", "resynchronised", "+8 steps"])?;
        scene.clock.advance(STEP)?;
        typed(&tester, &fast(&scene)?)?.must_succeed()?;
        // What its clock should show is behind it now.
        typed(&tester, &scene.code()?)?.must_fail()?;
        Ok(())
    })
}

/// A single code far out is refused however often it comes, and one that does not follow the first.
#[test]
fn one_code_far_out_never_logs_in() -> Result {
    inside(|| {
        let _scene = Scene::new()?;
        let (token, tester) = (token("bob")?, pamtester("otp", "bob"));
        for counter in [15, 15, 18, 12] {
            typed(&tester, &token.code(counter)?)?.must_fail()?;
            manage(async |proxy| proxy.unlock("bob").await)?;
        }
        typed(&tester, &token.code(13)?)?.must_succeed()?;
        Ok(())
    })
}

#[test]
fn resync_by_command_reaches_further() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let late = |scene: &Scene, steps: u64| scene.phone.code(scene.clock.now() + steps * STEP);
        let resync = Invocation::of("otpctl").args(["resync", "-u", "alice", "alice's totp", "-"]);
        let give = |first: &str, second: &str| piped(&resync, &[first, second]);
        let (first, second) = (late(&scene, 35)?, late(&scene, 36)?);
        give(&second, &first)?.must_fail()?.must_say("wrong")?;
        give(&first, &second)?.must_succeed()?.must_say("1080 s fast")?;
        let tester = pamtester("otp", "alice");
        typed(&tester, &second)?.must_fail()?.must_say("already used")?;
        typed(&tester, &first)?.must_fail()?;
        scene.clock.advance(STEP)?;
        typed(&tester, &late(&scene, 36)?)?.must_succeed()?;
        Ok(())
    })
}

#[test]
fn a_replacement_takes_over_once_it_is_confirmed() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let tester = pamtester("otp", "alice");
        let new = NewDevice {
            kind: "totp".to_owned(),
            replaces: Some("alice's totp".to_owned()),
            ..NewDevice::default()
        };
        let made = manage(async |proxy| proxy.enroll("alice", &Warrant::default(), &new).await)?;
        let phone = Device::known(Kind::Totp, secret_in(&made.uri)?);
        typed(&tester, &scene.code()?)?.must_succeed()?;
        typed(&tester, &phone.code(scene.clock.now())?)?.must_fail()?;
        scene.clock.advance(STEP)?;
        let code = phone.code(scene.clock.now())?;
        manage(async |proxy| proxy.confirm("alice", "alice's totp", &code).await)?;
        let devices = manage(async |proxy| proxy.list("alice", DeviceFilter::All).await)?;
        let shown: Vec<_> = devices
            .iter()
            .map(|device| (device.id.as_str(), device.label.as_str(), device.confirmed))
            .collect();
        assert_eq!(shown, [(made.device.as_str(), "alice's totp", true)]);
        typed(&tester, &scene.code()?)?.must_fail()?;
        scene.clock.advance(STEP)?;
        typed(&tester, &phone.code(scene.clock.now())?)?.must_succeed()?;
        Ok(())
    })
}

#[test]
fn one_device_alone_can_be_asked() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let other = Device::enroll(&scene.world.alice, Kind::Hotp, 0)?;
        let verify = |device: &str, code: &str| {
            let verify = ["verify", "-u", "alice", "--device", device, "--json", "-"];
            piped(&Invocation::of("otpctl").args(verify), &[code])
        };
        verify("alice's totp", &other.code(1)?)?.must_fail()?.must_say("wrong-code")?;
        verify("alice's hotp", &other.code(1)?)?.must_succeed()?.must_say("\"counter\":1")?;
        verify("alice's hotp", &other.code(1)?)?.must_fail()?.must_say("used-code")?;
        verify("tablet", &scene.code()?)?.must_fail()?.must_say("unknown-device")?;
        verify("alice's totp", &scene.code()?)?.must_succeed()?.must_say("\"drift\":0")?;
        let kinds = manage(async |proxy| proxy.kinds("alice").await)?;
        assert_eq!(kinds, ["totp", "hotp"]);
        assert!(!manage(async |proxy| proxy.has_device("bob").await)?);
        Ok(())
    })
}

#[test]
fn who_is_let_in_hears_what_has_failed_meanwhile() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        for service in ["su", "otp"] {
            typed(&pamtester(service, "alice"), &scene.wrong()?)?.must_fail()?;
        }
        let scene = scene.after_a_crash()?;
        let ended = typed(&pamtester("otp", "alice"), &scene.code()?)?;
        ended
            .must_succeed()?
            .must_say("2 attempts to log in have failed since your last login.")?;
        scene.clock.advance(STEP)?;
        let ended = typed(&pamtester("otp", "alice"), &scene.code()?)?;
        ended.must_succeed()?.must_not_say("failed since")?;
        Ok(())
    })
}
