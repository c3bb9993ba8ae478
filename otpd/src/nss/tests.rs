//! Look-ups in the host's own database, and ones that hang.

use std::sync::{
    RwLock,
    atomic::{AtomicUsize, Ordering},
};

use tokio::task::JoinSet;

use super::*;
use crate::clock::monotonic;

fn person(name: &str) -> Result<Option<Person>, NssUnavailable> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let before = monotonic() + Duration::from_secs(10);
    runtime.block_on(Nss::default().person(&UserName::parse(name).unwrap(), ROOT, before))
}

#[test]
fn root_is_uid_0_and_strangers_are_none() {
    assert_eq!(person("root").unwrap().map(|person| person.uid), Some(Uid(0)));
    assert_eq!(person("no such user here"), Ok(None));
    assert_eq!(person("0"), Ok(None), "digits are a name, not an id");
}

#[test]
fn others_cannot_hold_up_root() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let nss = Nss::default();
        let name = UserName::parse("root").unwrap();
        let hanging =
            nss.others.prompt.acquire_many(u32::try_from(AT_ONCE).unwrap()).await.unwrap();
        let soon = monotonic() + Duration::from_millis(10);
        assert!(nss.person(&name, Uid(1000), soon).await.is_err(), "nobody was held up");
        let later = monotonic() + Duration::from_secs(10);
        assert!(nss.person(&name, ROOT, later).await.is_ok());
        drop(hanging);
        assert!(nss.person(&name, Uid(1000), later).await.is_ok());
    });
}

/// More look-ups than there is room for hang, for root itself, and the next one is answered. Of
/// one user no more than a few hang, and another user's are answered.
#[test]
fn what_hangs_does_not_hold_up_what_does_not() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (hold, begun) = (Arc::new(RwLock::new(())), Arc::new(AtomicUsize::new(0)));
    let held = hold.write().unwrap();
    runtime.block_on(async {
        let nss = Nss::default();
        let soon = || monotonic() + Duration::from_secs(30);
        let (mut hanging, end) = (JoinSet::new(), soon());
        for caller in [ROOT, Uid(1000)].repeat(3 * AT_ONCE) {
            let (nss, hold, begun) = (nss.clone(), hold.clone(), begun.clone());
            let hang = move || {
                begun.fetch_add(1, Ordering::SeqCst);
                drop(hold.read());
                Ok(None::<Person>)
            };
            hanging.spawn(async move { nss.ask(caller, soon(), hang).await });
        }
        for _ in OF_ONE_UID..3 * AT_ONCE {
            let owed = hanging.join_next().await.unwrap().unwrap().unwrap_err();
            assert!(owed.to_string().contains("owes uid 1000"), "{owed}");
        }
        while begun.load(Ordering::SeqCst) < 3 * AT_ONCE + OF_ONE_UID {
            assert!(monotonic() < end, "{begun:?} have begun");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        for caller in [ROOT, Uid(1001)] {
            let name = UserName::parse("root").unwrap();
            let root = nss.person(&name, caller, soon()).await.unwrap().unwrap();
            assert_eq!(nss.holder(root.uid, caller, soon()).await.unwrap(), Some(root));
        }
        drop(held);
        assert!(hanging.join_all().await.iter().all(Result::is_ok));
        assert!(nss.under_way.0.lock().unwrap().is_empty());
    });
}
