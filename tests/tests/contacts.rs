//! People who sign up by an application, from outside: what is sent, told and kept, and to whom.

use otp_bus::names::{AUTH_INTERFACE, CONTACTS_INTERFACE, TOKENS_INTERFACE};
use testbed::{
    Account, CHANNELS, Delivery, Failure, Result, inside,
    peer::{Answer, Peer},
};

use crate::{
    scene::Scene,
    surface::{block_on, login, text},
};

/// bob is an application, demo another that may send nothing.
const CONFIG: &str = "
[[application]]
uid = 40002
scopes = ['shop']
channels = ['sms']
[[application]]
uid = 40003
scopes = ['shop']
";
const NUMBER: &str = "+4915123456742";

struct SignUp {
    scene: Scene,
    delivery: Delivery,
}

impl SignUp {
    fn new() -> Result<Self> {
        let scene = Scene::configured(&format!("{CONFIG}{CHANNELS}"))?;
        let delivery = Delivery::start(&scene.world)?;
        Ok(Self { scene, delivery })
    }

    fn shop(&self) -> &Account {
        &self.scene.world.bob
    }
}

async fn contacts(peer: &Peer, method: &str, arguments: [&str; 2]) -> Answer {
    peer.call(CONTACTS_INTERFACE, method, &arguments.map(text).to_vec()).await
}

fn two(answer: &Answer) -> Result<(String, String)> {
    let Answer::Returned(reply) = answer else { return Err(Failure::new(format!("{answer:?}"))) };
    Ok(reply.body().deserialize()?)
}

async fn identified(peer: &Peer, address: &str, code: &str) -> Result<String> {
    let answer = contacts(peer, "Verify", [address, code]).await;
    let Answer::Returned(reply) = answer else { return Err(Failure::new(format!("{answer:?}"))) };
    Ok(reply.body().deserialize::<(String, u64)>()?.0)
}

#[test]
fn somebody_signs_up_and_in_and_no_login_knows_them() -> Result {
    inside(|| {
        let it = SignUp::new()?;
        let name = block_on(async {
            let shop = Peer::on_bus(Some(it.shop())).await?;
            assert_eq!(contacts(&shop, "Request", [NUMBER, "sms"]).await.word(), "return");
            let code = it.delivery.code(1)?;
            let identifier = identified(&shop, NUMBER, &code).await?;
            let again = contacts(&shop, "Verify", [NUMBER, &code]).await;
            assert_eq!(again.word(), "WrongCode", "a code is used once");
            let (name, device) = two(&contacts(&shop, "Enroll", ["", &identifier]).await)?;
            assert!(name.starts_with("app:40002.") && device.starts_with("message/"), "{name}");
            let again = contacts(&shop, "Enroll", ["", &identifier]).await;
            assert_eq!(again.word(), "UnknownToken", "an identifier is used once");

            assert_eq!(contacts(&shop, "Request", [NUMBER, "sms"]).await.word(), "return");
            let code = it.delivery.code(2)?;
            let wanted = vec![text(NUMBER), text(code), text("")];
            assert_eq!(shop.call(TOKENS_INTERFACE, "Grant", &wanted).await.word(), "return");
            assert_eq!(shop.call(TOKENS_INTERFACE, "Grant", &wanted).await.word(), "WrongCode");
            Ok(name)
        })?;
        it.scene.clock.advance(60)?;
        block_on(async {
            // A code that is right is none at a login, under any name that it could have.
            let (shop, root) = (Peer::on_bus(Some(it.shop())).await?, Peer::on_socket().await?);
            assert_eq!(contacts(&shop, "Request", [NUMBER, "sms"]).await.word(), "return");
            let code = it.delivery.code(3)?;
            for user in [name.as_str(), "app:40002"] {
                let login = login(user, ["otp", "", "", ""], &[]);
                let answer = root.call(AUTH_INTERFACE, "Verify", &vec![login, text(&*code)]).await;
                let Answer::Returned(reply) = &answer else {
                    return Err(Failure::new(format!("{answer:?}")));
                };
                let verdict: otp_bus::Verdict = reply.body().deserialize()?;
                assert_eq!(verdict.reason, otp_bus::Reason::UnknownUser, "{user}");
            }
            Ok(())
        })?;
        let log = it.scene.world.log.text();
        assert!(log.contains("had a code sent to •••42 by sms"), "{log}");
        assert!(!log.contains(NUMBER) && !log.contains("otpd_id_"), "{log}");
        Ok(())
    })
}

#[test]
fn nobody_learns_whose_an_address_is_or_sends_without_end() -> Result {
    inside(|| {
        let it = SignUp::new()?;
        block_on(async {
            let shop = Peer::on_bus(Some(it.shop())).await?;
            let other = Peer::on_bus(Some(&it.scene.world.demo)).await?;
            let alice = Peer::on_bus(Some(&it.scene.world.alice)).await?;
            for peer in [&other, &alice, &Peer::on_socket().await?] {
                let answer = contacts(peer, "Request", [NUMBER, "sms"]).await;
                assert_eq!(answer.word(), "NotAllowed");
            }
            assert_eq!(contacts(&shop, "Request", [NUMBER, "email"]).await.word(), "NotAllowed");
            for wrong in ["", "alice", "49151", "+0", "alice@example.org"] {
                let answer = contacts(&shop, "Request", [wrong, "sms"]).await;
                assert_eq!(answer.word(), "InvalidArgument", "{wrong:?}");
            }
            contacts(&shop, "Request", [NUMBER, "sms"]).await;
            let identifier = identified(&shop, NUMBER, &it.delivery.code(1)?).await?;
            two(&contacts(&shop, "Enroll", ["", &identifier]).await)?;
            // One who is known and one who is not: the same answer, and each a message.
            for (address, number) in [(NUMBER, 2), ("+4915123456743", 3)] {
                for _ in 0..2 {
                    let answer = contacts(&shop, "Request", [address, "sms"]).await;
                    let Answer::Returned(reply) = answer else {
                        return Err(Failure::new(format!("{answer:?}")));
                    };
                    assert_eq!(reply.body().deserialize::<u32>()?, 300, "{address}");
                }
                it.delivery.code(number)?;
                let wrong = contacts(&shop, "Verify", [address, "000000"]).await;
                assert_eq!(wrong.word(), "WrongCode");
            }
            assert_eq!(it.delivery.count()?, 3, "a minute has to go by");
            Ok(())
        })
    })
}
