//! What is odd about a secret or a device, and no reason to refuse it: told to people at once, on
//! standard error, and to programs in the answer, each by a word that stays.

use otp_bus::Caution;
use otp_core::Warning;
use serde::Serialize;

use crate::failure::Failure;
use crate::host::Host;
use crate::session::Format;
use crate::text;

/// A warning, as it is told.
#[derive(Serialize)]
pub(crate) struct Told {
    warning: &'static str,
    message: String,
}

/// Tells people; programs read the answer.
pub(crate) fn tell(warnings: &[Told], host: &mut Host<'_>, format: Format) -> Result<(), Failure> {
    match format {
        Format::Json => Ok(()),
        Format::People => warnings.iter().try_for_each(|told| {
            host.tell(&format!("otpctl: warning: {}\n", text::safe(&told.message)))
        }),
    }
}

impl From<&Warning> for Told {
    fn from(warning: &Warning) -> Self {
        Self { warning: warning.word(), message: warning.to_string() }
    }
}

impl From<Caution> for Told {
    fn from(caution: Caution) -> Self {
        let (warning, message) = match caution {
            Caution::ShortSecret => (
                "short-secret",
                "the secret has fewer than the 16 bytes that RFC 4226 asks for; use a longer one \
                 where you can choose",
            ),
            Caution::ManyDigits => (
                "many-digits",
                "most authenticators do not show codes of more than 8 digits; try this one before \
                 you rely on it",
            ),
            Caution::SecretElsewhere => (
                "secret-elsewhere",
                "another account has a device with this secret, and whoever holds one holds both; \
                 give each its own",
            ),
            Caution::AddressElsewhere => (
                "address-elsewhere",
                "another account has a device with this address, and whoever reads its messages \
                 holds both",
            ),
            Caution::NotSent => (
                "not-sent",
                "the confirming code could not be sent; the logs of otpd and otp-deliver say why, \
                 and `otpctl send` has another sent",
            ),
        };
        Self { warning, message: message.to_owned() }
    }
}
