//! Who wants in, as the application tells it, within the contract's bounds.
//!
//! It refuses a name that nobody can have, and one that is another than before.

use otp_bus::names::{MAX_FIELD_BYTES, MAX_USER_BYTES};
use otp_bus::{Hint, Login};

use crate::args::Unenrolled;
use crate::host::{Host, Item};
use crate::outcome::Ending;

/// Who wants in, as far as that can be.
pub(super) fn read(host: &mut impl Host, unenrolled: Unenrolled) -> Result<Login, Ending> {
    host.name_user()?;
    let hints = match unenrolled {
        Unenrolled::MayPass => vec![Hint::Nullok],
        Unenrolled::Refuse => Vec::new(),
    };
    Ok(Login {
        user: user(host.item(Item::User))?,
        service: field(host, Item::Service)?,
        rhost: field(host, Item::Rhost)?,
        ruser: field(host, Item::Ruser)?,
        tty: field(host, Item::Tty)?,
        hints,
    })
}

/// Refuses a user who became another. Whatever the application was called for, a question or a
/// text, it had the chance.
pub(super) fn same_user(host: &impl Host, login: &Login) -> Result<(), Ending> {
    if host.item(Item::User) == login.user.as_bytes() {
        return Ok(());
    }
    let why = "refused: the application changed the user's name behind the prompt";
    Err(Ending::BadLogin(why.to_owned()))
}

/// What is not UTF-8 in an item loses only those bytes: a rule that names it cannot match.
fn field(host: &impl Host, item: Item) -> Result<String, Ending> {
    let text = String::from_utf8_lossy(&host.item(item)).into_owned();
    if text.len() <= MAX_FIELD_BYTES {
        return Ok(text);
    }
    Err(Ending::BadLogin(format!(
        "refused: the application's {item:?} is longer than {MAX_FIELD_BYTES} bytes"
    )))
}

/// A user's name, within the contract's bounds. Nobody can have another, so refusing it early
/// tells strangers nothing.
fn user(name: Vec<u8>) -> Result<String, Ending> {
    let refused = |why: &str| Err(Ending::BadLogin(format!("refused: the user's name {why}")));
    let Ok(name) = String::from_utf8(name) else { return refused("is not UTF-8") };
    if name.is_empty() {
        return refused("is empty");
    }
    if name.len() > MAX_USER_BYTES {
        return refused("is longer than 256 bytes");
    }
    if name.chars().any(|c| c.is_control() || c == '/' || c == ':') {
        return refused("has a control character, / or :");
    }
    Ok(name)
}
