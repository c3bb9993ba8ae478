//! Eight callers stand at the prompt and type the same code at once: one gets in. Half of them are
//! root and take the daemon's socket, half are the user herself and take the bus.

use testbed::{Device, Dialogue, Kind, PROMPT, Result, inside, pamtester};

use crate::scene::{STEP, Scene};

/// As many as it took to break the modules that keep their state in a file.
const CALLERS: usize = 8;
const ROUNDS: u64 = 150;

#[test]
fn one_totp_code_lets_one_of_eight_in() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        for round in 0..ROUNDS {
            let code = scene.code()?;
            assert_eq!(rush(&scene, &code)?, 1, "round {round}");
            scene.clock.advance(STEP)?;
        }
        Ok(())
    })
}

#[test]
fn one_hotp_code_lets_one_of_eight_in() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let token = Device::enroll(&scene.world.alice, Kind::Hotp, 0)?;
        for counter in 1..=ROUNDS {
            let code = token.code(counter)?;
            assert_eq!(rush(&scene, &code)?, 1, "round {counter}");
        }
        Ok(())
    })
}

/// How many of the callers get in with this code.
fn rush(scene: &Scene, code: &str) -> Result<usize> {
    let at_the_prompt = |number: usize| -> Result<Dialogue> {
        let root = pamtester("otp", "alice");
        let caller = if number.is_multiple_of(2) { root } else { root.by(&scene.world.alice) };
        caller.on_pipes()
    };
    let mut callers = (0..CALLERS).map(at_the_prompt).collect::<Result<Vec<_>>>()?;
    for caller in &mut callers {
        caller.expect(PROMPT)?;
    }
    for caller in &mut callers {
        caller.answer(code)?;
    }
    let mut admitted = 0;
    for caller in callers {
        let ended = caller.end()?;
        let says_so = ended.output.contains("successfully authenticated");
        assert_eq!(says_so, ended.status.success(), "{}", ended.output);
        admitted += usize::from(says_so);
    }
    Ok(admitted)
}
