//! A secret that exists already, in any of the forms that the core reads, or the `otpauth://` URI
//! of a whole device. It refuses one in an argument, and never repeats one in an error.

use otp_core::SecretText;
use zeroize::Zeroizing;

use crate::exit::Exit;
use crate::failure::{Failure, Lead};
use crate::host::Host;

/// What people are asked for.
const PROMPT: &str = "Secret or otpauth URI: ";

/// The next step, for programs; people find it in the message.
const FORMS: &str = "pipe in or type base32, hex:..., base64:..., or the whole otpauth:// URI";

/// Asks for a secret at the terminal, or reads it as one line of a pipe.
pub(crate) fn ask(host: &mut Host<'_>) -> Result<SecretText, Failure> {
    let line = host.hidden(PROMPT, "a secret")?;
    SecretText::read(&line).map_err(|error| Failure {
        lead: Lead::Message,
        ..Failure::new(Exit::Usage, "usage", error.to_string(), FORMS)
    })
}

/// What is said to somebody who wrote a secret where every user can read it.
pub(crate) fn seen(given: Vec<String>, again: &str) -> Failure {
    drop(given.into_iter().map(Zeroizing::new).collect::<Vec<_>>());
    Failure::usage(
        "a secret is not taken from an argument, where every user can read it",
        format!("{again}; better make a new one, this one was seen"),
    )
}
