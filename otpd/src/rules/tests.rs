//! Rules as administrators write them, and what they come to.

use super::*;
use crate::config::Config;

fn rules(text: &str) -> Rules {
    try_rules(text).unwrap()
}

fn try_rules(text: &str) -> Result<Rules, String> {
    Config::parse(text, "host").map(|config| config.rules).map_err(|error| error.to_string())
}

const OFFICE: &str = r#"
    [[rule]]
    name = "console stays open"
    service = ["login"]
    remote = false
    require = "none"
    [[rule]]
    name = "office"
    service = ["sshd"]
    from = ["192.0.2.0/24", "2001:db8::/32"]
    require = "code"
    methods = ["totp", "recovery"]
    [[rule]]
    name = "staff alone"
    service = ["sshd"]
    group = ["staff"]
    require = "enrolled"
    [[rule]]
    name = "nobody else"
    service = ["sshd"]
    require = "deny"
"#;

/// The name of the rule that decides, or how it ends.
fn ruled(rules: &Rules, service: &str, host: &str, groups: Option<&[&str]>) -> String {
    let is_in = |group: &str| groups.map(|groups| groups.contains(&group));
    let known: Memberships =
        ["staff"].iter().filter_map(|group| Some((group.to_string(), is_in(group)?))).collect();
    let origin = Origin::of_host(host);
    let login = Known { service, user: "alice", groups: &known, origin: &origin, tty: "tty1" };
    match rules.decide(&login) {
        Ruled::By(rule) => rule.name.clone(),
        Ruled::Default => "default".to_owned(),
        Ruled::Undecided(rule, _) => format!("undecided: {}", rule.name),
    }
}

#[test]
fn the_first_that_matches_decides() {
    let rules = rules(OFFICE);
    for (service, host, groups, decides) in [
        ("login", "", Some(&[][..]), "console stays open"),
        ("login", "192.0.2.7", Some(&[]), "default"),
        ("sshd", "192.0.2.7", Some(&[]), "office"),
        ("sshd", "::ffff:192.0.2.7", Some(&[]), "office"),
        ("sshd", "2001:db8::1", Some(&[]), "office"),
        ("sshd", "198.51.100.7", Some(&["staff"]), "staff alone"),
        ("sshd", "198.51.100.7", Some(&["users"]), "nobody else"),
        ("sudo", "", Some(&["staff"]), "default"),
        ("self", "", Some(&[]), "default"),
    ] {
        assert_eq!(ruled(&rules, service, host, groups), decides, "{service} {host:?}");
    }
}

#[test]
fn what_cannot_be_told_denies() {
    let rules = rules(OFFICE);
    assert_eq!(ruled(&rules, "sshd", "pc.example", Some(&[])), "undecided: office");
    assert_eq!(ruled(&rules, "sshd", "198.51.100.7", None), "undecided: staff alone");
    // What does not fit anyway needs not be told.
    assert_eq!(ruled(&rules, "sudo", "pc.example", None), "default");
    assert_eq!(ruled(&rules, "sshd", "192.0.2.7", None), "office");
}

#[test]
fn users_and_terminals() {
    let rules = rules(
        "[[rule]]\nname = 'a'\nuser = ['alice']\ntty = ['/dev/tty1']\nrequire = 'deny'\n\
         [[rule]]\nname = 'b'\nuser = ['bob']\nrequire = 'deny'",
    );
    let origin = Origin::Local;
    let by = |user, tty| {
        let groups = Memberships::new();
        let login = Known { service: "login", user, groups: &groups, origin: &origin, tty };
        match rules.decide(&login) {
            Ruled::By(rule) => rule.name.clone(),
            other @ (Ruled::Default | Ruled::Undecided(..)) => format!("{other:?}"),
        }
    };
    assert_eq!(by("alice", "tty1"), "a");
    assert_eq!(by("alice", "/dev/tty1"), "a");
    assert_eq!(by("alice", "tty2"), "Default");
    assert_eq!(by("alice", ""), "Default");
    assert_eq!(by("bob", ""), "b");
}

#[test]
fn mistakes_are_named_with_their_rule() {
    for (body, named) in [
        ("require = 'perhaps'", "unknown variant"),
        ("require = 'code'\ncolour = 'red'", "colour"),
        ("", "require"),
        ("require = 'code'\nservice = []", "rule \"x\": service is empty"),
        ("require = 'code'\nuser = ['']", "user is empty"),
        ("require = 'code'\nfrom = ['192.0.2.7/24']", "write 192.0.2.0/24"),
        ("require = 'code'\nfrom = ['pc.example']", "no numeric network"),
        ("require = 'none'\nremote = false", "remote needs a service"),
        ("require = 'code'\nservice = ['a']\nremote = false\nfrom = ['::1']", "exclude each other"),
        ("require = 'code'\nmethods = ['pigeon']", "there are totp, hotp, recovery"),
        ("require = 'code'\nremember = '31d'", "at most 30d"),
        ("require = 'code'\nremember = '59s'", "between 1min and 365d"),
        ("require = 'code'\nremember = 8", "string"),
        ("require = 'none'\nremember = '8h'", "remember needs require"),
        ("require = 'deny'\nremember = '8h'", "remember needs require"),
    ] {
        let error = try_rules(&format!("[[rule]]\nname = 'x'\n{body}")).unwrap_err();
        assert!(error.contains(named) && error.contains("line"), "{body:?}: {error}");
    }
    assert!(try_rules("[[rule]]\nname = ''\nrequire = 'code'").is_err());
}

#[test]
fn what_is_odd_is_told() {
    assert_eq!(review(&rules(OFFICE)), [Remark::Open("console stays open".to_owned())]);
    let shadowed = rules(
        "[[rule]]\nname = 'all of ssh'\nservice = ['sshd']\nrequire = 'code'\n\
         [[rule]]\nname = 'lan'\nservice = ['sshd']\nfrom = ['192.0.2.0/24']\nrequire = 'deny'\n\
         [[rule]]\nname = 'lan'\nfrom = ['192.0.2.0/24']\nrequire = 'code'\n\
         [[rule]]\nname = 'desk'\nfrom = ['192.0.2.7']\nrequire = 'code'",
    );
    let by = |rule: &str, by: &str| Remark::Shadowed { rule: rule.to_owned(), by: by.to_owned() };
    let expected = [by("lan", "all of ssh"), Remark::SameName("lan".to_owned()), by("desk", "lan")];
    assert_eq!(review(&shadowed), expected);
}

/// The trace ends where the decision is made, and names what does not fit.
#[test]
fn why_they_decide_so_is_told_rule_by_rule() {
    let rules = rules(OFFICE);
    let seen = |host: &str, groups: Option<bool>| -> Vec<Seen> {
        let groups = groups.map(|is_in| ("staff".to_owned(), is_in)).into_iter().collect();
        let origin = Origin::of_host(host);
        let login =
            Known { service: "sshd", user: "alice", groups: &groups, origin: &origin, tty: "" };
        let trace = rules.trace(&login);
        // What decides is what the rules decide.
        let last = trace.iter().find(|looked| !matches!(looked.seen, Seen::Differs(_)));
        match (rules.decide(&login), last) {
            (Ruled::Default, None) => {}
            (Ruled::By(rule), Some(Looked { rule: looked, seen: Seen::Matches }))
            | (
                Ruled::Undecided(rule, _),
                Some(Looked { rule: looked, seen: Seen::Undecided(_) }),
            ) => {
                assert_eq!(rule, *looked);
            }
            (ruled, looked) => panic!("{ruled:?}, but {looked:?}"),
        }
        trace.into_iter().map(|looked| looked.seen).collect()
    };
    let differs = |keys: &[&'static str]| Seen::Differs(keys.to_vec());
    let console = || differs(&["service", "remote"]);
    assert_eq!(
        seen("192.0.2.7", None),
        [console(), Seen::Matches, Seen::NotReached, Seen::NotReached]
    );
    assert_eq!(
        seen("198.51.100.7", Some(false)),
        [console(), differs(&["from"]), differs(&["group"]), Seen::Matches]
    );
    assert_eq!(
        seen("198.51.100.7", None),
        [console(), differs(&["from"]), Seen::Undecided(GROUPS), Seen::NotReached]
    );
    let named = seen("pc.example", Some(true));
    assert!(matches!(named[..], [_, Seen::Undecided(_), Seen::NotReached, Seen::NotReached]));
}

#[test]
fn whom_rules_name_in_vain_is_told_and_what_cannot_be_told_otherwise() {
    let rules = rules(
        "[[rule]]\nname = 'a'\nuser = ['alice', 'alcie']\ngroup = ['staff', 'stuff', 'far']\n\
         require = 'code'",
    );
    let of = |name: &str| match name {
        "alice" | "staff" => Existence::There,
        "far" => Existence::Unknown,
        _ => Existence::Missing,
    };
    let told: Vec<String> = unmet(&rules, of, of).iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[0].contains("there is no user \"alcie\""), "{told:?}");
    assert!(told[1].contains("there is no group \"stuff\", so that it denies"), "{told:?}");
    assert!(told[2].contains("whether there is \"far\" cannot be told"), "{told:?}");
}

#[test]
fn a_rule_that_opens_every_service_is_told_as_such() {
    let open = rules("[[rule]]\nname = 'x'\nuser = ['kiosk']\nrequire = 'none'");
    assert_eq!(review(&open), [Remark::OpenEverywhere("x".to_owned())]);
}
