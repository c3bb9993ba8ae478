//! The administrator's rules at real logins: what they demand, what they let pass, and what becomes
//! of a login that they cannot decide.

use testbed::{Directory, Failure, Fault, Invocation, PROMPT, Result, inside, pamtester};

use crate::scene::{Scene, token, typed};

const RULES: &str = r#"
    [[rule]]
    name = "kiosk"
    service = ["kiosk"]
    require = "none"
    [[rule]]
    name = "office"
    service = ["sshd"]
    from = ["192.0.2.0/24"]
    require = "code"
    methods = ["totp"]
    [[rule]]
    name = "no root from afar"
    service = ["sshd"]
    user = ["root"]
    require = "deny"
    [[rule]]
    name = "whoever has a device"
    service = ["otp"]
    require = "enrolled"
    [[rule]]
    name = "staff"
    service = ["staff"]
    group = ["users-of-otp"]
    require = "none"
"#;

fn scene() -> Result<Scene> {
    let scene = Scene::configured(RULES)?;
    for service in ["kiosk", "staff"] {
        scene.world.stack(service, &["requisite pam_otp.so", "required pam_permit.so"])?;
    }
    scene.world.stack("otp", &["requisite pam_otp.so", "required pam_permit.so"])?;
    Ok(scene)
}

/// Whether a login at a service, from a host, gets in with a code.
fn login(service: &str, user: &str, host: &str, code: &str) -> Result<bool> {
    let host = format!("rhost={host}");
    let tester = Invocation::of("pamtester").args(["-I", &host, service, user, "authenticate"]);
    Ok(typed(&tester, code)?.status.success())
}

#[test]
fn who_is_exempt_is_not_asked_and_the_log_names_the_rule() -> Result {
    inside(|| {
        let scene = scene()?;
        let ended = pamtester("kiosk", "alice").run()?;
        ended.must_succeed()?.must_not_say(PROMPT)?;
        scene.world.log.expect(&["otpd", "alice", "passed by kiosk", "rule \"kiosk\""])?;
        // It opens no other service, and a code is none the less spent where it is asked for.
        typed(&pamtester("su", "alice"), &scene.wrong()?)?.must_fail()?;
        Ok(())
    })
}

#[test]
fn who_has_no_device_passes_where_only_the_enrolled_are_asked() -> Result {
    inside(|| {
        let scene = scene()?;
        pamtester("otp", "bob").run()?.must_succeed()?.must_not_say(PROMPT)?;
        scene.world.log.expect(&["otpd", "bob", "passed by otp", "whoever has a device"])?;
        typed(&pamtester("otp", "alice"), &scene.wrong()?)?.must_fail()?;
        typed(&pamtester("otp", "alice"), &scene.code()?)?.must_succeed()?;
        Ok(())
    })
}

#[test]
fn a_denied_login_is_asked_like_any_other() -> Result {
    inside(|| {
        let scene = scene()?;
        let root = token("root")?;
        assert!(!login("sshd", "root", "198.51.100.7", &root.code(1)?)?);
        scene.world.log.expect(&["otpd", "root refused by sshd", "rule \"no root from afar\""])?;
        // Its code is not spent by that.
        assert!(login("su", "root", "", &root.code(1)?)?);
        Ok(())
    })
}

#[test]
fn a_host_that_has_only_a_name_is_denied_where_networks_decide() -> Result {
    inside(|| {
        let scene = scene()?;
        assert!(!login("sshd", "alice", "pc.example", &scene.code()?)?);
        scene.world.log.expect(&["otpd", "\"office\" cannot be decided", "no numeric address"])?;
        assert!(login("sshd", "alice", "::ffff:192.0.2.7", &scene.code()?)?);
        Ok(())
    })
}

#[test]
fn a_device_of_another_kind_does_not_count() -> Result {
    inside(|| {
        let scene = scene()?;
        let other = token("alice")?;
        assert!(!login("sshd", "alice", "192.0.2.7", &other.code(1)?)?);
        assert!(login("su", "alice", "", &other.code(1)?)?);
        assert!(login("sshd", "alice", "192.0.2.7", &scene.code()?)?);
        Ok(())
    })
}

#[test]
fn groups_are_those_of_the_user_database() -> Result {
    inside(|| {
        let scene = scene()?;
        typed(&pamtester("staff", "alice"), &scene.wrong()?)?.must_fail()?;
        let group = std::fs::read_to_string("/etc/group")?;
        std::fs::write("/etc/group", format!("{group}users-of-otp:x:49999:alice\n"))?;
        pamtester("staff", "alice").run()?.must_succeed()?.must_not_say(PROMPT)?;
        typed(&pamtester("staff", "bob"), "000000")?.must_fail()?;
        Ok(())
    })
}

/// What is told of each login is what then becomes of it.
#[test]
fn what_decides_is_told_before_anybody_logs_in() -> Result {
    inside(|| {
        let scene = scene()?;
        let explain = |user: &str, service: &str, host: &str| {
            let explain = Invocation::of("otpctl").args(["explain", "-u", user, service]);
            explain.args(["--from", host]).run()
        };
        let office = explain("alice", "sshd", "192.0.2.7")?;
        office.must_succeed()?.must_say("\"kiosk\" does not fit: service")?;
        office.must_say("rule \"office\": a code is demanded, of totp")?;
        office.must_say("PAM_SUCCESS to a right code")?;
        assert!(login("sshd", "alice", "192.0.2.7", &scene.code()?)?);
        explain("alice", "sshd", "pc.example")?.must_say("\"office\" cannot be decided")?;
        assert!(!login("sshd", "alice", "pc.example", "000000")?);
        explain("root", "sshd", "::1")?.must_say("denied, whatever is typed: rule \"no root")?;
        assert!(!login("sshd", "root", "::1", "000000")?);
        explain("bob", "otp", "")?.must_say("rule \"whoever has a device\": nothing")?;
        pamtester("otp", "bob").run()?.must_succeed()?.must_not_say(PROMPT)?;
        explain("bob", "su", "")?.must_say("bob has no confirmed device")?;
        explain("alice", "staff", "")?.must_say("\"staff\" cannot be decided")?;
        scene.world.group("users-of-otp", &[&scene.world.alice])?;
        explain("alice", "staff", "")?.must_say("rule \"staff\": nothing is demanded")?;
        pamtester("staff", "alice").run()?.must_succeed()?.must_not_say(PROMPT)?;
        // Her own or not: the rules are the administrator's.
        for (user, by) in [("alice", &scene.world.alice), ("bob", &scene.world.alice)] {
            let ended =
                Invocation::of("otpctl").args(["explain", "-u", user, "sshd"]).by(by).run()?;
            assert_eq!(ended.status.code(), Some(3), "{}", ended.output);
            ended.must_not_say("kiosk")?;
        }
        scene.world.log.expect(&["uid 40001 may not see the rules for alice"])?;
        Ok(())
    })
}

const CONTRACTORS: &str = r#"
    [[rule]]
    name = "console"
    service = ["su"]
    require = "none"
    [[rule]]
    name = "contractors stay out"
    group = ["contractors"]
    require = "deny"
    [[rule]]
    name = "everybody else"
    service = ["otp"]
    require = "none"
"#;

/// libc does not say that a directory did not answer: whoever was denied by one of its groups must
/// not be let in by the next rule while it is down.
#[test]
fn a_directory_that_is_down_opens_no_rule_behind_one_about_its_groups() -> Result {
    inside(|| {
        let mut installed = None;
        let install = || {
            let directory = Directory::install()?;
            Directory::serve_groups()?;
            installed = Some(directory);
            Ok(())
        };
        let scene = Scene::configured_on(CONTRACTORS, install)?;
        let mut directory = installed.ok_or_else(|| Failure::new("no directory"))?;
        for service in ["otp", "su"] {
            scene.world.stack(service, &["requisite pam_otp.so", "required pam_permit.so"])?;
        }
        let denied = |user: &str| -> Result {
            typed(&pamtester("otp", user), "000000")?.must_fail()?.must_not_say("successfully")?;
            Ok(())
        };
        let passes = |service: &str, user: &str| -> Result {
            pamtester(service, user).run()?.must_succeed()?.must_not_say(PROMPT)?;
            Ok(())
        };
        passes("otp", "bob")?;
        denied("alice")?;
        scene.world.log.expect(&["otpd", "alice refused by otp", "\"contractors stay out\""])?;
        for fault in
            [Fault::Unavailable(nix::libc::ECONNREFUSED), Fault::TryAgain(nix::libc::ENOENT)]
        {
            directory.fails(fault)?;
            denied("alice")?;
            denied("bob")?;
            // A rule that decides without groups does.
            passes("su", "alice")?;
            directory.recovers()?;
        }
        scene.world.log.expect(&["\"contractors stay out\" cannot be decided"])?;
        directory.hangs()?;
        denied("bob")?;
        passes("su", "alice")?;
        directory.goes_on();
        passes("otp", "bob")?;
        Ok(())
    })
}

/// A file with a mistake keeps the daemon from starting, and the mistake is named.
#[test]
fn what_is_odd_about_rules_is_said_beforehand() -> Result {
    inside(|| {
        let scene = scene()?;
        let check = Invocation::of("otpd").arg("--check");
        check.run()?.must_succeed()?.must_say("rule \"kiosk\" lets in without a code")?;
        check.run()?.must_say("there is no group \"users-of-otp\", so that it denies")?;
        scene.world.group("users-of-otp", &[&scene.world.alice])?;
        check.run()?.must_not_say("users-of-otp")?;
        scene
            .world
            .configure("[[rule]]\nname = 'x'\nfrom = ['192.0.2.7/24']\nrequire = 'code'\n")?;
        check.run()?.must_fail()?.must_say("rule \"x\"")?.must_say("write 192.0.2.0/24")?;
        Ok(())
    })
}
