//! `token`, and the daemon's side of it.

use otp_bus::{Error, TokenFamily, TokenInfo};
use zbus::{Connection, interface};

use crate::case::Case;
use crate::fake::Fake;

const TOKEN: &str = "otpd_at_AAAA";

/// One byte longer than any token.
const LONG: &str = match std::str::from_utf8(&[b'x'; 513]) {
    Ok(text) => text,
    Err(_) => "",
};

/// `org.otpd1.Tokens` of the daemon of these tests.
pub(crate) struct Tokens(pub(crate) Fake);

#[interface(name = "org.otpd1.Tokens")]
impl Tokens {
    async fn inspect(
        &self,
        token: String,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<TokenInfo, Error> {
        self.0.note("Inspect", format!("Inspect({token:?})"), connection).await?;
        if token != TOKEN {
            return Ok(TokenInfo::default());
        }
        let word = |text: &str| Some(text.to_owned());
        Ok(TokenInfo {
            active: true,
            scope: word("admin shop"),
            client_id: word("33"),
            username: word("alice"),
            sub: word("alice"),
            token_type: word("Bearer"),
            exp: Some(1_784_116_800),
            iat: Some(1_784_116_200),
            kind: word("access"),
            family: word("00112233aabbccdd"),
            family_exp: Some(1_786_708_200),
        })
    }

    async fn revoke(
        &self,
        token: String,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<(), Error> {
        self.0.note("Revoke", format!("Revoke({token:?})"), connection).await
    }

    async fn list(
        &self,
        user: String,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<Vec<TokenFamily>, Error> {
        self.0.note("Tokens.List", format!("Tokens.List({user:?})"), connection).await?;
        Ok(self.0.state().tokens.clone())
    }

    async fn end(
        &self,
        user: String,
        family: String,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<Vec<String>, Error> {
        self.0.note("End", format!("End({user:?}, {family:?})"), connection).await?;
        let state = self.0.state();
        let all =
            state.tokens.iter().filter(|it| it.open && (family.is_empty() || it.id == family));
        Ok(all.map(|it| it.id.clone()).collect())
    }
}

fn family(id: &str, user: &str, open: bool) -> TokenFamily {
    TokenFamily {
        id: id.to_owned(),
        user: user.to_owned(),
        uid: 33,
        scope: "admin shop".to_owned(),
        device: "totp/7f3a9c01".to_owned(),
        made: 1_784_116_200,
        refreshed: 1_784_116_800,
        until: 1_786_708_200,
        open,
    }
}

fn granted() -> Fake {
    Fake::new().with(|state| {
        state.tokens = vec![
            family("00112233aabbccdd", "alice", true),
            family("0011223344556677", "app:33.7f3a9c01", true),
            family("ffffffffffffffff", "al\u{1b}ice", false),
        ];
    })
}

#[test]
fn tokens_are_listed() {
    Case::root(&["token", "list"]).expect("token-list", &granted());
    Case::root(&["token", "list", "--json"]).expect("token-list-json", &granted());
    Case::root(&["token", "list"]).expect("token-list-none", &Fake::new());
    Case::alice(&["token", "list"]).expect("token-list-own-none", &Fake::new());
    Case::root(&["token"]).expect("token-nothing", &Fake::new());
}

#[test]
fn a_token_is_typed_and_told_in_the_terms_of_rfc_7662() {
    Case::root(&["token", "inspect"]).types(&[TOKEN]).expect("token-inspect", &granted());
    Case::root(&["token", "inspect", "--json"])
        .pipe(&[TOKEN])
        .expect("token-inspect-json", &granted());
    Case::root(&["token", "inspect"]).pipe(&["x"]).expect("token-inspect-inactive", &granted());
    let fake = granted();
    let run = Case::root(&["token", "inspect", TOKEN]).run(&fake);
    assert_eq!((run.exit, fake.asked().len()), (2, 0), "never an argument: {}", run.err);
    for line in ["", LONG] {
        let run = Case::root(&["token", "inspect"]).pipe(&[line]).run(&fake);
        assert_eq!((run.exit, fake.asked().len()), (2, 0), "{}", run.err);
    }
}

#[test]
fn tokens_are_revoked() {
    Case::root(&["token", "revoke", "00112233aabbccdd", "-u", "alice"])
        .expect("token-revoke", &granted());
    Case::root(&["token", "revoke", "--all", "-u", "alice", "--json"])
        .expect("token-revoke-all-json", &granted());
    Case::alice(&["token", "revoke", "--all"]).expect("token-revoke-all", &granted());
    Case::alice(&["token", "revoke", "--all"]).expect("token-revoke-none", &Fake::new());
    Case::root(&["token", "revoke"]).pipe(&[TOKEN]).expect("token-revoke-token", &granted());
    Case::root(&["token", "revoke", "--all"]).expect("token-revoke-nobody", &granted());
    let text = "no such tokens of alice are open; otpctl token list -u alice shows which are";
    let unknown = Fake::new().refusing("End", [Error::UnknownToken(text.to_owned())]);
    Case::root(&["token", "revoke", "00112233aabbccdd", "-u", "alice"])
        .expect("token-revoke-unknown", &unknown);
}
