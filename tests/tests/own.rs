//! A caller without privileges, as a lock screen is: may have its own codes checked, over the bus,
//! and nobody else's.

use testbed::{Bus, Invocation, Result, inside, manage, pamtester};

use crate::scene::{STEP, Scene, typed};

#[test]
fn a_user_verifies_herself() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let own = pamtester("otp", "alice").by(&scene.world.alice);
        typed(&own, &scene.code()?)?.must_succeed()?.must_say("successfully authenticated")?;
        scene.world.log.expect(&["otpd", "alice", "accepted"])?;
        typed(&own, &scene.code()?)?.must_fail()?.must_say("Authentication failure")?;
        Ok(())
    })
}

#[test]
fn nobody_verifies_another() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let other = pamtester("otp", "alice").by(&scene.world.bob).on_pipes()?;
        other.end()?.must_fail()?.must_say("Permission denied")?.must_not_say("successfully")?;
        // Neither spent nor counted.
        let status = manage(async |proxy| proxy.status("alice").await)?;
        assert!(status.lanes.iter().all(|lane| lane.failures == 0), "{status:?}");
        typed(&pamtester("otp", "alice"), &scene.code()?)?.must_succeed()?;
        Ok(())
    })
}

#[test]
fn it_is_the_same_on_dbus_broker() -> Result {
    inside(|| {
        let scene = Scene::on_bus(Bus::start_broker)?;
        let own = pamtester("otp", "alice").by(&scene.world.alice);
        typed(&own, &scene.code()?)?.must_succeed()?.must_say("successfully authenticated")?;
        typed(&own, &scene.code()?)?.must_fail()?.must_say("Authentication failure")?;
        let other = pamtester("otp", "alice").by(&scene.world.bob).on_pipes()?;
        other.end()?.must_fail()?.must_say("Permission denied")?;
        Ok(())
    })
}

#[test]
fn root_verifies_anybody_through_the_socket_while_the_bus_is_down() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let (code, clock) = (scene.code()?, &scene.clock);
        typed(&pamtester("otp", "alice"), &code)?.must_succeed()?;
        clock.advance(STEP)?;
        let code = scene.code()?;
        let Scene { bus, daemon: _daemon, world: _world, .. } = scene;
        bus.kill()?;
        typed(&pamtester("otp", "alice"), &code)?.must_succeed()?;
        Ok(())
    })
}

#[test]
fn the_socket_is_closed_to_users() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let call = Invocation::of("dbus-send").args([
            "--peer=unix:path=/run/otpd/auth",
            "--print-reply",
            "--dest=org.otpd1",
            "/org/otpd1",
            "org.freedesktop.DBus.Introspectable.Introspect",
        ]);
        call.run()?.must_succeed()?.must_say("org.otpd1.Auth")?;
        call.by(&scene.world.alice).run()?.must_fail()?.must_say("Permission denied")?;
        Ok(())
    })
}

#[test]
fn what_a_user_claims_about_herself_does_not_choose_her_lane() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let own = pamtester("otp", "alice").by(&scene.world.alice);
        for _ in 0..2 {
            typed(&own, &scene.wrong()?)?.must_fail()?;
        }
        let status = manage(async |proxy| proxy.status("alice").await)?;
        let lanes: Vec<_> = status.lanes.iter().filter(|lane| lane.failures > 0).collect();
        assert_eq!(lanes.len(), 1, "{status:?}");
        assert_eq!((lanes[0].lane.as_str(), lanes[0].failures), ("self", 2));
        Ok(())
    })
}
