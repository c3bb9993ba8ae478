//! The socket or the bus is missing, restarted, full or somebody else's: the other way in is used
//! where nobody listens, and nowhere else; and what was away comes back.

use std::{
    fs,
    os::{
        fd::AsRawFd,
        unix::net::{UnixListener, UnixStream},
    },
    time::Duration,
};

use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, UnixAddr, bind, listen, socket,
};
use testbed::{
    Activation, Bus, Daemon, Deadline, FakeDaemon, Result, World, inside, pam, replace_bus_policy,
};

use crate::{
    freeze::{BUS, OWN, denied_late, login, one_line, scene, stack},
    scene::{STEP, Scene},
};

#[test]
fn a_bus_that_comes_back_finds_its_daemon() -> Result {
    inside(|| {
        let Scene { daemon: _daemon, bus, clock, phone, world } = scene()?;
        bus.kill()?;
        assert_eq!(login(Some(&world.alice), "x")?.code, pam::AUTHINFO_UNAVAIL);
        one_line(&world, &[BUS, "cannot be reached"])?;
        let _bus = Bus::start(&world, Activation::Off)?;
        served_again(&world)?;
        assert_eq!(login(Some(&world.alice), &phone.code(clock.now())?)?.code, pam::SUCCESS);
        Ok(())
    })
}

#[test]
fn a_name_that_a_user_has_taken_is_had_again_once_it_is_free() -> Result {
    inside(|| {
        let mut world = World::new()?;
        let lax = r#"<policy context="default"><allow own="org.otpd1"/>
            <allow send_destination="org.otpd1"/></policy>"#;
        replace_bus_policy(&mut world, lax);
        stack(&world)?;
        let bus = Bus::start(&world, Activation::Off)?;
        let daemon = Daemon::start(&world)?;
        // While the daemon cannot move, the bus is restarted and bob is first.
        daemon.freeze()?;
        bus.kill()?;
        let _bus = Bus::start(&world, Activation::Off)?;
        let fake = FakeDaemon::on_system_bus(Some(&world.bob))?;
        daemon.thaw()?;
        world.log.expect(&["otpd[", "no name on the system bus"])?;
        world.log.clear();
        assert_eq!(login(Some(&world.alice), "000000")?.code, pam::AUTHINFO_UNAVAIL);
        one_line(&world, &["uid 40002 owns org.otpd1", "no code was sent"])?;
        // Root's way does not lead there: refused by the real one.
        assert_eq!(login(None, "000000")?.code, pam::AUTH_ERR);
        fake.kill()?;
        served_again(&world)
    })
}

#[test]
fn where_nobody_listens_on_the_socket_root_takes_the_bus() -> Result {
    inside(|| {
        let scene = scene()?;
        fs::remove_file(OWN)?;
        assert_eq!(login(None, &scene.code()?)?.code, pam::SUCCESS);
        scene.clock.advance(STEP)?;
        // Left behind by one that died.
        drop(UnixListener::bind(OWN)?);
        assert_eq!(login(None, &scene.code()?)?.code, pam::SUCCESS);
        assert_eq!(scene.world.log.settled()?.count(&["pam_otp("]), 0);
        Ok(())
    })
}

#[test]
fn where_somebody_listens_on_the_socket_root_never_takes_the_bus() -> Result {
    inside(|| {
        let scene = scene()?;
        let code = scene.code()?;
        // A queue of one, which is taken.
        fs::remove_file(OWN)?;
        let full = socket(AddressFamily::Unix, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
        bind(full.as_raw_fd(), &UnixAddr::new(OWN)?)?;
        listen(&full, Backlog::new(0)?)?;
        let _first = UnixStream::connect(OWN)?;
        denied_late(&scene.world, login(None, &code)?, OWN)?;
        // Bob's.
        let _bobs = FakeDaemon::on_socket(Some(&scene.world.bob))?;
        scene.world.log.clear();
        assert_eq!(login(None, &code)?.code, pam::AUTHINFO_UNAVAIL);
        one_line(&scene.world, &["uid 40002 listens on", OWN, "no code was sent"])?;
        // The bus would have taken the code, and still does.
        assert_eq!(login(Some(&scene.world.alice), &code)?.code, pam::SUCCESS);
        Ok(())
    })
}

/// Waits until the daemon answers alice on the bus.
fn served_again(world: &World) -> Result {
    Deadline::after(Duration::from_secs(30)).poll("the daemon on the bus", || {
        Ok((login(Some(&world.alice), "no code")?.code == pam::AUTH_ERR).then_some(()))
    })
}
