//! Codes that are sent, by a command: who gets one, who is told what, what is recorded before it
//! goes, and what a provider that fails or hangs does to others.

use std::fs;

use testbed::{
    CHANNELS, Delivery, Ended, Invocation, Method, Provider, Result, Sshd, enroll_address, inside,
    manage, pamtester, provide, su, sudo,
};

use crate::scene::{MODULE, Scene, token};

/// The prompt where `sms` and `email` are configured.
const OFFER: &str = "One-time code (or type email or sms): ";
const SENT: &str = "a code is on its way";
const NUMBER: &str = "+4915123456742";

struct Mail {
    delivery: Delivery,
    scene: Scene,
}

impl Mail {
    fn new(more: &str) -> Result<Self> {
        let scene = Scene::configured(&format!("{more}\n{CHANNELS}"))?;
        let delivery = Delivery::start(&scene.world)?;
        Ok(Self { delivery, scene })
    }

    /// Enrolls and confirms a number; that was the first message.
    fn number(&self, user: &str, number: &str) -> Result<String> {
        let id = enroll_address(user, "sms", number)?;
        let code = self.delivery.code(self.delivery.count()?.max(1))?;
        manage(async |proxy| proxy.confirm(user, &id, &code).await)?;
        Ok(id)
    }
}

/// Types each of these at the prompt, one after the other, the last of which ends it.
fn types(login: &Invocation, answers: &[&str]) -> Result<Ended> {
    let mut dialogue = login.on_terminal()?;
    for answer in answers {
        dialogue.expect(OFFER)?.answer(answer)?;
    }
    if dialogue.says(OFFER)? { dialogue.interrupt() } else { dialogue.end() }
}

#[test]
fn who_has_nothing_else_gets_a_code_without_asking_over_ssh() -> Result {
    inside(|| {
        let mail = Mail::new("")?;
        mail.number("bob", NUMBER)?;
        let sshd = Sshd::start(&mail.scene.world)?;
        let login = sshd.login(Method::Keyboard, "bob", &mail.scene.world.alice);
        let mut dialogue = login.on_terminal()?;
        dialogue.expect(OFFER)?;
        let code = mail.delivery.code(2)?;
        dialogue.answer(&code)?;
        dialogue.end()?.must_succeed()?.must_say("logged in as bob")?;
        mail.scene.world.log.expect(&["otpd", "bob is sent a code", "sms to •••42"])?;
        let log = mail.scene.world.log.text();
        assert!(!log.contains(NUMBER) && !log.contains(&code), "{log}");
        let message = mail.delivery.message(2)?;
        assert!(message.contains(NUMBER) && message.contains("\"user\":\"bob\""), "{message}");
        // Once is once.
        types(&login, &[&code])?.must_fail()?.must_not_say("logged in")?;
        Ok(())
    })
}

#[test]
fn who_has_more_gets_one_by_a_word_at_ssh_sudo_and_su() -> Result {
    inside(|| {
        let mail = Mail::new("")?;
        mail.number("alice", NUMBER)?;
        let world = &mail.scene.world;
        let sshd = Sshd::start(world)?;
        let logins = [
            sshd.login(Method::Keyboard, "alice", &world.bob),
            sudo(&world.alice),
            su(&world.bob, "alice"),
        ];
        for (number, login) in (2..).zip(logins) {
            let mut dialogue = login.on_terminal()?;
            dialogue.expect(OFFER)?.answer("sms")?;
            dialogue.expect(SENT)?.expect(OFFER)?;
            let code = mail.delivery.code(number)?;
            assert_eq!(mail.delivery.count()?, number, "none but those that were asked for");
            dialogue.answer(&code)?;
            dialogue.end()?.must_succeed()?.must_say("logged in as")?;
        }
        Ok(())
    })
}

#[test]
fn strangers_are_offered_and_told_the_same() -> Result {
    inside(|| {
        let mail = Mail::new("[[rule]]\nname = 'no demo'\nuser = ['demo']\nrequire = 'deny'")?;
        mail.number("alice", NUMBER)?;
        mail.number("demo", "+4915123456743")?;
        let sshd = Sshd::start(&mail.scene.world)?;
        let mut seen = Vec::new();
        // Enrolled; known but not enrolled; denied; unknown.
        for user in ["alice", "bob", "demo", "nobody-here"] {
            let login = sshd.login(Method::Keyboard, user, &mail.scene.world.bob);
            // sshd tells what is no user's answer by its length alone.
            for word in ["sms", "xyz", "emaiL"] {
                let ended = types(&login, &[word, "0000000000"])?;
                ended.must_fail()?.must_say(SENT)?.must_not_say("logged in")?;
                seen.push((ended.status.code(), ended.output.replace(user, "USER")));
            }
            let ended = types(&login, &["four", "0000000000"]);
            assert!(ended.is_err(), "{user} was asked again for nothing");
        }
        for other in &seen[1..] {
            assert_eq!(seen[0], *other);
        }
        mail.delivery.code(3)?;
        assert_eq!(mail.delivery.count()?, 3, "to alice alone, beside the two that confirmed");
        Ok(())
    })
}

#[test]
fn a_code_counts_up_to_the_second_before_its_end_and_another_comes_after_a_minute() -> Result {
    inside(|| {
        let mail = Mail::new("")?;
        let device = mail.number("bob", NUMBER)?;
        let (clock, tester) = (&mail.scene.clock, pamtester("otp", "bob"));
        let send = || manage(async |proxy| proxy.send("bob", &device).await);
        let typed = |code: &str| -> Result<Ended> {
            let mut dialogue = tester.on_pipes()?;
            dialogue.expect(OFFER)?.answer(code)?;
            dialogue.end()
        };
        for (after, counts) in [(299, true), (300, false)] {
            send()?;
            let code = mail.delivery.code(mail.delivery.count()?)?;
            clock.advance(after)?;
            let checked = manage_verify("bob", &code)?;
            assert_eq!(checked, counts, "{after}");
            clock.advance(3600)?;
        }
        send()?;
        clock.advance(59)?;
        assert!(send().is_err(), "59 s after");
        clock.advance(1)?;
        send()?;
        // A right code ends the wait.
        let code = mail.delivery.code(mail.delivery.count()?)?;
        assert!(manage_verify("bob", &code)?);
        send()?;
        let last = mail.delivery.code(mail.delivery.count()?)?;
        typed(&last)?.must_succeed()?;
        Ok(())
    })
}

/// Whether a code is right, without a prompt, as `otpctl verify` asks.
fn manage_verify(user: &str, code: &str) -> Result<bool> {
    let mut verify = Invocation::of("otpctl").args(["verify", "-u", user]).on_pipes()?;
    verify.answer(code)?;
    Ok(verify.end()?.status.success())
}

#[test]
fn killed_between_sending_and_the_answer_the_code_counts_once() -> Result {
    inside(|| {
        let Mail { delivery, scene } = Mail::new("")?;
        let mail = Mail { delivery, scene };
        let device = mail.number("bob", NUMBER)?;
        provide(Provider::Hangs)?;
        let sending = Invocation::of("otpctl").args(["send", "-u", "bob", &device]).on_pipes()?;
        let code = mail.delivery.code(2)?;
        let Mail { delivery, scene } = mail;
        let scene = scene.after_a_crash()?;
        sending.end()?.must_fail()?;
        provide(Provider::Sends)?;
        let mail = Mail { delivery, scene };
        let send = || manage(async |proxy| proxy.send("bob", &device).await);
        assert!(send().is_err(), "the pause is remembered");
        assert!(manage_verify("bob", &code)?, "what was sent counts");
        assert!(!manage_verify("bob", &code)?, "once");
        let scene = mail.scene.after_a_crash()?;
        assert!(!manage_verify("bob", &code)?, "after another crash too");
        drop(scene);
        Ok(())
    })
}

#[test]
fn no_more_is_sent_than_may_be() -> Result {
    inside(|| {
        let mail = Mail::new("[messages]\nper_address_a_day = 3")?;
        let device = mail.number("bob", NUMBER)?;
        let clock = &mail.scene.clock;
        for number in 2..=3 {
            clock.advance(60)?;
            manage(async |proxy| proxy.send("bob", &device).await)?;
            mail.delivery.code(number)?;
        }
        clock.advance(60)?;
        assert!(manage(async |proxy| proxy.send("bob", &device).await).is_err());
        // Neither another account nor another device of the same address has more.
        assert!(enroll_address("demo", "sms", NUMBER).is_ok(), "enrolled, and not confirmed");
        mail.scene.world.log.expect(&["otpd", "demo is sent no code", "to the address"])?;
        let mail = Mail { scene: mail.scene.after_a_crash()?, ..mail };
        assert!(manage(async |proxy| proxy.send("bob", &device).await).is_err(), "restarted");
        assert_eq!(mail.delivery.count()?, 3);
        mail.scene.clock.advance(25 * 3600)?;
        manage(async |proxy| proxy.send("bob", &device).await)?;
        assert!(mail.delivery.message(4)?.contains(NUMBER));
        Ok(())
    })
}

#[test]
fn a_failure_is_told_at_this_machine_and_explained_in_the_log_without_the_code() -> Result {
    inside(|| {
        let mail = Mail::new("")?;
        mail.number("alice", NUMBER)?;
        provide(Provider::Fails)?;
        let su = su(&mail.scene.world.bob, "alice");
        let ended = types(&su, &["sms", "0000000000"])?;
        ended.must_fail()?.must_say("The message could not be sent")?;
        let code = mail.delivery.code(2)?;
        mail.scene.world.log.expect(&["otpd", "no code reached alice by sms", "exit status: 3"])?;
        let log = mail.scene.world.log.text();
        assert!(log.contains("[code]") && log.contains("[address]"), "{log}");
        assert!(!log.contains(&code) && !log.contains("4915123456742"), "{log}");
        let ended = types(&su, &["sms", "0000000000"])?;
        ended.must_fail()?.must_say("Another can be sent in 60 s")?;
        Ok(())
    })
}

#[test]
fn a_provider_that_hangs_holds_up_nobody_else() -> Result {
    inside(|| {
        let mail = Mail::new("")?;
        mail.number("bob", NUMBER)?;
        let token = token("demo")?;
        provide(Provider::Hangs)?;
        let mut waiting = pamtester("otp", "bob").on_pipes()?;
        waiting.expect(OFFER)?;
        let code = mail.delivery.code(2)?;
        let tester = pamtester("otp", "demo");
        for counter in 1..=20 {
            let mut dialogue = tester.on_pipes()?;
            dialogue.expect(OFFER)?.answer(&token.code(counter)?)?;
            dialogue.end()?.must_succeed()?;
        }
        // And it holds up nobody who got the message all the same.
        waiting.answer(&code)?;
        waiting.end()?.must_succeed()?;
        Ok(())
    })
}

#[test]
fn nothing_is_sent_to_who_would_not_be_let_in() -> Result {
    inside(|| {
        let rules = "[[rule]]\nname = 'paper'\nservice = ['otp']\nrequire = 'code'\n\
                     methods = ['totp']\n[throttle]\nlock_after = 3";
        let mail = Mail::new(rules)?;
        mail.number("bob", NUMBER)?;
        let tester = pamtester("otp", "bob");
        for answer in ["sms", "000000"] {
            let mut dialogue = tester.on_pipes()?;
            dialogue.expect(OFFER)?.answer(answer)?;
            let _ended = dialogue.end()?;
        }
        mail.scene.world.log.expect(&["otpd", "bob is sent no code", "no confirmed device"])?;
        // Locked from here on, in the lane of this machine.
        for _ in 0..3 {
            assert!(!manage_verify("bob", "000000")?);
            mail.scene.clock.advance(3600)?;
        }
        let ended = types(&su(&mail.scene.world.alice, "bob"), &["sms"])?;
        ended.must_fail()?.must_say("Locked after too many wrong codes")?;
        mail.scene.world.log.expect(&["otpd", "bob is sent no code", "locked after 3 failures"])?;
        assert_eq!(mail.delivery.count()?, 1, "what confirmed it, and no other");
        Ok(())
    })
}

#[test]
fn a_user_enrolls_with_a_code_and_sees_the_address_masked() -> Result {
    inside(|| {
        let mail = Mail::new("[self_service]\nfirst = true")?;
        let bob = &mail.scene.world.bob;
        let otpctl = |args: &[&str]| Invocation::of("otpctl").args(args).by(bob);
        let enroll = ["enroll", "--kind", "message", "--channel", "email", "--address"];
        let mut first = otpctl(&[&enroll[..], &["bob@example.org"]].concat()).on_terminal()?;
        first.expect("Code (leave empty to confirm later): ")?;
        first.answer(&mail.delivery.code(1)?)?;
        first.end()?.must_succeed()?.must_say("confirmed: message/")?;
        // The second needs a code, which is had by asking for it.
        otpctl(&["send", "message"])
            .run()?
            .must_succeed()?
            .must_say("by email to b•••@example.org")?;
        let mut second =
            otpctl(&["enroll", "--kind", "message", "--channel", "sms", "--address", NUMBER])
                .on_terminal()?;
        second.expect("A code of a device you have: ")?.answer(&mail.delivery.code(2)?)?;
        second.expect("Code (leave empty to confirm later): ")?;
        second.answer(&mail.delivery.code(3)?)?;
        second.end()?.must_succeed()?;
        for args in [&["list"][..], &["show", "message 2"], &["log"], &["list", "--json"]] {
            let ended = otpctl(args).run()?;
            ended.must_succeed()?.must_say("•••42")?.must_not_say(NUMBER)?;
        }
        let store = fs::read("/var/lib/otpd/otpd.db")?;
        let log = mail.scene.world.log.text();
        for secret in [NUMBER, "bob@example.org"] {
            assert!(!log.contains(secret), "{log}");
            let bytes = secret.as_bytes();
            assert!(!store.windows(bytes.len()).any(|window| window == bytes), "in the store");
        }
        Ok(())
    })
}

#[test]
fn more_tries_are_not_used_up_by_words() -> Result {
    inside(|| {
        let mail = Mail::new("")?;
        mail.number("alice", NUMBER)?;
        mail.scene.world.stack("otp", &[&format!("{MODULE} tries=2")])?;
        let mut dialogue = pamtester("otp", "alice").on_pipes()?;
        dialogue.expect(OFFER)?.answer("sms")?;
        dialogue.expect(OFFER)?.answer("0000000000")?;
        dialogue.expect(OFFER)?.answer(&mail.delivery.code(2)?)?;
        dialogue.end()?.must_succeed()?;
        Ok(())
    })
}
