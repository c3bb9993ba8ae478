//! Invitations: what an administrator gives a user who has no code to show, good for one device,
//! once, and for the one who was invited alone.

use std::fs;

use otp_bus::names::STATE_DIR;
use testbed::{
    Device, Dialogue, Ended, Invocation, Kind, Result, inside, manage, pamtester, secret_in,
    state_files,
};

use crate::scene::{Scene, typed};

/// The exit status of what is refused by a code, and of what is not allowed.
const REFUSED: Option<i32> = Some(1);
const NOT_ALLOWED: Option<i32> = Some(3);

fn otpctl(words: &str) -> Invocation {
    Invocation::of("otpctl").args(words.split(' '))
}

/// Root invites somebody for so long; what root is shown.
fn invited(user: &str, time: &str) -> Result<String> {
    let ended = otpctl(&format!("invite -u {user} --for {time}")).run()?;
    ended.must_succeed()?;
    let token = ended.output.split_whitespace().find(|word| word.matches('-').count() == 5);
    Ok(token.unwrap_or_default().to_owned())
}

/// Bob begins to enroll a token of his with an invitation.
fn began(scene: &Scene, token: &str, label: &str) -> Result<Dialogue> {
    let words = format!("enroll --invitation --kind hotp --label {label}");
    let mut dialogue = otpctl(&words).by(&scene.world.bob).on_terminal()?;
    dialogue.expect("Invitation: ")?.answer(token)?;
    Ok(dialogue)
}

fn refused(scene: &Scene, token: &str) -> Result<Ended> {
    let ended = began(scene, token, "none")?.end()?;
    assert_eq!(ended.status.code(), REFUSED, "{}", ended.output);
    ended.must_say("no such invitation is open")?.must_not_say("secret=")?;
    Ok(ended)
}

fn failures(user: &str) -> Result<Vec<(String, u32)>> {
    let status = manage(async |proxy| proxy.status(user).await)?;
    Ok(status.lanes.into_iter().map(|lane| (lane.lane, lane.failures)).collect())
}

fn until(user: &str) -> Result<Option<u64>> {
    manage(async |proxy| proxy.status(user).await).map(|status| status.invited_until)
}

#[test]
fn who_is_invited_enrolls_once_and_logs_in() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let token = invited("bob", "1h")?;
        assert_eq!(until("bob")?, Some(scene.clock.now() + 3600));
        otpctl("status").by(&scene.world.bob).run()?.must_say("invited")?.must_not_say(&token)?;
        let mut dialogue = began(&scene, &token.to_uppercase().replace('-', " "), "token")?;
        dialogue.expect("secret=")?.expect("Code")?;
        let device = Device::known(Kind::Hotp, secret_in(dialogue.heard())?);
        dialogue.answer(&device.code(0)?)?;
        dialogue.end()?.must_succeed()?;
        typed(&pamtester("otp", "bob"), &device.code(1)?)?.must_succeed()?;
        assert_eq!(until("bob")?, None);
        refused(&scene, &token)?;
        assert_eq!(failures("bob")?, [("self".to_owned(), 1)]);
        scene.world.log.expect(&["uid 0 invited for 3600 s, for bob"])?;
        scene.world.log.expect(&["uid 40002 enrolled hotp/", "by invitation for bob"])?;
        scene.world.log.expect(&["bob refused by invitation: wrong code, failure 1"])?;
        assert_eq!(scene.world.log.settled()?.count(&[&token]), 0);
        Ok(())
    })
}

#[test]
fn enrolled_again_before_it_is_confirmed_the_former_device_goes() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let token = invited("bob", "1h")?;
        let mut dialogue = began(&scene, &token, "first")?;
        dialogue.expect("secret=")?.expect("Code")?;
        let first = Device::known(Kind::Hotp, secret_in(dialogue.heard())?);
        dialogue.answer("")?;
        dialogue.end()?.must_fail()?;
        let mut dialogue = began(&scene, &token, "second")?;
        dialogue.expect("secret=")?.expect("Code")?;
        // Somebody who saw the first one's secret can do nothing with it any more.
        let mut confirm = otpctl("confirm first").by(&scene.world.bob).on_pipes()?;
        confirm.type_ahead(&first.code(0)?)?;
        confirm.end()?.must_fail()?;
        let second = Device::known(Kind::Hotp, secret_in(dialogue.heard())?);
        dialogue.answer(&second.code(0)?)?;
        dialogue.end()?.must_succeed()?;
        otpctl("list -u bob").run()?.must_say("second")?.must_not_say("first")?;
        Ok(())
    })
}

#[test]
fn one_that_is_over_or_another_is_refused_and_counted_alike() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let (former, other) = (invited("bob", "1h")?, invited("alice", "1h")?);
        let token = invited("bob", "1min")?;
        let mut dialogue = began(&scene, &token, "late")?;
        dialogue.expect("secret=")?.expect("Code")?;
        let late = Device::known(Kind::Hotp, secret_in(dialogue.heard())?);
        let said = [refused(&scene, &former)?, refused(&scene, &other)?];
        assert_eq!(said[0].output, said[1].output);
        assert_eq!(failures("bob")?, [("self".to_owned(), 2)]);
        scene.clock.advance(60)?;
        // Neither is what was begun in time worth anything now.
        dialogue.answer(&late.code(0)?)?;
        let ended = dialogue.end()?;
        assert_eq!(ended.status.code(), NOT_ALLOWED, "{}", ended.output);
        assert_eq!(refused(&scene, &token)?.output, said[0].output);
        assert_eq!(failures("bob")?, [("self".to_owned(), 3)]);
        typed(&pamtester("otp", "bob"), &late.code(1)?)?.must_fail()?;
        Ok(())
    })
}

#[test]
fn guesses_lock_the_lane_and_end_it() -> Result {
    inside(|| {
        let scene = Scene::configured("[throttle]\nlock_after = 2\n")?;
        let token = invited("bob", "1h")?;
        let guess = token.replace(['a', 'b', 'c'], "d").replace(['e', 'f', 'g'], "h");
        refused(&scene, &guess)?;
        let locked = began(&scene, &guess, "none")?.end()?;
        assert_eq!(locked.status.code(), REFUSED, "{}", locked.output);
        locked.must_say("locked")?;
        assert_eq!(until("bob")?, None);
        otpctl("unlock -u bob").run()?.must_succeed()?;
        refused(&scene, &token)?;
        Ok(())
    })
}

#[test]
fn nobody_invites_themselves_or_others() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        for words in ["invite", "invite -u bob", "invite -u alice"] {
            let ended = otpctl(words).by(&scene.world.bob).run()?;
            assert_eq!(ended.status.code(), NOT_ALLOWED, "{words}: {}", ended.output);
        }
        // An invitation is for the one who was invited, and for a new device alone.
        let token = invited("alice", "1h")?;
        let words = "enroll -u alice --invitation --no-confirm";
        let mut other = otpctl(words).by(&scene.world.bob).on_pipes()?;
        other.type_ahead(&token)?;
        assert_eq!(other.end()?.status.code(), NOT_ALLOWED);
        assert_eq!(until("alice")?, Some(scene.clock.now() + 3600));
        Ok(())
    })
}

#[test]
fn it_counts_where_enrolling_is_not_left_to_users() -> Result {
    inside(|| {
        let scene = Scene::configured("[self_service]\nenroll = false\n")?;
        let none = otpctl("enroll --no-confirm").by(&scene.world.bob).on_terminal()?.end()?;
        assert_eq!(none.status.code(), NOT_ALLOWED, "{}", none.output);
        none.must_say("invitation")?;
        let mut dialogue = began(&scene, &invited("bob", "1h")?, "token")?;
        dialogue.expect("secret=")?.expect("Code")?;
        let device = Device::known(Kind::Hotp, secret_in(dialogue.heard())?);
        dialogue.answer(&device.code(0)?)?;
        dialogue.end()?.must_succeed()?;
        Ok(())
    })
}

#[test]
fn its_token_is_nowhere_to_be_read_and_outlives_a_crash() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let token = invited("bob", "1h")?;
        let plain = token.replace('-', "");
        for file in state_files()? {
            let bytes = fs::read(format!("{STATE_DIR}/{file}"))?;
            for form in [token.clone(), plain.clone(), plain.to_uppercase()] {
                let found = bytes.windows(form.len()).any(|part| part == form.as_bytes());
                assert!(!found, "{file}");
            }
        }
        let scene = scene.after_a_crash()?;
        began(&scene, &token, "token")?.expect("secret=")?;
        Ok(())
    })
}
