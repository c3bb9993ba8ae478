//! `enroll`: adds a device, shows its secret once, and has it confirmed at once where somebody can
//! be asked. It refuses a secret in an argument, and to prompt where a program reads the answer.

mod prove;

use otp_bus::{Enrolment, NewDevice};
use serde::Serialize;
use zeroize::{Zeroize, Zeroizing};

use crate::connect::Connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::qr::{self, Drawing, When};
use crate::session::{Format, Session};
use crate::{secret, text};

/// What `enroll` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// By time (totp) or by counter (hotp)
    #[arg(long, value_enum, default_value_t = Kind::Totp)]
    kind: Kind,

    /// What to call the device [default: its kind]
    #[arg(long)]
    label: Option<String>,

    /// Hash of its codes [default: sha1, which every authenticator knows]
    #[arg(long, value_enum)]
    algorithm: Option<Algorithm>,

    /// Digits of a code [default: 6]
    #[arg(long, value_parser = clap::value_parser!(u32).range(6..=10))]
    digits: Option<u32>,

    /// Seconds that a code is shown, for totp [default: 30]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(15..=120))]
    period: Option<u32>,

    /// The next counter, for hotp [default: 0]
    #[arg(long, value_name = "NUMBER")]
    counter: Option<u64>,

    /// The name of this place that an authenticator shows [default: otpd's own]
    #[arg(long, value_name = "NAME")]
    issuer: Option<String>,

    /// Take a secret that exists, from the terminal or as one line from a pipe
    ///
    /// Base32, in either case, with or without spaces, hyphens and padding; or hexadecimal after
    /// "hex:". Left out, otpd makes one of 20 random bytes.
    #[arg(long, value_name = "-")]
    secret: Option<String>,

    /// Do not ask for a code; the device waits for `otpctl confirm`
    #[arg(long)]
    no_confirm: bool,

    /// Whether to draw a QR code
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = When::Auto)]
    qr: When,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    Totp,
    Hotp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Algorithm {
    Sha1,
    Sha256,
    Sha512,
}

/// The answer in JSON. `uri` and `secret` are secret, and told this once.
#[derive(Serialize)]
struct Record<'a> {
    user: &'a str,
    device: &'a str,
    uri: &'a str,
    secret: &'a str,
    confirmed: bool,
}

impl Options {
    /// Whether they say what to call the device.
    pub(crate) const fn names_it(&self) -> bool {
        self.label.is_some()
    }
}

/// Enrolls a device.
pub(crate) fn run<C: Connect>(
    options: Options,
    session: &mut Session<'_, '_, C>,
) -> Result<Exit, Failure> {
    make(options, None, session)
}

/// Makes a device, in the place of another where one is named.
pub(crate) fn make<C: Connect>(
    options: Options,
    replaces: Option<String>,
    session: &mut Session<'_, '_, C>,
) -> Result<Exit, Failure> {
    let (qr, no_confirm) = (options.qr, options.no_confirm);
    let mut device = NewDevice { replaces, ..wanted(options, session)? };
    let user = session.subject.name().to_owned();
    let enrolment =
        session.change(&async |manage, warrant| manage.enroll(&user, warrant, &device).await);
    device.secret.zeroize();
    let enrolment = Secrets(enrolment?);
    show(&enrolment.0, qr, session).map_err(|failure| unseen(failure, &enrolment.0, session))?;
    if session.format == Format::Json {
        return Ok(Exit::Done);
    }
    if no_confirm || !session.interactive() {
        session.write(&format!("{}\n", prove::later(&enrolment.0.device, session)))?;
        return Ok(Exit::Done);
    }
    prove::prove(&enrolment.0.device, session)
}

/// Reads the options, and the secret if one exists, into what the daemon is asked for.
fn wanted<C: Connect>(
    options: Options,
    session: &mut Session<'_, '_, C>,
) -> Result<NewDevice, Failure> {
    let misfit = match options.kind {
        Kind::Totp => options.counter.map(|_| "a totp device has no counter"),
        Kind::Hotp => options.period.map(|_| "a hotp device has no period"),
    };
    if let Some(misfit) = misfit {
        return Err(Failure::usage(misfit, "leave the option away, or choose the other --kind"));
    }
    let secret = match options.secret {
        None => None,
        Some(dash) if dash == "-" => {
            let line = session.hidden("Secret: ", "a secret")?;
            Some(secret::parse(&line)?.to_vec())
        }
        Some(given) => {
            drop(Zeroizing::new(given));
            return Err(Failure::usage(
                "a secret is not taken from an argument, where every user can read it",
                "`--secret -` asks for it, or reads it from a pipe; better make a new one, this one was seen",
            ));
        }
    };
    Ok(NewDevice {
        kind: options.kind.word().to_owned(),
        label: options.label,
        algorithm: options.algorithm.map(|algorithm| algorithm.word().to_owned()),
        digits: options.digits,
        period: options.period,
        counter: options.counter,
        secret,
        issuer: options.issuer,
        replaces: None,
    })
}

/// Shows what must be carried over to an authenticator.
fn show<C: Connect>(
    enrolment: &Enrolment,
    qr: When,
    session: &mut Session<'_, '_, C>,
) -> Result<(), Failure> {
    let user = session.subject.name().to_owned();
    if session.format == Format::Json {
        let record = Record {
            user: &user,
            device: &enrolment.device,
            uri: &enrolment.uri,
            secret: &enrolment.secret,
            confirmed: false,
        };
        return session.answer(&record, String::new);
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

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Hotp => "hotp",
        }
    }
}

impl Algorithm {
    const fn word(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }
}

/// What the daemon told once, wiped when it has been shown.
struct Secrets(Enrolment);

impl Drop for Secrets {
    fn drop(&mut self) {
        self.0.uri.zeroize();
        self.0.secret.zeroize();
    }
}
