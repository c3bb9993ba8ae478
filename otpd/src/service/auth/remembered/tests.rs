//! Logins by a host that is root, over a served connection: which are asked for a code and which are
//! remembered. The host is this process, whose network and session the kernel tells.

use std::{
    os::unix::net::UnixStream,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use otp_bus::{
    ALL_REMEMBERED, AuthProxy, Demand, DeviceFilter, Login, ManageProxy, NewCodes, NewDevice,
    Outcome, Warrant,
};
use otp_core::{Algorithm, Counter, Digits, Secret, hotp};
use zbus::{Connection, Guid, connection::Builder};

use super::super::super::{
    Services,
    tests::{run, services_at},
};
use crate::{caller::Way, config::Config, store::contract::SetClock};

const START: u64 = 1_700_000_000;
const HOUR: u64 = 3600;
const RULE: &str = "[[rule]]\nname = 'office'\nrequire = 'code'\nremember = '8h'\n";
const HOST: &str = "192.0.2.7";

struct World {
    _dir: tempfile::TempDir,
    clock: Arc<SetClock>,
    services: Services,
    client: Connection,
    _server: Connection,
    counter: AtomicU64,
}

fn config(text: &str) -> Config {
    Config::parse(text, "host").unwrap()
}

impl World {
    /// Where root has a token, and a rule remembers.
    async fn new() -> Self {
        let world = Self::empty().await;
        let manage = world.manage().await;
        let (label, secret) = (Some("token".into()), Some(vec![7; 20]));
        let token = NewDevice { kind: "hotp".into(), label, secret, ..NewDevice::default() };
        manage.enroll("root", &Warrant::default(), &token).await.unwrap();
        manage.confirm("root", "token", &world.code()).await.unwrap();
        world
    }

    async fn empty() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(SetClock(AtomicU64::new(START)));
        let services = services_at(dir.path(), clock.clone());
        services.engine.put_in_force(config(RULE));
        let (ours, theirs) = UnixStream::pair().unwrap();
        let server = Builder::unix_stream(ours).server(Guid::generate()).p2p();
        let way = Way::Socket(Some(std::process::id()));
        let server = services.clone().serve_by(way, server);
        let client = Builder::unix_stream(theirs).p2p();
        let (server, client) = tokio::join!(server.build(), client.build());
        let (client, server) = (client.unwrap(), server.unwrap());
        Self { _dir: dir, clock, services, client, _server: server, counter: AtomicU64::new(0) }
    }

    fn at(&self, after: u64) {
        self.clock.0.store(START + after, Ordering::SeqCst);
    }

    fn rules(&self, text: &str) {
        self.services.engine.put_in_force(config(text));
    }

    /// The next one, which is not used yet.
    fn code(&self) -> String {
        let secret = Secret::from_bytes(vec![7; 20]).unwrap();
        let counter = Counter(self.counter.fetch_add(1, Ordering::SeqCst));
        hotp(&secret, counter, Algorithm::Sha1, Digits::SIX).reveal()
    }

    async fn manage(&self) -> ManageProxy<'_> {
        ManageProxy::new(&self.client).await.unwrap()
    }

    async fn logs_in(&self, login: &Login) {
        let auth = AuthProxy::new(&self.client).await.unwrap();
        let verdict = auth.verify(login, &self.code()).await.unwrap();
        assert_eq!(verdict.outcome, Outcome::Accepted, "{verdict:?}");
    }

    async fn demand(&self, login: &Login) -> Demand {
        let auth = AuthProxy::new(&self.client).await.unwrap();
        auth.begin(login).await.unwrap().demand
    }

    async fn is_remembered(&self, login: &Login) -> bool {
        match self.demand(login).await {
            Demand::Remembered => true,
            Demand::Ask => false,
            other @ (Demand::Exempt
            | Demand::Unenrolled
            | Demand::Enroll
            | Demand::EnrollInvited
            | Demand::Offer
            | Demand::OfferInvited) => panic!("{other:?}"),
        }
    }
}

fn from(rhost: &str) -> Login {
    Login { user: "root".into(), service: "sshd".into(), rhost: rhost.into(), ..Login::default() }
}

#[test]
fn from_the_same_address_by_the_same_service() {
    run(async {
        let world = World::new().await;
        assert!(!world.is_remembered(&from(HOST)).await);
        world.logs_in(&from(HOST)).await;
        assert!(world.is_remembered(&from(HOST)).await);
        assert!(world.is_remembered(&from("::ffff:192.0.2.7")).await);
        for login in [
            from("192.0.2.8"),
            from(""),
            from("host.example"),
            Login { service: "sudo".into(), ..from(HOST) },
            Login { user: "daemon".into(), ..from(HOST) },
            Login { user: "no such user".into(), ..from(HOST) },
        ] {
            assert!(!world.is_remembered(&login).await, "{login:?}");
        }
        world.at(8 * HOUR - 1);
        assert!(world.is_remembered(&from(HOST)).await);
        world.at(8 * HOUR);
        assert!(!world.is_remembered(&from(HOST)).await);
    });
}

/// Whoever is behind such an address is not told by it.
#[test]
fn not_from_an_address_that_is_not_one_hosts_alone() {
    run(async {
        let world = World::new().await;
        world.rules(&format!("shared_sources = ['198.51.100.0/24']\n{RULE}"));
        for shared in
            ["127.0.0.1", "::1", "::ffff:127.0.0.1", "198.51.100.9", "fe80::7", "host.example", "0"]
        {
            world.logs_in(&from(shared)).await;
            assert!(!world.is_remembered(&from(shared)).await, "{shared}");
        }
        assert!(world.manage().await.remembered("root").await.unwrap().is_empty());
        // An address that is shared from now on.
        world.logs_in(&from(HOST)).await;
        assert!(world.is_remembered(&from(HOST)).await);
        world.rules(&format!("shared_sources = ['192.0.2.0/24']\n{RULE}"));
        assert!(!world.is_remembered(&from(HOST)).await);
    });
}

#[test]
fn as_long_as_the_same_rule_says_so() {
    run(async {
        let world = World::new().await;
        world.logs_in(&from(HOST)).await;
        for (rules, counts) in [
            ("", false),
            ("[[rule]]\nname = 'office'\nrequire = 'code'\n", false),
            ("[[rule]]\nname = 'other'\nrequire = 'code'\nremember = '8h'\n", false),
            ("[[rule]]\nname = 'office'\nrequire = 'code'\nremember = '1h'\n", false),
            (
                "[[rule]]\nname = 'office'\nrequire = 'code'\nmethods = ['totp']\nremember = '8h'\n",
                false,
            ),
            (
                "[[rule]]\nname = 'office'\nuser = ['alice']\nrequire = 'code'\nremember = '8h'\n",
                false,
            ),
            (RULE, true),
        ] {
            world.at(2 * HOUR);
            world.rules(rules);
            assert_eq!(world.is_remembered(&from(HOST)).await, counts, "{rules}");
        }
        world.rules("[[rule]]\nname = 'no'\nrequire = 'deny'\n");
        assert!(!world.is_remembered(&from(HOST)).await);
    });
}

#[test]
fn until_the_devices_change() {
    run(async {
        let world = World::new().await;
        let manage = world.manage().await;
        let secret = |byte| Some(vec![byte; 20]);
        let other = NewDevice {
            kind: "hotp".into(),
            label: Some("other".into()),
            secret: secret(8),
            ..NewDevice::default()
        };
        world.logs_in(&from(HOST)).await;
        manage.enroll("root", &Warrant::default(), &other).await.unwrap();
        assert!(world.is_remembered(&from(HOST)).await, "what waits for its code is nobody's yet");
        manage.rename("root", &Warrant::default(), "token", "key").await.unwrap();
        assert!(world.is_remembered(&from(HOST)).await, "a label is no device");
        let code = hotp(
            &Secret::from_bytes(vec![8; 20]).unwrap(),
            Counter(0),
            Algorithm::Sha1,
            Digits::SIX,
        );
        manage.confirm("root", "other", &code.reveal()).await.unwrap();
        assert!(!world.is_remembered(&from(HOST)).await, "another device counts");
        world.logs_in(&from(HOST)).await;
        manage.remove("root", &Warrant::default(), "other").await.unwrap();
        assert!(!world.is_remembered(&from(HOST)).await, "a device is gone");
        world.logs_in(&from(HOST)).await;
        let codes = NewCodes { label: None, device: None, count: None };
        let made = manage.renew_recovery("root", &Warrant::default(), &codes).await.unwrap();
        assert!(!world.is_remembered(&from(HOST)).await, "there are new codes on paper");
        let auth = AuthProxy::new(&world.client).await.unwrap();
        let verdict = auth.verify(&from(HOST), made.codes.first().unwrap()).await.unwrap();
        assert_eq!(verdict.outcome, Outcome::Accepted);
        assert!(!world.is_remembered(&from(HOST)).await, "codes on paper are for one login");
        assert_eq!(manage.list("root", DeviceFilter::Confirmed).await.unwrap().len(), 2);
    });
}

/// A hundred wrong codes from there lock the lane, and what is remembered does not open it.
#[test]
fn not_where_a_lock_is_on() {
    run(async {
        let world = World::new().await;
        world.rules(&format!("[throttle]\nfree = 20\nlock_after = 2\n{RULE}"));
        world.logs_in(&from(HOST)).await;
        let auth = AuthProxy::new(&world.client).await.unwrap();
        for _ in 0..2 {
            assert!(world.is_remembered(&from(HOST)).await);
            let _ = auth.verify(&from(HOST), "0000000000").await.unwrap();
        }
        assert!(!world.is_remembered(&from(HOST)).await);
        world.manage().await.unlock("root").await.unwrap();
        assert!(world.is_remembered(&from(HOST)).await);
    });
}

#[test]
fn shown_and_forgotten() {
    run(async {
        let world = World::new().await;
        world.logs_in(&from(HOST)).await;
        world.logs_in(&from("2001:db8::7")).await;
        let manage = world.manage().await;
        let shown = manage.remembered("root").await.unwrap();
        let places: Vec<_> = shown.iter().map(|one| one.from.as_deref().unwrap()).collect();
        assert_eq!(places, [HOST, "2001:db8::7"]);
        let one = shown.first().unwrap();
        assert_eq!((one.rule.as_str(), one.service.as_str(), one.number), ("office", "sshd", 1));
        assert_eq!((one.since, one.until, one.last), (START, START + 8 * HOUR, START));
        assert!(manage.forget_remembered("root", 77).await.is_err());
        assert_eq!(manage.forget_remembered("root", 1).await.unwrap(), shown[..1]);
        assert!(!world.is_remembered(&from(HOST)).await);
        assert!(world.is_remembered(&from("2001:db8::7")).await);
        assert_eq!(manage.forget_remembered("root", ALL_REMEMBERED).await.unwrap().len(), 1);
        assert!(manage.forget_remembered("root", ALL_REMEMBERED).await.unwrap().is_empty());
        assert!(!world.is_remembered(&from("2001:db8::7")).await);
    });
}
