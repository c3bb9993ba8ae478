//! Remembered logins on disk: kept through a restart, marked, and gone with the account.

use otp_core::{Recalled, Seconds, Source};
use rusqlite::Connection;

use super::*;

fn remembering() -> Remembering {
    let address = std::net::Ipv4Addr::new(192, 0, 2, 7).into();
    let source = Source::of_address(address, |_| false).unwrap();
    let (rule, service) = ("office".to_owned(), "sshd".to_owned());
    Remembering { rule, length: Seconds(28_800), service, source }
}

fn known() -> Origin {
    Origin::of_host("192.0.2.7")
}

/// Where alice has just logged in.
fn world() -> World {
    let world = World::new();
    world.at(START);
    let told = world.verify_and(Some(remembering()), &totp_code(START / 30), known());
    assert!(told.starts_with("accepted"), "{told}");
    world
}

fn recalled(world: &World) -> Result<Result<Recalled, Refusal>, Unavailable> {
    let engine = world.engine.as_ref().unwrap();
    let asked = engine.recall(alice(), Uid(0), remembering(), (known(), None), soon());
    world.runtime.block_on(asked).map(Persisted::into_result)
}

#[test]
fn it_outlives_a_restart() {
    let mut world = world();
    world.restart();
    assert!(matches!(recalled(&world), Ok(Ok(Recalled::Yes(_)))));
    let last: Vec<_> = world.overview().remembered.iter().map(|one| one.last.as_secs()).collect();
    assert_eq!(last, [START]);
}

/// Whoever makes one longer on the disk, or another's, has made it damaged.
#[test]
fn one_that_was_altered_is_refused() {
    for change in [
        "UPDATE remembered SET state = replace(state, '192.0.2.7', '192.0.2.9')",
        "UPDATE remembered SET state = replace(state, '\"until\":17', '\"until\":27')",
        "UPDATE remembered SET number = number + 1",
        "UPDATE remembered SET mark = x'00'",
    ] {
        let mut world = world();
        world.engine.take().unwrap().into_store().close();
        let disk = Connection::open(world.dir.path().join("otpd.db")).unwrap();
        assert_eq!(disk.execute(change, []).unwrap(), 1, "{change}");
        drop(disk);
        world.open();
        let refused = recalled(&world);
        let Err(Unavailable::Store(StoreError::Corrupt(text))) = refused else {
            panic!("{change}: {refused:?}")
        };
        assert!(text.contains("remembered login"), "{text}");
    }
}

#[test]
fn it_goes_with_the_account() {
    let world = world();
    let engine = world.engine.as_ref().unwrap();
    let name = crate::store::StoredName::read("alice");
    let gone = world.runtime.block_on(engine.forget(name, soon())).unwrap();
    assert!(gone.into_result().unwrap().is_some());
    assert!(matches!(recalled(&world), Ok(Err(Refusal::NotRemembered))));
}

/// Both are steps of the one writer: whichever comes first, nobody is let in after the removal.
#[test]
fn it_ends_in_the_transaction_that_removes_a_device() {
    let world = world();
    let engine = world.engine.as_ref().unwrap();
    let removing = engine.remove(alice(), root(), "token".to_owned(), soon());
    let asked = engine.recall(alice(), Uid(0), remembering(), (known(), None), soon());
    // Both are under way at once, the removal first.
    let (removed, let_in) = world.runtime.block_on(async { tokio::join!(biased; removing, asked) });
    assert!(matches!(removed.unwrap().into_result(), Ok(Ok(_))));
    assert!(matches!(let_in.unwrap().into_result(), Err(Refusal::NotRemembered)));
    assert!(world.overview().remembered.is_empty());
}
