//! What sshd does with PAM that no other host does: it asks strangers too, as often as it says,
//! gives up on whoever is slow, lets one login carry many sessions, and answers for clients that
//! can only send a password.

use std::{fs, time::Duration};

use testbed::{
    Account, Deadline, Invocation, Method, PASSWORD, PROMPT, Result, Sshd, inside, manage,
    pamtester, with_code,
};

use crate::scene::{MODULE, STEP, Scene, token, typed};

/// An `ssh` by bob that would be asked ten times.
fn patient(sshd: &Sshd, user: &str, bob: &Account) -> Invocation {
    sshd.client("ssh", Method::Keyboard, bob)
        .args(["-o", "NumberOfPasswordPrompts=10"])
        .arg(format!("{user}@127.0.0.1"))
        .args(["echo", "logged in"])
}

/// How often a login is asked that answers wrongly each time.
fn prompts(login: &Invocation, wrong: &str) -> Result<usize> {
    let mut dialogue = login.on_terminal()?;
    let mut prompts = 0;
    while dialogue.says(PROMPT)? {
        dialogue.answer_hidden(wrong)?;
        prompts += 1;
    }
    dialogue.end()?.must_fail()?.must_not_say("logged in")?;
    Ok(prompts)
}

fn failures(user: &str) -> Result<u32> {
    let status = manage(async |proxy| proxy.status(user).await)?;
    Ok(status.lanes.iter().map(|lane| lane.failures).sum())
}

/// The daemon's open descriptors.
fn descriptors(scene: &Scene) -> Result<usize> {
    Ok(fs::read_dir(format!("/proc/{}/fd", scene.daemon.pid()))?.count())
}

/// Every process of sshd but the one that listens: its threads and descriptors, without numbers.
fn sessions(listener: u32) -> Result<Vec<String>> {
    let mut sessions = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let path = entry?.path();
        let comm = fs::read_to_string(path.join("comm")).unwrap_or_default();
        // One that has ended and that nobody has waited for yet has no program.
        let ended = fs::read_link(path.join("exe")).is_err();
        if comm.trim() != "sshd" || path.ends_with(listener.to_string()) || ended {
            continue;
        }
        let mut descriptors = Vec::new();
        // It may end while it is looked at.
        for descriptor in fs::read_dir(path.join("fd")).into_iter().flatten().flatten() {
            let target = fs::read_link(descriptor.path()).unwrap_or_default();
            descriptors
                .push(target.display().to_string().replace(|c: char| c.is_ascii_digit(), ""));
        }
        descriptors.sort();
        let threads = fs::read_dir(path.join("task")).map_or(0, Iterator::count);
        sessions.push(format!("{threads} threads, {descriptors:?}"));
    }
    sessions.sort();
    Ok(sessions)
}

/// Waits until every connection has ended.
fn gone(sshd: &Sshd) -> Result {
    let ended = || Ok(sessions(sshd.pid())?.is_empty().then_some(()));
    Deadline::after(Duration::from_secs(10)).poll("the connections' end", ended)
}

#[test]
fn a_connection_has_as_many_attempts_as_sshd_says_whoever_it_is() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let sshd = Sshd::configured(&scene.world, "MaxAuthTries 4\n")?;
        let wrong = scene.wrong()?;
        for user in ["alice", "bob", "nobody-here"] {
            let login = patient(&sshd, user, &scene.world.bob);
            assert_eq!(prompts(&login, &wrong)?, 4, "{user}");
            // One prompt is one attempt and one line.
            assert_eq!(scene.world.log.settled()?.count(&["otpd[", user, "refused by sshd"]), 4);
        }
        let login = sshd.login(Method::Keyboard, "alice", &scene.world.bob);
        assert_eq!(prompts(&login, &wrong)?, 1, "as many as the client says");
        Ok(())
    })
}

#[test]
fn who_is_too_slow_for_sshd_has_spent_nothing() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let sshd = Sshd::configured(&scene.world, "LoginGraceTime 2\n")?;
        let before = descriptors(&scene)?;
        let mut dialogue = sshd.login(Method::Keyboard, "alice", &scene.world.bob).on_terminal()?;
        dialogue.expect(PROMPT)?;
        gone(&sshd)?;
        // The client has not noticed; what is typed now comes too late.
        dialogue.answer_hidden(&scene.code()?)?;
        dialogue.end()?.must_fail()?.must_not_say("logged in")?;
        assert_eq!((descriptors(&scene)?, failures("alice")?), (before, 0));
        typed(&pamtester("otp", "alice"), &scene.code()?)?.must_succeed()?;
        Ok(())
    })
}

#[test]
fn who_hangs_up_at_the_prompt_has_spent_nothing() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let sshd = Sshd::start(&scene.world)?;
        let before = descriptors(&scene)?;
        let login = sshd.login(Method::Keyboard, "alice", &scene.world.bob);
        for _ in 0..3 {
            let mut dialogue = login.on_terminal()?;
            dialogue.expect(PROMPT)?;
            scene.world.log.clear();
            drop(dialogue);
            scene.world.log.expect(&["sshd", "Connection closed by", "alice"])?;
        }
        assert_eq!((descriptors(&scene)?, failures("alice")?), (before, 0));
        with_code(&login, &scene.code()?)?.must_succeed()?.must_say("logged in as alice")?;
        Ok(())
    })
}

#[test]
fn ten_at_once_get_in_and_the_eleventh_costs_them_nothing() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let sshd = Sshd::configured(&scene.world, "MaxStartups 10\n")?;
        let token = token("bob")?;
        let login = sshd.login(Method::Keyboard, "bob", &scene.world.alice);
        let mut waiting = (0..10).map(|_| login.on_terminal()).collect::<Result<Vec<_>>>()?;
        for dialogue in &mut waiting {
            dialogue.expect(PROMPT)?;
        }
        login.on_terminal()?.end()?.must_fail()?.must_not_say(PROMPT)?;
        for (counter, mut dialogue) in (1..).zip(waiting) {
            dialogue.answer_hidden(&token.code(counter)?)?;
            dialogue.end()?.must_succeed()?.must_say("logged in as bob")?;
        }
        Ok(())
    })
}

/// The session of somebody who was asked is like that of somebody who was not.
#[test]
fn nothing_of_ours_is_left_in_a_session() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let sshd = Sshd::start(&scene.world)?;
        let login = sshd
            .client("ssh", Method::Keyboard, &scene.world.bob)
            .args(["alice@127.0.0.1", "echo here; read line"]);
        scene.world.stack("sshd", &["[default=ok] pam_permit.so"])?;
        let mut plain = login.on_terminal()?;
        plain.expect("here")?;
        let without = sessions(sshd.pid())?;
        drop(plain);
        gone(&sshd)?;
        scene.world.stack("sshd", &[MODULE])?;
        let mut asked = login.on_terminal()?;
        asked.expect(PROMPT)?.answer_hidden(&scene.code()?)?.expect("here")?;
        let with = sessions(sshd.pid())?;
        assert!(!without.is_empty(), "no session was found");
        assert_eq!(with, without);
        Ok(())
    })
}

/// A client that knows passwords alone answers each hidden question with the same words.
#[test]
fn a_client_that_only_sends_a_password_gets_in_where_the_code_is_all() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let lines = "PasswordAuthentication yes\nAuthenticationMethods password\n";
        let sshd = Sshd::configured(&scene.world, lines)?;
        let login = sshd.login(Method::Keyboard, "alice", &scene.world.bob);
        let sends = |password: &str| {
            let mut dialogue = login.on_terminal()?;
            dialogue.expect("password: ")?.answer_hidden(password)?;
            dialogue.end()
        };
        let code = scene.code()?;
        sends(&code)?.must_succeed()?.must_say("logged in as alice")?;
        sends(&code)?.must_fail()?.must_not_say("logged in")?;
        scene.clock.advance(STEP)?;
        // With a password in front of it neither gets in, and neither is counted or spent.
        scene.world.stack("sshd", &["requisite pam_unix.so", MODULE])?;
        sends(PASSWORD)?.must_fail()?.must_not_say("logged in")?;
        scene.world.log.expect(&["otpd[", "alice", "refused by sshd"])?;
        sends(&scene.code()?)?.must_fail()?.must_not_say("logged in")?;
        assert_eq!(failures("alice")?, 0);
        typed(&pamtester("otp", "alice"), &scene.code()?)?.must_succeed()?;
        Ok(())
    })
}

#[test]
fn files_are_copied_with_a_code() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let sshd = Sshd::start(&scene.world)?;
        let (alice, bob) = (&scene.world.alice, &scene.world.bob);
        let copied = alice.home().join("copied");
        let scp = sshd.client("scp", Method::Keyboard, bob).args([
            "-o",
            "NumberOfPasswordPrompts=1",
            "/etc/hosts",
            "alice@127.0.0.1:copied",
        ]);
        with_code(&scp, &scene.wrong()?)?.must_fail()?;
        assert!(!copied.exists(), "copied with a wrong code");
        with_code(&scp, &scene.code()?)?.must_succeed()?;
        assert_eq!(fs::read(&copied)?, fs::read("/etc/hosts")?);
        scene.clock.advance(STEP)?;
        let sftp = sshd.client("sftp", Method::Keyboard, bob).arg("alice@127.0.0.1");
        let mut dialogue = sftp.on_terminal()?;
        dialogue.expect(PROMPT)?.answer_hidden(&scene.code()?)?;
        dialogue.expect("sftp> ")?.answer("rm copied")?.expect("sftp> ")?.answer("bye")?;
        dialogue.end()?.must_succeed()?;
        assert!(!copied.exists(), "sftp removed nothing");
        Ok(())
    })
}

#[test]
fn a_second_session_on_one_connection_is_not_asked() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let sshd = Sshd::start(&scene.world)?;
        let bob = &scene.world.bob;
        let shared = |words: &[&str]| {
            let path = format!("ControlPath={}", bob.home().join("control").display());
            let client = sshd.client("ssh", Method::Keyboard, bob).args(["-o", &path]);
            client.args(words).arg("alice@127.0.0.1").args(["echo", "logged in as $(id -un)"])
        };
        let mut first =
            shared(&["-o", "ControlMaster=yes", "-o", "ControlPersist=no", "-N"]).on_terminal()?;
        first.expect(PROMPT)?.answer_hidden(&scene.code()?)?;
        scene.world.log.expect(&["otpd[", "alice", "accepted", "sshd"])?;
        let socket = bob.home().join("control");
        Deadline::after(Duration::from_secs(10))
            .poll("the shared connection", || Ok(socket.exists().then_some(())))?;
        let second = shared(&["-o", "ControlMaster=no"]);
        let ended = second.on_terminal()?.end()?;
        ended.must_succeed()?.must_say("logged in as alice")?.must_not_say(PROMPT)?;
        assert_eq!(scene.world.log.settled()?.count(&["otpd[", "accepted"]), 1);
        drop(first);
        let mut anew = second.on_terminal()?;
        anew.expect(PROMPT)?;
        Ok(())
    })
}
