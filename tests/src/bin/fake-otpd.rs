//! The impostor: serves `org.otpd1.Auth` at the bus address in its first argument and accepts every
//! code of everybody. The tests let it stand where an attacker would; nothing ships it.

#![expect(clippy::unused_self, clippy::used_underscore_binding, reason = "the interface's form")]

use std::{env, fs::File, future::pending, process};

use otp_bus::{
    Challenge, Demand, Details, Login, Outcome, Reason, Terms, Verdict,
    names::{BUS_NAME, OBJECT_PATH},
};
use testbed::{Context, Result};
use tokio::net::UnixListener;
use zbus::{Guid, connection::Builder, interface};

struct YesToAll;

#[interface(name = "org.otpd1.Auth")]
impl YesToAll {
    fn begin(&self, _login: Login) -> Challenge {
        Challenge { demand: Demand::Ask, rule: "default".to_owned(), terms: Terms::default() }
    }

    fn verify(&self, _login: Login, _code: String) -> Verdict {
        Verdict {
            outcome: Outcome::Accepted,
            reason: Reason::Matched,
            device: "totp/00000000".to_owned(),
            label: "phone".to_owned(),
            wait: 0,
            details: Details::default(),
        }
    }
}

fn main() -> Result {
    let place = env::args().nth(1).context("usage: fake-otpd ADDRESS|SOCKET")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        if place.starts_with('/') {
            let listener = UnixListener::bind(&place).context(&place)?;
            ready()?;
            answer_everybody(&listener).await
        } else {
            let serve = Builder::address(place.as_str()).serve_at(OBJECT_PATH, YesToAll);
            let _bus = serve.name(BUS_NAME).build().await.context("taking the name")?;
            ready()?;
            pending().await
        }
    })
}

/// Whoever started this waits for the file.
fn ready() -> Result {
    File::create(format!("/tmp/fake-otpd.{}", process::id()))?;
    Ok(())
}

async fn answer_everybody(listener: &UnixListener) -> Result {
    let mut connections = Vec::new();
    loop {
        let (stream, _) = listener.accept().await?;
        let serve = Builder::unix_stream(stream.into_std()?).server(Guid::generate()).p2p();
        // A peer that has gone again is no reason to stop.
        if let Ok(connection) = serve.serve_at(OBJECT_PATH, YesToAll).build().await {
            connections.push(connection);
        }
    }
}
