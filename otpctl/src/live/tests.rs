//! The ways to the daemon, on real sockets and a real `dbus-daemon`. Whoever runs the tests plays
//! root by being named in `Live::root`; naming another uid there makes the same peer an impostor.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use nix::unistd::getuid;
use tempfile::TempDir;
use tokio::net::UnixListener;
use zbus::fdo::Error as BusError;
use zbus::{Guid, interface};

use super::*;

/// A uid that nobody has here.
const STRANGER: u32 = 4_000_000_000;

struct Place {
    dir: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn socket(&self) -> PathBuf {
        self.dir.path().join("auth")
    }

    /// Ways as root has them, all of them leading here; `state` belongs to nobody in particular.
    fn ways(&self) -> Live {
        Live {
            socket: Some(self.socket()),
            bus: format!("unix:path={}", self.dir.path().join("bus").display()),
            state: self.dir.path().join("no-state"),
            root: getuid().as_raw(),
        }
    }

    /// A system bus on which the caller may own the name.
    fn bus(&self) -> Bus {
        let config = self.dir.path().join("bus.conf");
        let text = format!(
            "<busconfig><type>system</type><listen>{}</listen><auth>EXTERNAL</auth>\
             <policy context=\"default\"><allow user=\"*\"/><allow own=\"{BUS_NAME}\"/>\
             <allow send_type=\"method_call\"/><allow send_type=\"signal\"/>\
             <allow send_requested_reply=\"true\" send_type=\"method_return\"/>\
             <allow send_requested_reply=\"true\" send_type=\"error\"/>\
             <allow receive_type=\"method_call\"/><allow receive_type=\"method_return\"/>\
             <allow receive_type=\"error\"/><allow receive_type=\"signal\"/>\
             </policy></busconfig>",
            self.ways().bus
        );
        std::fs::write(&config, text).unwrap();
        let mut child = Command::new("dbus-daemon")
            .arg(format!("--config-file={}", config.display()))
            .args(["--nofork", "--print-address"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("dbus-daemon must be installed");
        let mut address = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
        assert!(!address.is_empty(), "the bus did not start");
        Bus { child }
    }
}

struct Bus {
    child: Child,
}

impl Drop for Bus {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

struct Here(&'static str);

#[interface(name = "org.otpd1.Test")]
impl Here {
    fn place(&self) -> &str {
        self.0
    }
}

/// Serves the daemon's object on the bus, under its name.
async fn on_the_bus(place: &Place) -> zbus::Connection {
    Builder::address(place.ways().bus.as_str())
        .serve_at("/org/otpd1", Here("bus"))
        .name(BUS_NAME)
        .build()
        .await
        .unwrap()
}

/// Serves one connection on the socket.
fn on_the_socket(place: &Place) -> tokio::task::JoinHandle<zbus::Connection> {
    let listener = UnixListener::bind(place.socket()).unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let stream = stream.into_std().unwrap();
        let builder = Builder::unix_stream(stream).server(Guid::generate()).p2p();
        builder.serve_at("/org/otpd1", Here("socket")).build().await.unwrap()
    })
}

async fn whom(peer: &Peer) -> String {
    let destination = peer.destination.as_ref();
    let call = peer.connection.call_method(
        Some(destination),
        "/org/otpd1",
        Some("org.otpd1.Test"),
        "Place",
        &(),
    );
    call.await.unwrap().body().deserialize().unwrap()
}

fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
}

#[test]
fn root_takes_the_socket_although_there_is_a_bus() {
    run(async {
        let place = Place::new();
        let _bus = place.bus();
        let _daemon = on_the_bus(&place).await;
        let server = on_the_socket(&place);
        let peer = place.ways().connect().await.unwrap();
        let _server = server.await.unwrap();
        assert_eq!(whom(&peer).await, "socket");
    });
}

#[test]
fn root_takes_the_bus_where_nobody_listens() {
    run(async {
        let place = Place::new();
        let _bus = place.bus();
        let _daemon = on_the_bus(&place).await;
        assert_eq!(whom(&place.ways().connect().await.unwrap()).await, "bus", "no socket");
        drop(std::os::unix::net::UnixListener::bind(place.socket()).unwrap());
        assert_eq!(whom(&place.ways().connect().await.unwrap()).await, "bus", "a stale socket");
    });
}

#[test]
fn others_take_the_bus_although_there_is_a_socket() {
    run(async {
        let place = Place::new();
        let _bus = place.bus();
        let _daemon = on_the_bus(&place).await;
        let _server = on_the_socket(&place);
        let ways = Live { socket: None, ..place.ways() };
        let peer = ways.connect().await.unwrap();
        assert_eq!(whom(&peer).await, "bus");
        assert!(peer.destination.starts_with(':'), "{}", peer.destination);
    });
}

#[test]
fn who_listens_for_another_uid_is_an_impostor_and_no_reason_to_go_elsewhere() {
    run(async {
        let place = Place::new();
        let _bus = place.bus();
        let _daemon = on_the_bus(&place).await;
        let _server = on_the_socket(&place);
        let ways = Live { root: STRANGER, state: "/".into(), ..place.ways() };
        let refused = ways.connect().await.unwrap_err();
        let me = getuid().as_raw();
        assert!(matches!(refused, Unreachable::Impostor { uid, .. } if uid == me), "{refused}");
    });
}

#[test]
fn on_the_bus_the_owner_of_the_state_is_believed_and_nobody_else_is() {
    run(async {
        let place = Place::new();
        let _bus = place.bus();
        let _daemon = on_the_bus(&place).await;
        let state = place.dir.path().to_owned();
        let ways = Live { socket: None, root: STRANGER, state, ..place.ways() };
        assert_eq!(whom(&ways.connect().await.unwrap()).await, "bus");
        for state in [place.dir.path().join("absent"), place.dir.path().join("bus.conf")] {
            let ways = Live { state, ..place.ways() };
            let ways = Live { socket: None, root: STRANGER, ..ways };
            let refused = ways.connect().await.unwrap_err();
            assert!(matches!(refused, Unreachable::Impostor { .. }), "{refused}");
        }
    });
}

#[test]
fn a_bus_without_the_daemon_says_so() {
    run(async {
        let place = Place::new();
        let _bus = place.bus();
        let refused = place.ways().connect().await.unwrap_err();
        let Unreachable::NotRunning(zbus::Error::FDO(error)) = refused else { panic!("{refused}") };
        assert!(matches!(*error, BusError::ServiceUnknown(_)), "{error}");
    });
}

#[test]
fn no_bus_says_so() {
    run(async {
        let refused = Place::new().ways().connect().await.unwrap_err();
        assert!(matches!(refused, Unreachable::Bus(_)), "{refused}");
    });
}

#[test]
fn a_socket_whose_queue_is_full_is_no_reason_to_go_elsewhere() {
    run(async {
        let place = Place::new();
        let _bus = place.bus();
        let _daemon = on_the_bus(&place).await;
        let _listener = std::os::unix::net::UnixListener::bind(place.socket()).unwrap();
        let mut waiting = Vec::new();
        let full = loop {
            match UnixStream::connect(place.socket()).await {
                Ok(stream) => waiting.push(stream),
                Err(error) => break error,
            }
        };
        assert_eq!(full.kind(), ErrorKind::WouldBlock);
        let refused = place.ways().connect().await.unwrap_err();
        assert!(matches!(refused, Unreachable::Socket(..)), "{refused}");
    });
}

#[test]
fn the_installed_ways_are_the_contracts() {
    let ways = Live::system();
    assert_eq!(ways.socket.is_some(), geteuid().is_root());
    assert_eq!(ways.bus, "unix:path=/run/dbus/system_bus_socket");
    assert_eq!((ways.state, ways.root), (PathBuf::from("/var/lib/otpd"), 0));
}
