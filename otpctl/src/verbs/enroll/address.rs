//! An address in place of a secret: what is asked for, and what is refused beside it.

use otp_bus::NewDevice;

use crate::connect::Connect;
use crate::failure::Failure;
use crate::form::{Form, Kind};
use crate::input::Echo;
use crate::session::Session;

/// The options of a device that is an address.
#[derive(Debug, clap::Args)]
pub(crate) struct Address {
    /// The configured channel by which codes are sent, for a message
    #[arg(long, value_name = "NAME")]
    channel: Option<String>,

    /// The telephone number or mailbox, for a message; - asks for it
    ///
    /// It is asked for at the terminal, or read as one line from a pipe, where it is left out too.
    /// It is personal: other users can read arguments while otpctl runs.
    #[arg(long, value_name = "ADDRESS", allow_hyphen_values = true)]
    address: Option<String>,
}

impl Address {
    /// Whether an address is meant. It has no secret, and codes of one shape.
    pub(super) fn is_meant(&self, form: &Form, secret: bool) -> Result<bool, Failure> {
        let said = self.channel.is_some() || self.address.is_some();
        match form.kind {
            Some(Kind::Message) => {
                let of_codes = secret
                    || form.algorithm.is_some()
                    || form.digits.is_some()
                    || form.period.is_some()
                    || form.counter.is_some();
                if of_codes {
                    let message = "a message has no secret, hash, digits, period or counter";
                    return Err(Failure::usage(message, "leave the option away"));
                }
                Ok(true)
            }
            None | Some(Kind::Totp | Kind::Hotp) if said => {
                let message = "a channel and an address are a message's";
                Err(Failure::usage(message, "add --kind message, or leave them away"))
            }
            None | Some(Kind::Totp | Kind::Hotp) => Ok(false),
        }
    }

    /// The device to ask for.
    pub(super) fn device<C: Connect>(
        self,
        named: NewDevice,
        session: &mut Session<'_, '_, C>,
    ) -> Result<NewDevice, Failure> {
        let Some(channel) = self.channel else {
            let message = "a message needs a channel";
            return Err(Failure::usage(message, "name one: --channel NAME, as in otpd.toml"));
        };
        let address = match self.address.filter(|address| address != "-") {
            Some(address) => address,
            None if session.interactive() => {
                let typed = session.ask("Telephone number or e-mail address: ", Echo::Shown);
                typed.map_err(|error| Failure::input(&error, "an address"))?.to_string()
            }
            None => session.hidden("", "an address")?.to_string(),
        };
        let (channel, address) = (Some(channel), Some(address));
        Ok(NewDevice { kind: Kind::Message.word().to_owned(), channel, address, ..named })
    }
}
