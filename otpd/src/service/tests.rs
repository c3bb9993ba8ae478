//! Every method of the contract, called through its proxies on a real connection, and the
//! introspection data as it is published. One file, as all of it stands on one served connection.

use std::{
    os::unix::net::{UnixDatagram, UnixStream},
    path::Path,
    sync::atomic::AtomicU64,
};

use otp_bus::{
    AdminProxy, AuthProxy, DeviceFilter, Hint, KeyInfo, KeyRole, KeysProxy, Login, ManageProxy,
    NewCodes, NewDevice, Outcome, Reason, Warrant, names,
};
use otp_core::{Algorithm, Counter, Digits, Secret, hotp};
use zbus::Guid;

use super::*;
use crate::{
    config::Config,
    store::{
        SqliteStore,
        contract::{SetClock, accounts::enroll_as},
    },
};

struct World {
    dir: tempfile::TempDir,
    client: Connection,
    _server: Connection,
    gate: Gate,
    log: Arc<Syslog>,
}

/// What a daemon with its state in `dir` serves.
pub(crate) fn services(dir: &Path) -> Services {
    services_at(dir, Arc::new(SetClock(AtomicU64::new(1_700_000_000))))
}

/// The same by a clock that a test sets.
pub(crate) fn services_at(dir: &Path, clock: Arc<SetClock>) -> Services {
    let store = SqliteStore::open(dir, None, clock).unwrap();
    let config = Config::read(&dir.join("none.toml"), "host").unwrap();
    // Where nobody else's logger listens.
    let log = Arc::new(Syslog::reaching(dir.join("log")));
    let gate = Gate::default();
    let (engine, polkit) = (Arc::new(Engine::new(store, Arc::new(config))), Polkit::default());
    let reload = Arc::new(Reload::of(dir.join("none.toml"), "host".to_owned()));
    Services { engine, gate, log, polkit, reload, sessions: Arc::default() }
}

async fn world() -> World {
    world_of(&[]).await
}

/// With accounts that belong to these uids, whatever NSS says.
async fn world_of(accounts: &[(&'static str, u32)]) -> World {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(SetClock(AtomicU64::new(1_700_000_000)));
    let store = SqliteStore::open(dir.path(), None, clock).unwrap();
    for (user, uid) in accounts {
        enroll_as(&store, user, *uid).await.unwrap();
    }
    store.close();
    let services = services(dir.path());
    let (gate, log) = (services.gate.clone(), services.log.clone());
    let (ours, theirs) = UnixStream::pair().unwrap();
    let server = Builder::unix_stream(ours).server(Guid::generate()).p2p();
    let server = services.serve_by(Way::Socket(None), server);
    let client = Builder::unix_stream(theirs).p2p();
    let (server, client) = tokio::join!(server.build(), client.build());
    World { dir, client: client.unwrap(), _server: server.unwrap(), gate, log }
}

pub(crate) fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(test);
}

/// The user in whose calls something falls over.
pub(super) const FALLS_OVER: &str = "falls over";

const SECRET: &[u8] = b"12345678901234567890";

fn code(counter: u64) -> String {
    let secret = Secret::from_bytes(SECRET.to_vec()).unwrap();
    hotp(&secret, Counter(counter), Algorithm::Sha1, Digits::SIX).reveal()
}

fn token() -> NewDevice {
    let secret = Some(SECRET.to_vec());
    NewDevice { kind: "hotp".into(), label: Some("token".into()), secret, ..NewDevice::default() }
}

fn login(user: &str) -> Login {
    Login { user: user.into(), service: "sshd".into(), ..Login::default() }
}

#[test]
fn every_method_through_its_proxy() {
    run(async {
        let world = world().await;
        let manage = ManageProxy::new(&world.client).await.unwrap();
        let auth = AuthProxy::new(&world.client).await.unwrap();

        let made = manage.enroll("root", &Warrant::default(), &token()).await.unwrap();
        assert!(made.uri.starts_with("otpauth://hotp/host:root?secret=GEZDGNBVGY3TQOJQ"));
        assert!(made.device.starts_with("hotp/") && made.secret.len() == 32);
        let waiting = manage.list("root", DeviceFilter::Unconfirmed).await.unwrap();
        assert_eq!(waiting.first().map(|device| &device.id), Some(&made.device));
        assert!(manage.list("root", DeviceFilter::Confirmed).await.unwrap().is_empty());

        let refused = auth.verify(&login("root"), &code(0)).await.unwrap();
        assert_eq!(refused.reason, Reason::NotEnrolled, "unconfirmed devices let nobody in");
        let confirmed = manage.confirm("root", "token", &code(0)).await.unwrap();
        assert_eq!((confirmed.confirmed, confirmed.counter), (true, Some(1)));

        assert_eq!(auth.begin(&login("root")).await.unwrap().rule, "default");
        let accepted = auth.verify(&login("root"), &code(1)).await.unwrap();
        assert_eq!((accepted.outcome, accepted.reason), (Outcome::Accepted, Reason::Matched));
        assert_eq!((accepted.device, accepted.label.as_str()), (made.device.clone(), "token"));
        let used = auth.verify(&login("root"), &code(1)).await.unwrap();
        assert_eq!((used.outcome, used.reason), (Outcome::Refused, Reason::Used));
        let wrong = auth.verify(&login("root"), "00000000").await.unwrap();
        assert_eq!((wrong.outcome, wrong.reason), (Outcome::Refused, Reason::Wrong));

        let status = manage.status("root").await.unwrap();
        assert_eq!((status.enrolled, status.devices, status.lanes.len()), (true, 1, 1));
        let cleared = manage.unlock("root").await.unwrap();
        assert_eq!(cleared.iter().map(|lane| lane.failures).collect::<Vec<_>>(), [1]);
        assert!(manage.status("root").await.unwrap().lanes.is_empty());
        assert!(manage.unlock("root").await.unwrap().is_empty(), "nothing to clear is no error");

        assert_eq!(
            manage.remove("root", &Warrant::default(), &made.device).await.unwrap().id,
            made.device
        );
        assert!(manage.status("root").await.unwrap().enrolled, "enrolled is sticky");
        let gone = auth.verify(&login("root"), &code(2)).await.unwrap();
        assert_eq!(gone.reason, Reason::NotEnrolled);
    });
}

/// What is foretold is what `Begin` and `Verify` then say.
#[test]
fn what_a_login_must_show_is_told_beforehand() {
    run(async {
        let world = world_of(&[("daemon", 4242)]).await;
        let manage = ManageProxy::new(&world.client).await.unwrap();
        let auth = AuthProxy::new(&world.client).await.unwrap();
        let admin = AdminProxy::new(&world.client).await.unwrap();
        let rules = "[[rule]]\nname = 'kiosk'\nservice = ['kiosk']\nrequire = 'none'\n\
                     [[rule]]\nname = 'office'\nservice = ['sshd']\nfrom = ['192.0.2.0/24']\n\
                     require = 'code'\nmethods = ['totp']\n\
                     [[rule]]\nname = 'nobody'\nservice = ['su']\nrequire = 'deny'\n";
        std::fs::write(world.dir.path().join("none.toml"), rules).unwrap();
        admin.reload().await.unwrap();
        let at = |service: &str| Login { service: service.into(), ..login("root") };
        let free = manage.decide(&at("other")).await.unwrap();
        assert_eq!(
            (free.demand.as_str(), free.rule.as_str(), free.nullok),
            ("code", "default", true)
        );
        let nullok = Login { hints: vec![Hint::Nullok], ..at("other") };
        assert_eq!(auth.begin(&nullok).await.unwrap().demand, otp_bus::Demand::Unenrolled);

        manage.enroll("root", &Warrant::default(), &token()).await.unwrap();
        manage.confirm("root", "token", &code(0)).await.unwrap();
        for (service, rhost, demand, rule, asked) in [
            ("kiosk", "", "nothing", "kiosk", otp_bus::Demand::Exempt),
            ("sshd", "192.0.2.7", "code", "office", otp_bus::Demand::Ask),
            ("sshd", "pc.example", "denied", "office", otp_bus::Demand::Ask),
            ("sshd", "198.51.100.7", "code", "default", otp_bus::Demand::Ask),
            ("su", "", "denied", "nobody", otp_bus::Demand::Ask),
        ] {
            let login = Login { rhost: rhost.into(), ..at(service) };
            let told = manage.decide(&login).await.unwrap();
            assert_eq!((told.demand.as_str(), told.rule.as_str()), (demand, rule), "{login:?}");
            assert_eq!(auth.begin(&login).await.unwrap().demand, asked, "{login:?}");
            assert_eq!(told.why.is_some(), demand == "denied", "{told:?}");
        }
        let office = Login { rhost: "192.0.2.7".into(), ..at("sshd") };
        let told = manage.decide(&office).await.unwrap();
        assert_eq!(told.methods, Some(vec!["totp".to_owned()]));
        assert!(told.devices.iter().all(|device| !device.counts), "a token is no phone");
        let refused = auth.verify(&office, &code(1)).await.unwrap();
        assert_eq!(refused.reason, Reason::NotEnrolled, "no device that counts");
        let afar = Login { rhost: "198.51.100.7".into(), ..at("sshd") };
        assert_eq!(auth.verify(&afar, "000000").await.unwrap().reason, Reason::Wrong);
        let told = manage.decide(&afar).await.unwrap();
        let lane = told.lane.unwrap();
        assert_eq!((lane.lane.as_str(), lane.failures, lane.locked), ("remote", 1, false));
        let own = manage.decide(&at("self")).await.unwrap();
        assert_eq!((own.lane.unwrap().lane.as_str(), own.devices[0].counts), ("self", true));

        let stranger = Login { user: "daemon".into(), ..at("other") };
        let told = manage.decide(&stranger).await.unwrap();
        assert_eq!((told.demand.as_str(), told.lane), ("denied", None));
        assert!(told.why.unwrap().contains("otpctl adopt -u daemon"));
        for wrong in [at(""), at(&"x".repeat(2000))] {
            let error = manage.decide(&wrong).await.unwrap_err();
            assert!(matches!(error, Error::InvalidArgument(_)), "{error}");
        }
        let nobody = manage.decide(&login("no such user")).await.unwrap_err();
        assert!(matches!(nobody, Error::UnknownUser(_)), "{nobody}");
    });
}

/// Devices that are not confirmed are nothing to guess at.
#[test]
fn the_bounds_are_those_of_confirmed_devices() {
    run(async {
        let world = world().await;
        let manage = ManageProxy::new(&world.client).await.unwrap();
        manage.enroll("root", &Warrant::default(), &token()).await.unwrap();
        let before = manage.explain("root").await.unwrap();
        assert_eq!((before.devices.len(), before.guess, before.lanes_in_a_year), (0, None, None));
        assert_eq!((before.guesses_until_locked, before.guesses_in_a_year), (100, 3888));

        manage.confirm("root", "token", &code(0)).await.unwrap();
        let after = manage.explain("root").await.unwrap();
        let device = after.devices.first().unwrap();
        assert_eq!((device.label.as_str(), device.codes, device.one_in), ("token", 7, 142_822));
        assert_eq!((after.guess, after.lane_until_locked), (Some(142_822), Some(1428)));
        assert!(after.lanes_in_a_year < after.lane_in_a_year, "{after:?}");
        assert_eq!((after.user.as_str(), after.unlock_after), ("root", None));
    });
}

#[test]
fn the_log_tells_who_did_what_and_when() {
    run(async {
        let world = world().await;
        let manage = ManageProxy::new(&world.client).await.unwrap();
        let auth = AuthProxy::new(&world.client).await.unwrap();
        assert!(manage.log("root", 1).await.unwrap().is_empty());
        let made = manage.enroll("root", &Warrant::default(), &token()).await.unwrap();
        let from = Login { rhost: "192.0.2.7".into(), ..login("root") };
        assert!(manage.confirm("root", "token", "00000000").await.is_err());
        manage.confirm("root", "token", &code(0)).await.unwrap();
        for _ in 0..2 {
            let _ = auth.verify(&from, "00000000").await.unwrap();
        }
        let _ = auth.verify(&from, &code(1)).await.unwrap();
        manage.unlock("root").await.unwrap();
        manage.remove("root", &Warrant::default(), "token").await.unwrap();

        let told = manage.log("root", 1000).await.unwrap();
        assert_eq!(told, manage.log_all(1000).await.unwrap());
        let words: Vec<&str> = told.iter().map(|entry| entry.event.as_str()).collect();
        let newest_first =
            ["removed", "unlocked", "accepted", "wrong", "confirmed", "wrong", "enrolled"];
        assert_eq!(words, newest_first);
        assert!(told.iter().all(|entry| entry.user == "root" && entry.by == Some(0)));
        let device = Some(vec![made.device]);
        assert!([0, 2, 4, 6].iter().all(|at| told[*at].devices == device), "{told:?}");
        let wrong = &told[3];
        assert_eq!(
            (wrong.count, wrong.first, wrong.locked),
            (Some(2), Some(wrong.at), Some(false))
        );
        assert_eq!(wrong.from.as_deref(), Some("192.0.2.7"));
        assert_eq!(manage.log("root", 2).await.unwrap(), told[..2]);
        for most in [0, 1001, u32::MAX] {
            for refused in [manage.log("root", most).await, manage.log_all(most).await] {
                assert!(matches!(refused, Err(Error::InvalidArgument(_))), "{most}: {refused:?}");
            }
        }
    });
}

/// The lines that have come.
fn logged(log: &UnixDatagram) -> Vec<String> {
    log.set_nonblocking(true).unwrap();
    let next = || {
        let mut line = [0; 1024];
        let length = log.recv(&mut line).ok()?;
        Some(String::from_utf8_lossy(&line[..length]).into_owned())
    };
    std::iter::from_fn(next).collect()
}

/// What is too long or too much has a line, and many of them have few.
#[test]
fn what_is_rejected_is_logged_and_floods_nothing() {
    run(async {
        let world = world().await;
        let log = UnixDatagram::bind(world.dir.path().join("log")).unwrap();
        let manage = ManageProxy::new(&world.client).await.unwrap();
        let auth = AuthProxy::new(&world.client).await.unwrap();
        let long = "x".repeat(2000);
        assert!(auth.begin(&login(&long)).await.is_err());
        assert!(auth.begin(&Login { rhost: long.clone(), ..login("root") }).await.is_err());
        assert!(auth.verify(&Login { service: long.clone(), ..login("root") }, "").await.is_err());
        assert!(manage.status(&long).await.is_err());
        assert!(manage.remove("root", &Warrant::default(), &long).await.is_err());
        let lines = logged(&log);
        assert_eq!(lines.len(), 5, "{lines:?}");
        assert!(lines.iter().all(|line| line.contains("uid 0 rejected: ")), "{lines:?}");
        let mut more = 0;
        for _ in 0..100 {
            assert!(manage.status(&long).await.is_err());
            more += logged(&log).len();
        }
        assert_eq!(more, 15, "20 a minute");
        world.log.end();
        let told = logged(&log);
        assert!(
            told[0].ends_with("uid 0: 85 more lines about its calls in a minute were left out")
        );
        assert_eq!(told.len(), 1, "{told:?}");
    });
}

/// The caller hears of it at once, and the daemon goes on.
#[test]
fn a_call_that_panics_is_answered_and_others_are_served() {
    run(async {
        let world = world().await;
        let log = UnixDatagram::bind(world.dir.path().join("log")).unwrap();
        let manage = ManageProxy::new(&world.client).await.unwrap();
        let auth = AuthProxy::new(&world.client).await.unwrap();
        let (whom, warrant, device) = (FALLS_OVER, Warrant::default(), token());
        let into = login(whom);
        let answered = async {
            tokio::join!(
                auth.begin(&into),
                auth.verify(&into, "123456"),
                manage.enroll(whom, &warrant, &device),
                manage.status(whom),
                manage.status("root"),
            )
        };
        // Without an answer it would wait for ever: callers have deadlines, this test has this one.
        let answered = tokio::time::timeout(Duration::from_secs(10), answered).await.unwrap();
        let (begun, verified, enrolled, seen, other) = answered;
        for error in
            [begun.unwrap_err(), verified.unwrap_err(), enrolled.unwrap_err(), seen.unwrap_err()]
        {
            assert!(matches!(error, Error::Unavailable(_)), "{error:?}");
        }
        assert!(other.is_ok());
        assert!(world.gate.is_empty(), "a place is taken for ever");
        let mut lines: Vec<String> = logged(&log);
        lines.sort_unstable();
        assert_eq!(lines.len(), 4, "{lines:?}");
        for (line, method) in lines.iter().zip(["Begin", "Enroll", "Status", "Verify"]) {
            assert!(line.contains(&format!("a call of {method} panicked")), "{line}");
        }
    });
}

/// From one key to the next, with logins in between; each refusal says what to do.
#[test]
fn keys_through_their_proxy() {
    run(async {
        let world = world().await;
        let manage = ManageProxy::new(&world.client).await.unwrap();
        let auth = AuthProxy::new(&world.client).await.unwrap();
        let keys = KeysProxy::new(&world.client).await.unwrap();
        let key = |tag: &str, values, role| KeyInfo { tag: tag.to_owned(), values, role };
        manage.enroll("root", &Warrant::default(), &token()).await.unwrap();
        manage.confirm("root", "token", &code(0)).await.unwrap();
        // Nothing of these is sealed: they are kept as hashes.
        let codes = NewCodes::default();
        manage.renew_recovery("root", &Warrant::default(), &codes).await.unwrap();
        assert_eq!(keys.list().await.unwrap(), [key("k1", 2, KeyRole::Seals)]);
        assert_eq!(keys.add().await.unwrap(), "k2");
        for (tag, word) in [("k1", "2 sealed values"), ("k2", "otpctl keys add")] {
            let needed = keys.retire(tag).await.unwrap_err();
            assert!(matches!(&needed, Error::KeyNeeded(text) if text.contains(word)), "{needed}");
        }
        for tag in ["k3", "", "a/b", "12345678901234567"] {
            let unknown = keys.retire(tag).await.unwrap_err();
            assert!(matches!(unknown, Error::UnknownKey(_)), "{tag:?}: {unknown}");
        }
        for most in [0, names::MAX_RESEALED + 1] {
            let invalid = keys.reseal(most).await.unwrap_err();
            assert!(matches!(invalid, Error::InvalidArgument(_)), "{most}: {invalid}");
        }
        for (done, left) in [(1, 1), (1, 0), (0, 0)] {
            let resealing = keys.reseal(1).await.unwrap();
            assert_eq!((resealing.done, resealing.left, resealing.damaged), (done, left, 0));
            let accepted = auth.verify(&login("root"), &code(3 - u64::from(done) - left)).await;
            assert_eq!(accepted.unwrap().outcome, Outcome::Accepted);
        }
        keys.retire("k1").await.unwrap();
        assert_eq!(keys.list().await.unwrap(), [key("k2", 2, KeyRole::Seals)]);
    });
}

/// Those whom nobody knows are not told earlier than those who have devices.
#[test]
fn strangers_are_asked_at_the_same_moment() {
    run(async {
        let world = world().await;
        let manage = ManageProxy::new(&world.client).await.unwrap();
        let auth = AuthProxy::new(&world.client).await.unwrap();
        manage.enroll("root", &Warrant::default(), &token()).await.unwrap();
        manage.confirm("root", "token", &code(0)).await.unwrap();
        for user in ["root", "no such user", "", "a/b"] {
            let start = monotonic();
            assert_eq!(auth.begin(&login(user)).await.unwrap().demand, otp_bus::Demand::Ask);
            let took = monotonic() - start;
            assert!(took >= Duration::from_millis(2), "{user:?} was answered after {took:?}");
        }
        for code in ["00000000", "", "no code", "123456"] {
            let start = monotonic();
            let _ = auth.verify(&login("no such user"), code).await.unwrap();
            assert!(monotonic() - start >= Duration::from_millis(250), "{code:?}");
        }
    });
}

#[test]
fn nullok_passes_those_alone_who_never_enrolled() {
    run(async {
        let world = world().await;
        let manage = ManageProxy::new(&world.client).await.unwrap();
        let auth = AuthProxy::new(&world.client).await.unwrap();
        let nullok = |user| Login { hints: vec![Hint::Nullok], ..login(user) };
        assert_eq!(auth.begin(&login("root")).await.unwrap().demand, otp_bus::Demand::Ask);
        assert_eq!(auth.begin(&nullok("root")).await.unwrap().demand, otp_bus::Demand::Unenrolled);
        assert_eq!(auth.begin(&nullok("no such user")).await.unwrap().demand, otp_bus::Demand::Ask);

        manage.enroll("root", &Warrant::default(), &token()).await.unwrap();
        assert_eq!(auth.begin(&nullok("root")).await.unwrap().demand, otp_bus::Demand::Unenrolled);
        manage.confirm("root", "token", &code(0)).await.unwrap();
        assert_eq!(auth.begin(&nullok("root")).await.unwrap().demand, otp_bus::Demand::Ask);
        manage.remove("root", &Warrant::default(), "token").await.unwrap();
        assert_eq!(auth.begin(&nullok("root")).await.unwrap().demand, otp_bus::Demand::Ask);
    });
}

#[test]
fn an_invitation_is_told_once_and_shows_until_when() {
    run(async {
        let world = world().await;
        let manage = ManageProxy::new(&world.client).await.unwrap();
        let first = manage.invite("root", 3600).await.unwrap();
        assert_eq!((first.token.len(), first.until), (29, 1_700_003_600));
        let second = manage.invite("root", 60).await.unwrap();
        assert_ne!(first.token, second.token);
        assert!(!format!("{second:?}").contains(&second.token));
        let status = manage.status("root").await.unwrap();
        assert_eq!((status.invited_until, status.enrolled), (Some(1_700_000_060), false));
        for seconds in [0, 59, 2_592_001] {
            let error = manage.invite("root", seconds).await.unwrap_err();
            assert!(matches!(error, Error::InvalidArgument(_)), "{error}");
        }
        // Root needs none, and whoever shows one all the same is mistaken in something.
        let shown = Warrant { invitation: Some(second.token), ..Warrant::default() };
        let error = manage.enroll("root", &shown, &token()).await.unwrap_err();
        assert!(matches!(error, Error::InvalidArgument(_)), "{error}");
    });
}

/// Wherever a code would be demanded, for who has a device and who has none, and nowhere else.
#[test]
fn who_is_exempt_passes_where_no_rule_denies_it() {
    run(async {
        let world = world_of(&[("daemon", 4242), ("bin", 2)]).await;
        let log = UnixDatagram::bind(world.dir.path().join("log")).unwrap();
        let manage = ManageProxy::new(&world.client).await.unwrap();
        let auth = AuthProxy::new(&world.client).await.unwrap();
        let admin = AdminProxy::new(&world.client).await.unwrap();
        let rules = "[[rule]]\nname = 'shut'\nservice = ['su']\nrequire = 'deny'\n\
                     [[rule]]\nname = 'all'\nservice = ['sshd']\nrequire = 'code'\n";
        std::fs::write(world.dir.path().join("none.toml"), rules).unwrap();
        admin.reload().await.unwrap();
        let asked = async |user: &str, service: &str| {
            let login = Login { service: service.into(), ..login(user) };
            let begun = auth.begin(&login).await.unwrap();
            let told = manage.decide(&login).await.unwrap();
            let passes = begun.demand == otp_bus::Demand::Exempt;
            assert_eq!(told.demand == "nothing", passes, "{user} at {service}: {told:?}");
            passes.then_some(begun.rule)
        };
        assert_eq!(asked("bin", "sshd").await, None);
        for user in ["root", "bin"] {
            let until = manage.exempt(user, 7200, "lost \"phone\"").await.unwrap();
            assert_eq!(until, 1_700_007_200);
            for service in ["sshd", "other"] {
                assert_eq!(asked(user, service).await.as_deref(), Some("exemption"), "{user}");
            }
            assert_eq!(asked(user, "su").await, None, "a rule denies it");
        }
        let lines = logged(&log);
        let passed = "root passed by sshd without a code: exempt by uid 0 until 1700007200 s since \
                      1970: \"lost \\\"phone\\\"\"";
        assert!(lines.iter().any(|line| line.ends_with(passed)), "{lines:?}");
        let status = manage.status("bin").await.unwrap();
        assert_eq!((status.enrolled, status.exempt_until), (true, Some(1_700_007_200)));
        assert_eq!(status.exempt_reason.as_deref(), Some("lost \"phone\""));
        assert!(!manage.status("root").await.unwrap().enrolled, "it enrolls nobody");
        let listed = admin.accounts("", 10).await.unwrap();
        let exempt = listed.iter().filter(|account| account.exempt_until.is_some());
        assert_eq!(
            exempt.map(|account| account.name.as_str()).collect::<Vec<_>>(),
            ["bin", "root"]
        );

        // An account that is not the user's is nobody's to exempt.
        let mismatch = manage.exempt("daemon", 60, "why").await.unwrap_err();
        assert!(matches!(mismatch, Error::UidMismatch(_)), "{mismatch}");
        assert!(manage.end_exemption("bin").await.unwrap());
        assert!(!manage.end_exemption("bin").await.unwrap());
        assert!(!manage.end_exemption("games").await.unwrap());
        assert_eq!(asked("bin", "sshd").await, None);
        let told = manage.log("bin", 3).await.unwrap();
        let words: Vec<&str> = told.iter().map(|entry| entry.event.as_str()).collect();
        assert_eq!(words, ["exemption-ended", "exempted", "confirmed"]);
        assert_eq!(told[1].reason.as_deref(), Some("lost \"phone\""));
        assert_eq!(told[1].until, Some(1_700_007_200));
        for (seconds, reason) in
            [(59, "why"), (604_801, "why"), (0, "why"), (60, ""), (60, " "), (60, "a\nb")]
        {
            let error = manage.exempt("root", seconds, reason).await.unwrap_err();
            assert!(matches!(error, Error::InvalidArgument(_)), "{seconds} {reason:?}: {error}");
        }
        let nobody = manage.exempt("no such user", 60, "why").await.unwrap_err();
        assert!(matches!(nobody, Error::UnknownUser(_)), "{nobody}");
    });
}

#[test]
fn what_cannot_be_done_says_why_and_changes_nothing() {
    run(async {
        let world = world().await;
        let manage = ManageProxy::new(&world.client).await.unwrap();
        manage.enroll("root", &Warrant::default(), &token()).await.unwrap();
        let twice = manage
            .enroll("root", &Warrant::default(), &NewDevice { label: None, ..token() })
            .await
            .unwrap_err();
        assert!(matches!(twice, Error::AlreadyExists(_)), "{twice}");
        let label = NewDevice { secret: None, ..token() };
        let label = manage.enroll("root", &Warrant::default(), &label).await.unwrap_err();
        assert!(matches!(label, Error::AlreadyExists(_)), "{label}");
        for wrong in [
            NewDevice { kind: "totp ".into(), ..token() },
            NewDevice { digits: Some(5), ..token() },
            NewDevice { period: Some(30), ..token() },
            NewDevice { algorithm: Some("MD5".into()), ..token() },
            NewDevice { label: Some("a/b".into()), ..token() },
            NewDevice { secret: Some(vec![0; 9]), ..token() },
            NewDevice { issuer: Some("a:b".into()), ..token() },
        ] {
            let error = manage.enroll("root", &Warrant::default(), &wrong).await.unwrap_err();
            assert!(matches!(error, Error::InvalidArgument(_)), "{error}");
        }
        let nobody =
            manage.enroll("no such user", &Warrant::default(), &token()).await.unwrap_err();
        assert!(matches!(nobody, Error::UnknownUser(_)), "{nobody}");
        let wrong = manage.confirm("root", "token", "00000000").await.unwrap_err();
        assert!(matches!(wrong, Error::WrongCode(_)), "{wrong}");
        let unknown =
            manage.remove("root", &Warrant::default(), "hotp/00000000").await.unwrap_err();
        assert!(matches!(unknown, Error::UnknownDevice(_)), "{unknown}");
        assert_eq!(manage.list("root", DeviceFilter::All).await.unwrap().len(), 1);
    });
}

#[test]
fn an_account_follows_its_user_by_an_administrators_word() {
    run(async {
        let world = world_of(&[("former root", 0), ("daemon", 4242)]).await;
        let manage = ManageProxy::new(&world.client).await.unwrap();
        let auth = AuthProxy::new(&world.client).await.unwrap();
        let admin = AdminProxy::new(&world.client).await.unwrap();
        for (user, command) in [
            ("root", "otpctl adopt -u root --from \"former root\""),
            ("daemon", "otpctl adopt -u daemon"),
        ] {
            let nullok = Login { hints: vec![Hint::Nullok], ..login(user) };
            assert_eq!(auth.begin(&nullok).await.unwrap().demand, otp_bus::Demand::Ask);
            let refused = auth.verify(&login(user), &code(1)).await.unwrap();
            assert_eq!(refused.reason, Reason::UidMismatch);
            let error = manage.list(user, DeviceFilter::All).await.unwrap_err();
            assert!(error.to_string().contains(command), "{error}");
            let error = manage.enroll(user, &Warrant::default(), &token()).await.unwrap_err();
            assert!(matches!(error, Error::UidMismatch(_)), "{error}");
        }
        for (user, from, wrong) in [
            ("root", "", "UidMismatch"),
            ("root", "root", "InvalidArgument"),
            ("root", "a/b", "InvalidArgument"),
            ("root", "nobody at all", "UnknownAccount"),
            ("root", "daemon", "UidMismatch"),
            ("bin", "", "UnknownAccount"),
            ("no such user", "former root", "UnknownUser"),
            ("former root", "", "UnknownUser"),
        ] {
            let error = admin.adopt(user, from).await.unwrap_err();
            assert!(format!("{error:?}").starts_with(wrong), "{user} from {from}: {error:?}");
        }

        let root = admin.adopt("root", "former root").await.unwrap();
        assert_eq!((root.user.as_str(), root.uid, root.from_uid), ("root", 0, 0));
        assert_eq!((root.from.as_str(), root.holder, root.devices.len()), ("former root", None, 1));
        let daemon = admin.adopt("daemon", "").await.unwrap();
        assert_eq!((daemon.from.as_str(), daemon.from_uid), ("daemon", 4242));
        for user in ["root", "daemon"] {
            let used = auth.verify(&login(user), &code(0)).await.unwrap();
            assert_eq!(used.reason, Reason::Used, "what was used stays used");
            let accepted = auth.verify(&login(user), &code(1)).await.unwrap();
            assert_eq!(accepted.outcome, Outcome::Accepted);
            let again = admin.adopt(user, "").await.unwrap_err();
            assert!(matches!(again, Error::AlreadyExists(_)), "{again}");
        }
        let both = admin.adopt("root", "daemon").await.unwrap_err();
        assert!(matches!(both, Error::AlreadyExists(_)), "{both}");
    });
}

#[test]
fn accounts_are_listed_shown_and_removed_whoever_they_are() {
    run(async {
        let world = world_of(&[("gone", 4242), ("root", 0)]).await;
        let auth = AuthProxy::new(&world.client).await.unwrap();
        let admin = AdminProxy::new(&world.client).await.unwrap();
        let wrong = auth.verify(&login("root"), "00000000").await.unwrap();
        assert_eq!(wrong.reason, Reason::Wrong);

        let first = admin.accounts("", 1).await.unwrap();
        let second = admin.accounts("gone", u32::MAX).await.unwrap();
        let [gone, root] = [first, second].map(|page| page.into_iter().next().unwrap());
        assert_eq!((gone.name.as_str(), gone.uid, gone.devices), ("gone", Some(4242), Some(1)));
        assert_eq!((root.name.as_str(), root.uid, root.enrolled), ("root", Some(0), Some(true)));
        assert_eq!((root.last_used, root.created), (Some(1_700_000_000), Some(1_700_000_000)));
        assert_eq!((root.locked, root.damaged), (Some(Vec::new()), None));
        assert_eq!(admin.accounts("root", 0).await.unwrap(), []);

        let shown = admin.account("gone").await.unwrap();
        assert_eq!(admin.forget("gone").await.unwrap(), shown);
        assert_eq!((shown.devices.len(), shown.events), (1, 2));
        for name in ["gone", "", "a/b", "hex:ff"] {
            let error = admin.forget(name).await.unwrap_err();
            assert!(matches!(error, Error::UnknownAccount(_)), "{name:?}: {error}");
            let error = admin.account(name).await.unwrap_err();
            assert!(matches!(error, Error::UnknownAccount(_)), "{name:?}: {error}");
        }
        assert_eq!(admin.forget("root").await.unwrap().lanes, 1);
        let verdict = auth.verify(&login("root"), &code(1)).await.unwrap();
        assert_eq!(verdict.reason, Reason::NotEnrolled);
    });
}

/// The contract as published. After a change that is meant, write the file anew from the message.
#[test]
fn introspection_is_as_published() {
    run(async {
        let world = world().await;
        let reply = world
            .client
            .call_method(
                None::<&str>,
                names::OBJECT_PATH,
                Some("org.freedesktop.DBus.Introspectable"),
                "Introspect",
                &(),
            )
            .await
            .unwrap();
        let xml: String = reply.body().deserialize().unwrap();
        let start = xml.find("  <interface name=\"org.otpd1.A").unwrap();
        let end = xml.rfind("</node>").unwrap();
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../otp-bus/org.otpd1.xml");
        let published = std::fs::read_to_string(path).unwrap();
        let (head, body) = published.split_once("<node>\n").unwrap();
        let expected = format!("{}</node>\n", &xml[start..end]);
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(path, format!("{head}<node>\n{expected}")).unwrap();
        } else {
            assert_eq!(body, expected, "BLESS=1 writes it");
        }
    });
}
