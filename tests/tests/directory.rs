//! A directory of people that is down, slow or hangs: its people are denied and told so, never taken
//! for strangers or for people who never enrolled; those whom `/etc/passwd` knows log in.

use testbed::{
    Dialogue, Directory, Fault, Invocation, Method, PROMPT, Result, Sshd, inside, pamtester, su,
    sudo, with_code,
};

use crate::{
    names::{member, otpctl, scene},
    scene::{STEP, typed},
};

/// What pamtester prints for `PAM_AUTHINFO_UNAVAIL`.
const UNAVAILABLE: &str = "cannot retrieve authentication info";

const ECONNREFUSED: i32 = 111;
const EAGAIN: i32 = 11;
const ENOENT: i32 = 2;
const EIO: i32 = 5;

const ANNA: [(&str, &str, u32); 2] = [("anna", "anna", 41_001), ("new", "new", 41_002)];

#[test]
fn one_that_is_down_lets_nobody_in() -> Result {
    inside(|| {
        let (scene, directory) = scene()?;
        directory.knows(&ANNA)?;
        let (token, anna) = (member("anna")?, Directory::account("anna", 41_001));
        let (sshd, bob) = (Sshd::start(&scene.world)?, &scene.world.bob);
        // What the stack is for: new never enrolled.
        pamtester("nullok", "new").run()?.must_succeed()?;
        for fault in [
            Fault::Unavailable(ECONNREFUSED),
            Fault::Unavailable(ENOENT),
            Fault::Unavailable(EIO),
            Fault::TryAgain(EAGAIN),
        ] {
            scene.world.log.clear();
            let mut prompt = pamtester("otp", "anna").on_pipes()?;
            prompt.expect(PROMPT)?;
            let verify = Invocation::of("otpctl").args(["verify", "-u", "anna"]).by(&anna);
            let mut own = verify.on_terminal()?;
            own.expect(PROMPT)?;
            directory.fails(fault)?;
            prompt.answer(&token.code(1)?)?;
            prompt.end()?.must_fail()?.must_say(UNAVAILABLE)?;
            own.answer(&token.code(1)?)?;
            let own = own.end()?;
            assert_eq!(own.status.code(), Some(5), "{fault:?}: {}", own.output);
            let why = "anna refused by otp: cannot decide: the user database gives no answer";
            scene.world.log.expect(&["otpd", why, "check nsswitch.conf"])?;
            // sshd and su do not know her either.
            for login in [sshd.login(Method::Keyboard, "anna", bob), su(bob, "anna")] {
                login.on_terminal()?.end()?.must_fail()?.must_not_say("logged in")?;
            }
            for user in ["anna", "new", "nobody at all"] {
                let asked = pamtester("nullok", user).run()?;
                asked.must_fail()?.must_say(UNAVAILABLE)?.must_not_say("successfully")?;
                for words in [["status", "-u", user], ["list", "-u", user], ["adopt", "-u", user]] {
                    let ended = otpctl(&words)?;
                    assert_eq!(ended.status.code(), Some(5), "{fault:?}: {}", ended.output);
                }
            }
            // What is told of those whom /etc/passwd knows does not depend on it.
            assert_eq!(otpctl(&["status", "-u", "alice"])?.status.code(), Some(0));
            directory.recovers()?;
        }
        typed(&pamtester("otp", "anna"), &token.code(1)?)?.must_succeed()?;
        Ok(())
    })
}

/// A module that says that it is down, and no error, is to glibc one that does not know the user:
/// nobody can tell it from a stranger, and strangers are refused.
#[test]
fn one_that_is_down_without_an_error_makes_strangers() -> Result {
    inside(|| {
        let (scene, directory) = scene()?;
        directory.knows(&ANNA)?;
        let token = member("anna")?;
        directory.fails(Fault::Unavailable(0))?;
        for user in ["anna", "new"] {
            let mut dialogue = pamtester("nullok", user).on_pipes()?;
            dialogue.type_ahead(&token.code(1)?)?;
            dialogue.end()?.must_fail()?.must_not_say("successfully")?;
        }
        scene.world.log.expect(&["otpd", "anna refused by nullok"])?;
        directory.recovers()?;
        typed(&pamtester("otp", "anna"), &token.code(1)?)?.must_succeed()?;
        Ok(())
    })
}

#[test]
fn one_that_is_slow_is_waited_for() -> Result {
    inside(|| {
        let (_scene, mut directory) = scene()?;
        directory.knows(&ANNA)?;
        let token = member("anna")?;
        directory.hangs()?;
        let mut login = pamtester("otp", "anna").on_pipes()?;
        directory.keeps_waiting(1)?;
        directory.goes_on();
        login.expect(PROMPT)?;
        directory.hangs()?;
        login.answer(&token.code(1)?)?;
        directory.keeps_waiting(1)?;
        directory.goes_on();
        login.end()?.must_succeed()?;
        Ok(())
    })
}

#[test]
fn one_that_answers_after_the_deadline_lets_nobody_in() -> Result {
    inside(|| {
        let (scene, mut directory) = scene()?;
        scene.world.stack("otp", &["requisite pam_otp.so timeout=2"])?;
        scene.world.stack(
            "nullok",
            &["requisite pam_otp.so timeout=2 nullok", "required pam_permit.so"],
        )?;
        directory.knows(&ANNA)?;
        let token = member("anna")?;
        let mut prompt = pamtester("otp", "anna").on_pipes()?;
        prompt.expect(PROMPT)?;
        directory.hangs()?;
        prompt.answer(&token.code(1)?)?;
        directory.keeps_waiting(1)?;
        prompt.end()?.must_fail()?.must_say(UNAVAILABLE)?;
        for user in ["anna", "new"] {
            pamtester("nullok", user).run()?.must_fail()?.must_say(UNAVAILABLE)?;
        }
        directory.goes_on();
        // The first code may have been spent when the answer came, for a login that was over.
        typed(&pamtester("otp", "anna"), &token.code(2)?)?.must_succeed()?;
        pamtester("nullok", "new").run()?.must_succeed()?;
        Ok(())
    })
}

/// More of its people at once than look-ups run at once; alice is in `/etc/passwd`.
#[test]
fn one_that_hangs_keeps_its_own_people_out_and_nobody_else() -> Result {
    inside(|| {
        let (scene, mut directory) = scene()?;
        let names: Vec<String> = (0..24).map(|number| format!("d{number}")).collect();
        let people: Vec<_> =
            (41_000..).zip(&names).map(|(uid, name)| (name.as_str(), name.as_str(), uid)).collect();
        directory.knows(&people)?;
        let sshd = Sshd::start(&scene.world)?;
        directory.hangs()?;
        let hanging: Vec<Dialogue> =
            names.iter().map(|name| pamtester("nullok", name).on_pipes()).collect::<Result<_>>()?;
        directory.keeps_waiting(names.len())?;

        let (alice, bob) = (&scene.world.alice, &scene.world.bob);
        let logins = [
            sshd.login(Method::Keyboard, "alice", bob),
            su(bob, "alice"),
            sudo(alice),
            pamtester("otp", "alice").by(alice),
        ];
        for login in &logins {
            with_code(login, &scene.code()?)?.must_succeed()?;
            scene.clock.advance(STEP)?;
        }
        otpctl(&["list", "-u", "alice"])?.must_succeed()?;
        otpctl(&["list", "--all"])?.must_succeed()?.must_say("alice")?;
        for dialogue in hanging {
            dialogue.end()?.must_fail()?.must_say(UNAVAILABLE)?;
        }
        scene.world.log.expect(&[
            "otpd",
            "d0 refused by nullok: cannot decide",
            "no answer in time",
        ])?;
        // And it ends when it is told to, whatever hangs in it.
        scene.daemon.stop()?;
        directory.goes_on();
        Ok(())
    })
}
