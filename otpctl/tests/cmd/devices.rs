//! `show`, `rename`, `replace`, `recovery`, `resync`, and the code that their owners show with a
//! change.

use otp_bus::{DeviceInfo, Error};

use crate::case::Case;
use crate::fake::{Fake, phone, recovery, token};

fn code_needed() -> Error {
    Error::CodeNeeded("a change of your own devices needs a code of one of them; type one".into())
}

#[test]
fn show_tells_all_but_the_secret() {
    Case::alice(&["show", "phone"]).expect("show", &Fake::new());
    Case::alice(&["show", "key ring"]).expect("show-hotp", &Fake::new());
    let set = Fake::new().with(|state| state.devices.push(recovery()));
    Case::alice(&["show", "recovery"]).expect("show-recovery", &set);
    Case::alice(&["show", "phone", "--json"]).expect("show-json", &Fake::new());
    Case::alice(&["show", "tablet"]).expect("show-unknown", &Fake::new());
}

#[test]
fn a_replacement_is_not_meant_before_it_has_taken_its_place() {
    let new = DeviceInfo {
        id: "totp/00000001".into(),
        confirmed: false,
        replaces: Some("totp/7f3a9c01".into()),
        ..phone()
    };
    let fake = Fake::new().with(|state| state.devices = vec![phone(), new, token()]);
    let run = Case::alice(&["show", "phone"]).run(&fake);
    assert!(run.out.contains("totp/7f3a9c01"), "{}", run.out);
    Case::alice(&["show", "totp/00000001"]).expect("show-replacement", &fake);
}

#[test]
fn rename_by_root_and_by_its_owner() {
    Case::root(&["rename", "-u", "alice", "phone", "old phone"]).expect("rename", &Fake::new());
    let fake = Fake::new().refusing("Rename", [code_needed()]);
    Case::alice(&["rename", "phone", "old phone", "--json"])
        .types(&["123456"])
        .expect("rename-with-code", &fake);
    let fake = Fake::new().refusing("Rename", [code_needed()]);
    let piped = Case::root(&["rename", "phone", "old phone"]).caller(1000, Some("alice"));
    piped.expect("rename-code-needed", &fake);
}

#[test]
fn replace_keeps_the_label() {
    Case::alice(&["replace", "phone", "--qr", "never"])
        .types(&["123456"])
        .expect("replace", &Fake::new());
    Case::alice(&["replace", "phone", "--label", "x"]).expect("replace-label", &Fake::new());
}

#[test]
fn recovery_codes_are_shown_once() {
    Case::root(&["recovery", "-u", "alice"]).expect("recovery", &Fake::new());
    Case::root(&["recovery", "-u", "alice", "--json", "--count", "3", "--label", "safe"])
        .expect("recovery-json", &Fake::new());
    let wrong = Error::WrongCode("that code is wrong; try the next one".into());
    let fake = Fake::new().refusing("RenewRecovery", [code_needed(), wrong]);
    Case::alice(&["recovery"]).types(&["000000"]).expect("recovery-wrong-code", &fake);
    let run = Case::root(&["recovery", "-u", "alice"]).broken_output().run(&Fake::new());
    assert_eq!(run.exit, 7);
    assert!(run.err.contains("nobody has seen its codes"), "{}", run.err);
}

#[test]
fn resync_takes_two_codes() {
    Case::alice(&["resync", "phone"]).types(&["123456", "654321"]).expect("resync", &Fake::new());
    Case::root(&["resync", "-u", "alice", "phone", "--json"])
        .pipe(&["123456", "654321"])
        .expect("resync-json", &Fake::new());
    let run = Case::alice(&["resync", "phone"]).types(&["123456", ""]).run(&Fake::new());
    assert_eq!(run.exit, 2, "{}", run.err);
    let fake = Fake::new();
    let run = Case::alice(&["resync", "phone", "123456", "654321"]).run(&fake);
    assert_eq!((run.exit, fake.asked().len()), (2, 0), "codes in arguments");
}
