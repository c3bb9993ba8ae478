//! How a device makes its codes: options that `enroll` and `code` share, and the device that a
//! secret and these options, or a URI without them, make. It refuses options that the other kind
//! has, and any beside a URI: one of the two would be passed over in silence.

use otp_core::device::{HotpState, KindState, MessageState, TotpState};
use otp_core::{Counter, Digits, Otpauth, Period, Secret, SecretText, Warning};

use crate::failure::Failure;

/// The options.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Form {
    /// By time (totp), by counter (hotp), or sent (message) [default: totp]
    #[arg(long, value_enum)]
    pub(crate) kind: Option<Kind>,

    /// Hash of its codes [default: sha1, which every authenticator knows]
    #[arg(long, value_enum)]
    pub(crate) algorithm: Option<Algorithm>,

    /// Digits of a code [default: 6]
    #[arg(long, value_parser = clap::value_parser!(u32).range(6..=10))]
    pub(crate) digits: Option<u32>,

    /// Seconds that a code is shown, for totp [default: 30]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(15..=120))]
    pub(crate) period: Option<u32>,

    /// The next counter, for hotp [default: 0]
    #[arg(long, value_name = "NUMBER")]
    pub(crate) counter: Option<u64>,
}

/// What makes codes of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    Totp,
    Hotp,
    Message,
}

/// A hash, by its name on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Algorithm {
    Sha1,
    Sha256,
    Sha512,
}

/// A secret and how codes are made of it.
pub(crate) struct Given {
    pub(crate) secret: Secret,
    pub(crate) state: KindState,
    /// Whose service it is for, as a URI says.
    pub(crate) issuer: Option<String>,
    pub(crate) warnings: Vec<Warning>,
}

impl Form {
    /// The kind that is meant.
    pub(crate) fn kind(&self) -> Kind {
        self.kind.unwrap_or(Kind::Totp)
    }

    /// Refuses options that the kind does not have.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let misfit = match self.kind() {
            Kind::Totp => self.counter.map(|_| "a totp device has no counter"),
            Kind::Hotp => self.period.map(|_| "a hotp device has no period"),
            Kind::Message => Some("codes that are sent are made of no secret"),
        };
        misfit.map_or(Ok(()), |misfit| {
            Err(Failure::usage(misfit, "leave the option away, or choose the other --kind"))
        })
    }

    /// What a secret and these options are together, or a URI by itself.
    pub(crate) fn with(&self, text: SecretText) -> Result<Given, Failure> {
        match text {
            SecretText::Plain(secret, mut warnings) => {
                warnings.extend(Warning::of_digits(self.digits()?));
                Ok(Given { secret, state: self.state()?, issuer: None, warnings })
            }
            SecretText::Uri(Otpauth { state, secret, issuer, account: _, warnings }) => {
                self.refuse_any()?;
                Ok(Given { secret, state, issuer, warnings })
            }
        }
    }

    fn state(&self) -> Result<KindState, Failure> {
        self.check()?;
        let algorithm = self.algorithm.map(Algorithm::of_core).unwrap_or_default();
        let digits = self.digits()?;
        match self.kind() {
            Kind::Totp => {
                let period = self.period.map(Period::try_from).transpose().map_err(unfit)?;
                let period = period.unwrap_or_default();
                Ok(KindState::Totp(TotpState::new(algorithm, digits, period)))
            }
            Kind::Hotp | Kind::Message => {
                let counter = Counter(self.counter.unwrap_or(0));
                Ok(KindState::Hotp(HotpState::new(algorithm, digits, counter)))
            }
        }
    }

    fn digits(&self) -> Result<Digits, Failure> {
        self.digits.map_or(Ok(Digits::default()), |count| Digits::try_from(count).map_err(unfit))
    }

    fn refuse_any(&self) -> Result<(), Failure> {
        let given = [
            self.kind.map(|_| "--kind"),
            self.algorithm.map(|_| "--algorithm"),
            self.digits.map(|_| "--digits"),
            self.period.map(|_| "--period"),
            self.counter.map(|_| "--counter"),
        ];
        given.into_iter().flatten().next().map_or(Ok(()), |option| {
            let message = format!("the URI says all about the device, and {option} says it again");
            Err(Failure::usage(message, format!("leave {option} away, or give the secret alone")))
        })
    }
}

/// The bounds of the options are those of the core; were they not, this would say so.
fn unfit(error: impl std::fmt::Display) -> Failure {
    Failure::usage(error.to_string(), "choose another value")
}

impl Kind {
    /// The word on the bus.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Totp => TotpState::KIND,
            Self::Hotp => HotpState::KIND,
            Self::Message => MessageState::KIND,
        }
    }
}

impl Algorithm {
    /// The algorithm of that name.
    pub(crate) const fn of_core(self) -> otp_core::Algorithm {
        match self {
            Self::Sha1 => otp_core::Algorithm::Sha1,
            Self::Sha256 => otp_core::Algorithm::Sha256,
            Self::Sha512 => otp_core::Algorithm::Sha512,
        }
    }
}
