//! On the daemon's own socket.

use std::num::NonZeroU32;

use zbus::Message;

use super::fake::{self, Server};
use super::*;

/// Asks for a verdict from a server that follows `script` after the call has come.
fn verify(script: impl FnOnce(&mut Server, Message) + Send + 'static) -> Result<Verdict, Error> {
    let place = Place::new();
    let server = fake::serve(place.listen("own"), move |server| {
        server.greeting();
        let call = server.message();
        script(server, call);
    });
    let result = place.client(PATIENT).verify(&login(), "123456");
    server.join().unwrap();
    result
}

#[test]
fn everything_is_sent_before_anything_is_answered() {
    let place = Place::new();
    let server = fake::serve(place.listen("own"), |server| {
        let greeting = server.greeting();
        let call = server.message();
        server.ok();
        server.reply(&Message::method_return(&call.header()).build(&accepted()).unwrap());
        assert!(server.is_left());
        (greeting, call)
    });
    let verdict = place.client(PATIENT).verify(&login(), "123456").unwrap();
    assert_eq!(verdict, accepted());
    let (greeting, call) = server.join().unwrap();
    assert_eq!(greeting, wire::greeting(geteuid().as_raw()));
    let header = call.header();
    assert_eq!(header.path().unwrap().as_str(), "/org/otpd1");
    assert_eq!(header.interface().unwrap().as_str(), "org.otpd1.Auth");
    assert_eq!(header.member().unwrap().as_str(), "Verify");
    assert_eq!(header.signature().to_string(), "((sssssas)s)");
    let (heard, code): (Login, String) = call.body().deserialize().unwrap();
    assert_eq!((heard, code.as_str()), (login(), "123456"));
}

#[test]
fn begin_is_a_connection_of_its_own() {
    let place = Place::new();
    let challenge =
        Challenge { demand: Demand::Ask, rule: "default".to_owned(), terms: Terms::default() };
    let expected = challenge.clone();
    let server = fake::serve(place.listen("own"), move |server| {
        server.greeting();
        let call = server.message();
        server.ok();
        server.reply(&Message::method_return(&call.header()).build(&challenge).unwrap());
        assert!(server.is_left());
        call.header().member().unwrap().to_string()
    });
    assert_eq!(place.client(PATIENT).begin(&login()).unwrap(), expected);
    assert_eq!(server.join().unwrap(), "Begin");
}

#[test]
fn a_mute_server_ends_at_the_deadline() {
    let place = Place::new();
    let listener = place.listen("own");
    late(|| place.client(SHORT).begin(&login()));
    drop(listener);

    let place = Place::new();
    let server = fake::serve(place.listen("own"), |server| {
        server.greeting();
        server.message();
        server.ok();
        assert!(server.is_left(), "something was sent again");
    });
    late(|| place.client(SHORT).verify(&login(), "123456"));
    server.join().unwrap();
}

#[test]
fn a_full_backlog_ends_at_the_deadline_and_not_on_the_bus() {
    use nix::sys::socket::{AddressFamily, Backlog, SockFlag, SockType, bind, listen, socket};
    let place = Place::new();
    let own = socket(AddressFamily::Unix, SockType::Stream, SockFlag::empty(), None).unwrap();
    let name = place.address("own").socket().unwrap();
    bind(std::os::fd::AsRawFd::as_raw_fd(&own), &name).unwrap();
    listen(&own, Backlog::new(0).unwrap()).unwrap();
    let path = place.0.join("own");
    let bus = place.listen("bus");
    bus.set_nonblocking(true).unwrap();
    let _first = std::os::unix::net::UnixStream::connect(&path).unwrap();
    late(|| place.client(SHORT).begin(&login()));
    assert!(bus.accept().is_err(), "went to the bus although somebody listens");
}

#[test]
fn closing_at_any_step_is_no_answer() {
    let place = Place::new();
    let server = fake::serve(place.listen("own"), |_| ());
    let error = place.client(PATIENT).verify(&login(), "123456").unwrap_err();
    assert!(matches!(error, Error::Broken { .. }), "{error:?}");
    server.join().unwrap();

    let error = verify(|_, _| ()).unwrap_err();
    assert!(matches!(error, Error::Broken { .. }), "{error:?}");
    let error = verify(|server, _| server.ok()).unwrap_err();
    assert!(matches!(error, Error::Broken { .. }), "{error:?}");
}

#[test]
fn an_answer_cut_anywhere_is_no_answer() {
    let call = Message::method_call("/", "Verify").serial(NonZeroU32::MIN).build(&()).unwrap();
    let reply = Message::method_return(&call.header()).build(&accepted()).unwrap();
    let mut whole = b"OK 0123456789abcdef0123456789abcdef\r\n".to_vec();
    whole.extend_from_slice(reply.data());
    for cut in 0..whole.len() {
        let part = whole[..cut].to_vec();
        let error = verify(move |server, _| server.send(&part)).unwrap_err();
        assert!(matches!(error, Error::Broken { .. }), "cut at {cut}: {error:?}");
    }
    assert_eq!(verify(move |server, _| server.send(&whole)).unwrap(), accepted());
}

#[test]
fn nonsense_is_not_understood() {
    let strange: [&'static [u8]; 6] = [
        b"REJECTED EXTERNAL\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"OK 00\r\nHTTP/1.1 200 OK\r\n\r\n.........",
        // A reply that says it is 4 GiB long.
        b"OK 00\r\nl\x02\x00\x01\xff\xff\xff\xff\x01\x00\x00\x00\x00\x00\x00\x00",
        // 64 KiB and a byte, header included.
        b"OK 00\r\nl\x02\x00\x01\xf1\xff\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00",
        &[b'a'; 600],
    ];
    for bytes in strange {
        let error = verify(move |server, _| {
            server.send(bytes);
            // Not closing: it is what was said that ends it.
            assert!(server.is_left());
        })
        .unwrap_err();
        assert!(matches!(error, Error::NotUnderstood { .. }), "{bytes:?}: {error:?}");
    }
}

#[test]
fn a_listener_whom_root_did_not_put_there_hears_nothing() {
    let place = Place::new();
    let server = fake::serve(place.listen("own"), Server::is_left);
    let other = geteuid().as_raw().wrapping_add(1);
    let client = Client { listener: other, ..place.client(PATIENT) };
    let error = client.verify(&login(), "123456").unwrap_err();
    assert!(matches!(error, Error::Distrusted(_)), "{error:?}");
    assert!(server.join().unwrap(), "something was sent");
}

#[test]
fn errors_are_known_by_name() {
    let said = |name: &'static str| {
        verify(move |server, call| {
            server.ok();
            server.reply(&fake::error(&call, name, "why"));
        })
        .unwrap_err()
    };
    assert_eq!(said("org.otpd1.Error.NotAllowed"), Error::NotAllowed);
    assert_eq!(said("org.otpd1.Error.Locked"), Error::Refused);
    assert_eq!(said("org.otpd1.Error.Busy"), Error::Unable("why".to_owned()));
    assert_eq!(said("org.otpd1.Error.Unavailable"), Error::Unable("why".to_owned()));
    for name in ["org.otpd1.Error.Accepted", "org.otpd2.Error.Locked", "a.b"] {
        assert!(matches!(said(name), Error::NotUnderstood { .. }), "{name}");
    }
}

#[test]
fn a_word_that_is_not_in_the_contract_is_not_understood() {
    let words =
        [("accepted", "matched-loosely"), ("exempt", "matched"), ("Accepted", "matched"), ("", "")];
    for (outcome, reason) in words {
        let error = verify(move |server, call| {
            server.ok();
            let body = (outcome, reason, "totp/1", "phone", 0_u32);
            server.reply(&Message::method_return(&call.header()).build(&body).unwrap());
        })
        .unwrap_err();
        assert!(matches!(error, Error::NotUnderstood { .. }), "{outcome}: {error:?}");
    }
}

#[test]
fn a_body_of_another_shape_is_not_understood() {
    fn said(reply: impl FnOnce(Message) -> Message + Send + 'static) -> Error {
        verify(move |server, call| {
            server.ok();
            server.reply(&reply(call));
        })
        .unwrap_err()
    }
    let errors = [
        said(|call| Message::method_return(&call.header()).build(&()).unwrap()),
        said(|call| Message::method_return(&call.header()).build(&"accepted").unwrap()),
        said(|call| {
            let body = ("accepted", "matched", "", "");
            Message::method_return(&call.header()).build(&body).unwrap()
        }),
        said(|call| {
            let body = ("accepted", "matched", "", "", 0_u64);
            Message::method_return(&call.header()).build(&body).unwrap()
        }),
        said(|call| Message::method_return(&call.header()).build(&true).unwrap()),
    ];
    for error in errors {
        assert!(matches!(error, Error::NotUnderstood { .. }), "{error:?}");
    }
}

#[test]
fn what_comes_before_the_answer_is_passed_over_within_bounds() {
    let signal = || Message::signal("/", "a.b", "C").build(&"noise").unwrap();
    let verdict = verify(move |server, call| {
        server.ok();
        for _ in 0..60 {
            server.reply(&signal());
        }
        let header = call.header();
        let other = NonZeroU32::new(99);
        let wrong = Verdict { outcome: Outcome::Refused, ..accepted() };
        let stray = Message::method_return(&header).reply_serial(other).build(&wrong).unwrap();
        server.reply(&stray);
        server.reply(&Message::method_return(&header).build(&accepted()).unwrap());
    });
    assert_eq!(verdict.unwrap(), accepted());

    let error = verify(move |server, _| {
        server.ok();
        for _ in 0..70 {
            server.reply(&signal());
        }
    })
    .unwrap_err();
    assert!(matches!(error, Error::NotUnderstood { .. }), "{error:?}");
}

#[test]
fn the_first_answer_counts() {
    let verdict = verify(|server, call| {
        server.ok();
        let refused = Verdict { outcome: Outcome::Refused, reason: Reason::Wrong, ..accepted() };
        let header = call.header();
        server.reply(&Message::method_return(&header).build(&refused).unwrap());
        server.reply(&Message::method_return(&header).build(&accepted()).unwrap());
    });
    assert_eq!(verdict.unwrap().outcome, Outcome::Refused);
}

#[test]
fn after_a_code_was_written_nothing_is_sent_again() {
    let place = Place::new();
    let bus = place.listen("bus");
    bus.set_nonblocking(true).unwrap();
    let server = fake::serve(place.listen("own"), |server| {
        server.greeting();
        server.message();
    });
    let error = place.client(PATIENT).verify(&login(), "123456").unwrap_err();
    assert!(matches!(error, Error::Broken { .. }), "{error:?}");
    server.join().unwrap();
    assert!(bus.accept().is_err(), "went to the bus with a code that may be spent");
}
