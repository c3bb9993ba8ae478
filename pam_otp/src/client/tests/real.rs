//! Against zbus's own server, peer to peer, and a real `dbus-daemon`: what the fakes say on the
//! wire is only what this client believes of it.

use std::os::unix::net::UnixListener as Listener;
use std::thread;

use super::stage::{Bus, Fake, Running};
use super::*;

/// Serves peer to peer, `count` connections one after the other.
fn peer_to_peer(listener: Listener, count: usize) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            for _ in 0..count {
                let (stream, _) = listener.accept().unwrap();
                stream.set_nonblocking(true).unwrap();
                let connection = zbus::connection::Builder::unix_stream(stream)
                    .server(zbus::Guid::generate())
                    .p2p()
                    .serve_at("/org/otpd1", Fake)
                    .build()
                    .await
                    .unwrap();
                // Until the client hangs up.
                let mut messages = zbus::MessageStream::from(&connection);
                while let Some(Ok(_)) = next(&mut messages).await {}
            }
        });
    })
}

async fn next(messages: &mut zbus::MessageStream) -> Option<zbus::Result<zbus::Message>> {
    use zbus::export::futures_core::Stream;
    std::future::poll_fn(|context| std::pin::Pin::new(&mut *messages).poll_next(context)).await
}

/// Four calls.
fn converse(client: &Client) {
    let challenge = client.begin(&login()).unwrap();
    assert_eq!(challenge.demand, Demand::Ask);
    assert_eq!(client.verify(&login(), "123456").unwrap(), accepted());
    let refused = client.verify(&login(), "000000").unwrap();
    assert_eq!((refused.outcome, refused.reason), (Outcome::Refused, Reason::Wrong));
    let mallory = Login { user: "mallory".to_owned(), ..login() };
    assert_eq!(client.begin(&mallory).unwrap_err(), Error::NotAllowed);
}

#[test]
fn zbuss_own_server_understands_us() {
    let place = Place::new();
    let server = peer_to_peer(place.listen("own"), 4);
    converse(&place.client(PATIENT));
    server.join().unwrap();
}

#[test]
fn a_real_bus_understands_us() {
    let place = Place::new();
    let _bus = Bus::new(&place);
    let client = Client { own: None, ..place.client(PATIENT) };
    let error = client.begin(&login()).unwrap_err();
    assert!(matches!(&error, Error::Unreachable(text) if text.contains("org.otpd1")), "{error:?}");
    let server = Running::on_the_bus(&place.0.join("bus"));
    converse(&client);
    drop(server);
    assert!(matches!(client.begin(&login()).unwrap_err(), Error::Unreachable(_)));
}
