//! Remembered logins on real sshd and sudo: the same place needs no other code, and every other one
//! does. The guest's addresses are another machine's, since this one's own are never remembered.

use std::{fs, os::unix::fs::PermissionsExt};

use testbed::{
    Device, GUEST, HERE, Invocation, Kind, Network, OTHER_GUEST, PASSWORD, PROMPT, Result, Sshd,
    inside, manage, pamtester, sudo, with_code,
};

use crate::scene::{STEP, Scene};

const RULE: &str = "[[rule]]\nname = 'a day'\nrequire = 'code'\nremember = '8h'\n";
const HOUR: u64 = 3600;

/// With a network of two, on which everything runs.
fn scene() -> Result<(Network, Scene, Sshd)> {
    let network = Network::new()?;
    let scene = Scene::configured(RULE)?;
    let sshd = Sshd::for_guests(&scene.world)?;
    Ok((network, scene, sshd))
}

/// Asked, and let in by a fresh code.
fn asked(scene: &Scene, login: &Invocation) -> Result {
    scene.clock.advance(STEP)?;
    with_code(login, &scene.code()?)?.must_succeed()?.must_say("by totp")?;
    Ok(())
}

/// Let in without being asked.
fn remembered(login: &Invocation) -> Result {
    let ended = login.on_terminal()?.end()?;
    ended.must_succeed()?.must_say("logged in as alice by remembered")?.must_not_say(PROMPT)?;
    Ok(())
}

#[test]
fn the_same_address_is_not_asked_again_and_others_are() -> Result {
    inside(|| {
        let (network, mut scene, sshd) = scene()?;
        for (guest, other) in GUEST.into_iter().zip(OTHER_GUEST) {
            let login = network.ssh(&sshd, "alice", guest);
            asked(&scene, &login)?;
            remembered(&login)?;
            let line = scene.world.log.expect(&["otpd", "alice passed by sshd", guest, "a day"])?;
            assert!(line.text.contains("totp/"), "no device: {}", line.text);
            asked(&scene, &network.ssh(&sshd, "alice", other))?;
            remembered(&network.ssh(&sshd, "alice", other))?;
        }
        // It was on disk before anybody heard of it.
        scene = scene.after_a_crash()?;
        remembered(&network.ssh(&sshd, "alice", GUEST[0]))?;
        let told = manage(async |proxy| proxy.log("alice", 1).await)?;
        assert_eq!(told.first().map(|entry| entry.event.as_str()), Some("remembered"));
        scene.clock.advance(8 * HOUR)?;
        asked(&scene, &network.ssh(&sshd, "alice", GUEST[0]))
    })
}

/// Everybody on this machine, and whoever forwards a port through it, comes from these.
#[test]
fn an_address_of_this_machine_is_always_asked() -> Result {
    inside(|| {
        let (network, scene, sshd) = scene()?;
        for own in HERE.into_iter().chain(["127.0.0.1"]) {
            let login = network.ssh_here(&sshd, "alice", own);
            asked(&scene, &login)?;
            asked(&scene, &login)?;
        }
        let shown = manage(async |proxy| proxy.remembered("alice").await)?;
        assert!(shown.is_empty(), "{shown:?}");
        Ok(())
    })
}

#[test]
fn it_ends_with_the_devices_and_with_the_rule() -> Result {
    inside(|| {
        let (network, scene, sshd) = scene()?;
        let login = network.ssh(&sshd, "alice", GUEST[0]);
        asked(&scene, &login)?;
        remembered(&login)?;
        let further = Device::enroll(&scene.world.alice, Kind::Hotp, 0)?;
        asked(&scene, &login)?;
        remembered(&login)?;
        manage(async |proxy| {
            proxy.remove("alice", &otp_bus::Warrant::default(), &further.id).await
        })?;
        asked(&scene, &login)?;
        remembered(&login)?;
        scene.world.configure("shared_sources = ['192.0.2.0/24']\n".to_owned().as_str())?;
        let scene = scene.after_a_crash()?;
        asked(&scene, &login)?;
        scene.world.configure(&format!("shared_sources = ['192.0.2.0/24']\n{RULE}"))?;
        let scene = scene.after_a_crash()?;
        asked(&scene, &login)
    })
}

#[test]
fn its_owner_sees_and_forgets_it_without_a_code() -> Result {
    inside(|| {
        let (network, scene, sshd) = scene()?;
        let login = network.ssh(&sshd, "alice", GUEST[0]);
        asked(&scene, &login)?;
        let otpctl = |words: &[&str]| Invocation::of("otpctl").args(words).by(&scene.world.alice);
        otpctl(&["remembered"]).run()?.must_succeed()?.must_say(GUEST[0])?.must_say("a day")?;
        let others =
            Invocation::of("otpctl").args(["remembered", "-u", "alice", "--forget", "all"]);
        others.by(&scene.world.bob).run()?.must_fail()?;
        remembered(&login)?;
        otpctl(&["remembered", "--forget", "all"]).run()?.must_succeed()?.must_say("forgot 1")?;
        scene.world.log.expect(&["otpd", "forgot 1 remembered logins for alice"])?;
        asked(&scene, &login)
    })
}

/// What a user's own program says of itself is its own claim.
#[test]
fn a_users_own_program_is_never_remembered() -> Result {
    inside(|| {
        let (_network, scene, _sshd) = scene()?;
        let login = |by_root: &[&str]| {
            Invocation::of("pamtester").args(["-I", "rhost=192.0.2.7"]).args(by_root)
        };
        let login = login(&["otp", "alice", "authenticate"]);
        scene.clock.advance(STEP)?;
        with_code(&login, &scene.code()?)?.must_succeed()?;
        login.run()?.must_succeed()?.must_not_say(PROMPT)?;
        let by_alice = login.by(&scene.world.alice);
        for _ in 0..2 {
            scene.clock.advance(STEP)?;
            with_code(&by_alice, &scene.code()?)?.must_succeed()?;
        }
        // Nor does a host that names no numeric address.
        let named = Invocation::of("pamtester").args(["-I", "rhost=pc.example"]);
        let named = named.args(["otp", "alice", "authenticate"]);
        for _ in 0..2 {
            scene.clock.advance(STEP)?;
            with_code(&named, &scene.code()?)?.must_succeed()?;
        }
        Ok(())
    })
}

#[test]
fn a_clock_that_went_back_ends_it() -> Result {
    inside(|| {
        let (network, scene, sshd) = scene()?;
        let login = network.ssh(&sshd, "alice", GUEST[0]);
        asked(&scene, &login)?;
        scene.clock.advance(2 * HOUR)?;
        remembered(&login)?;
        scene.clock.set(scene.clock.now() - HOUR)?;
        let mut dialogue = login.on_terminal()?;
        dialogue.expect(PROMPT)?;
        drop(dialogue);
        scene.world.log.expect(&["otpd", "the clock was set back", "alice"])?;
        // Nor does it come again with the right time.
        scene.clock.set(scene.clock.now() + HOUR)?;
        asked(&scene, &login)
    })
}

/// The password is the next module's to ask for, and digits at its end are its own.
#[test]
fn a_password_passes_whole_where_no_code_is_asked_for() -> Result {
    inside(|| {
        let (network, scene, sshd) = scene()?;
        let stack = ["requisite pam_otp.so forward_pass", "required pam_unix.so try_first_pass"];
        scene.world.stack("sshd", &stack)?;
        let login = network.ssh(&sshd, "alice", GUEST[0]);
        scene.clock.advance(STEP)?;
        let both = format!("{PASSWORD}{}", scene.code()?);
        let mut dialogue = login.on_terminal()?;
        dialogue.expect("Password and one-time code: ")?.answer(&both)?;
        dialogue.end()?.must_succeed()?.must_say("by totp")?;
        let mut dialogue = login.on_terminal()?;
        dialogue.expect("Password: ")?.answer(PASSWORD)?;
        dialogue.end()?.must_succeed()?.must_say("by remembered")?.must_not_say(PROMPT)?;
        // With a code at its end it is another password.
        let mut dialogue = login.on_terminal()?;
        dialogue.expect("Password: ")?.answer(&both)?;
        dialogue.end()?.must_fail()?.must_not_say("logged in")?;
        Ok(())
    })
}

#[test]
fn a_terminal_is_remembered_for_its_session_alone() -> Result {
    inside(|| {
        let scene = Scene::configured(RULE)?;
        scene.clock.advance(STEP)?;
        // One terminal, two sessions on it: the second one takes it over.
        let script = "#!/bin/sh
            run='setpriv --reuid=alice --regid=40001 --init-groups sudo -k sh -c'
            $run 'echo first as $(id -un)'
            $run 'echo second as $(id -un)'
            exec setsid --wait --ctty $run 'echo third as $(id -un)'
        ";
        fs::write("/etc/testbed-sessions", script)?;
        fs::set_permissions("/etc/testbed-sessions", fs::Permissions::from_mode(0o755))?;
        let mut dialogue = Invocation::of("/etc/testbed-sessions").on_terminal()?;
        dialogue.expect(PROMPT)?.answer(&scene.code()?)?;
        dialogue.expect("second as root")?.expect(PROMPT)?;
        assert_eq!(dialogue.heard().matches(PROMPT).count(), 2, "{}", dialogue.heard());
        scene.clock.advance(STEP)?;
        dialogue.answer(&scene.code()?)?;
        dialogue.end()?.must_succeed()?.must_say("third as root")?;
        // Nor another terminal, nor another service on it, nor none at all.
        scene.clock.advance(STEP)?;
        with_code(&sudo(&scene.world.alice), &scene.code()?)?.must_succeed()?;
        for _ in 0..2 {
            scene.clock.advance(STEP)?;
            let mut without = pamtester("otp", "alice").on_pipes()?;
            without.expect(PROMPT)?.answer(&scene.code()?)?;
            without.end()?.must_succeed()?;
        }
        Ok(())
    })
}
