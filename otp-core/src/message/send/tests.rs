//! To whom a code is sent, and when to nobody; and that it logs in once.

use super::*;
use crate::{
    Algorithm, Attempt, Digits, Lane, LaneState, Offer, Period, Refusal, Secret, Uid, UserName,
    Verified, attempt,
    device::{Recipient, TotpState},
    message::{AddressKind, Unsent},
};

const START: u64 = 1_700_000_000;

fn at(secs: u64) -> UnixTime {
    UnixTime::from_secs(START + secs)
}

fn device(id: &str, confirmed: bool, kind: Kind) -> Device {
    Device {
        id: DeviceId::parse(id).unwrap(),
        label: Label::parse(&id.replace('/', " ")).unwrap(),
        confirmed,
        created: at(0),
        last_used: None,
        replaces: None,
        kind,
    }
}

fn message(id: u8, channel: &str, confirmed: bool) -> Device {
    let address = Address::parse(AddressKind::Phone, &format!("+491512345670{id}")).unwrap();
    let state = MessageState::new(channel.to_owned());
    let kind = Kind::Message(Recipient::new(address, [id; 32]), state);
    device(&format!("message/0000000{id}"), confirmed, kind)
}

fn totp() -> Device {
    let secret = Secret::from_bytes(vec![1; 20]).unwrap();
    let state = TotpState::new(Algorithm::Sha1, Digits::SIX, Period::default());
    device("totp/00000000", true, Kind::Totp(secret, state))
}

struct World {
    account: Account,
    origin: Origin,
    kinds: Option<Vec<String>>,
    limits: SendLimits,
    address: SendTally,
}

impl World {
    fn with(devices: Vec<Device>) -> Self {
        let mut account = Account::new(UserName::parse("alice").unwrap(), Uid(1000));
        account.devices = devices;
        let (limits, address) = (SendLimits::default(), SendTally::default());
        Self { account, origin: Origin::of_host("192.0.2.7"), kinds: None, limits, address }
    }

    /// Sends, applies what that changes, and tells to which device and what else was counted.
    fn send(&mut self, to: SendTo<'_>, code: &str, now: UnixTime) -> Result<String, Refusal> {
        let (origin, kinds) = (self.origin.clone(), self.kinds.clone());
        let request =
            Request { to, kinds: kinds.as_deref(), origin: &origin, service: "sshd", from: "" };
        let tally = |device: &Device| {
            (device.id.clone(), Tally::Address(device.id.to_string().into()), self.address.clone())
        };
        let addresses = self.account.devices.iter().map(tally).collect();
        let others = vec![(Tally::All, SendTally::default())];
        let counts = Counts { limits: &self.limits, addresses, others };
        let policy = ThrottlePolicy::default();
        let code = Code::parse(code).unwrap();
        match send(&self.account, &request, &code, &counts, (&policy, now)) {
            Decision::Unchanged(refusal) => Err(refusal),
            Decision::Change(transition) => {
                let (changes, outcome) = transition.into_parts();
                self.apply(changes);
                outcome.map(|posted| posted.device.to_string())
            }
        }
    }

    fn apply(&mut self, changes: Changes) {
        assert!(changes.beside.is_empty() || changes.beside.len() == 2, "each is counted");
        for change in changes.list {
            match change {
                Change::Sent { device, state, .. } | Change::Move { device, state, .. } => {
                    let it = self.account.devices.iter_mut().find(|it| it.id == device).unwrap();
                    it.kind = state.with_sealed(it.sealed()).unwrap();
                }
                Change::Lane(lane, state) => drop(self.account.lanes.insert(lane, state)),
                Change::Event(_) | Change::Seen(..) => {}
                Change::Head { .. }
                | Change::Add(_)
                | Change::Note { .. }
                | Change::Rename(..)
                | Change::Drop(_)
                | Change::Forget(_)
                | Change::Invite(_)
                | Change::Uninvite
                | Change::Remember(_)
                | Change::Unremember(_)
                | Change::Exempt(_)
                | Change::Unexempt
                | Change::Tokens(_)
                | Change::Give { .. } => panic!("{change:?}"),
            }
        }
    }

    fn accepts(&mut self, code: &str, now: UnixTime) -> bool {
        let offer = Offer::Code(Code::parse(code).unwrap());
        let origin = self.origin.clone();
        let typed = Attempt {
            offer: &offer,
            device: None,
            kinds: None,
            origin: &origin,
            service: "sshd",
            from: "",
        };
        match attempt(&self.account, &typed, &ThrottlePolicy::default(), now) {
            Decision::Unchanged(_) => false,
            Decision::Change(transition) => {
                let (changes, outcome) = transition.into_parts();
                self.apply(changes);
                matches!(outcome, Verified::Accepted { .. })
            }
        }
    }
}

#[test]
fn a_code_that_was_sent_logs_in_once() {
    let mut world = World::with(vec![message(1, "sms", true)]);
    assert_eq!(world.send(SendTo::Only, "123456", at(0)).as_deref(), Ok("message/00000001"));
    assert!(!world.accepts("654321", at(1)));
    assert!(world.accepts("123456", at(2)));
    assert!(!world.accepts("123456", at(3)));
}

#[test]
fn a_resend_ends_the_code_before_it_and_forgives_nothing() {
    let mut world = World::with(vec![message(1, "sms", true)]);
    world.send(SendTo::Only, "111111", at(0)).unwrap();
    assert!(!world.accepts("999999", at(1)));
    assert_eq!(
        world.send(SendTo::Only, "222222", at(59)),
        Err(Refusal::Unsent(Unsent::Lately(Seconds(1))))
    );
    world.send(SendTo::Only, "222222", at(60)).unwrap();
    assert_eq!(world.account.lane(Lane::Remote).failures, 1);
    assert!(!world.accepts("111111", at(61)));
    assert!(world.accepts("222222", at(62)));
}

#[test]
fn it_is_sent_by_itself_only_where_nothing_else_makes_codes() {
    for (devices, sent) in [
        (vec![message(1, "sms", true)], true),
        (vec![message(1, "sms", true), message(2, "email", true)], true),
        (vec![message(1, "sms", true), totp()], false),
        (vec![message(1, "sms", false)], false),
        (vec![totp()], false),
        (vec![], false),
    ] {
        let mut world = World::with(devices);
        assert_eq!(world.send(SendTo::Only, "123456", at(0)).is_ok(), sent);
    }
    let mut world = World::with(vec![message(1, "sms", true), totp()]);
    world.kinds = Some(vec!["message".to_owned(), "recovery".to_owned()]);
    assert!(world.send(SendTo::Only, "123456", at(0)).is_ok(), "the others do not count here");
}

#[test]
fn a_word_reaches_confirmed_devices_of_its_channel_alone() {
    let mut world = World::with(vec![
        message(1, "sms", false),
        message(2, "email", true),
        message(3, "sms", true),
        totp(),
    ]);
    let id = |said: Result<String, Refusal>| said.unwrap();
    assert_eq!(id(world.send(SendTo::Channel("sms"), "123456", at(0))), "message/00000003");
    assert_eq!(id(world.send(SendTo::Channel("email"), "123456", at(0))), "message/00000002");
    assert_eq!(world.send(SendTo::Channel("fax"), "123456", at(0)), Err(Refusal::NotEnrolled));
    assert_eq!(
        id(world.send(SendTo::Device("message/00000001"), "1234567", at(0))),
        "message/00000001"
    );
    let totp = Refusal::WrongKind(DeviceId::parse("totp/00000000").unwrap());
    assert_eq!(world.send(SendTo::Device("totp/00000000"), "123456", at(0)), Err(totp));
}

#[test]
fn nothing_is_sent_to_who_would_not_be_let_in() {
    let mut world = World::with(vec![message(1, "sms", true)]);
    world.kinds = Some(vec!["totp".to_owned()]);
    assert_eq!(world.send(SendTo::Channel("sms"), "123456", at(0)), Err(Refusal::NotEnrolled));
    world.kinds = None;
    let mut locked = LaneState::default();
    (locked.locked, locked.failures) = (Some(at(0)), 100);
    world.account.lanes.insert(Lane::Remote, locked);
    let said = world.send(SendTo::Channel("sms"), "123456", at(1));
    assert!(matches!(said, Err(Refusal::Locked { .. })), "{said:?}");
    let mut throttled = LaneState::default();
    (throttled.last, throttled.failures) = (at(0), 9);
    world.account.lanes.insert(Lane::Remote, throttled);
    let said = world.send(SendTo::Channel("sms"), "123456", at(1));
    assert!(matches!(said, Err(Refusal::Throttled { .. })), "{said:?}");
    world.origin = Origin::Local;
    assert!(world.send(SendTo::Channel("sms"), "123456", at(1)).is_ok(), "noise from afar");
}

#[test]
fn what_is_capped_is_not_sent() {
    let mut world = World::with(vec![message(1, "sms", true)]);
    world.limits = SendLimits { address_day: 0, ..SendLimits::default() };
    let said = world.send(SendTo::Only, "123456", at(0));
    assert!(matches!(said, Err(Refusal::Unsent(Unsent::Capped(..)))), "{said:?}");
    assert!(!world.accepts("123456", at(0)), "no code counts that was not sent");
}
