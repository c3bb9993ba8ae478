//! The end of `enroll`: a code of the new device, asked for until one is right or for as long as
//! it makes sense. However it ends, what is said leads on to the device, which is there.

use otp_bus::Error;

use crate::connect::Connect;
use crate::daemon::Trouble;
use crate::exit::Exit;
use crate::failure::{Failure, Lead};
use crate::input::{Echo, InputError};
use crate::session::Session;
use crate::verbs::confirm;
use crate::{remedy, text};

/// How often a code is asked for: as often as the throttle asks nothing for, and once more.
const TRIES: u32 = 3;

/// Where the code comes from.
#[derive(Clone, Copy)]
pub(super) enum How {
    /// An authenticator shows it.
    Shown,
    /// It was sent.
    Sent,
}

impl How {
    const fn asks(self) -> &'static str {
        match self {
            Self::Shown => {
                "Scan the code or type the secret into an authenticator, then type what it shows.\n"
            }
            Self::Sent => "A code is on its way to the address. Type it.\n",
        }
    }
}

/// Asks for a code of the new device until one is right, or for as long as it makes sense.
pub(super) fn prove<C: Connect>(
    id: &str,
    how: How,
    session: &mut Session<'_, '_, C>,
) -> Result<Exit, Failure> {
    let user = session.subject.name().to_owned();
    session.tell(how.asks())?;
    for _ in 0..TRIES {
        let code = session
            .ask("Code (leave empty to confirm later): ", Echo::Hidden)
            .map_err(|error| unasked(&error, id, session))?;
        if code.trim().is_empty() {
            break;
        }
        let outcome = session.daemon.manage(async |manage| manage.confirm(&user, id, &code).await);
        let trouble = match outcome {
            Ok(device) => {
                session.write(&format!("{}\n", confirm::done(&user, &device.id, &device.label)))?;
                return Ok(Exit::Done);
            }
            Err(trouble) => trouble,
        };
        let again = typed_wrong(&trouble);
        let failure = remedy::failure(trouble, &session.subject, session.verb);
        if !again {
            let next = match failure.lead {
                Lead::Next => format!("{}; {}", failure.next, later(id, session)),
                Lead::Message => later(id, session),
            };
            return Err(Failure { next, lead: Lead::Next, ..failure });
        }
        session.tell(&format!("{}\n", failure.told()))?;
    }
    let message = format!("{id} of {user} is not confirmed: it logs nobody in yet");
    Err(Failure::new(Exit::Refused, "unconfirmed", message, later(id, session)))
}

/// The prompt failed; the device is there all the same.
fn unasked<C>(error: &InputError, id: &str, session: &Session<'_, '_, C>) -> Failure {
    let failure = Failure::input(error, "a code");
    let message = format!("{}; {id} is there, but not confirmed", failure.message);
    Failure { message, next: later(id, session), ..failure }
}

/// Whether another code may do better at once.
const fn typed_wrong(trouble: &Trouble) -> bool {
    matches!(
        trouble,
        Trouble::Answered(Error::WrongCode(_) | Error::UsedCode(_) | Error::InvalidArgument(_))
    )
}

/// How an unconfirmed device is dealt with later.
pub(super) fn later<C>(id: &str, session: &Session<'_, '_, C>) -> String {
    let id = text::shell_word(id);
    let (confirm, remove) = (session.subject.command("confirm"), session.subject.command("remove"));
    text::safe(&format!("confirm it with `{confirm} {id}`, or take it away with `{remove} {id}`"))
}
