//! Enrolling at the prompt of a login, by real hosts: the device counts once the login as a whole has
//! succeeded, and never otherwise; whoever has no password sees at most a secret that never counts.

use std::fs;

use data_encoding::BASE32_NOPAD;
use testbed::{
    Account, Context, Device, Dialogue, Ended, Invocation, Kind, Method, PASSWORD, PROMPT, Result,
    Sshd, inside, manage, su,
};

use crate::scene::{MODULE, STEP, Scene};

/// Whoever has no device gets one, until long after the tests.
const DEMANDED: &str = "issuer = 'host'
[[rule]]
name = 'all get one'
require = 'code'
enroll = 'require'
enroll_by = 2999-12-31
";
/// What stands at the end of a prompt for a code of the new device.
const CODE: &str = "\nCode: ";
/// What stands at the end of the recovery codes.
const CODES: &str = "press Enter: ";
/// What a host's login says once it is in.
const IN: &str = "logged in as";

/// A stack: a password where it is said how, the module, and an account line of ours where one is.
fn stack(service: &str, auth: &[&str], account: &[&str]) -> Result {
    let auth = auth.iter().map(|line| format!("auth {line}\n"));
    let account = account.iter().map(|line| format!("account {line}\n"));
    let rest = "account required pam_unix.so\nsession required pam_permit.so\n";
    let text: String = auth.chain(account).collect();
    fs::write(format!("/etc/pam.d/{service}"), text + rest).context(service)
}

/// The stack of a host that does as the manual says.
fn usual(service: &str) -> Result {
    stack(service, &["requisite pam_unix.so", MODULE], &["required pam_otp.so"])
}

fn scene(toml: &str) -> Result<Scene> {
    let scene = Scene::configured(toml)?;
    for service in ["sshd", "sudo", "su", "login"] {
        usual(service)?;
    }
    Ok(scene)
}

/// The device whose key a prompt shows.
fn shown(dialogue: &Dialogue) -> Result<Device> {
    let (_, rest) = dialogue.heard().rsplit_once("Key: ").context("no key is shown")?;
    let key: String = rest.lines().next().unwrap_or_default().split(' ').collect();
    let secret = BASE32_NOPAD.decode(key.as_bytes()).context("the key")?;
    Ok(Device::known(Kind::Totp, secret))
}

/// The recovery codes that were shown.
fn recovery(dialogue: &Dialogue) -> Vec<String> {
    let is_code = |word: &&str| word.len() == 9 && word.as_bytes().get(4) == Some(&b'-');
    dialogue.heard().split_whitespace().filter(is_code).map(str::to_owned).collect()
}

/// A login as far as the question for a code of the new device.
fn begun(login: &Invocation) -> Result<(Dialogue, Device)> {
    let mut dialogue = login.on_terminal()?;
    dialogue.expect("assword")?.answer_hidden(PASSWORD)?;
    dialogue.expect(CODE)?;
    let device = shown(&dialogue)?;
    Ok((dialogue, device))
}

/// A login that enrolls; what it was shown.
fn enrolled(login: &Invocation, scene: &Scene) -> Result<(Ended, Device, Vec<String>)> {
    let (mut dialogue, device) = begun(login)?;
    dialogue.answer_hidden(&device.code(scene.clock.now())?)?;
    dialogue.expect(CODES)?;
    let codes = recovery(&dialogue);
    dialogue.answer_hidden("")?;
    Ok((dialogue.end()?, device, codes))
}

/// A login with password and code, up to its end.
fn both(login: &Invocation, code: &str) -> Result<Ended> {
    with_both(login, code)?.end()
}

fn with_both(login: &Invocation, code: &str) -> Result<Dialogue> {
    let mut dialogue = login.on_terminal()?;
    dialogue.expect("assword")?.answer_hidden(PASSWORD)?;
    dialogue.expect(PROMPT)?.answer_hidden(code)?;
    Ok(dialogue)
}

/// The same of one that the daemon refuses with these words. Some hosts would ask once more.
fn refused(login: &Invocation, code: &str, scene: &Scene, why: &str) -> Result {
    scene.world.log.clear();
    let dialogue = with_both(login, code)?;
    scene.world.log.expect(&["otpd", "bob refused by", why])?;
    assert!(!dialogue.heard().contains(IN), "{}", dialogue.heard());
    Ok(())
}

fn confirmed(user: &str) -> Result<u32> {
    manage(async |proxy| proxy.status(user).await).map(|status| status.devices)
}

/// An ssh to bob, which says what its session knows.
fn ssh(sshd: &Sshd, by: &Account) -> Invocation {
    sshd.client("ssh", Method::Keyboard, by)
        .args(["-o", "NumberOfPasswordPrompts=1", "bob@127.0.0.1"])
        .args(["echo logged in as $(id -un); env"])
}

fn sudo(by: &Account) -> Invocation {
    Invocation::of("sudo").args(["-k", "sh", "-c", "echo logged in as $(id -un); env"]).by(by)
}

/// Enrolls by a login and logs in again, by code and recovery code.
fn prove(login: &Invocation, scene: &Scene, service: &str) -> Result {
    let (ended, device, codes) = enrolled(login, scene)?;
    ended.must_succeed()?.must_say(IN)?.must_not_say("OTPD_ENROLMENT")?;
    scene.world.log.expect(&["otpd", "bob enrolled by", service, "counts now"])?;
    assert_eq!((codes.len(), confirmed("bob")?), (10, 2), "{}", ended.output);
    let code = device.code(scene.clock.now())?;
    refused(login, &code, scene, "used")?;
    scene.clock.advance(STEP)?;
    both(login, &device.code(scene.clock.now())?)?.must_succeed()?.must_say(IN)?;
    let spare = codes.first().context("no recovery code")?;
    both(login, spare)?.must_succeed()?.must_say(IN)?;
    Ok(())
}

#[test]
fn by_ssh() -> Result {
    inside(|| {
        let scene = scene(DEMANDED)?;
        let sshd = Sshd::start(&scene.world)?;
        prove(&ssh(&sshd, &scene.world.alice), &scene, "sshd")
    })
}

#[test]
fn by_sudo() -> Result {
    inside(|| {
        let scene = scene(DEMANDED)?;
        prove(&sudo(&scene.world.bob), &scene, "sudo")
    })
}

#[test]
fn by_su() -> Result {
    inside(|| {
        let scene = scene(DEMANDED)?;
        prove(&su(&scene.world.alice, "bob"), &scene, "su")
    })
}

#[test]
fn by_login() -> Result {
    inside(|| {
        let scene = scene(DEMANDED)?;
        fs::write(
            scene.world.bob.home().join(".bash_profile"),
            "echo logged in as $(id -un)\nexit\n",
        )?;
        prove(&Invocation::of("login").arg("bob").env("TERM", "dumb"), &scene, "login")
    })
}

/// What sshd hands on of a long text is whole, and drawn in what the client's locale can show.
fn drawn(form: &str, locale: &str, ink: &[char]) -> Result {
    let scene = scene(&format!("{DEMANDED}[prompt]\nqr = '{form}'\n"))?;
    let sshd = Sshd::start(&scene.world)?;
    let login = ssh(&sshd, &scene.world.alice).env("LC_ALL", locale);
    let (dialogue, _) = begun(&login)?;
    let lines: Vec<&str> = dialogue.heard().lines().filter(|line| line.starts_with(ink)).collect();
    let side = lines.first().map_or(0, |line| line.chars().count());
    assert!((20..=80).contains(&side) && lines.len() >= 20, "{}", dialogue.heard());
    assert!(lines.iter().all(|line| line.chars().count() == side), "{}", dialogue.heard());
    assert!(!dialogue.heard().contains('\\'), "{}", dialogue.heard());
    Ok(())
}

#[test]
fn the_code_to_scan_is_whole_in_block_elements() -> Result {
    inside(|| drawn("utf8", "C.UTF-8", &['█', '▀', '▄']))
}

#[test]
fn the_code_to_scan_is_whole_in_ascii_where_the_locale_has_no_more() -> Result {
    inside(|| drawn("ascii", "C", &['#']))
}

/// Whoever knows no more than a name may see a secret where a stack goes on behind a failed password,
/// and make a code of it: it never counts.
#[test]
fn without_the_password_nothing_counts() -> Result {
    inside(|| {
        let scene = scene(DEMANDED)?;
        for service in ["sshd", "su"] {
            stack(service, &["required pam_unix.so", MODULE], &["required pam_otp.so"])?;
        }
        let sshd = Sshd::start(&scene.world)?;
        for login in [ssh(&sshd, &scene.world.alice), su(&scene.world.alice, "bob")] {
            let mut dialogue = login.on_terminal()?;
            dialogue.expect("assword")?.answer_hidden("a guess")?;
            dialogue.expect(CODE)?;
            let device = shown(&dialogue)?;
            dialogue.answer_hidden(&device.code(scene.clock.now())?)?;
            dialogue.expect(CODES)?.answer_hidden("")?;
            dialogue.end()?.must_fail()?.must_not_say(IN)?;
            let known = manage(async |proxy| proxy.list("bob", otp_bus::DeviceFilter::All).await)?;
            assert!(known.is_empty(), "{known:?}");
            // The owner is not kept from enrolling, by whatever waits.
            let owner = su(&scene.world.alice, "bob");
            let (open, _) = begun(&owner)?;
            open.interrupt()?.must_fail()?;
        }
        let owner = su(&scene.world.alice, "bob");
        let (ended, ..) = enrolled(&owner, &scene)?;
        ended.must_succeed()?.must_say(IN)?;
        Ok(())
    })
}

/// Where nothing would ever count, nothing is shown.
#[test]
fn without_an_account_line_nobody_enrolls() -> Result {
    inside(|| {
        let scene = scene(DEMANDED)?;
        for service in ["sshd", "sudo", "su", "login"] {
            stack(service, &["requisite pam_unix.so", MODULE], &[])?;
        }
        let sshd = Sshd::start(&scene.world)?;
        let hosts = [
            (ssh(&sshd, &scene.world.alice), "sshd"),
            (su(&scene.world.alice, "bob"), "su"),
            (Invocation::of("login").arg("bob").env("TERM", "dumb"), "login"),
            (sudo(&scene.world.bob), "sudo"),
        ];
        for (login, service) in hosts {
            let mut dialogue = login.on_terminal()?;
            dialogue.expect("assword")?.answer_hidden(PASSWORD)?;
            let missing = format!("/etc/pam.d/{service} has no account line of pam_otp");
            scene.world.log.expect(&["pam_otp", &missing])?;
            assert!(!dialogue.heard().contains("Key: "), "{}", dialogue.heard());
        }
        assert_eq!(confirmed("bob").unwrap_or(0), 0);
        Ok(())
    })
}

/// A line that another one could skip is none.
#[test]
fn an_account_line_that_could_be_skipped_is_none() -> Result {
    inside(|| {
        let scene = scene(DEMANDED)?;
        let skipped = ["sufficient pam_permit.so", "required pam_otp.so"];
        for service in ["su", "sudo"] {
            stack(service, &["requisite pam_unix.so", MODULE], &skipped)?;
        }
        for login in [su(&scene.world.alice, "bob"), sudo(&scene.world.bob)] {
            scene.world.log.clear();
            let mut dialogue = login.on_terminal()?;
            dialogue.expect("assword")?.answer_hidden(PASSWORD)?;
            scene.world.log.expect(&["pam_otp", "may skip the one of pam_otp"])?;
            assert!(!dialogue.heard().contains("Key: "), "{}", dialogue.heard());
        }
        Ok(())
    })
}

/// A line that is in the file and does not run, as the stack was read before: the login is stopped behind
/// it, in sshd by its process without privileges' environment. sudo would go on: it passes over what
/// credentials say.
#[test]
fn what_the_account_phase_does_not_settle_goes_no_further() -> Result {
    inside(|| {
        let scene = scene(DEMANDED)?;
        fs::write(scene.world.bob.home().join(".bash_profile"), "echo logged in as bob\nexit\n")?;
        let sshd = Sshd::start(&scene.world)?;
        let hosts = [
            (ssh(&sshd, &scene.world.alice), "sshd"),
            (su(&scene.world.alice, "bob"), "su"),
            (Invocation::of("login").arg("bob").env("TERM", "dumb"), "login"),
        ];
        for (login, service) in hosts {
            stack(service, &["requisite pam_unix.so", MODULE], &[])?;
            let mut dialogue = login.on_terminal()?;
            dialogue.expect("assword")?;
            usual(service)?;
            dialogue.answer_hidden(PASSWORD)?.expect(CODE)?;
            let device = shown(&dialogue)?;
            dialogue.answer_hidden(&device.code(scene.clock.now())?)?.expect(CODES)?;
            dialogue.answer_hidden("")?;
            let ended = dialogue.end()?;
            assert!(!ended.output.contains(IN), "{service}: {}", ended.output);
            scene.world.log.expect(&["pam_otp", service, "account line of pam_otp did not run"])?;
            let known = manage(async |proxy| proxy.list("bob", otp_bus::DeviceFilter::All).await)?;
            assert!(known.is_empty(), "{service}: {known:?}");
        }
        Ok(())
    })
}

/// Whoever gives up, is cut off, or types nonsense leaves nothing behind.
#[test]
fn what_is_given_up_is_gone() -> Result {
    inside(|| {
        let scene = scene(DEMANDED)?;
        let sshd = Sshd::start(&scene.world)?;
        let hosts =
            [ssh(&sshd, &scene.world.alice), su(&scene.world.alice, "bob"), sudo(&scene.world.bob)];
        for login in hosts {
            let (dialogue, _) = begun(&login)?;
            dialogue.interrupt()?.must_fail()?.must_not_say(IN)?;
            let (mut dialogue, device) = begun(&login)?;
            dialogue.answer_hidden(&device.code(scene.clock.now())?)?;
            dialogue.expect(CODES)?;
            dialogue.interrupt()?.must_fail()?.must_not_say(IN)?;
            let known = manage(async |proxy| proxy.list("bob", otp_bus::DeviceFilter::All).await)?;
            assert!(known.is_empty(), "{known:?}");
        }
        let (mut dialogue, device) = begun(&su(&scene.world.alice, "bob"))?;
        let wrong = device.wrong_code(scene.clock.now())?;
        for _ in 0..2 {
            dialogue.answer_hidden(&wrong)?.expect("no code of it")?.expect(CODE)?;
        }
        dialogue.answer_hidden(&wrong)?;
        dialogue.end()?.must_fail()?.must_not_say(IN)?;
        scene.world.log.expect(&[
            "otpd",
            "bob refused",
            "wrong code of a device to be enrolled",
        ])?;
        Ok(())
    })
}

/// Two of one user at once: each has its own, the first one that ends counts, and the other's never does.
#[test]
fn of_two_logins_one_counts() -> Result {
    inside(|| {
        let scene = scene(DEMANDED)?;
        let login = su(&scene.world.alice, "bob");
        let (mut first, mine) = begun(&login)?;
        let (mut second, other) = begun(&login)?;
        second.answer_hidden(&mine.code(scene.clock.now())?)?.expect("no code of it")?;
        for (dialogue, device) in [(&mut first, &mine), (&mut second, &other)] {
            dialogue.answer_hidden(&device.code(scene.clock.now())?)?.expect(CODES)?;
        }
        second.answer_hidden("")?;
        second.end()?.must_succeed()?.must_say(IN)?;
        first.answer_hidden("")?;
        first.end()?.must_fail()?.must_not_say(IN)?;
        scene.world.log.expect(&["otpd", "bob refused", "was enrolled meanwhile"])?;
        scene.clock.advance(STEP)?;
        refused(&login, &mine.code(scene.clock.now())?, &scene, "wrong")?;
        both(&login, &other.code(scene.clock.now())?)?.must_succeed()?.must_say(IN)?;
        Ok(())
    })
}

/// What is under way ends with the daemon: nothing of it was ever stored.
#[test]
fn a_restart_ends_what_is_under_way() -> Result {
    inside(|| {
        let mut scene = scene(DEMANDED)?;
        let login = su(&scene.world.alice, "bob");
        let (mut early, device) = begun(&login)?;
        let (mut late, other) = begun(&login)?;
        late.answer_hidden(&other.code(scene.clock.now())?)?.expect(CODES)?;
        scene = scene.after_a_crash()?;
        early.answer_hidden(&device.code(scene.clock.now())?)?;
        early.end()?.must_fail()?.must_not_say(IN)?;
        late.answer_hidden("")?;
        late.end()?.must_fail()?.must_not_say(IN)?;
        scene.world.log.expect(&["otpd", "bob refused", "no such enrolment is under way"])?;
        let (ended, device, _) = enrolled(&login, &scene)?;
        ended.must_succeed()?;
        let scene = scene.after_a_crash()?;
        scene.clock.advance(STEP)?;
        both(&login, &device.code(scene.clock.now())?)?.must_succeed()?.must_say(IN)?;
        Ok(())
    })
}

/// An offer that is declined is none; and who has a device is asked for its code.
#[test]
fn an_offer_may_be_declined() -> Result {
    inside(|| {
        let toml = DEMANDED
            .replace("'code'", "'enrolled'")
            .replace("enroll = 'require'", "enroll = 'offer'");
        let scene = scene(&toml)?;
        let login = su(&scene.world.alice, "bob");
        let (mut dialogue, _) = begun(&login)?;
        dialogue.answer_hidden("")?;
        dialogue.end()?.must_succeed()?.must_say(IN)?;
        scene.world.log.expect(&["otpd", "bob gave up to enroll"])?;
        prove(&login, &scene, "su")
    })
}

/// Behind the last day an invitation is what counts, and without one nobody enrolls.
#[test]
fn behind_the_last_day_an_invitation_counts() -> Result {
    inside(|| {
        let scene = scene(&DEMANDED.replace("2999-12-31", "2020-12-31"))?;
        let login = su(&scene.world.alice, "bob");
        refused(&login, "123456", &scene, "no confirmed device")?;
        scene.world.log.expect(&["otpd", "bob", "lets nobody enroll", "otpctl invite -u bob"])?;
        let ended = Invocation::of("otpctl").args(["invite", "-u", "bob"]).run()?;
        let token = ended.output.split_whitespace().find(|word| word.matches('-').count() == 5);
        let token = token.context("no token")?.to_owned();
        for typed in ["aaaa-bbbb-cccc-dddd-eeee-ffff", ""] {
            let mut dialogue = login.on_terminal()?;
            dialogue.expect("assword")?.answer_hidden(PASSWORD)?;
            dialogue.expect("Invitation: ")?.answer_hidden(typed)?;
            dialogue.end()?.must_fail()?.must_not_say("Key: ")?;
        }
        scene.world.log.expect(&["otpd", "bob", "wrong code, failure 1 in lane local"])?;
        let mut dialogue = login.on_terminal()?;
        dialogue.expect("assword")?.answer_hidden(PASSWORD)?;
        dialogue.expect("Invitation: ")?.answer_hidden(&token)?;
        dialogue.expect(CODE)?;
        let device = shown(&dialogue)?;
        dialogue.answer_hidden(&device.code(scene.clock.now())?)?;
        dialogue.expect(CODES)?.answer_hidden("")?;
        dialogue.end()?.must_succeed()?.must_say(IN)?;
        let status = manage(async |proxy| proxy.status("bob").await)?;
        assert_eq!((status.devices, status.invited_until), (2, None));
        assert_eq!(scene.world.log.settled()?.count(&[&token]), 0);
        Ok(())
    })
}
