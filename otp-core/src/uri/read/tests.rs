//! What is written is read; what others write is read; what contradicts itself is not.

use proptest::prelude::*;

use super::*;
use crate::{Algorithm, Digits, Period, UserName, otpauth_uri};

const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

fn parse(text: &str) -> Result<Otpauth, UriError> {
    Otpauth::parse(&text.replace("$S", &format!("secret={SECRET}")))
}

fn refused(text: &str) -> UriError {
    parse(text).err().unwrap_or_else(|| panic!("{text} was read"))
}

/// The examples of the format's own page, and its defaults.
#[test]
fn the_formats_own_examples() {
    let read = Otpauth::parse(
        "otpauth://totp/Example:alice@google.com?secret=JBSWY3DPEHPK3PXP&issuer=Example",
    )
    .unwrap();
    assert_eq!(
        (read.issuer.as_deref(), read.account.as_str()),
        (Some("Example"), "alice@google.com")
    );
    let state = TotpState::new(Algorithm::Sha1, Digits::SIX, Period::default());
    assert_eq!(read.state, KindState::Totp(state));
    assert_eq!(read.warnings, [Warning::ShortSecret(10)]);
    let read = Otpauth::parse(
        "otpauth://totp/ACME%20Co:john.doe@email.com?secret=HXDMVJECJJWSRB3HWIZR4IFUGFTMXBOZ&issuer\
         =ACME%20Co&algorithm=SHA1&digits=6&period=30",
    )
    .unwrap();
    assert_eq!((read.issuer.as_deref(), read.warnings.len()), (Some("ACME Co"), 0));
}

#[test]
fn labels_as_they_are_found() {
    for (label, issuer, account) in [
        ("alice", None, "alice"),
        ("Example:alice", Some("Example"), "alice"),
        ("Example%3Aalice", Some("Example"), "alice"),
        ("Example%3a%20alice", Some("Example"), "alice"),
        ("Big%20Corporation%3A%20alice%40bigco.com", Some("Big Corporation"), "alice@bigco.com"),
        ("Example:  al ice ", Some("Example"), "al ice "),
        (":alice", None, "alice"),
        ("zo%C3%AB", None, "zoë"),
        ("zoë", None, "zoë"),
        ("a%3Ab:c", Some("a:b"), "c"),
        ("a:b%3Ac:d", Some("a"), "b:c:d"),
        ("a+b", None, "a+b"),
        ("realm/alice", None, "realm/alice"),
    ] {
        let read = parse(&format!("otpauth://totp/{label}?$S")).unwrap();
        assert_eq!((read.issuer.as_deref(), read.account.as_str()), (issuer, account), "{label}");
    }
}

#[test]
fn issuers_agree_or_are_refused() {
    let issuer = |text| parse(text).map(|read| read.issuer.unwrap_or_default());
    for (text, expected) in [
        ("otpauth://totp/A%20B:c?$S&issuer=A%20B", "A B"),
        ("otpauth://totp/c?issuer=A%20B&$S", "A B"),
        ("otpauth://totp/A:c?$S&issuer=", "A"),
        ("otpauth://totp/:c?$S&issuer=A", "A"),
        ("otpauth://totp/c?$S&issuer=", ""),
    ] {
        assert_eq!(issuer(text), Ok(expected.to_owned()), "{text}");
    }
    for text in ["otpauth://totp/A:c?$S&issuer=B", "otpauth://totp/A:c?$S&issuer=a"] {
        assert_eq!(issuer(text), Err(UriError::TwoIssuers), "{text}");
    }
}

#[test]
fn case_counts_where_it_means_something() {
    let read = parse(
        "OTPAuth://HOTP/alice?SECRET=gezdgnbvgy3tqojqgezdgnbvgy3tqojq%3D%3D&Counter=7&algorithm=\
         hmac%2Dsha256",
    );
    assert_eq!(read.err(), Some(UriError::Algorithm(AlgorithmError)));
    let read = parse(
        "OTPAuth://HOTP/alice?SECRET=gezdgnbvgy3tqojqgezdgnbvgy3tqojq%3D%3D&Counter=7&algorithm=\
         sha256&digits=8&",
    )
    .unwrap();
    let eight = Digits::try_from(8).unwrap();
    let state = HotpState::new(Algorithm::Sha256, eight, Counter(7));
    assert_eq!((read.state, read.secret.to_base32().as_str()), (KindState::Hotp(state), SECRET));
}

#[test]
fn what_is_not_known_is_passed_over_and_told() {
    let long = "GEZDGNBVGY3TQOJQ";
    let text = format!("otpauth://totp/a?$S&image=http%3A%2F%2Fx&{long}=1&=2&digits=9");
    let read = parse(&text).unwrap();
    let unknown = |name: Option<&str>, place| Warning::UnknownParameter {
        name: name.map(str::to_owned),
        place,
    };
    let expected =
        [unknown(Some("image"), 2), unknown(None, 3), unknown(None, 4), Warning::ManyDigits(9)];
    assert_eq!(read.warnings, expected);
}

/// Each refusal by its own name, with a next step, and without the secret.
#[test]
fn what_is_refused() {
    let digits = |count| UriError::Digits(DigitsError(count));
    for (text, expected) in [
        ("", UriError::NotOtpauth),
        ("https://totp/a?$S", UriError::NotOtpauth),
        ("otpauth:/totp/a?$S", UriError::NotOtpauth),
        ("otpauth-migration://offline?data=AAAA", UriError::Migration),
        ("otpauth://steam/a?$S", UriError::Kind),
        ("otpauth:///a?$S", UriError::Kind),
        ("otpauth://totp/a?$S#x", UriError::Fragment),
        ("otpauth://totp/100%?$S", UriError::Escape("account")),
        ("otpauth://totp/a%4?$S", UriError::Escape("account")),
        ("otpauth://totp/a%zz:b?$S", UriError::Escape("issuer")),
        ("otpauth://totp/a%+4?$S", UriError::Escape("account")),
        ("otpauth://totp/%ff?$S", UriError::NotText("account")),
        ("otpauth://totp/a?$S&issuer=%c3", UriError::NotText("issuer")),
        ("otpauth://totp/a%0a?$S", UriError::Control("account")),
        ("otpauth://totp/a?$S&issuer=%1b%5b2J", UriError::Control("issuer")),
        ("otpauth://totp/?$S", UriError::NoAccount),
        ("otpauth://totp?$S", UriError::NoAccount),
        ("otpauth://totp/A:%20?$S", UriError::NoAccount),
        ("otpauth://totp/a?$S&x", UriError::Unnamed(2)),
        ("otpauth://totp/a?GEZDGNBVGY3TQOJQ", UriError::Unnamed(1)),
        ("otpauth://totp/a?$S&$S", UriError::Twice(2)),
        ("otpauth://totp/a?$S&SECRET=x", UriError::Twice(2)),
        ("otpauth://totp/a?$S&digits=6&digits=6", UriError::Twice(3)),
        ("otpauth://totp/a?$S&x=1&%78=1", UriError::Twice(3)),
        ("otpauth://totp/a", UriError::NoSecret),
        ("otpauth://totp/a?issuer=b", UriError::NoSecret),
        ("otpauth://totp/a?GEZDGNBVGY3TQOJQ=", UriError::NoSecret),
        ("otpauth://totp/a?secret=", UriError::Secret(SecretError::TooShort)),
        ("otpauth://totp/a?secret=GEZDGNBVGY3TQ0JQ", UriError::Secret(SecretError::NotBase32)),
        ("otpauth://hotp/a?$S", UriError::NoCounter),
        ("otpauth://totp/a?$S&counter=0", UriError::CounterOfTotp),
        ("otpauth://hotp/a?$S&counter=0&period=30", UriError::PeriodOfHotp),
        ("otpauth://hotp/a?$S&counter=18446744073709551616", UriError::Number("counter")),
        ("otpauth://hotp/a?$S&counter=-1", UriError::Number("counter")),
        ("otpauth://hotp/a?$S&counter=", UriError::Number("counter")),
        ("otpauth://totp/a?$S&digits=+6", UriError::Number("digits")),
        ("otpauth://totp/a?$S&digits=%D9%A6", UriError::Number("digits")),
        ("otpauth://totp/a?$S&digits=5", digits(5)),
        ("otpauth://totp/a?$S&digits=11", digits(11)),
        ("otpauth://totp/a?$S&period=14", UriError::Period(PeriodError(14))),
        ("otpauth://totp/a?$S&period=121", UriError::Period(PeriodError(121))),
        ("otpauth://totp/a?$S&algorithm=MD5", UriError::Algorithm(AlgorithmError)),
    ] {
        let error = refused(text);
        assert_eq!(error, expected, "{text}");
        let told = error.to_string();
        assert!(!told.contains("GEZDGNB") && told.contains([';', ',']), "{told}");
    }
    assert_eq!(refused(&format!("otpauth://totp/{}", "a".repeat(4096))), UriError::TooLong);
}

fn states() -> impl Strategy<Value = KindState> {
    let form = (
        prop_oneof![Just(Algorithm::Sha1), Just(Algorithm::Sha256), Just(Algorithm::Sha512)],
        6..=10_u32,
        15..=120_u32,
        any::<Option<u64>>(),
    );
    form.prop_map(|(algorithm, digits, period, counter)| {
        let digits = Digits::try_from(digits).unwrap();
        match counter {
            None => {
                let period = Period::try_from(period).unwrap();
                KindState::Totp(TotpState::new(algorithm, digits, period))
            }
            Some(counter) => KindState::Hotp(HotpState::new(algorithm, digits, Counter(counter))),
        }
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        state in states(),
        bytes in proptest::collection::vec(any::<u8>(), 10..=128),
        issuer in "[^\\p{Cc}]{0,20}",
        name in "[^\\p{Cc}/:]{1,20}",
    ) {
        prop_assume!(!name.trim_start_matches(' ').is_empty());
        let secret = Secret::from_bytes(bytes).unwrap();
        let user = UserName::parse(&name).unwrap();
        let written = otpauth_uri(&secret, &state, &issuer, &user).unwrap();
        let read = Otpauth::parse(&written).unwrap();
        prop_assert_eq!(read.state, state);
        prop_assert!(read.secret.same_as(&secret));
        prop_assert_eq!(read.issuer.unwrap_or_default(), issuer);
        // The format lets spaces stand behind the colon, so those before a name are not its own.
        prop_assert_eq!(read.account, name.trim_start_matches(' '));
    }

    #[test]
    fn arbitrary_text_is_read_or_refused(
        text in "\\PC*",
        start in "(otpauth://)?([th]otp/)?",
        rest in "([?&%=:#]|secret|GEZDGNBVGY3TQOJQ|digits|counter|3A|6|é){0,20}",
    ) {
        let _ = Otpauth::parse(&format!("{start}{text}{rest}"));
        let _ = Otpauth::parse(&format!("{start}{rest}"));
    }
}
