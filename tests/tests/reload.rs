//! The configuration read anew while logins go on: by signal, by D-Bus and by `otpctl`; files that
//! are wrong, gone, unreadable or being written change nothing, and say so.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt, symlink},
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use testbed::{
    Ended, Failure, Invocation, Method, PROMPT, Result, Sshd, counts, inside, pamtester,
};

use crate::scene::{Scene, token, typed};

/// The stack of the service that the rules here are about.
const STACK: &[&str] = &["requisite pam_otp.so", "required pam_permit.so"];

const FILE: &str = "/etc/otpd/otpd.toml";
const MORE: &str = "/etc/otpd/otpd.toml.d";

const OPEN: &str = "[[rule]]\nname = 'open'\nservice = ['otp']\nrequire = 'none'\n";
const SHUT: &str = "[[rule]]\nname = 'shut'\nservice = ['otp']\nrequire = 'deny'\n";

fn reload() -> Result<Ended> {
    Invocation::of("otpctl").arg("reload").run()
}

/// Whether a login at `otp` passes without a code.
fn open() -> Result<bool> {
    Ok(pamtester("otp", "alice").run()?.status.success())
}

/// Puts a file in place as careful editors do.
fn put(path: &str, text: &str) -> Result {
    fs::write("/etc/otpd/scratch", text)?;
    Ok(fs::rename("/etc/otpd/scratch", path)?)
}

#[test]
fn what_is_changed_is_in_force_at_once_by_each_way() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        scene.world.stack("otp", STACK)?;
        assert!(!open()?);
        put(FILE, OPEN)?;
        assert!(!open()?, "nobody has said so");
        reload()?.must_succeed()?.must_say("in force: 1 rule")?.must_say("\"open\" lets in")?;
        assert!(open()?);
        scene.world.log.expect(&["otpd", "configuration put in force by uid 0: 1 rule", FILE])?;
        scene.world.log.expect(&["otpd", "rule \"open\" lets in without a code"])?;
        let manager = &scene.daemon.manager;
        manager.expect(&["RELOADING=1", "MONOTONIC_USEC=", "READY=1", "STATUS=1 rule in force"])?;
        manager.forget();
        put(FILE, SHUT)?;
        scene.daemon.hang_up()?;
        scene.world.log.expect(&["otpd", "put in force on SIGHUP: 1 rule"])?;
        manager.expect(&["RELOADING=1", "READY=1", "STATUS=1 rule in force"])?;
        assert!(!open()?);
        // As it was: the daemon that was started once has gone on.
        typed(&pamtester("su", "alice"), &scene.code()?)?.must_succeed()?;
        let (user, administrator) = (&scene.world.bob, &scene.world.demo);
        for caller in [user, administrator] {
            let ended = Invocation::of("otpctl").arg("reload").by(caller).run()?;
            assert_eq!(ended.status.code(), Some(3), "{}", ended.output);
        }
        scene.world.log.expect(&["uid 40002 may not reload the configuration for all:"])?;
        scene.daemon.stop()
    })
}

#[test]
fn what_is_wrong_changes_nothing_and_is_named() -> Result {
    inside(|| {
        let scene = Scene::configured(OPEN)?;
        scene.world.stack("otp", STACK)?;
        let refused = |say: &str| -> Result {
            let ended = reload()?;
            assert_eq!(ended.status.code(), Some(6), "{}", ended.output);
            ended.must_say(say)?.must_say("what was read before stays in force")?;
            scene.world.log.expect(&["otpd", "not put in force by uid 0", say])?;
            assert!(open()?, "{say}");
            Ok(())
        };
        put(FILE, "\nisuer = 'x'\n")?;
        refused("otpd.toml: line 2: unknown field `isuer`")?;
        fs::remove_file(FILE)?;
        refused("otpd.toml is gone")?;
        put(FILE, "")?;
        fs::create_dir(MORE)?;
        fs::write(format!("{MORE}/10.toml"), "issuer = 'x'")?;
        refused("10.toml: line 1: unknown field `issuer`")?;
        fs::remove_file(format!("{MORE}/10.toml"))?;
        symlink("nowhere", format!("{MORE}/10.toml"))?;
        refused("10.toml: No such file")?;
        fs::remove_file(format!("{MORE}/10.toml"))?;
        // The daemon is not root any more, whoever started it.
        fs::set_permissions(FILE, Permissions::from_mode(0o600))?;
        refused("Permission denied")?;
        fs::set_permissions(FILE, Permissions::from_mode(0o644))?;
        fs::set_permissions("/etc/otpd", Permissions::from_mode(0o700))?;
        refused("Permission denied")?;
        fs::set_permissions("/etc/otpd", Permissions::from_mode(0o755))?;
        fs::rename("/etc/otpd", "/etc/otpd.away")?;
        refused("otpd.toml is gone")?;
        fs::rename("/etc/otpd.away", "/etc/otpd")?;
        reload()?.must_succeed()?;
        assert!(!open()?, "an empty file means the defaults");
        Ok(())
    })
}

/// A pipe that nobody writes to keeps one thread waiting, and no login.
#[test]
fn a_file_that_does_not_answer_keeps_nobody_waiting() -> Result {
    inside(|| {
        let scene = Scene::configured(OPEN)?;
        scene.world.stack("otp", STACK)?;
        fs::remove_file(FILE)?;
        Invocation::of("mkfifo").args(["-m", "644", FILE]).run()?.must_succeed()?;
        scene.daemon.hang_up()?;
        let late = thread::spawn(reload);
        assert!(open()?);
        typed(&pamtester("su", "alice"), &scene.code()?)?.must_succeed()?;
        let ended = late.join().map_err(|_| Failure::new("the reload panicked"))??;
        assert_eq!(ended.status.code(), Some(6), "{}", ended.output);
        ended.must_say("is not read in time")?;
        assert!(open()?);
        Ok(())
    })
}

/// Each login is asked and let in by its code, whichever rules are in force when it comes; half of
/// them are at the prompt while that changes.
#[test]
fn no_login_is_dropped_while_it_reloads_without_pause() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let sshd = Sshd::start(&scene.world)?;
        let token = token("bob")?;
        let done = AtomicBool::new(false);
        let reloads = thread::scope(|scope| {
            let reloading = scope.spawn(|| -> Result<usize> {
                let rule = |name| format!("[[rule]]\nname = '{name}'\nrequire = 'code'\n");
                let mut times = 0;
                while !done.load(Ordering::Relaxed) {
                    times += 1;
                    let text = if times % 3 == 0 { "wrong".to_owned() } else { rule(times) };
                    put(FILE, &text)?;
                    scene.daemon.hang_up()?;
                    let ended = reload()?;
                    if ended.status.success() == (times % 3 == 0) {
                        return Err(Failure::new(ended.output));
                    }
                }
                Ok(times)
            });
            let logins = || -> Result {
                for round in 1..=counts::of(200, 5_000) {
                    let code = token.code(u64::try_from(round)?)?;
                    let login = if round % 20 == 0 {
                        sshd.login(Method::Keyboard, "bob", &scene.world.alice)
                    } else {
                        pamtester("su", "bob")
                    };
                    let mut dialogue =
                        if round % 20 == 0 { login.on_terminal()? } else { login.on_pipes()? };
                    dialogue.expect(PROMPT)?.answer(&code)?;
                    dialogue.end()?.must_succeed()?;
                }
                Ok(())
            };
            let logged_in = logins();
            done.store(true, Ordering::Relaxed);
            let reloads = reloading.join().map_err(|_| Failure::new("the reloads panicked"))?;
            logged_in?;
            reloads
        })?;
        assert!(reloads > 20, "{reloads} reloads");
        scene.daemon.stop()
    })
}
