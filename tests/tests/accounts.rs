//! Accounts as a whole, at the real daemon: all of them are listed, one that a disk has damaged too;
//! it lets nobody in, is removed, and its user enrolled anew.

use std::{fs, path::Path, time::Duration};

use otp_bus::{NewDevice, Warrant};
use testbed::{
    Context, Daemon, Deadline, Invocation, PROMPT, Result, World, inside, manage, pamtester,
};

use crate::{
    names::{exits, member},
    scene::{Scene, typed},
};

const DATABASE: &str = "/var/lib/otpd/otpd.db";
const LOG: &str = "/var/lib/otpd/otpd.db-wal";

#[test]
fn a_damaged_account_is_shown_and_removed_and_its_user_enrolled_anew() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let token = member("bob")?;
        let Scene { daemon, bus: _bus, clock, phone, world } = scene;
        daemon.stop()?;
        damage(&world, "\"next\":1", "\"next\":0")?;
        let _daemon = Daemon::start_at(&world, &clock)?;

        pamtester_is_denied(&world, &token.code(0)?)?;
        exits(&["status", "-u", "bob"], 5)?.must_say("not as it was written")?;
        exits(&["adopt", "-u", "bob"], 5)?.must_say("not as it was written")?;
        let all = exits(&["list", "--all"], 0)?;
        all.must_say("alice")?.must_say("bob is damaged and lets nobody in")?;
        all.must_say("`otpctl remove --all -u bob`")?;

        let remove = Invocation::of("otpctl").args(["remove", "--all", "-u", "bob"]);
        let mut declined = remove.on_terminal()?;
        declined.expect("Remove all of bob?")?.answer("n")?;
        declined.end()?.must_fail()?.must_say("It is damaged")?.must_say("\"token\"")?;
        pamtester_is_denied(&world, &token.code(1)?)?;
        let mut removed = remove.on_terminal()?;
        removed.expect("Remove all of bob?")?.answer("y")?;
        removed.end()?.must_succeed()?.must_say("removed: the account bob with 1 device")?;
        world.log.expect(&["otpd", "uid 0 removed the account", "damaged) for bob"])?;

        exits(&["list", "--all"], 0)?.must_not_say("bob")?;
        let token = member("bob")?;
        typed(&pamtester("otp", "bob"), &token.code(1)?)?.must_succeed()?;
        typed(&pamtester("otp", "alice"), &phone.code(clock.now())?)?.must_succeed()?;
        Ok(())
    })
}

/// Fails unless the login is denied for want of a record that can be read.
fn pamtester_is_denied(world: &World, code: &str) -> Result {
    world.log.clear();
    let mut dialogue = pamtester("otp", "bob").on_pipes()?;
    if dialogue.says(PROMPT)? {
        dialogue.answer(code)?;
    }
    dialogue.end()?.must_fail()?.must_not_say("successfully")?;
    world.log.expect(&["otpd", "bob refused by otp", "not as it was written"]).map(drop)
}

/// Changes what a stopped daemon has written.
fn damage(world: &World, was: &str, is: &str) -> Result {
    // All in the database itself: its log would put right what is changed in there.
    Deadline::after(Duration::from_secs(20)).poll("a database without its log", || {
        if !Path::new(LOG).exists() {
            return Ok(Some(()));
        }
        Daemon::start(world)?.stop().map(|()| None)
    })?;
    let mut bytes = fs::read(DATABASE)?;
    let at = bytes.windows(was.len()).rposition(|window| window == was.as_bytes());
    let at = at.context(format!("{was} in the database"))?;
    bytes.splice(at..at + was.len(), is.bytes());
    fs::write(DATABASE, bytes).context(DATABASE)
}

/// Many times as many as the daemon gives at once.
#[test]
fn every_account_is_listed_and_each_once() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let names = scene.world.crowd(200)?;
        let new = NewDevice { kind: "totp".to_owned(), ..NewDevice::default() };
        for name in &names {
            manage(async |proxy| proxy.enroll(name, &Warrant::default(), &new).await)?;
        }
        let all = exits(&["list", "--all", "--json"], 0)?;
        assert_eq!(all.output.matches("\"user\":").count(), names.len() + 1);
        for name in &names {
            all.must_say(&format!("\"user\":\"{name}\""))?;
        }
        all.must_say(r#""user":"user7","uid":50007,"enrolled":false,"devices":0"#)?;
        let own = Invocation::of("otpctl").args(["list", "--all"]).by(&scene.world.alice).run()?;
        assert_eq!(own.status.code(), Some(3), "{}", own.output);
        own.must_not_say("user7")?;
        Ok(())
    })
}
