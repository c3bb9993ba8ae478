//! By what right an account is changed. Whoever has a confirmed device changes their own account
//! with a fresh code alone, which is verified, and spent, in the very transaction of the change: a
//! session left open, or a stolen password, is not enough to add a device.

use crate::{
    Account, Attempt, Change, Changes, Decision, Event, EventKind, Offer, Origin, Refusal,
    ThrottlePolicy, Transition, Uid, UnixTime, UserName, Verified, attempt,
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
                let changes = Changes { account: name.clone(), list: all };
                Decision::Change(Transition::new(changes, Ok(outcome)))
            }
            Proof::Ends(decision) => decision.map(Err),
        }
    }

    fn warranted(&self, account: Option<&Account>) -> Proof {
        let offer = match self.warrant {
            Warrant::Standing => return Proof::Holds(Vec::new()),
            Warrant::Code(offer) => offer,
        };
        let Some(account) = account else {
            return Proof::Ends(Decision::Unchanged(Refusal::NotEnrolled));
        };
        let typed = Attempt {
            offer,
            device: None,
            kinds: None,
            origin: &Origin::Own,
            service: "otpctl",
            from: "",
        };
        match attempt(account, &typed, self.policy, self.now) {
            Decision::Unchanged(refusal) => Proof::Ends(Decision::Unchanged(refusal)),
            Decision::Change(transition) => {
                let (changes, outcome) = transition.into_parts();
                match outcome {
                    Verified::Accepted { .. } => Proof::Holds(changes.list),
                    wrong @ (Verified::Wrong { .. } | Verified::Held(_)) => {
                        Proof::Ends(Decision::Change(Transition::new(changes, wrong)))
                    }
                }
            }
        }
    }

    /// An entry for the account's log.
    pub(crate) fn event(&self, kind: EventKind) -> Change {
        Change::Event(Event { at: self.now, kind })
    }
}
