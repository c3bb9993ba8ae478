//! Whether a call may go on: what the caller is to the account, what the table says of that, and,
//! where the table leaves it to polkit, what polkit says. This is the one place that asks them.

use otp_bus::Error;
use otp_core::Uid;

use super::{CALL, Call, Refused, Services, answer, check_user, right::Permit};
use crate::{
    audit::Event,
    caller::ROOT,
    clock::monotonic,
    config::Switch,
    nss::Person,
    policy::{Action, Answer, Relation, left_to_users, may},
    polkit::No,
};

/// In the log, and for polkit's rules, whose accounts it is about: no user can be called that.
pub(super) const ALL: &str = "all:";

impl Services {
    /// The person that a call is about, if the caller may do this for them. A caller other than
    /// root learns nothing about names that are not its own.
    pub(super) async fn permitted(
        &self,
        call: &mut Call,
        action: Action,
        user: &str,
    ) -> Result<Option<Person>, Refused> {
        check_user(user).inspect_err(|error| self.rejected(Some(call.uid), error))?;
        #[cfg(test)]
        assert_ne!(user, super::tests::FALLS_OVER, "as meant by a test");
        let person = self.engine.person(user, call.uid, call.before).await?;
        let relation = relation(call, person.as_ref());
        match may(action, relation) {
            Answer::Allowed => {
                call.permit = Permit::Standing;
                Ok(person)
            }
            Answer::WithWarrant => match left_to_users(action, &self.engine.self_service()) {
                Switch::On => {
                    call.permit = with_warrant(action);
                    Ok(person)
                }
                Switch::Off if action == Action::Enroll => {
                    call.permit = Permit::Invitation;
                    Ok(person)
                }
                Switch::Off => Err(self.not_allowed(call, action, (user, relation), None).into()),
            },
            Answer::Denied | Answer::Listed => {
                Err(self.not_allowed(call, action, (user, relation), None).into())
            }
            Answer::Polkit(id) => {
                // What NSS said of the name is forgotten: nothing below depends on it until polkit
                // has said yes.
                drop(person);
                self.clear(call, (action, id), user).await?;
                self.cleared_person(call, action, user).await
            }
        }
    }

    /// Whether the caller may do what is about no account in particular, and so is nobody's own.
    pub(super) async fn administrator(&self, call: &mut Call, action: Action) -> Result<(), Error> {
        self.administrator_of(call, action, ALL).await
    }

    /// Whether the caller may do what is about an account as a whole, under the name by which it is
    /// stored. Whether it is the caller's own is looked at behind this, by [`Self::nobodys_own`].
    pub(super) async fn administrator_of(
        &self,
        call: &mut Call,
        action: Action,
        account: &str,
    ) -> Result<(), Error> {
        let relation = relation(call, None);
        match may(action, relation) {
            Answer::Allowed => {
                call.permit = Permit::Standing;
                Ok(())
            }
            Answer::Denied | Answer::WithWarrant | Answer::Listed => {
                Err(self.not_allowed(call, action, (account, relation), None))
            }
            Answer::Polkit(id) => self.clear(call, (action, id), account).await,
        }
    }

    /// Refuses who would change their own account as a whole: it would stand in for the code that a
    /// change of one's own needs. `uids` are all that the account has to do with.
    pub(super) fn nobodys_own(
        &self,
        call: &Call,
        (action, account): (Action, &str),
        uids: impl IntoIterator<Item = Uid>,
    ) -> Result<(), Error> {
        let own = call.uid != ROOT && uids.into_iter().any(|uid| uid == call.uid);
        if own {
            return Err(self.not_allowed(call, action, (account, Relation::Owner), None));
        }
        Ok(())
    }

    /// Asks polkit. Meanwhile the caller holds no place that another call could need, and what
    /// follows has the whole time of a call.
    async fn clear(
        &self,
        call: &mut Call,
        (action, id): (Action, &str),
        user: &str,
    ) -> Result<(), Error> {
        call.entry = None;
        let said = match &call.asker {
            Some(asker) => self.polkit.ask((asker, call.uid), id, user).await,
            None => Err(No::Absent),
        };
        match said {
            Ok(()) => {
                let (uid, action) = (call.uid, action.verb());
                self.log.log(&Event::Cleared { uid, action, user });
                call.entry = Some(self.gate.enter(uid)?);
                call.before = monotonic() + CALL;
                call.permit = Permit::Standing;
                Ok(())
            }
            Err(No::Busy(count)) => Err(Error::Busy(format!(
                "uid {} waits for {count} answers of polkit; answer those first",
                call.uid
            ))),
            Err(no) => Err(self.not_allowed(call, action, (user, Relation::Stranger), Some(&no))),
        }
    }

    /// Whom polkit's yes is about. It was shown the name as it was given, so it holds for nobody
    /// whom NSS calls something else.
    async fn cleared_person(
        &self,
        call: &Call,
        action: Action,
        user: &str,
    ) -> Result<Option<Person>, Refused> {
        let person = self.engine.person(user, call.uid, call.before).await?;
        let relation = relation(call, person.as_ref());
        if relation != Relation::Stranger {
            return Err(self.not_allowed(call, action, (user, relation), None).into());
        }
        match person {
            Some(person) if person.name.as_str() != user => {
                Err(answer::by_name(&person.name).into())
            }
            person => Ok(person),
        }
    }

    pub(super) fn not_allowed(
        &self,
        call: &Call,
        action: Action,
        (user, relation): (&str, Relation),
        why: Option<&No>,
    ) -> Error {
        let (uid, verb) = (call.uid, action.verb());
        // Where there is no polkit there is nothing to say about it.
        let why = why.filter(|why| **why != No::Absent);
        self.log.log_of(Some(uid), &Event::NotAllowed { uid, action: verb, user, why });
        let whom = if relation == Relation::Owner { "yourself" } else { "others" };
        let next = why.map_or("ask an administrator", next_step);
        Error::NotAllowed(format!("uid {uid} may not {verb} for {whom}; {next}"))
    }
}

/// What an owner has to show.
fn with_warrant(action: Action) -> Permit {
    if action == Action::Enroll { Permit::Device } else { Permit::Code }
}

pub(super) fn relation(call: &Call, person: Option<&Person>) -> Relation {
    match person {
        _ if call.uid == ROOT => Relation::Root,
        Some(person) if person.uid == call.uid => Relation::Owner,
        Some(_) | None => Relation::Stranger,
    }
}

/// What to do about polkit's no.
fn next_step(no: &No) -> &'static str {
    match no {
        No::Absent | No::Denied => "ask an administrator",
        No::Challenge => {
            "authenticate: run it at a terminal or in a desktop session, or ask an administrator"
        }
        No::Dismissed => "try again and authenticate",
        No::Late(_) => "nobody answered in time; try again, then see to polkit",
        No::Gone | No::Busy(_) => "try again",
        No::Failed(_) => "polkit could not be asked; an administrator finds why in the log",
    }
}
