//! What a disk may do to the files: cut them short, change bits in them, lose them. The daemon then
//! says what is wrong with what, lets nobody in on records that are not as it wrote them, and goes
//! on once they are back.

use std::{fs, path::Path, time::Duration};

use testbed::{
    Context, Daemon, Deadline, FakeClock, Invocation, Ledger, Result, World, callers,
    callers::Answer, counts, inside,
};

use crate::scene::{MODULE, Scene};

const STATE: &str = "/var/lib/otpd";
const DATABASE: &str = "/var/lib/otpd/otpd.db";
const LOG: &str = "/var/lib/otpd/otpd.db-wal";
const KEYRING: &str = "/var/lib/otpd/keyring";
const KEPT: &str = "/tmp/kept";

/// Names a fault and brings it about, in what was read of a file.
type Fault = (&'static str, fn(&mut Vec<u8>));

#[test]
fn a_database_or_keyring_that_is_not_whole_is_a_start_error_that_names_it() -> Result {
    inside(|| {
        let mut stage = Stage::new()?;
        let database: [Fault; 5] = [
            ("cut to nothing", Vec::clear),
            ("cut in its first page", |bytes| bytes.truncate(1000)),
            ("cut in the middle", |bytes| bytes.truncate(bytes.len() / 2 / 4096 * 4096)),
            ("without its header", |bytes| bytes[..100].fill(0)),
            ("another file", |bytes| *bytes = b"hello\n".repeat(10_000)),
        ];
        for (what, fault) in database {
            stage.does_not_start(DATABASE, what, fault)?;
        }
        let keyring: [Fault; 5] = [
            ("empty", Vec::clear),
            ("short", |bytes| bytes.truncate(40)),
            ("no text", |bytes| bytes[7] = 0xff),
            ("another key", |bytes| bytes[4..8].rotate_left(1)),
            ("of another tag", |bytes| bytes[1] = b'9'),
        ];
        for (what, fault) in keyring {
            stage.does_not_start(KEYRING, what, fault)?;
        }
        for path in [DATABASE, KEYRING] {
            keep()?;
            fs::remove_file(path)?;
            stage.refuses_to_start(path, "missing")?;
            assert!(!Path::new(path).exists(), "{path} was made anew");
            put_back()?;
            stage.goes_on()?;
        }
        Ok(())
    })
}

/// One bit after the other: whatever it hits, no code that was used lets in, and who is not hit is
/// let in. What is hit is told.
#[test]
fn no_changed_bit_lets_a_used_code_in() -> Result {
    inside(|| {
        let mut stage = Stage::new()?;
        keep()?;
        let size = fs::read(DATABASE)?.len();
        let flips = counts::of(40, 2_000);
        let (mut refused, mut denied, mut unharmed) = (0, 0, 0);
        for flip in 0..flips {
            // Evenly over the pages that hold something, and over their bits.
            let live = size.min(20 * 4096);
            let at = flip * live / flips;
            let mut bytes = fs::read(DATABASE)?;
            bytes[at] ^= 1 << (flip % 8);
            fs::write(DATABASE, bytes)?;
            match stage.tries(&format!("bit {} of byte {at}", flip % 8))? {
                Fate::NotStarted => refused += 1,
                Fate::Denied => denied += 1,
                Fate::LetIn => unharmed += 1,
            }
            put_back()?;
        }
        stage.goes_on()?;
        counts::figure(&format!(
            "{flips} bits changed in the database: {refused} starts refused, {denied} logins \
             denied, {unharmed} unharmed; no used code let in"
        ));
        Ok(())
    })
}

/// The counter itself, moved back by one: the change that matters most and looks least like one.
#[test]
fn a_counter_moved_back_on_the_disk_is_noticed() -> Result {
    inside(|| {
        let mut stage = Stage::new()?;
        keep()?;
        let mut bytes = fs::read(DATABASE)?;
        let state = format!("\"next\":{}", stage.next);
        let back = format!("\"next\":{}", stage.next - 1);
        let at = bytes.windows(state.len()).rposition(|window| window == state.as_bytes());
        let at = at.context("the counter in the file")?;
        bytes[at..at + back.len()].copy_from_slice(back.as_bytes());
        fs::write(DATABASE, bytes)?;
        let daemon = stage.start()?;
        stage.world.log.clear();
        assert!(matches!(callers::verify("bob", &stage.used)?, Answer::Unavailable(_)));
        stage.world.log.expect(&["otpd", "bob refused", "not as it was written"])?;
        daemon.kill()?;
        put_back()?;
        stage.goes_on()
    })
}

/// The log of what was committed since the last checkpoint, cut or changed: what it held is lost
/// with it, as far as it was hit; the daemon starts, and no accepted code lets in that is older
/// than what is left.
#[test]
fn a_log_that_was_cut_or_changed_is_survived() -> Result {
    inside(|| {
        let Stage { world, clock, mut ledger, .. } = Stage::new()?;
        let faults: [Fault; 4] = [
            ("cut to nothing", Vec::clear),
            ("cut in the middle", |bytes| bytes.truncate(bytes.len() / 2)),
            ("changed in the middle", |bytes| {
                let middle = bytes.len() / 2;
                bytes[middle] ^= 4;
            }),
            ("changed at its head", |bytes| bytes[9] ^= 4),
        ];
        for (what, fault) in faults {
            let daemon = Daemon::start_at(&world, &clock)?;
            ledger.settle()?;
            daemon.stop()?;
            // All that was acknowledged up to here lies in the database itself.
            let kept = ledger.clone();
            let daemon = Daemon::start_at(&world, &clock)?;
            Ledger::all_get_in(std::slice::from_mut(&mut ledger))?;
            daemon.kill()?;
            let mut bytes = fs::read(LOG)?;
            fault(&mut bytes);
            fs::write(LOG, bytes)?;
            let daemon = Daemon::start_at(&world, &clock).context(what)?;
            if let Err(after) = ledger.settle() {
                ledger = kept;
                ledger.settle().context(format!("{what}: {after}"))?;
            }
            Ledger::all_get_in(std::slice::from_mut(&mut ledger)).context(what)?;
            daemon.stop()?;
        }
        Ok(())
    })
}

enum Fate {
    NotStarted,
    Denied,
    LetIn,
}

/// A store of bob's, by a daemon that has ended in order.
struct Stage {
    world: World,
    clock: FakeClock,
    ledger: Ledger,
    /// The last code that was accepted.
    used: String,
    /// The counter behind it.
    next: usize,
}

impl Stage {
    fn new() -> Result<Self> {
        let Scene { daemon, bus, clock, phone: _phone, world } = Scene::new()?;
        bus.kill()?;
        world.stack("otp", &[MODULE])?;
        let mut ledger = Ledger::open("bob")?;
        for _ in 0..4 {
            Ledger::all_get_in(std::slice::from_mut(&mut ledger))?;
        }
        daemon.stop()?;
        let (used, next) = (ledger.code(4)?, 5);
        let stage = Self { world, clock, ledger, used, next };
        stage.rest()?;
        Ok(stage)
    }

    fn start(&self) -> Result<Daemon> {
        Daemon::start_at(&self.world, &self.clock)
    }

    fn does_not_start(&mut self, path: &str, what: &str, fault: fn(&mut Vec<u8>)) -> Result {
        keep()?;
        let mut bytes = fs::read(path)?;
        fault(&mut bytes);
        fs::write(path, bytes)?;
        self.refuses_to_start(path, what)?;
        put_back()?;
        self.goes_on()
    }

    /// Fails unless the daemon ends at once, having said what is wrong with this file in one line.
    fn refuses_to_start(&self, path: &str, what: &str) -> Result {
        self.world.log.clear();
        let otpd = self.clock.rule(Invocation::of("/usr/sbin/otpd"));
        otpd.run()
            .and_then(|ended| ended.must_fail()?.must_say("not running").map(drop))
            .context(format!("{path} {what}"))?;
        // The keyring that does not fit shows by what it does not open.
        let named =
            if what.contains("another key") || what.contains("tag") { DATABASE } else { path };
        self.world.log.expect(&["otpd", "not running", named]).context(what)?;
        assert_eq!(self.world.log.count(&["otpd["]), 1, "{path} {what}: one line");
        Ok(())
    }

    /// Starts it and sends the used code, then the next one.
    fn tries(&self, what: &str) -> Result<Fate> {
        self.world.log.clear();
        let otpd = self.clock.rule(Invocation::of("/usr/sbin/otpd"));
        let Some(daemon) = Daemon::attempt(&self.world, otpd)? else {
            self.world.log.expect(&["otpd", "not running"]).context(what)?;
            return Ok(Fate::NotStarted);
        };
        let again = callers::verify("bob", &self.used)?;
        assert_ne!(again, Answer::Accepted, "{what}: a used code let in");
        let mut ledger = self.ledger.clone();
        let fate = match callers::verify("bob", &ledger.next_code()?)? {
            Answer::Accepted => Fate::LetIn,
            Answer::Refused(_) | Answer::Unavailable(_) => {
                self.world.log.expect(&["otpd", "bob refused"]).context(what)?;
                Fate::Denied
            }
            answer @ (Answer::Busy | Answer::Silence(_)) => {
                return Err(testbed::Failure::new(format!("{what}: {answer:?}")));
            }
        };
        daemon.kill()?;
        Ok(fate)
    }

    /// With everything back, what was promised is there.
    fn goes_on(&mut self) -> Result {
        let daemon = self.start()?;
        self.ledger.settle()?;
        daemon.stop()?;
        self.rest()
    }

    /// All in the database itself: with a log beside it that holds the pages, a fault in the
    /// database would rightly harm nobody.
    fn rest(&self) -> Result {
        Deadline::after(Duration::from_secs(20)).poll("a database without its log", || {
            if !Path::new(LOG).exists() {
                return Ok(Some(()));
            }
            self.start()?.stop().map(|()| None)
        })
    }
}

fn keep() -> Result {
    copy(STATE, KEPT)
}

fn put_back() -> Result {
    copy(KEPT, STATE)
}

fn copy(from: &str, to: &str) -> Result {
    let script = format!("rm -rf {to} && cp --archive {from} {to}");
    Invocation::of("sh").args(["-c", &script]).run()?.must_succeed().map(drop)
}
