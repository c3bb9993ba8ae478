//! By what right an account is changed. Whoever has a confirmed device changes their own account
//! with a fresh code alone, which is verified, and spent, in the very transaction of the change: a
//! session left open, or a stolen password, is not enough to add a device.

use crate::{
    Account, Attempt, Beside, Change, Changes, CodeHash, Decision, Event, EventKind, Lane, Offer,
    Origin, Refusal, ThrottlePolicy, Transition, Uid, UnixTime, UserName, Verified,
    enrol::failed,
    verify::{admitted, prove},
};

/// Who asks for a change, by what right, and when.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// Who asks.
    pub by: Uid,
    /// By what right.
    pub warrant: Warrant<'a>,
    /// How failures slow an attacker down.
    pub policy: &'a ThrottlePolicy,
    /// When.
    pub now: UnixTime,
}

/// By what right.
#[derive(Clone, Copy, Debug)]
pub enum Warrant<'a> {
    /// The caller may anyway.
    Standing,
    /// A fresh code of the account, typed by its owner.
    Code(&'a Offer),
    /// An invitation's token, by its hash: for a new device.
    Invitation(&'a CodeHash),
    /// Nothing: the owner's session alone.
    Session(First),
}

/// Whether users add their first device with nothing but the session that they are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// They do.
    OfUsers,
    /// They need an administrator or an invitation.
    OfAdministrators,
}

/// What became of a change: what it made, or the attempt that failed to prove who asks.
pub type Changed<T> = Result<T, Verified>;

/// A change that can be made, if the warrant holds.
pub(crate) struct Draft<T> {
    /// What is changed.
    pub(crate) list: Vec<Change>,
    /// What is told.
    pub(crate) outcome: T,
}

/// What came of a warrant.
enum Proof {
    /// It holds; this much is changed by showing it.
    Holds(Vec<Change>),
    /// It does not, and the matter ends here.
    Ends(Decision<Verified>),
}

impl Asking<'_> {
    /// Makes the change if the warrant holds. What cannot be done is refused before a code is
    /// spent on it.
    pub(crate) fn decide<T>(
        &self,
        name: &UserName,
        account: Option<&Account>,
        draft: Result<Draft<T>, Refusal>,
    ) -> Decision<Changed<T>> {
        let Draft { list, outcome } = match draft {
            Ok(draft) => draft,
            Err(refusal) => return Decision::Unchanged(refusal),
        };
        match self.warranted(account) {
            Proof::Holds(mut all) => {
                all.extend(list);
                let changes = Changes::of(name, all);
                Decision::Change(Transition::new(changes, Ok(outcome)))
            }
            Proof::Ends(decision) => decision.map(Err),
        }
    }

    /// The same, with changes to what is no account's own, which are made where the warrant holds.
    pub(crate) fn decide_beside<T>(
        &self,
        name: &UserName,
        account: Option<&Account>,
        draft: Draft<T>,
        beside: Vec<Beside>,
    ) -> Decision<Changed<T>> {
        match self.decide(name, account, Ok(draft)) {
            Decision::Unchanged(refusal) => Decision::Unchanged(refusal),
            Decision::Change(transition) => {
                let (mut changes, outcome) = transition.into_parts();
                if outcome.is_ok() {
                    changes.beside.extend(beside);
                }
                Decision::Change(Transition::new(changes, outcome))
            }
        }
    }

    fn warranted(&self, account: Option<&Account>) -> Proof {
        match self.warrant {
            Warrant::Standing => Proof::Holds(Vec::new()),
            Warrant::Code(offer) => match account {
                Some(account) => self.coded(account, offer),
                None => Proof::Ends(Decision::Unchanged(Refusal::NotEnrolled)),
            },
            Warrant::Invitation(token) => match account {
                Some(account) => self.invited(account, token),
                None => Proof::Ends(Decision::Unchanged(Refusal::UnknownInvitation)),
            },
            Warrant::Session(first) => match in_session(account, first) {
                Ok(()) => Proof::Holds(Vec::new()),
                Err(refusal) => Proof::Ends(Decision::Unchanged(refusal)),
            },
        }
    }

    fn coded(&self, account: &Account, offer: &Offer) -> Proof {
        let typed = Attempt {
            offer,
            device: None,
            kinds: None,
            origin: &Origin::Own,
            service: "otpctl",
            from: "",
        };
        match prove(account, &typed, self.policy, self.now) {
            Decision::Unchanged(refusal) => Proof::Ends(Decision::Unchanged(refusal)),
            Decision::Change(transition) => {
                let (changes, outcome) = transition.into_parts();
                match outcome {
                    Verified::Accepted { .. } => Proof::Holds(changes.list),
                    // No pass is asked where somebody proves to have a device.
                    wrong @ (Verified::Passed(_) | Verified::Wrong { .. } | Verified::Held(_)) => {
                        Proof::Ends(Decision::Change(Transition::new(changes, wrong)))
                    }
                }
            }
        }
    }

    /// A token that is not the open invitation's is one failure, whether it was one once or never.
    fn invited(&self, account: &Account, token: &CodeHash) -> Proof {
        let held = Verified::Held;
        let permit = match admitted(account, Lane::Own, self.policy, self.now, held) {
            Ok(permit) => permit,
            Err(decision) => return Proof::Ends(decision),
        };
        match &account.invitation {
            // The lane stays as it is: guesses at codes are not made good by an invitation.
            Some(open) if open.is_open(self.now) && open.token.same_as(token) => {
                Proof::Holds(Vec::new())
            }
            Some(_) | None => {
                let state = permit.failed(self.now);
                Proof::Ends(Decision::Change(failed(account, Lane::Own, state, self)))
            }
        }
    }

    /// An entry for the account's log.
    pub(crate) fn event(&self, kind: EventKind) -> Change {
        Change::Event(Event { at: self.now, kind })
    }
}

/// What a session alone is good for: a first device, where that is left to users. Who was enrolled
/// once never begins anew by it.
fn in_session(account: Option<&Account>, first: First) -> Result<(), Refusal> {
    let confirmed = account.is_some_and(|account| account.confirmed().next().is_some());
    let enrolled = account.is_some_and(Account::demands_code);
    match first {
        First::OfUsers | First::OfAdministrators if confirmed => Err(Refusal::CodeNeeded),
        First::OfUsers if !enrolled => Ok(()),
        First::OfUsers | First::OfAdministrators => Err(Refusal::NotInvited),
    }
}
