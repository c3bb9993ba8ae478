//! Logins by the real `ssh` at a real sshd: what opens the door, what does not, and what strangers
//! and the log learn.

use std::time::Duration;

use otp_bus::DeviceFilter;
use testbed::{
    Deadline, Device, Kind, Method, PROMPT, Result, Sshd, inside, manage, pamtester, su, with_code,
};

use crate::scene::{STEP, Scene, token};

#[test]
fn a_code_alone_lets_in() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let sshd = Sshd::start(&scene.world)?;
        let login = sshd.login(Method::Keyboard, "alice", &scene.world.bob);
        with_code(&login, &scene.code()?)?.must_succeed()?.must_say("logged in as alice")?;
        let line = scene.world.log.expect(&["otpd", "alice", "accepted", "sshd"])?;
        assert!(line.text.contains("127.0.0.1"), "no address: {}", line.text);
        assert_eq!(line.facility, 10, "not to authpriv: {}", line.text);
        Ok(())
    })
}

#[test]
fn a_key_and_a_code_let_in_and_neither_alone_does() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let sshd = Sshd::start(&scene.world)?;
        let with_key = sshd.login(Method::KeyThenKeyboard, "alice", &scene.world.alice);
        with_code(&with_key, &scene.wrong()?)?.must_fail()?.must_not_say("logged in")?;
        with_code(&with_key, &scene.code()?)?.must_succeed()?.must_say("logged in as alice")?;
        scene.clock.advance(STEP)?;
        let without_key = sshd.login(Method::KeyThenKeyboard, "alice", &scene.world.bob);
        let ended = without_key.on_terminal()?.end()?;
        ended.must_fail()?.must_say("Permission denied (publickey)")?.must_not_say(PROMPT)?;
        Ok(())
    })
}

#[test]
fn a_counter_code_lets_in_once() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let token = token("bob")?;
        let sshd = Sshd::start(&scene.world)?;
        let login = sshd.login(Method::Keyboard, "bob", &scene.world.alice);
        // The third was skipped, as happens when a button is pressed idly.
        for counter in [1, 2, 4] {
            let code = token.code(counter)?;
            with_code(&login, &code)?.must_succeed()?.must_say("logged in as bob")?;
            with_code(&login, &code)?.must_fail()?.must_not_say("logged in")?;
        }
        with_code(&login, &token.code(3)?)?.must_fail()?.must_not_say("logged in")?;
        Ok(())
    })
}

#[test]
fn a_wrong_code_is_refused_and_counted() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let sshd = Sshd::start(&scene.world)?;
        let login = sshd.login(Method::Keyboard, "alice", &scene.world.bob);
        with_code(&login, &scene.wrong()?)?.must_fail()?.must_not_say("logged in")?;
        scene.world.log.expect(&["otpd", "alice", "refused", "sshd", "wrong"])?;
        let status = manage(async |proxy| proxy.status("alice").await)?;
        assert_eq!(status.lanes.iter().map(|lane| lane.failures).sum::<u32>(), 1, "{status:?}");
        Ok(())
    })
}

#[test]
fn a_used_code_is_refused_until_the_next_step() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let sshd = Sshd::start(&scene.world)?;
        let login = sshd.login(Method::Keyboard, "alice", &scene.world.bob);
        let code = scene.code()?;
        with_code(&login, &code)?.must_succeed()?;
        with_code(&login, &code)?.must_fail()?.must_not_say("logged in")?.must_not_say("used")?;
        scene.world.log.expect(&["otpd", "alice", "refused", "sshd", "used"])?;
        scene.clock.advance(STEP)?;
        with_code(&login, &code)?.must_fail()?.must_not_say("logged in")?;
        with_code(&login, &scene.code()?)?.must_succeed()?.must_say("logged in as alice")?;
        Ok(())
    })
}

#[test]
fn what_is_no_code_is_refused_and_not_counted() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let sshd = Sshd::start(&scene.world)?;
        let login = sshd.login(Method::Keyboard, "alice", &scene.world.bob);
        let code = scene.code()?;
        let arabic = "\u{661}\u{662}\u{663}\u{664}\u{665}\u{666}";
        let shorter = code.get(1..).unwrap_or_default();
        for text in
            ["", "abcdef", "-", arabic, shorter, &format!("{code}00000"), &format!("{code}x")]
        {
            with_code(&login, text)?.must_fail()?.must_not_say("logged in")?;
        }
        let status = manage(async |proxy| proxy.status("alice").await)?;
        assert!(status.lanes.iter().all(|lane| lane.failures == 0), "{status:?}");
        // As people type it from a screen that shows it in groups.
        let (left, right) = code.split_at(3);
        with_code(&login, &format!(" {left} {right} "))?.must_succeed()?;
        Ok(())
    })
}

#[test]
fn strangers_see_what_the_enrolled_see() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let sshd = Sshd::start(&scene.world)?;
        let mut seen = Vec::new();
        // Enrolled; known but not enrolled; unknown.
        for user in ["alice", "bob", "nobody-here"] {
            let login = sshd.login(Method::Keyboard, user, &scene.world.bob);
            let ended = with_code(&login, &scene.wrong()?)?;
            ended.must_fail()?.must_not_say("logged in")?;
            seen.push((ended.status.code(), ended.output.replace(user, "USER")));
        }
        assert_eq!(seen[0], seen[1]);
        assert_eq!(seen[0], seen[2]);
        scene.world.log.expect(&["nobody-here"])?;
        Ok(())
    })
}

#[test]
fn nobody_remote_locks_root_out() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let token = token("root")?;
        // Debian's default: root may log in by key alone, so PAM hears sshd's INCORRECT.
        let sshd = Sshd::start(&scene.world)?;
        let login = sshd.login(Method::Keyboard, "root", &scene.world.bob);
        for _ in 0..4 {
            with_code(&login, &token.code(1)?)?.must_fail()?.must_not_say("logged in")?;
        }
        let status = manage(async |proxy| proxy.status("root").await)?;
        assert!(status.lanes.iter().all(|lane| lane.failures == 0), "{status:?}");
        let su = su(&scene.world.alice, "root");
        with_code(&su, &token.code(1)?)?.must_succeed()?.must_say("logged in as root")?;
        Ok(())
    })
}

#[test]
fn an_unconfirmed_device_lets_nobody_in() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let sshd = Sshd::start(&scene.world)?;
        let pending = Device::enroll_unconfirmed("bob", Kind::Hotp)?;
        let list = manage(async |proxy| proxy.list("bob", DeviceFilter::Unconfirmed).await)?;
        assert_eq!(list.len(), 1);
        let login = sshd.login(Method::Keyboard, "bob", &scene.world.bob);
        with_code(&login, &pending.code(0)?)?.must_fail()?.must_not_say("logged in")?;
        Ok(())
    })
}

#[test]
fn every_refusal_takes_its_time() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        for (user, code) in [
            ("alice", scene.wrong()?),
            ("alice", String::new()),
            ("bob", scene.wrong()?),
            ("nobody-here", scene.wrong()?),
        ] {
            let mut dialogue = pamtester("otp", user).on_pipes()?;
            dialogue.expect(PROMPT)?;
            let watch = Deadline::after(Duration::from_secs(10));
            dialogue.answer(&code)?;
            dialogue.end()?.must_fail()?;
            let took = watch.elapsed();
            assert!(took >= Duration::from_millis(240), "{user} was refused within {took:?}");
        }
        Ok(())
    })
}
