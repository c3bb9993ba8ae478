//! Whose an account is, with a real name service: names of every kind, two names of one user, users
//! who vanish, are renamed, or are given what was somebody else's. Nobody gets in by a name or a uid
//! that was another's, and the log says what to do.

use std::fs;

use otp_bus::{NewDevice, Warrant};
use testbed::{
    Device, Directory, Ended, Invocation, Kind, Method, PROMPT, Result, Sshd, inside, manage,
    pamtester, su, sudo, with_code,
};

use crate::scene::{MODULE, Scene, typed};

/// The usual scene, in which a directory knows further people; the service `nullok` lets in who
/// never enrolled.
pub(crate) fn scene() -> Result<(Scene, Directory)> {
    let mut installed = None;
    let install = || Directory::install().map(|directory| installed = Some(directory));
    let scene = Scene::on(install)?;
    scene.world.stack("nullok", &[&format!("{MODULE} nullok"), "required pam_permit.so"])?;
    installed.map(|directory| (scene, directory)).ok_or_else(|| testbed::Failure::new("none"))
}

/// Enrolls a HOTP device called `token`; its code at counter 1 is unused.
pub(crate) fn member(user: &str) -> Result<Device> {
    let secret: Vec<u8> = user.bytes().chain([b'-'; 20]).take(20).collect();
    let (kind, label) = ("hotp".to_owned(), Some("token".to_owned()));
    let new = NewDevice { kind, label, secret: Some(secret.clone()), ..NewDevice::default() };
    let made = manage(async |proxy| proxy.enroll(user, &Warrant::default(), &new).await)?;
    let device = Device::known(Kind::Hotp, secret);
    let code = device.code(0)?;
    manage(async |proxy| proxy.confirm(user, &made.device, &code).await)?;
    Ok(device)
}

/// `otpctl` by root; the words may hold blanks.
pub(crate) fn otpctl(words: &[&str]) -> Result<Ended> {
    Invocation::of("otpctl").args(words).run()
}

/// The same, which has to exit with this status.
pub(crate) fn exits(words: &[&str], status: i32) -> Result<Ended> {
    let ended = otpctl(words)?;
    assert_eq!(ended.status.code(), Some(status), "{words:?}: {}", ended.output);
    Ok(ended)
}

/// Fails unless this user is asked for a code although the stack lets in who never enrolled, and
/// refused whatever it is.
fn is_kept_out(user: &str, code: &str) -> Result {
    for service in ["otp", "nullok"] {
        typed(&pamtester(service, user), code)?.must_fail()?.must_not_say("successfully")?;
    }
    Ok(())
}

#[test]
fn a_name_of_any_kind_is_one_user() -> Result {
    inside(|| {
        let (scene, directory) = scene()?;
        let long = "x".repeat(256);
        let names = ["DOM\\zoë q", "4711", "host$", "a@b.example", "Ünï Çødé", long.as_str()];
        let people: Vec<_> = (41_000..).zip(names).map(|(uid, name)| (name, name, uid)).collect();
        directory.knows(&people)?;
        for name in names {
            let token = member(name)?;
            typed(&pamtester("otp", name), &token.code(1)?)?.must_succeed()?;
            typed(&pamtester("otp", name), &token.code(1)?)?.must_fail()?;
            let login = su(&scene.world.bob, name);
            let said = format!("logged in as {name}");
            with_code(&login, &token.code(2)?)?.must_succeed()?.must_say(&said)?;
            exits(&["list", "-u", name], 0)?.must_say("token")?;
            exits(&["unlock", "-u", name], 0)?;
        }
        scene.world.log.expect(&["otpd", r#""DOM\\zoë q" accepted by su"#])?;
        scene.world.log.expect(&["otpd", "4711 accepted by otp"])?;
        // Digits are a name and never a uid: this one is that of 4711.
        typed(&pamtester("nullok", "41001"), "000000")?.must_fail()?;
        scene.world.log.expect(&["otpd", "41001 refused by nullok: no such user"])?;
        exits(&["list", "-u", "41001"], 4)?;
        let all = exits(&["list", "--all", "--json"], 0)?;
        for name in names {
            all.must_say(&format!(r#""user":"{}""#, name.replace('\\', "\\\\")))?;
        }
        // One byte more is nobody's name, whatever the directory knows.
        let longer = "x".repeat(257);
        directory.knows(&[(&longer, &longer, 42_000)])?;
        let refused = pamtester("nullok", &longer).run()?;
        refused.must_fail()?.must_not_say("successfully")?;
        Ok(())
    })
}

#[test]
fn another_case_is_the_same_account() -> Result {
    inside(|| {
        let (scene, directory) = scene()?;
        directory.knows(&[("ALICIA", "alicia", 41_001), ("alicia", "alicia", 41_001)])?;
        let token = member("ALICIA")?;
        typed(&pamtester("otp", "ALICIA"), &token.code(1)?)?.must_succeed()?;
        typed(&pamtester("otp", "alicia"), &token.code(1)?)?.must_fail()?.must_say("Authent")?;
        typed(&pamtester("otp", "ALICIA"), &token.wrong_code(2)?)?.must_fail()?;
        typed(&pamtester("otp", "alicia"), &token.wrong_code(2)?)?.must_fail()?;
        scene.world.log.expect(&["otpd", "alicia refused by otp: wrong code, failure 2"])?;
        exits(&["list", "--all"], 0)?.must_say("alicia")?.must_not_say("ALICIA")?;
        exits(&["unlock", "-u", "ALICIA"], 0)?;
        let sshd = Sshd::start(&scene.world)?;
        let login = sshd.login(Method::Keyboard, "ALICIA", &scene.world.bob);
        with_code(&login, &token.code(2)?)?.must_succeed()?.must_say("logged in as alicia")?;
        Ok(())
    })
}

/// As FreeBSD's toor: the second name of a uid has no account of its own, and takes none away.
#[test]
fn a_second_name_of_a_uid_is_no_second_account() -> Result {
    inside(|| {
        let (scene, directory) = scene()?;
        directory.knows(&[("toor", "toor", 0)])?;
        let token = member("root")?;
        is_kept_out("toor", &token.code(1)?)?;
        let why = "toor refused by otp: the user's uid owns the account root";
        scene.world.log.expect(&["otpd", why])?;
        exits(&["enroll", "-u", "toor", "--no-confirm"], 6)?.must_say("root")?;
        exits(&["adopt", "-u", "toor", "--from", "root"], 6)?
            .must_say("root is a user of this system still")?;
        let login = su(&scene.world.alice, "root");
        with_code(&login, &token.code(1)?)?.must_succeed()?.must_say("logged in as root")?;
        Ok(())
    })
}

#[test]
fn who_vanishes_at_the_prompt_is_refused() -> Result {
    inside(|| {
        let (scene, directory) = scene()?;
        let alicia = [("alicia", "alicia", 41_001)];
        directory.knows(&alicia)?;
        let token = member("alicia")?;
        for login in [pamtester("otp", "alicia"), su(&scene.world.bob, "alicia")] {
            scene.world.log.clear();
            let mut dialogue = login.on_pipes()?;
            dialogue.expect(PROMPT)?;
            directory.knows(&[])?;
            dialogue.answer(&token.code(1)?)?;
            dialogue.end()?.must_fail()?.must_not_say("logged in")?;
            scene.world.log.expect(&["otpd", "alicia refused", "no such user"])?;
            directory.knows(&alicia)?;
        }
        typed(&pamtester("otp", "alicia"), &token.code(1)?)?.must_succeed()?;
        Ok(())
    })
}

#[test]
fn who_was_renamed_waits_for_an_administrator() -> Result {
    inside(|| {
        let (scene, directory) = scene()?;
        directory.knows(&[("anna", "anna", 41_001)])?;
        let token = member("anna")?;
        directory.knows(&[("alison", "alison", 41_001)])?;
        let alison = Directory::account("alison", 41_001);
        let rules = fs::read_to_string("/etc/sudoers")?;
        fs::write("/etc/sudoers", format!("{rules}alison ALL=(ALL:ALL) ALL\n"))?;
        is_kept_out("alison", &token.code(1)?)?;
        let told = "renamed: otpctl adopt -u alison --from anna; else: otpctl remove --all -u anna";
        scene.world.log.expect(&["otpd", "alison refused by otp", told])?;
        with_code(&su(&scene.world.bob, "alison"), &token.code(1)?)?.must_fail()?;
        with_code(&sudo(&alison), &token.code(1)?)?.must_fail()?;
        let own = Invocation::of("otpctl").args(["list"]).by(&alison).run()?;
        assert_eq!(own.status.code(), Some(6), "{}", own.output);
        exits(&["adopt", "-u", "alison"], 6)?.must_say("--from anna")?;
        // Nobody but an administrator decides.
        let adopt = Invocation::of("otpctl").args(["adopt", "-u", "alison", "--from", "anna"]);
        let own = adopt.by(&alison).run()?;
        assert_eq!(own.status.code(), Some(3), "{}", own.output);

        exits(&["adopt", "-u", "alison", "--from", "anna"], 0)?.must_say("token")?;
        let done = "uid 0 gave account anna of uid 41001 to uid 41001 for alison";
        scene.world.log.expect(&["otpd", done])?;
        typed(&pamtester("nullok", "alison"), &token.code(0)?)?.must_fail()?;
        with_code(&sudo(&alison), &token.code(1)?)?.must_succeed()?.must_say("as root")?;
        let scene = scene.after_a_crash()?;
        typed(&pamtester("otp", "alison"), &token.code(1)?)?.must_fail()?;
        let login = su(&scene.world.bob, "alison");
        with_code(&login, &token.code(2)?)?.must_succeed()?.must_say("logged in as alison")?;
        exits(&["list", "--all"], 0)?.must_not_say("anna")?;
        Ok(())
    })
}

/// Mallory is given the uid of anna, who is gone: the account is neither mallory's nor in the way.
#[test]
fn a_recycled_uid_brings_no_account_with_it() -> Result {
    inside(|| {
        let (scene, directory) = scene()?;
        directory.knows(&[("anna", "anna", 41_001)])?;
        let token = member("anna")?;
        directory.knows(&[("mallory", "mallory", 41_001)])?;
        is_kept_out("mallory", &token.code(1)?)?;
        is_kept_out("anna", &token.code(1)?)?;
        exits(&["enroll", "-u", "mallory", "--no-confirm"], 6)?.must_say("remove --all -u anna")?;
        exits(&["unlock", "-u", "anna"], 4)?;
        exits(&["remove", "-u", "anna", "--all"], 2)?;
        exits(&["remove", "-u", "anna", "--all", "--yes"], 0)?.must_say("1 device")?;
        let gone = "uid 0 removed the account (uid 41001, enrolled, hotp/";
        scene.world.log.expect(&["otpd", gone, "for anna"])?;
        exits(&["remove", "-u", "anna", "--all", "--yes"], 4)?;
        typed(&pamtester("otp", "mallory"), &token.code(1)?)?.must_fail()?;
        let own = member("mallory")?;
        typed(&pamtester("nullok", "mallory"), &own.code(1)?)?.must_succeed()?;
        Ok(())
    })
}

/// Another anna is given the name, and carol the uid of the first one.
#[test]
fn a_recycled_name_brings_no_account_with_it() -> Result {
    inside(|| {
        let (scene, directory) = scene()?;
        directory.knows(&[("anna", "anna", 41_001)])?;
        let token = member("anna")?;
        directory.knows(&[("anna", "anna", 41_002), ("carol", "carol", 41_001)])?;
        for user in ["anna", "carol"] {
            is_kept_out(user, &token.code(1)?)?;
        }
        let why = "the account belongs to uid 41001, which is not the user's; the same person: \
                   otpctl adopt -u anna; else: otpctl remove --all -u anna";
        scene.world.log.expect(&["otpd", "anna refused by otp", why])?;
        exits(&["adopt", "-u", "carol", "--from", "anna"], 6)?.must_say("anna is a user")?;
        let adopted = exits(&["adopt", "-u", "anna"], 0)?;
        adopted
            .must_say("is that of anna (uid 41002) now")?
            .must_say("uid 41001 is carol's now")?;
        exits(&["adopt", "-u", "anna"], 6)?.must_say("nothing to do")?;
        typed(&pamtester("otp", "anna"), &token.code(1)?)?.must_succeed()?;
        typed(&pamtester("otp", "carol"), &token.code(2)?)?.must_fail()?;
        scene.world.log.expect(&["otpd", "carol refused by otp: no confirmed device"])?;
        Ok(())
    })
}
