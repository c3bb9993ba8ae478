//! A daemon that is none, on a real `dbus-daemon` or peer to peer: what the tests of the client and
//! those through libpam play against.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use otp_bus::{Challenge, Demand, Login, Outcome, Reason, Terms, Verdict};

/// A directory of its own, gone when the test is.
pub(crate) struct Place(pub(crate) PathBuf);

impl Place {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("pam-otp-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A daemon that accepts `123456`, has seen `111111` before, and does not serve for mallory.
pub(crate) struct Fake;

#[expect(clippy::needless_pass_by_value, clippy::unused_self, reason = "the shape zbus calls")]
#[zbus::interface(name = "org.otpd1.Auth")]
impl Fake {
    fn begin(&self, login: Login) -> Result<Challenge, otp_bus::Error> {
        if login.user == "mallory" {
            return Err(otp_bus::Error::NotAllowed("not you".to_owned()));
        }
        Ok(Challenge { demand: Demand::Ask, rule: "default".to_owned(), terms: Terms::default() })
    }

    fn verify(&self, login: Login, code: String) -> Verdict {
        let (outcome, reason) = match code.as_str() {
            _ if login.user != "alice" => (Outcome::Refused, Reason::UnknownUser),
            "123456" => (Outcome::Accepted, Reason::Matched),
            "111111" => (Outcome::Refused, Reason::Used),
            _ => (Outcome::Refused, Reason::Wrong),
        };
        let (device, label) = ("totp/1".to_owned(), "phone".to_owned());
        Verdict { outcome, reason, device, label, wait: 0, details: otp_bus::Details::default() }
    }
}

/// Serves on a thread of its own until dropped.
pub(crate) struct Running {
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    /// Runs `setup` on a runtime and waits until it is ready; what it returns lives until the end.
    fn new<F, T>(setup: F) -> Self
    where
        F: AsyncFnOnce() -> T + Send + 'static,
    {
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let (ready, started) = mpsc::channel();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let alive = setup().await;
                ready.send(()).unwrap();
                let _ = stopped.await;
                drop(alive);
            });
        });
        started.recv().unwrap();
        Self { stop: Some(stop), thread: Some(thread) }
    }

    /// Owns the daemon's name on the bus whose socket is `path`.
    pub(crate) fn on_the_bus(path: &Path) -> Self {
        let address = format!("unix:path={}", path.display());
        Self::new(async move || {
            zbus::connection::Builder::address(address.as_str())
                .serve_at("/org/otpd1", Fake)
                .name("org.otpd1")
                .build()
                .await
                .unwrap()
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A bus of its own, gone when the test is.
pub(crate) struct Bus(Child);

impl Bus {
    /// Listens on `bus` in `place`.
    pub(crate) fn new(place: &Place) -> Self {
        let socket = place.0.join("bus");
        let rules = format!(
            r#"<busconfig><type>system</type><listen>unix:path={}</listen><auth>EXTERNAL</auth>
            <policy context="default"><allow user="*"/><allow own="org.otpd1"/>
            <deny send_type="method_call"/><allow send_destination="org.freedesktop.DBus"/>
            <allow send_requested_reply="true" send_type="method_return"/>
            <allow send_requested_reply="true" send_type="error"/>
            <allow send_type="signal"/><allow receive_type="method_call"/>
            <allow receive_type="method_return"/><allow receive_type="error"/>
            <allow receive_type="signal"/>
            <allow send_destination="org.otpd1" send_interface="org.otpd1.Auth"/></policy></busconfig>"#,
            socket.display()
        );
        let file = place.0.join("bus.conf");
        std::fs::write(&file, rules).unwrap();
        let mut child = Command::new("dbus-daemon")
            .arg(format!("--config-file={}", file.display()))
            .args(["--nofork", "--print-address=1"])
            .stdout(Stdio::piped())
            // Without root it complains that it cannot raise its own limits.
            .stderr(Stdio::null())
            .spawn()
            .expect("dbus-daemon is needed: install the package dbus-daemon");
        // It prints its address once it listens.
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("unix:path="), "{line}");
        Self(child)
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
