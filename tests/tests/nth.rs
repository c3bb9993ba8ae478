//! A fault at the Nth system call, for every N until the daemon gets through unharmed: killed as it
//! enters the Nth sync, write, rename or answer, or told that the Nth sync has failed. It begins
//! with an empty state directory each time, so that the first start is among what is interrupted.

use std::fs;

use testbed::{
    Context, Daemon, FakeClock, Invocation, Ledger, Registry, Result, Tracer, World, counts,
    inside, state_files,
};

use crate::{kills::FILES, scene::MODULE};

const STATE: &str = "/var/lib/otpd";
const OTPD: &str = "/usr/sbin/otpd";

const SYNCS: &str = "fsync,fdatasync";
const WRITES: &str = "pwrite64";
const NAMES: &str = "rename,renameat,renameat2,link,linkat,unlink,unlinkat,ftruncate";
const ANSWERS: &str = "write,writev,sendto,sendmsg";

#[test]
fn killed_at_the_nth_sync() -> Result {
    inside(|| killed_at_each(SYNCS))
}

#[test]
fn killed_at_the_nth_rename() -> Result {
    inside(|| killed_at_each(NAMES))
}

#[test]
fn killed_at_the_nth_write() -> Result {
    inside(|| killed_at_each(WRITES))
}

/// Among these is the one between a commit and its answer.
#[test]
fn killed_at_the_nth_answer() -> Result {
    inside(|| killed_at_each(ANSWERS))
}

/// Whatever fails, nobody is told yes before it is on disk; and what the daemon survives, it
/// survives without being started anew.
#[test]
fn told_that_the_nth_sync_failed() -> Result {
    inside(|| {
        let stage = Stage::new()?;
        let (mut faults, mut refused_starts) = (0, 0);
        for at in 1..=counts::of(12, 40) {
            let told = format!("EIO at sync {at}");
            let mut promised = Promised::afresh()?;
            let tracer = Tracer::fails(SYNCS, "EIO", at);
            stage.world.log.clear();
            if let Some(daemon) = stage.start_under(&tracer)? {
                promised.act()?;
                // Another thread's Nth may be among what follows, but none comes after it.
                if promised.settle().is_err() {
                    promised.settle().context(format!("{told}, still running"))?;
                }
                daemon.kill_traced()?;
            } else {
                stage.world.log.expect(&["otpd", "not running"]).context(&told)?;
                refused_starts += 1;
            }
            let _again = stage.start().context(format!("{told}, started again"))?;
            promised.settle().context(format!("{told}, started again"))?;
            faults += 1;
        }
        counts::figure(&format!(
            "EIO at each of the first {faults} syncs: {refused_starts} starts refused with their \
             reason, all else denied and recovered without a restart; nothing acknowledged lost"
        ));
        Ok(())
    })
}

fn killed_at_each(calls: &str) -> Result {
    let stage = Stage::new()?;
    let (mut at, mut kills) = (1, 0);
    loop {
        let mut promised = Promised::afresh()?;
        let tracer = Tracer::kills(calls, at);
        let survived = match stage.start_under(&tracer)? {
            None => false,
            Some(daemon) => {
                let survived = promised.act()?;
                daemon.kill_traced()?;
                survived
            }
        };
        let told = format!("killed at {calls} {at}");
        let _again = stage.start().context(format!("{told}: a start without help"))?;
        promised.settle().context(&told)?;
        assert_eq!(Vec::from_iter(state_files()?), FILES, "{told}");
        if survived {
            break;
        }
        kills += 1;
        // One after the other at first, where a store is made; then in growing strides.
        at += 1 + at / counts::of(12, 100);
    }
    assert!(kills >= 3, "only {kills} of these calls were met: {calls}");
    counts::figure(&format!("killed as it entered {calls}: {kills} places up to call {at}"));
    Ok(())
}

/// What stands still between the runs.
struct Stage {
    world: World,
    clock: FakeClock,
}

impl Stage {
    fn new() -> Result<Self> {
        let world = World::new()?;
        world.stack("otp", &[MODULE])?;
        Ok(Self { world, clock: FakeClock::new()? })
    }

    fn start(&self) -> Result<Daemon> {
        Daemon::start_at(&self.world, &self.clock)
    }

    fn start_under(&self, tracer: &Tracer) -> Result<Option<Daemon>> {
        let invocation = tracer.over(&self.clock.rule(Invocation::of(OTPD)));
        Daemon::attempt(&self.world, invocation).context(tracer)
    }
}

struct Promised {
    ledger: Option<Ledger>,
    registry: Registry,
}

impl Promised {
    /// No state, and nothing promised.
    fn afresh() -> Result<Self> {
        match fs::remove_dir_all(STATE) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            Ok(()) | Err(_) => Ok(Self { ledger: None, registry: Registry::new("alice") }),
        }
    }

    /// Enrolls, confirms, logs in, changes devices, until something is not answered; tells whether
    /// everything was.
    fn act(&mut self) -> Result<bool> {
        let Ok(mut ledger) = Ledger::open("bob") else { return Ok(false) };
        let mut answered = true;
        for _ in 0..4 {
            answered = answered && ledger.login()? && self.registry.change()?;
        }
        self.ledger = Some(ledger);
        Ok(answered)
    }

    /// Compares, and goes on: a login, and one that enrolls anew where that was interrupted.
    fn settle(&mut self) -> Result {
        self.registry.settle()?;
        match &mut self.ledger {
            Some(ledger) => {
                ledger.settle()?;
                Ledger::all_get_in(std::slice::from_mut(ledger))
            }
            None => {
                let mut other = Ledger::open("demo")?;
                Ledger::all_get_in(std::slice::from_mut(&mut other))?;
                self.ledger = Some(other);
                Ok(())
            }
        }
    }
}
