//! `pass`, and the daemon's side of it.

use otp_bus::{
    Error, MadePass, NewPass, PassInfo, PassPlace, PassTerm, ShownPass, Warrant, WhichPasses,
};
use zbus::{Connection, interface};

use crate::case::Case;
use crate::fake::Fake;

/// `org.otpd1.Passes` of the daemon of these tests.
pub(crate) struct Passes(pub(crate) Fake);

/// What crossed, without the names of what did not.
fn said(value: &impl std::fmt::Debug) -> String {
    let said = format!("{value:?}");
    let (name, rest) = said.split_once(" { ").unwrap_or((&said, ""));
    let given = rest.trim_end_matches(" }").split(", ").filter(|part| !part.ends_with(": None"));
    format!("{name} {{ {} }}", given.collect::<Vec<_>>().join(", "))
}

#[interface(name = "org.otpd1.Passes")]
impl Passes {
    async fn create(
        &self,
        user: String,
        warrant: Warrant,
        pass: NewPass,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<MadePass, Error> {
        let call = format!("Create({user:?}, code {:?}, {})", warrant.code, said(&pass));
        self.0.note("Create", call, connection).await?;
        let owner = (!user.is_empty()).then_some(user);
        let key = "abcd-efgh-ijkl-mnop-qrst".to_owned();
        Ok(MadePass { pass: PassInfo { owner, ..super::passes::pass(1) }, key })
    }

    async fn check(
        &self,
        purpose: String,
        key: String,
        place: PassPlace,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<bool, Error> {
        let call = format!("Check({purpose:?}, {key:?}, {})", said(&place));
        self.0.note("Check", call, connection).await?;
        Ok(!self.0.state().passes.is_empty())
    }

    async fn get(
        &self,
        purpose: String,
        key: String,
        place: PassPlace,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<ShownPass, Error> {
        let call = format!("Get({purpose:?}, {key:?}, {})", said(&place));
        self.0.note("Get", call, connection).await?;
        Ok(ShownPass { pass: pass(1), data: "{\"ticket\": [7]}".to_owned() })
    }

    #[zbus(name = "Use")]
    async fn use_up(
        &self,
        purpose: String,
        key: String,
        place: PassPlace,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<ShownPass, Error> {
        let call = format!("Use({purpose:?}, {key:?}, {})", said(&place));
        self.0.note("Use", call, connection).await?;
        let pass = PassInfo { state: "used".to_owned(), ended: Some(1_784_116_817), ..pass(1) };
        Ok(ShownPass { pass, data: String::new() })
    }

    async fn extend(
        &self,
        user: String,
        warrant: Warrant,
        id: String,
        term: PassTerm,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<PassInfo, Error> {
        let call = format!("Extend({user:?}, code {:?}, {id:?}, {})", warrant.code, said(&term));
        self.0.note("Extend", call, connection).await?;
        Ok(pass(1))
    }

    async fn deactivate(
        &self,
        user: String,
        purpose: String,
        which: WhichPasses,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<Vec<String>, Error> {
        let WhichPasses { key, related } = which;
        let call = format!("Deactivate({user:?}, {purpose:?}, key {key:?}, related {related:?})");
        self.0.note("Deactivate", call, connection).await?;
        Ok([1, 2].map(|seed| pass(seed).id).to_vec())
    }

    /// Two at a time, whatever is asked for.
    async fn list(
        &self,
        user: String,
        after: String,
        most: u32,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<Vec<PassInfo>, Error> {
        self.0
            .note("Passes.List", format!("List({user:?}, {after:?}, {most})"), connection)
            .await?;
        let state = self.0.state();
        let behind = state.passes.iter().filter(|pass| pass.id > after);
        Ok(behind.take(2).cloned().collect())
    }
}

/// Alice's, live.
pub(crate) fn pass(seed: u8) -> PassInfo {
    PassInfo {
        id: format!("pass/00000000000000{seed:02x}"),
        owner: Some("alice".into()),
        purpose: "login".into(),
        origin: "bob@host.example".into(),
        reason: Some("lost phone".into()),
        created: 1_784_116_800 + u64::from(seed),
        expires: 1_784_117_400,
        generator: "alnum:20".into(),
        restrictions: vec!["service:sshd".into(), "from:192.0.2.0/24".into()],
        related: vec!["ticket-7".into()],
        digest: "ab".repeat(32),
        state: "live".into(),
        ended: None,
    }
}

#[test]
fn a_key_is_shown_by_create_alone() {
    let all = "--service sshd --restrict from:192.0.2.0/24 --related ticket-7 --generator alnum:20 \
               --for 10min --deactivate-old";
    let mut args = vec!["pass", "create", "login", "-u", "alice", "--data", "{\"ticket\": [7]}"];
    args.extend(["--reason", "lost phone"]);
    args.extend(all.split_whitespace());
    Case::root(&args).expect("pass-create", &Fake::new());
    Case::root(&["pass", "create", "door", "--nobody", "--json"])
        .expect("pass-create-nobody-json", &Fake::new());
    Case::root(&["pass", "create", "door"]).expect("pass-create-whose", &Fake::new());
    for until in ["2026-07-15T14:10", "1784117400"] {
        let fake = Fake::new();
        let run =
            Case::root(&["pass", "create", "login", "-u", "alice", "--until", until]).run(&fake);
        assert_eq!(run.exit, 0, "{}", run.err);
        assert!(fake.asked()[0].contains("until: Some(1784117400)"), "{:?}", fake.asked());
    }
    let fake = Fake::new();
    for wrong in [
        &["--until", "soon"][..],
        &["--for", "10"],
        &["--for", "1min", "--until", "1"],
        &["--for", "99999999999s"],
        &["--nobody"],
    ] {
        let args = [&["pass", "create", "login", "-u", "alice"][..], wrong].concat();
        let run = Case::root(&args).run(&fake);
        assert_eq!((run.exit, fake.asked().len()), (2, 0), "{wrong:?}: {}", run.err);
    }
}

/// Zero is no way to say "as configured".
#[test]
fn zero_is_passed_on_to_be_refused() {
    let text = "a pass must be live for a second at least; give a time in the future";
    let fake = Fake::new().refusing("Create", [Error::InvalidArgument(text.into())]);
    Case::root(&["pass", "create", "login", "-u", "alice", "--for", "0s"])
        .expect("pass-create-zero", &fake);
}

#[test]
fn for_oneself_it_takes_a_code() {
    let needed = || Error::CodeNeeded("type a code".into());
    let fake = Fake::new().refusing("Create", [needed()]);
    Case::alice(&["pass", "create", "login"]).types(&["123456"]).expect("pass-create-own", &fake);
    let fake = Fake::new().refusing("Create", [needed()]);
    let run = Case::alice(&["pass", "create", "login"]).run(&fake);
    assert_eq!(run.exit, 2, "{}", run.err);
    let fake = Fake::new().refusing("Extend", [needed()]);
    Case::alice(&["pass", "extend", "pass/0000000000000001", "--for", "30min"])
        .types(&["123456"])
        .expect("pass-extend-own", &fake);
}

#[test]
fn a_key_that_nobody_saw_is_made_anew() {
    let case = Case::root(&["pass", "create", "login", "-u", "alice"]).broken_output();
    let run = case.run(&Fake::new());
    assert!(run.exit == 7 && run.err.contains("--deactivate-old"), "{}", run.err);
    assert!(!run.err.contains("abcd-efgh"), "{}", run.err);
}

#[test]
fn keys_are_typed_or_piped_and_never_arguments() {
    const KEY: &str = "abcd-efgh-ijkl-mnop-qrst";
    Case::alice(&["pass", "check", "login"]).types(&[KEY]).expect("pass-check", &Fake::new());
    Case::root(&[
        "pass",
        "check",
        "login",
        "-",
        "--service",
        "sshd",
        "--from",
        "192.0.2.7",
        "--json",
    ])
    .pipe(&[KEY])
    .expect("pass-check-json", &Fake::new());
    Case::alice(&["pass", "get", "login"]).pipe(&[KEY]).expect("pass-get", &Fake::new());
    Case::alice(&["pass", "get", "login", "--json"])
        .pipe(&[KEY])
        .expect("pass-get-json", &Fake::new());
    Case::alice(&["pass", "use", "login", "-"]).pipe(&[KEY]).expect("pass-use", &Fake::new());
    let fake = Fake::new();
    for verb in ["check", "get", "use"] {
        let run = Case::alice(&["pass", verb, "login", KEY]).run(&fake);
        assert!(run.exit == 2 && !run.err.contains("abcd"), "{verb}: {}", run.err);
        let run = Case::alice(&["pass", verb, "login"]).pipe(&[" "]).run(&fake);
        assert_eq!(run.exit, 2, "{verb}: {}", run.err);
        let run = Case::root(&["pass", verb, "login", "-u", "alice"]).pipe(&[KEY]).run(&fake);
        assert_eq!(run.exit, 2, "{verb}: {}", run.err);
    }
    assert_eq!(fake.asked().len(), 0);
}

#[test]
fn what_does_not_count_is_refused() {
    let none = || Fake::new().with(|state| state.passes.clear());
    Case::alice(&["pass", "check", "login"]).pipe(&["aaaa"]).expect("pass-check-wrong", &none());
    Case::alice(&["pass", "check", "login", "--json"])
        .pipe(&["aaaa"])
        .expect("pass-check-wrong-json", &none());
    let text = "no such pass is live for this purpose here";
    let fake = Fake::new().refusing("Use", [Error::WrongCode(text.into())]);
    Case::alice(&["pass", "use", "login", "--json"])
        .pipe(&["aaaa"])
        .expect("pass-use-wrong", &fake);
    let text = "you have shown 5 wrong keys in a row; try again in 4 s";
    let fake = Fake::new().refusing("Get", [Error::Throttled(text.into())]);
    Case::alice(&["pass", "get", "login", "--json"])
        .pipe(&["aaaa"])
        .expect("pass-throttled", &fake);
    let hung_up = Fake::new().with(|state| state.breaks = Some("Use"));
    Case::alice(&["pass", "use", "login"]).pipe(&["aaaa"]).expect("pass-use-hung-up", &hung_up);
}

#[test]
fn they_are_extended_called_back_and_listed() {
    Case::root(&["pass", "extend", "pass/0000000000000001", "-u", "alice", "--for", "1h"])
        .expect("pass-extend", &Fake::new());
    Case::root(&["pass", "deactivate", "login", "-u", "alice"])
        .expect("pass-deactivate", &Fake::new());
    Case::root(&["pass", "deactivate", "door", "--nobody", "--key", "--json"])
        .pipe(&["abcd-efgh"])
        .expect("pass-deactivate-key", &Fake::new());
    let related =
        ["pass", "deactivate", "login", "-u", "alice", "--related", "b", "--related", "a"];
    Case::root(&related).expect("pass-deactivate-related", &Fake::new());
    let text = "no live pass of alice is meant; otpctl pass list shows what there is";
    let fake = Fake::new().refusing("Deactivate", [Error::UnknownPass(text.into())]);
    Case::root(&["pass", "deactivate", "login", "-u", "alice", "--json"])
        .expect("pass-deactivate-none", &fake);
    let text = "alice has 16 live passes, which is the most; deactivate some, or wait";
    let fake = Fake::new().refusing("Create", [Error::LimitReached(text.into())]);
    Case::root(&["pass", "create", "login", "-u", "alice", "--json"]).expect("pass-full", &fake);
    let five = || {
        Fake::new().with(|state| {
            state.passes = (1..6).map(pass).collect();
            state.passes[1].owner = None;
            state.passes[2].reason = Some("\u{1b}[31mred".into());
            state.passes[3].state = "used".into();
        })
    };
    Case::root(&["pass", "list", "--all"]).expect("pass-list-all", &five());
    Case::alice(&["pass", "list", "--json"]).expect("pass-list-json", &Fake::new());
    let none = || Fake::new().with(|state| state.passes.clear());
    Case::alice(&["pass", "list"]).expect("pass-list-none", &none());
    Case::root(&["pass"]).expect("pass-nothing", &Fake::new());
}
