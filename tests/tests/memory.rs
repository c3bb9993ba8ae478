//! What can be had from the daemon's memory: nothing by its own user, no core dump, no page on a
//! swap disk where that can be; and what root finds there, who can read everything.

use std::{
    fs::{self, File},
    os::{
        fd::OwnedFd,
        unix::{
            fs::{FileExt, chown},
            net::UnixListener,
        },
    },
};

use data_encoding::HEXLOWER;
use testbed::{
    Account, Context, DAEMON_UID, DAEMON_USER, Daemon, Device, Invocation, Kind, Ledger, Result,
    Service, World, counts, inside, keys, manage, pamtester,
};

use crate::scene::{MODULE, Scene, token, typed};

const KEYRING: &str = "/var/lib/otpd/keyring";

/// Starts otpd without root, as a service manager does, behind these words.
const AS_ITS_USER: &str = "LISTEN_PID=$$ LISTEN_FDS=1 exec $BEHIND /usr/sbin/otpd 3<&0 </dev/null";

fn status(pid: u32, field: &str) -> Result<String> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(&format!("{field}:")));
    Ok(line.context(field)?.trim().to_owned())
}

#[test]
fn its_own_user_can_neither_trace_nor_read_it_and_it_leaves_no_core() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let limits = fs::read_to_string(format!("/proc/{}/limits", scene.daemon.pid()))?;
        let core = limits.lines().find(|line| line.starts_with("Max core file size"));
        let core: Vec<&str> = core.context("the limit")?.split_whitespace().skip(4).collect();
        assert_eq!(core, ["0", "0", "bytes"]);

        let own = Account { name: DAEMON_USER.to_owned(), uid: DAEMON_UID };
        let other = Service::start(&Invocation::of("sleep").arg(600).by(&own))?;
        let reads = |pid: u32, file: &str| {
            Invocation::of("head").args(["-c1", &format!("/proc/{pid}/{file}")]).by(&own).run()
        };
        // Others of this user can be read by it, and the daemon cannot.
        for file in ["maps", "environ"] {
            reads(other.pid(), file)?.must_succeed()?;
            reads(scene.daemon.pid(), file)?.must_fail()?.must_say("Permission denied")?;
        }
        reads(scene.daemon.pid(), "mem")?.must_fail()?.must_say("Permission denied")?;
        let trace = Invocation::of("strace").args(["-p", &scene.daemon.pid().to_string()]).by(&own);
        trace.run()?.must_fail()?.must_say("Operation not permitted")?;
        typed(&pamtester("otp", "alice"), &scene.code()?)?.must_succeed()?;
        Ok(())
    })
}

/// A limit on locked memory would refuse memory later on. Under one, nothing is locked, which is
/// said once, and the daemon works as ever.
#[test]
fn under_a_limit_nothing_is_locked_and_nobody_is_refused() -> Result {
    inside(|| {
        let world = World::new()?;
        world.stack("otp", &[MODULE])?;
        let without = "--bounding-set=-sys_resource";
        let limited = Invocation::of("/usr/sbin/otpd").behind(&[
            "setpriv",
            without,
            "prlimit",
            "--memlock=65536:65536",
        ]);
        let daemon = Daemon::launch_with(&world, limited, Service::start)?;
        assert_eq!(status(daemon.pid(), "VmLck")?, "0 kB");
        world.log.expect(&["otpd", "memory is not locked (RLIMIT_MEMLOCK is 64 KiB"])?;
        let mut ledgers = Ledger::open_all(&world.crowd(8)?)?;
        Ledger::under_load(&mut ledgers, |accepted| crate::kills::reach(accepted, 100))?;
        Ledger::settle_all(&mut ledgers)?;
        assert_eq!(world.log.count(&["memory is not locked"]), 1);
        daemon.stop()
    })
}

/// Where no limit binds it, all of its memory stays off the swap disk, and there is enough of it.
#[test]
fn where_nothing_bounds_it_its_memory_is_locked() -> Result {
    inside(|| {
        let world = World::new()?;
        world.stack("otp", &[MODULE])?;
        fs::create_dir("/run/otpd")?;
        fs::create_dir_all("/var/lib/otpd")?;
        chown("/var/lib/otpd", Some(DAEMON_UID), Some(DAEMON_UID))?;
        let socket = OwnedFd::from(UnixListener::bind("/run/otpd/auth")?);
        // The one capability stands for LimitMEMLOCK=infinity, which not every test machine allows.
        let behind = format!(
            "setpriv --reuid={DAEMON_UID} --regid={DAEMON_UID} --clear-groups \
             --inh-caps=-all,+ipc_lock --ambient-caps=-all,+ipc_lock"
        );
        let script = AS_ITS_USER.replace("$BEHIND", &behind);
        let started = Invocation::of("sh").args(["-c", &script]);
        let daemon = Daemon::launch_with(&world, started, |invocation| {
            Service::start_with_input(invocation, socket)
        })?;
        let locked = status(daemon.pid(), "VmLck")?;
        assert_ne!(locked, "0 kB", "{locked}");
        // Each page once it is used: what is reserved and never used costs nothing.
        let resident: u64 = status(daemon.pid(), "VmRSS")?.trim_end_matches(" kB").parse()?;
        assert!(resident < 64 * 1024, "{resident} kB are resident");
        let mut ledgers = Ledger::open_all(&world.crowd(8)?)?;
        Ledger::under_load(&mut ledgers, |accepted| crate::kills::reach(accepted, 100))?;
        Ledger::settle_all(&mut ledgers)?;
        assert_eq!(world.log.count(&["memory is not locked"]), 0);
        daemon.stop()
    })
}

/// As root, who can read everything: how often each of these lies in the memory of a process.
fn found(pid: u32, wanted: &[Vec<u8>]) -> Result<Vec<usize>> {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps"))?;
    let memory = File::open(format!("/proc/{pid}/mem"))?;
    let mut counts = vec![0; wanted.len()];
    for map in maps.lines().filter(|map| map.contains(" rw")) {
        let (start, end) =
            map.split(' ').next().and_then(|range| range.split_once('-')).context(map)?;
        let (start, end) = (u64::from_str_radix(start, 16)?, u64::from_str_radix(end, 16)?);
        let mut bytes = vec![0; usize::try_from(end - start)?];
        if memory.read_exact_at(&mut bytes, start).is_err() {
            continue;
        }
        for (count, wanted) in counts.iter_mut().zip(wanted) {
            let hits = bytes.windows(wanted.len()).filter(|window| window == wanted).count();
            if hits > 0 {
                counts::figure(&format!("{hits} in {map}"));
            }
            *count += hits;
        }
    }
    Ok(counts)
}

/// The keys in a keyring's text, raw and in hexadecimal.
fn keyring() -> Result<Vec<[Vec<u8>; 2]>> {
    let text = fs::read_to_string(KEYRING)?;
    let lines = text.lines().filter_map(|line| line.split_once(' '));
    let keys = lines.filter(|(tag, _)| *tag != "#").map(|(_, hex)| {
        let raw = HEXLOWER.decode(hex.as_bytes()).context("a key in hexadecimal")?;
        Ok([raw, hex.as_bytes().to_vec()])
    });
    keys.collect()
}

/// What was enrolled, used and removed is not in memory any more, in no form; nor is a key that was
/// retired. Keys in use are, once each.
#[test]
fn secrets_that_were_used_and_keys_that_were_retired_are_wiped() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let pid = scene.daemon.pid();
        let token = token("bob")?;
        let phone = Device::enroll(&scene.world.bob, Kind::Totp, scene.clock.now())?;
        for counter in 1..=5 {
            typed(&pamtester("otp", "bob"), &token.code(counter)?)?.must_succeed()?;
        }
        let made = manage(async |proxy| {
            let new = otp_bus::NewDevice { kind: "totp".to_owned(), ..Default::default() };
            proxy.enroll("demo", &otp_bus::Warrant::default(), &new).await
        })?;
        let old = keyring()?;
        keys(async |keys| keys.add().await)?;
        assert_eq!(keys(async |keys| keys.reseal(100).await)?.left, 0);
        keys(async |keys| keys.retire("k1").await)?;
        let new = keyring()?;
        for device in [&token.id, &phone.id] {
            let warrant = otp_bus::Warrant::default();
            manage(async |proxy| proxy.remove("bob", &warrant, device).await)?;
        }
        // What other calls leave where these were is no wiping: there are none but this one.
        manage(async |proxy| proxy.status("alice").await)?;

        let mut wiped: Vec<Vec<u8>> = Vec::new();
        wiped.extend(token.secret_forms());
        wiped.extend(phone.secret_forms());
        wiped.push(made.secret.clone().into_bytes());
        wiped.push(data_encoding::BASE32_NOPAD.decode(made.secret.as_bytes())?);
        wiped.extend(old.concat());
        let left = found(pid, &wiped)?;
        let used = found(pid, &new.concat())?;
        assert_eq!(used, [1, 0], "the key in use, raw and in hexadecimal");
        assert_eq!(left.iter().sum::<usize>(), 0, "{left:?}");
        Ok(())
    })
}
