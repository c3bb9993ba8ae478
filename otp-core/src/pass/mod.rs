//! Passes: one-time passwords that somebody makes for an owner, or for nobody in particular, kept as
//! the keyed hash of a key that is shown once. A pass is for one purpose, is used once, and is over at
//! a time that it was given when it was made. Who may make one is asked here as for every change of an
//! account (`warrant`); what cannot be read back exactly as it was meant is refused.

mod key;
mod keyed;
mod login;
mod make;
mod manage;
mod record;
mod restriction;
#[cfg(test)]
mod sample;
mod term;
mod text;

pub use key::{Generator, GeneratorError, PassKey};
pub use keyed::{Asker, KeyDeed, Keyed, keyed};
pub use login::{ByPass, Passed};
pub(crate) use login::{accept, spend};
pub use make::{MAKER_LIVE, NewPass, OWNER_LIVE, Old, Owner, Surroundings, make_pass};
pub use manage::{Ended, clean_passes, end_passes, extend_pass};
pub use record::{Ending, Pass, PassId, PassIdError, PassState, Standing};
pub use restriction::{PassPlace, RestrictionError, Restrictions};
pub use term::{Expiry, PassPolicy, TermError};
pub use text::{Data, DataError, Purpose, PurposeError, Reason, Related, TextError};

/// Why nothing was done about a pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PassRefusal {
    /// It would be over at a time that it cannot be.
    Term(TermError),
    /// Its owner has as many live ones as there can be.
    OwnerFull,
    /// Its maker has made as many that are still live as there can be.
    MakerFull,
    /// Another one has, or had, the same key for the same purpose; the next key will do.
    KeyTaken,
    /// A recovery code proves who somebody is once, on the day on which the devices are lost; it makes
    /// no further one-time passwords.
    DeviceCodeNeeded,
    /// The lane in which its maker's own codes count is locked.
    MakerLocked,
    /// No live pass is meant.
    None,
}
