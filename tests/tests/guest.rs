//! The module as a guest in its host's process: after thousands of authentications nothing of the
//! process is other than before, and a host in a bad way gets a right answer or none.

use std::time::Duration;

use testbed::{Device, Hosted, Kind, NO_ANSWER, PamHost, Result, counts, inside, pam};

use crate::scene::Scene;

/// Authentications before the first look: libraries are loaded, caches are filled.
const WARM_UP: usize = 60;

/// By how much resident memory may differ after thousands of logins, in KiB.
const FLAT: u64 = 128;

/// By how much the heap may differ, in bytes.
const LEAK: u64 = 1024;

/// Bytes of memory with which nothing can be done in Rust.
const LITTLE: [u32; 4] = [0, 64, 128, 192];

/// Bytes with which a login cannot be made, but can be refused.
const SOME: [u32; 10] = [256, 512, 1024, 2048, 3072, 4096, 8192, 16_384, 65_536, 98_304];

/// The scene with more stacks: one that cannot reach anybody, and one that is misspelt.
fn scene() -> Result<Scene> {
    let scene = Scene::new()?;
    scene.world.stack("away", &["requisite pam_otp.so bus=unix:path=/nowhere"])?;
    scene.world.stack("misspelt", &["requisite pam_otp.so nonsense"])?;
    scene.world.stack("both", &["requisite pam_otp.so forward_pass debug"])?;
    Ok(scene)
}

#[test]
fn it_leaves_its_host_as_it_was() -> Result {
    inside(|| {
        let scene = scene()?;
        // Bob's: none of his first 13,000 codes is the same as one of the five before it, which would
        // be refused as used, by chance.
        let token = Device::enroll(&scene.world.bob, Kind::Hotp, 0)?;
        let count = counts::of(1_000, 10_000);
        // As root through the socket, as himself over the bus.
        for (who, first, times) in [("root", 1, count), ("himself", count + 1, count / 5)] {
            let mut host = PamHost::default().option(&format!("--warm-up={WARM_UP}"));
            if who == "himself" {
                host = host.by(&scene.world.bob);
            }
            let mut expected = Vec::new();
            for (number, code) in token.codes(first, times)?.iter().enumerate() {
                // Every tenth hands a password on.
                host = match number % 10 {
                    5 => host.attempt("both", "bob", &format!("secret{code}")),
                    _ => host.attempt("otp", "bob", code),
                };
                expected.push(pam::SUCCESS);
                // Every other end that a login can have, now and then.
                let (service, answer, end) = match number % 100 {
                    15 => ("otp", "no code", pam::AUTH_ERR),
                    30 => ("otp", code.as_str(), pam::AUTH_ERR),
                    45 => ("otp", NO_ANSWER, pam::CONV_ERR),
                    60 => ("away", "", pam::AUTHINFO_UNAVAIL),
                    75 => ("misspelt", "", pam::SERVICE_ERR),
                    _ => continue,
                };
                host = host.attempt(service, "bob", answer);
                expected.push(end);
            }
            let hosted = host.run()?;
            ended_as(&expected, &hosted);
            unchanged(&hosted);
            counts::figure(&format!(
                "{} authentications by {who} in one process: resident memory {} KiB before, {} KiB \
                 after; heap {} and {} bytes",
                hosted.attempts.len(),
                hosted.before.resident,
                hosted.after.resident,
                hosted.before.heap,
                hosted.after.heap
            ));
        }
        Ok(())
    })
}

#[test]
fn it_works_in_a_child_after_its_parent() -> Result {
    inside(|| {
        let scene = scene()?;
        let token = Device::enroll(&scene.world.alice, Kind::Hotp, 0)?;
        // Every other attempt is a child's, made by a process that has authenticated before.
        let mut host = PamHost::default().option("--forked").option("--warm-up=10");
        for code in token.codes(1, 40)? {
            host = host.attempt("otp", "alice", &code);
        }
        let hosted = host.run()?;
        assert_eq!(hosted.codes(), [pam::SUCCESS; 40]);
        unchanged(&hosted);
        Ok(())
    })
}

#[test]
fn a_storm_of_signals_changes_no_outcome() -> Result {
    inside(|| {
        let scene = scene()?;
        scene.world.stack("otp", &["requisite pam_otp.so timeout=2"])?;
        let token = Device::enroll(&scene.world.alice, Kind::Hotp, 0)?;
        let codes = token.codes(1, 40)?;
        for (how, codes) in ["restart", "interrupt"].into_iter().zip(codes.chunks(20)) {
            let mut host = PamHost::default().option(&format!("--storm={how}"));
            for code in codes {
                host = host.attempt("otp", "alice", code);
            }
            let hosted = host.attempt("otp", "alice", &codes[0]).run()?;
            let (last, others) = hosted.attempts.split_last().expect("attempts");
            assert!(
                others.iter().all(|attempt| attempt.code == pam::SUCCESS),
                "{:?}",
                hosted.codes()
            );
            assert_eq!(last.code, pam::AUTH_ERR);
            // Nor does it put the deadline off.
            scene.daemon.freeze()?;
            let late = PamHost::default().option(&format!("--storm={how}"));
            let late = late.attempt("otp", "alice", "123456").run()?;
            scene.daemon.thaw()?;
            assert_eq!(late.codes(), [pam::AUTHINFO_UNAVAIL]);
            let took = late.attempts[0].refusal;
            assert!(took >= Duration::from_secs(2) && took < Duration::from_secs(5), "{took:?}");
        }
        Ok(())
    })
}

#[test]
fn without_free_descriptors_it_denies() -> Result {
    inside(|| {
        let scene = scene()?;
        let code = scene.code()?;
        for moment in ["begin", "prompt"] {
            for by_root in [true, false] {
                let host = PamHost::default().option(&format!("--descriptors={moment}"));
                let host = if by_root { host } else { host.by(&scene.world.alice) };
                let hosted = host.attempt("otp", "alice", &code).run()?;
                // A libpam with audit finds no descriptor either and makes a code of its own of it.
                let ends = [[pam::AUTHINFO_UNAVAIL], [pam::SYSTEM_ERR]];
                assert!(ends.contains(&[hosted.attempts[0].code]), "{moment}: {hosted:?}");
                assert_eq!(hosted.output, "");
            }
        }
        // Nothing was spent.
        assert_eq!(once(&code)?, [pam::SUCCESS]);
        Ok(())
    })
}

#[test]
fn what_a_host_writes_to_streams_that_it_has_closed_does_not_reach_us() -> Result {
    inside(|| {
        let scene = scene()?;
        let token = Device::enroll(&scene.world.alice, Kind::Hotp, 0)?;
        for (round, by_root) in [true, false].into_iter().enumerate() {
            let host = PamHost::default().option("--closed-streams");
            let mut host = if by_root { host } else { host.by(&scene.world.alice) };
            for code in token.codes(1 + 40 * round, 40)? {
                host = host.attempt("otp", "alice", &code);
            }
            assert_eq!(host.run()?.codes(), [pam::SUCCESS; 40], "by root: {by_root}");
        }
        Ok(())
    })
}

#[test]
fn without_memory_it_denies_and_its_host_lives() -> Result {
    inside(|| {
        let scene = scene()?;
        let wrong = scene.wrong()?;
        // libpam itself says SYSTEM_ERR where it has no memory, or none for its audit.
        let denials = [pam::SYSTEM_ERR, pam::BUF_ERR, pam::AUTHINFO_UNAVAIL, pam::AUTH_ERR];
        // So many bytes in one piece are all that is left when the host asks for a login.
        for bytes in LITTLE.into_iter().chain(SOME) {
            let host = PamHost::default().option(&format!("--memory={bytes}"));
            let hosted = host.attempt("otp", "alice", &wrong).attempt("away", "alice", "").run()?;
            let codes = hosted.codes();
            if LITTLE.contains(&bytes) {
                // The list of the module's arguments is made before anything of ours is asked.
                let ended = |code: &i32| denials.contains(code) || *code == -nix::libc::SIGABRT;
                assert!(codes.iter().all(ended), "{bytes} bytes: {codes:?}");
            } else {
                assert!(codes.iter().all(|code| denials.contains(code)), "{bytes}: {codes:?}");
                assert_eq!(hosted.output, "", "{bytes} bytes");
            }
        }
        scene.world.log.expect(&["pam_otp(otp:auth)", "no memory for a login"])?;
        // Where there is enough, a login is as ever.
        let well = PamHost::default().option("--memory=122880");
        let hosted = well.attempt("otp", "alice", &wrong).attempt("otp", "alice", &scene.code()?);
        assert_eq!(hosted.run()?.codes(), [pam::AUTH_ERR, pam::SUCCESS]);
        Ok(())
    })
}

#[test]
fn valgrind_finds_nothing() -> Result {
    inside(|| {
        let scene = scene()?;
        let token = Device::enroll(&scene.world.alice, Kind::Hotp, 0)?;
        let valgrind = [
            "valgrind",
            "-q",
            "--leak-check=full",
            "--errors-for-leak-kinds=definite",
            "--show-leak-kinds=definite",
            "--error-exitcode=99",
        ];
        for (round, by_root) in [true, false].into_iter().enumerate() {
            let mut host = PamHost::default().under(&valgrind);
            let codes = token.codes(1 + 4 * round, 4)?;
            let (last, codes) = codes.split_last().expect("four codes");
            for code in codes {
                host = host.attempt("otp", "alice", code);
            }
            host = host.attempt("otp", "alice", &codes[0]).attempt("otp", "alice", NO_ANSWER);
            host = host.attempt("away", "alice", "").attempt("misspelt", "alice", "");
            host = host.attempt("both", "alice", &format!("secret{last}"));
            let host = if by_root { host } else { host.by(&scene.world.alice) };
            let hosted = host.run()?;
            let ends = [pam::AUTH_ERR, pam::CONV_ERR, pam::AUTHINFO_UNAVAIL, pam::SERVICE_ERR];
            assert_eq!(
                hosted.codes(),
                [[pam::SUCCESS; 3].as_slice(), &ends, &[pam::SUCCESS]].concat()
            );
            assert_eq!(hosted.output, "");
        }
        Ok(())
    })
}

/// One attempt of alice's in a host that is well.
fn once(code: &str) -> Result<Vec<i32>> {
    Ok(PamHost::default().attempt("otp", "alice", code).run()?.codes())
}

/// Fails unless each attempt ended as it should have, and names the first that did not.
fn ended_as(expected: &[i32], hosted: &Hosted) {
    let codes = hosted.codes();
    assert_eq!(codes.len(), expected.len());
    let other = codes.iter().zip(expected).position(|(is, should)| is != should);
    let [is, should] = [codes.as_slice(), expected].map(|codes| other.and_then(|at| codes.get(at)));
    assert_eq!(is, should, "attempt {other:?}");
}

/// Fails unless the process is at its end as it was once it was warm, and has said nothing.
fn unchanged(hosted: &Hosted) {
    let Hosted { before, after, output, .. } = hosted;
    assert_eq!(output, "");
    assert_eq!(before.state, after.state);
    let (resident, heap) = (before.resident + FLAT, before.heap + LEAK);
    assert!(after.resident <= resident, "{} to {} KiB", before.resident, after.resident);
    assert!(after.heap <= heap, "{} to {} bytes on the heap", before.heap, after.heap);
}
