//! A program in otp-deliver's place that answers, hangs, breaks off or talks nonsense.

use std::{path::Path, time::Duration};

use otp_deliver::wire::Purpose;
use tokio::net::UnixListener;

use super::*;
use crate::clock::monotonic;

fn message() -> Message {
    Message {
        channel: "sms".to_owned(),
        address: "+4915123456742".to_owned(),
        code: "123456".to_owned(),
        user: "alice".to_owned(),
        issuer: "host".to_owned(),
        purpose: Purpose::Login,
        valid_for: 300,
    }
}

/// Takes one message and answers with these bytes.
async fn answer(path: &Path, bytes: Vec<u8>) -> Message {
    let listener = UnixListener::bind(path).unwrap();
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut prefix = [0; PREFIX];
    stream.read_exact(&mut prefix).await.unwrap();
    let mut body = vec![0; wire::length(prefix).unwrap()];
    stream.read_exact(&mut body).await.unwrap();
    stream.write_all(&bytes).await.unwrap();
    wire::read(&body).unwrap()
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn sent_with(bytes: Vec<u8>) -> Result<(), Undelivered> {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("socket");
        let deliver = Deliver::at(path.clone());
        let message = message();
        let (got, said) = tokio::join!(biased; answer(&path, bytes), async {
            let before = monotonic() + Duration::from_secs(5);
            deliver.send(&message, before).await
        });
        assert_eq!(got, message);
        said
    })
}

#[test]
fn what_the_program_says_is_what_is_told() {
    assert!(sent_with(wire::frame(&Answer::Sent).unwrap()).is_ok());
    let failed = wire::frame(&Answer::Failed("no route".to_owned())).unwrap();
    let error = sent_with(failed).unwrap_err().to_string();
    assert_eq!(error, "otp-deliver: no route");
    assert!(matches!(sent_with(wire::frame(&Answer::Busy).unwrap()), Err(Undelivered::Busy)));
}

#[test]
fn nonsense_and_silence_are_no_yes() {
    for bytes in [b"\0\0\0\x02{}".to_vec(), b"\0\0\0\0".to_vec(), vec![255; 8]] {
        assert!(
            matches!(sent_with(bytes.clone()), Err(Undelivered::NotUnderstood(_))),
            "{bytes:?}"
        );
    }
    for bytes in [Vec::new(), b"\0\0".to_vec(), b"\0\0\0\x06\"se".to_vec()] {
        assert!(matches!(sent_with(bytes.clone()), Err(Undelivered::Broken(_))), "{bytes:?}");
    }
}

#[test]
fn a_program_that_hangs_costs_its_deadline_and_others_nothing() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("socket");
        let listener = UnixListener::bind(&path).unwrap();
        let deliver = Deliver::at(path);
        let message = message();
        let past = monotonic();
        assert!(matches!(deliver.send(&message, past).await, Err(Undelivered::Late)));
        let held = deliver.places.try_acquire_many(128).unwrap();
        let soon = monotonic() + Duration::from_secs(5);
        assert!(matches!(deliver.send(&message, soon).await, Err(Undelivered::Busy)));
        drop((held, listener));
    });
}

#[test]
fn nobody_there_is_said_at_once() {
    let deliver = Deliver::at("/nonexistent/socket".into());
    let before = monotonic() + Duration::from_secs(5);
    let said = run(async { deliver.send(&message(), before).await });
    assert!(matches!(said, Err(Undelivered::Unreachable(_))), "{said:?}");
}
