//! Whose account is meant, mistakes in the command line, and a daemon that is not there, is
//! somebody else, says nothing or breaks off.

use std::fmt::Write;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use otpctl::{Connect, Exit, Peer, Unreachable};
use zbus::connection::Builder;

use crate::case::{Case, compare};
use crate::fake::Fake;

#[test]
fn root_must_say_whom() {
    Case::root(&["list"]).expect("root-names-nobody", &Fake::new());
    Case::root(&["list", "--json"]).expect("root-names-nobody-json", &Fake::new());
}

#[test]
fn others_mean_themselves_unless_they_say_so() {
    let fake = Fake::new();
    Case::alice(&["list"]).run(&fake);
    Case::alice(&["list", "-u", "bob"]).run(&fake);
    Case::alice(&["--user", "carol", "list"]).run(&fake);
    let users = ["alice", "bob", "carol"].map(|user| format!("List({user:?}, All)"));
    assert_eq!(fake.asked(), users);
}

#[test]
fn a_caller_without_a_name() {
    let run = Case::alice(&["list"]).caller(4711, None).run(&Fake::new());
    assert_eq!(run.exit, 4);
    assert!(run.err.contains("4711"), "{}", run.err);
}

#[test]
fn names_have_bounds() {
    let long: &'static str = "x".repeat(otp_bus::names::MAX_USER_BYTES + 1).leak();
    assert_eq!(Case::root(&["list", "-u", &long[1..]]).run(&Fake::new()).exit, 0);
    for name in ["", long] {
        let fake = Fake::new();
        assert_eq!(Case::root(&["list", "-u", name]).run(&fake).exit, 2);
        assert_eq!(fake.asked(), [""; 0]);
    }
}

#[test]
fn mistakes_in_the_command_line() {
    for (name, args) in [
        ("nothing", vec![]),
        ("unknown-verb", vec!["lsit"]),
        ("unknown-option", vec!["list", "--al\u{1b}[2J"]),
        ("missing-device", vec!["confirm"]),
        ("bad-value", vec!["enroll", "--digits", "five"]),
        ("bad-kind", vec!["enroll", "--kind", "u2f"]),
        ("bad-json", vec!["enroll", "--digits", "5", "--json"]),
    ] {
        Case::alice(&args).expect(&format!("usage-{name}"), &Fake::new());
    }
}

#[test]
fn help_names_every_exit_status() {
    let run = Case::alice(&["--help"]).run(&Fake::new());
    assert_eq!(run.exit, 0);
    compare("help", &run.out);
    compare("help-enroll", &Case::alice(&["enroll", "--help"]).run(&Fake::new()).out);
    for exit in Exit::ALL {
        assert!(run.out.contains(&format!("{}  {}", exit.number(), exit.meaning())), "{exit:?}");
    }
    let version = Case::alice(&["--version"]).run(&Fake::new());
    assert_eq!(version.out, format!("otpctl {}\n", env!("CARGO_PKG_VERSION")));
}

/// Leads nowhere, in a way of a test's choice.
struct Nowhere(Way);

type Way = fn() -> Unreachable;

impl Connect for Nowhere {
    async fn connect(&self) -> Result<Peer, Unreachable> {
        Err((self.0)())
    }
}

#[test]
fn a_daemon_that_cannot_be_reached() {
    let ways: [(&str, Way); 5] = [
        ("socket", || {
            let error = std::io::Error::from(std::io::ErrorKind::WouldBlock);
            Unreachable::Socket("/run/otpd/auth".into(), error.into())
        }),
        ("bus", || Unreachable::Bus(zbus::Error::Failure("no such file".into()))),
        ("not-running", || {
            Unreachable::NotRunning(
                zbus::fdo::Error::ServiceUnknown("no such service".into()).into(),
            )
        }),
        ("impostor", || Unreachable::Impostor { place: "org.otpd1 on the bus".into(), uid: 1001 }),
        ("local", || Unreachable::Local(std::io::Error::from(std::io::ErrorKind::OutOfMemory))),
    ];
    let mut seen = String::new();
    for (name, way) in ways {
        let run = Case::alice(&["list"]).run(&Nowhere(way));
        assert_eq!((run.exit, run.out.as_str()), (5, ""));
        write!(seen, "-- {name}\n{}", run.err).unwrap();
    }
    compare("unreachable", &seen);
}

/// Accepts a connection and never says a word.
struct Mute {
    within: Duration,
    held: std::sync::Mutex<Vec<UnixStream>>,
}

impl Connect for Mute {
    async fn connect(&self) -> Result<Peer, Unreachable> {
        let (ours, theirs) = UnixStream::pair().unwrap();
        self.held.lock().unwrap().push(theirs);
        let connection = Builder::unix_stream(ours).p2p().build().await;
        panic!("a handshake with nobody: {connection:?}")
    }

    fn deadline(&self) -> Duration {
        self.within
    }
}

#[test]
fn silence_ends_at_the_deadline_even_in_the_handshake() {
    let mute = Mute { within: Duration::from_millis(50), held: std::sync::Mutex::default() };
    let run = Case::alice(&["list", "--json"]).run(&mute);
    let error: serde_json::Value = serde_json::from_str(&run.err).unwrap();
    assert_eq!((run.exit, error["error"].as_str()), (5, Some("no-answer")));
    assert_eq!(mute.held.lock().unwrap().len(), 1, "nothing is tried twice");
}

#[test]
fn the_deadline_is_fifteen_seconds() {
    let nowhere = Nowhere(|| Unreachable::Local(std::io::ErrorKind::Other.into()));
    assert_eq!(nowhere.deadline(), Duration::from_secs(15));
}

#[test]
fn a_daemon_that_hangs_up_leaves_the_outcome_open_and_is_asked_once() {
    let fake = Fake::new().with(|state| state.breaks = Some("Verify"));
    Case::alice(&["verify"]).pipe(&["123456"]).expect("hung-up", &fake);
}

#[test]
fn answers_that_are_none_of_the_contract() {
    let strange = zbus::fdo::Error::UnknownMethod("no such method".into());
    let fake = Fake::new().refusing("List", [otp_bus::Error::ZBus(strange.into())]);
    let run = Case::alice(&["list"]).run(&fake);
    assert_eq!((run.exit, run.out.as_str()), (5, ""), "{}", run.err);
}
