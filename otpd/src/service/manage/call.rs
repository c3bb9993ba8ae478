//! What the methods of `org.otpd1.Manage` have in common: the way in, whose account it is, what is
//! told of a change or of its failure, and the line in the log.

use otp_bus::{Error, Warrant};
use otp_core::{Changed, Verified};
use zbus::{Connection, message::Header};

use super::{
    super::{
        Call, Refused,
        answer::{self, Logged, NO_INVITATION},
        wanted::wrong_code,
    },
    ManageService,
};
use crate::{
    audit::{Escaped, Event, Severity, Subject},
    engine::{Asked, Overview, Unavailable},
    nss::Person,
    policy::Action,
    store::Persisted,
};

impl ManageService {
    pub(super) async fn enter(
        &self,
        action: Action,
        user: &str,
        connection: &Connection,
        header: &Header<'_>,
    ) -> Result<(Call, Person), Error> {
        let mut call = self.services.enter(self.way, connection, header).await?;
        let person = self.services.permitted(&mut call, action, user).await;
        match person.map_err(|refused| self.unavailable(user, refused))? {
            Some(person) => Ok((call, person)),
            None => Err(answer::unknown_user(user)),
        }
    }

    pub(super) async fn look(
        &self,
        call: &Call,
        user: &str,
        person: Person,
    ) -> Result<Overview, Error> {
        let standing = self.services.engine.look(person, call.before).await;
        let standing = standing.map_err(|error| self.unavailable(user, error.into()))?;
        standing.map_err(|refusal| answer::error(refusal, user))
    }

    /// By what right.
    pub(super) fn asked(&self, call: &Call, user: &str, warrant: Warrant) -> Result<Asked, Error> {
        let asked = self.services.asked(call, warrant);
        asked.map_err(|refused| self.unavailable(user, refused))
    }

    pub(super) fn changed<O>(
        &self,
        user: &str,
        done: Result<Persisted<Changed<O>>, Unavailable>,
    ) -> Result<O, Error> {
        let persisted = done.map_err(|error| self.unavailable(user, error.into()))?;
        let changed = persisted.into_result().map_err(|refusal| answer::error(refusal, user))?;
        changed.map_err(|wrong| self.unproven(wrong, user))
    }

    /// Who did not prove to be the owner, or to hold a new device.
    pub(super) fn unproven(&self, wrong: Verified, user: &str) -> Error {
        self.failed(wrong.clone(), user, "otpctl");
        wrong_code(wrong, user)
    }

    /// Whose invitation is none.
    pub(super) fn uninvited(&self, wrong: Verified, user: &str) -> Error {
        self.failed(wrong.clone(), user, "invitation");
        let error = wrong_code(wrong, user);
        if matches!(error, Error::WrongCode(_)) {
            return Error::WrongCode(NO_INVITATION.to_owned());
        }
        error
    }

    fn failed(&self, wrong: Verified, user: &str, by: &str) {
        let who = Subject { user: user.to_owned(), service: by.to_owned(), from: String::new() };
        Logged::of(wrong).write(&self.services.log, &who);
    }

    pub(super) fn unavailable(&self, user: &str, refused: Refused) -> Error {
        match refused {
            Refused::Error(error) => error,
            Refused::Unavailable(reason) => {
                let text = format!("a change for {} failed: {reason}", Escaped(user));
                self.services.log.log(&Event::Daemon(Severity::Error, &text));
                Error::Unavailable(reason.to_string())
            }
        }
    }

    pub(super) fn managed(&self, call: &Call, deed: &str, user: &str) {
        self.services.log.log(&Event::Managed { uid: call.uid, deed, user });
    }
}
