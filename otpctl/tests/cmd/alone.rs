//! `code`, which asks nobody.

use otp_core::Secret;
use otpctl::{Connect, Peer, Unreachable};

use crate::case::Case;
use crate::fake::{Fake, SECRET};

/// A way to the daemon that nobody may take.
struct Forbidden;

impl Connect for Forbidden {
    async fn connect(&self) -> Result<Peer, Unreachable> {
        panic!("the daemon was asked")
    }
}

#[test]
fn a_code_of_a_secret_typed_or_piped() {
    Case::alice(&["code"]).types(&[SECRET]).expect("code", &Fake::new());
    Case::alice(&["code", "-", "--json"]).pipe(&[SECRET]).expect("code-json", &Fake::new());
    let run = Case::root(&["code"]).pipe(&[SECRET]).run(&Forbidden);
    assert_eq!(run.exit, 0, "root needs to name nobody: {}", run.err);
}

#[test]
fn a_code_of_every_option() {
    let hotp = ["code", "--kind", "hotp", "--counter", "7"];
    Case::alice(&hotp).pipe(&[SECRET]).expect("code-hotp", &Fake::new());
    let json = ["code", "--kind", "hotp", "--counter", "7", "--json"];
    Case::alice(&json).pipe(&[SECRET]).expect("code-hotp-json", &Fake::new());
    let all = ["code", "--algorithm", "sha512", "--digits", "8", "--period", "60"];
    Case::alice(&all)
        .pipe(&["hex:3132333435363738393031323334353637383930"])
        .expect("code-options", &Fake::new());
}

/// RFC 4226, appendix D.
#[test]
fn the_codes_are_those_of_the_rfc() {
    for (counter, code) in [("0", "755224"), ("1", "287082"), ("9", "520489")] {
        let run = Case::alice(&["code", "--kind", "hotp", "--counter", counter])
            .pipe(&[SECRET])
            .run(&Forbidden);
        assert_eq!(run.out.lines().next(), Some(code));
    }
}

#[test]
fn a_code_of_a_uri() {
    let uri = "otpauth://hotp/Example:bob?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&counter=9";
    let run = Case::alice(&["code"]).pipe(&[uri]).run(&Forbidden);
    assert_eq!(run.out, "520489\nof counter 9; the next one is 10\n");
    let run =
        Case::alice(&["code", "--counter", "9", "--kind", "hotp"]).pipe(&[uri]).run(&Forbidden);
    assert_eq!((run.exit, run.out.as_str()), (2, ""), "{}", run.err);
}

#[test]
fn what_is_odd_is_told() {
    let odd = "gezd gn8v gy3t q0jq";
    Case::alice(&["code", "--digits", "10"]).pipe(&[odd]).expect("code-odd", &Fake::new());
    Case::alice(&["code", "--json"]).pipe(&[odd]).expect("code-odd-json", &Fake::new());
}

#[test]
fn what_cannot_be_a_secret_leads_on() {
    let hex = "3132333435363738393031323334353637383930";
    Case::alice(&["code"]).pipe(&[hex]).expect("code-bare-hex", &Fake::new());
    Case::alice(&["code", "--json"]).pipe(&[hex]).expect("code-bare-hex-json", &Fake::new());
    Case::alice(&["code"]).pipe(&[]).expect("code-nothing", &Fake::new());
}

#[test]
fn misuse_of_its_options() {
    Case::alice(&["code", "--kind", "hotp", "--period", "30"]).expect("code-misfit", &Fake::new());
    Case::alice(&["code", "-u", "bob"]).pipe(&[SECRET]).expect("code-user", &Fake::new());
    let end = ["code", "--kind", "hotp", "--counter", "18446744073709551615"];
    Case::alice(&end).pipe(&[SECRET]).expect("code-end", &Fake::new());
}

#[test]
fn secrets_in_arguments_are_refused_and_unrepeated() {
    for args in [vec!["code", SECRET], vec!["code", "-", SECRET], vec!["code", "GEZD", "GNBV"]] {
        let run = Case::alice(&args).pipe(&[SECRET]).run(&Forbidden);
        assert_eq!((run.exit, run.out.as_str()), (2, ""));
        assert!(!run.err.contains("GEZD"), "{}", run.err);
    }
}

/// However it is wrong, no part of a secret that could be used is repeated.
#[test]
fn no_error_repeats_a_secret() {
    for text in [
        "GEZDGNBVGY3TQOJQ1EZDGNBV",
        "hex:GEZDGNBVGY3TQOJQ",
        "base64:GEZDGNBVGY3TQOJQ.",
        "otpauth://totp/bob?GEZDGNBVGY3TQOJQ",
        "otpauth://totp/bob?GEZDGNBVGY3TQOJQ=1&secret=GEZDGNBVGY3TQOJQ&counter=1",
        "otpauth://totp/bob?secret=GEZDGNBVGY3TQOJQ9",
    ] {
        let run = Case::alice(&["code", "--json"]).pipe(&[text]).run(&Forbidden);
        assert_eq!((run.exit, run.out.as_str()), (2, ""), "{text}");
        assert!(!run.err.contains("GEZDGN"), "{}", run.err);
    }
    assert!(Secret::from_base32("GEZDGNBVGY3TQOJQ").is_ok());
}
