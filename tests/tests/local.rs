//! What `otpctl` does with secrets that exist: codes made without a daemon, and devices of other
//! systems taken over. `oathtool` says what is right.

use data_encoding::{BASE32, BASE64, BASE64URL_NOPAD, HEXUPPER};
use testbed::{Context, Ended, Invocation, Kind, Result, World, inside, manage, pamtester};

use crate::scene::{Scene, typed};

fn otpctl(words: &str) -> Invocation {
    Invocation::of("otpctl").args(words.split(' '))
}

/// Runs it with a line on its standard input.
fn told(invocation: &Invocation, line: &str) -> Result<Ended> {
    let mut dialogue = invocation.on_pipes()?;
    dialogue.type_ahead(line)?;
    dialogue.end()
}

/// A dozen secrets of ten bytes and more, of every length from there on, and all of them different.
fn secrets() -> impl Iterator<Item = Vec<u8>> {
    (0..12_u8).map(|number| {
        let bytes =
            (0..10 + number * 2).map(|place| place.wrapping_mul(37).wrapping_add(number * 11));
        bytes.map(|byte| byte ^ 0xa5).collect()
    })
}

/// A number in an answer in JSON.
fn number(json: &str, key: &str) -> Result<u64> {
    let (_, rest) = json.split_once(&format!("\"{key}\":")).context(key)?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().context(format!("{key} in {json}"))
}

/// The code of a secret by `oathtool`.
fn right(secret: &[u8], options: &[String]) -> Result<String> {
    let hex = HEXUPPER.encode(secret);
    let ended = Invocation::of("oathtool").args(options).arg(hex).run()?;
    Ok(ended.must_succeed()?.output.trim().to_owned())
}

/// Whatever the form of the secret and the hash, length and period of the code, and whatever second
/// it is: `otpctl` says which step it was.
#[test]
fn codes_by_time_are_those_of_oathtool() -> Result {
    inside(|| {
        let _world = World::new()?;
        let forms = [("sha1", 6, 30), ("sha256", 8, 60), ("sha512", 7, 15)];
        for (secret, (hash, digits, period)) in secrets().zip(forms.into_iter().cycle()) {
            let base32 = BASE32.encode(&secret);
            let options = format!("code --algorithm {hash} --digits {digits} --period {period}");
            let uri = format!(
                "otpauth://totp/Example:bob?secret={}&issuer=Example&algorithm={hash}&digits={digits}\
                 &period={period}",
                base32.trim_end_matches('=')
            );
            for (words, text) in [
                (options.as_str(), base32.to_ascii_lowercase()),
                (options.as_str(), format!("hex:{}", HEXUPPER.encode(&secret))),
                (options.as_str(), format!("base64:{}", BASE64.encode(&secret))),
                (options.as_str(), format!("base64: {}", BASE64URL_NOPAD.encode(&secret))),
                ("code -", uri),
            ] {
                let made = told(&otpctl(&format!("{words} --json")), &text)?;
                let start = number(&made.must_succeed()?.output, "start")?;
                let expected = right(
                    &secret,
                    &[
                        format!("--totp={hash}"),
                        format!("--digits={digits}"),
                        format!("--time-step-size={period}s"),
                        format!("--now=@{start}"),
                    ],
                )?;
                made.must_say(&format!("\"code\":\"{expected}\""))?;
                assert_eq!(number(&made.output, "expires")?, start + period, "{}", made.output);
            }
        }
        Ok(())
    })
}

#[test]
fn codes_by_counter_are_those_of_oathtool() -> Result {
    inside(|| {
        let _world = World::new()?;
        for (secret, (digits, counter)) in
            secrets().zip([(6, 0), (7, 1), (8, u64::MAX - 1)].into_iter().cycle())
        {
            let words = format!("code --kind hotp --digits {digits} --counter {counter}");
            let made = told(&otpctl(&words), &BASE32.encode(&secret))?;
            let expected = right(
                &secret,
                &[
                    "--hotp".to_owned(),
                    format!("--digits={digits}"),
                    format!("--counter={counter}"),
                ],
            )?;
            made.must_succeed()?;
            assert!(made.output.lines().any(|line| line == expected), "{}", made.output);
        }
        Ok(())
    })
}

/// All that the URI says is taken over, and the code of the token that exists logs in.
#[test]
fn a_token_of_another_system_is_taken_over_by_its_uri() -> Result {
    inside(|| {
        let _scene = Scene::new()?;
        let secret = b"a token bought elsewhere";
        let base32 = BASE32.encode(secret);
        let uri = format!(
            "otpauth://hotp/Else:somebody?secret={}&issuer=Else&digits=8&counter=7",
            base32.trim_end_matches('=')
        );
        let words = "enroll -u bob --secret - --label token";
        told(&otpctl(words), &uri)?
            .must_succeed()?
            .must_say("otpauth://hotp/Else:bob?")?
            .must_say("digits=8&counter=7")?;
        let code = |counter: u64| {
            right(secret, &["--hotp".into(), "--digits=8".into(), format!("--counter={counter}")])
        };
        told(&otpctl("confirm -u bob token"), &code(7)?)?.must_succeed()?;
        typed(&pamtester("otp", "bob"), &code(8)?)?.must_succeed()?;
        Ok(())
    })
}

#[test]
fn a_uri_that_says_two_things_enrolls_nothing() -> Result {
    inside(|| {
        let _scene = Scene::new()?;
        let secret = "secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        for uri in [
            format!("otpauth://totp/Bank:bob?{secret}&issuer=Shop"),
            format!("otpauth://totp/bob?{secret}&secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"),
            format!("otpauth://totp/bob?{secret}&digits=6&Digits=8"),
            format!("otpauth://totp/bob?{secret}&counter=1"),
            format!("otpauth://hotp/bob?{secret}&counter=1&period=30"),
            format!("otpauth://hotp/bob?{secret}"),
        ] {
            let ended = told(&otpctl("enroll -u bob --secret -"), &uri)?;
            assert_eq!(ended.status.code(), Some(2), "{uri}: {}", ended.output);
            ended.must_not_say("GEZDGNBV")?;
        }
        let none = manage(async |proxy| proxy.list("bob", otp_bus::DeviceFilter::All).await)?;
        assert_eq!(none, []);
        Ok(())
    })
}

/// One that cannot be read, one in the wrong place, one without its form: nothing of it is said.
#[test]
fn a_secret_is_repeated_by_no_error() -> Result {
    inside(|| {
        let _world = World::new()?;
        for line in [
            "SECRETSECRETSECRET1",
            "hex:SECRETSECRETSECRET",
            "otpauth://totp/bob?SECRETSECRETSECRET",
            "otpauth://totp/bob?issuer=x&secret=SECRETSECRETSECRET8",
            "otpauth://totp/bob?SECRETSECRETSECRET=&counter=1&secret=SECRETSECRETSECRETSECRET",
        ] {
            told(&otpctl("code"), line)?.must_fail()?.must_not_say("SECRET")?;
        }
        otpctl("code SECRETSECRETSECRET").run()?.must_fail()?.must_not_say("SECRET")?;
        otpctl("enroll -u bob --secret SECRETSECRETSECRET")
            .run()?
            .must_fail()?
            .must_not_say("SECRET")?;
        Ok(())
    })
}

/// What guessing can bring is told to root and the owner, and follows what is configured.
#[test]
fn the_bounds_follow_devices_and_configuration() -> Result {
    inside(|| {
        let scene = Scene::configured("[throttle]\nlock_after = 10\nunlock_after = '24h'\n")?;
        let own = otpctl("explain").by(&scene.world.alice).run()?;
        own.must_succeed()?.must_say(&scene.phone.id)?.must_say("10 wrong codes in a row")?;
        let before = otpctl("explain -u alice --json").run()?.output;
        assert_eq!(number(&before, "guesses_until_locked")?, 10, "{before}");
        assert_eq!(number(&before, "unlock_after")?, 86_400, "{before}");
        let _second = testbed::Device::enroll(&scene.world.alice, Kind::Hotp, 0)?;
        let after = otpctl("explain -u alice --json").run()?.output;
        for key in ["guess", "lane_until_locked", "lanes_in_a_year"] {
            assert!(number(&after, key)? < number(&before, key)?, "{key}: {before}{after}");
        }
        otpctl("explain -u bob").by(&scene.world.alice).run()?.must_fail()?;
        Ok(())
    })
}
