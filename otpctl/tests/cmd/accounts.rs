//! Accounts as a whole: `list --all`, `remove --all`, `adopt`.

use otp_bus::{AccountInfo, Error};

use crate::case::Case;
use crate::fake::{Fake, account, adoption};

/// Five of all sorts: three pages.
fn accounts() -> Fake {
    Fake::new().with(|state| {
        let new = AccountInfo {
            enrolled: Some(false),
            devices: Some(0),
            last_used: None,
            exempt_until: Some(1_784_124_000),
            ..account("bob", 1001)
        };
        let locked = AccountInfo {
            locked: Some(vec!["local".into(), "remote".into()]),
            ..account("c d", 7)
        };
        let damaged = AccountInfo {
            locked: None,
            last_used: None,
            exempt_until: None,
            damaged: Some("totp/7f3a9c01 of dave is not as it was written\u{1b}[2J".into()),
            ..account("dave", 1003)
        };
        let gone = AccountInfo {
            name: "hex:65ff".into(),
            uid: None,
            enrolled: None,
            created: None,
            ..damaged.clone()
        };
        state.accounts = vec![account("alice", 1000), new, locked, damaged, gone];
    })
}

#[test]
fn every_account_is_listed_page_by_page() {
    Case::root(&["list", "--all"]).expect("list-all", &accounts());
    Case::root(&["list", "--all", "--json"]).expect("list-all-json", &accounts());
    Case::root(&["list", "--all"]).expect("list-all-none", &Fake::new());
    Case::root(&["list", "--all", "-u", "alice"]).expect("list-all-of-one", &Fake::new());
}

#[test]
fn a_list_of_all_is_not_for_everybody() {
    let text = "uid 1000 may not list accounts; ask an administrator".to_owned();
    let fake = Fake::new().refusing("Accounts", [Error::NotAllowed(text)]);
    Case::alice(&["list", "--all"]).expect("list-all-not-allowed", &fake);
}

#[test]
fn a_whole_account_goes_after_it_was_shown() {
    Case::root(&["remove", "--all", "-u", "alice"]).types(&["y"]).expect("forget", &Fake::new());
    Case::root(&["remove", "--all", "-u", "alice"])
        .types(&["n"])
        .expect("forget-declined", &Fake::new());
    Case::root(&["remove", "--all", "-u", "alice"]).expect("forget-no-terminal", &Fake::new());
    Case::root(&["remove", "--all", "-y", "-u", "alice", "--json"])
        .expect("forget-json", &Fake::new());
}

#[test]
fn what_is_damaged_goes_too() {
    let fake = Fake::new().with(|state| {
        state.stored.damaged = Some("the account alice is not as it was written".into());
        (state.stored.uid, state.stored.enrolled, state.stored.created) = (None, None, None);
        state.stored.devices[0].label = "\u{1b}[2J".into();
    });
    Case::root(&["remove", "--all", "-u", "alice"]).types(&["yes"]).expect("forget-damaged", &fake);
}

#[test]
fn a_device_or_all_not_both_and_not_neither() {
    for (name, args) in [
        ("both", ["remove", "-u", "alice", "phone", "--all"].as_slice()),
        ("neither", &["remove", "-u", "alice"]),
    ] {
        Case::root(args).expect(&format!("forget-{name}"), &Fake::new());
    }
    let text = "nothing is stored under alice; otpctl list --all shows which accounts there are";
    let fake = Fake::new().refusing("Forget", [Error::UnknownAccount(text.into())]);
    Case::root(&["remove", "-u", "alice", "--all", "-y"]).expect("forget-unknown", &fake);
}

#[test]
fn an_account_is_adopted() {
    Case::root(&["adopt", "-u", "alice"]).expect("adopt", &Fake::new());
    let fake = Fake::new().with(|state| {
        state.adoption.holder = Some("carol".into());
        (state.adoption.from, state.adoption.user) = ("an na".into(), "al ice".into());
    });
    Case::root(&["adopt", "-u", "al ice", "--from", "an na"]).expect("adopt-from", &fake);
    let fake = Fake::new().with(|state| state.adoption = adoption());
    Case::root(&["adopt", "-u", "alice", "--json"]).expect("adopt-json", &fake);
}

#[test]
fn an_account_is_not_adopted() {
    Case::root(&["adopt", "-u", "alice", "--from", ""]).expect("adopt-nobody", &Fake::new());
    let text = "the uid of alice owns the account anna; if alice is the new name of anna: otpctl \
                adopt -u alice --from anna; if not: otpctl remove --all -u anna";
    let owns = || Fake::new().refusing("Adopt", [Error::UidMismatch(text.into())]);
    Case::root(&["adopt", "-u", "alice"]).expect("adopt-owns", &owns());
    Case::root(&["adopt", "-u", "alice", "--json"]).expect("adopt-owns-json", &owns());
    let text = "there is no account anna; otpctl list --all shows which there are";
    let fake = Fake::new().refusing("Adopt", [Error::UnknownAccount(text.into())]);
    Case::root(&["adopt", "-u", "alice", "--from", "anna"]).expect("adopt-unknown", &fake);
}
