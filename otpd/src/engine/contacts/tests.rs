//! People who sign up, on a store with restarts: from a code to tokens, and nobody twice.

use otp_core::{Entry, Lifetimes, Scope, Seconds};

use super::*;
use crate::engine::{
    Exchanged, Login, WantedTokens,
    tests::{START, World, root, soon},
};

const APP: Uid = Uid(33);
const NUMBER: &str = "tel:+4915123456742";

fn reached(holder: Uid, address: &str) -> Reached {
    Reached { holder, address: Address::load(address).unwrap() }
}

impl World {
    fn app(&self) -> &Engine {
        self.engine.as_ref().unwrap()
    }

    fn requests(&self, holder: Uid, address: &str) -> Result<Message, Refusal> {
        let route = Route { channel: "sms".to_owned(), messages_a_day: 5 };
        let reached = reached(holder, address);
        self.runtime.block_on(self.app().request_contact(&reached, route, soon())).unwrap()
    }

    fn verifies(&self, holder: Uid, address: &str, code: &str) -> Result<String, Refusal> {
        let (reached, code) = (reached(holder, address), Code::parse(code).unwrap());
        let done = self.runtime.block_on(self.app().check_contact(&reached, code, soon())).unwrap();
        done.map(|(text, _)| text.to_string())
    }

    fn enrolls(&self, holder: Uid, identifier: &str) -> Result<SignedUp, Refusal> {
        let done = self.app().enroll_contact(Whom::Nobody, (holder, identifier), root(), soon());
        self.runtime.block_on(done).unwrap().map(|done| done.unwrap_or_else(|_| panic!("unproven")))
    }

    fn exchanges(&self, name: UserName, code: &str) -> bool {
        let lifetimes = Lifetimes { access: Seconds(600), family: Seconds(3600) };
        let wanted = WantedTokens { holder: APP, scope: Scope::parse("a").unwrap(), lifetimes };
        let login = Login {
            key: None,
            entry: Entry::parse(code).unwrap(),
            device: None,
            kinds: None,
            origin: Origin::Application,
            service: "tokens".to_owned(),
            from: String::new(),
            remember: None,
        };
        let done = self.app().grant(Whom::Application(name), wanted, login, soon());
        matches!(self.runtime.block_on(done).unwrap(), Ok(Exchanged::Issued(..)))
    }
}

#[test]
fn somebody_signs_up_and_in_through_restarts() {
    let mut world = World::new();
    world.at(START);
    let code = world.requests(APP, NUMBER).unwrap();
    assert_eq!((code.purpose, code.address.as_str()), (Purpose::SignUp, "+4915123456742"));
    world.restart();
    assert!(world.verifies(Uid(34), NUMBER, &code.code).is_err(), "another application's");
    assert!(world.verifies(APP, "tel:+4915123456743", &code.code).is_err(), "another address");
    let identifier = world.verifies(APP, NUMBER, &code.code).unwrap();
    assert!(world.verifies(APP, NUMBER, &code.code).is_err(), "used");
    world.restart();
    assert_eq!(world.enrolls(Uid(34), &identifier), Err(Refusal::UnknownContact));
    let SignedUp::Made(name, device) = world.enrolls(APP, &identifier).unwrap() else {
        panic!("known before");
    };
    assert_eq!((name.application(), device.confirmed), (Some(APP), true));
    assert_eq!(world.enrolls(APP, &identifier), Err(Refusal::UnknownContact), "used");

    // The same address again: the same account, and the code is the device's.
    world.at(START + 60);
    let code = world.requests(APP, NUMBER).unwrap();
    assert_eq!((code.purpose, code.user.as_str()), (Purpose::Login, name.as_str()));
    world.restart();
    let identifier = world.verifies(APP, NUMBER, &code.code).unwrap();
    assert!(!world.exchanges(name.clone(), &code.code), "spent");
    assert_eq!(world.enrolls(APP, &identifier), Ok(SignedUp::Known(name.clone())));

    world.at(START + 120);
    let code = world.requests(APP, NUMBER).unwrap();
    assert!(world.exchanges(name.clone(), &code.code));
    assert!(!world.exchanges(name, &code.code), "spent");
    // Of another application the address is a stranger's.
    assert_eq!(world.requests(Uid(34), NUMBER).unwrap().purpose, Purpose::SignUp);
}

#[test]
fn an_application_and_an_address_have_so_many_messages_a_day() {
    let world = World::new();
    world.at(START);
    for number in 0..5 {
        world.requests(APP, &format!("tel:+491512345670{number}")).unwrap();
    }
    let full = world.requests(APP, "tel:+4915123456709");
    assert!(matches!(full, Err(Refusal::Unsent(_))), "{full:?}");
    world.requests(Uid(34), "tel:+4915123456709").unwrap();
    let soon_again = world.requests(Uid(34), "tel:+4915123456709");
    assert!(matches!(soon_again, Err(Refusal::Unsent(_))), "a minute has to go by");
    world.at(START + 2 * 86_400);
    world.requests(APP, "tel:+4915123456709").unwrap();
}

#[test]
fn what_is_no_identifier_is_none() {
    let world = World::new();
    world.at(START);
    let address = Address::load(NUMBER).unwrap();
    let made_up = new_identifier(&address).unwrap();
    for text in ["", "otpd_id_", "otpd_id_AAAA", made_up.as_str(), &made_up[1..]] {
        assert_eq!(world.enrolls(APP, text), Err(Refusal::UnknownContact), "{text:?}");
    }
}
