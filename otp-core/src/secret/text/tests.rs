//! The same secret in every form, each form's slips, and what could be two forms.

use data_encoding::{BASE32, BASE64, BASE64URL, HEXUPPER};
use proptest::prelude::*;

use super::*;

/// The seed of RFC 4226, appendix D.
const SEED: &[u8] = b"12345678901234567890";

fn read(text: &str) -> Result<(Vec<u8>, Vec<Warning>), SecretTextError> {
    match SecretText::read(text)? {
        SecretText::Plain(secret, warnings) => Ok((secret.expose().to_vec(), warnings)),
        SecretText::Uri(device) => Ok((device.secret.expose().to_vec(), device.warnings)),
    }
}

#[test]
fn one_secret_in_every_form() {
    for text in [
        "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        "gezd gnbv gy3t qojq gezd gnbv gy3t qojq",
        " GEZD-GNBV-GY3T-QOJQ-GEZD-GNBV-GY3T-QOJQ==\t",
        "GEZDGNBVGY3TQOJQ\u{a0}GEZDGNBVGY3TQOJQ",
        "base32: Gezd gnbv gy3t qojq gezd gnbv gy3t qojq",
        "hex:3132333435363738393031323334353637383930",
        "HEX: 3132 3334 3536 3738 3930 31-32-33-34-35-36-37-38-39-30",
        "base64:MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=",
        "Base64 : MTIzNDU2 Nzg5MDEy MzQ1Njc4 OTA",
        "otpauth://totp/alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        "OTPAUTH://totp/alice?secret=gezdgnbvgy3tqojqgezdgnbvgy3tqojq",
    ] {
        assert_eq!(read(text), Ok((SEED.to_vec(), vec![])), "{text}");
    }
}

#[test]
fn both_alphabets_of_base64_and_never_mixed() {
    let bytes = vec![0xfb, 0xff, 0xbf, 0xfb, 0xff, 0xbf, 0xfb, 0xff, 0xbf, 0xfb, 0xff, 0xbf];
    let secret = |text: &str| read(text).map(|(bytes, _)| bytes);
    assert_eq!(secret("base64:+/+/+/+/+/+/+/+/"), Ok(bytes.clone()));
    assert_eq!(secret("base64:-_-_-_-_-_-_-_-_"), Ok(bytes));
    let mixed = SecretTextError::Symbol(SecretForm::Base64, 1);
    assert_eq!(secret("base64:+/-_-_-_-_-_-_-_"), Err(mixed));
}

#[test]
fn slips_of_base32_are_corrected_where_only_one_is_meant() {
    let (bytes, warnings) = read("GEZDGN8VGY3TQ0JQGEZDGNBVGY3TQOJQ").unwrap();
    assert_eq!((bytes.as_slice(), warnings), (SEED, vec![Warning::Corrected(2)]));
    assert_eq!(read("GEZDGNBVGY3TQOJQGE1DGNBV").unwrap_err(), SecretTextError::One(19));
}

/// What is wrong is named, by its place, and never repeated.
#[test]
fn what_is_refused_is_not_repeated() {
    let symbol = SecretTextError::Symbol;
    for (text, expected) in [
        ("", SecretTextError::Empty),
        (" - ", SecretTextError::Empty),
        ("hex:", SecretTextError::Empty),
        ("base64:==", SecretTextError::Empty),
        ("GEZ DGN BVG Y9TQOJQ", symbol(SecretForm::Base32, 11)),
        ("ÄÖÜÖGEZDGNBVGY3TQOJQ", symbol(SecretForm::Base32, 1)),
        ("GEZDGNBV=GY3TQOJ", symbol(SecretForm::Base32, 9)),
        ("hex:31323334353637383930zz", symbol(SecretForm::Hex, 21)),
        ("base64:MTIzNDU2Nzg5MDE.", symbol(SecretForm::Base64, 16)),
        ("GEZDGNBVGY3TQOJQA", SecretTextError::Cut(SecretForm::Base32)),
        ("GEZDGNBVGY3TQOJQGB", SecretTextError::Cut(SecretForm::Base32)),
        ("hex:313", SecretTextError::Cut(SecretForm::Hex)),
        ("base64:MTIzNDU2Nzg5MDEyM", SecretTextError::Cut(SecretForm::Base64)),
        ("GEZDGNBVGY3TQ", SecretTextError::Secret(SecretError::TooShort)),
        ("base16:3132333435363738393031323334", SecretTextError::UnknownPrefix),
        ("https://example.org/GEZDGNBVGY3TQOJQ", SecretTextError::UnknownPrefix),
        ("otpauth://totp/alice", SecretTextError::Uri(UriError::NoSecret)),
    ] {
        let error = read(text).unwrap_err();
        assert_eq!(error, expected, "{text}");
        let told = error.to_string();
        for word in text.split([':', ' ', '/', '?']).filter(|word| word.len() >= 8) {
            assert!(!told.contains(word), "{told}");
        }
    }
}

#[test]
fn what_could_be_two_forms_is_asked_about() {
    for text in [
        // Of these the second is base32 too, and none of its digits would be missed.
        "3132333435363738393031323334353637383930",
        "abcdef234567abcdef234567abcdef23",
        "ABCD EF23 4567 ABCD EF23 4567",
    ] {
        assert_eq!(read(text).unwrap_err(), SecretTextError::LooksHex, "{text}");
        assert!(read(&format!("hex:{text}")).is_ok(), "{text}");
    }
    for text in ["MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=", "Gezdgnbvgy3tqojq", "++++////++++////"] {
        assert_eq!(read(text).unwrap_err(), SecretTextError::LooksBase64, "{text}");
        assert!(read(&format!("base64:{text}")).is_ok(), "{text}");
    }
    assert!(read("base32:abcdef234567abcdef234567").is_ok());
    assert!(read("base32:Gezdgnbvgy3tqojq").is_ok());
}

#[test]
fn bounds_and_the_warning_of_short_ones() {
    let hex = |bytes: usize| read(&format!("hex:{}", "5a".repeat(bytes)));
    assert_eq!(hex(9).unwrap_err(), SecretTextError::Secret(SecretError::TooShort));
    assert_eq!(hex(10).unwrap().1, [Warning::ShortSecret(10)]);
    assert_eq!(hex(15).unwrap().1, [Warning::ShortSecret(15)]);
    assert_eq!(hex(16).unwrap().1, []);
    assert_eq!(hex(128).unwrap().1, []);
    assert_eq!(hex(129).unwrap_err(), SecretTextError::Secret(SecretError::TooLong));
}

proptest! {
    /// Whatever the secret, it is the same in each form; and base32 as it is printed needs no prefix.
    #[test]
    fn every_secret_in_every_form(bytes in proptest::collection::vec(any::<u8>(), 10..=128)) {
        let base32 = BASE32.encode(&bytes);
        for text in [
            base32.clone(),
            base32.to_ascii_lowercase(),
            format!("base32:{base32}"),
            format!("hex:{}", HEXUPPER.encode(&bytes)),
            format!("base64:{}", BASE64.encode(&bytes)),
            format!("base64:{}", BASE64URL.encode(&bytes)),
        ] {
            let plain = !text.contains(':') && text.bytes().all(|b| b.is_ascii_hexdigit());
            prop_assert!(plain || read(&text).unwrap().0 == bytes, "{}", text);
        }
    }

    /// Hexadecimal and base64 without their prefix are never taken for base32, unless all of their
    /// characters could be.
    #[test]
    fn no_other_form_is_taken_for_base32(bytes in proptest::collection::vec(any::<u8>(), 10..=128)) {
        prop_assert_eq!(read(&HEXUPPER.encode(&bytes)).unwrap_err(), SecretTextError::LooksHex);
        let base64 = BASE64.encode(&bytes);
        let one_case = base64 == base64.to_ascii_uppercase() || base64 == base64.to_ascii_lowercase();
        prop_assert!(one_case || read(&base64).unwrap_err() == SecretTextError::LooksBase64);
    }

    #[test]
    fn arbitrary_text_is_read_or_refused(text in "\\PC*", prefix in "(hex|base32|base64|otpauth|x)?:?") {
        let _ = read(&format!("{prefix}{text}"));
    }
}
