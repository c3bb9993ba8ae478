//! Power cuts: the daemon's disk loses whatever was not synced, while many log in and devices come
//! and go. After it the daemon starts unaided, and what was acknowledged is there.

use testbed::{
    Context, Daemon, Ledger, PROMPT, Registry, Result, Volume, World, counts, inside, pamtester,
};

use crate::{
    kills::{beside, reach},
    scene::{MODULE, Scene, typed},
};

#[test]
fn what_was_acknowledged_outlives_power_cuts() -> Result {
    inside(|| {
        let Some((volume, scene)) = on_ext4()? else { return Ok(()) };
        let Scene { mut daemon, bus: _bus, clock, phone: _phone, world } = scene;
        let users = world.crowd(8)?;
        let mut ledgers = Ledger::open_all(&users)?;
        let mut registry = Registry::new("bob");
        let cuts = counts::of(10, 200);
        for cut in 0..cuts {
            let changes = &mut registry;
            Ledger::under_load(&mut ledgers, |accepted| {
                beside(changes, || {
                    reach(accepted, 3 + cut * 7 % 37)?;
                    // Power takes the processor away before the disk. The kernel that simulates
                    // the cut goes on, and may tell a sync that was under way that it succeeded:
                    // nobody may hear of that one.
                    daemon.freeze()?;
                    volume.cut_power()?;
                    daemon.kill()
                })
            })?;
            volume.remount()?;
            daemon = Daemon::start_at(&world, &clock).context(format!("after cut {cut}"))?;
            Ledger::settle_all(&mut ledgers).context(format!("after cut {cut}"))?;
            registry.settle().context(format!("after cut {cut}"))?;
            world.log.clear();
        }
        let accepted: usize = ledgers.iter().map(|ledger| ledger.accepted).sum();
        counts::figure(&format!(
            "{cuts} power cuts on ext4 under the load of 8 callers: {accepted} logins and {} \
             changes acknowledged, all kept; every start unaided",
            registry.acknowledged
        ));
        daemon.stop()
    })
}

/// Power fails while the store is made, at its first start.
#[test]
fn a_store_that_is_being_made_outlives_a_power_cut() -> Result {
    inside(|| {
        let world = World::new()?;
        world.stack("otp", &[MODULE])?;
        for _ in 0..counts::of(3, 30) {
            let Some(volume) = ext4()? else { return Ok(()) };
            let daemon = Daemon::start(&world)?;
            let mut ledger = Ledger::open("bob")?;
            volume.cut_power()?;
            daemon.kill()?;
            volume.remount()?;
            let daemon = Daemon::start(&world).context("after the first start's power cut")?;
            ledger.settle()?;
            Ledger::all_get_in(std::slice::from_mut(&mut ledger))?;
            daemon.stop()?;
            volume.discard()?;
        }
        Ok(())
    })
}

/// A disk that neither answers nor fails: the login is denied at the deadline, and later ones go
/// on where it does.
#[test]
fn a_disk_that_stands_still_costs_the_deadline_and_no_more() -> Result {
    inside(|| {
        let Some((volume, scene)) = on_ext4()? else { return Ok(()) };
        scene.world.stack("otp", &["requisite pam_otp.so timeout=2"])?;
        let mut ledger = Ledger::open("bob")?;
        let mut login = pamtester("otp", "bob").on_pipes()?;
        login.expect(PROMPT)?;
        volume.set_frozen(true)?;
        let ended = login.answer(&ledger.doubted()?).map(drop).and_then(|()| login.end());
        volume.set_frozen(false)?;
        ended?.must_fail()?.must_say("cannot retrieve authentication info")?;
        typed(&pamtester("otp", "alice"), &scene.code()?)?.must_succeed()?;
        ledger.settle()?;
        Ledger::all_get_in(std::slice::from_mut(&mut ledger))
    })
}

/// The usual scene with its state on an ext4; none where there cannot be one.
fn on_ext4() -> Result<Option<(Volume, Scene)>> {
    let mut volume = None;
    let scene = Scene::on(|| {
        volume = ext4()?;
        Ok(())
    })?;
    Ok(volume.map(|volume| (volume, scene)))
}

fn ext4() -> Result<Option<Volume>> {
    let volume = Volume::ext4()?;
    if volume.is_none() {
        counts::skipped("power cuts: this kernel has no loop devices");
    }
    Ok(volume)
}
