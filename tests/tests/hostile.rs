//! Somebody else in the daemon's place. The impostor says yes to everything; where it is believed
//! is shown too, since an impostor that nobody would ever believe proves nothing.

use std::{fs, os::unix::net::UnixStream, time::Duration};

use testbed::{
    Activation, Bus, Deadline, FakeDaemon, Invocation, Method, PROMPT, Result, Sshd, World, inside,
    pamtester, replace_bus_policy, su, sudo, with_code,
};

use crate::scene::{MODULE, Scene, typed};

/// Anybody may own the name and speak to its owner.
const LAX_POLICY: &str = r#"<policy context="default">
    <allow own="org.otpd1"/><allow send_destination="org.otpd1"/>
    </policy>"#;

const ANY: &str = "000000";

#[test]
fn an_address_from_the_environment_is_ignored_by_su_and_sudo() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let mallory = scene.world.alice.clone();
        let fake = FakeDaemon::on_own_bus(Some(&mallory))?;
        let right = scene.code()?;
        let lure = |login: Invocation| login.env("DBUS_SYSTEM_BUS_ADDRESS", &fake.address);
        // Whoever obeys the variable reaches the impostor: the lure works on others.
        let call =
            "--system --print-reply --dest=org.otpd1 /org/otpd1 org.freedesktop.DBus.Peer.Ping";
        let obeying = Invocation::of("dbus-send").args(call.split(' ')).by(&mallory);
        lure(obeying).run()?.must_succeed()?;
        // While the real daemon runs, it is the one asked.
        let ended = with_code(&lure(su(&mallory, "alice")), &scene.wrong()?)?;
        ended.must_fail()?.must_not_say("logged in")?;
        with_code(&lure(su(&mallory, "alice")), &right)?.must_succeed()?;
        // While it does not, nobody is.
        let Scene { daemon, bus: _bus, world, .. } = scene;
        daemon.stop()?;
        for login in [su(&mallory, "root"), su(&mallory, "bob"), sudo(&mallory)] {
            let mut dialogue = lure(login).on_terminal()?;
            dialogue.type_ahead(ANY)?;
            dialogue.end()?.must_fail()?.must_not_say("logged in")?;
        }
        let own = lure(pamtester("otp", "alice")).by(&world.alice);
        own.run()?.must_fail()?.must_not_say(PROMPT)?;
        Ok(())
    })
}

#[test]
fn an_impostor_run_by_root_is_believed() -> Result {
    inside(|| {
        let world = World::new()?;
        let _bus = Bus::start(&world, Activation::Off)?;
        world.stack("otp", &[MODULE])?;
        world.stack("su", &[MODULE])?;
        let fake = FakeDaemon::on_system_bus(None)?;
        typed(&pamtester("otp", "alice"), ANY)?.must_succeed()?;
        typed(&pamtester("otp", "alice").by(&world.alice), ANY)?.must_succeed()?;
        with_code(&su(&world.alice, "root"), ANY)?.must_say("logged in as root")?;
        drop(fake);
        let own_bus = FakeDaemon::on_own_bus(None)?;
        world.stack("otp", &[&format!("requisite pam_otp.so bus={}", own_bus.address)])?;
        typed(&pamtester("otp", "alice"), ANY)?.must_succeed()?;
        Ok(())
    })
}

#[test]
fn a_user_who_owns_the_name_is_not_believed() -> Result {
    inside(|| {
        let mut world = World::new()?;
        replace_bus_policy(&mut world, LAX_POLICY);
        let _bus = Bus::start(&world, Activation::Off)?;
        for service in ["sshd", "otp", "su"] {
            world.stack(service, &[MODULE])?;
        }
        let _fake = FakeDaemon::on_system_bus(Some(&world.bob))?;
        for tester in [pamtester("otp", "alice"), pamtester("otp", "alice").by(&world.alice)] {
            world.log.clear();
            let mut dialogue = tester.on_pipes()?;
            dialogue.type_ahead(ANY)?;
            dialogue.end()?.must_fail()?.must_not_say("successfully")?;
            world.log.expect(&["pam_otp", "40002"])?;
        }
        let mut login = su(&world.bob, "root").on_terminal()?;
        login.type_ahead(ANY)?;
        login.end()?.must_fail()?.must_not_say("logged in")?;
        let sshd = Sshd::start(&world)?;
        let mut login = sshd.login(Method::Keyboard, "alice", &world.bob).on_terminal()?;
        login.type_ahead(ANY)?;
        login.end()?.must_fail()?.must_not_say("logged in")?;
        Ok(())
    })
}

#[test]
fn a_bus_argument_does_not_make_a_user_the_daemon() -> Result {
    inside(|| {
        let world = World::new()?;
        let _bus = Bus::start(&world, Activation::Off)?;
        let fake = FakeDaemon::on_own_bus(Some(&world.bob))?;
        world.stack("otp", &[&format!("requisite pam_otp.so bus={}", fake.address)])?;
        for tester in [pamtester("otp", "alice"), pamtester("otp", "alice").by(&world.alice)] {
            let mut dialogue = tester.on_pipes()?;
            dialogue.type_ahead(ANY)?;
            dialogue.end()?.must_fail()?.must_not_say("successfully")?;
        }
        Ok(())
    })
}

#[test]
fn a_socket_that_a_user_listens_on_is_not_believed() -> Result {
    inside(|| {
        let world = World::new()?;
        let _bus = Bus::start(&world, Activation::Off)?;
        world.stack("otp", &[MODULE])?;
        let of_root = FakeDaemon::on_socket(None)?;
        typed(&pamtester("otp", "alice"), ANY)?.must_succeed()?;
        drop(of_root);
        let _of_bob = FakeDaemon::on_socket(Some(&world.bob))?;
        let mut dialogue = pamtester("otp", "alice").on_pipes()?;
        dialogue.type_ahead(ANY)?;
        dialogue.end()?.must_fail()?.must_not_say("successfully")?;
        Ok(())
    })
}

#[test]
fn the_shipped_policy_lets_no_user_own_the_name() -> Result {
    inside(|| {
        let world = World::new()?;
        let _bus = Bus::start(&world, Activation::Off)?;
        assert!(FakeDaemon::on_system_bus(Some(&world.bob)).is_err(), "bob owns org.otpd1");
        FakeDaemon::on_system_bus(None)?;
        Ok(())
    })
}

#[test]
fn a_name_forges_no_line_in_the_log() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let forged = "otpd: alice accepted by sshd";
        for name in
            [format!("bob\n{forged}"), format!("bob\r\u{1b}[2K{forged}"), "\u{2028}x".into()]
        {
            typed_or_refused(&pamtester("otp", &name), ANY)?;
        }
        scene.world.log.expect(&["bob"])?;
        let log = scene.world.log.lines();
        for line in &log {
            let plain = line.text.chars().all(|character| !character.is_control());
            assert!(plain && !line.text.starts_with(forged), "{:?}", line.text);
        }
        Ok(())
    })
}

#[test]
fn who_starves_the_bus_does_not_keep_root_logins_out() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        scene.world.stack("otp", &["requisite pam_otp.so timeout=2"])?;
        // Connections that never say who they are: dbus-daemon takes 64 of them, then nobody else.
        let silent = (0..80).map(|_| UnixStream::connect("/run/dbus/system_bus_socket"));
        let silent = silent.collect::<std::io::Result<Vec<_>>>()?;
        let own = pamtester("otp", "alice").by(&scene.world.alice).on_pipes()?.end()?;
        own.must_fail()?.must_say("cannot retrieve authentication info")?;
        typed(&pamtester("otp", "alice"), &scene.code()?)?.must_succeed()?;
        drop(silent);
        Ok(())
    })
}

#[test]
fn who_stands_at_the_prompt_holds_no_connection() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let sockets = |pid: u32| -> Result<usize> {
            let links = fs::read_dir(format!("/proc/{pid}/fd"))?
                .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
            Ok(links.filter(|link| link.to_string_lossy().starts_with("socket:")).count())
        };
        let before = sockets(scene.daemon.pid())?;
        let mut waiting = Vec::new();
        for _ in 0..40 {
            let mut dialogue = su(&scene.world.bob, "alice").on_terminal()?;
            dialogue.expect(PROMPT)?;
            waiting.push(dialogue);
        }
        Deadline::after(Duration::from_secs(10)).poll("the daemon to close them", || {
            Ok((sockets(scene.daemon.pid())? <= before).then_some(()))
        })?;
        with_code(&su(&scene.world.bob, "alice"), &scene.code()?)?.must_succeed()?;
        Ok(())
    })
}

/// Types at the prompt if there is one.
fn typed_or_refused(login: &Invocation, text: &str) -> Result {
    let mut dialogue = login.on_pipes()?;
    dialogue.type_ahead(text)?;
    dialogue.end()?.must_fail()?;
    Ok(())
}
