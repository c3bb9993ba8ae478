//! Exemptions: an administrator lets a user log in without a code for a while, at real programs, and
//! it lets in nobody else, nowhere else and no longer.

use testbed::{Ended, Invocation, Method, PROMPT, Result, Sshd, inside, pamtester};

use crate::scene::{Scene, typed};

/// The exit status of what is not allowed.
const NOT_ALLOWED: Option<i32> = Some(3);

const STACK: &[&str] = &["requisite pam_otp.so", "required pam_permit.so"];

const SHUT: &str = "[[rule]]\nname = 'shut'\nservice = ['shut']\nrequire = 'deny'\n";

fn scene() -> Result<Scene> {
    let scene = Scene::configured(SHUT)?;
    for service in ["otp", "shut", "sshd"] {
        scene.world.stack(service, STACK)?;
    }
    Ok(scene)
}

fn otpctl(words: &[&str]) -> Invocation {
    Invocation::of("otpctl").args(words)
}

fn exempt(user: &str, time: &str) -> Result<Ended> {
    otpctl(&["exempt", "-u", user, "--for", time, "--reason", "lost phone"]).run()
}

/// Whether a login passes without a code.
fn passes(service: &str, user: &str) -> Result<bool> {
    Ok(pamtester(service, user).run()?.status.success())
}

#[test]
fn who_is_exempt_is_let_in_without_a_code_and_the_log_says_why() -> Result {
    inside(|| {
        let scene = scene()?;
        exempt("alice", "2h")?.must_succeed()?.must_say("lost phone")?;
        exempt("bob", "2h")?.must_succeed()?;
        let sshd = Sshd::start(&scene.world)?;
        let ended = sshd.login(Method::Keyboard, "alice", &scene.world.bob).on_terminal()?.end()?;
        ended.must_say("logged in as alice")?.must_not_say(PROMPT)?;
        scene.world.log.expect(&[
            "alice passed by sshd from",
            "exempt by uid 0",
            "\"lost phone\"",
        ])?;
        // With a device and without one; and no rule that denies is overridden.
        for user in ["alice", "bob"] {
            assert!(passes("otp", user)?);
            assert!(!passes("shut", user)?);
            typed(&pamtester("shut", user), "000000")?.must_fail()?;
        }
        otpctl(&["status"]).by(&scene.world.alice).run()?.must_say("exempt: logs in without")?;
        otpctl(&["list", "--all"]).run()?.must_say("exempt")?;
        otpctl(&["log", "-u", "alice"]).run()?.must_say("exempt from codes until")?;
        // Her own devices are changed with a code all the same.
        let ended = otpctl(&["remove", "alice's totp"]).by(&scene.world.alice).run()?;
        assert!(!ended.status.success(), "{}", ended.output);
        otpctl(&["exempt", "-u", "alice", "--end"]).run()?.must_succeed()?;
        assert!(!passes("otp", "alice")? && passes("otp", "bob")?);
        typed(&pamtester("otp", "alice"), &scene.code()?)?.must_succeed()?;
        Ok(())
    })
}

#[test]
fn it_ends_by_itself_and_enrolled_stays_enrolled() -> Result {
    inside(|| {
        let mut scene = scene()?;
        let given = scene.clock.now();
        exempt("alice", "1h")?.must_succeed()?;
        scene.clock.advance(3599)?;
        assert!(passes("otp", "alice")?, "a second before its end");
        // Whatever becomes of the daemon, it counts no longer.
        scene = scene.after_a_crash()?;
        assert!(passes("otp", "alice")?);
        scene.clock.advance(1)?;
        assert!(!passes("otp", "alice")?, "at its end");
        typed(&pamtester("otp", "alice"), &scene.code()?)?.must_succeed()?;
        // A clock that is set back before its beginning has nothing to say about it.
        scene.clock.set(given - 1)?;
        assert!(!passes("otp", "alice")?);
        Ok(())
    })
}

/// A lock is about guesses at codes, and nobody guesses here: the help desk need not unlock first.
#[test]
fn who_is_locked_out_passes_and_stays_locked() -> Result {
    inside(|| {
        let toml = format!("[throttle]\nlock_after = 1\n{SHUT}");
        let scene = Scene::configured(&toml)?;
        scene.world.stack("otp", STACK)?;
        typed(&pamtester("otp", "alice"), &scene.wrong()?)?.must_fail()?;
        typed(&pamtester("otp", "alice"), &scene.code()?)?.must_fail()?;
        exempt("alice", "1h")?.must_succeed()?;
        assert!(passes("otp", "alice")?);
        otpctl(&["exempt", "-u", "alice", "--end"]).run()?.must_succeed()?;
        typed(&pamtester("otp", "alice"), &scene.code()?)?.must_fail()?;
        Ok(())
    })
}

#[test]
fn nobody_exempts_themselves_or_others() -> Result {
    inside(|| {
        let scene = scene()?;
        for user in ["alice", "bob", "root"] {
            for words in [
                &["exempt", "-u", user, "--for", "2h", "--reason", "why"][..],
                &["exempt", "-u", user, "--end"],
            ] {
                let ended = otpctl(words).by(&scene.world.alice).run()?;
                assert_eq!(ended.status.code(), NOT_ALLOWED, "{}", ended.output);
            }
        }
        scene.world.log.expect(&["uid 40001 may not give exemptions for alice"])?;
        assert!(!passes("otp", "alice")?);
        Ok(())
    })
}
