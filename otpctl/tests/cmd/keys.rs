//! `keys`, and the daemon's side of it.

use otp_bus::{Error, KeyInfo, KeyRole, Resealing};
use otpctl::InputError;
use zbus::{Connection, interface};

use crate::case::Case;
use crate::fake::Fake;

/// `org.otpd1.Keys` of the daemon of these tests.
pub(crate) struct Keys(pub(crate) Fake);

#[interface(name = "org.otpd1.Keys")]
impl Keys {
    async fn list(
        &self,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<Vec<KeyInfo>, Error> {
        self.0.note("Keys.List", "Keys.List()".to_owned(), connection).await?;
        Ok(self.0.state().keys.clone())
    }

    async fn add(&self, #[zbus(connection)] connection: &Connection) -> Result<String, Error> {
        self.0.note("Add", "Add()".to_owned(), connection).await?;
        Ok("k2".to_owned())
    }

    async fn reseal(
        &self,
        most: u32,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<Resealing, Error> {
        self.0.note("Reseal", format!("Reseal({most})"), connection).await?;
        let mut state = self.0.state();
        let (left, damaged) = state.sealed;
        let done = left.saturating_sub(u64::from(damaged)).min(u64::from(most));
        let left = left - done;
        state.sealed.0 = left;
        let names =
            (0..damaged.min(20)).map(|n| format!("secret of totp/{n:08} of alice: damaged"));
        let done = u32::try_from(done).unwrap();
        Ok(Resealing { done, left, damaged, named: names.collect() })
    }

    async fn retire(
        &self,
        tag: String,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<(), Error> {
        self.0.note("Retire", format!("Retire({tag:?})"), connection).await
    }
}

fn key(tag: &str, values: u64, role: KeyRole) -> KeyInfo {
    KeyInfo { tag: tag.to_owned(), values, role }
}

fn ring() -> Fake {
    Fake::new().with(|state| {
        state.keys = vec![
            key("k1", 12_345, KeyRole::Opens),
            key("k2", 1, KeyRole::Seals),
            key("k7\u{1b}", 3, KeyRole::Missing),
            key("", 1, KeyRole::Unreadable),
        ];
    })
}

#[test]
fn keys_are_listed_with_what_needs_them() {
    Case::root(&["keys", "list"]).expect("keys-list", &ring());
    Case::root(&["keys", "list", "--json"]).expect("keys-list-json", &ring());
}

#[test]
fn keys_are_about_no_user() {
    Case::root(&["keys", "list", "-u", "alice"]).expect("keys-user", &ring());
    let text = "uid 1000 may not manage keys; ask an administrator".to_owned();
    let fake = Fake::new().refusing("Keys.List", [Error::NotAllowed(text)]);
    Case::alice(&["keys", "list"]).expect("keys-not-allowed", &fake);
    Case::root(&["keys"]).expect("keys-nothing", &Fake::new());
}

#[test]
fn a_key_is_added() {
    Case::root(&["keys", "add"]).expect("keys-add", &Fake::new());
    Case::root(&["keys", "add", "--json"]).expect("keys-add-json", &Fake::new());
    let text = "the keyring is the systemd credential otpd.keyring, which otpd cannot change; add a \
                line `TAG HEX` with a new key (32 random bytes) at its end and restart otpd";
    let fixed = || Fake::new().refusing("Add", [Error::KeyringFixed(text.to_owned())]);
    Case::root(&["keys", "add"]).expect("keys-add-credential", &fixed());
    Case::root(&["keys", "add", "--json"]).expect("keys-add-credential-json", &fixed());
    let hung_up = Fake::new().with(|state| state.breaks = Some("Add"));
    Case::root(&["keys", "add"]).expect("keys-add-hung-up", &hung_up);
}

#[test]
fn resealing_shows_how_far_it_is() {
    let of = |left, damaged| Fake::new().with(|state| state.sealed = (left, damaged));
    Case::root(&["keys", "reseal"]).expect("keys-reseal", &of(1000, 0));
    Case::root(&["keys", "reseal"]).types(&[]).expect("keys-reseal-terminal", &of(1000, 0));
    Case::root(&["keys", "reseal", "--json"]).expect("keys-reseal-json", &of(600, 0));
    Case::root(&["keys", "reseal"]).expect("keys-reseal-few", &of(3, 0));
    Case::root(&["keys", "reseal"]).expect("keys-reseal-nothing", &of(0, 0));
}

#[test]
fn what_does_not_open_is_named() {
    let of = |left, damaged| Fake::new().with(|state| state.sealed = (left, damaged));
    Case::root(&["keys", "reseal"]).expect("keys-reseal-damaged", &of(300, 2));
    Case::root(&["keys", "reseal", "--json"]).expect("keys-reseal-damaged-json", &of(1, 1));
    let run = Case::root(&["keys", "reseal"]).run(&of(30, 30));
    assert!(run.err.contains("; and 10 more"), "{}", run.err);
}

#[test]
fn retiring_asks() {
    Case::root(&["keys", "retire", "k1"]).types(&["y"]).expect("keys-retire", &Fake::new());
    Case::root(&["keys", "retire", "k1"])
        .types(&["n"])
        .expect("keys-retire-declined", &Fake::new());
    Case::root(&["keys", "retire", "k1"]).expect("keys-retire-no-terminal", &Fake::new());
    Case::root(&["keys", "retire", "k1", "-y", "--json"]).expect("keys-retire-json", &Fake::new());
    let fake = Fake::new();
    let ended = vec![Err(InputError::Ended)];
    let run = Case::root(&["keys", "retire", "k1"]).person(ended).run(&fake);
    assert_eq!((run.exit, fake.asked().len()), (7, 0));
}

#[test]
fn what_is_needed_is_not_retired() {
    let text = "6 sealed values need key k1; otpctl keys reseal first. Backups made before that \
                need it for as long as they are kept";
    let needed = || Fake::new().refusing("Retire", [Error::KeyNeeded(text.to_owned())]);
    Case::root(&["keys", "retire", "k1", "--yes"]).expect("keys-retire-needed", &needed());
    Case::root(&["keys", "retire", "k1", "--yes", "--json"])
        .expect("keys-retire-needed-json", &needed());
    let text = "the keyring holds no key of that name; otpctl keys list shows what there is";
    let unknown = Fake::new().refusing("Retire", [Error::UnknownKey(text.to_owned())]);
    Case::root(&["keys", "retire", "k9", "--yes"]).expect("keys-retire-unknown", &unknown);
}
