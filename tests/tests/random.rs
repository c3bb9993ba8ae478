//! A caller that says whatever comes to mind, as every sort of user, on both ways in: nothing but
//! typed errors and valid answers may come back, the daemon stays up, and grows no larger.

use std::{
    fs,
    io::{ErrorKind, Read, Write},
    os::unix::net::UnixStream,
    time::Duration,
};

use otp_bus::names::{AUTH_INTERFACE, MANAGE_INTERFACE, SOCKET_PATH};
use testbed::{
    Account, Context, Deadline, Dice, Failure, Result, counts, inside,
    peer::{Arguments, Peer, message_to},
};
use zbus::{ObjectPath, Signature, Structure, Variant};

use crate::{
    scene::Scene,
    surface::{block_on, device, login, text, usual},
};

/// By how much the daemon may grow once it is warm, in KiB: what its allocator keeps.
const GROWTH_KIB: u64 = 8 * 1024;

/// Callers at once on each connection; below the daemon's bound of calls, so that most are looked at.
const AT_ONCE: usize = 6;

const INTERFACES: [&str; 6] = [
    AUTH_INTERFACE,
    MANAGE_INTERFACE,
    "org.freedesktop.DBus.Peer",
    "org.freedesktop.DBus.Properties",
    "org.freedesktop.DBus.Introspectable",
    "org.otpd1.Passes",
];

const MEMBERS: [&str; 22] = [
    "Begin",
    "Verify",
    "Enroll",
    "Confirm",
    "List",
    "Status",
    "Explain",
    "Remove",
    "Unlock",
    "VerifyDevice",
    "HasDevice",
    "Kinds",
    "Rename",
    "RenewRecovery",
    "Resync",
    "Log",
    "LogAll",
    "Invite",
    "Ping",
    "GetAll",
    "Introspect",
    "Nonsense",
];

const WORDS: [&str; 16] = [
    "",
    "alice",
    "bob",
    "root",
    "nobody",
    "_otpd",
    "alice's totp",
    "all",
    "totp",
    "hotp",
    "000000",
    "nullok",
    "\u{8}\n\r\u{7f}INCORRECT",
    "a/b:c\n",
    "\u{202e}\u{feff}\u{1f511}",
    "%s%n${jndi}'\";--",
];

const KEYS: [&str; 9] =
    ["kind", "label", "algorithm", "digits", "period", "counter", "secret", "issuer", "colour"];

#[test]
fn nothing_but_typed_answers_to_random_calls() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let mut dice = Dice::thrown()?;
        let world = &scene.world;
        let nobody = Account { name: "nobody".to_owned(), uid: 65_534 };
        let seconds = |check, soak| Duration::from_secs(counts::of(check, soak) as u64);
        block_on(async {
            let users = [&world.alice, &world.bob, &nobody];
            let warming = Deadline::after(seconds(2, 60));
            let _calls = call_at_random(users, &mut dice, warming).await?;
            let warm = resident(scene.daemon.pid())?;
            let running = Deadline::after(seconds(4, 240));
            let calls = call_at_random(users, &mut dice, running).await?;
            let grown = resident(scene.daemon.pid())?.saturating_sub(warm);
            counts::figure(&format!(
                "{calls} random calls in {:?}: typed answers alone, {warm} KiB resident, grown by {grown} KiB",
                running.elapsed()
            ));
            assert!(grown < GROWTH_KIB, "grown by {grown} KiB from {warm} KiB in {calls} calls");
            Ok(())
        })
    })
}

/// Calls until the deadline, as root and these users; how many calls that were.
async fn call_at_random(users: [&Account; 3], dice: &mut Dice, until: Deadline) -> Result<usize> {
    let mut sum = 0;
    while !until.passed() {
        // The daemon hangs up on connections to its socket after half a minute.
        let shift = Deadline::after(until.left().min(Duration::from_secs(10)));
        let mut peers = vec![Peer::on_socket().await?, Peer::on_bus(None).await?];
        for user in users {
            peers.push(Peer::on_bus(Some(user)).await?);
        }
        let mut callers = tokio::task::JoinSet::new();
        for peer in peers.iter().cycle().take(peers.len() * AT_ONCE) {
            callers.spawn(call_until(shift, peer.clone(), Dice::of(dice.number())));
        }
        while let Some(calls) = callers.join_next().await {
            sum += calls??;
        }
    }
    Ok(sum)
}

async fn call_until(end: Deadline, peer: Peer, mut dice: Dice) -> Result<usize> {
    let mut calls = 0;
    while !end.passed() {
        one_call(&peer, &mut dice).await?;
        calls += 1;
    }
    Ok(calls)
}

async fn one_call(peer: &Peer, dice: &mut Dice) -> Result {
    let member = *dice.pick(&MEMBERS).unwrap_or(&"");
    let fitting = if matches!(member, "Begin" | "Verify" | "VerifyDevice") {
        AUTH_INTERFACE
    } else {
        MANAGE_INTERFACE
    };
    let interface =
        if dice.one_in(8) { *dice.pick(&INTERFACES).unwrap_or(&fitting) } else { fitting };
    let arguments = arguments(dice, member);
    let answer = peer.call(interface, member, &arguments).await;
    if answer.is_typed() {
        return Ok(());
    }
    Err(Failure::new(format!("{interface}.{member} {arguments:?}: {answer:?}")))
}

/// Good arguments, good ones but for one, ones that a device has, or any.
fn arguments(dice: &mut Dice, member: &str) -> Arguments {
    let user = *dice.pick(&WORDS).unwrap_or(&"");
    match dice.below(4) {
        0 => usual(member, user),
        1 => {
            let mut arguments = usual(member, user);
            let at = dice.below(arguments.len());
            let any = value(dice, 3);
            arguments.splice(at..=at, [any]);
            arguments
        }
        2 if member == "Enroll" => {
            let entry = |dice: &mut Dice| (*dice.pick(&KEYS).unwrap_or(&""), value(dice, 1));
            let kind = ("kind", text(if dice.one_in(2) { "totp" } else { "hotp" }));
            vec![text(user), device([]), device([kind, entry(dice), entry(dice)])]
        }
        2 => {
            let mut field = || *dice.pick(&WORDS).unwrap_or(&"");
            let fields = [field(), field(), field(), field()];
            let hints = if dice.one_in(2) { vec!["nullok"; dice.below(40)] } else { Vec::new() };
            vec![login(user, fields, &hints), text(format!("{:06}", dice.below(1_000_000)))]
        }
        _ => (0..dice.below(4)).map(|_| value(dice, 3)).collect(),
    }
}

/// Any value, with so many containers in each other at most.
fn value(dice: &mut Dice, depth: usize) -> Variant<'static> {
    match dice.below(if depth == 0 { 11 } else { 15 }) {
        0 => Variant::from(u8::MAX),
        1 => Variant::from(dice.one_in(2)),
        2 => Variant::from(i16::MIN),
        3 => Variant::from(u32::try_from(dice.number() >> dice.below(64)).unwrap_or(u32::MAX)),
        4 => Variant::from(dice.number() >> dice.below(64)),
        5 => Variant::from(f64::from_bits(dice.number())),
        6 => Variant::from(ObjectPath::from_static_str_unchecked("/org/otpd1")),
        7 => Variant::Signature(Signature::U64),
        8 => {
            let count = dice.below(200);
            Variant::from(dice.bytes(count))
        }
        9 => text("\u{e9}".repeat(dice.below(3000))),
        10 => text(*dice.pick(&WORDS).unwrap_or(&"")),
        11 => Variant::Variant(Box::new(value(dice, depth - 1))),
        12 => Variant::Structure(Structure::from((text("x"), value(dice, depth - 1)))),
        13 => Variant::from(vec!["alice"; dice.below(30)]),
        _ => device([(*dice.pick(&WORDS).unwrap_or(&""), value(dice, depth - 1))]),
    }
}

/// How much memory a process holds, in KiB.
pub(crate) fn resident(pid: u32) -> Result<u64> {
    let path = format!("/proc/{pid}/status");
    let status = fs::read_to_string(&path).context(&path)?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    line.trim().trim_end_matches("kB").trim().parse().context(line)
}

#[test]
fn broken_bytes_neither_end_nor_swell_the_daemon() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let mut dice = Dice::thrown()?;
        let rounds = counts::of(400, 50_000);
        let mut warm = 0;
        for round in 0..rounds {
            if round == rounds / 4 {
                warm = resident(scene.daemon.pid())?;
            }
            send_broken(&broken(&mut dice)?)?;
        }
        block_on(async {
            let peer = Peer::on_socket().await?;
            let answer = peer.call(MANAGE_INTERFACE, "Status", &usual("Status", "alice")).await;
            assert_eq!(answer.word(), "return", "{answer:?}");
            Ok(())
        })?;
        let grown = resident(scene.daemon.pid())?.saturating_sub(warm);
        counts::figure(&format!("{rounds} broken conversations: the daemon grew by {grown} KiB"));
        assert!(grown < GROWTH_KIB, "grown by {grown} KiB from {warm} KiB");
        Ok(())
    })
}

/// A handshake and a call, of which some bytes are others, missing or too many.
fn broken(dice: &mut Dice) -> Result<Vec<u8>> {
    let member = *dice.pick(&MEMBERS).unwrap_or(&"");
    let arguments = arguments(dice, member);
    let call = message_to(None, MANAGE_INTERFACE, member, &arguments)?;
    let handshake = b"\0AUTH EXTERNAL 30\r\nBEGIN\r\n";
    let mut bytes = [handshake, call.data().bytes(), call.data().bytes()].concat();
    // Mostly behind the handshake, which would end most of them there.
    let from = if dice.one_in(6) { 0 } else { handshake.len() };
    for _ in 0..=dice.below(6) {
        let at = from + dice.below(bytes.len().saturating_sub(from));
        match dice.below(8) {
            0 => bytes.truncate(at),
            1 => {
                let count = dice.below(40);
                let more = dice.bytes(count);
                bytes.splice(at..at, more);
            }
            _ => bytes.get_mut(at).into_iter().for_each(|byte| *byte ^= 1 << dice.below(8)),
        }
    }
    Ok(bytes)
}

/// Sends all, closes that way, and reads to the end. Both sides may hang up whenever they like.
fn send_broken(bytes: &[u8]) -> Result {
    let mut stream = UnixStream::connect(SOCKET_PATH).context(SOCKET_PATH)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    // Whether it takes them all is its own choice.
    let _refused = stream.write_all(bytes);
    let _gone = stream.shutdown(std::net::Shutdown::Write);
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => {
            Err(Failure::new(format!("{bytes:?} is held open for 20 s")))
        }
        Ok(_) | Err(_) => Ok(()),
    }
}
