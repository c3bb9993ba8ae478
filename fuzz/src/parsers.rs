//! Each parser by whatever bytes: it ends without a panic, and what it takes is what it says.

use std::path::Path;

use otp_bus::{Login, NewDevice};
use otp_core::message::{Address, AddressKind};
use otp_core::{
    Account, Attempt, Code, CodeHash, Device, DeviceId, Event, EventClass, EventKind, Label, Lane,
    LaneState, Offer, Origin, Otpauth, Remembered, Secret, SecretText, ThrottlePolicy, Uid,
    UnixTime, UserName, attempt, device::KindState, otpauth_uri,
};
use otp_deliver::wire::{self, Answer, Message};
use otpd::{config::Config, vault::Keyring};
use zbus::wire::{BE, Endian, LE, serialized};

/// What is typed at the prompt.
pub fn code(bytes: &[u8]) {
    let Ok(typed) = str::from_utf8(bytes) else { return };
    let Ok(code) = Code::parse(typed) else { return };
    let digits: String = typed.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    assert_eq!(code.reveal(), digits);
    assert!((6..=10).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()));
    assert!(code.same_as(&Code::parse(&digits).expect("its own digits")));
}

/// Names of users, remote hosts, and devices.
pub fn name(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    if let Ok(name) = UserName::parse(text) {
        assert_eq!(name.as_str(), text);
        assert!((1..=256).contains(&text.len()) && !text.contains(['/', ':', '\0', '\n']));
    }
    if let Ok(label) = Label::parse(text) {
        assert!(DeviceId::parse(label.as_str()).is_err(), "a label that reads like an id");
        assert_eq!(Label::parse(label.as_str()), Ok(label));
    }
    if let Ok(id) = DeviceId::parse(text) {
        assert_eq!(id.as_str(), text);
    }
    let _ = Origin::of_host(text);
}

/// A secret in any form; base32, and the URI that is made of it with the same text as issuer and
/// name.
pub fn secret(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    match SecretText::read(text) {
        Ok(SecretText::Plain(secret, _)) => {
            let again = SecretText::read(&format!("base32:{}", *secret.to_base32()));
            let Ok(SecretText::Plain(again, _)) = again else { panic!("its own base32") };
            assert!(secret.same_as(&again));
        }
        Ok(SecretText::Uri(_)) => {}
        Err(error) => repeats_no_secret(text, &error.to_string()),
    }
    let Ok(secret) = Secret::from_base32(text) else { return };
    assert!((10..=128).contains(&secret.expose().len()));
    let again = Secret::from_base32(&secret.to_base32()).expect("its own base32");
    assert!(secret.same_as(&again));
    let state = r#"{"algorithm":"SHA1","digits":6,"period":30,"drift":0,"last":null}"#;
    let state = KindState::load("totp", state).expect("a stored sample");
    let Ok(name) = UserName::parse(text) else { return };
    let uri = otpauth_uri(&secret, &state, text, &name).expect("a kind with a secret");
    assert!(uri.bytes().all(|byte| byte.is_ascii_graphic()) && uri.matches(':').count() == 2);
}

/// An otpauth URI. What is read can be written, and is then read as the same.
pub fn uri(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let read = match Otpauth::parse(text) {
        Ok(read) => read,
        Err(error) => return repeats_no_secret(text, &error.to_string()),
    };
    for warning in &read.warnings {
        repeats_no_secret(&read.secret.to_base32(), &warning.to_string());
    }
    let issuer = read.issuer.unwrap_or_default();
    let Ok(name) = UserName::parse(&read.account) else { return };
    let written = otpauth_uri(&read.secret, &read.state, &issuer, &name).expect("as it was read");
    let Ok(again) = Otpauth::parse(&written) else {
        // Escaped it may be longer than what is read.
        return assert!(written.len() > Otpauth::MAX_BYTES, "its own URI");
    };
    assert_eq!((again.state, again.account), (read.state, read.account));
    assert_eq!(again.issuer.unwrap_or_default(), issuer);
    assert!(again.secret.same_as(&read.secret));
}

/// No word long enough to be a secret stands in a message.
fn repeats_no_secret(text: &str, told: &str) {
    for word in text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.len() >= 16) {
        assert!(!told.contains(word), "{told}");
    }
}

/// The keyring's text. No error may show a key.
pub fn keyring(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let Err(error) = Keyring::parse(text, Path::new("keyring")) else { return };
    let shown = error.to_string();
    for word in text.split_whitespace().filter(|word| word.len() >= 32) {
        assert!(!shown.contains(word), "{shown}");
    }
}

/// What the store gives back of a device, a lane and an event: a byte that chooses, eight of the time, and
/// JSON. A record that is read can be used, whatever it says.
pub fn record(bytes: &[u8]) {
    let Some((&choice, rest)) = bytes.split_first() else { return };
    let Some((now, json)) = rest.split_first_chunk() else { return };
    let now = UnixTime::from_secs(u64::from_le_bytes(*now));
    let Ok(json) = str::from_utf8(json) else { return };
    if let Ok(kind) = serde_json::from_str::<EventKind>(json) {
        let event = Event { at: now, kind };
        let both = event.repeated(&event);
        assert!(both.is_none_or(|both| both.kind.class() == EventClass::Failure));
    }
    let mut account = Account::new(UserName::parse("alice").expect("a name"), Uid(1000));
    if let Ok(login) = Remembered::load(1, json) {
        let again = login.store().and_then(|text| Remembered::load(1, &text));
        assert_eq!(again.ok().as_ref(), Some(&login));
        let _ = login.is_open(&account, now);
    }
    let mut state = r#"{"algorithm":"SHA1","digits":6,"next":7,"used":6}"#;
    let kind = match choice % 4 {
        0 => "totp",
        _ => "hotp",
    };
    if choice % 4 < 2 {
        state = json;
    } else if let Ok(lane) = serde_json::from_str::<LaneState>(json) {
        let _ = lane.recent(now);
        account.lanes.insert(Lane::Local, lane);
    }
    let Ok(state) = KindState::load(kind, state) else { return };
    assert_eq!(KindState::load(kind, &state.store()), Ok(state.clone()));
    account.enrolled = true;
    let secret = (kind != "recovery").then(|| Secret::from_bytes(vec![7; 20]).expect("a secret"));
    account.devices.push(Device {
        id: DeviceId::parse("totp/00000000").expect("an id"),
        label: Label::parse("phone").expect("a label"),
        confirmed: true,
        created: now,
        last_used: None,
        replaces: None,
        kind: state.with_secret(secret).expect("its kind takes the secret"),
    });
    let offers = [
        Offer::Code(Code::parse("000000").expect("a code")),
        Offer::Recovery(CodeHash::new([0; 32])),
    ];
    let policy =
        ThrottlePolicy { unlock_after: Some(otp_core::Seconds(3600)), ..ThrottlePolicy::default() };
    for (policy, offer) in [policy, ThrottlePolicy::default()].iter().zip(&offers) {
        let origin = &Origin::Local;
        let tried = Attempt { offer, device: None, kinds: None, origin, service: "otp", from: "" };
        let _ = attempt(&account, &tried, policy, now);
    }
}

/// What otpd and otp-deliver tell each other, and the addresses in it. What is read is written alike,
/// and an address is what one line of a mail or a command's input can hold.
pub fn message(bytes: &[u8]) {
    if let Ok(message) = wire::read::<Message>(bytes) {
        let frame = wire::frame(&message).expect("what was read fits");
        let (prefix, body) = frame.split_first_chunk().expect("a prefix");
        assert_eq!(wire::length(*prefix).expect("a length"), body.len());
        assert!(wire::read::<Message>(body).expect("its own frame") == message);
    }
    let _ = wire::read::<Answer>(bytes);
    let Ok(text) = str::from_utf8(bytes) else { return };
    for kind in [AddressKind::Phone, AddressKind::Email] {
        let Ok(address) = Address::parse(kind, text) else { continue };
        let plain = address.expose();
        assert!(plain.bytes().all(|byte| byte.is_ascii_graphic()) && !plain.starts_with('-'));
        assert!(!address.masked().contains(plain));
        let again = Address::load(&address.store()).expect("its own text");
        assert_eq!(again.expose(), plain);
    }
}

/// `otpd.toml`. What is taken is within the bounds that the manual tells.
pub fn config(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let Ok(config) = Config::parse(text, "host") else { return };
    let throttle = config.throttle;
    assert!((1..=64).contains(&config.issuer.len()) && !config.issuer.contains([':', '\n']));
    assert!(throttle.free <= 20 && (1..=100).contains(&throttle.lock_after));
    assert!((1..=10_000).contains(&throttle.lock_after_recent));
    assert!(throttle.unlock_after.is_none_or(|length| (60..=31_536_000).contains(&length.0)));
}

/// A byte that chooses the byte order, and the body of a call.
pub fn arguments(bytes: &[u8]) {
    let Some((&choice, body)) = bytes.split_first() else { return };
    let order: Endian = if choice & 1 == 0 { LE } else { BE };
    let data = serialized::Data::new(body.to_vec(), serialized::Context::new(order, 0));
    let _ = data.deserialize::<(Login,)>();
    if let Ok(((login, code), read)) = data.deserialize::<(Login, String)>() {
        // zbus passes over a missing NUL behind the last string, and counts it all the same.
        assert!(read <= body.len() + 1, "{read} of {} bytes", body.len());
        assert!(login.user.len() + code.len() <= body.len());
    }
    if let Ok(((_, device), _)) = data.deserialize::<(String, NewDevice)>() {
        let _ = device.secret.map(Secret::from_bytes);
        let _ = device.label.map(|label| Label::parse(&label).is_ok());
    }
    let _ = data.deserialize::<(String, otp_bus::DeviceFilter)>();
    let _ = data.deserialize::<(String, String, String)>();
}
