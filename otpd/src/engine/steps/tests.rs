//! Whose an account is. A uid decides, not a name alone: names are given anew.

use super::*;

fn name(text: &str) -> UserName {
    UserName::parse(text).unwrap()
}

/// What the store says to somebody with this name and uid, where alice's account is uid 1000's.
fn asked(by_name: &str, uid: u32) -> Result<bool, Refusal> {
    let (alice, uid) = (name("alice"), Uid(uid));
    let whose = Whose::new(Person { name: name(by_name), uid });
    let mut seen = Records::default();
    for key in &whose.keys {
        match key {
            Key::Account(name) if *name == alice => {
                let account = Account::new(alice.clone(), Uid(1000));
                seen.accounts.insert(alice.clone(), account);
            }
            Key::Owner(Uid(1000)) => drop(seen.owners.insert(Uid(1000), alice.clone())),
            Key::Account(_)
            | Key::Owner(_)
            | Key::Secret(_)
            | Key::Caller(..)
            | Key::Sent(_)
            | Key::Contact(_)
            | Key::Contacts(_)
            | Key::At(_)
            | Key::Families(_)
            | Key::Family(_)
            | Key::Held(_)
            | Key::NewestFamilies(_)
            | Key::Pass(_)
            | Key::PassCalled(_)
            | Key::Unended(..)
            | Key::Lives(..)
            | Key::Passes(..)
            | Key::Log(..) => {}
        }
    }
    whose.account(&seen).map(|account| account.is_some())
}

#[test]
fn an_account_is_its_uids_under_its_name() {
    assert_eq!(asked("alice", 1000), Ok(true));
    assert_eq!(asked("bob", 1001), Ok(false));
    // The name was given to somebody new, or the user has another uid now.
    assert_eq!(asked("alice", 1001), Err(Refusal::UidMismatch(Uid(1000))));
    // The user was renamed: without the account nobody becomes one who never enrolled.
    assert_eq!(asked("alicia", 1000), Err(Refusal::UidOwns(name("alice"))));
}

#[test]
fn each_step_refuses_an_account_that_is_another_uids() {
    let person = || Person { name: name("alice"), uid: Uid(1001) };
    let mut seen = Records::default();
    seen.accounts.insert(name("alice"), Account::new(name("alice"), Uid(1000)));
    let (now, policy) = (UnixTime::default(), ThrottlePolicy::default());
    let refused = |refusal: Option<Refusal>| {
        assert_eq!(refusal, Some(Refusal::UidMismatch(Uid(1000))));
    };
    let on_account =
        OnAccount::new(person(), Uid(0), Refusal::NotEnrolled, |_, _| -> Decision<()> {
            panic!("another's account was decided on")
        });
    refused(of(on_account.decide(&seen, now)));
    let on_person = OnPerson::new(person(), Uid(0), |_, _, _| -> Decision<()> {
        panic!("another's account was decided on")
    });
    refused(of(on_person.decide(&seen, now)));
    refused(Look::new(person(), policy).answer(&seen, now).err());
}

fn of<O>(decision: Decision<O>) -> Option<Refusal> {
    match decision {
        Decision::Unchanged(refusal) => Some(refusal),
        Decision::Change(_) => None,
    }
}
