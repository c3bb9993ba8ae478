//! Somebody, and a pass of theirs, for the tests of this module.

use super::*;
use crate::{
    Account, Changes, CodeHash, Decision, Lane, LaneState, Refusal, Seconds, ThrottlePolicy, Uid,
    UnixTime, UserName,
};

pub(super) const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);

pub(super) const POLICY: ThrottlePolicy = ThrottlePolicy {
    free: 2,
    factor: Seconds(1),
    longest: Seconds(900),
    lock_after: 3,
    lock_after_recent: 300,
    unlock_after: None,
};

pub(super) fn at(secs: i64) -> UnixTime {
    UnixTime::from_secs(NOW.as_secs().saturating_add_signed(secs))
}

pub(super) fn name(text: &str) -> UserName {
    UserName::parse(text).unwrap()
}

/// Without a device.
pub(super) fn alice() -> Account {
    Account::new(name("alice"), Uid(1000))
}

/// Whose lane of this name is locked.
pub(super) fn locked(lane: Lane) -> Account {
    let mut account = alice();
    let mut state = failures(3, NOW);
    state.locked = Some(NOW);
    account.lanes.insert(lane, state);
    account
}

/// What has failed.
pub(super) fn failures(failures: u32, last: UnixTime) -> LaneState {
    let mut state = LaneState::default();
    (state.failures, state.last) = (failures, last);
    state
}

/// Alice's, to log in, live for ten minutes; its hash is of `seed`.
pub(super) fn pass(seed: u8, restrictions: &[&str]) -> Pass {
    let texts: Vec<String> = restrictions.iter().map(ToString::to_string).collect();
    let state = PassState {
        purpose: Purpose::login(),
        maker: 0,
        origin: "root@host".to_owned(),
        reason: Some(Reason::parse("lost phone").unwrap()),
        created: NOW,
        expires: at(600),
        generator: Generator::default(),
        restrictions: texts.try_into().unwrap(),
        related: Related::default(),
        ended: None,
    };
    let digest = CodeHash::new([seed; 32]);
    Pass { id: PassId::new([seed; 8]), owner: Some(name("alice")), digest, data: None, state }
}

/// What a decision changes and tells.
pub(super) fn change<O: std::fmt::Debug>(decision: Decision<O>) -> (Changes, O) {
    match decision {
        Decision::Change(transition) => transition.into_parts(),
        Decision::Unchanged(refusal) => panic!("{refusal:?}"),
    }
}

/// Why a decision changes nothing.
pub(super) fn refusal<O: std::fmt::Debug>(decision: Decision<O>) -> Refusal {
    match decision {
        Decision::Unchanged(refusal) => refusal,
        Decision::Change(transition) => panic!("{transition:?}"),
    }
}
