//! How a session logged in, asked from within real sessions of sshd, sudo, su and login.

use std::fs;

use testbed::{Account, Invocation, Method, PROMPT, Result, Sshd, World, inside, su, with_code};

use crate::scene::{MODULE, STEP, Scene};

const NONE: &str = "otpd knows of no login that opened this session";

/// Where the services tell of their sessions.
fn scene(toml: &str) -> Result<Scene> {
    let scene = Scene::configured(toml)?;
    for service in ["sshd", "sudo", "su", "login"] {
        telling(&scene.world, service)?;
    }
    Ok(scene)
}

fn telling(world: &World, service: &str) -> Result {
    world.stack(service, &[MODULE])?;
    let path = format!("/etc/pam.d/{service}");
    let stack = fs::read_to_string(&path)?;
    Ok(fs::write(path, format!("{stack}session optional pam_otp.so\n"))?)
}

/// An `ssh` to alice on a terminal, in which this is run.
fn ssh(sshd: &Sshd, holder: &Account, words: &str) -> Invocation {
    sshd.client("ssh", Method::Keyboard, holder)
        .args(["-tt", "-o", "NumberOfPasswordPrompts=1", "alice@127.0.0.1"])
        .arg(words)
}

#[test]
fn the_daemon_tells_whatever_the_environment_says() -> Result {
    inside(|| {
        let scene = scene("")?;
        let sshd = Sshd::start(&scene.world)?;
        let words = "OTPD_METHOD=recovery OTPD_DEVICE=recovery/1 setsid --wait otpctl session";
        let ended = with_code(&ssh(&sshd, &scene.world.bob, words), &scene.code()?)?;
        ended.must_succeed()?.must_say("alice logged in by sshd from 127.0.0.1")?;
        ended.must_say(&format!("totp, device {}, rule \"default\"", scene.phone.id))?;
        Ok(())
    })
}

#[test]
fn the_nearest_session_counts() -> Result {
    inside(|| {
        let scene = scene("")?;
        let sshd = Sshd::start(&scene.world)?;
        let words = "otpctl session; sudo -k otpctl session; echo out again; otpctl session";
        let mut dialogue = ssh(&sshd, &scene.world.bob, words).on_terminal()?;
        dialogue.expect(PROMPT)?.answer(&scene.code()?)?;
        dialogue.expect("alice logged in by sshd from 127.0.0.1")?.expect(PROMPT)?;
        scene.clock.advance(STEP)?;
        dialogue.answer(&scene.code()?)?;
        dialogue.expect("alice logged in by sudo at")?.expect("out again")?;
        dialogue.end()?.must_succeed()?;
        Ok(())
    })
}

#[test]
fn su_and_login_tell_theirs() -> Result {
    inside(|| {
        let scene = scene("")?;
        let su = Invocation::of("su").args(["alice", "-c", "otpctl session"]);
        let ended = with_code(&su.by(&scene.world.bob), &scene.code()?)?;
        ended.must_succeed()?.must_say("alice logged in by su at")?;
        scene.clock.advance(STEP)?;
        let mut dialogue = Invocation::of("login").arg("alice").on_terminal()?;
        dialogue.expect(PROMPT)?.answer(&scene.code()?)?;
        dialogue.expect("$ ")?.answer("otpctl session; exit")?;
        dialogue.expect("alice logged in by login at")?;
        dialogue.end()?;
        Ok(())
    })
}

/// sudo asks alice, and makes somebody else of her: how she logged in is hers, and root's, to know.
#[test]
fn nobody_else_is_told() -> Result {
    inside(|| {
        let scene = scene("")?;
        let sudo =
            |words: &[&str]| Invocation::of("sudo").args(["-k"]).args(words).by(&scene.world.alice);
        let as_root = with_code(&sudo(&["otpctl", "session"]), &scene.code()?)?;
        as_root.must_succeed()?.must_say("alice logged in by sudo")?;
        scene.clock.advance(STEP)?;
        let as_bob = with_code(&sudo(&["-u", "bob", "otpctl", "session"]), &scene.code()?)?;
        as_bob.must_fail()?.must_say(NONE)?;
        // Outside of every session.
        for by in [&scene.world.alice, &scene.world.bob] {
            Invocation::of("otpctl").arg("session").by(by).run()?.must_fail()?.must_say(NONE)?;
        }
        // Only hosts that run as root open sessions.
        let opens = Invocation::of("busctl").args(["call", "org.otpd1", "/org/otpd1"]);
        let opens = opens.args(["org.otpd1.Sessions", "Open", "s", "sshd"]).by(&scene.world.bob);
        opens.run()?.must_fail()?.must_say("may not open sessions")?;
        Ok(())
    })
}

#[test]
fn a_session_that_nobody_told_of_is_not_known() -> Result {
    inside(|| {
        let scene = scene("")?;
        scene.world.stack("su", &[MODULE])?;
        let login = su(&scene.world.bob, "alice");
        let ended = with_code(&login.clone(), &scene.code()?)?;
        ended.must_succeed()?;
        scene.clock.advance(STEP)?;
        let su = Invocation::of("su").args(["alice", "-c", "otpctl session --json"]);
        let ended = with_code(&su.by(&scene.world.bob), &scene.code()?)?;
        ended.must_fail()?.must_say("\"error\":\"no-login\"")?;
        Ok(())
    })
}

/// Within alice's session, one that asked for no code is not hers by that.
#[test]
fn a_session_without_a_code_is_not_the_one_around_it() -> Result {
    inside(|| {
        let toml = "[[rule]]\nname = 'free'\nservice = ['sudo']\nrequire = 'none'\n";
        let scene = scene(toml)?;
        fs::write(
            "/etc/pam.d/sudo",
            "auth optional pam_otp.so\nauth required pam_permit.so\naccount required pam_permit.so\n\
             session optional pam_otp.so\nsession required pam_permit.so\n",
        )?;
        let sshd = Sshd::start(&scene.world)?;
        let words = "otpctl session && sudo -k otpctl session";
        let mut dialogue = ssh(&sshd, &scene.world.bob, words).on_terminal()?;
        dialogue.expect(PROMPT)?.answer(&scene.code()?)?;
        dialogue.expect("alice logged in by sshd")?.expect(NONE)?;
        dialogue.end()?.must_fail()?;
        Ok(())
    })
}

#[test]
fn a_remembered_login_says_so_and_a_restart_forgets_sessions() -> Result {
    inside(|| {
        let scene = scene("[[rule]]\nname = 'a day'\nrequire = 'code'\nremember = '8h'\n")?;
        let script = "sudo -k otpctl session; sudo -k otpctl session; \
                      sudo -k sh -c 'echo wait; read go; otpctl session'";
        let alice = Invocation::of("sh").args(["-c", script]).by(&scene.world.alice);
        let mut dialogue = alice.on_terminal()?;
        dialogue.expect(PROMPT)?.answer(&scene.code()?)?;
        dialogue.expect(": totp, device totp/")?.expect(": remembered, device totp/")?;
        dialogue.expect("rule \"a day\"")?.expect("wait")?;
        let scene = scene.after_a_crash()?;
        dialogue.answer("go")?.expect(NONE)?;
        drop(scene);
        Ok(())
    })
}

/// With the daemon gone a session is a session.
#[test]
fn a_session_needs_no_daemon() -> Result {
    inside(|| {
        let scene = scene("")?;
        fs::write(
            "/etc/pam.d/su",
            "auth required pam_permit.so\naccount required pam_permit.so\n\
             session required pam_otp.so\nsession required pam_permit.so\n",
        )?;
        let Scene { daemon, world, .. } = scene;
        daemon.stop()?;
        let login = su(&world.bob, "alice");
        login.run()?.must_succeed()?.must_say("logged in as alice")?;
        Ok(())
    })
}
