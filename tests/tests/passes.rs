//! Passes, as a helpdesk makes them and as people use them: at a real sshd and at sudo, by programs on
//! the bus, by many at once, by those who guess, and across every end of the daemon.

use std::{thread, time::Duration};

use otp_bus::{
    Error, NewPass, PassInfo, PassPlace, PassTerm, PassesProxy, Warrant, names::PASSES_INTERFACE,
};
use testbed::{
    Context, Daemon, Device, Failure, Invocation, Kind, Method, Polkit, Result, Sshd, inside,
    pamtester, peer::Peer, sudo, with_code,
};
use tokio::task::JoinSet;
use zbus::connection;

use crate::{
    scene::{STEP, Scene, typed},
    surface::{block_on, device, text},
};

/// Phones as usual, and passes.
const RULE: &str = "[[rule]]\nname = 'helpdesk'\nrequire = 'code'\nmethods = ['totp', 'hotp', \
                    'recovery', 'pass']\n";

/// Who may make passes for others.
const HELPDESK: &str = r#"polkit.addRule(function(action, subject) {
    if (action.id == "org.otpd1.pass-for-others" && action.lookup("user") != "root"
        && subject.isInGroup("helpdesk")) { return polkit.Result.YES; }
});"#;

fn otpctl(words: &str) -> Invocation {
    Invocation::of("otpctl").args(words.split(' '))
}

/// The key that `otpctl pass create` shows, and nothing else does.
fn made(create: &Invocation) -> Result<String> {
    let ended = create.run()?;
    let shown = ended.must_succeed()?.output.clone();
    let key = shown.lines().find(|line| line.starts_with("    ")).context("no key")?;
    Ok(key.trim().to_owned())
}

/// Types a key into `otpctl`.
fn piped(invocation: &Invocation, key: &str) -> Result<testbed::Ended> {
    let mut dialogue = invocation.on_pipes()?;
    dialogue.answer(key)?;
    dialogue.end()
}

/// Calls `org.otpd1.Passes` as root; what is refused is told as it was.
pub(crate) fn passes<T>(
    call: impl AsyncFnOnce(&PassesProxy<'_>) -> std::result::Result<T, Error>,
) -> Result<std::result::Result<T, Error>> {
    block_on(async {
        let socket = connection::Builder::address("unix:path=/run/otpd/auth");
        let socket = socket.p2p().build().await.context("connecting")?;
        let proxy = PassesProxy::new(&socket).await.context("a proxy")?;
        Ok(call(&proxy).await)
    })
}

fn create(user: &str, pass: &NewPass) -> Result<(PassInfo, String)> {
    let made = passes(async |proxy| proxy.create(user, &Warrant::default(), pass).await)?;
    let made = made.map_err(|error| Failure::new(format!("Create: {error}")))?;
    Ok((made.pass, made.key))
}

fn for_login() -> NewPass {
    NewPass { purpose: "login".to_owned(), ..NewPass::default() }
}

fn counts(purpose: &str, key: &str) -> Result<bool> {
    let place = PassPlace::default();
    let told = passes(async |proxy| proxy.check(purpose, key, &place).await)?;
    told.map_err(|error| Failure::new(format!("Check: {error}")))
}

#[test]
fn a_helpdesk_lets_somebody_in_who_lost_the_phone() -> Result {
    inside(|| {
        let scene = Scene::configured(RULE)?;
        let world = &scene.world;
        let sshd = Sshd::start(world)?;
        let create = otpctl("pass create login -u bob --service sshd --reason").arg("lost phone");
        let key = made(&create)?;
        world.log.expect(&["uid 0 made pass/", "for login, live 600 s, reason", "lost phone"])?;
        // Bob has no device; whose it is, where and why is in the log.
        let login = sshd.login(Method::Keyboard, "bob", &world.alice);
        with_code(&login, &key)?.must_succeed()?.must_say("logged in as bob by pass/")?;
        let line = world.log.expect(&["bob accepted by sshd from 127.0.0.1: pass/"])?;
        assert!(line.text.contains("made by root@"), "{}", line.text);
        assert!(line.text.contains("reason \"lost phone\""), "{}", line.text);
        with_code(&login, &key)?.must_fail()?.must_not_say("logged in")?;
        otpctl("log -u bob").run()?.must_succeed()?.must_say("made for login by root")?;
        // The key is in no line of the log, whatever was done with it.
        let log = world.log.settled()?;
        assert_eq!(log.count(&[&key]) + log.count(&[&key.replace('-', "")]), 0);
        Ok(())
    })
}

#[test]
fn a_phone_and_a_pass_both_open_sudo_once() -> Result {
    inside(|| {
        let scene = Scene::configured(RULE)?;
        let world = &scene.world;
        let login = sudo(&world.alice);
        with_code(&login, &scene.code()?)?.must_succeed()?.must_say("logged in as root")?;
        for generator in ["alnum:20", "digits:7", "words:2"] {
            let key = made(&otpctl("pass create login -u alice --generator").arg(generator))?;
            with_code(&login, &key)?.must_succeed()?.must_say("logged in as root")?;
            with_code(&login, &key)?.must_fail()?.must_not_say("logged in")?;
            otpctl("unlock -u alice").run()?.must_succeed()?;
        }
        world.log.expect(&["alice accepted by sudo: pass/"])?;
        Ok(())
    })
}

#[test]
fn where_no_rule_lists_passes_a_key_is_no_code() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let key = made(&otpctl("pass create login -u alice"))?;
        typed(&pamtester("otp", "alice"), &key)?.must_fail()?;
        scene.world.log.expect(&["alice refused by otp: what was typed is no code"])?;
        let status = testbed::manage(async |proxy| proxy.status("alice").await)?;
        assert!(status.lanes.is_empty(), "it was counted: {status:?}");
        assert!(counts("login", &key)?, "it was spent");
        Ok(())
    })
}

#[test]
fn a_pass_lets_in_its_owner_alone_for_its_purpose_where_it_fits() -> Result {
    inside(|| {
        let scene = Scene::configured(RULE)?;
        let world = &scene.world;
        let sshd = Sshd::start(world)?;
        let login = |user| sshd.login(Method::Keyboard, user, &world.demo);
        for words in [
            "pass create reset -u alice",
            "pass create login --nobody",
            "pass create login -u bob",
            "pass create login -u alice --service sudo",
            "pass create login -u alice --restrict from:192.0.2.0/24",
        ] {
            let key = made(&otpctl(words))?;
            with_code(&login("alice"), &key)?.must_fail()?.must_not_say("logged in")?;
            world.log.expect(&["alice refused by sshd", "wrong code, failure 1 in lane remote"])?;
            world.log.clear();
            otpctl("unlock -u alice").run()?.must_succeed()?;
        }
        let key = made(&otpctl("pass create login -u alice --restrict from:127.0.0.0/8"))?;
        with_code(&login("alice"), &key)?.must_succeed()?.must_say("logged in as alice")?;
        // Called back, by whatever related objects in any order.
        let key = made(&otpctl("pass create login -u alice --related b --related a"))?;
        otpctl("pass deactivate login -u alice --related a --related b").run()?.must_succeed()?;
        with_code(&login("alice"), &key)?.must_fail()?.must_not_say("logged in")?;
        Ok(())
    })
}

#[test]
fn it_is_over_at_its_second() -> Result {
    inside(|| {
        let scene = Scene::configured(RULE)?;
        for (after, lets_in) in [(9, true), (10, false), (11, false)] {
            let key = made(&otpctl("pass create login -u alice --for 10s"))?;
            scene.clock.advance(after)?;
            assert_eq!(counts("login", &key)?, lets_in, "{after}");
            let ended = typed(&pamtester("otp", "alice"), &key)?;
            assert_eq!(ended.status.success(), lets_in, "{after}: {}", ended.output);
            scene.clock.advance(STEP)?;
        }
        Ok(())
    })
}

#[test]
fn of_sixty_four_who_use_it_at_once_one_does() -> Result {
    inside(|| {
        let scene = Scene::configured(RULE)?;
        let (pass, key) = create("alice", &for_login())?;
        let used = block_on(async {
            let mut uses = JoinSet::new();
            for turn in 0..64 {
                // On connections of their own, some of root's and some by the bus.
                let peer = match turn % 2 {
                    0 => Peer::on_socket().await?,
                    _ => Peer::on_bus(None).await?,
                };
                let arguments = vec![text("login"), text(key.clone()), device([])];
                uses.spawn(async move { peer.call(PASSES_INTERFACE, "Use", &arguments).await });
            }
            let answers = uses.join_all().await;
            let refused = answers.iter().filter(|answer| answer.word() == "WrongCode").count();
            assert_eq!(refused, 63, "{answers:?}");
            Ok(answers.iter().filter(|answer| answer.word() == "return").count())
        })?;
        assert_eq!(used, 1);
        assert_eq!(scene.world.log.settled()?.count(&[&format!("used {}", pass.id)]), 1);
        typed(&pamtester("otp", "alice"), &key)?.must_fail()?;
        Ok(())
    })
}

/// Eight processes, half at the prompt and half at `otpctl`.
#[test]
fn of_eight_processes_one_gets_through() -> Result {
    inside(|| {
        let scene = Scene::configured(RULE)?;
        for round in 0..5 {
            let (_, key) = create("alice", &for_login())?;
            let passed = thread::scope(|scope| {
                let tries: Vec<_> = (0..8)
                    .map(|turn| {
                        let key = key.as_str();
                        scope.spawn(move || match turn % 2 {
                            0 => typed(&pamtester("otp", "alice"), key),
                            _ => piped(&otpctl("pass use login"), key),
                        })
                    })
                    .collect();
                let ended = tries.into_iter().map(thread::ScopedJoinHandle::join);
                ended.filter(|one| matches!(one, Ok(Ok(ended)) if ended.status.success())).count()
            });
            assert_eq!(passed, 1, "round {round}");
            otpctl("unlock -u alice").run()?;
        }
        drop(scene);
        Ok(())
    })
}

#[test]
fn who_guesses_waits_and_nobody_else_does() -> Result {
    inside(|| {
        let scene = Scene::configured(RULE)?;
        let world = &scene.world;
        let (_, key) = create("alice", &for_login())?;
        let words = block_on(async {
            let bob = Peer::on_bus(Some(&world.bob)).await?;
            let (guess, right) = ("aaaa-aaaa", key.as_str());
            let mut words = Vec::new();
            for (member, typed) in
                [("Check", guess), ("Get", guess), ("Use", guess), ("Use", right)]
            {
                let arguments = vec![text("login"), text(typed), device([])];
                let answer = bob.call(PASSES_INTERFACE, member, &arguments).await;
                words.push(answer.word().to_owned());
            }
            Ok(words)
        })?;
        // The right key was not even looked at.
        assert_eq!(words, ["return", "WrongCode", "WrongCode", "Throttled"]);
        world.log.expect(&["uid 40002 showed a key that is none for login, failure 3"])?;
        assert!(counts("login", &key)?, "root waits for nobody's guesses");
        let status = testbed::manage(async |proxy| proxy.status("alice").await)?;
        assert!(status.lanes.is_empty(), "alice pays for bob: {status:?}");
        // It outlives the daemon, and ends with its time.
        let scene = scene.after_a_crash()?;
        let shown = || piped(&otpctl("pass get login").by(&scene.world.bob), &key);
        shown()?.must_fail()?.must_say("wrong keys in a row")?;
        scene.clock.advance(1)?;
        shown()?.must_succeed()?.must_say("of alice, for login")?;
        Ok(())
    })
}

#[test]
fn for_oneself_it_takes_a_fresh_code_and_an_hour_at_most() -> Result {
    inside(|| {
        let scene = Scene::configured(RULE)?;
        let alice = &scene.world.alice;
        let codes = testbed::manage(async |proxy| {
            proxy.renew_recovery("alice", &Warrant::default(), &otp_bus::NewCodes::default()).await
        })?;
        let (_, pass) = create("alice", &for_login())?;
        let making = |words: &str, code: &str| -> Result<testbed::Ended> {
            let mut dialogue = otpctl(words).by(alice).on_terminal()?;
            dialogue.expect("A code of a device you have: ")?.answer_hidden(code)?;
            dialogue.end()
        };
        let recovery = codes.codes.first().context("a recovery code")?;
        making("pass create login", recovery)?.must_fail()?.must_say("recovery code")?;
        making("pass create login", &pass)?.must_fail()?;
        assert!(counts("login", &pass)?, "it was spent on another");
        making("pass create login", &scene.wrong()?)?
            .must_fail()?
            .must_say("that code is wrong")?;
        making("pass create login --for 61min", &scene.code()?)?.must_fail()?.must_say("3600 s")?;
        making("pass create login --for 60min", &scene.code()?)?
            .must_succeed()?
            .must_say("shown")?;
        // Not without a terminal, not for others, and not for nobody.
        for words in [
            "pass create login",
            "pass create login -u bob",
            "pass create login --nobody",
            "pass list --all",
            "pass list -u bob",
            "pass deactivate login -u bob",
        ] {
            otpctl(words).by(alice).run()?.must_fail()?;
        }
        scene.world.log.expect(&["uid 40001 may not make passes for bob"])?;
        // Recovery codes are still good for what they are for.
        typed(&pamtester("otp", "alice"), recovery)?.must_succeed()?;
        Ok(())
    })
}

#[test]
fn polkit_lets_a_helpdesk_make_them() -> Result {
    inside(|| {
        let scene = Scene::configured(RULE)?;
        let world = &scene.world;
        world.group("helpdesk", &[&world.bob])?;
        let _polkit = Polkit::start(world, &world.demo, HELPDESK)?;
        let key = made(&otpctl("pass create login -u alice --reason ticket-7").by(&world.bob))?;
        typed(&pamtester("otp", "alice"), &key)?.must_succeed()?;
        world.log.expect(&[
            "alice accepted by otp: pass/",
            "made by bob@",
            "reason \"ticket-7\"",
        ])?;
        otpctl("pass create login -u root").by(&world.bob).run()?.must_fail()?;
        otpctl("pass create login -u alice").by(&world.demo).run()?.must_fail()?;
        // Whose own account is locked helps nobody.
        Device::enroll_name("bob", Kind::Hotp, 0)?;
        world.configure(&format!("[throttle]\nlock_after = 1\n{RULE}"))?;
        otpctl("reload").run()?.must_succeed()?;
        typed(&pamtester("otp", "bob").by(&world.bob), "000000")?.must_fail()?;
        let ended = otpctl("pass create login -u alice").by(&world.bob).run()?;
        ended.must_fail()?.must_say("your own account is locked")?;
        Ok(())
    })
}

#[test]
fn passes_outlive_the_daemon_as_they_were() -> Result {
    inside(|| {
        let scene = Scene::configured(RULE)?;
        let mut keys = Vec::new();
        for _ in 0..4 {
            keys.push(create("alice", &for_login())?);
        }
        let [live, used, ended, extended] = keys.as_slice() else { panic!("four") };
        piped(&otpctl("pass use login"), &used.1)?.must_succeed()?;
        let key = Some(ended.1.clone());
        let which = otp_bus::WhichPasses { key, related: None };
        passes(async |proxy| proxy.deactivate("alice", "login", &which).await)?.expect("ended");
        let term = PassTerm { seconds: Some(7200), until: None };
        let (none, id) = (Warrant::default(), extended.0.id.as_str());
        passes(async |proxy| proxy.extend("alice", &none, id, &term).await)?.expect("extended");
        let listed = || passes(async |proxy| proxy.list("alice", "", 100).await);
        let before = listed()?.expect("a list");
        let scene = scene.after_a_crash()?;
        assert_eq!(listed()?.expect("a list"), before);
        let states: Vec<bool> =
            keys.iter().map(|(_, key)| counts("login", key)).collect::<Result<_>>()?;
        assert_eq!(states, [true, false, false, true]);
        scene.clock.advance(601)?;
        assert!(!counts("login", &live.1)? && counts("login", &extended.1)?);
        // Forgotten with the account, and not there for whoever gets the name.
        otpctl("remove --all -u alice --yes").run()?.must_succeed()?;
        assert!(!counts("login", &extended.1)?);
        Ok(())
    })
}

#[test]
fn killed_in_mid_use_it_is_used_once_or_not_at_all() -> Result {
    inside(|| {
        let mut scene = Scene::configured(RULE)?;
        for round in 0..20_u64 {
            let (_, key) = create("alice", &for_login())?;
            let Scene { daemon, bus, clock, phone, world } = scene;
            let using = {
                let key = key.clone();
                thread::spawn(move || piped(&otpctl("pass use login"), &key))
            };
            // Sooner or later, from before the call to behind its answer.
            thread::sleep(Duration::from_micros(round * 700));
            daemon.kill()?;
            let told = using.join().map_err(|_| Failure::new("the user panicked"))??;
            let daemon = Daemon::start_at(&world, &clock)?;
            scene = Scene { daemon, bus, clock, phone, world };
            let again = piped(&otpctl("pass use login"), &key)?.status.success();
            assert!(!(told.status.success() && again), "round {round}: used twice");
            assert!(!counts("login", &key)?, "round {round}: neither used nor gone");
        }
        Ok(())
    })
}

/// What a hostile caller says of itself is believed of nobody but root.
#[test]
fn a_place_is_believed_of_root_alone() -> Result {
    inside(|| {
        let scene = Scene::configured(RULE)?;
        let services = Some(vec!["door".to_owned()]);
        let restrictions = Some(vec!["from:192.0.2.0/24".to_owned()]);
        let bound = NewPass { services, restrictions, ..for_login() };
        let (_, key) = create("alice", &bound)?;
        let words = "pass check login --service door --from 192.0.2.7";
        piped(&otpctl(words).by(&scene.world.bob), &key)?.must_fail()?;
        piped(&otpctl("pass check login --service gate --from 192.0.2.7"), &key)?.must_fail()?;
        piped(&otpctl("pass check login --service door --from localhost"), &key)?.must_fail()?;
        piped(&otpctl(words), &key)?.must_succeed()?;
        Ok(())
    })
}
