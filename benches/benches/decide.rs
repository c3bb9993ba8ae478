//! What the core costs: one HMAC and its truncation, and a whole attempt against 1 and 8 devices.

#![allow(clippy::unwrap_used)] // a benchmark that cannot start may say so by ending
#![allow(missing_docs)] // criterion's macros make undocumented functions

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use otp_core::{
    Account, Algorithm, Attempt, Code, Counter, Device, DeviceId, Digits, Kind, Label, Offer,
    Origin, Period, Secret, ThrottlePolicy, Uid, UnixTime, UserName, attempt, device::TotpState,
    hotp,
};

fn account(devices: u8) -> Account {
    let mut account = Account::new(UserName::parse("alice").unwrap(), Uid(1000));
    account.enrolled = true;
    account.devices = (0..devices)
        .map(|seed| {
            let state = TotpState::new(Algorithm::Sha1, Digits::SIX, Period::default());
            Device {
                id: DeviceId::parse(&format!("totp/0000000{seed}")).unwrap(),
                label: Label::parse(&format!("device {seed}")).unwrap(),
                confirmed: true,
                created: UnixTime::from_secs(0),
                last_used: None,
                replaces: None,
                kind: Kind::Totp(Secret::from_bytes(vec![seed; 20]).unwrap(), state),
            }
        })
        .collect();
    account
}

fn decide(c: &mut Criterion) {
    let secret = Secret::from_bytes(vec![1; 20]).unwrap();
    for algorithm in [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512] {
        c.bench_function(&format!("hotp {algorithm}"), |b| {
            b.iter(|| hotp(&secret, Counter(7), algorithm, Digits::SIX));
        });
    }
    let mut group = c.benchmark_group("wrong code, devices");
    let offer = Offer::Code(Code::parse("0000000000").unwrap());
    for devices in [1, 8] {
        let account = account(devices);
        let origin = Origin::Local;
        let it =
            Attempt { offer: &offer, device: None, origin: &origin, service: "sshd", from: "" };
        let (policy, now) = (ThrottlePolicy::default(), UnixTime::from_secs(1_700_000_000));
        group.bench_with_input(BenchmarkId::from_parameter(devices), &account, |b, account| {
            b.iter(|| attempt(account, &it, &policy, now));
        });
    }
}

criterion_group!(benches, decide);
criterion_main!(benches);
