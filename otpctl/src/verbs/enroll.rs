//! `enroll`: adds a device, shows its secret once, and has it confirmed at once where somebody can
//! be asked. It refuses a secret in an argument, and to prompt where a program reads the answer.

mod address;
mod prove;

use otp_bus::{Enrolment, NewDevice, Warrant};
use otp_core::{Digits, Warning, device::KindState};
use serde::Serialize;
use zeroize::{Zeroize, Zeroizing};

use crate::connect::Connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::form::{Form, Given};
use crate::qr::{self, Drawing, When};
use crate::session::{Format, Session};
use crate::warn::{self, Told};
use crate::{secret, text};
use address::Address;

/// What `enroll` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Enroll {
    #[command(flatten)]
    options: Options,

    /// By an invitation in place of a code: asked for at the terminal, or the first line of a pipe
    #[arg(long)]
    invitation: bool,
}

/// What a new device is to be.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// What to call the device [default: its kind]
    #[arg(long)]
    label: Option<String>,

    #[command(flatten)]
    form: Form,

    #[command(flatten)]
    address: Address,

    /// The name of this place that an authenticator shows [default: otpd's own]
    #[arg(long, value_name = "NAME")]
    issuer: Option<String>,

    /// Take a secret that exists, from the terminal or as one line from a pipe
    ///
    /// Base32, in either case, with or without spaces, hyphens and padding; hexadecimal after
    /// "hex:"; base64 after "base64:"; or a whole otpauth:// URI, which then says kind, algorithm,
    /// digits, period, counter and issuer. Left out, otpd makes one as long as its hash.
    #[arg(long, value_name = "-")]
    secret: Option<String>,

    /// Do not ask for a code; the device waits for `otpctl confirm`
    #[arg(long)]
    no_confirm: bool,

    /// Whether to draw a QR code
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = When::Auto)]
    qr: When,
}

/// The answer in JSON. `uri` and `secret` are secret, and told this once.
#[derive(Serialize)]
struct Record<'a> {
    user: &'a str,
    device: &'a str,
    uri: &'a str,
    secret: &'a str,
    confirmed: bool,
    warnings: Vec<Told>,
}

/// A device to ask for, and what was odd in reading it.
struct Wanted {
    device: NewDevice,
    warnings: Vec<Told>,
}

impl Options {
    /// Whether they say what to call the device.
    pub(crate) const fn names_it(&self) -> bool {
        self.label.is_some()
    }
}

/// Enrolls a device.
pub(crate) fn run<C: Connect>(
    Enroll { options, invitation }: Enroll,
    session: &mut Session<'_, '_, C>,
) -> Result<Exit, Failure> {
    let shown = if invitation { Shown::Invitation(asked(session)?) } else { Shown::WhatIsAskedFor };
    make(options, None, &shown, session)
}

/// What is shown with a new device.
pub(crate) enum Shown {
    /// A code, where the daemon wants one.
    WhatIsAskedFor,
    /// An invitation.
    Invitation(Zeroizing<String>),
}

fn asked<C: Connect>(session: &mut Session<'_, '_, C>) -> Result<Zeroizing<String>, Failure> {
    let typed = session.hidden("Invitation: ", "an invitation")?;
    if typed.trim().is_empty() {
        let next = "run it again and type the invitation that an administrator gave you";
        return Err(Failure::usage("no invitation was typed", next));
    }
    Ok(typed)
}

/// Makes a device, in the place of another where one is named.
pub(crate) fn make<C: Connect>(
    options: Options,
    replaces: Option<String>,
    shown: &Shown,
    session: &mut Session<'_, '_, C>,
) -> Result<Exit, Failure> {
    let (qr, no_confirm) = (options.qr, options.no_confirm);
    let Wanted { device, warnings } = wanted(options, session)?;
    let mut device = NewDevice { replaces, ..device };
    let user = session.subject.name().to_owned();
    let enrolment = match shown {
        Shown::WhatIsAskedFor => {
            session.change(&async |manage, warrant| manage.enroll(&user, warrant, &device).await)
        }
        Shown::Invitation(token) => {
            let mut warrant = Warrant { invitation: Some(token.to_string()), ..Warrant::default() };
            let done = session.manage(async |manage| manage.enroll(&user, &warrant, &device).await);
            warrant.invitation.zeroize();
            done
        }
    };
    device.secret.zeroize();
    let enrolment = Secrets(enrolment?);
    show(&enrolment.0, qr, warnings, session)
        .map_err(|failure| unseen(failure, &enrolment.0, session))?;
    if session.format == Format::Json {
        return Ok(Exit::Done);
    }
    if no_confirm || !session.interactive() {
        session.write(&format!("{}\n", prove::later(&enrolment.0.device, session)))?;
        return Ok(Exit::Done);
    }
    let how = if enrolment.0.uri.is_empty() { prove::How::Sent } else { prove::How::Shown };
    prove::prove(&enrolment.0.device, how, session)
}

/// Reads the options, and the secret if one exists, into what the daemon is asked for.
fn wanted<C: Connect>(
    options: Options,
    session: &mut Session<'_, '_, C>,
) -> Result<Wanted, Failure> {
    let Options { form, address, label, issuer, secret: dash, .. } = options;
    let named = NewDevice { label, issuer, ..NewDevice::default() };
    if address.is_meant(&form, dash.is_some())? {
        let device = address.device(named, session)?;
        return Ok(Wanted { device, warnings: Vec::new() });
    }
    form.check()?;
    match dash {
        None => Ok(Wanted { device: made(form, named), warnings: Vec::new() }),
        Some(dash) if dash == "-" => {
            let given = form.with(secret::ask(session.host)?)?;
            let of_text = given.warnings.iter().filter(|warning| is_of_text(warning));
            let warnings: Vec<Told> = of_text.map(Told::from).collect();
            warn::tell(&warnings, session.host, session.format)?;
            Ok(Wanted { device: taken(&given, named), warnings })
        }
        Some(given) => {
            Err(secret::seen(vec![given], "`--secret -` asks for it, or reads it from a pipe"))
        }
    }
}

/// A device whose secret the daemon makes; what is not said is the daemon's to choose.
fn made(form: Form, named: NewDevice) -> NewDevice {
    NewDevice {
        kind: form.kind().word().to_owned(),
        algorithm: form.algorithm.map(|algorithm| algorithm.of_core().to_string()),
        digits: form.digits,
        period: form.period,
        counter: form.counter,
        ..named
    }
}

/// A device that exists. A URI's issuer gives way to the one on the command line.
fn taken(given: &Given, named: NewDevice) -> NewDevice {
    let Given { secret, state, issuer, warnings: _ } = given;
    let (period, counter) = match state {
        KindState::Totp(state) => (Some(state.period.as_secs()), None),
        KindState::Hotp(state) => (None, Some(state.next.0)),
        KindState::Recovery(_) | KindState::Message(_) => (None, None),
    };
    NewDevice {
        kind: state.kind().to_owned(),
        algorithm: state.algorithm().map(|algorithm| algorithm.to_string()),
        digits: state.digits().map(Digits::count),
        period,
        counter,
        secret: Some(secret.expose().to_vec()),
        issuer: named.issuer.or_else(|| issuer.clone()),
        ..named
    }
}

/// Whether a warning is about the text that was read. What is odd about the device, the daemon says.
const fn is_of_text(warning: &Warning) -> bool {
    match warning {
        Warning::Corrected(_) | Warning::UnknownParameter { .. } => true,
        Warning::ShortSecret(_) | Warning::ManyDigits(_) => false,
    }
}

/// Shows what must be carried over to an authenticator.
fn show<C: Connect>(
    enrolment: &Enrolment,
    qr: When,
    mut warnings: Vec<Told>,
    session: &mut Session<'_, '_, C>,
) -> Result<(), Failure> {
    let cautions: Vec<Told> = enrolment.warnings.iter().copied().map(Told::from).collect();
    warn::tell(&cautions, session.host, session.format)?;
    warnings.extend(cautions);
    let user = session.subject.name().to_owned();
    if session.format == Format::Json {
        let record = Record {
            user: &user,
            device: &enrolment.device,
            uri: &enrolment.uri,
            secret: &enrolment.secret,
            confirmed: false,
            warnings,
        };
        return session.answer(&record, String::new);
    }
    if enrolment.uri.is_empty() {
        let (device, user) = (text::safe(&enrolment.device), text::safe(&user));
        return session.write(&format!("{device} for {user}, not confirmed yet\n"));
    }
    let drawing = match qr::draw(&enrolment.uri, qr, session.host.screen) {
        Ok(Drawing::Drawn(lines)) => Zeroizing::new(format!("{lines}\n")),
        Ok(Drawing::None) => Zeroizing::default(),
        Ok(Drawing::TooNarrow(columns)) => Zeroizing::new(format!(
            "(A QR code needs a terminal of {columns} columns; this one is narrower.)\n\n"
        )),
        Err(error) => {
            Zeroizing::new(format!("(No QR code: {error}. Type the secret instead.)\n\n"))
        }
    };
    let text = Zeroizing::new(format!(
        "{} for {}, not confirmed yet\n\n{}{}\nsecret  {}\n\n",
        text::safe(&enrolment.device),
        text::safe(&user),
        *drawing,
        text::safe(&enrolment.uri),
        text::in_fours(&text::safe(&enrolment.secret)),
    ));
    session.write(&text)
}

/// The device is there, and nobody has seen its secret.
fn unseen<C>(failure: Failure, enrolment: &Enrolment, session: &Session<'_, '_, C>) -> Failure {
    let remove = session.subject.command("remove");
    let id = text::shell_word(&enrolment.device);
    let next = format!("nobody saw the secret: `{remove} {id} --yes`, then enroll again");
    Failure { next, ..failure }
}

/// What the daemon told once, wiped when it has been shown.
struct Secrets(Enrolment);

impl Drop for Secrets {
    fn drop(&mut self) {
        self.0.uri.zeroize();
        self.0.secret.zeroize();
    }
}
