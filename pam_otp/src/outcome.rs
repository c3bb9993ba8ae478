//! How an authentication can end, and the one table of what that is called in PAM.
//!
//! It refuses to let anything unknown pass: an answer that contradicts itself, or allows what was
//! not asked for, is no answer.

use otp_bus::{Demand, Outcome, Reason, Verdict};
use pam::constants::PamResultCode;

use crate::args::{BadArgument, Unenrolled};
use crate::client;

/// How a call of libpam ended.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The daemon accepted the code.
    Accepted,
    /// The daemon remembers a code that it accepted before, as a rule says.
    Remembered,
    /// The daemon refused; its log says more than `Reason`.
    Refused(Reason),
    /// The daemon lets pass without a code who has no device, and we may.
    Unenrolled,
    /// A rule of the administrator lets pass without a code.
    Exempt,
    /// There is no answer of the daemon to go by.
    Undecided(client::Error),
    /// The daemon's answer contradicts itself or our question.
    Absurd(String),
    /// The application did not put the question, or brought no answer.
    NoAnswer(String),
    /// What the application says of the login cannot be: a name out of bounds, or another than
    /// before.
    BadLogin(String),
    /// Who was to enroll did not wish to.
    Declined,
    /// Who is to enroll cannot.
    Unenrollable(String),
    /// A device was proved, but libpam did not take what makes it count later.
    NotKept(String),
    /// The account phase did not make a device count that was proved in this login.
    Unsettled,
    /// The code was accepted, but libpam did not take the password that stood before it.
    NotHandedOn(String),
    /// The administrator wrote something that is not to be followed.
    BadArgument(BadArgument),
    /// The host has not memory enough to begin.
    NoMemory,
    /// A fault of ours.
    Panicked(String),
    /// `pam_setcred`: there are none to set, and that is no failure.
    Credentials,
    /// Account and password management are not ours, and a session goes on whatever we know of it.
    NotOurs,
}

impl Ending {
    /// The table: what each ending is called in PAM.
    pub(crate) fn code(&self) -> PamResultCode {
        match self {
            Self::Accepted | Self::Remembered | Self::Credentials => PamResultCode::PAM_SUCCESS,
            Self::Unenrolled | Self::Exempt | Self::NotOurs => PamResultCode::PAM_IGNORE,
            Self::Refused(_) | Self::BadLogin(_) | Self::Declined | Self::Unenrollable(_) => {
                PamResultCode::PAM_AUTH_ERR
            }
            Self::Unsettled => PamResultCode::PAM_CRED_ERR,
            Self::Undecided(error) => match error {
                client::Error::Refused => PamResultCode::PAM_AUTH_ERR,
                client::Error::NotAllowed | client::Error::Undelivered(_) => {
                    PamResultCode::PAM_PERM_DENIED
                }
                client::Error::Unreachable(_)
                | client::Error::Late { .. }
                | client::Error::Broken { .. }
                | client::Error::Distrusted(_)
                | client::Error::NotUnderstood { .. }
                | client::Error::Unable(_) => PamResultCode::PAM_AUTHINFO_UNAVAIL,
            },
            Self::Absurd(_) | Self::NotHandedOn(_) | Self::NotKept(_) | Self::NoMemory => {
                PamResultCode::PAM_AUTHINFO_UNAVAIL
            }
            Self::NoAnswer(_) => PamResultCode::PAM_CONV_ERR,
            Self::BadArgument(_) => PamResultCode::PAM_SERVICE_ERR,
            Self::Panicked(_) => PamResultCode::PAM_ABORT,
        }
    }

    /// What the log must hear from us. Nothing where the login goes on, and nothing where the
    /// daemon decided: it has written its own line.
    pub(crate) fn cause(&self) -> Option<String> {
        match self {
            Self::Accepted
            | Self::Remembered
            | Self::Refused(_)
            | Self::Unenrolled
            | Self::Exempt
            | Self::Undecided(client::Error::Refused | client::Error::NotAllowed)
            | Self::Declined
            | Self::Credentials
            | Self::NotOurs => None,
            Self::Undecided(error) => Some(error.to_string()),
            Self::Absurd(what) => Some(format!(
                "otpd gave an answer that cannot be ({what}); see whether otpd and pam_otp are of \
                 one version"
            )),
            Self::NoAnswer(why) => Some(format!("no code to check: {why}")),
            Self::BadLogin(why) => Some(why.clone()),
            Self::Unenrollable(why) => Some(format!("refused: {why}")),
            Self::NotKept(why) => {
                Some(format!("a new device was proved, but cannot count: {why}; log in again"))
            }
            Self::Unsettled => Some(
                "refused: a device was enrolled in this login that does not count, as the account \
                 line of pam_otp did not run; put it where no other line skips it"
                    .to_owned(),
            ),
            Self::NotHandedOn(why) => Some(format!(
                "the code was accepted, but the next module cannot get the password: {why}; log in \
                 again"
            )),
            Self::BadArgument(bad) => Some(bad.to_string()),
            Self::NoMemory => Some(
                "no memory for a login; raise the limits of this service, or free some".to_owned(),
            ),
            Self::Panicked(text) => {
                Some(format!("a fault in pam_otp: {text}; please report it with this line"))
            }
        }
    }

    /// What a demand to pass without a code ends in: we must have offered it.
    pub(crate) fn unenrolled(said: Unenrolled) -> Self {
        match said {
            Unenrolled::MayPass => Self::Unenrolled,
            Unenrolled::Refuse => Self::Absurd("unenrolled may pass, without nullok".to_owned()),
        }
    }

    /// What a verdict ends in.
    pub(crate) fn of(verdict: &Verdict) -> Self {
        match (verdict.outcome, verdict.reason) {
            (Outcome::Accepted, Reason::Matched) => Self::Accepted,
            (
                Outcome::Refused,
                reason @ (Reason::Wrong
                | Reason::Used
                | Reason::Malformed
                | Reason::Throttled
                | Reason::Locked
                | Reason::NotEnrolled
                | Reason::UnknownUser
                | Reason::UidMismatch
                | Reason::UnknownDevice
                | Reason::Sent
                | Reason::NotSent
                | Reason::Denied),
            ) => Self::Refused(reason),
            (outcome @ (Outcome::Accepted | Outcome::Refused), reason) => {
                Self::Absurd(format!("{outcome:?} because of {reason:?}"))
            }
        }
    }
}

/// A step of the walk, for `debug`.
pub(crate) fn described(demand: Demand) -> &'static str {
    match demand {
        Demand::Ask => "otpd demands a code",
        Demand::Remembered => "otpd lets pass without a code: it remembers one, as a rule says",
        Demand::Enroll => "otpd demands that a device is enrolled",
        Demand::EnrollInvited => "otpd demands that a device is enrolled by an invitation",
        Demand::Offer => "otpd offers to enroll a device",
        Demand::OfferInvited => "otpd offers to enroll a device by an invitation",
        Demand::Exempt => "otpd lets pass without a code: a rule says so",
        Demand::Unenrolled => "otpd lets pass without a code: no confirmed device, and nullok",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_reaches_the_daemon_has_its_code_and_its_line() {
        let bad = crate::args::Arguments::parse(&[c"nope"]).unwrap_err();
        let panicked = Ending::Panicked("index out of bounds".to_owned());
        for (ending, code, logged) in [
            (Ending::BadArgument(bad), PamResultCode::PAM_SERVICE_ERR, true),
            (panicked, PamResultCode::PAM_ABORT, true),
            (Ending::NoAnswer("x".to_owned()), PamResultCode::PAM_CONV_ERR, true),
            (Ending::NoMemory, PamResultCode::PAM_AUTHINFO_UNAVAIL, true),
            (Ending::NotHandedOn("x".to_owned()), PamResultCode::PAM_AUTHINFO_UNAVAIL, true),
            (Ending::Declined, PamResultCode::PAM_AUTH_ERR, false),
            (Ending::Unenrollable("x".to_owned()), PamResultCode::PAM_AUTH_ERR, true),
            (Ending::NotKept("x".to_owned()), PamResultCode::PAM_AUTHINFO_UNAVAIL, true),
            (Ending::Unsettled, PamResultCode::PAM_CRED_ERR, true),
            (Ending::Credentials, PamResultCode::PAM_SUCCESS, false),
            (Ending::NotOurs, PamResultCode::PAM_IGNORE, false),
        ] {
            assert_eq!(ending.cause().is_some(), logged, "{ending:?}");
            assert_eq!(ending.code(), code, "{ending:?}");
        }
    }

    #[test]
    fn one_verdict_is_success_and_none_is_ignore() {
        // Whoever adds a way to either must come by here.
        let verdicts = [Outcome::Accepted, Outcome::Refused];
        let reasons = [
            Reason::Matched,
            Reason::Wrong,
            Reason::Used,
            Reason::Malformed,
            Reason::Throttled,
            Reason::Locked,
            Reason::NotEnrolled,
            Reason::UnknownUser,
            Reason::UidMismatch,
            Reason::UnknownDevice,
            Reason::Sent,
            Reason::NotSent,
            Reason::Denied,
        ];
        let (mut success, mut ignore) = (0, 0);
        for outcome in verdicts {
            for reason in reasons {
                let verdict = Verdict {
                    outcome,
                    reason,
                    device: String::new(),
                    label: String::new(),
                    wait: 0,
                    details: otp_bus::Details::default(),
                };
                let code = Ending::of(&verdict).code();
                success += usize::from(code == PamResultCode::PAM_SUCCESS);
                ignore += usize::from(code == PamResultCode::PAM_IGNORE);
            }
        }
        assert_eq!((success, ignore), (1, 0));
    }
}
