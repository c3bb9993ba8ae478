//! The pure part of otpd: HOTP (RFC 4226), TOTP (RFC 6238), throttling, and every decision about an
//! account.
//!
//! It has no I/O, clock, randomness, logging or globals: time and random bytes are arguments, what
//! is stored comes in as records and goes out as [`Changes`]. A decision that accepts a code can
//! only be had with a [`Permit`] from the throttle, and only as a [`Transition`] that somebody has
//! to make durable first.

#![forbid(unsafe_code)]

mod account;
pub mod at_prompt;
mod chance;
mod code;
mod contact;
mod decision;
pub mod device;
mod enrol;
mod entry;
mod event;
mod exemption;
mod grant;
mod hotp;
mod invitation;
pub mod message;
mod name;
mod network;
mod ownership;
mod pass;
pub mod qr;
mod recover;
mod remembered;
mod repair;
mod secret;
mod throttle;
mod time;
mod token;
mod totp;
mod uri;
mod verify;
mod warning;
mod warrant;

pub use account::{Account, KNOWN_ADDRESSES, KNOWN_FOR, KnownAddress};
pub use chance::{Bounds, Chance, Odds, YEAR};
pub use code::{Code, Digits, DigitsError, Malformed};
pub use contact::{
    CONTACT_KEPT_FOR, Checked, Contact, ContactKey, ContactSeen, Enrollee, IDENTIFIER_VALID,
    MAX_CONTACTS, Sendings, SignedUp, all_counted, check_contact, enroll_contact, request_contact,
};
pub use decision::{Beside, Change, Changes, Decision, Refusal, TokenChange, Transition, Tried};
pub use device::{
    Device, DeviceId, DeviceSummary, Found, IdError, Kind, Label, LabelError, Matched,
};
pub use enrol::{MAX_DEVICES, NewDevice, confirm, enroll};
pub use entry::{CodeHash, Entry, Offer, RecoveryCode};
pub use event::{Event, EventClass, EventKind, TokensEnded};
pub use exemption::{
    CorruptExemption, Exemption, ExemptionReason, NoReason, end_exemption, exempt,
};
pub use grant::{
    CorruptFamily, Family, FamilyId, Generation, Granted, KEPT_FOR, Lifetimes, MAX_FAMILIES,
    MAX_HELD, NewFamily, PairHashes, Refreshed, Scope, ScopeError, Seen, ShownToken, TokenKind,
    end_families, grant, refresh, revoke,
};
pub use hotp::{Algorithm, AlgorithmError, Counter, hotp};
pub use invitation::{CorruptInvitation, Invitation, InvitationToken, invite};
pub use name::{NameError, Uid, UserName};
pub use network::{Network, NetworkError};
pub use ownership::{Adopted, Claim, Concerned, Former, Unadopted, adopt};
pub use pass::{
    Asker, ByPass, Data, DataError, Ended, Ending, Expiry, Generator, GeneratorError, KeyDeed,
    Keyed, MAKER_LIVE, NewPass, OWNER_LIVE, Old, Owner, Pass, PassId, PassIdError, PassKey,
    PassPlace, PassPolicy, PassRefusal, PassState, Passed, Purpose, PurposeError, Reason, Related,
    RestrictionError, Restrictions, Standing, Surroundings, TermError, TextError, clean_passes,
    end_passes, extend_pass, keyed, make_pass,
};
pub use recover::{NewCodes, renew_recovery};
pub use remembered::{
    CorruptRemembered, MAX_REMEMBERED, Recalled, Remembered, Remembering, Source, Terminal,
    forget_remembered, recall, remember,
};
pub use repair::{LastDevice, TwoCodes, forget_failures, remove, rename, resync};
pub use secret::{Secret, SecretError, SecretForm, SecretText, SecretTextError};
pub use throttle::{Admission, Lane, LaneState, Permit, ThrottlePolicy};
pub use time::{Seconds, UnixTime};
pub use token::{Factor, Token, token};
pub use totp::{Period, PeriodError, TimeStep, totp};
pub use uri::{Otpauth, UriError, otpauth_uri, short_uri};
pub use verify::{Attempt, Origin, Verified, attempt, attempt_with};
pub use warning::Warning;
pub use warrant::{Asking, Changed, First, Warrant};
