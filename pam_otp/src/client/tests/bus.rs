//! On a bus.

use zbus::Message;

use super::fake::{self, Server};
use super::*;

use super::super::wire::BUS;

/// What the bus is asked next: the method and its first argument.
fn asked(call: &Message) -> (String, Option<String>) {
    let header = call.header();
    assert_eq!(header.destination().unwrap().as_str(), BUS);
    assert_eq!(header.interface().unwrap().as_str(), BUS);
    let method = header.member().unwrap().to_string();
    let body = call.body();
    let argument = match method.as_str() {
        "Hello" => None,
        "StartServiceByName" => {
            let (name, flags): (String, u32) = body.deserialize().unwrap();
            assert_eq!(flags, 0);
            Some(name)
        }
        _ => Some(body.deserialize::<String>().unwrap()),
    };
    (method, argument)
}

/// Answers one call to the bus and checks that it was the one expected.
fn answer<B>(server: &mut Server, method: &str, argument: Option<&str>, body: &B)
where
    B: zbus::export::serde::Serialize + zbus::wire::DynamicType,
{
    let call = server.message();
    assert_eq!(asked(&call), (method.to_owned(), argument.map(str::to_owned)));
    server.reply(&fake::signed(&call, BUS).build(body).unwrap());
}

/// A bus on which `uid` owns the daemon's name as `:1.7`.
fn opening(server: &mut Server, uid: u32) {
    server.greeting();
    server.ok();
    answer(server, "Hello", None, &":1.9");
    let acquired = Message::signal("/org/freedesktop/DBus", BUS, "NameAcquired")
        .sender(BUS)
        .build(&":1.9")
        .unwrap();
    server.reply(&acquired);
    answer(server, "GetNameOwner", Some("org.otpd1"), &":1.7");
    answer(server, "GetConnectionUnixUser", Some(":1.7"), &uid);
}

fn served<T: Send + 'static>(
    script: impl FnOnce(&mut Server) -> T + Send + 'static,
) -> (Result<Verdict, Error>, T) {
    let place = Place::new();
    let server = fake::serve(place.listen("bus"), script);
    let client = Client { own: None, ..place.client(PATIENT) };
    let result = client.verify(&login(), "123456");
    (result, server.join().unwrap())
}

fn us() -> u32 {
    geteuid().as_raw()
}

#[test]
fn the_checked_owner_is_the_one_called() {
    let (result, called) = served(|server| {
        opening(server, us());
        let call = server.message();
        // Another peer, and the bus itself, cannot answer for the daemon.
        for other in [":1.8", BUS] {
            let wrong = Verdict { outcome: Outcome::Refused, ..accepted() };
            server.reply(&fake::signed(&call, other).build(&wrong).unwrap());
        }
        server.reply(&fake::signed(&call, ":1.7").build(&accepted()).unwrap());
        assert!(server.is_left());
        call.header().destination().unwrap().to_string()
    });
    assert_eq!(result.unwrap(), accepted());
    assert_eq!(called, ":1.7");
}

#[test]
fn root_may_own_the_name() {
    let (result, ()) = served(|server| {
        opening(server, 0);
        let call = server.message();
        server.reply(&fake::signed(&call, ":1.7").build(&accepted()).unwrap());
    });
    assert_eq!(result.unwrap(), accepted());
}

#[test]
fn somebody_else_who_owns_the_name_never_sees_a_code() {
    let (result, left) = served(|server| {
        opening(server, us() + 4242);
        server.is_left()
    });
    let error = result.unwrap_err();
    assert!(matches!(error, Error::Distrusted(_)), "{error:?}");
    assert!(left, "something was sent to a stranger");
}

#[test]
fn without_its_state_only_root_is_trusted() {
    let place = Place::new();
    let owner = |uid| Owner { name: ":1.7".to_owned(), uid };
    let client = Client { state: place.0.join("absent"), ..place.client(PATIENT) };
    assert!(client.trusted(&owner(0)).is_ok());
    assert!(client.trusted(&owner(1000)).is_err());
    assert!(place.client(PATIENT).trusted(&owner(us())).is_ok());
}

#[test]
fn a_daemon_that_is_not_running_is_started() {
    let (result, ()) = served(|server| {
        server.greeting();
        server.ok();
        answer(server, "Hello", None, &":1.9");
        let call = server.message();
        assert_eq!(asked(&call).0, "GetNameOwner");
        let unowned = Message::error(&call.header(), "org.freedesktop.DBus.Error.NameHasNoOwner")
            .sender_of_bus()
            .build(&"nobody");
        server.reply(&unowned.unwrap());
        answer(server, "StartServiceByName", Some("org.otpd1"), &1_u32);
        answer(server, "GetNameOwner", Some("org.otpd1"), &":1.7");
        answer(server, "GetConnectionUnixUser", Some(":1.7"), &us());
        let call = server.message();
        server.reply(&fake::signed(&call, ":1.7").build(&accepted()).unwrap());
    });
    assert_eq!(result.unwrap(), accepted());
}

#[test]
fn a_daemon_that_cannot_be_started_is_unreachable_in_the_buss_words() {
    let (result, left) = served(|server| {
        server.greeting();
        server.ok();
        answer(server, "Hello", None, &":1.9");
        for name in ["NameHasNoOwner", "ServiceUnknown"] {
            let call = server.message();
            let name = format!("org.freedesktop.DBus.Error.{name}");
            let error = Message::error(&call.header(), name).sender_of_bus().build(&"no unit");
            server.reply(&error.unwrap());
        }
        server.is_left()
    });
    let error = result.unwrap_err();
    assert!(matches!(&error, Error::Unreachable(text) if text.contains("no unit")), "{error:?}");
    assert!(left);
}

#[test]
fn an_owner_that_is_no_unique_name_is_nonsense() {
    let (result, left) = served(|server| {
        server.greeting();
        server.ok();
        answer(server, "Hello", None, &":1.9");
        answer(server, "GetNameOwner", Some("org.otpd1"), &"org.otpd1");
        server.is_left()
    });
    let error = result.unwrap_err();
    assert!(matches!(error, Error::NotUnderstood { .. }), "{error:?}");
    assert!(left);
}

#[test]
fn a_bus_that_falls_silent_ends_at_the_deadline() {
    for answered in 0..4 {
        let place = Place::new();
        let server = fake::serve(place.listen("bus"), move |server| {
            server.greeting();
            if answered > 0 {
                server.ok();
            }
            if answered > 1 {
                answer(server, "Hello", None, &":1.9");
            }
            if answered > 2 {
                answer(server, "GetNameOwner", Some("org.otpd1"), &":1.7");
            }
            // The client hangs up at its deadline; until then there is nothing to wait for but it.
            server.outlive();
        });
        let client = Client { own: None, ..place.client(SHORT) };
        late(|| client.verify(&login(), "123456"));
        server.join().unwrap();
    }
}

#[test]
fn a_bus_that_closes_is_no_answer() {
    for answered in 0..3 {
        let (result, ()) = served(move |server| match answered {
            0 => {}
            1 => {
                server.greeting();
                server.ok();
            }
            _ => {
                opening(server, us());
                server.message();
            }
        });
        let error = result.unwrap_err();
        assert!(matches!(error, Error::Broken { .. }), "{answered}: {error:?}");
    }
}

#[test]
fn a_call_that_the_bus_does_not_deliver_is_its_policys_fault() {
    let (result, ()) = served(|server| {
        opening(server, us());
        let call = server.message();
        let name = "org.freedesktop.DBus.Error.AccessDenied";
        // The bus answers such a call in its own name.
        let denied = Message::error(&call.header(), name).sender_of_bus().build(&"no");
        server.reply(&denied.unwrap());
    });
    assert_eq!(result.unwrap_err(), Error::Undelivered("no".to_owned()));
}

#[test]
fn the_bus_is_taken_where_nobody_listens_on_the_socket() {
    // No such socket; one that nobody listens on; one that is not for us (which to root is again
    // none at all).
    for case in ["absent", "stale", "shut"] {
        let place = Place::new();
        let mut client = place.client(PATIENT);
        match case {
            "stale" => drop(place.listen("own")),
            "shut" => {
                let room = place.0.join("room");
                std::fs::create_dir(&room).unwrap();
                let nobody = std::os::unix::fs::PermissionsExt::from_mode(0o000);
                std::fs::set_permissions(&room, nobody).unwrap();
                client.own = Some(place.address("room/own"));
            }
            _ => {}
        }
        let server = fake::serve(place.listen("bus"), |server| {
            opening(server, us());
            let call = server.message();
            server.reply(&fake::signed(&call, ":1.7").build(&accepted()).unwrap());
        });
        let verdict = client.verify(&login(), "123456");
        if case == "shut" {
            // So that it can be cleared away.
            let ours = std::os::unix::fs::PermissionsExt::from_mode(0o700);
            std::fs::set_permissions(place.0.join("room"), ours).unwrap();
        }
        assert_eq!(verdict.unwrap(), accepted(), "{case}");
        server.join().unwrap();
    }
}

#[test]
fn where_both_ways_are_closed_both_are_named() {
    let place = Place::new();
    let said = place.client(PATIENT).begin(&login()).unwrap_err().to_string();
    assert!(said.contains("/own: No such file or directory; "), "{said}");
    assert!(said.contains("/bus: No such file or directory"), "{said}");
}

#[test]
fn the_ways_follow_from_who_we_are_and_the_argument() {
    let client = Client::new(&Arguments::default()).unwrap();
    let own = geteuid().is_root().then(|| Address::Path("/run/otpd/auth".to_owned()));
    assert_eq!(client.own, own);
    assert_eq!(client.bus, Address::Path("/run/dbus/system_bus_socket".to_owned()));
    assert_eq!((client.listener, client.state), (0, PathBuf::from("/var/lib/otpd")));

    let bus = Address::parse("unix:abstract=other").unwrap();
    let arguments = Arguments { bus: Some(bus.clone()), ..Arguments::default() };
    let client = Client::new(&arguments).unwrap();
    assert_eq!((client.own, client.bus), (None, bus));
}

/// The bus signs its own answers.
trait OfBus {
    fn sender_of_bus(self) -> Self;
}

impl OfBus for zbus::message::Builder<'_> {
    fn sender_of_bus(self) -> Self {
        self.sender(BUS)
    }
}
