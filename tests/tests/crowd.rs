//! Many at once: with one code, of which one gets in, and with a code each, of whom all do. Through
//! the daemon's socket, the bus, PAM and real sshd; and past two daemons on one store.

use std::{
    fs,
    path::{Path, PathBuf},
};

use testbed::{
    Daemon, Device, Dialogue, Invocation, Kind, Ledger, Method, PROMPT, Result, Service, Sshd,
    callers, callers::Tally, counts, inside, manage, pamtester,
};

use crate::scene::{Scene, token, typed};

const CROWDS: [usize; 3] = [8, 64, 1_000];

#[test]
fn one_code_at_the_socket_lets_one_in() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let token = token("bob")?;
        let codes = token.codes(1, 1_000)?;
        let mut codes = codes.iter();
        for callers in CROWDS {
            for _ in 0..counts::of(3, 50) {
                let code = codes.next().cloned().unwrap_or_default();
                let tally = callers::rush(&vec![("bob".to_owned(), code); callers])?;
                assert_one_accepted(&tally, callers, &["used"]);
            }
        }
        scene.daemon.stop()
    })
}

#[test]
fn one_code_on_the_bus_lets_one_in() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let token = Device::enroll(&scene.world.alice, Kind::Hotp, 0)?;
        let mut counter = 0;
        // 16 calls at once are a user's: of 64 some are told to come again, of 1,000 most.
        for (callers, busy) in [(8, "leave"), (64, "again"), (1_000, "leave")] {
            for _ in 0..counts::of(1, 20) {
                counter += 1;
                let code = token.code(counter)?;
                let ended = Invocation::of("callers")
                    .args([&callers.to_string(), "alice", &code, busy])
                    .by(&scene.world.alice)
                    .run()?;
                let tally = read(&ended.must_succeed()?.output)?;
                let others: &[_] = if callers > 64 { &["used", "busy"] } else { &["used"] };
                assert_one_accepted(&tally, callers, others);
            }
        }
        Ok(())
    })
}

#[test]
fn one_code_lets_one_of_ten_in_at_sshd() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let sshd = Sshd::start(&scene.world)?;
        let token = token("bob")?;
        let login = sshd.login(Method::Keyboard, "bob", &scene.world.alice);
        for round in 1..=counts::of(2, 20) {
            let code = token.code(u64::try_from(round)?)?;
            let mut at_the_prompt =
                (0..10).map(|_| login.on_terminal()).collect::<Result<Vec<_>>>()?;
            for dialogue in &mut at_the_prompt {
                dialogue.expect(PROMPT)?;
            }
            for dialogue in &mut at_the_prompt {
                dialogue.answer(&code)?;
            }
            let ended = at_the_prompt.into_iter().map(Dialogue::end).collect::<Result<Vec<_>>>()?;
            let admitted =
                ended.iter().filter(|ended| ended.output.contains("logged in as bob")).count();
            assert_eq!(admitted, 1, "round {round}");
        }
        Ok(())
    })
}

#[test]
fn of_many_with_a_code_each_none_is_refused() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let users = scene.world.crowd(64)?;
        let mut ledgers = Ledger::open_all(&users)?;
        for _ in 0..counts::of(3, 100) {
            Ledger::all_get_in(&mut ledgers)?;
        }
        // The same through PAM, all at the prompt.
        let mut dialogues = Vec::new();
        for user in &users {
            dialogues.push(pamtester("otp", user).on_pipes()?);
        }
        for (dialogue, ledger) in dialogues.iter_mut().zip(&mut ledgers) {
            let code = ledger.doubted()?;
            dialogue.expect(PROMPT)?.answer(&code)?;
        }
        for dialogue in dialogues {
            dialogue.end()?.must_succeed()?;
        }
        Ledger::settle_all(&mut ledgers)
    })
}

/// A second daemon is made to start beside the first: in a mount namespace of its own it finds no
/// socket and no lock, and the lock of the store was removed under the first.
#[test]
fn two_daemons_forced_onto_one_store_accept_a_code_once() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let token = token("bob")?;
        fs::remove_file("/var/lib/otpd/lock")?;
        let apart = "mount -t tmpfs tmpfs /run/otpd && exec /usr/sbin/otpd";
        let second = Invocation::of("unshare").args(["--mount", "sh", "-c", apart]);
        let second = Daemon::launch_with(&scene.world, scene.clock.rule(second), Service::start)?;
        let sockets = [
            PathBuf::from("/run/otpd/auth"),
            PathBuf::from(format!("/proc/{}/root/run/otpd/auth", second.pid())),
        ];
        let sockets: Vec<&Path> = sockets.iter().map(PathBuf::as_path).collect();
        let rounds = counts::of(20, 500);
        for (round, code) in token.codes(1, rounds)?.into_iter().enumerate() {
            let tally = callers::rush_at(&sockets, &vec![("bob".to_owned(), code); 16])?;
            // A commit that met the other's is refused as unavailable.
            assert_one_accepted(&tally, 16, &["used", "unavailable"]);
            let list = manage(async |proxy| proxy.list("bob", otp_bus::DeviceFilter::All).await)?;
            assert_eq!(list[0].counter, Some(u64::try_from(round)? + 2));
        }
        second.stop()?;
        typed(&pamtester("otp", "alice"), &scene.code()?)?.must_succeed()?;
        Ok(())
    })
}

/// Fails unless one was accepted and all others were told one of these.
fn assert_one_accepted(tally: &Tally, callers: usize, others: &[&str]) {
    let count = |what: &str| tally.get(what).copied().unwrap_or(0);
    assert_eq!(count("accepted"), 1, "of {callers}: {tally:?}");
    let rest: usize = others.iter().map(|other| count(other)).sum();
    assert_eq!(rest, callers - 1, "of {callers}: {tally:?}");
}

fn read(lines: &str) -> Result<Tally> {
    let words = lines.lines().filter_map(|line| line.split_once(' '));
    words.map(|(what, count)| Ok((what.to_owned(), count.parse()?))).collect()
}
