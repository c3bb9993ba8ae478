//! SIGKILL, often: to the daemon while many log in and devices come and go, and to the hosts of the
//! module in the middle of a login. What was acknowledged stays, what was accepted is spent, nobody
//! else is locked out, nothing is left behind.

use std::{
    fs,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use otp_bus::Reason;
use testbed::{
    Context, Daemon, Deadline, Ledger, PROMPT, Registry, Result, callers::verify, counts, inside,
    pamtester, state_files,
};

use crate::scene::{STEP, Scene, typed};

const CALLERS: usize = 8;

/// What the state directory holds while the daemon runs, or was killed.
pub(crate) const FILES: [&str; 5] = ["keyring", "lock", "otpd.db", "otpd.db-shm", "otpd.db-wal"];

#[test]
fn of_the_daemon_under_load() -> Result {
    inside(|| {
        let mut scene = Scene::new()?;
        let users = scene.world.crowd(CALLERS)?;
        let mut ledgers = Ledger::open_all(&users)?;
        let mut registry = Registry::new("bob");
        let kills = counts::of(50, 1_000);
        for kill in 0..kills {
            // A number of logins that shares no factor with that of the callers.
            let soon = 3 + kill * 7 % 37;
            let Scene { daemon, bus, clock, phone, world } = scene;
            let changes = &mut registry;
            Ledger::under_load(&mut ledgers, |accepted| {
                beside(changes, || {
                    reach(accepted, soon)?;
                    daemon.kill()
                })
            })?;
            let daemon = Daemon::start_at(&world, &clock)?;
            scene = Scene { daemon, bus, clock, phone, world };
            Ledger::settle_all(&mut ledgers).context(format!("after kill {kill}"))?;
            registry.settle().context(format!("after kill {kill}"))?;
            assert_eq!(Vec::from_iter(state_files()?), FILES);
            if kill % 10 == 0 {
                // Somebody whom none of it concerned.
                typed(&pamtester("otp", "alice"), &scene.code()?)?.must_succeed()?;
                scene.clock.advance(STEP)?;
            }
            scene.world.log.clear();
        }
        let accepted: usize = ledgers.iter().map(|ledger| ledger.accepted).sum();
        counts::figure(&format!(
            "{kills} kills of the daemon under the load of {CALLERS} callers: {accepted} logins and \
             {} changes acknowledged, all kept; no code accepted twice, nobody locked out",
            registry.acknowledged
        ));
        Ok(())
    })
}

/// The module's host dies at the prompt, on its way to it, and with its call under way.
#[test]
fn of_the_modules_host_in_mid_login() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let mut ledger = Ledger::open("bob")?;
        // Once, so that what is opened at its first use is open.
        ledger.settle()?;
        let rest = open_descriptors(scene.daemon.pid())?;
        let kills = counts::of(20, 200);
        for kill in 0..kills {
            let mut host = pamtester("otp", "bob").on_pipes()?;
            match kill % 4 {
                0 => {}
                1 => drop(host.expect(PROMPT)?),
                phase => {
                    host.expect(PROMPT)?;
                    let calls = open_descriptors(scene.daemon.pid())?;
                    host.answer(&ledger.doubted()?)?;
                    if phase == 3 {
                        // Until the call has begun, or is over already.
                        let begun = Deadline::after(Duration::from_millis(20));
                        while open_descriptors(scene.daemon.pid())? <= calls && !begun.passed() {}
                    }
                }
            }
            // Dropping kills it.
            drop(host);
            // Its call may still be under way in the daemon: the code is spent by now, or lets in.
            ledger.login().context(format!("after kill {kill}"))?;
            ledger.settle().context(format!("after kill {kill}"))?;
            typed(&pamtester("otp", "bob"), &ledger.doubted()?)?.must_succeed()?;
            ledger.settle()?;
        }
        Deadline::after(Duration::from_secs(10)).poll("the daemon to let go", || {
            Ok((open_descriptors(scene.daemon.pid())? <= rest).then_some(()))
        })?;
        typed(&pamtester("otp", "alice"), &scene.code()?)?.must_succeed()?;
        assert!(verify("alice", &scene.code()?)?.is_refusal(Reason::Used));
        counts::figure(&format!(
            "{kills} kills of the module's host in mid-login: each code spent or not, never twice"
        ));
        Ok(())
    })
}

/// Runs `what` while devices are enrolled, confirmed and removed beside it.
pub(crate) fn beside(registry: &mut Registry, what: impl FnOnce() -> Result) -> Result {
    thread::scope(|scope| {
        let changes = scope.spawn(|| -> Result {
            while registry.change()? {}
            Ok(())
        });
        what()?;
        changes.join().unwrap_or_else(|_| Err(testbed::Failure::new("the changer panicked")))
    })
}

/// Waits until so many were accepted.
pub(crate) fn reach(accepted: &AtomicUsize, count: usize) -> Result {
    Deadline::after(Duration::from_secs(30))
        .poll("logins", || Ok((accepted.load(Ordering::SeqCst) >= count).then_some(())))
}

fn open_descriptors(pid: u32) -> Result<usize> {
    Ok(fs::read_dir(format!("/proc/{pid}/fd"))?.count())
}
