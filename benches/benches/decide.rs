//! What the core costs: one HMAC and its truncation, a whole attempt against 1 and 8 devices, and the
//! most that an attempt can cost: 8 devices of the shortest period under SHA-512, each with a code
//! noted, that is 8 times 47 HMACs.

#![allow(clippy::unwrap_used)] // a benchmark that cannot start may say so by ending
#![allow(missing_docs)] // criterion's macros make undocumented functions

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use otp_core::{
    Account, Algorithm, Attempt, Code, Counter, Device, DeviceId, Digits, Kind, Label, Offer,
    Origin, Period, Secret, ThrottlePolicy, Uid, UnixTime, UserName, attempt,
    device::{KindState, TotpState},
    hotp,
};

fn account(devices: u8, algorithm: Algorithm, period: Period) -> Account {
    let mut account = Account::new(UserName::parse("alice").unwrap(), Uid(1000));
    account.enrolled = true;
    account.devices = (0..devices)
        .map(|seed| {
            let state = TotpState::new(algorithm, Digits::SIX, period);
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
        let account = account(devices, Algorithm::Sha1, Period::default());
        let origin = Origin::Local;
        let it = Attempt {
            offer: &offer,
            device: None,
            kinds: None,
            origin: &origin,
            service: "sshd",
            from: "",
        };
        let (policy, now) = (ThrottlePolicy::default(), UnixTime::from_secs(1_700_000_000));
        group.bench_with_input(BenchmarkId::from_parameter(devices), &account, |b, account| {
            b.iter(|| attempt(account, &it, &policy, now));
        });
    }
}

/// An account each of whose devices has noted a code just now, so that nothing is spared.
fn dearest() -> Account {
    let period = Period::try_from(15).unwrap();
    let mut account = account(8, Algorithm::Sha512, period);
    for device in &mut account.devices {
        let Kind::Totp(_, state) = &device.kind else { continue };
        let json = KindState::Totp(state.clone()).store();
        let noted = r#","candidate":{"step":113333353,"at":1700000000}}"#;
        let json = format!("{}{noted}", json.trim_end_matches('}'));
        let json = json.replace(r#""last":null"#, r#""last":1"#);
        let secret = Secret::from_bytes(device.secret().unwrap().expose().to_vec()).unwrap();
        device.kind = KindState::load("totp", &json).unwrap().with_secret(Some(secret)).unwrap();
    }
    account
}

fn bound(c: &mut Criterion) {
    let (account, origin) = (dearest(), Origin::Local);
    let offer = Offer::Code(Code::parse("0000000000").unwrap());
    let (service, from) = ("sshd", "");
    let it = Attempt { offer: &offer, device: None, kinds: None, origin: &origin, service, from };
    let (policy, now) = (ThrottlePolicy::default(), UnixTime::from_secs(1_700_000_000));
    c.bench_function("wrong code, the dearest account", |b| {
        b.iter(|| attempt(&account, &it, &policy, now));
    });
    let secret = Secret::from_bytes(vec![1; 64]).unwrap();
    c.bench_function("47 HMACs of SHA-512, 8 times", |b| {
        b.iter(|| {
            (0..8 * 47)
                .map(|counter| hotp(&secret, Counter(counter), Algorithm::Sha512, Digits::SIX))
                .filter(|code| code.same_as(&Code::parse("0000000000").unwrap()))
                .count()
        });
    });
}

criterion_group!(benches, decide, bound);
criterion_main!(benches);
