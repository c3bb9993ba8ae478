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
    let sections = [
        "[throttle]\n",
        "[[rule]]\n",
        "[prompt]\n",
        "[forward_pass]\n",
        "[self_service]\n",
        "[messages]\n",
        "[channel.sms]\n",
        "[[application]]\n",
        "[pass]\n",
        "",
    ];
    for text in sections.map(|section| format!("{section}x = 1")) {
        let error = Config::parse(&text, "host").unwrap_err().to_string();
        let known = error.split_once("expected").unwrap().1.to_owned();
        keys.extend(known.split('`').skip(1).step_by(2).map(str::to_owned));
    }
    assert!(keys.len() >= 23, "{keys:?}");
    for key in keys {
        let entries = [format!(".It Ic {key}"), format!("[{key}]"), format!("[{key}.")];
        assert!(entries.iter().any(|entry| manual.contains(entry)), "{key}");
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
        ("[[application]]\nscopes = ['a']", "missing field `uid`"),
        ("[[application]]\nuid = -1\nscopes = ['a']", "u32"),
        ("[[application]]\nuid = 33\nscopes = ['a b']", "one word each"),
        ("[[application]]\nuid = 33\nscopes = ['a']\naccess = '25h'", "24h at most"),
        ("[[application]]\nuid = 33\nscopes = ['a']\nrefresh = '5min'", "shorter than"),
        ("[[application]]\nuid = 33\nscopes = ['a']\npeople = 'some'", "`own`"),
        ("[[application]]\nuid = 3\nmessages_a_day = 0", "must be 1 to 100000"),
        ("[[application]]\nuid = 3\n[[application]]\nuid = 3", "uid 3 twice"),
        ("[self_service]\nenrol = true", "enrol"),
        ("[self_service]\nenroll = 1", "boolean"),
        ("[self_service]\nfirst = 'true'", "boolean"),
        ("[prompt]\ntell = 'remote'", "`local`"),
        ("[forward_pass]\ndigits = 5", "must be 6 to 10"),
        ("[messages]\ninterval = 9", "must be 10 to 3600"),
        ("[messages]\nan_hour = 0", "must be 1 to 100000"),
        ("[channel.sms]\ncommand = ['send']", "absolute path"),
        ("[forward_pass]\nseparator = '-'", "no letter, digit, space or hyphen"),
    ] {
        let error = Config::parse(text, "host").unwrap_err().to_string();
        assert!(error.contains(named) && error.contains("line"), "{text:?}: {error}");
    }
}

/// Somebody may be about to put another one in its place, and the defaults are another policy.
#[test]
fn a_file_that_was_there_is_not_read_as_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("otpd.toml");
    let none = Config::read(&path, "host").unwrap();
    assert_eq!(none.read_anew(&path, "host").unwrap(), none, "there never was one");
    fs::write(&path, "issuer = 'a'").unwrap();
    let some = none.read_anew(&path, "host").unwrap();
    assert_eq!((some.issuer.as_str(), some.files.len()), ("a", 1));
    fs::remove_file(&path).unwrap();
    let gone = some.read_anew(&path, "host").unwrap_err();
    assert!(matches!(gone, ConfigError::Gone { .. }), "{gone}");
    fs::write(&path, "").unwrap();
    assert_eq!(some.read_anew(&path, "host").unwrap().issuer, "host");
}

/// A link that leads nowhere is what a file is that goes between the list and the reading.
#[test]
fn a_file_that_goes_while_it_is_read_is_no_absence_of_rules() {
    let dir = tempfile::tempdir().unwrap();
    let (path, more) = (dir.path().join("otpd.toml"), dir.path().join("otpd.toml.d"));
    fs::create_dir(&more).unwrap();
    std::os::unix::fs::symlink("nowhere", more.join("10-deny.toml")).unwrap();
    let error = Config::read(&path, "host").unwrap_err();
    assert!(matches!(error, ConfigError::Unreadable { .. }), "{error}");
    assert!(error.in_a_line().contains("10-deny.toml: No such file"), "{error}");
}

/// Written without pause, in two files that say the same: never is one's new text read with the
/// other's old.
#[test]
fn files_are_read_as_they_were_at_one_moment() {
    let dir = tempfile::tempdir().unwrap();
    let (path, more) = (dir.path().join("otpd.toml"), dir.path().join("otpd.toml.d"));
    fs::create_dir(&more).unwrap();
    let put = |at: &Path, name: &str| {
        let scratch = dir.path().join("scratch");
        fs::write(&scratch, format!("[[rule]]\nname = '{name}'\nrequire = 'code'\n")).unwrap();
        fs::rename(scratch, at).unwrap();
    };
    let done = std::sync::atomic::AtomicBool::new(false);
    let over = || done.load(std::sync::atomic::Ordering::Relaxed);
    put(&path, "0");
    put(&more.join("1.toml"), "0");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0..if over() { 0 } else { 3_000 } {
                put(&path, &round.to_string());
                put(&more.join("1.toml"), &round.to_string());
            }
            done.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        let mut last = 0;
        while !over() {
            match Config::read(&path, "host") {
                Ok(config) => {
                    let rounds: Vec<u32> =
                        config.rules.iter().map(|rule| rule.name.parse().unwrap()).collect();
                    let [first, second] = rounds[..] else { panic!("{rounds:?}") };
                    // The second is written behind the first, and never read at another moment.
                    assert!(first == second || first == second + 1, "{rounds:?}");
                    assert!(second >= last, "{second} behind {last}");
                    last = second;
                }
                Err(error) => assert!(matches!(error, ConfigError::Changing { .. }), "{error}"),
            }
        }
    });
}

#[test]
fn a_mistake_fits_a_line_of_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("otpd.toml");
    for (text, told) in [
        ("issuer = 'x'\n\nisuer = 'y'", "line 3: unknown field `isuer`"),
        ("[[rule]]\nname = 'a'\nrequire = 'code'\nuser = []", "user is empty"),
        ("issuer = ", "line 1:"),
    ] {
        fs::write(&path, text).unwrap();
        let line = Config::read(&path, "host").unwrap_err().in_a_line();
        assert!(line.starts_with(path.to_str().unwrap()) && line.contains(told), "{line}");
        assert!(!line.contains('\n') && line.ends_with("otpd --check shows where"), "{line}");
    }
}
