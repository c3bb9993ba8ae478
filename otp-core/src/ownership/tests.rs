//! Every row of the two tables.

use super::*;

const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);

fn name(text: &str) -> UserName {
    UserName::parse(text).unwrap()
}

fn account(text: &str, uid: u32) -> Account {
    Account { enrolled: true, ..Account::new(name(text), Uid(uid)) }
}

/// Alice, who has uid 2000 now; her account belonged to `belonged`, whose holder is `holder`.
fn claim(belonged: Option<u32>, holder: Option<&str>) -> Claim {
    Claim {
        user: name("alice"),
        uid: Uid(2000),
        former: None,
        belonged: belonged.map(Uid),
        holder: holder.map(name),
    }
}

/// The same for an alice who is said to have been `anna`, which means somebody or nobody now.
fn renamed(belonged: Option<u32>, holder: Option<&str>, means: Option<&str>) -> Claim {
    let former = Former { name: name("anna"), means: means.map(name) };
    Claim { former: Some(former), ..claim(belonged, holder) }
}

fn refused(
    own: Option<&Account>,
    former: Option<&Account>,
    owned: Option<&str>,
    claim: &Claim,
) -> Unadopted {
    let owned = owned.map(name);
    match adopt(Concerned { account: own, former, owned: owned.as_ref() }, claim, NOW) {
        Decision::Unchanged(Refusal::Unadopted(why)) => why,
        Decision::Unchanged(other) => panic!("{other:?}"),
        Decision::Change(given) => panic!("{given:?}"),
    }
}

/// To whom it is given, what it was, and who has its uid now.
fn given(
    own: Option<&Account>,
    former: Option<&Account>,
    owned: Option<&str>,
    claim: &Claim,
) -> Adopted {
    let owned = owned.map(name);
    let decision = adopt(Concerned { account: own, former, owned: owned.as_ref() }, claim, NOW);
    let Decision::Change(transition) = decision else { panic!("{decision:?}") };
    let (changes, adopted) = transition.into_parts();
    assert_eq!(
        changes.account.as_ref(),
        Some(&adopted.name),
        "the change is to the account as it was"
    );
    match changes.list.as_slice() {
        [
            Change::Unremember(None),
            Change::Event(event),
            Change::Tokens(TokenChange::EndAll),
            Change::Give { name: to, uid: Uid(2000) },
        ] => {
            let kind = EventKind::Adopted { name: adopted.name.to_string(), uid: adopted.uid.0 };
            assert_eq!((event.at, &event.kind, to), (NOW, &kind, &name("alice")));
        }
        other => panic!("{other:?}"),
    }
    adopted
}

#[test]
fn of_her_own_name() {
    let (hers, old) = (account("alice", 2000), account("alice", 1000));
    let settled = refused(Some(&hers), None, Some("alice"), &claim(Some(2000), Some("alice")));
    assert_eq!(settled, Unadopted::Settled);
    let renumbered = given(Some(&old), None, None, &claim(Some(1000), None));
    assert_eq!(
        (renumbered.name, renumbered.uid, renumbered.holder),
        (name("alice"), Uid(1000), None)
    );
    let two = refused(Some(&old), None, Some("bob"), &claim(Some(1000), None));
    assert_eq!(two, Unadopted::Owns(name("bob")));
    let was = refused(None, None, Some("anna"), &claim(None, None));
    assert_eq!(was, Unadopted::Owns(name("anna")));
    let none = refused(None, None, None, &claim(None, None));
    assert_eq!(none, Unadopted::NoAccount(name("alice")));
}

/// Her old uid is carol's: the administrator is told, for carol may be who she was.
#[test]
fn whoever_has_the_old_uid_now_is_told() {
    let old = account("alice", 1000);
    let adopted = given(Some(&old), None, None, &claim(Some(1000), Some("carol")));
    assert_eq!(adopted.holder, Some(name("carol")));
}

#[test]
fn of_a_former_name() {
    let same = account("anna", 2000);
    for means in [None, Some("alice")] {
        let claim = renamed(Some(2000), Some("alice"), means);
        let adopted = given(None, Some(&same), Some("anna"), &claim);
        assert_eq!((adopted.name, adopted.uid, adopted.holder), (name("anna"), Uid(2000), None));
    }
    let other = account("anna", 1000);
    let both = given(None, Some(&other), None, &renamed(Some(1000), None, None));
    assert_eq!((both.name, both.uid), (name("anna"), Uid(1000)));
    let none = refused(None, None, None, &renamed(None, None, None));
    assert_eq!(none, Unadopted::NoAccount(name("anna")));
    let hers = account("alice", 2000);
    let twice = refused(Some(&hers), Some(&other), Some("alice"), &renamed(Some(1000), None, None));
    assert_eq!(twice, Unadopted::BothExist(name("anna")));
    let owns = refused(None, Some(&other), Some("bob"), &renamed(Some(1000), None, None));
    assert_eq!(owns, Unadopted::Owns(name("bob")));
}

/// Whoever is a user under the former name, or has its uid, is not robbed; nor are two names of one
/// uid taken for a renaming.
#[test]
fn nobody_who_is_a_user_loses_an_account() {
    let (same, other) = (account("anna", 2000), account("anna", 1000));
    for (account, uid, owned) in [(&same, 2000, Some("anna")), (&other, 1000, None)] {
        for means in ["anna", "carol"] {
            let claim = renamed(Some(uid), Some("anna"), Some(means));
            let lives = refused(None, Some(account), owned, &claim);
            assert_eq!(lives, Unadopted::NameLives(name("anna")));
        }
    }
    let recycled = refused(None, Some(&other), None, &renamed(Some(1000), Some("carol"), None));
    assert_eq!(recycled, Unadopted::UidLives(Uid(1000), name("carol")));
}

/// What the user database said was about another uid.
#[test]
fn an_account_that_moved_meanwhile_is_looked_at_anew() {
    let (own, former) = (account("alice", 1001), account("anna", 1001));
    assert_eq!(refused(Some(&own), None, None, &claim(Some(1000), None)), Unadopted::Moved);
    assert_eq!(refused(Some(&own), None, None, &claim(None, None)), Unadopted::Moved);
    let renamed = renamed(Some(1000), None, None);
    assert_eq!(refused(None, Some(&former), None, &renamed), Unadopted::Moved);
}
