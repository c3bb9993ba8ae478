//! `reload`.

use otp_bus::{Error, InForce};

use crate::case::Case;
use crate::fake::Fake;

#[test]
fn it_tells_what_is_in_force() {
    let fake = || {
        Fake::new().with(|state| {
            state.in_force = InForce {
                files: vec![
                    "/etc/otpd/otpd.toml".to_owned(),
                    "/etc/otpd/otpd.toml.d/\u{1b}.toml".to_owned(),
                ],
                rules: 2,
                remarks: vec!["rule \"kiosk\" lets in without a code; is that meant?".to_owned()],
            };
        })
    };
    Case::root(&["reload"]).expect("reload", &fake());
    Case::root(&["reload", "--json"]).expect("reload-json", &fake());
    Case::root(&["reload"]).expect("reload-no-file", &Fake::new());
}

#[test]
fn what_cannot_be_put_in_force_fails_and_says_what_stays() {
    let text = "/etc/otpd/otpd.toml: line 3: unknown field `isuer`; otpd --check shows where; what \
                was read before stays in force";
    let bad = || Fake::new().refusing("Reload", [Error::BadConfiguration(text.to_owned())]);
    Case::root(&["reload"]).expect("reload-bad", &bad());
    Case::root(&["reload", "--json"]).expect("reload-bad-json", &bad());
    let hung_up = Fake::new().with(|state| state.breaks = Some("Reload"));
    Case::root(&["reload"]).expect("reload-hung-up", &hung_up);
    let run = Case::root(&["reload", "-u", "alice"]).run(&Fake::new());
    assert!(run.exit == 2 && run.err.contains("about no account"), "{}", run.err);
}
