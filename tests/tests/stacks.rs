//! The stacks that `packaging/pam/otpd.pam-example` shows, each as it stands there, with the
//! distribution's own files around it: the password and a code let in, neither alone does, and
//! nobody without the password comes as far as the code.

use std::fs;

use testbed::{
    Context, Invocation, Method, PASSWORD, PROMPT, Polkit, Result, Sshd, inside, manage, pamtester,
    with_code,
};

use crate::{
    hosts::Host,
    scene::{STEP, Scene},
};

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../packaging/pam/otpd.pam-example");

/// What a line of a stack begins with.
const TYPES: [&str; 5] = ["auth", "account", "session", "password", "@include"];

/// Writes the file under this heading into the private `/etc/pam.d`, and gives sshd's lines, if any.
fn install(example: &str, heading: &str) -> Result<String> {
    let path = heading.split(' ').next().unwrap_or_default();
    install_as(path, example, heading)
}

/// The same into this file.
fn install_as(path: &str, example: &str, heading: &str) -> Result<String> {
    let (_, section) = example.split_once(&format!("# ---- {heading} ")).context(heading)?;
    let section = section.split("\n\n").next().unwrap_or_default();
    let shown = section.lines().filter_map(|line| line.strip_prefix("#   "));
    let (stack, others): (Vec<_>, Vec<_>) =
        shown.partition(|line| line.split(' ').next().is_some_and(|word| TYPES.contains(&word)));
    assert!(stack.iter().any(|line| line.contains("pam_otp.so")), "no stack in {heading}");
    fs::write(path, stack.join("\n") + "\n").context(path)?;
    Ok(others.join("\n") + "\n")
}

/// The example, read before the private file system hides where it lies; then the scene.
fn scene() -> Result<(String, Scene)> {
    let example = fs::read_to_string(EXAMPLE).context(EXAMPLE)?;
    Ok((example, Scene::new()?))
}

fn failures() -> Result<u32> {
    let status = manage(async |proxy| proxy.status("alice").await)?;
    Ok(status.lanes.iter().map(|lane| lane.failures).sum())
}

/// A host whose stack asks for a password and then for a code.
fn both_are_wanted(host: &Host, scene: &Scene) -> Result {
    let world = &scene.world;
    let says = |password: &str, code: Option<String>, end: &str| {
        let mut dialogue = host.at_the_password(world)?;
        host.type_hidden(&mut dialogue, password)?;
        if let Some(code) = code {
            dialogue.expect(PROMPT)?;
            host.type_hidden(&mut dialogue, &code)?;
        }
        dialogue.expect(end)?;
        Result::Ok(dialogue.heard().to_owned())
    };
    let heard = says("another password", None, host.refusal())?;
    assert!(!heard.contains(PROMPT), "{}: asked without the password:\n{heard}", host.service);
    assert_eq!(failures()?, 0, "{}", host.service);
    let heard = says(PASSWORD, Some(scene.wrong()?), host.refusal())?;
    assert!(!heard.contains("logged in"), "{}: {heard}", host.service);
    assert_eq!(failures()?, 1, "{}", host.service);
    says(PASSWORD, Some(scene.code()?), "logged in as")?;
    world.log.expect(&["otpd[", "alice", "accepted", host.service])?;
    scene.clock.advance(STEP)
}

#[test]
fn sudo() -> Result {
    inside(|| {
        let (example, scene) = scene()?;
        install(&example, "/etc/pam.d/sudo : password and code")?;
        both_are_wanted(&Host::sudo(&scene.world), &scene)
    })
}

#[test]
fn su() -> Result {
    inside(|| {
        let (example, scene) = scene()?;
        install(&example, "/etc/pam.d/su : password and code")?;
        both_are_wanted(&Host::su(&scene.world), &scene)?;
        // Root is let by, as before.
        let by_root = Invocation::of("su").args(["alice", "-c", "id -un"]);
        by_root.run()?.must_succeed()?.must_say("alice")?.must_not_say(PROMPT)?;
        Ok(())
    })
}

#[test]
fn login() -> Result {
    inside(|| {
        let (example, scene) = scene()?;
        install(&example, "/etc/pam.d/login : password and code")?;
        both_are_wanted(&Host::console(&scene.world)?, &scene)
    })
}

#[test]
fn a_lock_screen() -> Result {
    inside(|| {
        let (example, scene) = scene()?;
        install(&example, "/etc/pam.d/vlock : a lock screen, password")?;
        both_are_wanted(&Host::lock(&scene.world), &scene)?;
        // The same by a program without any privileges.
        let own = "pamtester vlock alice authenticate acct_mgmt";
        let mut dialogue =
            Invocation::of("sh").args(["-c", own]).by(&scene.world.alice).on_terminal()?;
        dialogue.expect("assword")?.answer_hidden(PASSWORD)?;
        dialogue.expect(PROMPT)?.answer_hidden(&scene.code()?)?;
        dialogue.end()?.must_succeed()?;
        scene.world.log.expect(&["otpd[", "alice", "accepted by vlock"])?;
        Ok(())
    })
}

#[test]
fn polkit() -> Result {
    inside(|| {
        let (example, scene) = scene()?;
        let _polkit = Polkit::start(&scene.world, &scene.world.alice, "")?;
        install(&example, "/etc/pam.d/polkit-1 : password and code")?;
        both_are_wanted(&Host::polkit(&scene.world), &scene)
    })
}

#[test]
fn everything_that_includes_common_auth() -> Result {
    inside(|| {
        let (example, scene) = scene()?;
        install(&example, "/etc/pam.d/common-auth : password and code")?;
        fs::write("/etc/pam.d/sudo", "@include common-auth\n@include common-account\n")?;
        both_are_wanted(&Host::sudo(&scene.world), &scene)
    })
}

#[test]
fn both_in_one_answer() -> Result {
    inside(|| {
        let (example, scene) = scene()?;
        install_as("/etc/pam.d/otp", &example, "a program that sends a password")?;
        let says = |answer: String| {
            let mut dialogue = pamtester("otp", "alice").on_terminal()?;
            dialogue.expect("Password and one-time code: ")?.answer_hidden(&answer)?;
            dialogue.end()
        };
        says(PASSWORD.to_owned())?.must_fail()?;
        says(format!("{PASSWORD}{}", scene.wrong()?))?.must_fail()?;
        says(format!("{PASSWORD}{}", scene.code()?))?.must_succeed()?;
        Ok(())
    })
}

#[test]
fn more_tries() -> Result {
    inside(|| {
        let (example, scene) = scene()?;
        install_as("/etc/pam.d/otp", &example, "a program that gives up")?;
        let mut dialogue = pamtester("otp", "alice").on_terminal()?;
        dialogue.expect("assword: ")?.answer_hidden(PASSWORD)?;
        dialogue.expect(PROMPT)?.answer_hidden(&scene.wrong()?)?;
        dialogue.expect(PROMPT)?.answer_hidden(&scene.code()?)?;
        dialogue.end()?.must_succeed()?;
        Ok(())
    })
}

#[test]
fn sshd_with_a_password() -> Result {
    inside(|| {
        let (example, scene) = scene()?;
        let lines = install(&example, "/etc/pam.d/sshd : password and code")?;
        let sshd = Sshd::configured(&scene.world, &lines)?;
        both_are_wanted(&Host::sshd(&sshd, &scene.world), &scene)
    })
}

#[test]
fn sshd_with_a_key() -> Result {
    inside(|| {
        let (example, scene) = scene()?;
        let lines = install(&example, "/etc/pam.d/sshd : key and code")?;
        let sshd = Sshd::configured(&scene.world, &lines)?;
        let with_key = sshd.login(Method::Keyboard, "alice", &scene.world.alice);
        with_code(&with_key, &scene.wrong()?)?.must_fail()?.must_not_say("logged in")?;
        with_code(&with_key, &scene.code()?)?.must_succeed()?.must_say("logged in as alice")?;
        let without = sshd.login(Method::Keyboard, "alice", &scene.world.bob);
        without.on_terminal()?.end()?.must_fail()?.must_not_say(PROMPT)?;
        Ok(())
    })
}
