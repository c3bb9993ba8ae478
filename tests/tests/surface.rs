//! Every method of the contract by everybody, and every argument at its bounds. What may come back
//! is written here anew, not read from the daemon: a table that is compared with itself says nothing.
//! As long as the contract: a row for each method, and one for each bound.

use std::collections::BTreeMap;

use otp_bus::names::{
    ADMIN_INTERFACE, AUTH_INTERFACE, CONTACTS_INTERFACE, KEYS_INTERFACE, MANAGE_INTERFACE,
    PASSES_INTERFACE, SESSIONS_INTERFACE, TOKENS_INTERFACE,
};
use testbed::{
    Account, Context, Failure, Result, inside, manage,
    peer::{Answer, Arguments, Peer},
};
use tokio::runtime::Builder;
use zbus::{Structure, Variant};

use crate::scene::Scene;

/// Who may: root, the owner, anybody else. Then what root hears with [`usual`] arguments.
const TABLE: [(&str, &str, [bool; 3], &str); 56] = [
    (AUTH_INTERFACE, "Begin", [true, true, false], "return"),
    (AUTH_INTERFACE, "Verify", [true, true, false], "return"),
    (MANAGE_INTERFACE, "Enroll", [true, true, false], "return"),
    (MANAGE_INTERFACE, "Confirm", [true, true, false], "AlreadyExists"),
    (MANAGE_INTERFACE, "Send", [true, true, false], "UnknownDevice"),
    (MANAGE_INTERFACE, "List", [true, true, false], "return"),
    (MANAGE_INTERFACE, "Status", [true, true, false], "return"),
    (MANAGE_INTERFACE, "Explain", [true, true, false], "return"),
    (MANAGE_INTERFACE, "Decide", [true, false, false], "return"),
    (MANAGE_INTERFACE, "Remove", [true, true, false], "UnknownDevice"),
    (MANAGE_INTERFACE, "Unlock", [true, false, false], "return"),
    (AUTH_INTERFACE, "VerifyDevice", [true, true, false], "return"),
    // Alice has a device, and no rule has anybody enroll.
    (AUTH_INTERFACE, "BeginEnrolment", [true, false, false], "NotAllowed"),
    (AUTH_INTERFACE, "ProveEnrolment", [true, false, false], "NotAllowed"),
    (AUTH_INTERFACE, "SettleEnrolment", [true, false, false], "NotAllowed"),
    (AUTH_INTERFACE, "DropEnrolment", [true, false, false], "return"),
    (MANAGE_INTERFACE, "HasDevice", [true, true, false], "return"),
    (MANAGE_INTERFACE, "Kinds", [true, true, false], "return"),
    (MANAGE_INTERFACE, "Rename", [true, true, false], "UnknownDevice"),
    (MANAGE_INTERFACE, "RenewRecovery", [true, true, false], "return"),
    (MANAGE_INTERFACE, "Resync", [true, true, false], "UnknownDevice"),
    (MANAGE_INTERFACE, "Log", [true, true, false], "return"),
    (MANAGE_INTERFACE, "LogAll", [true, false, false], "return"),
    (ADMIN_INTERFACE, "Adopt", [true, false, false], "AlreadyExists"),
    (ADMIN_INTERFACE, "Account", [true, false, false], "return"),
    (ADMIN_INTERFACE, "Accounts", [true, false, false], "return"),
    (ADMIN_INTERFACE, "Reload", [true, false, false], "return"),
    (ADMIN_INTERFACE, "Forget", [true, false, false], "UnknownAccount"),
    (MANAGE_INTERFACE, "Invite", [true, false, false], "return"),
    (MANAGE_INTERFACE, "Exempt", [true, false, false], "return"),
    (MANAGE_INTERFACE, "EndExemption", [true, false, false], "return"),
    (MANAGE_INTERFACE, "Remembered", [true, true, false], "return"),
    (MANAGE_INTERFACE, "ForgetRemembered", [true, true, false], "UnknownDevice"),
    (SESSIONS_INTERFACE, "Open", [true, false, false], "return"),
    (SESSIONS_INTERFACE, "Close", [true, false, false], "return"),
    (SESSIONS_INTERFACE, "Current", [true, true, true], "return"),
    (KEYS_INTERFACE, "List", [true, false, false], "return"),
    (KEYS_INTERFACE, "Add", [true, false, false], "return"),
    (KEYS_INTERFACE, "Reseal", [true, false, false], "return"),
    (KEYS_INTERFACE, "Retire", [true, false, false], "UnknownKey"),
    // For whom the configuration names, and here it names nobody, nor root.
    (CONTACTS_INTERFACE, "Request", [false, false, false], "NotAllowed"),
    (CONTACTS_INTERFACE, "Verify", [false, false, false], "NotAllowed"),
    (CONTACTS_INTERFACE, "Enroll", [false, false, false], "NotAllowed"),
    (TOKENS_INTERFACE, "Grant", [false, false, false], "NotAllowed"),
    (TOKENS_INTERFACE, "Refresh", [false, false, false], "NotAllowed"),
    (TOKENS_INTERFACE, "Inspect", [true, false, false], "return"),
    (TOKENS_INTERFACE, "Revoke", [true, false, false], "return"),
    (TOKENS_INTERFACE, "List", [true, true, false], "return"),
    (TOKENS_INTERFACE, "End", [true, true, false], "return"),
    (PASSES_INTERFACE, "Create", [true, true, false], "return"),
    (PASSES_INTERFACE, "Extend", [true, true, false], "UnknownPass"),
    (PASSES_INTERFACE, "Deactivate", [true, true, false], "UnknownPass"),
    (PASSES_INTERFACE, "List", [true, true, false], "return"),
    // Whoever has a key may.
    (PASSES_INTERFACE, "Check", [true, true, true], "return"),
    (PASSES_INTERFACE, "Get", [true, true, true], "WrongCode"),
    (PASSES_INTERFACE, "Use", [true, true, true], "WrongCode"),
];

/// What an owner hears of her own changes, who shows no code with them.
const CHANGES: [(&str, &str); 14] = [
    ("Create", "CodeNeeded"),
    ("Extend", "CodeNeeded"),
    ("Deactivate", "UnknownPass"),
    ("Get", "WrongCode"),
    ("Use", "WrongCode"),
    ("Enroll", "CodeNeeded"),
    ("Confirm", "AlreadyExists"),
    ("Send", "UnknownDevice"),
    ("Remove", "CodeNeeded"),
    ("Rename", "CodeNeeded"),
    ("RenewRecovery", "CodeNeeded"),
    ("Resync", "UnknownDevice"),
    ("ForgetRemembered", "UnknownDevice"),
    // The process that connected for her is root's, and its session is not hers.
    ("Current", "Unavailable"),
];

const INVALID: &str = "InvalidArgument";
const UNREAD: &str = "org.freedesktop.DBus.Error.InvalidArgs";

/// Runs calls to their end.
pub(crate) fn block_on<T>(calls: impl Future<Output = Result<T>>) -> Result<T> {
    Builder::new_current_thread().enable_all().build()?.block_on(calls)
}

/// `(sssssas)`, with this user, service and hints.
pub(crate) fn login(user: &str, fields: [&str; 4], hints: &[&str]) -> Variant<'static> {
    let [service, rhost, ruser, tty] = fields.map(str::to_owned);
    let hints: Vec<String> = hints.iter().map(ToString::to_string).collect();
    Variant::Structure(Structure::from((user.to_owned(), service, rhost, ruser, tty, hints)))
}

/// A text.
pub(crate) fn text(text: impl Into<String>) -> Variant<'static> {
    Variant::from(text.into())
}

/// `a{sv}`.
pub(crate) fn device<const N: usize>(entries: [(&str, Variant<'static>); N]) -> Variant<'static> {
    let entries = entries.map(|(key, value)| (key.to_owned(), value));
    Variant::from(BTreeMap::from(entries))
}

/// Arguments of a method that are well formed.
pub(crate) fn usual(member: &str, user: &str) -> Arguments {
    let login = || login(user, ["otp", "", "", ""], &[]);
    match member {
        "Begin" | "Decide" => vec![login()],
        "Verify" => vec![login(), text("no code")],
        "VerifyDevice" => vec![login(), text("totp"), text("no code")],
        "BeginEnrolment" => vec![login(), text("")],
        "ProveEnrolment" => vec![login(), text("AAAAAAAA"), text("123456")],
        "SettleEnrolment" | "DropEnrolment" => vec![login(), text("AAAAAAAA")],
        "Enroll" => vec![text(user), device([]), device([("kind", text("hotp"))])],
        "Rename" => vec![text(user), device([]), text("no such device"), text("other")],
        "RenewRecovery" => vec![text(user), device([]), device([])],
        "Resync" => {
            vec![text(user), text("no such device"), text("000000"), text("000001")]
        }
        "Exempt" => vec![text(user), Variant::from(60_u32), text("why")],
        "Create" => vec![text(user), device([]), device([("purpose", text("login"))])],
        "Extend" => vec![text(user), device([]), text("pass/0000000000000000"), device([])],
        "Deactivate" => vec![text(user), text("no-such-purpose"), device([])],
        "Check" | "Get" | "Use" => vec![text("login"), text("no such key"), device([])],
        "Invite" => vec![text(user), Variant::from(3600_u32)],
        "Open" => vec![text("su")],
        "ForgetRemembered" => vec![text(user), Variant::from(77_u32)],
        "Confirm" => vec![text(user), text(format!("{user}'s totp")), text("000000")],
        "Send" => vec![text(user), text("no such device")],
        "List" => vec![text(user), text("all")],
        "Remove" => vec![text(user), device([]), text("no such device")],
        "Log" => vec![text(user), Variant::from(20_u32)],
        "LogAll" => vec![Variant::from(20_u32)],
        "Adopt" | "End" => vec![text(user), text("")],
        "Forget" => vec![text("no such account")],
        "Accounts" => vec![text(user), Variant::from(1_u32)],
        "Add" | "Reload" | "Close" | "Current" => Vec::new(),
        "Request" => vec![text("+4915123456742"), text("sms")],
        "Grant" => vec![text(user), text("000000"), text("")],
        "Inspect" | "Refresh" | "Revoke" => vec![text("no token")],
        "Reseal" => vec![Variant::from(100_u32)],
        "Retire" => vec![text("no-such-key")],
        _ => vec![text(user)],
    }
}

/// The same where two interfaces have a method of one name.
fn usual_at(interface: &str, member: &str, user: &str) -> Arguments {
    match (interface, member) {
        (KEYS_INTERFACE, "List") => Vec::new(),
        (TOKENS_INTERFACE, "List") => vec![text(user)],
        (CONTACTS_INTERFACE, "Verify") => vec![text("+4915123456742"), text("000000")],
        (CONTACTS_INTERFACE, "Enroll") => vec![text(user), text("no identifier")],
        (PASSES_INTERFACE, "List") => vec![text(user), text(""), Variant::from(10_u32)],
        _ => usual(member, user),
    }
}

#[test]
fn every_method_by_everybody() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        the_table_is_whole();
        let world = &scene.world;
        let nobody = Account { name: "nobody".to_owned(), uid: 65_534 };
        block_on(async {
            let root = [Peer::on_socket().await?, Peer::on_bus(None).await?];
            let owner = Peer::on_bus(Some(&world.alice)).await?;
            let others =
                [Peer::on_bus(Some(&world.bob)).await?, Peer::on_bus(Some(&nobody)).await?];
            for (interface, member, [_, owns, stranger], _) in TABLE {
                // What others hear is the same for those who exist and those who do not.
                for user in ["alice", "root", "_otpd", "no such user", "a/b", ""] {
                    for peer in &others {
                        let answer =
                            peer.call(interface, member, &usual_at(interface, member, user)).await;
                        assert_eq!(answer.word() != "NotAllowed", stranger, "{member} {user:?}");
                        let Answer::Refused(_, text) = answer else { continue };
                        assert!(user.is_empty() || !text.contains(user), "{text}");
                    }
                }
                let answer =
                    owner.call(interface, member, &usual_at(interface, member, "alice")).await;
                assert_eq!(answer.word() != "NotAllowed", owns, "{member} by its owner");
                let change = CHANGES.iter().find(|(change, _)| *change == member);
                let heard = change.map_or("return", |(_, heard)| heard);
                assert!(!owns || answer.word() == heard, "{member}: {answer:?}");
            }
            untouched().await?;
            for peer in &root {
                for (interface, member, _, heard) in TABLE {
                    let answer =
                        peer.call(interface, member, &usual_at(interface, member, "alice")).await;
                    let second = member == "Enroll" && answer.word() == "AlreadyExists";
                    assert!(answer.word() == heard || second, "{member} by root: {answer:?}");
                }
            }
            Ok(())
        })
    })
}

/// Each method that the daemon publishes has its row.
fn the_table_is_whole() {
    let xml = include_str!("../../otp-bus/org.otpd1.xml");
    let mut methods: Vec<&str> =
        xml.split("<method name=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let mut rows = TABLE.map(|(_, member, ..)| member).to_vec();
    methods.sort_unstable();
    rows.sort_unstable();
    assert_eq!(methods, rows, "a method without a row, or a row without a method");
}

/// Whoever was refused has changed nothing of alice's.
async fn untouched() -> Result {
    let root = Peer::on_socket().await?;
    let status = root.call(MANAGE_INTERFACE, "Status", &usual("Status", "alice")).await;
    let Answer::Returned(status) = status else {
        return Err(Failure::new(format!("{status:?}")));
    };
    let status: otp_bus::AccountStatus = status.body().deserialize()?;
    assert_eq!((status.devices, status.lanes.len()), (1, 0), "{status:?}");
    Ok(())
}

#[test]
fn every_argument_at_its_bounds() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        block_on(async {
            for peer in [Peer::on_socket().await?, Peer::on_bus(None).await?] {
                for (member, arguments, expected) in
                    logins().into_iter().chain(names()).chain(keys()).chain(passes())
                {
                    hears(&peer, member, &arguments, expected).await?;
                }
                for (entries, expected) in devices() {
                    let arguments = vec![text("bob"), device([]), entries];
                    hears(&peer, "Enroll", &arguments, expected).await?;
                    clear("bob").await?;
                }
                for (member, arguments) in misshapen() {
                    hears(&peer, member, &arguments, UNREAD).await?;
                }
            }
            Ok(())
        })?;
        drop(scene);
        Ok(())
    })
}

async fn hears(peer: &Peer, member: &str, arguments: &Arguments, expected: &str) -> Result {
    let row = TABLE.iter().find(|(_, name, ..)| *name == member).context(member)?;
    let answer = peer.call(row.0, member, arguments).await;
    let shown: String = format!("{arguments:?}").chars().take(300).collect();
    assert_eq!(answer.word(), expected, "{member} {shown}: {answer:?}");
    Ok(())
}

/// Removes what was enrolled.
async fn clear(user: &str) -> Result {
    let root = Peer::on_socket().await?;
    let all = root.call(MANAGE_INTERFACE, "List", &usual("List", user)).await;
    let Answer::Returned(all) = all else { return Ok(()) };
    for found in all.body().deserialize::<Vec<otp_bus::DeviceInfo>>()? {
        let arguments = vec![text(user), device([]), text(found.id)];
        root.call(MANAGE_INTERFACE, "Remove", &arguments).await;
    }
    Ok(())
}

type Case = (&'static str, Arguments, &'static str);

fn logins() -> Vec<Case> {
    let long = |bytes: usize| "x".repeat(bytes);
    let mut cases = Vec::new();
    for (bytes, expected) in [(0, "return"), (256, "return"), (257, INVALID), (20_000, INVALID)] {
        cases.push(("Begin", vec![login(&long(bytes), [""; 4], &[])], expected));
        cases.push(("Verify", vec![login(&long(bytes), [""; 4], &[]), text("000000")], expected));
    }
    for (bytes, expected) in [(1024, "return"), (1025, INVALID)] {
        for at in 0..4 {
            let field = long(bytes);
            let fields = [0, 1, 2, 3].map(|other| if other == at { field.as_str() } else { "" });
            cases.push(("Begin", vec![login("alice", fields, &["nullok"])], expected));
        }
    }
    for digits in [0, 5, 6, 10, 11, 512, 513, 4096] {
        let code = "0".repeat(digits);
        cases.push(("Verify", vec![login("bob", [""; 4], &[]), text(code)], "return"));
    }
    let hints = vec!["nullok"; 1000];
    cases.push(("Begin", vec![login("alice", [""; 4], &hints)], "return"));
    cases.push(("Begin", vec![login("alice", [""; 4], &["nullok", "open sesame"])], UNREAD));
    cases
}

fn names() -> Vec<Case> {
    let mut cases = Vec::new();
    for (bytes, expected) in [(0, "UnknownUser"), (256, "UnknownUser"), (257, INVALID)] {
        for member in
            ["List", "Status", "Explain", "Enroll", "Confirm", "Remove", "Unlock", "Resync", "Log"]
        {
            cases.push((member, usual(member, &"x".repeat(bytes)), expected));
        }
    }
    for (bytes, expected) in [(0, "UnknownUser"), (256, "UnknownUser"), (257, INVALID)] {
        cases.push(("Adopt", usual("Adopt", &"x".repeat(bytes)), expected));
    }
    for (bytes, expected) in [(1, "UnknownAccount"), (256, "UnknownAccount"), (257, INVALID)] {
        cases.push(("Adopt", vec![text("alice"), text("x".repeat(bytes))], expected));
    }
    for (bytes, expected) in [(0, "UnknownAccount"), (1024, "UnknownAccount"), (1025, INVALID)] {
        for member in ["Forget", "Account"] {
            cases.push((member, vec![text("x".repeat(bytes))], expected));
        }
    }
    for most in [0, 1, u32::MAX] {
        cases.push(("Accounts", vec![text("hex:zz"), Variant::from(most)], "return"));
    }
    for (seconds, expected) in [
        (0, INVALID),
        (59, INVALID),
        (60, "return"),
        (2_592_000, "return"),
        (2_592_001, INVALID),
        (u32::MAX, INVALID),
    ] {
        cases.push(("Invite", vec![text("bob"), Variant::from(seconds)], expected));
    }
    for name in ["a/b", "a:b", "a\nb", "-1", "0", "\u{2028}"] {
        cases.push(("Status", vec![text(name)], "UnknownUser"));
    }
    for (bytes, expected) in [(0, "UnknownDevice"), (64, "UnknownDevice"), (65, INVALID)] {
        let name = "x".repeat(bytes);
        let code = text("000000");
        cases.push(("Confirm", vec![text("alice"), text(name.clone()), code], expected));
        cases.push(("Remove", vec![text("alice"), device([]), text(name)], expected));
    }
    for (code, expected) in [("", INVALID), ("12345", INVALID), ("12345678901", INVALID)] {
        cases.push(("Confirm", vec![text("alice"), text("alice's totp"), text(code)], expected));
    }
    cases.push(("List", vec![text("alice"), text("some")], UNREAD));
    let bounds = [(0_u32, INVALID), (1, "return"), (1000, "return"), (1001, INVALID)];
    for (most, expected) in bounds.into_iter().chain([(u32::MAX, INVALID)]) {
        cases.push(("Log", vec![text("alice"), Variant::from(most)], expected));
        cases.push(("LogAll", vec![Variant::from(most)], expected));
    }
    cases
}

fn keys() -> Vec<Case> {
    let mut cases = Vec::new();
    for (most, expected) in [(0_u32, INVALID), (1, "return"), (1000, "return"), (1001, INVALID)] {
        cases.push(("Reseal", vec![Variant::from(most)], expected));
    }
    for tag in ["", "a/b", "k 1", "k1\n", "x".repeat(17).as_str(), "x".repeat(4096).as_str()] {
        cases.push(("Retire", vec![text(tag)], "UnknownKey"));
    }
    cases
}

/// What passes are made of nobody's, and with what they are asked for.
fn passes() -> Vec<Case> {
    let strings =
        |texts: &[&str]| Variant::from(texts.iter().map(ToString::to_string).collect::<Vec<_>>());
    let made = |key: &str, value: Variant<'static>| {
        let pass = device([("purpose", text("door")), (key, value)]);
        ("Create", vec![text(""), device([]), pass])
    };
    let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    let json = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
    let number = |number: u32| Variant::from(number);
    let many = vec!["x".to_owned(); 17];
    let distinct: Vec<String> = (0..17).map(|number| format!("{number}")).collect();
    let cases = [
        (made("seconds", number(0)), INVALID),
        (made("seconds", number(1)), "return"),
        (made("seconds", number(2_592_000)), "return"),
        (made("seconds", number(2_592_001)), INVALID),
        (made("seconds", number(u32::MAX)), INVALID),
        (made("until", Variant::from(0_u64)), INVALID),
        (made("until", Variant::from(u64::MAX)), INVALID),
        (made("data", text("{\"a\": 1}")), "return"),
        (made("data", text(json(16_384))), "return"),
        (made("data", text(json(16_385))), INVALID),
        (made("data", text("{a: 1}")), INVALID),
        (made("data", text("")), INVALID),
        (made("data", text(nested(32))), "return"),
        (made("data", text(nested(33))), INVALID),
        (made("data", text(nested(8000))), INVALID),
        (made("generator", text("digits:7")), "return"),
        (made("generator", text("digits:6")), INVALID),
        (made("generator", text("words:2")), "return"),
        (made("generator", text("debug")), INVALID),
        (made("restrictions", strings(&["from:192.0.2.0/24", "x-a"])), "return"),
        (made("restrictions", strings(&["host:a"])), INVALID),
        (made("restrictions", strings(&["from:localhost"])), INVALID),
        (made("restrictions", strings(&[""])), INVALID),
        (made("services", strings(&["sshd"])), "return"),
        (made("services", strings(&["a\nb"])), INVALID),
        (made("related", Variant::from(many)), "return"),
        (made("related", Variant::from(distinct)), INVALID),
        (made("related", strings(&[""])), INVALID),
        (made("reason", text("x".repeat(256))), "return"),
        (made("reason", text("x".repeat(257))), INVALID),
        (made("reason", text("a\nb")), INVALID),
        (made("colour", text("red")), UNREAD),
        (made("key", text("abcd-efgh")), UNREAD),
    ];
    let mut cases: Vec<Case> =
        cases.into_iter().map(|((member, arguments), heard)| (member, arguments, heard)).collect();
    for purpose in ["", "Login", "a b", "-", "x".repeat(65).as_str()] {
        let pass = device([("purpose", text(purpose))]);
        cases.push(("Create", vec![text(""), device([]), pass], INVALID));
    }
    let both = device([
        ("purpose", text("door")),
        ("seconds", number(1)),
        ("until", Variant::from(1_u64)),
    ]);
    cases.push(("Create", vec![text(""), device([]), both], INVALID));
    cases.push(("Create", vec![text(""), device([]), device([])], UNREAD));
    for key in ["", " ", "-", "abc", "a_b_c_d", "x".repeat(65).as_str(), long().as_str()] {
        for member in ["Check", "Get", "Use"] {
            cases.push((member, vec![text("login"), text(key), device([])], INVALID));
        }
        let which = device([("key", text(key))]);
        cases.push(("Deactivate", vec![text(""), text("login"), which], INVALID));
    }
    let place = device([("service", text("x".repeat(1025)))]);
    cases.push(("Check", vec![text("login"), text("abcd"), place], INVALID));
    for id in ["", "pass/", "totp/00000000", "pass/000000000000000g"] {
        cases.push(("Extend", vec![text(""), device([]), text(id), device([])], INVALID));
    }
    cases
}

/// What to enroll, and what comes of it.
fn devices() -> Vec<(Variant<'static>, &'static str)> {
    let with = |kind: &str, key: &str, value: Variant<'static>| {
        device([("kind", text(kind)), (key, value)])
    };
    let mut cases = vec![
        (device([]), UNREAD),
        (device([("kind", text("pigeon"))]), INVALID),
        (device([("kind", Variant::from(7_u32))]), UNREAD),
        (with("totp", "colour", text("red")), UNREAD),
        (with("totp", "counter", Variant::from(0_u64)), INVALID),
        (with("hotp", "period", Variant::from(30_u32)), INVALID),
        (with("totp", "algorithm", text("MD5")), INVALID),
        (with("totp", "digits", text("6")), UNREAD),
    ];
    for (bytes, expected) in [(0, INVALID), (1, "return"), (64, "return"), (65, INVALID)] {
        cases.push((with("totp", "label", text("x".repeat(bytes))), expected));
        cases.push((with("totp", "issuer", text("x".repeat(bytes))), expected));
    }
    for (bytes, expected) in [(9, INVALID), (10, "return"), (128, "return"), (129, INVALID)] {
        cases.push((with("totp", "secret", Variant::from(vec![7_u8; bytes])), expected));
    }
    for (digits, expected) in [(0_u32, INVALID), (5, INVALID), (6, "return"), (10, "return")] {
        cases.push((with("totp", "digits", Variant::from(digits)), expected));
    }
    for digits in [11_u32, 262, u32::MAX] {
        cases.push((with("hotp", "digits", Variant::from(digits)), INVALID));
    }
    for (period, expected) in [(0_u32, INVALID), (14, INVALID), (15, "return"), (120, "return")] {
        cases.push((with("totp", "period", Variant::from(period)), expected));
    }
    for period in [121_u32, u32::MAX] {
        cases.push((with("totp", "period", Variant::from(period)), INVALID));
    }
    for counter in [0_u64, u64::MAX - 1, u64::MAX] {
        cases.push((with("hotp", "counter", Variant::from(counter)), "return"));
    }
    for label in ["a\nb", "a\u{9b}b", "a/b"] {
        cases.push((with("totp", "label", text(label)), INVALID));
    }
    cases
}

fn shape(value: Option<&Variant<'_>>) -> Option<String> {
    value.map(|value| value.value_signature().to_string())
}

/// Arguments of other types, in other numbers.
fn misshapen() -> Vec<(&'static str, Arguments)> {
    let odd = || {
        [
            Variant::from(0_u8),
            Variant::from(true),
            Variant::from(-1_i64),
            Variant::from(f64::NAN),
            Variant::from(vec!["alice"]),
            Variant::Variant(Box::new(text("alice"))),
            device([]),
            Variant::Structure(Structure::from(("alice".to_owned(),))),
        ]
    };
    let mut cases = Vec::new();
    for (_, member, ..) in TABLE {
        let usual = || usual(member, "alice");
        if usual().is_empty() {
            continue;
        }
        cases.push((member, Vec::new()));
        cases.push((member, usual().into_iter().skip(1).collect()));
        for other in odd() {
            for at in 0..usual().len() {
                let mut arguments = usual();
                // An empty dictionary in a dictionary's place has the right shape.
                let (were, now) = (shape(arguments.get(at)), shape(Some(&other)));
                if were != now {
                    arguments.splice(at..=at, [other.clone()]);
                    cases.push((member, arguments));
                }
            }
        }
    }
    cases
}

#[test]
fn a_message_of_64_kib_is_read_and_a_longer_one_dropped() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        block_on(async {
            let socket = Peer::on_socket().await?;
            let of_length = |peer: &Peer, bytes: usize| {
                let call = |code: usize| {
                    let arguments = vec![login("bob", [""; 4], &[]), text("0".repeat(code))];
                    peer.message(AUTH_INTERFACE, "Verify", &arguments)
                };
                let least = call(0)?.data().len();
                let message = call(bytes.saturating_sub(least))?;
                assert_eq!(message.data().len(), bytes);
                Ok::<_, Failure>(message)
            };
            for bytes in [65_535, 65_536] {
                let answer = socket.send(&of_length(&socket, bytes)?).await;
                assert_eq!(answer.word(), "return", "{bytes}: {answer:?}");
            }
            let owner = Peer::on_bus(Some(&scene.world.bob)).await?;
            // The bus adds who sent it.
            for (peer, bytes) in [(&socket, 65_537), (&owner, 65_537), (&owner, 1 << 20)] {
                let long = of_length(peer, bytes)?;
                let dropped = async {
                    let answer = peer.send(&long).await;
                    Err::<(), _>(Failure::new(format!("{bytes}: {answer:?}")))
                };
                // The next one on the same connection is served, later than the long one would be.
                let next = async {
                    for _ in 0..3 {
                        let arguments = usual("Verify", "bob");
                        let answer = peer.call(AUTH_INTERFACE, "Verify", &arguments).await;
                        assert_eq!(answer.word(), "return", "{answer:?}");
                    }
                    Result::Ok(())
                };
                tokio::select! { biased; answered = dropped => answered?, done = next => done? }
            }
            Ok(())
        })?;
        manage(async |proxy| proxy.status("alice").await)?;
        Ok(())
    })
}

/// Whoever asks for what is too long, again and again, is in the log, and does not fill it.
#[test]
fn who_is_rejected_is_in_the_log_and_does_not_flood_it() -> Result {
    inside(|| {
        let Scene { daemon, world, bus: _bus, .. } = Scene::new()?;
        let alice = world.alice.uid;
        block_on(async {
            let peer = Peer::on_bus(Some(&world.alice)).await?;
            for _ in 0..200 {
                let answer = peer.call(MANAGE_INTERFACE, "Status", &vec![text(long())]).await;
                assert_eq!(answer.word(), INVALID, "{answer:?}");
            }
            // Of others nothing is left out.
            let other = Peer::on_bus(Some(&world.bob)).await?;
            other.call(MANAGE_INTERFACE, "Status", &usual("Status", "root")).await;
            Result::Ok(())
        })?;
        daemon.stop()?;
        let log = world.log.text();
        let count = |words: &str| log.matches(words).count();
        assert_eq!(count(&format!("uid {alice} rejected: user is longer")), 20);
        assert_eq!(count(&format!("uid {} may not see the status", world.bob.uid)), 1);
        world.log.expect(&[&format!("uid {alice}: 180 more lines"), "left out"])?;
        Ok(())
    })
}

fn long() -> String {
    "x".repeat(257)
}
