//! A disk that is full, read-only or failing: logins are denied with one line that says why,
//! nothing acknowledged is lost, and they go on once the disk does, without a restart.

use std::fs;

use otp_bus::{NewPass, Warrant};
use testbed::{
    Context, Daemon, Failure, Invocation, Ledger, Registry, Result, Tracer, Volume, callers,
    callers::Answer, counts, inside, pamtester,
};

use crate::{
    passes::passes,
    scene::{Scene, typed},
};

/// Room for the store, its log and some more, which is filled.
const KILOBYTES: usize = 16 * 1024;

/// How many logins are tried at most until a full disk is felt.
const PATIENCE: usize = 3_000;

#[test]
fn a_full_disk_denies_and_recovers_by_itself() -> Result {
    inside(|| {
        let mut volume = None;
        let scene = Scene::on(|| {
            volume = Some(Volume::memory(KILOBYTES)?);
            Ok(())
        })?;
        let volume = volume.context("the volume")?;
        let mut ledger = Ledger::open("bob")?;
        let mut registry = Registry::new("demo");
        let (mut accepted, mut denied) = (0, 0);
        let rounds = counts::of(2, 20);
        for round in 0..rounds {
            let ballast = volume.fill()?;
            scene.world.log.clear();
            accepted += logins_amid_growth(&mut ledger)?;
            scene.world.log.expect(&["otpd", "bob refused", "store failed", "full"])?;
            denied += 1 + denied_meanwhile(&mut ledger)?;
            let _perhaps = registry.change()?;
            fs::remove_file(ballast)?;
            ledger.settle().context(format!("round {round}: with room again"))?;
            registry.settle().context(format!("round {round}: with room again"))?;
            Ledger::all_get_in(std::slice::from_mut(&mut ledger))?;
        }
        counts::figure(&format!(
            "{rounds} times a full disk: {accepted} logins accepted and {denied} denied on it, all \
             kept"
        ));
        let scene = scene.after_a_crash()?;
        ledger.settle()?;
        typed(&pamtester("otp", "alice"), &scene.code()?)?.must_succeed()?;
        Ok(())
    })
}

#[test]
fn a_disk_that_fails_for_a_while_denies_and_recovers_by_itself() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let mut ledger = Ledger::open("bob")?;
        for (calls, error, words) in [
            ("pwrite64,ftruncate", "EROFS", "disk I/O error"),
            ("pwrite64,ftruncate", "ENOSPC", "full"),
            ("pwrite64,ftruncate", "EIO", "disk I/O error"),
            ("fsync,fdatasync", "EIO", "disk I/O error"),
            ("pread64", "EIO", "disk I/O error"),
        ] {
            let told = format!("{error} at {calls}");
            scene.world.log.clear();
            let strace = Tracer::always_fails(calls, error).seize(scene.daemon.pid())?;
            let mut denied = 0;
            for _ in 0..5 {
                denied += usize::from(!ledger.login().context(&told)?);
            }
            strace.stop()?;
            // Reading may not be needed: then there is nothing to fail.
            if calls != "pread64" {
                assert_eq!(denied, 5, "{told}");
                scene.world.log.expect(&["otpd", "bob refused", "store failed", words])?;
                assert_eq!(scene.world.log.count(&["otpd", "bob refused"]), 5, "{told}");
            }
            ledger.settle().context(&told)?;
            Ledger::all_get_in(std::slice::from_mut(&mut ledger)).context(&told)?;
        }
        typed(&pamtester("otp", "alice"), &scene.code()?)?.must_succeed()?;
        Ok(())
    })
}

#[test]
fn a_read_only_disk_is_a_start_error_that_says_so() -> Result {
    inside(|| {
        let mut volume = None;
        let scene = Scene::on(|| {
            volume = Some(Volume::memory(KILOBYTES)?);
            Ok(())
        })?;
        let volume = volume.context("the volume")?;
        let mut ledger = Ledger::open("bob")?;
        let code = scene.code()?;
        let Scene { daemon, bus: _bus, clock, phone: _phone, world } = scene;
        daemon.kill()?;
        volume.set_writable(false)?;
        world.log.clear();
        clock.rule(Invocation::of("/usr/sbin/otpd")).run()?.must_fail()?.must_say("Read-only")?;
        world.log.expect(&["otpd", "not running", "/var/lib/otpd", "Read-only"])?;
        assert!(matches!(callers::verify("alice", &code)?, Answer::Silence(_)));
        volume.set_writable(true)?;
        let _again = Daemon::start_at(&world, &clock)?;
        ledger.settle()?;
        typed(&pamtester("otp", "alice"), &code)?.must_succeed()?;
        Ok(())
    })
}

/// Logs in until that is denied; how often it was not. A store whose logins need no more room never
/// feels a full disk, and so it is given more to keep.
fn logins_amid_growth(ledger: &mut Ledger) -> Result<usize> {
    let data = format!("{{\"ballast\":\"{}\"}}", "x".repeat(15 * 1024));
    for accepted in 0..PATIENCE {
        if !ledger.login()? {
            return Ok(accepted);
        }
        let purpose = "ballast".to_owned();
        let new = NewPass { purpose, data: Some(data.clone()), ..NewPass::default() };
        // Refused once the disk is full.
        let _perhaps = passes(async |proxy| proxy.create("", &Warrant::default(), &new).await)?;
    }
    Err(Failure::new(format!("{PATIENCE} logins and none denied")))
}

/// Logs in some times more; how often that is denied. The store may find room within what it has.
fn denied_meanwhile(ledger: &mut Ledger) -> Result<usize> {
    let mut denied = 0;
    for _ in 0..20 {
        denied += usize::from(!ledger.login()?);
    }
    Ok(denied)
}
