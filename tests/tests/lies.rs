//! A daemon that answers with lies, is believed to be the daemon, and lets nobody in by them: not in
//! time, not well formed, not twice.

use std::time::Duration;

use testbed::{Account, Activation, Bus, Deadline, Result, World, inside, pam};

use crate::{
    freeze::{BUS, DEADLINE, MARGIN, OWN, login, one_line, stack},
    liar::{self, Lie, Moment},
};

/// Every lie.
const LIES: [Lie; 11] = [
    Lie::Mute,
    Lie::Late,
    Lie::Closed,
    Lie::Noise,
    Lie::Endless,
    Lie::TooLarge,
    Lie::WrongShape,
    Lie::UnknownWord,
    Lie::Absurd,
    Lie::StrangeError,
    Lie::Twice,
];

#[test]
fn a_daemon_that_lies_on_its_socket_lets_nobody_in() -> Result {
    inside(|| {
        let world = World::new()?;
        stack(&world)?;
        for lie in LIES {
            for at in [Moment::Begin, Moment::Verify] {
                liar::on_socket(lie, at)?;
                refused_to_believe(&world, None, OWN, lie, at)?;
            }
        }
        Ok(())
    })
}

#[test]
fn a_daemon_that_lies_on_the_bus_lets_nobody_in() -> Result {
    inside(|| {
        let world = World::new()?;
        stack(&world)?;
        let _bus = Bus::start(&world, Activation::Off)?;
        for lie in LIES.into_iter().filter(|lie| !lie.is_raw()) {
            for at in [Moment::Begin, Moment::Verify] {
                let liar = liar::on_bus(lie, at)?;
                refused_to_believe(&world, Some(&world.alice), BUS, lie, at)?;
                drop(liar);
                Deadline::after(Duration::from_secs(10)).poll("the name to be free", || {
                    let nobody = login(Some(&world.alice), "")?;
                    Ok((nobody.refusal < DEADLINE && last_line(&world)?.contains("not provided"))
                        .then_some(()))
                })?;
            }
        }
        Ok(())
    })
}

/// Fails unless a lie lets nobody in, in time and with one line that names it.
fn refused_to_believe(
    world: &World,
    by: Option<&Account>,
    place: &str,
    lie: Lie,
    at: Moment,
) -> Result {
    world.log.clear();
    let attempt = login(by, "123456")?;
    let (code, cause) = match (lie, at) {
        // The first answer counts: the second challenge and the second verdict are not heard.
        (Lie::Twice, Moment::Begin) => (pam::SUCCESS, None),
        (Lie::Twice, Moment::Verify) => (pam::AUTH_ERR, None),
        (Lie::Mute | Lie::Late, _) => (pam::AUTHINFO_UNAVAIL, Some("within 1 s")),
        (Lie::Closed, _) => (pam::AUTHINFO_UNAVAIL, Some("broke")),
        (Lie::Absurd, _) => (pam::AUTHINFO_UNAVAIL, Some("cannot be")),
        _ => (pam::AUTHINFO_UNAVAIL, Some("was not understood")),
    };
    assert_eq!(attempt.code, code, "{lie:?} at {at:?}");
    assert!(attempt.refusal < DEADLINE + MARGIN, "{lie:?} at {at:?}: {:?}", attempt.refusal);
    match cause {
        None => assert_eq!(world.log.settled()?.count(&["pam_otp("]), 0, "{lie:?} at {at:?}"),
        Some("cannot be") => one_line(world, &["cannot be"])?,
        Some(cause) => one_line(world, &[place, cause])?,
    }
    Ok(())
}

fn last_line(world: &World) -> Result<String> {
    Ok(world.log.settled()?.lines().last().map(|line| line.text.clone()).unwrap_or_default())
}
