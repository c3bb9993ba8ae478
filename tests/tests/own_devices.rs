//! Users who change their own devices: each time with a fresh code, which is spent by the change,
//! and no further than the administrator leaves it to them.

use testbed::{
    Device, Dialogue, Ended, Invocation, Kind, Result, inside, manage, pamtester, secret_in,
};

use crate::scene::{Scene, typed};

/// The exit status of what is refused by a code, and of what is not allowed.
const REFUSED: Option<i32> = Some(1);
const NOT_ALLOWED: Option<i32> = Some(3);

const ASKS: &str = "A code of a device you have: ";

fn otpctl(words: &str) -> Invocation {
    Invocation::of("otpctl").args(words.split(' '))
}

/// Alice wants this and is asked for a code.
fn asked(scene: &Scene, words: &str) -> Result<Dialogue> {
    let mut dialogue = otpctl(words).by(&scene.world.alice).on_terminal()?;
    dialogue.expect(ASKS)?;
    Ok(dialogue)
}

fn with(scene: &Scene, words: &str, code: &str) -> Result<Ended> {
    let mut dialogue = asked(scene, words)?;
    dialogue.answer(code)?;
    dialogue.end()
}

fn devices() -> Result<u32> {
    manage(async |proxy| proxy.status("alice").await).map(|status| status.devices)
}

fn failures(lane: &str) -> Result<u32> {
    let status = manage(async |proxy| proxy.status("alice").await)?;
    Ok(status.lanes.iter().find(|it| it.lane == lane).map_or(0, |it| it.failures))
}

#[test]
fn a_fresh_code_enrolls_another_and_is_spent() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let code = scene.code()?;
        let mut dialogue = asked(&scene, "enroll --kind hotp --label token")?;
        dialogue.answer(&code)?.expect("secret=")?.expect("Code")?;
        let token = Device::known(Kind::Hotp, secret_in(dialogue.heard())?);
        dialogue.answer(&token.code(0)?)?;
        dialogue.end()?.must_succeed()?;
        assert_eq!(devices()?, 2);
        typed(&pamtester("otp", "alice"), &code)?.must_fail()?;
        typed(&pamtester("otp", "alice"), &token.code(1)?)?.must_succeed()?;
        scene.world.log.expect(&["uid 40001 enrolled hotp/", "for alice"])?;
        Ok(())
    })
}

#[test]
fn a_wrong_or_used_code_changes_nothing() -> Result {
    inside(|| {
        let scene = Scene::configured("[self_service]\nremove_last_device = true\n")?;
        let remove = format!("remove {} --yes", scene.phone.id);
        let (enroll, used) = ("enroll --no-confirm", scene.code()?);
        typed(&pamtester("otp", "alice"), &used)?.must_succeed()?;
        for words in [enroll, &remove, "enroll --kind hotp --no-confirm"] {
            let ended = with(&scene, words, &used)?;
            assert_eq!(ended.status.code(), REFUSED, "{words}: {}", ended.output);
        }
        assert_eq!(failures("self")?, 0, "a used code is no guess");
        let ended = with(&scene, enroll, &scene.wrong()?)?;
        assert_eq!(ended.status.code(), REFUSED, "{}", ended.output);
        scene.world.log.expect(&["alice refused by otpctl: wrong code, failure 1 in lane self"])?;
        // One failure, in her own lane: whoever has her session cannot keep her out elsewhere.
        assert_eq!((failures("self")?, failures("local")?), (1, 0));
        for _ in 0..2 {
            with(&scene, enroll, &scene.wrong()?)?.must_fail()?;
        }
        // The wait has begun: not even a right one is looked at, or spent.
        let throttled = with(&scene, enroll, &scene.wrong()?)?;
        assert_eq!(throttled.status.code(), REFUSED, "{}", throttled.output);
        assert_eq!(failures("self")?, 3);
        let list = otpctl("list -u alice").run()?;
        list.must_succeed()?.must_say(&scene.phone.id)?.must_not_say("hotp")?;
        assert_eq!(list.output.matches("totp/").count(), 1, "{}", list.output);
        Ok(())
    })
}

#[test]
fn without_a_code_nothing_is_changed() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        // No person at a terminal: nobody to ask for a code.
        let remove = otpctl(&format!("remove {} --yes", scene.phone.id)).by(&scene.world.alice);
        remove.run()?.must_fail()?;
        // And root shows none: what is typed elsewhere is not spent here.
        assert_eq!(devices()?, 1);
        Ok(())
    })
}

#[test]
fn the_last_device_and_the_first_are_not_hers() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let remove = format!("remove {} --yes", scene.phone.id);
        let code = scene.code()?;
        let ended = with(&scene, &remove, &code)?;
        assert_eq!(ended.status.code(), NOT_ALLOWED, "{}", ended.output);
        ended.must_say("last device")?;
        // The code was not spent on what cannot be done.
        typed(&pamtester("otp", "alice"), &code)?.must_succeed()?;
        let first = otpctl("enroll --no-confirm").by(&scene.world.bob).on_terminal()?.end()?;
        assert_eq!(first.status.code(), NOT_ALLOWED, "{}", first.output);
        first.must_say("invitation")?;
        // Root removes the last one; then the first is not hers either, whatever is configured.
        otpctl(&format!("remove -u alice {} --yes", scene.phone.id)).run()?.must_succeed()?;
        let again = otpctl("enroll --no-confirm").by(&scene.world.alice).on_terminal()?.end()?;
        assert_eq!(again.status.code(), NOT_ALLOWED, "{}", again.output);
        Ok(())
    })
}

#[test]
fn what_the_administrator_leaves_to_users_is_theirs() -> Result {
    inside(|| {
        let toml = "[self_service]\nfirst = true\nremove_last_device = true\n";
        let scene = Scene::configured(toml)?;
        let first = otpctl("enroll --no-confirm --label mine").by(&scene.world.bob);
        first.on_terminal()?.end()?.must_succeed()?;
        let remove = format!("remove {} --yes", scene.phone.id);
        with(&scene, &remove, &scene.code()?)?.must_succeed()?;
        // Gone is not never enrolled: a stolen session does not begin anew.
        let again = otpctl("enroll --no-confirm").by(&scene.world.alice).on_terminal()?.end()?;
        assert_eq!(again.status.code(), NOT_ALLOWED, "{}", again.output);
        Ok(())
    })
}

#[test]
fn what_the_administrator_keeps_no_code_gives() -> Result {
    inside(|| {
        let toml = "[self_service]\nenroll = false\nremove = false\nrecovery = false\n\
            first = true\nremove_last_device = true\n";
        let scene = Scene::configured(toml)?;
        let remove = format!("remove {} --yes", scene.phone.id);
        for words in ["enroll --no-confirm", &remove] {
            let ended = otpctl(words).by(&scene.world.alice).on_terminal()?.end()?;
            assert_eq!(ended.status.code(), NOT_ALLOWED, "{words}: {}", ended.output);
            ended.must_not_say(ASKS)?;
        }
        let first = otpctl("enroll --no-confirm").by(&scene.world.bob).on_terminal()?.end()?;
        assert_eq!(first.status.code(), NOT_ALLOWED, "{}", first.output);
        Ok(())
    })
}
