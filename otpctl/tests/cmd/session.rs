//! `session`.

use otp_bus::{Error, SessionLogin};
use zbus::{Connection, interface};

use crate::case::Case;
use crate::fake::Fake;

/// `org.otpd1.Sessions` of the daemon of these tests.
pub(crate) struct Sessions(pub(crate) Fake);

#[interface(name = "org.otpd1.Sessions")]
impl Sessions {
    async fn current(
        &self,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<Vec<SessionLogin>, Error> {
        self.0.note("Sessions.Current", "Sessions.Current()".to_owned(), connection).await?;
        Ok(self.0.state().session.clone())
    }
}

fn login() -> SessionLogin {
    SessionLogin {
        user: "alice".into(),
        uid: 1000,
        service: "sshd".into(),
        from: "192.0.2.7".into(),
        method: "totp".into(),
        device: "totp/7f3a9c01".into(),
        rule: "office".into(),
        at: 1_784_116_800,
        process: 4711,
    }
}

fn in_session(login: SessionLogin) -> Fake {
    Fake::new().with(|state| state.session = vec![login])
}

#[test]
fn how_it_logged_in() {
    Case::alice(&["session"]).expect("session", &in_session(login()));
    Case::alice(&["session", "--json"]).expect("session-json", &in_session(login()));
    let local = SessionLogin { from: String::new(), service: "login".into(), ..login() };
    Case::root(&["session"]).expect("session-local", &in_session(local));
}

#[test]
fn where_none_is_known() {
    Case::alice(&["session"]).expect("session-none", &Fake::new());
    Case::alice(&["session", "--json"]).expect("session-none-json", &Fake::new());
}

#[test]
fn it_is_nobodys_but_the_callers() {
    let fake = in_session(login());
    let run = Case::root(&["session", "-u", "alice"]).run(&fake);
    assert_eq!((run.exit, fake.asked().len()), (2, 0), "{}", run.err);
}

#[test]
fn whoever_knocked_cannot_command_the_terminal() {
    let evil = || "\u{1b}[2Jx\r\n\u{202e}".to_owned();
    let fake = in_session(SessionLogin { from: evil(), service: evil(), ..login() });
    let run = Case::alice(&["session"]).run(&fake);
    assert!(run.exit == 0 && !run.out.contains(['\u{1b}', '\r', '\u{202e}']), "{:?}", run.out);
}
