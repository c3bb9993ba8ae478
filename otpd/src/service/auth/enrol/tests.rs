//! Enrolling at the prompt over a served connection: who is offered what, and of which calls, in which
//! order, a device comes.

use std::{
    os::unix::net::UnixStream,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use otp_bus::{
    AuthProxy, Candidate, Demand, DeviceFilter, Error, Hint, Login, ManageProxy, Outcome, Reason,
    Warrant,
};
use otp_core::{Algorithm, Digits, Period, Secret, TimeStep, UnixTime, totp};
use zbus::{Connection, Guid, connection::Builder};

use super::super::super::tests::{run, services_at};
use crate::{caller::Way, config::Config, engine::Engine, store::contract::SetClock};

/// In November of 2023.
const START: u64 = 1_700_000_000;
const DEMANDED: &str = "[[rule]]\nname = 'staff'\nrequire = 'code'\nenroll = 'require'\n";
const OFFERED: &str = "[[rule]]\nname = 'staff'\nrequire = 'enrolled'\nenroll = 'offer'\n";
const OPEN: &str = "enroll_by = 2023-12-31\n";

struct World {
    _dir: tempfile::TempDir,
    clock: Arc<SetClock>,
    engine: Arc<Engine>,
    client: Connection,
    _server: Connection,
}

impl World {
    async fn of(rules: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(SetClock(AtomicU64::new(START)));
        let services = services_at(dir.path(), clock.clone());
        let engine = services.engine.clone();
        let (ours, theirs) = UnixStream::pair().unwrap();
        let server = Builder::unix_stream(ours).server(Guid::generate()).p2p();
        let server = services.serve_by(Way::Socket(Some(std::process::id())), server);
        let client = Builder::unix_stream(theirs).p2p();
        let (server, client) = tokio::join!(server.build(), client.build());
        let (client, server) = (client.unwrap(), server.unwrap());
        let world = Self { _dir: dir, clock, engine, client, _server: server };
        world.rules(rules);
        world
    }

    fn rules(&self, text: &str) {
        self.engine.put_in_force(Config::parse(text, "host").unwrap());
    }

    fn now(&self) -> UnixTime {
        UnixTime::from_secs(self.clock.0.load(Ordering::SeqCst))
    }

    fn code(&self, candidate: &Candidate) -> String {
        let secret = Secret::from_base32(&candidate.secret.replace(' ', "")).unwrap();
        let step = TimeStep::at(self.now(), Period::default());
        totp(&secret, step, Algorithm::Sha1, Digits::SIX).reveal()
    }

    async fn auth(&self) -> AuthProxy<'_> {
        AuthProxy::new(&self.client).await.unwrap()
    }

    async fn manage(&self) -> ManageProxy<'_> {
        ManageProxy::new(&self.client).await.unwrap()
    }

    /// One whose code was shown.
    async fn proved(&self) -> Candidate {
        let auth = self.auth().await;
        let candidate = auth.begin_enrolment(&login(), "").await.unwrap();
        let code = self.code(&candidate);
        let proof = auth.prove_enrolment(&login(), &candidate.token, &code).await.unwrap();
        assert_eq!((proof.outcome, proof.reason), (Outcome::Accepted, Reason::Matched));
        assert_eq!(proof.codes.len(), 10);
        candidate
    }

    async fn devices(&self) -> usize {
        self.manage().await.list("root", DeviceFilter::All).await.unwrap().len()
    }
}

fn login() -> Login {
    let (user, service) = ("root".into(), "sshd".into());
    Login { user, service, rhost: "192.0.2.7".into(), ..Login::default() }
}

fn declined() -> Login {
    Login { hints: vec![Hint::Declined], ..login() }
}

fn is_refused<T>(answer: &Result<T, Error>) -> bool {
    matches!(answer, Err(Error::NotAllowed(_)))
}

#[test]
fn what_is_settled_counts_and_nothing_before() {
    run(async {
        let world = World::of(&format!("{DEMANDED}{OPEN}")).await;
        let auth = world.auth().await;
        assert_eq!(auth.begin(&login()).await.unwrap().demand, Demand::Enroll);
        let candidate = world.proved().await;
        assert_eq!(world.devices().await, 0);
        let early = auth.verify(&login(), &world.code(&candidate)).await.unwrap();
        assert_eq!(early.reason, Reason::NotEnrolled);
        let settled = auth.settle_enrolment(&login(), &candidate.token).await.unwrap();
        assert!(settled.device.starts_with("totp/") && settled.label == "totp");
        assert!(is_refused(&auth.settle_enrolment(&login(), &candidate.token).await), "once");
        assert_eq!(world.devices().await, 2);
        assert_eq!(auth.begin(&login()).await.unwrap().demand, Demand::Ask);
        let again = auth.verify(&login(), &world.code(&candidate)).await.unwrap();
        assert_eq!(again.reason, Reason::Used, "the code that proved it is spent");
        let manage = world.manage().await;
        let words: Vec<String> =
            manage.log("root", 10).await.unwrap().into_iter().map(|entry| entry.event).collect();
        assert_eq!(words, ["recovery-made", "enrolled-at-prompt"]);
    });
}

#[test]
fn a_token_is_good_for_its_own_login_and_after_a_proof() {
    run(async {
        let world = World::of(&format!("{DEMANDED}{OPEN}")).await;
        let auth = world.auth().await;
        let unproved = auth.begin_enrolment(&login(), "").await.unwrap();
        assert!(is_refused(&auth.settle_enrolment(&login(), &unproved.token).await));
        let candidate = world.proved().await;
        let code = world.code(&candidate);
        for other in [
            Login { rhost: "192.0.2.8".into(), ..login() },
            Login { service: "su".into(), ..login() },
            Login { ruser: "daemon".into(), ..login() },
            Login { user: "daemon".into(), ..login() },
            Login { user: "no such user".into(), ..login() },
        ] {
            assert!(
                is_refused(&auth.settle_enrolment(&other, &candidate.token).await),
                "{other:?}"
            );
        }
        for token in ["", "a", "AAAA", &"A".repeat(52), &"x".repeat(2000)] {
            assert!(is_refused(&auth.settle_enrolment(&login(), token).await), "{token}");
            assert!(is_refused(&auth.prove_enrolment(&login(), token, &code).await), "{token}");
        }
        assert_eq!(world.devices().await, 0);
        assert!(auth.settle_enrolment(&login(), &candidate.token).await.is_ok());
    });
}

#[test]
fn what_was_proved_proves_no_more_and_what_was_dropped_is_gone() {
    run(async {
        let world = World::of(&format!("{DEMANDED}{OPEN}")).await;
        let auth = world.auth().await;
        let candidate = world.proved().await;
        let code = world.code(&candidate);
        assert!(is_refused(&auth.prove_enrolment(&login(), &candidate.token, &code).await));
        let candidate = world.proved().await;
        auth.drop_enrolment(&login(), &candidate.token).await.unwrap();
        assert!(is_refused(&auth.settle_enrolment(&login(), &candidate.token).await));
        let candidate = auth.begin_enrolment(&login(), "").await.unwrap();
        for reason in [Reason::Wrong, Reason::Wrong, Reason::Locked] {
            let wrong = auth.prove_enrolment(&login(), &candidate.token, "00000000").await.unwrap();
            assert_eq!((wrong.outcome, wrong.reason), (Outcome::Refused, reason));
        }
        let code = world.code(&candidate);
        assert!(is_refused(&auth.prove_enrolment(&login(), &candidate.token, &code).await));
        assert_eq!(world.devices().await, 0);
    });
}

#[test]
fn who_is_offered_what() {
    run(async {
        let world = World::of("").await;
        let auth = world.auth().await;
        let unknown = Login { user: "no such user".into(), ..login() };
        for (rules, demand, without) in [
            (String::new(), Demand::Ask, Demand::Ask),
            (format!("{DEMANDED}{OPEN}"), Demand::Enroll, Demand::Enroll),
            (format!("{OFFERED}{OPEN}"), Demand::Offer, Demand::Exempt),
            (DEMANDED.to_owned(), Demand::Ask, Demand::Ask),
            (OFFERED.to_owned(), Demand::Exempt, Demand::Exempt),
            (DEMANDED.replace("'code'", "'enrolled'"), Demand::Ask, Demand::Ask),
        ] {
            world.rules(&rules);
            assert_eq!(auth.begin(&login()).await.unwrap().demand, demand, "{rules}");
            assert_eq!(auth.begin(&declined()).await.unwrap().demand, without, "{rules}");
            assert_eq!(auth.begin(&unknown).await.unwrap().demand, Demand::Ask, "{rules}");
            assert!(is_refused(&auth.begin_enrolment(&unknown, "").await));
            let begun = auth.begin_enrolment(&login(), "").await;
            assert_eq!(begun.is_ok(), matches!(demand, Demand::Enroll | Demand::Offer), "{rules}");
            let told = world.manage().await.decide(&login()).await.unwrap();
            let closed = rules.contains("'require'").then_some("over");
            let words = [(Demand::Enroll, "required"), (Demand::Offer, "offered")];
            let word = words.iter().find(|(open, _)| *open == demand);
            let word = word.map(|(_, word)| *word).or(closed);
            assert_eq!(told.enroll.as_deref(), word, "{rules}");
            let foretold = [(Demand::Enroll, "enroll"), (Demand::Exempt, "nothing")];
            let foretold = foretold.iter().find(|(open, _)| *open == without);
            assert_eq!(told.demand, foretold.map_or("code", |(_, word)| word), "{rules}");
        }
    });
}

#[test]
fn an_invitation_opens_what_is_closed_once() {
    run(async {
        let world = World::of(DEMANDED).await;
        let (auth, manage) = (world.auth().await, world.manage().await);
        let token = manage.invite("root", 3600).await.unwrap().token;
        assert_eq!(auth.begin(&login()).await.unwrap().demand, Demand::EnrollInvited);
        for typed in ["", "aaaa-bbbb-cccc-dddd-eeee-ffff", "123456"] {
            let refused = auth.begin_enrolment(&login(), typed).await;
            assert!(matches!(refused, Err(Error::WrongCode(_))), "{typed:?}: {refused:?}");
        }
        let lanes = manage.status("root").await.unwrap().lanes;
        assert_eq!(lanes.iter().map(|lane| lane.failures).sum::<u32>(), 1, "{lanes:?}");
        let candidate = auth.begin_enrolment(&login(), &token).await.unwrap();
        let code = world.code(&candidate);
        let proof = auth.prove_enrolment(&login(), &candidate.token, &code).await.unwrap();
        assert_eq!(proof.outcome, Outcome::Accepted);
        // What is over when it is to count counts no more.
        world.clock.0.fetch_add(3600, Ordering::SeqCst);
        assert!(is_refused(&auth.settle_enrolment(&login(), &candidate.token).await));
        assert_eq!(world.devices().await, 0);
    });
}

#[test]
fn what_waits_for_a_code_goes_with_the_first_that_counts() {
    run(async {
        let world = World::of(&format!("{DEMANDED}{OPEN}")).await;
        let (auth, manage) = (world.auth().await, world.manage().await);
        let waiting = otp_bus::NewDevice { kind: "totp".into(), ..otp_bus::NewDevice::default() };
        let waiting = manage.enroll("root", &Warrant::default(), &waiting).await.unwrap();
        let (first, second) = (world.proved().await, world.proved().await);
        let settled = auth.settle_enrolment(&login(), &second.token).await.unwrap();
        assert!(is_refused(&auth.settle_enrolment(&login(), &first.token).await));
        let left = manage.list("root", DeviceFilter::All).await.unwrap();
        assert!(left.iter().any(|device| device.id == settled.device));
        assert!(left.iter().all(|device| device.confirmed && device.id != waiting.device));
    });
}

#[test]
fn what_is_closed_meanwhile_counts_no_more() {
    run(async {
        let open = format!("{DEMANDED}{OPEN}");
        let world = World::of(&open).await;
        let auth = world.auth().await;
        let denied = "[[rule]]\nname = 'staff'\nrequire = 'deny'\n";
        for closed in
            ["", DEMANDED, OFFERED, denied, "[[rule]]\nname = 'staff'\nrequire = 'code'\n"]
        {
            world.rules(&open);
            let candidate = world.proved().await;
            world.rules(closed);
            let settled = auth.settle_enrolment(&login(), &candidate.token).await;
            assert!(is_refused(&settled), "{closed}");
            world.rules(&open);
            let again = auth.settle_enrolment(&login(), &candidate.token).await;
            assert!(is_refused(&again), "it is gone: {closed}");
        }
        let candidate = auth.begin_enrolment(&login(), "").await.unwrap();
        world.rules(denied);
        let code = world.code(&candidate);
        assert!(is_refused(&auth.prove_enrolment(&login(), &candidate.token, &code).await));
        world.rules(&open);
        let candidate = world.proved().await;
        // To another that is open it is the same.
        world.rules(&format!("{OFFERED}{OPEN}"));
        assert_eq!(world.devices().await, 0);
        assert!(auth.settle_enrolment(&login(), &candidate.token).await.is_ok());
    });
}

#[test]
fn the_last_day_ends_between_the_proof_and_the_end() {
    run(async {
        let world = World::of(&format!("{DEMANDED}{OPEN}")).await;
        let (auth, manage) = (world.auth().await, world.manage().await);
        let candidate = world.proved().await;
        // An invitation that it was not begun with does not help it.
        world.clock.0.store(1_704_067_200, Ordering::SeqCst);
        manage.invite("root", 3600).await.unwrap();
        assert!(is_refused(&auth.settle_enrolment(&login(), &candidate.token).await));
        assert_eq!(world.devices().await, 0);
    });
}

#[test]
fn who_was_invited_needs_a_rule_too() {
    run(async {
        let world = World::of(DEMANDED).await;
        let (auth, manage) = (world.auth().await, world.manage().await);
        let token = manage.invite("root", 3600).await.unwrap().token;
        for (rules, counts) in [("", false), (DEMANDED, true)] {
            world.rules(DEMANDED);
            let candidate = auth.begin_enrolment(&login(), &token).await.unwrap();
            let code = world.code(&candidate);
            let proof = auth.prove_enrolment(&login(), &candidate.token, &code).await.unwrap();
            assert_eq!(proof.outcome, Outcome::Accepted);
            world.rules(rules);
            let settled = auth.settle_enrolment(&login(), &candidate.token).await;
            assert_eq!(settled.is_ok(), counts, "{rules}: {settled:?}");
        }
    });
}
