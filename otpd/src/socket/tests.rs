//! The end of the daemon, as callers see it who have asked already.

use std::time::Duration;

use data_encoding::HEXLOWER;
use nix::sys::socket::{setsockopt, sockopt::SndBuf};
use otp_bus::{AuthProxy, Login, Reason, names};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use zbus::Message;

use super::*;
use crate::service::tests::{run, services};

/// What a caller writes, in one go: the handshake, and a call whose answer is long.
fn asked() -> Vec<u8> {
    let uid = HEXLOWER.encode(nix::unistd::getuid().to_string().as_bytes());
    let call = Message::method_call(names::OBJECT_PATH, "Introspect");
    let call = call.interface("org.freedesktop.DBus.Introspectable").build(&()).unwrap();
    let mut bytes = format!("\0AUTH EXTERNAL {uid}\r\nBEGIN\r\n").into_bytes();
    bytes.extend_from_slice(call.data().bytes());
    bytes
}

#[test]
fn an_answer_that_has_begun_is_written_to_its_end() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let services = services(dir.path());
        let gate = services.gate.clone();
        let (ours, mut caller) = UnixStream::pair().unwrap();
        // No more fits on its way than the kernel must let.
        setsockopt(&ours, SndBuf, &1).unwrap();
        let serving = tokio::spawn(converse(Stream::new(ours).unwrap(), services));
        caller.write_all(&asked()).await.unwrap();
        let mut heard = Vec::new();
        while !heard.ends_with(b"\r\nl") {
            heard.push(caller.read_u8().await.unwrap());
        }
        // Behind the line that ends the handshake, the answer has begun, with its byte order.
        gate.close();
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
        assert!(!serving.is_finished(), "hung up in the middle of an answer");
        caller.read_to_end(&mut heard).await.unwrap();
        assert!(heard.ends_with(b"</node>\n\0") || heard.ends_with(b"</node>\0"), "cut short");
        serving.await.unwrap();
    });
}

#[test]
fn who_was_let_in_is_answered_and_nobody_is_behind() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let services = services(dir.path());
        let gate = services.gate.clone();
        let (ours, theirs) = UnixStream::pair().unwrap();
        let serving = tokio::spawn(converse(Stream::new(ours).unwrap(), services));
        let client = Builder::socket(Stream::new(theirs).unwrap()).p2p().build().await.unwrap();
        let auth = AuthProxy::new(&client).await.unwrap();
        let login = Login { user: "no such user".into(), ..Login::default() };
        let stopping = async {
            while gate.is_empty() {
                tokio::task::yield_now().await;
            }
            gate.close();
        };
        let (answer, ()) = tokio::join!(auth.verify(&login, "000000"), stopping);
        assert_eq!(answer.unwrap().reason, Reason::UnknownUser);
        assert!(auth.verify(&login, "000000").await.is_err());
        let ended = tokio::time::timeout(Duration::from_secs(10), serving).await;
        ended.expect("serves on after its end").unwrap();
    });
}
