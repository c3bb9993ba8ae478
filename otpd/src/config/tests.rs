//! What a configuration says, and what it must not.

use std::fs;

use otp_bus::Tell;
use otp_core::Seconds;

use super::*;

#[test]
fn nothing_is_the_default() {
    let config = Config::parse("", "host.example").unwrap();
    assert_eq!(config.issuer, "host.example");
    assert_eq!(config.throttle, ThrottlePolicy::default());
    assert_eq!(config.terms, Terms::default());
    assert_eq!(Config::parse("", "").unwrap().issuer, "otpd");
}

#[test]
fn more_rules_come_in_the_order_of_their_files() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("otpd.toml");
    let rule = |name: &str| format!("[[rule]]\nname = '{name}'\nrequire = 'code'\n");
    fs::write(&path, rule("first")).unwrap();
    let more = dir.path().join("otpd.toml.d");
    fs::create_dir(&more).unwrap();
    fs::write(more.join("20-last.toml"), rule("fourth")).unwrap();
    fs::write(more.join("10-early.toml"), rule("second") + &rule("third")).unwrap();
    fs::write(more.join("10-early.toml~"), "[[rule").unwrap();
    let config = Config::read(&path, "host").unwrap();
    let names: Vec<&str> = config.rules.iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(names, ["first", "second", "third", "fourth"]);
    fs::write(more.join("30-bad.toml"), "issuer = 'x'").unwrap();
    let error = Config::read(&path, "host").unwrap_err().to_string();
    assert!(error.contains("30-bad.toml") && error.contains("issuer"), "{error}");
}

#[test]
fn the_shipped_example_is_valid() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/otpd.toml");
    assert!(path.exists(), "{}", path.display());
    Config::read(&path, "host").unwrap();
}

#[test]
fn every_key_is_in_the_manual_and_the_example() {
    let manual = include_str!("../../../packaging/man/otpd.8");
    let example = include_str!("../../../packaging/otpd.toml");
    // The parser names what it knows where it meets what it does not.
    let mut keys = Vec::new();
    let sections =
        ["[throttle]\n", "[[rule]]\n", "[prompt]\n", "[forward_pass]\n", "[self_service]\n", ""];
    for text in sections.map(|section| format!("{section}x = 1")) {
        let error = Config::parse(&text, "host").unwrap_err().to_string();
        let known = error.split_once("expected").unwrap().1.to_owned();
        keys.extend(known.split('`').skip(1).step_by(2).map(str::to_owned));
    }
    assert!(keys.len() >= 23, "{keys:?}");
    for key in keys {
        assert!(
            manual.contains(&format!(".It Ic {key}")) || manual.contains(&format!("[{key}]")),
            "{key}"
        );
        assert!(example.contains(&key), "{key}");
    }
}

#[test]
fn what_is_said_is_done() {
    let text = "issuer = 'Example'\n[throttle]\nfree = 0\nlock_after = 10\nunlock_after = '24h'";
    let config = Config::parse(text, "host").unwrap();
    assert_eq!(config.issuer, "Example");
    assert_eq!((config.throttle.free, config.throttle.lock_after), (0, 10));
    assert_eq!(config.throttle.unlock_after, Some(Seconds(86_400)));
    let text = "[prompt]\ntell = 'never'\n[forward_pass]\ndigits = 8\nseparator = '/'";
    let terms = Config::parse(text, "host").unwrap().terms;
    assert_eq!((terms.tell, terms.forward_digits.count()), (Tell::Never, 8));
    assert_eq!(terms.forward_separator.byte(), b'/');
}

#[test]
fn what_is_left_to_users_is_what_is_said() {
    let config = Config::parse("[self_service]\nfirst = true\nremove = false", "host").unwrap();
    let said = SelfService { first: Switch::On, remove: Switch::Off, ..SelfService::default() };
    assert_eq!(config.self_service, said);
    let nothing = Config::parse("", "host").unwrap().self_service;
    assert_eq!((nothing.first, nothing.remove_last_device), (Switch::Off, Switch::Off));
}

#[test]
fn mistakes_are_named_with_their_line() {
    for (text, named) in [
        ("isuer = 'x'", "isuer"),
        ("[throttle]\nfree = 21", "must be 0 to 20"),
        ("[throttle]\nlock_after = 0", "must be 1 to 100"),
        ("[throttle]\nlock_after = 101", "must be 1 to 100"),
        ("[throttle]\nunlock_after = '59s'", "between 1min and 365d"),
        ("[throttle]\nunlock_after = '1y'", "such as \"24h\""),
        ("[throttle]\nunlock_after = 3600", "string"),
        ("issuer = 'a:b'", "without ':'"),
        ("[throttl]", "throttl"),
        ("[self_service]\nenrol = true", "enrol"),
        ("[self_service]\nenroll = 1", "boolean"),
        ("[self_service]\nfirst = 'true'", "boolean"),
        ("[prompt]\ntell = 'remote'", "`local`"),
        ("[forward_pass]\ndigits = 5", "must be 6 to 10"),
        ("[forward_pass]\nseparator = '-'", "no letter, digit, space or hyphen"),
    ] {
        let error = Config::parse(text, "host").unwrap_err().to_string();
        assert!(error.contains(named) && error.contains("line"), "{text:?}: {error}");
    }
}
