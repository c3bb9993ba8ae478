//! Tokens through their proxy: what is told to whom, alike and when.

use std::{
    fs,
    os::unix::net::{UnixDatagram, UnixStream},
    time::Duration,
};

use otp_bus::{AdminProxy, Error, ManageProxy, NewDevice, TokenInfo, TokensProxy, Warrant, names};
use otp_core::{Algorithm, Counter, Digits, Secret, hotp};
use zbus::{Connection, Guid, connection::Builder};

use crate::{
    caller::Way,
    clock::monotonic,
    service::tests::{run, services},
};

const SECRET: &[u8] = b"12345678901234567890";

fn code(counter: u64) -> String {
    let secret = Secret::from_bytes(SECRET.to_vec()).unwrap();
    hotp(&secret, Counter(counter), Algorithm::Sha1, Digits::SIX).reveal()
}

struct World {
    dir: tempfile::TempDir,
    client: Connection,
    _server: Connection,
}

/// A daemon with this configuration, and root's device.
async fn world(config: &str) -> World {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("none.toml"), config).unwrap();
    let services = services(dir.path());
    let (ours, theirs) = UnixStream::pair().unwrap();
    let server = Builder::unix_stream(ours).server(Guid::generate()).p2p();
    let server = services.serve_by(Way::Socket(None), server);
    let client = Builder::unix_stream(theirs).p2p();
    let (server, client) = tokio::join!(server.build(), client.build());
    let (server, client) = (server.unwrap(), client.unwrap());
    let manage = ManageProxy::new(&client).await.unwrap();
    let secret = Some(SECRET.to_vec());
    let label = Some("token".to_owned());
    let device = NewDevice { kind: "hotp".into(), label, secret, ..NewDevice::default() };
    manage.enroll("root", &Warrant::default(), &device).await.unwrap();
    manage.confirm("root", "token", &code(0)).await.unwrap();
    World { dir, client, _server: server }
}

const ROOT: &str = "[[application]]\nuid = 0\nscopes = ['shop', 'admin']\npeople = 'all'\n";

#[test]
fn every_method_through_its_proxy() {
    run(async {
        let world = world(ROOT).await;
        let log = UnixDatagram::bind(world.dir.path().join("log")).unwrap();
        let tokens = TokensProxy::new(&world.client).await.unwrap();
        let issued = tokens.grant("root", &code(1), "shop").await.unwrap();
        assert!(!format!("{issued:?}").contains(&issued.access));
        let info = tokens.inspect(&issued.access).await.unwrap();
        assert_eq!(info, issued.details);
        let word = |text: &str| Some(text.to_owned());
        let expected = TokenInfo {
            active: true,
            scope: word("shop"),
            client_id: word("0"),
            username: word("root"),
            sub: word("root"),
            token_type: word("Bearer"),
            exp: Some(1_700_000_600),
            iat: Some(1_700_000_000),
            kind: word("access"),
            family: info.family.clone(),
            family_exp: Some(1_702_592_000),
        };
        assert_eq!(info, expected);

        let next = tokens.refresh(&issued.refresh).await.unwrap();
        assert!(!tokens.inspect(&issued.access).await.unwrap().active);
        let refresh = tokens.inspect(&next.refresh).await.unwrap();
        assert_eq!((refresh.kind, refresh.token_type), (word("refresh"), None));
        tokens.revoke(&next.access).await.unwrap();
        assert_eq!(tokens.inspect(&next.access).await.unwrap(), TokenInfo::default());
        let third = tokens.refresh(&next.refresh).await.unwrap();
        assert!(tokens.inspect(&third.access).await.unwrap().active);

        let families = tokens.list("root").await.unwrap();
        assert_eq!(families, tokens.list("").await.unwrap());
        let [family] = families.as_slice() else { panic!("{families:?}") };
        assert_eq!((family.user.as_str(), family.uid, family.open), ("root", 0, true));
        assert!(family.device.starts_with("hotp/"));
        let ended = tokens.end("root", &family.id).await.unwrap();
        assert_eq!(ended, std::slice::from_ref(&family.id));
        assert!(!tokens.inspect(&third.access).await.unwrap().active);
        let error = tokens.end("root", &family.id).await.unwrap_err();
        assert!(matches!(error, Error::UnknownToken(_)), "{error}");
        assert!(tokens.end("root", "").await.unwrap().is_empty(), "ended is ended");

        let manage = ManageProxy::new(&world.client).await.unwrap();
        let events = manage.log("root", 2).await.unwrap();
        let words: Vec<&str> = events.iter().map(|entry| entry.event.as_str()).collect();
        assert_eq!(words, ["tokens-revoked", "tokens-granted"]);
        let lines = logged(&log);
        for deed in ["accepted by tokens from uid:0: device hotp/", "granted tokens", "refreshed"] {
            assert!(lines.iter().any(|line| line.contains(deed)), "{deed}: {lines:?}");
        }
        for text in [&issued.access, &issued.refresh, &next.access, &next.refresh] {
            assert!(lines.iter().all(|line| !line.contains(text.as_str())), "{lines:?}");
        }
    });
}

fn logged(log: &UnixDatagram) -> Vec<String> {
    log.set_nonblocking(true).unwrap();
    let next = || {
        let mut line = [0; 1024];
        let length = log.recv(&mut line).ok()?;
        Some(String::from_utf8_lossy(&line[..length]).into_owned())
    };
    std::iter::from_fn(next).collect()
}

/// What an application may ask for no more, it does not keep by renewing.
#[test]
fn a_scope_that_was_taken_away_is_not_renewed() {
    run(async {
        let world = world(ROOT).await;
        let tokens = TokensProxy::new(&world.client).await.unwrap();
        let admin = AdminProxy::new(&world.client).await.unwrap();
        let shop = tokens.grant("root", &code(1), "shop").await.unwrap();
        let all = tokens.grant("root", &code(2), "admin").await.unwrap();
        let less = ROOT.replace(", 'admin'", "");
        fs::write(world.dir.path().join("none.toml"), less).unwrap();
        admin.reload().await.unwrap();
        let refused = tokens.refresh(&all.refresh).await.unwrap_err();
        assert!(matches!(refused, Error::UnknownToken(_)), "{refused:?}");
        tokens.refresh(&shop.refresh).await.unwrap();
    });
}

#[test]
fn a_refresh_token_that_is_used_twice_ends_all_and_is_told() {
    run(async {
        let world = world(ROOT).await;
        let log = UnixDatagram::bind(world.dir.path().join("log")).unwrap();
        let tokens = TokensProxy::new(&world.client).await.unwrap();
        let first = tokens.grant("root", &code(1), "").await.unwrap();
        assert_eq!(first.details.scope.as_deref(), Some("admin shop"));
        let second = tokens.refresh(&first.refresh).await.unwrap();
        let again = tokens.refresh(&first.refresh).await.unwrap_err();
        assert!(matches!(again, Error::UnknownToken(_)), "{again}");
        for text in [&first.access, &first.refresh, &second.access, &second.refresh] {
            assert!(!tokens.inspect(text).await.unwrap().active);
        }
        assert!(tokens.refresh(&second.refresh).await.is_err());
        let lines = logged(&log);
        let told = |line: &&String| line.contains("uid 0 showed a used refresh token: tokens ");
        assert_eq!(lines.iter().filter(told).count(), 1, "{lines:?}");
        let manage = ManageProxy::new(&world.client).await.unwrap();
        let event = manage.log("root", 1).await.unwrap().remove(0);
        assert_eq!((event.event.as_str(), event.tokens), ("tokens-reused", first.details.family));
    });
}

/// One error and one moment, whether there is such a user, such a device, or such a code.
#[test]
fn whoever_is_refused_is_refused_alike() {
    run(async {
        let world =
            world(&format!("{ROOT}[[rule]]\nname = 'no'\nuser = ['bin']\nrequire = 'deny'")).await;
        let tokens = TokensProxy::new(&world.client).await.unwrap();
        tokens.grant("root", &code(1), "").await.unwrap();
        let mut texts = Vec::new();
        for (user, typed) in [
            ("root", "000000".to_owned()),
            ("root", code(1)),
            ("root", "abcd-efgh".to_owned()),
            ("root", String::new()),
            ("daemon", code(2)),
            ("bin", code(2)),
            ("no such user", code(2)),
            ("app:0.7f3a9c01", code(2)),
            ("app:33.7f3a9c01", code(2)),
            ("app:", code(2)),
            ("a/b", code(2)),
            ("", code(2)),
        ] {
            let start = monotonic();
            let error = tokens.grant(user, &typed, "").await.unwrap_err();
            assert!(monotonic() - start >= Duration::from_millis(250), "{user:?} {typed:?}");
            assert!(matches!(error, Error::WrongCode(_)), "{user:?} {typed:?}: {error:?}");
            texts.push(error.to_string());
        }
        texts.dedup();
        assert_eq!(texts.len(), 1, "{texts:?}");
        tokens.grant("root", &code(2), "").await.unwrap();
    });
}

#[test]
fn nobody_may_by_default_and_no_one_more_than_is_listed() {
    run(async {
        let nobody = world("").await;
        let tokens = TokensProxy::new(&nobody.client).await.unwrap();
        for error in [
            tokens.grant("root", &code(1), "").await.unwrap_err(),
            tokens.refresh("x").await.unwrap_err(),
        ] {
            assert!(matches!(&error, Error::NotAllowed(text) if text.contains("uid 0")), "{error}");
        }
        // Root sees, and there is nothing to see.
        assert_eq!(tokens.inspect("x").await.unwrap(), TokenInfo::default());
        tokens.revoke("x").await.unwrap();
        assert!(tokens.list("").await.unwrap().is_empty());

        let own = world("[[application]]\nuid = 0\nscopes = ['shop']").await;
        let tokens = TokensProxy::new(&own.client).await.unwrap();
        let error = tokens.grant("root", &code(1), "").await.unwrap_err();
        assert!(matches!(error, Error::WrongCode(_)), "a user of the system: {error}");
        let error = tokens.grant("root", &code(1), "shop admin").await.unwrap_err();
        assert!(matches!(error, Error::NotAllowed(_)), "{error}");
        let none = world("[[application]]\nuid = 0").await;
        let tokens = TokensProxy::new(&none.client).await.unwrap();
        let error = tokens.grant("root", &code(1), "").await.unwrap_err();
        assert!(matches!(error, Error::NotAllowed(_)), "{error}");
    });
}

#[test]
fn what_is_out_of_bounds_is_refused_and_a_store_forgets_nothing() {
    run(async {
        let world = world(ROOT).await;
        let tokens = TokensProxy::new(&world.client).await.unwrap();
        let long = "x".repeat(2000);
        for error in [
            tokens.grant(&long, &code(1), "").await.unwrap_err(),
            tokens.grant("root", &long, "").await.unwrap_err(),
            tokens.grant("root", &code(1), &long).await.unwrap_err(),
            tokens.grant("root", &code(1), "a\nb").await.unwrap_err(),
            tokens.refresh(&long).await.unwrap_err(),
            tokens.inspect(&long).await.unwrap_err(),
            tokens.revoke(&long).await.unwrap_err(),
            tokens.list(&long).await.unwrap_err(),
            tokens.end("root", "zz").await.unwrap_err(),
        ] {
            assert!(matches!(error, Error::InvalidArgument(_)), "{error:?}");
        }
        let error = tokens.list("no such user").await.unwrap_err();
        assert!(matches!(error, Error::UnknownUser(_)), "{error}");
        assert!(tokens.list("app:33.7f").await.unwrap().is_empty());
        assert_eq!(names::TOKENS_INTERFACE, "org.otpd1.Tokens");
        let issued = tokens.grant("root", &code(1), "").await.unwrap();
        let manage = ManageProxy::new(&world.client).await.unwrap();
        manage.remove("root", &Warrant::default(), "token").await.unwrap();
        assert!(!tokens.inspect(&issued.access).await.unwrap().active);
        assert!(tokens.refresh(&issued.refresh).await.is_err());
    });
}
