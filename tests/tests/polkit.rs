//! polkit, real and in every state: who may what is its to say where the caller is neither root nor
//! the account's owner, and whatever is not a plain yes is a no that holds up nobody else.

use std::time::Duration;

use otp_bus::names::MANAGE_INTERFACE;
use testbed::{
    Activation, Bus, Context, Daemon, Dialogue, Invocation, PASSWORD, POLKIT, Polkit, Result,
    World, inside, pamtester,
    peer::{Answer, Peer},
};
use tokio::task::JoinSet;

use crate::{
    scene::{MODULE, STEP, Scene, typed},
    surface::{block_on, usual},
};

/// Who may unlock whom, by a rule such as an administrator would write.
const HELPDESK: &str = r#"polkit.addRule(function(action, subject) {
    if (action.id == "org.otpd1.unlock" && action.lookup("user") != "root"
        && subject.isInGroup("helpdesk")) { return polkit.Result.YES; }
});"#;

/// Who may see, adopt and remove accounts, and who keeps the keys.
const ADMINS: &str = r#"polkit.addRule(function(action, subject) {
    if (/^org.otpd1.(accounts|adopt|forget|keys)$/.test(action.id)
        && subject.isInGroup("helpdesk")) { return polkit.Result.YES; }
});"#;

/// The exit status of what is not allowed.
const NOT_ALLOWED: Option<i32> = Some(3);

fn otpctl(words: &str) -> Invocation {
    Invocation::of("otpctl").args(words.split(' '))
}

/// Bob wants to unlock alice and is asked for the administrator's password.
fn asked(scene: &Scene) -> Result<Dialogue> {
    let mut dialogue = otpctl("unlock -u alice").by(&scene.world.bob).on_terminal()?;
    dialogue.expect("unlock the account of alice")?.expect("demo")?.expect("Password: ")?;
    Ok(dialogue)
}

#[test]
fn where_there_is_none_root_manages_alone() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let ended = otpctl("unlock -u alice").by(&scene.world.bob).run()?;
        assert_eq!(ended.status.code(), NOT_ALLOWED, "{}", ended.output);
        ended.must_say("ask an administrator")?;
        scene.world.log.expect(&["uid 40002 may not unlock for alice"])?;
        assert_eq!(scene.world.log.settled()?.count(&["polkit"]), 0);
        otpctl("unlock -u alice").run()?.must_succeed()?;
        Ok(())
    })
}

#[test]
fn without_somebody_to_authenticate_it_is_a_no_that_says_so() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let world = &scene.world;
        let _polkit = Polkit::start(world, &world.demo, "")?;
        let ended = otpctl("unlock -u alice").by(&world.bob).run()?;
        assert_eq!(ended.status.code(), NOT_ALLOWED, "{}", ended.output);
        ended.must_say("run it at a terminal")?;
        world.log.expect(&["uid 40002 may not unlock for alice: polkit wants somebody"])?;
        // What makes one able to log in as another is not even asked for from afar.
        let ended = otpctl("enroll -u alice --no-confirm").by(&world.bob).run()?;
        assert_eq!(ended.status.code(), NOT_ALLOWED, "{}", ended.output);
        world.log.expect(&["uid 40002 may not enroll devices for alice: polkit says no"])?;
        Ok(())
    })
}

#[test]
fn an_administrators_password_is_a_yes_and_another_is_none() -> Result {
    inside(|| {
        let scene = Scene::configured("[throttle]\nlock_after = 1\n")?;
        let world = &scene.world;
        let _polkit = Polkit::start(world, &world.demo, "")?;
        typed(&pamtester("otp", "alice"), &scene.wrong()?)?.must_fail()?;
        let mut dialogue = asked(&scene)?;
        let ended =
            dialogue.answer_hidden("another password").map(|_| ()).and_then(|()| dialogue.end())?;
        assert_eq!(ended.status.code(), NOT_ALLOWED, "{}", ended.output);
        typed(&pamtester("otp", "alice"), &scene.code()?)?.must_fail()?;
        let mut dialogue = asked(&scene)?;
        dialogue.answer_hidden(PASSWORD)?;
        dialogue.end()?.must_succeed()?.must_say("cleared 1 lane of alice")?;
        world.log.expect(&["uid 40002 may unlock for alice: polkit says yes"])?;
        world.log.expect(&["uid 40002 cleared failures and locks for alice"])?;
        typed(&pamtester("otp", "alice"), &scene.code()?)?.must_succeed()?;
        Ok(())
    })
}

#[test]
fn a_rule_gives_a_group_a_right_and_no_other() -> Result {
    inside(|| {
        let scene = Scene::configured("[throttle]\nlock_after = 1\n")?;
        let world = &scene.world;
        world.group("helpdesk", &[&world.bob])?;
        let _polkit = Polkit::start(world, &world.demo, HELPDESK)?;
        typed(&pamtester("otp", "alice"), &scene.wrong()?)?.must_fail()?;
        let unlock = otpctl("unlock -u alice");
        let ended = unlock.clone().by(&world.demo).run()?;
        assert_eq!(ended.status.code(), NOT_ALLOWED, "not of the group: {}", ended.output);
        unlock.by(&world.bob).run()?.must_succeed()?.must_say("cleared 1 lane of alice")?;
        // Neither root, whom the rule excepts, nor anything else, nor himself, whatever a rule says.
        for words in ["unlock -u root", "remove -u alice totp --yes", "unlock", "unlock -u bob"] {
            let ended = otpctl(words).by(&world.bob).run()?;
            assert_eq!(ended.status.code(), NOT_ALLOWED, "{words}: {}", ended.output);
        }
        otpctl("unlock").by(&world.bob).run()?.must_say("may not unlock for yourself")?;
        Ok(())
    })
}

#[test]
fn accounts_and_keys_are_polkits_to_give_but_for_ones_own_account() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let world = &scene.world;
        world.group("helpdesk", &[&world.alice, &world.bob])?;
        let _polkit = Polkit::start(world, &world.demo, ADMINS)?;
        for words in ["list --all", "keys list", "keys add"] {
            otpctl(words).by(&world.bob).run()?.must_succeed()?;
            let ended = otpctl(words).by(&world.demo).run()?;
            assert_eq!(ended.status.code(), NOT_ALLOWED, "{words}: {}", ended.output);
        }
        for words in ["remove --all -u alice --yes", "adopt -u alice"] {
            let ended = otpctl(words).by(&world.alice).run()?;
            assert_eq!(ended.status.code(), NOT_ALLOWED, "{words}: {}", ended.output);
        }
        // Another text for a name is none: a rule that excepts root must not be shown it.
        let ended = otpctl("remove --all -u hex:616c696365 --yes").by(&world.bob).run()?;
        ended.must_fail()?.must_say("name it so")?;
        otpctl("remove --all -u alice --yes").by(&world.bob).run()?.must_succeed()?;
        typed(&pamtester("otp", "alice"), &scene.code()?)?.must_fail()?;
        Ok(())
    })
}

#[test]
fn the_first_who_asks_starts_it() -> Result {
    inside(|| {
        let world = World::new()?;
        world.stack("otp", &[MODULE])?;
        world.group("helpdesk", &[&world.bob])?;
        Polkit::activatable(&world, &world.demo, HELPDESK)?;
        let _bus = Bus::start(&world, Activation::Off)?;
        let _daemon = Daemon::start(&world)?;
        otpctl("unlock -u alice").by(&world.bob).run()?.must_succeed()?;
        world.log.expect(&["uid 40002 may unlock for alice: polkit says yes"])?;
        Ok(())
    })
}

#[test]
fn it_is_asked_alike_of_names_that_are_and_are_not() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let world = &scene.world;
        let _polkit = Polkit::start(world, &world.demo, "")?;
        block_on(async {
            let bob = Peer::on_bus(Some(&world.bob)).await?;
            let mut texts = Vec::new();
            for user in ["alice", "root", "demo", "no such user", "a/b", ""] {
                let answer = bob.call(MANAGE_INTERFACE, "Status", &usual("Status", user)).await;
                let Answer::Refused(name, text) = answer else { panic!("{user}: {answer:?}") };
                texts.push(format!("{name} {text}"));
            }
            texts.dedup();
            assert_eq!(texts.len(), 1, "{texts:#?}");
            Ok(())
        })?;
        let wanted = ["may not see the status for", "polkit wants somebody"];
        assert_eq!(world.log.settled()?.count(&wanted), 6);
        Ok(())
    })
}

#[test]
fn where_it_stands_still_the_asking_hear_no_and_nobody_else_waits() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let world = &scene.world;
        let polkit = Polkit::start(world, &world.demo, "")?;
        polkit.freeze()?;
        block_on(async {
            let bob = Peer::on_bus(Some(&world.bob)).await?;
            let arguments = usual("Unlock", "alice");
            let asking = bob.call(MANAGE_INTERFACE, "Unlock", &arguments);
            let others = async {
                let alice = Peer::on_bus(Some(&world.alice)).await?;
                let root = Peer::on_bus(None).await?;
                for (peer, member) in [(&alice, "Status"), (&root, "Status"), (&root, "Unlock")] {
                    let answer = peer.call(MANAGE_INTERFACE, member, &usual(member, "alice")).await;
                    assert_eq!(answer.word(), "return", "{member}: {answer:?}");
                }
                // The same user too.
                let own = bob.call(MANAGE_INTERFACE, "Status", &usual("Status", "bob")).await;
                assert_eq!(own.word(), "return", "{own:?}");
                Result::Ok(())
            };
            tokio::pin!(asking);
            tokio::select! {
                biased;
                answer = &mut asking => panic!("answered while polkit stands still: {answer:?}"),
                served = others => served?,
            }
            let Answer::Refused(name, text) = asking.await else { panic!("a yes") };
            assert_eq!(name, "org.otpd1.Error.NotAllowed", "{text}");
            assert!(text.contains("nobody answered in time"), "{text}");
            Ok(())
        })?;
        world.log.expect(&["uid 40002 may not unlock for alice: polkit did not answer within"])?;
        Ok(())
    })
}

#[test]
fn who_hangs_up_while_it_is_asked_gets_nothing() -> Result {
    inside(|| {
        let scene = Scene::configured("[throttle]\nlock_after = 1\n")?;
        let world = &scene.world;
        let polkit = Polkit::start(world, &world.demo, "")?;
        typed(&pamtester("otp", "alice"), &scene.wrong()?)?.must_fail()?;
        // Ctrl-C at the password, and killed there.
        asked(&scene)?.interrupt()?.must_fail()?;
        world.log.expect(&["uid 40002 may not unlock for alice: "])?;
        world.log.clear();
        drop(asked(&scene)?);
        world.log.expect(&["uid 40002 may not unlock for alice: "])?;
        // The same where polkit has not answered yet, and cannot.
        polkit.freeze()?;
        world.log.clear();
        block_on(async { too_many(&Peer::on_bus(Some(&world.bob)).await?).await })?;
        world.log.expect(&["uid 40002 may not unlock for alice: the caller has gone"])?;
        polkit.thaw()?;
        // Their places are free.
        let again = otpctl("unlock -u alice").by(&world.bob).run()?;
        assert_eq!(again.status.code(), NOT_ALLOWED, "{}", again.output);
        assert_eq!(world.log.settled()?.count(&["polkit says yes"]), 0);
        typed(&pamtester("otp", "alice"), &scene.code()?)?.must_fail()?;
        Ok(())
    })
}

/// Asks until somebody is told that there are too many, and so knows that the others wait.
async fn too_many(peer: &Peer) -> Result {
    let mut calls = JoinSet::new();
    for _ in 0..5 {
        let call = peer.prepared(MANAGE_INTERFACE, "Unlock", &usual("Unlock", "alice"))?;
        let peer = peer.clone();
        calls.spawn(async move { peer.send(&call).await });
    }
    let answer = calls.join_next().await.context("a call")??;
    assert_eq!(answer.word(), "Busy", "{answer:?}");
    Ok(())
}

#[test]
fn two_hundred_questions_of_one_user_take_no_place_of_others() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let world = &scene.world;
        world.group("helpdesk", &[&world.demo])?;
        let polkit = Polkit::start(world, &world.alice, HELPDESK)?;
        polkit.freeze()?;
        block_on(async {
            let mut calls = JoinSet::new();
            for _ in 0..4 {
                // dbus-daemon lets each connection wait for 128 answers.
                let bob = Peer::on_bus(Some(&world.bob)).await?;
                for _ in 0..50 {
                    let arguments = usual("Unlock", "alice");
                    let call = bob.prepared(MANAGE_INTERFACE, "Unlock", &arguments)?;
                    let bob = bob.clone();
                    calls.spawn(async move { bob.send(&call).await });
                }
            }
            for _ in 0..196 {
                let answer = calls.join_next().await.context("a call")??;
                assert_eq!(answer.word(), "Busy", "{answer:?}");
            }
            // The others wait for polkit; and so does another user, who has places of his own.
            let demo = Peer::on_bus(Some(&world.demo)).await?;
            let call = demo.prepared(MANAGE_INTERFACE, "Unlock", &usual("Unlock", "alice"))?;
            let other = tokio::spawn(async move { demo.send(&call).await });
            let waited = tokio::time::timeout(Duration::from_millis(300), calls.join_next()).await;
            assert!(waited.is_err() && !other.is_finished(), "{waited:?}");
            polkit.thaw()?;
            let other = other.await?;
            assert_eq!(other.word(), "return", "{other:?}");
            while let Some(answer) = calls.join_next().await {
                assert_eq!(answer?.word(), "NotAllowed");
            }
            Ok(())
        })?;
        // Nor is there any way for him to fill the log.
        let refused = world.log.settled()?.count(&["uid 40002 may not unlock for alice"]);
        assert!(refused <= 20, "{refused} lines");
        scene.clock.advance(STEP)?;
        typed(&pamtester("otp", "alice").by(&world.alice), &scene.code()?)?.must_succeed()?;
        Ok(())
    })
}

#[test]
fn nobody_else_can_be_it() -> Result {
    inside(|| {
        let world = World::new()?;
        let _bus = Bus::start(&world, Activation::Off)?;
        let own = Invocation::of("dbus-send")
            .args(["--system", "--print-reply", "--dest=org.freedesktop.DBus", "/"])
            .arg("org.freedesktop.DBus.RequestName")
            .arg(format!("string:{POLKIT}"))
            .arg("uint32:4");
        own.by(&world.bob).run()?.must_fail()?.must_say("AccessDenied")?;
        Ok(())
    })
}
