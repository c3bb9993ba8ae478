//! The testbed itself, tried with modules that everybody knows: its doors open to the right
//! password, stay closed to the wrong one, and nothing of it reaches the host.

use std::{
    fs,
    process::{Command, Stdio},
    time::Duration,
};

use testbed::{
    Activation, Bus, Context, Deadline, FakeClock, Invocation, Method, PASSWORD, Result, Sshd,
    World, inside, pamtester, su, sudo,
};

use crate::host::{descendants, inhabitants, named, state};

/// What `pam_unix` asks.
const PASSWORD_PROMPT: &str = "assword";

#[test]
fn sshd_lets_in_by_the_stack_and_by_nothing_else() -> Result {
    inside(|| {
        let world = World::bare()?;
        world.stack("sshd", &["requisite pam_unix.so"])?;
        let sshd = Sshd::start(&world)?;
        for method in [Method::Keyboard, Method::KeyThenKeyboard] {
            for (password, lets_in) in [(PASSWORD, true), ("wrong", false)] {
                let mut ssh = sshd.login(method, "alice", &world.alice).on_terminal()?;
                ssh.expect(PASSWORD_PROMPT)?.answer(password)?;
                let ended = ssh.end()?;
                assert_eq!(
                    ended.output.contains("logged in as alice"),
                    lets_in,
                    "{}",
                    ended.output
                );
                assert_eq!(ended.status.success(), lets_in);
            }
        }
        world.log.expect(&["sshd", "Authentication failure for alice"])?;
        Ok(())
    })
}

#[test]
fn a_key_is_needed_where_it_is_asked_for() -> Result {
    inside(|| {
        let world = World::bare()?;
        world.stack("sshd", &["required pam_permit.so"])?;
        let sshd = Sshd::start(&world)?;
        let with =
            |holder| sshd.login(Method::KeyThenKeyboard, "alice", holder).on_terminal()?.end();
        with(&world.bob)?.must_fail()?.must_say("Permission denied (publickey)")?;
        with(&world.alice)?.must_succeed()?.must_say("logged in as alice")?;
        Ok(())
    })
}

#[test]
fn sudo_and_su_follow_the_stack() -> Result {
    inside(|| {
        let world = World::bare()?;
        for service in ["sudo", "su"] {
            world.stack(service, &["required pam_unix.so"])?;
        }
        for (login, who) in [(sudo(&world.alice), "root"), (su(&world.alice, "bob"), "bob")] {
            let mut right = login.on_terminal()?;
            right.expect(PASSWORD_PROMPT)?.answer(PASSWORD)?;
            right.end()?.must_succeed()?.must_say(&format!("logged in as {who}"))?;
            let mut wrong = login.on_terminal()?;
            wrong.expect(PASSWORD_PROMPT)?.answer("wrong")?;
            drop(wrong);
        }
        for service in ["sudo", "su"] {
            world.stack(service, &["required pam_deny.so"])?;
        }
        sudo(&world.alice).on_terminal()?.end()?.must_fail()?.must_not_say("logged in")?;
        su(&world.alice, "bob").on_terminal()?.end()?.must_fail()?.must_not_say("logged in")?;
        Ok(())
    })
}

#[test]
fn pamtester_tells_the_pam_code() -> Result {
    inside(|| {
        let world = World::bare()?;
        world.stack("yes", &["required pam_permit.so"])?;
        world.stack("no", &["required pam_deny.so"])?;
        for tester in [pamtester("yes", "alice"), pamtester("yes", "alice").by(&world.alice)] {
            tester.run()?.must_succeed()?.must_say("successfully authenticated")?;
        }
        pamtester("no", "alice").run()?.must_fail()?.must_say("Authentication failure")?;
        Ok(())
    })
}

#[test]
fn the_system_bus_answers_everybody() -> Result {
    inside(|| {
        let world = World::bare()?;
        let bus = Bus::start(&world, Activation::Off)?;
        let call =
            "--system --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.GetId";
        let call = Invocation::of("dbus-send").args(call.split(' '));
        call.run()?.must_succeed()?.must_say("string")?;
        call.by(&world.bob).run()?.must_succeed()?;
        bus.kill()
    })
}

#[test]
fn a_fake_clock_stands_still_until_it_is_moved() -> Result {
    inside(|| {
        let _world = World::bare()?;
        let clock = FakeClock::new()?;
        let date = clock.rule(Invocation::of("date").arg("+%s"));
        for step in [0, 30, 86_400] {
            clock.advance(step)?;
            assert_eq!(date.run()?.output.trim(), clock.now().to_string());
        }
        Ok(())
    })
}

#[test]
fn what_is_logged_is_seen() -> Result {
    inside(|| {
        let world = World::bare()?;
        Invocation::of("logger").args(["-p", "authpriv.info", "-t", "someone", "a word"]).run()?;
        assert_eq!(world.log.expect(&["someone", "a word"])?.facility, 10);
        Ok(())
    })
}

#[test]
fn a_killed_test_leaves_nothing_behind() -> Result {
    let before = state()?;
    let mut test = Command::new(std::env::current_exe()?)
        .args(["--exact", "harness::a_world_that_waits", "--ignored"])
        .stdout(Stdio::null())
        .spawn()
        .context("starting this test binary again")?;
    let sleeper = Deadline::after(Duration::from_secs(60))
        .poll("the other test's sleeper", || {
            Ok(descendants(test.id())?.into_iter().find(|pid| named(*pid, "sleep")))
        })?;
    let room = fs::read_link(format!("/proc/{sleeper}/ns/pid"))?;
    assert!(inhabitants(&room)?.len() >= 4, "first process, bus, sshd and sleep should be there");
    test.kill()?;
    test.wait()?;
    Deadline::after(Duration::from_secs(10))
        .poll("an empty room", || Ok(inhabitants(&room)?.is_empty().then_some(())))?;
    let after = state()?;
    let differences: Vec<_> = before.symmetric_difference(&after).collect();
    assert!(differences.is_empty(), "the host has changed: {differences:?}");
    Ok(())
}

/// The other half of the test above; alone it would wait until it is killed.
#[test]
#[ignore = "a_killed_test_leaves_nothing_behind runs and kills it"]
fn a_world_that_waits() -> Result {
    inside(|| {
        let world = World::bare()?;
        world.stack("sshd", &["required pam_permit.so"])?;
        let _bus = Bus::start(&world, Activation::Off)?;
        let sshd = Sshd::start(&world)?;
        sshd.login(Method::Keyboard, "alice", &world.bob).on_terminal()?.end()?.must_succeed()?;
        let sleeper = Invocation::of("sleep").arg("infinity").by(&world.alice).on_terminal()?;
        sleeper.end_within(Duration::MAX)?;
        Ok(())
    })
}
