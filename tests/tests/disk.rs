//! A disk that is full, read-only or failing: logins are denied with one line that says why,
//! nothing acknowledged is lost, and they go on once the disk does, without a restart.

use std::fs;

use otp_bus::NewDevice;
use testbed::{
    Context, Daemon, Invocation, Ledger, Result, Tracer, Volume, callers, callers::Answer, counts,
    inside, manage, pamtester,
};

use crate::scene::{Scene, typed};

/// Room for the store, its log and little more.
const KILOBYTES: usize = 4 * 1024;

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
        for round in 0..counts::of(2, 20) {
            let ballast = volume.fill()?;
            scene.world.log.clear();
            let mut logins = 0;
            while ledger.login()? && logins < PATIENCE {
                logins += 1;
            }
            counts::figure(&format!("disk full: {logins} more logins before the first denial"));
            if logins < PATIENCE {
                let line = scene.world.log.expect(&["otpd", "bob refused", "full"])?;
                assert!(line.text.contains("store failed"), "{}", line.text);
                // Enrolling is denied as well, and a login through PAM.
                let new = NewDevice { kind: "totp".to_owned(), ..NewDevice::default() };
                let enrolled = manage(async |proxy| proxy.enroll("demo", &new).await);
                assert!(enrolled.is_err(), "enrolled on a full disk");
                let login = pamtester("otp", "bob").on_pipes()?;
                let code = ledger.doubted()?;
                denied(login, &code)?;
            }
            fs::remove_file(ballast)?;
            ledger.settle().context(format!("round {round}: with room again"))?;
            Ledger::all_get_in(std::slice::from_mut(&mut ledger))?;
        }
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

/// Types the code of a login that the daemon cannot decide, wherever it stands.
fn denied(mut login: testbed::Dialogue, code: &str) -> Result {
    if login.says(testbed::PROMPT)? {
        login.answer(code)?;
    }
    login.end()?.must_fail()?.must_say("cannot retrieve authentication info")?;
    Ok(())
}
