//! A real browser, driven as the W3C says: Debian's `chromium` by its `chromedriver`, in a profile of
//! its own, which reaches nothing but this machine.

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    time::Duration,
};

use serde_json::{Value, json};

use crate::{Context, Deadline, Failure, Invocation, Result, Service};

const PORT: u16 = 9515;

/// How long a page may take.
const PAGE: Duration = Duration::from_secs(30);

/// What an element is called in the driver's answers.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A running browser with one window.
pub struct Browser {
    _driver: Service,
    session: String,
}

impl Browser {
    /// Starts it.
    pub fn start(profile: &Path) -> Result<Self> {
        let port = format!("--port={PORT}");
        let mut driver = Service::start(&Invocation::of("chromedriver").args([&port, "--silent"]))
            .context("chromedriver (package chromium-driver)")?;
        Deadline::after(PAGE).poll("chromedriver", || {
            driver.must_run()?;
            Ok(TcpStream::connect(("127.0.0.1", PORT)).ok().map(drop))
        })?;
        let profile = format!("--user-data-dir={}", profile.display());
        let flags = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            profile.as_str(),
        ];
        let options = json!({ "binary": "/usr/bin/chromium", "args": flags });
        let wanted =
            json!({ "capabilities": { "alwaysMatch": { "goog:chromeOptions": options } } });
        let answer = ask("POST", "/session", Some(&wanted))?;
        let session =
            answer.get("sessionId").and_then(Value::as_str).context(answer.to_string())?.to_owned();
        Ok(Self { _driver: driver, session })
    }

    /// Goes to a page.
    pub fn open(&self, url: &str) -> Result {
        self.post("url", &json!({ "url": url })).map(drop)
    }

    /// Types into a field.
    pub fn types(&self, selector: &str, text: &str) -> Result {
        let element = self.find(selector)?;
        self.post(&format!("element/{element}/value"), &json!({ "text": text })).map(drop)
    }

    /// Presses a button.
    pub fn press(&self, selector: &str) -> Result {
        let element = self.find(selector)?;
        self.post(&format!("element/{element}/click"), &json!({})).map(drop)
    }

    /// The text of an element, once it is there.
    pub fn text(&self, selector: &str) -> Result<String> {
        let element = self.find(selector)?;
        let text = self.get(&format!("element/{element}/text"))?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Whether there is such an element now.
    pub fn has(&self, selector: &str) -> Result<bool> {
        let found = self.post("elements", &css(selector))?;
        Ok(found.as_array().is_some_and(|all| !all.is_empty()))
    }

    /// Runs a script in the page and gives what it returns.
    pub fn run(&self, script: &str) -> Result<Value> {
        self.post("execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// Where it is.
    pub fn url(&self) -> Result<String> {
        Ok(self.get("url")?.as_str().unwrap_or_default().to_owned())
    }

    /// What pages have stored in it.
    pub fn cookies(&self) -> Result<Value> {
        self.get("cookie")
    }

    /// Closes it.
    pub fn end(self) -> Result {
        ask("DELETE", &format!("/session/{}", self.session), None).map(drop)
    }

    fn find(&self, selector: &str) -> Result<String> {
        Deadline::after(PAGE).poll(selector, || {
            let found = self.post("elements", &css(selector))?;
            let first = found.get(0).and_then(|first| first.get(ELEMENT)?.as_str());
            Ok(first.map(str::to_owned))
        })
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value> {
        ask("POST", &format!("/session/{}/{path}", self.session), Some(body))
    }

    fn get(&self, path: &str) -> Result<Value> {
        ask("GET", &format!("/session/{}/{path}", self.session), None)
    }
}

fn css(selector: &str) -> Value {
    json!({ "using": "css selector", "value": selector })
}

/// One call of the driver, on a connection of its own.
fn ask(method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
    let body = body.map(Value::to_string).unwrap_or_default();
    let mut stream = TcpStream::connect(("127.0.0.1", PORT)).context("chromedriver")?;
    stream.set_read_timeout(Some(PAGE * 2))?;
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )?;
    let answer = reply(&mut stream).context(format!("{method} {path}"))?;
    let answer: Value = serde_json::from_str(&answer).context(answer.clone())?;
    match answer.get("value") {
        Some(value) if value.get("error").is_none() => Ok(value.clone()),
        Some(_) | None => Err(Failure::new(format!("{method} {path}: {answer}"))),
    }
}

/// The body of an answer, as long as its heading says.
fn reply(stream: &mut TcpStream) -> Result<String> {
    let mut bytes = Vec::new();
    loop {
        let mut part = [0; 4096];
        let read = stream.read(&mut part)?;
        bytes.extend_from_slice(part.get(..read).unwrap_or_default());
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let lines = head.lines().map(str::to_ascii_lowercase);
            let mut length =
                lines.filter_map(|it| it.strip_prefix("content-length:")?.trim().parse().ok());
            if read == 0 || length.next_back().is_some_and(|length: usize| body.len() >= length) {
                return Ok(body.to_owned());
            }
        }
        if read == 0 {
            return Err(Failure::new("the connection ended before an answer"));
        }
    }
}
