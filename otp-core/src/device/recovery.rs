//! Recovery codes: single-use codes on paper, kept as keyed hashes. A spent one is kept too, so
//! that it can be told from one that never was.

use serde::{Deserialize, Serialize};

use super::{Hint, KindState, Matched, Probe};
use crate::CodeHash;

/// How many recovery codes are made unless somebody says otherwise.
pub const RECOVERY_CODES: usize = 10;

/// The most that can be made at once.
pub const RECOVERY_CODES_MOST: usize = 20;

/// Which codes are left, and which are spent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryState {
    left: Vec<CodeHash>,
    spent: Vec<CodeHash>,
}

impl RecoveryState {
    /// The kind's name.
    pub const KIND: &'static str = "recovery";

    /// A new set of codes.
    pub fn new(codes: Vec<CodeHash>) -> Self {
        Self { left: codes, spent: Vec::new() }
    }

    /// How many codes are left.
    pub fn left(&self) -> u32 {
        u32::try_from(self.left.len()).unwrap_or(u32::MAX)
    }

    /// Every hash is compared, so that time does not tell which code it was.
    pub(super) fn probe(&self, offered: &CodeHash) -> Probe {
        let spent = self.spent.iter().filter(|code| code.same_as(offered)).count();
        let (hit, left): (Vec<_>, Vec<_>) =
            self.left.iter().cloned().partition(|code| code.same_as(offered));
        match (hit.is_empty(), spent) {
            (false, _) => {
                let mut state = Self { left, spent: self.spent.clone() };
                state.spent.extend(hit);
                let matched = Matched::Recovery { left: state.left() };
                Probe::Match(KindState::Recovery(state), matched)
            }
            (true, 0) => Probe::NoMatch { hint: Hint::None, candidate: None },
            (true, _) => Probe::Used,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(number: u8) -> CodeHash {
        CodeHash::new([number; 32])
    }

    #[test]
    fn each_code_once() {
        let mut state = RecoveryState::new((0..10).map(hash).collect());
        for number in 0..10 {
            let Probe::Match(KindState::Recovery(next), matched) = state.probe(&hash(number))
            else {
                panic!("{number} is refused");
            };
            assert_eq!(matched, Matched::Recovery { left: 9 - u32::from(number) });
            state = next;
            assert_eq!(state.probe(&hash(number)), Probe::Used);
        }
        assert_eq!(state.left(), 0);
        let unknown = Probe::NoMatch { hint: Hint::None, candidate: None };
        assert_eq!(state.probe(&hash(77)), unknown);
    }
}
