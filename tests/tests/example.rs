//! `docs/example-signup` as somebody uses it: in a real browser, with codes that come by a channel.

use std::{fs, net::TcpStream, path::Path, time::Duration};

use testbed::{
    Browser, CHANNELS, Context, Deadline, Delivery, Invocation, Result, Service, inside,
};

use crate::scene::Scene;

const SERVER: &str = include_str!("../../docs/example-signup/server.py");
const CONFIG: &str = include_str!("../../docs/example-signup/otpd.toml");
const PORT: u16 = 8080;
const PAGE: &str = "http://localhost:8080/";
const NUMBER: &str = "+49 151 23456742";

#[test]
fn somebody_signs_up_and_in_with_a_browser() -> Result {
    inside(|| {
        // Its channel is whoever reads it; here it is the testbed's.
        let (_, application) = CONFIG.split_once("[[application]]").context("no application")?;
        let scene = Scene::configured(&format!("[[application]]{application}{CHANNELS}"))?;
        let delivery = Delivery::start(&scene.world)?;
        fs::write("/run/server.py", SERVER)?;
        let port = PORT.to_string();
        let server = Invocation::of("/usr/bin/python3").args(["/run/server.py", &port]);
        let mut server = Service::start(&server.by(&scene.world.bob))?;
        Deadline::after(Duration::from_secs(10)).poll("the example's page", || {
            server.must_run()?;
            Ok(TcpStream::connect(("127.0.0.1", PORT)).ok().map(drop))
        })?;
        let browser = Browser::start(Path::new("/tmp/profile"))?;
        browser.open(PAGE)?;
        let before = browser.cookies()?[0]["value"].to_string();

        browser.types("#signup input[name=number]", NUMBER)?;
        browser.press("#signup button")?;
        browser.types("#code #code", &delivery.code(1)?)?;
        browser.press("#code button")?;
        assert!(browser.text("#told")?.starts_with("You have signed up."));
        let code = delivery.code(2)?;
        browser.types("#code #code", &code)?;
        browser.press("#code button")?;
        let who = browser.text("#who")?;
        assert!(who.starts_with("Signed in as app:40002."), "{who}");
        is_safe(&browser, &before)?;

        // The same form once more, as by the browser's own reload.
        let replayed = browser.run(
            "const f = document.querySelector('#signout input[name=form]').value;
             const send = form => { const r = new XMLHttpRequest(); r.open('POST', '/code', false);
                 r.setRequestHeader('Content-Type', 'application/x-www-form-urlencoded');
                 try { r.send('form=' + form + '&code=1'); return r.status } catch (e) { return 0 } };
             return [send('x'), send('')];",
        )?;
        // The page's own policy keeps scripts from asking at all.
        assert!(replayed.as_array().is_some_and(|all| all.iter().all(|it| *it == 0 || *it == 403)));

        browser.press("#signout button")?;
        assert_eq!(browser.text("#told")?, "You have signed out.");
        scene.clock.advance(60)?;
        browser.types("#signin input[name=number]", NUMBER)?;
        browser.press("#signin button")?;
        let next = delivery.code(3)?;
        browser.types("#code #code", &code)?;
        browser.press("#code button")?;
        assert!(browser.text("#told")?.starts_with("That did not work."), "a used code");
        assert!(!browser.has("#who")?);
        browser.types("#code #code", &next)?;
        browser.press("#code button")?;
        assert_eq!(browser.text("#who")?, who, "the same account");
        scene.world.log.expect(&["otpd", "refused by tokens from uid:40002", "used code"])?;
        browser.end()?;
        drop(server);
        Ok(())
    })
}

/// Nothing secret is where scripts, URLs or other sites could get at it.
fn is_safe(browser: &Browser, before: &str) -> Result {
    assert_eq!(browser.url()?, format!("{PAGE}code"), "nothing in the URL");
    let cookies = browser.cookies()?;
    let cookie = cookies.get(0).context("no cookie")?;
    assert_eq!(cookies.as_array().map(Vec::len), Some(1), "{cookies}");
    assert_eq!((&cookie["httpOnly"], &cookie["secure"]), (&true.into(), &true.into()), "{cookie}");
    assert_eq!(cookie["sameSite"], "Strict", "{cookie}");
    assert_ne!(cookie["value"].to_string(), before, "another session once somebody is in");
    let page = browser.run("return document.cookie + document.documentElement.outerHTML")?;
    assert!(!page.to_string().contains("otpd_"), "a token is in the page");
    Ok(())
}
