//! Keys that are changed while the daemon is in use: by an administrator, with people logging in;
//! killed at each step, told that a step failed, and with the power cut. Nothing that was sealed is
//! lost, and no code lets in twice.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, chown},
    sync::atomic::{AtomicUsize, Ordering},
};

use otp_bus::{KeyInfo, KeyRole, NewDevice, Warrant};
use testbed::{
    Context, DAEMON_UID, Daemon, Invocation, Ledger, Result, Rotation, Tracer, Volume, callers,
    callers::Answer, counts, inside, keys, manage, pamtester, state_files,
};

use crate::{
    kills::FILES,
    scene::{Scene, token, typed},
};

const KEYRING: &str = "/var/lib/otpd/keyring";
const OTPD: &str = "/usr/sbin/otpd";

const SYNCS: &str = "fsync,fdatasync";
const NAMES: &str = "rename,renameat,renameat2,unlink,unlinkat";

/// What an Add, a Reseal or a Retire does to the disk.
const CALLS: [&str; 4] = [SYNCS, NAMES, "write,pwrite64", "openat"];

/// How it can fail. That the keyring's own `write` does is a full disk's to show: here it would hit
/// the runtime's own writes, which cannot fail, too.
const FAULTS: [(&str, &str); 4] =
    [(SYNCS, "EIO"), (NAMES, "ENOSPC"), ("pwrite64", "ENOSPC"), ("openat", "EMFILE")];

fn otpctl(words: &str) -> Invocation {
    Invocation::of("otpctl").args(words.split(' '))
}

fn listed() -> Result<Vec<(String, u64, KeyRole)>> {
    let listed = keys(async |keys| keys.list().await)?;
    Ok(listed.into_iter().map(|KeyInfo { tag, values, role }| (tag, values, role)).collect())
}

fn key(tag: &str, values: u64, role: KeyRole) -> (String, u64, KeyRole) {
    (tag.to_owned(), values, role)
}

/// Eight devices for each of so many users.
fn stock(users: &[String]) -> Result {
    for user in users {
        manage(async |proxy| {
            for _ in 0..8 {
                let new = NewDevice { kind: "totp".to_owned(), ..NewDevice::default() };
                proxy.enroll(user, &Warrant::default(), &new).await?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// From one key to the next with a thousand devices, as an administrator does it, while others log
/// in: nobody is refused, and nothing is lost.
#[test]
fn a_thousand_devices_are_resealed_while_people_log_in() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let users = scene.world.crowd(133)?;
        let (callers, owners) = users.split_at(8);
        stock(owners)?;
        let mut ledgers = Ledger::open_all(callers)?;
        scene.world.log.clear();
        let during = AtomicUsize::new(0);
        Ledger::under_load(&mut ledgers, |accepted| {
            otpctl("keys add").run()?.must_succeed()?.must_say("key k2 seals from now on")?;
            otpctl("keys retire k1 --yes").run()?.must_fail()?.must_say("need key k1")?;
            let before = accepted.load(Ordering::SeqCst);
            let resealed = otpctl("keys reseal").run()?;
            during.store(accepted.load(Ordering::SeqCst) - before, Ordering::SeqCst);
            resealed.must_succeed()?.must_say("resealed 1010 of 1010")?;
            otpctl("keys retire k1 --yes").run()?.must_succeed()?;
            Ok(())
        })?;
        assert!(during.into_inner() > 0, "nobody logged in meanwhile");
        assert_eq!(scene.world.log.count(&["refused"]), 0, "{}", scene.world.log.text());
        scene.world.log.expect(&["otpd", "uid 0 added key k2"])?;
        scene.world.log.expect(&["otpd", "uid 0 retired key k1"])?;
        assert_eq!(listed()?, [key("k2", 1010, KeyRole::Seals)]);
        let scene = scene.after_a_crash()?;
        assert_eq!(listed()?, [key("k2", 1010, KeyRole::Seals)]);
        Ledger::settle_all(&mut ledgers)?;
        for user in owners {
            let filter = otp_bus::DeviceFilter::All;
            assert_eq!(manage(async |proxy| proxy.list(user, filter).await)?.len(), 8);
        }
        typed(&pamtester("otp", "alice"), &scene.code()?)?.must_succeed()?;
        Ok(())
    })
}

/// Killed as it enters the Nth of the calls that a change makes, for every N until it gets through:
/// it starts without help, with the old keyring or the new one, and opens everything.
#[test]
fn killed_at_the_nth_call_of_a_change() -> Result {
    inside(|| {
        let mut scene = Scene::new()?;
        let mut ledger = Ledger::open("bob")?;
        let (mut rotation, mut kills) = (Rotation::default(), 0);
        for calls in CALLS {
            let mut at = 1;
            loop {
                let told = format!("killed at {calls} {at}");
                let tracer = Tracer::kills(calls, at).seize(scene.daemon.pid())?;
                let survived = rotation.change()?;
                drop(tracer);
                scene = scene.after_a_crash().context(&told)?;
                assert_eq!(Vec::from_iter(state_files()?), FILES, "{told}");
                let mode = fs::metadata(KEYRING)?.permissions().mode();
                assert_eq!(mode & 0o777, 0o600, "{told}");
                rotation.settle().context(&told)?;
                ledger.settle().context(&told)?;
                Ledger::all_get_in(std::slice::from_mut(&mut ledger)).context(&told)?;
                if survived {
                    break;
                }
                kills += 1;
                at += 1 + at / counts::of(6, 100);
            }
        }
        assert!(kills > 10, "only {kills} calls were met");
        counts::figure(&format!("killed at {kills} calls of changes of keys; nothing lost"));
        Ok(())
    })
}

/// The same with calls that fail: the change is refused or done, and goes on without a restart.
#[test]
fn told_that_the_nth_call_of_a_change_failed() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let mut ledger = Ledger::open("bob")?;
        let (mut rotation, mut refused) = (Rotation::default(), 0);
        for (calls, error) in FAULTS {
            for at in 1..=counts::of(8, 40) {
                let told = format!("{error} at {calls} {at}");
                let tracer = Tracer::fails(calls, error, at).seize(scene.daemon.pid())?;
                refused += usize::from(!rotation.change().context(&told)?);
                tracer.stop()?;
                rotation.settle().context(&told)?;
                ledger.settle().context(&told)?;
                Ledger::all_get_in(std::slice::from_mut(&mut ledger)).context(&told)?;
            }
        }
        assert!(refused > 5, "only {refused} changes met their fault");
        assert_eq!(Vec::from_iter(state_files()?), FILES);
        let scene = scene.after_a_crash()?;
        rotation.settle()?;
        ledger.settle()?;
        typed(&pamtester("otp", "alice"), &scene.code()?)?.must_succeed()?;
        counts::figure(&format!("{refused} changes of keys refused by faults; nothing lost"));
        Ok(())
    })
}

#[test]
fn a_full_disk_refuses_a_new_key_and_keeps_the_old_one() -> Result {
    inside(|| {
        let mut volume = None;
        let scene = Scene::on(|| {
            volume = Some(Volume::memory(16 * 1024)?);
            Ok(())
        })?;
        let volume = volume.context("the volume")?;
        let before = fs::read(KEYRING)?;
        for _ in 0..3 {
            let ballast = volume.fill()?;
            otpctl("keys add").run()?.must_fail()?.must_say("No space left on device")?;
            assert_eq!(fs::read(KEYRING)?, before);
            assert!(!fs::exists("/var/lib/otpd/keyring.new")?, "a draft was left");
            fs::remove_file(ballast)?;
        }
        typed(&pamtester("otp", "alice"), &scene.code()?)?.must_succeed()?;
        let mut rotation = Rotation::default();
        assert!(rotation.change()?);
        let _scene = scene.after_a_crash()?;
        rotation.settle()
    })
}

/// Power fails right after a change was acknowledged, or in the middle of one.
#[test]
fn what_was_acknowledged_of_keys_outlives_power_cuts() -> Result {
    inside(|| {
        let mut volume = None;
        let scene = Scene::on(|| {
            volume = Volume::ext4()?;
            Ok(())
        })?;
        let Some(volume) = volume else {
            counts::skipped("power cuts: this kernel has no loop devices");
            return Ok(());
        };
        let Scene { mut daemon, bus: _bus, clock, phone: _phone, world } = scene;
        let mut ledger = Ledger::open("bob")?;
        for cut in 0..counts::of(6, 60) {
            let mut rotation = Rotation::default();
            if cut % 3 == 0 {
                assert!(rotation.change()?, "cut {cut}");
            } else {
                let tracer = Tracer::kills("rename,fsync", cut).seize(daemon.pid())?;
                let _perhaps = rotation.change()?;
                drop(tracer);
            }
            daemon.freeze().ok();
            volume.cut_power()?;
            daemon.kill()?;
            volume.remount()?;
            daemon = Daemon::start_at(&world, &clock).context(format!("after cut {cut}"))?;
            rotation.settle().context(format!("after cut {cut}"))?;
            ledger.settle().context(format!("after cut {cut}"))?;
            Ledger::all_get_in(std::slice::from_mut(&mut ledger))?;
        }
        daemon.stop()
    })
}

#[test]
fn a_key_that_is_missing_is_told_at_the_start() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        keys(async |keys| keys.add().await)?;
        let token = token("bob")?;
        let Scene { daemon, bus: _bus, clock, phone, world } = scene;
        daemon.stop()?;
        let whole = fs::read_to_string(KEYRING)?;
        let lines: Vec<&str> = whole.lines().collect();

        fs::write(KEYRING, lines[0])?;
        world.log.clear();
        let daemon = Daemon::start_at(&world, &clock)?;
        assert!(matches!(callers::verify("bob", &token.code(1)?)?, Answer::Unavailable(_)));
        world.log.expect(&["otpd", "bob refused", "sealed with key", "k2"])?;
        world.log.expect(&["otpd", "lacks key k2, which 1 sealed values need"])?;
        otpctl("keys list").run()?.must_succeed()?.must_say("missing")?;
        typed(&pamtester("otp", "alice"), &phone.code(clock.now())?)?.must_succeed()?;
        daemon.stop()?;

        fs::write(KEYRING, lines[1])?;
        world.log.clear();
        clock.rule(Invocation::of(OTPD)).run()?.must_fail()?.must_say("\"k1\"")?;
        world.log.expect(&["otpd", "not running", "the database's pepper", "k1"])?;

        fs::write(KEYRING, &whole)?;
        let daemon = Daemon::start_at(&world, &clock)?;
        typed(&pamtester("otp", "bob"), &token.code(1)?)?.must_succeed()?;
        daemon.stop()
    })
}

#[test]
fn a_keyring_that_others_can_read_is_refused() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let Scene { daemon, bus: _bus, clock, phone: _phone, world } = scene;
        daemon.stop()?;
        for mode in [0o644, 0o640, 0o602] {
            fs::set_permissions(KEYRING, fs::Permissions::from_mode(mode))?;
            world.log.clear();
            let refused = clock.rule(Invocation::of(OTPD)).run()?;
            refused.must_fail()?.must_say("chmod 600 /var/lib/otpd/keyring")?;
            world.log.expect(&["otpd", "not running", &format!("{mode:04o}")])?;
        }
        fs::set_permissions(KEYRING, fs::Permissions::from_mode(0o600))?;
        Daemon::start_at(&world, &clock)?.stop()
    })
}

/// A keyring that the service manager hands over is changed where it comes from.
#[test]
fn a_credential_is_used_and_not_changed() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let mut ledger = Ledger::open("bob")?;
        let Scene { daemon, bus: _bus, clock, phone: _phone, world } = scene;
        daemon.stop()?;
        fs::create_dir("/run/creds")?;
        let credential = "/run/creds/otpd.keyring";
        fs::rename(KEYRING, credential).or_else(|_| -> std::io::Result<()> {
            fs::copy(KEYRING, credential)?;
            fs::remove_file(KEYRING)
        })?;
        fs::set_permissions(credential, fs::Permissions::from_mode(0o400))?;
        chown(credential, Some(DAEMON_UID), Some(DAEMON_UID))?;
        let start = || {
            let otpd = clock.rule(Invocation::of(OTPD)).env("CREDENTIALS_DIRECTORY", "/run/creds");
            Daemon::launch_with(&world, otpd, testbed::Service::start)
        };
        let daemon = start()?;
        let refused = otpctl("keys add --json").run()?;
        refused.must_fail()?.must_say("add a line")?.must_say("\"exit\":6")?;
        daemon.stop()?;
        let text = fs::read_to_string(credential)?;
        fs::write(credential, format!("{text}k2 {}\n", "5a".repeat(32)))?;
        let daemon = start()?;
        otpctl("keys reseal").run()?.must_succeed()?;
        assert_eq!(listed()?, [key("k1", 0, KeyRole::Opens), key("k2", 3, KeyRole::Seals)]);
        otpctl("keys retire k1 -y").run()?.must_fail()?.must_say("take the line of that key")?;
        ledger.settle()?;
        Ledger::all_get_in(std::slice::from_mut(&mut ledger))?;
        assert!(!fs::exists(KEYRING)?, "a keyring was made beside the credential");
        daemon.stop()
    })
}
