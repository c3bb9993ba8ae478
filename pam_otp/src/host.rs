//! The application that libpam loaded us into, as far as a login needs it: a trait, so that the
//! conversation can be tried without one, and the real thing over pam-bindings.
//!
//! It refuses to interpret: items and answers are handed on as the bytes that they are.

use std::ffi::CStr;
use std::time::Duration;

use pam::constants::{
    PAM_ERROR_MSG, PAM_PROMPT_ECHO_OFF, PAM_PROMPT_ECHO_ON, PamMessageStyle, PamResultCode,
};
use pam::conv::Conv;
use pam::items::{AuthTok, Item as PamItem, RHost, RUser, Service, Tty, User};
use pam::module::PamHandle;
use zeroize::Zeroizing;

use crate::args::Echo;
use crate::client::Deadline;
use crate::ffi;
use crate::log::{self, About, Severity};
use crate::stack;

/// What the application knows of a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// `PAM_USER`, as it is now.
    User,
    /// `PAM_SERVICE`.
    Service,
    /// `PAM_RHOST`.
    Rhost,
    /// `PAM_RUSER`.
    Ruser,
    /// `PAM_TTY`.
    Tty,
}

/// What somebody typed; wiped when it goes.
pub(crate) type Typed = Zeroizing<Vec<u8>>;

/// The application did not put the question or brought nothing back. The text says which.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Silence(pub(crate) String);

/// libpam did not take what it was given; the text is its reason.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unset(pub(crate) String);

/// The application.
pub(crate) trait Host {
    /// Has the application name the user, which may ask for the name.
    fn name_user(&mut self) -> Result<(), Silence>;
    /// An item; empty where the application set none.
    fn item(&self, item: Item) -> Vec<u8>;
    /// What an earlier module of the stack asked for, if any (`PAM_AUTHTOK`).
    fn first_pass(&self) -> Option<Typed>;
    /// Puts a question.
    fn ask(&mut self, prompt: &str, echo: Echo) -> Result<Typed, Silence>;
    /// Lets time pass, if it has not passed already.
    fn hold(&self, until: Deadline);
    /// Asks the application's libpam to let so much time pass before it tells of a failure.
    fn delay_failure(&mut self, by: Duration);
    /// Gives the next modules of the stack a password (`PAM_AUTHTOK`), in the place of what they
    /// would have been given.
    fn hand_on(&mut self, password: &Typed) -> Result<(), Unset>;
    /// Sets a variable of the session's environment.
    fn export(&mut self, variable: &str, value: &str) -> Result<(), Unset>;
    /// Takes a variable out of it.
    fn unexport(&mut self, variable: &str);
    /// Whether it has a variable.
    fn exported(&self, variable: &str) -> bool;
    /// Keeps a secret in this one login, for a later call of libpam.
    fn keep(&mut self, token: &str) -> Result<(), Unset>;
    /// What was kept.
    fn kept(&self) -> Option<Zeroizing<String>>;
    /// Keeps it no longer.
    fn forget(&mut self);
    /// Whether the application's stack calls us in its account phase; else what to do about it.
    fn account_line(&self) -> Result<(), String>;
    /// Shows a text, if the application wants to hear any.
    fn tell(&mut self, text: &str);
    /// Writes a line to the system's log.
    fn log(&self, severity: Severity, text: &str);
}

/// The application behind a PAM handle.
pub(crate) struct Application<'h> {
    handle: &'h mut PamHandle,
}

impl<'h> Application<'h> {
    /// As the handle stands in the call that libpam made.
    pub(crate) fn new(handle: &'h mut PamHandle) -> Self {
        Self { handle }
    }

    fn bytes<'a, T>(&'a self, read: impl Fn(&T) -> &[u8]) -> Vec<u8>
    where
        T: PamItem<'a>,
    {
        match self.handle.get_item::<T>() {
            Ok(Some(item)) => read(&item).to_vec(),
            Ok(None) | Err(_) => Vec::new(),
        }
    }

    fn send(&self, style: PamMessageStyle, text: &str) -> Result<Option<Typed>, PamResultCode> {
        let Some(conversation) = self.handle.get_item::<Conv<'_>>()? else {
            return Err(PamResultCode::PAM_CONV_ERR);
        };
        let answer = conversation.send(style, text)?;
        Ok(answer.map(|answer| Zeroizing::new(answer.as_bytes().to_vec())))
    }
}

impl Host for Application<'_> {
    fn name_user(&mut self) -> Result<(), Silence> {
        match self.handle.get_user(None) {
            // Not UTF-8 is reported as a system error; the item tells.
            Ok(_) | Err(PamResultCode::PAM_SYSTEM_ERR) => Ok(()),
            Err(code) => Err(Silence(format!("the application names no user ({code:?})"))),
        }
    }

    fn item(&self, item: Item) -> Vec<u8> {
        match item {
            Item::User => self.bytes(|item: &User<'_>| item.to_bytes()),
            Item::Service => self.bytes(|item: &Service<'_>| item.to_bytes()),
            Item::Rhost => self.bytes(|item: &RHost<'_>| item.to_bytes()),
            Item::Ruser => self.bytes(|item: &RUser<'_>| item.to_bytes()),
            Item::Tty => self.bytes(|item: &Tty<'_>| item.to_bytes()),
        }
    }

    fn first_pass(&self) -> Option<Typed> {
        let token = self.handle.get_item::<AuthTok<'_>>().ok()??;
        Some(Zeroizing::new(token.as_bytes().to_vec()))
    }

    fn ask(&mut self, prompt: &str, echo: Echo) -> Result<Typed, Silence> {
        let style = match echo {
            Echo::Off => PAM_PROMPT_ECHO_OFF,
            Echo::On => PAM_PROMPT_ECHO_ON,
        };
        match self.send(style, prompt) {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => Err(Silence("the application brought no answer".to_owned())),
            Err(code) => Err(Silence(format!("the application did not ask ({code:?})"))),
        }
    }

    fn hold(&self, until: Deadline) {
        while let Some(left) = until.left() {
            std::thread::sleep(left);
        }
    }

    fn delay_failure(&mut self, by: Duration) {
        // Without it a failure comes at once: nothing that a login could fail for.
        let _ = ffi::delay_failure(self.handle, by);
    }

    fn hand_on(&mut self, password: &Typed) -> Result<(), Unset> {
        let text = terminated(&[password.as_slice()]);
        ffi::set_password(self.handle, c_text(&text)?).map_err(unset)
    }

    fn export(&mut self, variable: &str, value: &str) -> Result<(), Unset> {
        let text = terminated(&[variable.as_bytes(), b"=", value.as_bytes()]);
        ffi::put_env(self.handle, c_text(&text)?).map_err(unset)
    }

    fn unexport(&mut self, variable: &str) {
        let name = terminated(&[variable.as_bytes()]);
        if let Ok(name) = c_text(&name) {
            ffi::drop_env(self.handle, name);
        }
    }

    fn exported(&self, variable: &str) -> bool {
        let name = terminated(&[variable.as_bytes()]);
        c_text(&name).is_ok_and(|name| ffi::has_env(self.handle, name))
    }

    fn keep(&mut self, token: &str) -> Result<(), Unset> {
        ffi::keep(self.handle, Zeroizing::new(token.to_owned())).map_err(unset)
    }

    fn kept(&self) -> Option<Zeroizing<String>> {
        ffi::kept(self.handle).filter(|token| !token.is_empty())
    }

    fn forget(&mut self) {
        // An empty one takes its place. Where that fails, the daemon knows the token no more either.
        let _ = ffi::keep(self.handle, Zeroizing::default());
    }

    fn account_line(&self) -> Result<(), String> {
        let service = String::from_utf8_lossy(&self.item(Item::Service)).into_owned();
        stack::has_account_line(&stack::PLACES, &service)
    }

    fn tell(&mut self, text: &str) {
        // Under PAM_SILENT too: sudo always sets it, and its user is left to guess why a code that
        // the phone still shows is refused. Some applications answer a text with no reply at all,
        // which pam-bindings calls an error. Whether it was shown changes nothing.
        let _ = self.send(PAM_ERROR_MSG, text);
    }

    fn log(&self, severity: Severity, text: &str) {
        let shown = |item| String::from_utf8_lossy(&self.item(item)).into_owned();
        let about = About {
            service: shown(Item::Service),
            user: shown(Item::User),
            rhost: shown(Item::Rhost),
            tty: shown(Item::Tty),
        };
        log::send(log::SOCKET, &log::line(severity, &about, std::process::id(), text));
    }
}

/// The parts as one text for C, made in one piece: growing would leave a copy of it behind.
fn terminated(parts: &[&[u8]]) -> Typed {
    let bytes = parts.iter().map(|part| part.len()).sum::<usize>();
    let mut text = Typed::new(Vec::with_capacity(bytes.saturating_add(1)));
    for part in parts {
        text.extend_from_slice(part);
    }
    text.push(0);
    text
}

fn c_text(text: &Typed) -> Result<&CStr, Unset> {
    CStr::from_bytes_with_nul(text).map_err(|_| Unset("it holds a null byte".to_owned()))
}

#[expect(clippy::needless_pass_by_value, reason = "the shape map_err calls")]
fn unset(code: PamResultCode) -> Unset {
    Unset(format!("{code:?}"))
}
