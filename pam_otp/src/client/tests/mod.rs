//! The client against servers that do everything wrong that a server can: a fake at the other end
//! of a real socket, and zbus's own server as the measure of doing it right.

mod bus;
mod fake;
mod peer;
mod real;
#[path = "../../../tests/stage/mod.rs"]
mod stage;

use std::os::unix::net::UnixListener;
use std::time::{Duration, Instant};

use otp_bus::{Challenge, Demand, Login, Outcome, Reason, Terms, Verdict};

use self::stage::Place;
use super::*;

/// Long enough for any answer here, short enough to fail a test that hangs.
const PATIENT: Duration = Duration::from_secs(20);
/// For servers that never answer.
const SHORT: Duration = Duration::from_millis(200);

impl Place {
    fn address(&self, name: &str) -> Address {
        Address::Path(self.0.join(name).to_str().unwrap().to_owned())
    }

    fn listen(&self, name: &str) -> UnixListener {
        UnixListener::bind(self.0.join(name)).unwrap()
    }

    /// A client that knows `own` and `bus` in this directory and trusts whoever runs the test.
    fn client(&self, timeout: Duration) -> Client {
        Client {
            own: Some(self.address("own")),
            bus: self.address("bus"),
            uid: geteuid().as_raw(),
            listener: geteuid().as_raw(),
            state: self.0.clone(),
            timeout,
        }
    }
}

fn login() -> Login {
    Login { user: "alice".to_owned(), service: "sshd".to_owned(), ..Login::default() }
}

fn accepted() -> Verdict {
    Verdict {
        outcome: Outcome::Accepted,
        reason: Reason::Matched,
        device: "totp/1".to_owned(),
        label: "phone".to_owned(),
        wait: 0,
        details: otp_bus::Details::default(),
    }
}

/// Runs `ask` and sees to it that it ended at its deadline, neither before nor long after.
#[expect(clippy::disallowed_methods, reason = "the clock under test needs another one")]
fn late<T: std::fmt::Debug>(ask: impl FnOnce() -> Result<T, Error>) {
    let start = Instant::now();
    let error = ask().unwrap_err();
    assert!(matches!(error, Error::Late { .. }), "{error:?}");
    let took = start.elapsed();
    assert!(took >= SHORT && took < SHORT + Duration::from_secs(5), "{took:?}");
}
