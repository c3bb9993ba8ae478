//! Tokens from outside: an application on the bus by its own uid, and whoever would have them of it.
//! At each boundary of the clock, through kills, and many at once.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use otp_bus::{TokenFamily, TokenInfo, names::TOKENS_INTERFACE};
use testbed::{
    Account, Context, Daemon, Deadline, Device, Failure, Result, counts, inside,
    peer::{Answer, Peer},
};

use crate::{
    scene::{Scene, token},
    surface::{block_on, text},
};

/// bob is an application, demo another.
const CONFIG: &str = "
[[application]]
uid = 40002
scopes = ['shop', 'admin']
people = 'all'
[[application]]
uid = 40003
scopes = ['shop']
people = 'all'
";

const MINUTES: u64 = 600;
const MONTH: u64 = 30 * 86_400;

struct Tokens {
    access: String,
    refresh: String,
}

fn tokens(answer: &Answer) -> Option<Tokens> {
    let Answer::Returned(reply) = answer else { return None };
    let body = reply.body();
    let (access, refresh, info): (String, String, TokenInfo) = body.deserialize().ok()?;
    info.active.then_some(Tokens { access, refresh })
}

async fn grants(peer: &Peer, user: &str, code: &str) -> Answer {
    peer.call(TOKENS_INTERFACE, "Grant", &vec![text(user), text(code), text("shop")]).await
}

async fn granted(peer: &Peer, user: &str, code: &str) -> Result<Tokens> {
    let answer = grants(peer, user, code).await;
    tokens(&answer).context(format!("{answer:?}"))
}

async fn refreshes(peer: &Peer, token: &str) -> Answer {
    peer.call(TOKENS_INTERFACE, "Refresh", &vec![text(token)]).await
}

async fn is_active(peer: &Peer, token: &str) -> Result<bool> {
    match peer.call(TOKENS_INTERFACE, "Inspect", &vec![text(token)]).await {
        Answer::Returned(reply) => Ok(reply.body().deserialize::<TokenInfo>()?.active),
        other @ (Answer::Refused(..) | Answer::Silence(_)) => {
            Err(Failure::new(format!("{other:?}")))
        }
    }
}

#[test]
fn tokens_are_for_whom_they_were_granted_and_for_nobody_else() -> Result {
    inside(|| {
        let scene = Scene::configured(CONFIG)?;
        let (world, code) = (&scene.world, scene.code()?);
        block_on(async {
            let shop = Peer::on_bus(Some(&world.bob)).await?;
            let alice = Peer::on_bus(Some(&world.alice)).await?;
            let other = Peer::on_bus(Some(&world.demo)).await?;
            // Not by her own name either, nor by root: the configuration names neither.
            for peer in [&alice, &Peer::on_bus(None).await?, &Peer::on_socket().await?] {
                assert_eq!(grants(peer, "alice", &code).await.word(), "NotAllowed");
            }
            let held = granted(&shop, "alice", &code).await?;
            assert_eq!(grants(&other, "alice", &code).await.word(), "WrongCode", "it is spent");
            for token in [&held.access, &held.refresh] {
                assert!(is_active(&shop, token).await?);
                assert!(!is_active(&other, token).await?, "another application");
                let answer = alice.call(TOKENS_INTERFACE, "Inspect", &vec![text(token)]).await;
                assert_eq!(answer.word(), "NotAllowed");
                let answer = other.call(TOKENS_INTERFACE, "Revoke", &vec![text(token)]).await;
                assert_eq!(answer.word(), "return", "an unknown one is no error");
            }
            assert_eq!(refreshes(&other, &held.refresh).await.word(), "UnknownToken");
            assert!(is_active(&shop, &held.refresh).await?, "nothing of it was touched");

            let families = alice.call(TOKENS_INTERFACE, "List", &vec![text("alice")]).await;
            let Answer::Returned(families) = families else {
                return Err(Failure::new(format!("{families:?}")));
            };
            let families: Vec<TokenFamily> = families.body().deserialize()?;
            assert_eq!((families.len(), families[0].uid), (1, world.bob.uid));
            let ended = alice.call(TOKENS_INTERFACE, "End", &vec![text("alice"), text("")]).await;
            assert_eq!(ended.word(), "return", "she ends what is hers");
            assert!(!is_active(&shop, &held.access).await?);
            assert_eq!(refreshes(&shop, &held.refresh).await.word(), "UnknownToken");
            Ok(())
        })?;
        world.log.expect(&["otpd", "alice", "accepted by tokens from uid:40002"])?;
        assert!(!world.log.text().contains("otpd_"), "a token is in the log");
        Ok(())
    })
}

#[test]
fn tokens_count_to_the_second_and_across_restarts() -> Result {
    inside(|| {
        let mut scene = Scene::configured(CONFIG)?;
        let code = scene.code()?;
        let bob = Account { name: "bob".to_owned(), uid: scene.world.bob.uid };
        let held =
            block_on(async { granted(&Peer::on_bus(Some(&bob)).await?, "alice", &code).await })?;
        let check = |scene: Scene, access: bool, refresh: bool| -> Result<Scene> {
            let scene = scene.after_a_crash()?;
            block_on(async {
                let shop = Peer::on_bus(Some(&bob)).await?;
                assert_eq!(is_active(&shop, &held.access).await?, access);
                assert_eq!(is_active(&shop, &held.refresh).await?, refresh);
                Ok(())
            })?;
            Ok(scene)
        };
        scene = check(scene, true, true)?;
        scene.clock.advance(MINUTES - 1)?;
        scene = check(scene, true, true)?;
        scene.clock.advance(1)?;
        scene = check(scene, false, true)?;
        scene.clock.advance(MONTH - MINUTES - 1)?;
        scene = check(scene, false, true)?;
        scene.clock.advance(1)?;
        scene = check(scene, false, false)?;
        drop(scene);
        Ok(())
    })
}

#[test]
fn of_sixteen_refreshes_at_once_no_two_pairs_count_and_the_family_ends() -> Result {
    inside(|| {
        let scene = Scene::configured(CONFIG)?;
        let (bob, phone) = (&scene.world.bob, token("bob")?);
        let rounds = counts::of(5, 50);
        for round in 0..rounds {
            let code = phone.code(u64::try_from(round)? + 1)?;
            block_on(async {
                let mut peers = Vec::new();
                for _ in 0..16 {
                    peers.push(Peer::on_bus(Some(bob)).await?);
                }
                let first = granted(&peers[0], "bob", &code).await?;
                let mut calls = tokio::task::JoinSet::new();
                for peer in peers.clone() {
                    let token = first.refresh.clone();
                    calls.spawn(async move { refreshes(&peer, &token).await });
                }
                let pairs: Vec<Tokens> = calls.join_all().await.iter().filter_map(tokens).collect();
                assert!(pairs.len() <= 1, "{} pairs", pairs.len());
                for token in pairs.iter().flat_map(|pair| [&pair.access, &pair.refresh]) {
                    assert!(!is_active(&peers[0], token).await?, "a second use ended them");
                }
                assert!(!is_active(&peers[0], &first.access).await?);
                Ok(())
            })?;
            scene.clock.advance(60)?;
        }
        scene.world.log.expect(&[
            "otpd",
            "uid 40002 showed a used refresh token",
            "find out who",
        ])?;
        Ok(())
    })
}

/// What was acknowledged counts, what was used does not, and whoever lost an answer to a kill can at
/// worst end the family, never have two.
#[test]
fn a_kill_in_the_middle_of_refreshing_leaves_no_two_pairs() -> Result {
    inside(|| {
        let mut scene = Scene::configured(CONFIG)?;
        let (phone, mut counter) = (token("bob")?, 0);
        let bob = Account { name: "bob".to_owned(), uid: scene.world.bob.uid };
        let mut lost = 0;
        for kill in 0..counts::of(20, 300) {
            counter += 1;
            let code = phone.code(counter)?;
            let Scene { daemon, bus, clock, phone: hers, world } = scene;
            let refreshed = AtomicUsize::new(0);
            let (held, used) = thread::scope(|threads| {
                let (count, soon) = (&refreshed, 1 + kill * 7 % 11);
                let chain = threads.spawn(|| block_on(chain(&bob, &code, count)));
                Deadline::after(Duration::from_secs(60)).poll("refreshes", || {
                    Ok((count.load(Ordering::SeqCst) >= soon).then_some(()))
                })?;
                daemon.kill()?;
                chain.join().map_err(|_| Failure::new("the chain panicked"))?
            })?;
            let daemon = Daemon::start_at(&world, &clock)?;
            scene = Scene { daemon, bus, clock, phone: hers, world };
            lost += block_on(settles(&bob, held, &used))?;
            scene.clock.advance(60)?;
            scene.world.log.clear();
        }
        counts::figure(&format!("{lost} answers to refreshes were lost to kills"));
        Ok(())
    })
}

/// Refreshes until no answer comes: the last tokens that were told, and those before them.
async fn chain(
    bob: &Account,
    code: &str,
    count: &AtomicUsize,
) -> Result<(Option<Tokens>, Vec<Tokens>)> {
    let peer = Peer::on_bus(Some(bob)).await?;
    let mut used = Vec::new();
    let Some(mut held) = tokens(&grants(&peer, "bob", code).await) else {
        return Ok((None, used));
    };
    while let Some(next) = tokens(&refreshes(&peer, &held.refresh).await) {
        used.push(std::mem::replace(&mut held, next));
        count.fetch_add(1, Ordering::SeqCst);
    }
    Ok((Some(held), used))
}

/// How many answers were lost.
async fn settles(bob: &Account, held: Option<Tokens>, used: &[Tokens]) -> Result<usize> {
    let peer = Peer::on_bus(Some(bob)).await?;
    for tokens in used {
        assert!(!is_active(&peer, &tokens.refresh).await?, "used");
        assert!(!is_active(&peer, &tokens.access).await?, "used");
    }
    let Some(held) = held else { return Ok(1) };
    let counts = is_active(&peer, &held.refresh).await?;
    assert_eq!(is_active(&peer, &held.access).await?, counts, "both or none");
    let next = tokens(&refreshes(&peer, &held.refresh).await);
    assert_eq!(next.is_some(), counts, "what counts is refreshed, what does not is not");
    if let Some(next) = next {
        assert!(is_active(&peer, &next.access).await? && !is_active(&peer, &held.access).await?);
    }
    Ok(usize::from(!counts))
}

/// Guessing by many names slows the application as guessing by one does, and nobody is told from it
/// who exists.
#[test]
fn an_application_that_guesses_is_slowed_whomever_it_guesses_at() -> Result {
    inside(|| {
        let scene = Scene::configured(CONFIG)?;
        block_on(async {
            let shop = Peer::on_bus(Some(&scene.world.bob)).await?;
            let other = Peer::on_bus(Some(&scene.world.demo)).await?;
            for guess in 0..17 {
                let user = ["nobody at all", "root", "app:40002.x", "a/b"][guess % 4];
                let answer = grants(&shop, user, &format!("{guess:06}")).await;
                assert_eq!(answer.word(), "WrongCode", "{guess}: {answer:?}");
            }
            assert_eq!(grants(&shop, "alice", &scene.code()?).await.word(), "Throttled");
            granted(&other, "alice", &scene.code()?).await?;
            scene.clock.advance(60)?;
            granted(&shop, "alice", &scene.code()?).await?;
            Ok(())
        })
    })
}

/// A lock by failures anywhere ends every token, and unlocking revives none.
#[test]
fn a_lock_ends_tokens_for_good() -> Result {
    inside(|| {
        let scene = Scene::configured(&format!("[throttle]\nlock_after = 2\n{CONFIG}"))?;
        let device: &Device = &scene.phone;
        block_on(async {
            let shop = Peer::on_bus(Some(&scene.world.bob)).await?;
            let held = granted(&shop, "alice", &device.code(scene.clock.now())?).await?;
            let own = Peer::on_bus(Some(&scene.world.alice)).await?;
            for _ in 0..2 {
                let wrong = vec![
                    crate::surface::login("alice", ["otp", "", "", ""], &[]),
                    text(scene.wrong()?),
                ];
                own.call(otp_bus::names::AUTH_INTERFACE, "Verify", &wrong).await;
            }
            assert!(!is_active(&shop, &held.access).await?);
            let root = Peer::on_socket().await?;
            let manage = otp_bus::names::MANAGE_INTERFACE;
            let unlocked = root.call(manage, "Unlock", &vec![text("alice")]).await;
            assert_eq!(unlocked.word(), "return");
            assert!(!is_active(&shop, &held.access).await?);
            assert_eq!(refreshes(&shop, &held.refresh).await.word(), "UnknownToken");
            Ok(())
        })
    })
}
