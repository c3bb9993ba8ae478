//! What an administrator can write behind the module, at real services: more tries, password and
//! code in one answer, a log of each step.

use testbed::{
    Daemon, Dialogue, Ended, Invocation, Method, PASSWORD, PROMPT, PamHost, Result, Sshd, World,
    inside, pam, pamtester,
};

use crate::scene::{STEP, Scene, token, typed};

/// What is asked where password and code are one answer.
const BOTH: &str = "Password and one-time code: ";

/// A stack for programs that send a password and nothing else.
const FORWARD: [&str; 2] =
    ["requisite pam_otp.so forward_pass nullok", "required pam_unix.so try_first_pass"];

/// `pamtester` from afar.
fn from_afar(service: &str, user: &str) -> Invocation {
    Invocation::of("pamtester").args(["-I", "rhost=192.0.2.7", service, user, "authenticate"])
}

/// Lets a login type the same until it is not asked any more, and tells how often it was.
fn asked(login: &Invocation, prompt: &str, answer: &str) -> Result<(usize, Ended)> {
    let mut dialogue: Dialogue = login.on_pipes()?;
    let mut count = 0;
    while dialogue.says(prompt)? {
        dialogue.answer(answer)?;
        count += 1;
    }
    Ok((count, dialogue.end()?))
}

/// By the machine's clock: the third failure and the fourth are followed by waits of 1 s and 2 s, in
/// which the daemon looks at no code.
#[test]
fn what_is_typed_within_the_first_waits_is_held_and_then_looked_at() -> Result {
    inside(|| {
        let world = World::new()?;
        world.stack("otp", &["requisite pam_otp.so tries=5"])?;
        let _daemon = Daemon::start(&world)?;
        let token = token("alice")?;
        let mut login = pamtester("otp", "alice").on_pipes()?;
        for number in 0..4 {
            login.expect(PROMPT)?.answer(&token.code(500 + number)?)?;
        }
        login.expect(PROMPT)?.answer(&token.code(1)?)?;
        login.end()?.must_succeed()?;
        assert_eq!(world.log.settled()?.count(&["alice refused", "wrong code"]), 4);
        assert_eq!(world.log.count(&["throttled"]), 0);
        Ok(())
    })
}

#[test]
fn strangers_are_asked_as_often_as_users() -> Result {
    inside(|| {
        let scene = Scene::configured("[throttle]\nlock_after = 2")?;
        scene.world.stack("otp", &["requisite pam_otp.so tries=2"])?;
        scene.world.stack("both", &["requisite pam_otp.so tries=2 forward_pass"])?;
        let wrong = scene.wrong()?;
        for user in ["alice", "bob", "nobody-of-that-name"] {
            for (service, prompt) in [("otp", PROMPT), ("both", BOTH)] {
                let (count, ended) = asked(&from_afar(service, user), prompt, &wrong)?;
                assert_eq!(count, 2, "{user} at {service}");
                let said = ended.must_fail()?.output.replace(prompt, "");
                assert_eq!(said.trim(), "pamtester: Authentication failure", "{user}");
            }
        }
        // The second time all of alice's were locked.
        assert_eq!(scene.world.log.settled()?.count(&["alice refused by both", "locked"]), 2);
        // Who hears that is not asked for what would be refused.
        asked(&pamtester("otp", "alice"), PROMPT, &wrong)?.1.must_fail()?;
        let (count, ended) = asked(&pamtester("otp", "alice"), PROMPT, &wrong)?;
        assert_eq!(count, 1, "{}", ended.output);
        ended.must_say("Locked after too many wrong codes")?;
        Ok(())
    })
}

#[test]
fn password_and_code_are_one_answer_and_both_must_be_right() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        scene.world.stack("both", &FORWARD)?;
        let login = pamtester("both", "alice");
        let both = |password: &str, code: &str| -> Result<Ended> {
            let mut dialogue = login.on_pipes()?;
            dialogue.expect(BOTH)?.answer(&format!("{password}{code}"))?;
            dialogue.end()
        };
        both(PASSWORD, &scene.wrong()?)?.must_fail()?;
        both(PASSWORD, &scene.code()?)?.must_succeed()?;
        scene.clock.advance(STEP)?;
        // A wrong password costs the code.
        both("guessed", &scene.code()?)?.must_fail()?;
        both(PASSWORD, &scene.code()?)?.must_fail()?;
        scene.world.log.settled()?.expect(&["alice refused", "used code"])?;
        // What holds no code is not counted, and nothing of it goes further.
        both(PASSWORD, "")?.must_fail()?;
        scene.world.log.expect(&["alice refused", "no code"])?;
        // Who has no device is asked by the next module, for the password alone.
        let mut bob = pamtester("both", "bob").on_pipes()?;
        bob.expect("Password: ")?.answer(PASSWORD)?;
        bob.end()?.must_succeed()?.must_not_say(BOTH)?;
        Ok(())
    })
}

#[test]
fn a_client_that_sends_a_password_and_nothing_else_sends_both() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        scene.world.stack("sshd", &FORWARD)?;
        let sshd = Sshd::start(&scene.world)?;
        let login = |user: &str, answer: &str| -> Result<Ended> {
            let mut ssh = sshd.login(Method::Password, user, &scene.world.bob).on_terminal()?;
            ssh.expect("password: ")?.answer(answer)?;
            ssh.end()
        };
        login("alice", &format!("{PASSWORD}{}", scene.wrong()?))?.must_fail()?;
        let ended = login("alice", &format!("{PASSWORD}{}", scene.code()?))?;
        ended.must_succeed()?.must_say(&format!("logged in as alice by {}", scene.phone.id))?;
        login("bob", PASSWORD)?.must_succeed()?.must_say("logged in as bob by no device")?;
        // Whom sshd refuses anyway is no reason to count anything.
        login("root", &format!("{PASSWORD}{}", scene.code()?))?.must_fail()?;
        assert_eq!(scene.world.log.settled()?.count(&["root refused", "wrong code"]), 0);
        Ok(())
    })
}

/// As by `pam_unix` with a wrong password; elsewhere the daemon's own delay does.
#[test]
fn a_failure_is_delayed_where_code_and_password_are_one_answer() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        scene.world.stack("both", &FORWARD)?;
        let (wrong, code) = (scene.wrong()?, scene.code()?);
        let host = PamHost::default().option("--delays");
        let hosted = host
            .attempt("both", "alice", &format!("{PASSWORD}{wrong}"))
            .attempt("both", "alice", &format!("guessed{code}"))
            .attempt("otp", "alice", &wrong)
            .run()?;
        assert_eq!(hosted.codes(), [pam::AUTH_ERR; 3]);
        let [wrong_code, wrong_password, alone] =
            [0, 1, 2].map(|number| hosted.attempts[number].delay.as_micros());
        // libpam takes the longest delay that was asked for, give or take a half.
        assert!((1_000_000..=3_000_000).contains(&wrong_code), "{wrong_code}");
        assert!((1_000_000..=3_000_000).contains(&wrong_password), "{wrong_password}");
        assert_eq!(alone, 0);
        Ok(())
    })
}

#[test]
fn who_is_told_why_is_the_administrators_to_say() -> Result {
    inside(|| {
        let mut scene = Scene::new()?;
        for (tell, here, afar) in
            [("local", true, false), ("always", true, true), ("never", false, false)]
        {
            scene.world.configure(&format!("[prompt]\ntell = \"{tell}\""))?;
            scene = scene.after_a_crash()?;
            scene.clock.advance(STEP)?;
            let code = scene.code()?;
            typed(&pamtester("otp", "alice"), &code)?.must_succeed()?;
            for (login, told) in
                [(pamtester("otp", "alice"), here), (from_afar("otp", "alice"), afar)]
            {
                let said = typed(&login, &code)?.must_fail()?.output.contains("already used");
                assert_eq!(said, told, "{tell}: {login}");
            }
        }
        Ok(())
    })
}

#[test]
fn debug_logs_steps_and_nothing_secret() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        scene.world.stack("otp", &["requisite pam_otp.so debug tries=2"])?;
        let forward = "requisite pam_otp.so debug forward_pass try_first_pass";
        scene.world.stack("both", &[forward, "required pam_unix.so try_first_pass"])?;
        let (wrong, code) = (scene.wrong()?, scene.code()?);
        let with = |login: Invocation| login.env("SOME_TOKEN", "of-the-environment");
        let mut login = with(pamtester("otp", "alice")).on_pipes()?;
        login.expect(PROMPT)?.answer(&wrong)?.expect(PROMPT)?.answer(&code)?;
        login.end()?.must_succeed()?;
        scene.clock.advance(STEP)?;
        let next = scene.code()?;
        let mut login = with(pamtester("both", "alice")).on_pipes()?;
        login.expect(BOTH)?.answer(&format!("{PASSWORD}{next}"))?;
        login.end()?.must_succeed()?;
        let log = scene.world.log.settled()?.text();
        for step in ["demands a code", "asking, 2 of 2", "Refused, Wrong", "Accepted, Matched"] {
            assert!(log.contains(step), "{step}:\n{log}");
        }
        assert!(log.contains("the next module gets the password"), "{log}");
        for secret in [&wrong, &code, &next, PASSWORD, "correct", "SOME_TOKEN", "of-the-env"] {
            assert!(!log.contains(secret), "{secret}:\n{log}");
        }
        Ok(())
    })
}

/// A program that becomes somebody else while it is asked is not let in as either.
#[test]
fn a_host_that_changes_the_user_at_any_question_or_text_is_refused() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        scene.world.stack("otp", &["requisite pam_otp.so tries=2"])?;
        let code = scene.code()?;
        let change = |at: u32| PamHost::default().option(&format!("--become={at}:bob"));
        // At the prompt; at the text that says why, before the second prompt.
        let at_the_prompt = change(1).attempt("otp", "alice", &code).run()?;
        assert_eq!(at_the_prompt.codes(), [pam::AUTH_ERR]);
        typed(&pamtester("otp", "alice"), &code)?.must_succeed()?;
        let at_the_text = change(2).attempt("otp", "alice", &code).run()?;
        assert_eq!(at_the_text.codes(), [pam::AUTH_ERR]);
        assert_eq!(scene.world.log.settled()?.count(&["changed the user's name"]), 2);
        Ok(())
    })
}
