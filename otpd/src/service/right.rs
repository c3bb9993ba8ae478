//! By what right a change is asked for: what the caller showed with it, against what it has to show.

use otp_bus::{Error, Warrant};
use otp_core::{Entry, First, InvitationToken, Origin};
use zeroize::Zeroizing;

use super::{
    Call, Refused, Services,
    wanted::{invalid, malformed},
};
use crate::{
    config::Switch,
    engine::{Asked, Right},
};

/// What a caller has to show with a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Permit {
    /// Nothing: it may anyway.
    Standing,
    /// A fresh code of the account.
    Code,
    /// For a new device: a code, an invitation, or nothing where a first one is left to users.
    Device,
    /// For a new device an invitation alone: to enroll is not left to users, but whoever may invite
    /// one has decided for this one.
    Invitation,
}

impl Services {
    /// The right by which a change is made. More than one thing shown is a mistake of the caller's.
    pub(super) fn asked(&self, call: &Call, warrant: Warrant) -> Result<Asked, Refused> {
        let Warrant { code, invitation } = warrant;
        let (code, invitation) = (code.map(Zeroizing::new), invitation.map(Zeroizing::new));
        let right = match (call.permit, code, invitation) {
            (Permit::Standing, None, None) => Right::Standing,
            (Permit::Standing, ..) => {
                return Err(invalid("you need no code for that; leave it out").into());
            }
            (Permit::Code | Permit::Device, Some(code), None) => {
                let entry = Entry::parse(&code).map_err(malformed)?;
                Right::Code(self.engine.offer(entry)?)
            }
            (Permit::Device | Permit::Invitation, None, Some(token)) => self.invitation(&token)?,
            (Permit::Device, None, None) => Right::Session(self.first()),
            (Permit::Code, None, None) => {
                let text = "a change of your own devices needs a code of one of them; type one";
                return Err(Error::CodeNeeded(text.to_owned()).into());
            }
            (Permit::Code, _, Some(_)) => {
                return Err(invalid("an invitation is for a new device; show a code").into());
            }
            (Permit::Device, Some(_), Some(_)) => {
                return Err(invalid("show a code or an invitation, not both").into());
            }
            (Permit::Invitation, _, None) | (Permit::Invitation, Some(_), Some(_)) => {
                let text = "users enroll by an administrator's invitation here; ask for one";
                return Err(Error::NotAllowed(text.to_owned()).into());
            }
        };
        Ok(Asked { by: call.uid, right })
    }

    /// Who confirms a device, by a code of it; an owner does so in a session.
    pub(super) fn confirming(&self, call: &Call) -> Asked {
        match call.permit {
            Permit::Standing => own(call),
            Permit::Code | Permit::Device | Permit::Invitation => {
                Asked { by: call.uid, right: Right::Session(self.first()) }
            }
        }
    }

    fn invitation(&self, typed: &str) -> Result<Right, Refused> {
        let none = || invalid("that is no invitation of 24 letters and digits; type it anew");
        let token = InvitationToken::parse(typed).ok_or_else(none)?;
        Ok(Right::Invitation(self.engine.kept(&token)?))
    }

    fn first(&self) -> First {
        match self.engine.self_service().first {
            Switch::On => First::OfUsers,
            Switch::Off => First::OfAdministrators,
        }
    }
}

/// Who works on an account by a right of its own, such as the codes of the call itself.
pub(super) fn own(call: &Call) -> Asked {
    Asked { by: call.uid, right: Right::Standing }
}

/// In whose lane a wrong code counts: an owner's own, or else that of whoever works for them.
pub(super) fn origin(call: &Call) -> Origin {
    match call.permit {
        Permit::Standing => Origin::Local,
        Permit::Code | Permit::Device | Permit::Invitation => Origin::Own,
    }
}
