//! The one code of a message that counts: a keyed hash of it, and since when. Sending another ends
//! it, and so does using it.

use serde::{Deserialize, Serialize};

use crate::{Code, CodeHash, Digits, Seconds, UnixTime};

/// How long a code that was sent counts.
pub const CODE_VALID: Seconds = Seconds(300);

/// How many digits it has.
pub const MESSAGE_DIGITS: Digits = Digits::SIX;

/// The code of random bytes, all equally likely; none for the few that would make some likelier,
/// where others are to be taken.
pub fn random_code(random: [u8; 4]) -> Option<Code> {
    let (number, codes) = (u32::from_be_bytes(random), 10_u32.pow(MESSAGE_DIGITS.count()));
    (number < u32::MAX / codes * codes).then(|| Code::of_number(number, MESSAGE_DIGITS))
}

/// A code that was sent and not used yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiveCode {
    hash: CodeHash,
    sent: UnixTime,
}

impl LiveCode {
    /// A code that is sent at `now`.
    pub const fn new(hash: CodeHash, now: UnixTime) -> Self {
        Self { hash, sent: now }
    }

    /// Whether it counts at `now`: up to the second before [`CODE_VALID`] is over. By a clock that
    /// was set back it counts no longer than that either.
    pub fn counts(&self, now: UnixTime) -> bool {
        now.since(self.sent).max(self.sent.since(now)) < CODE_VALID
    }

    /// Whether this is the code, whenever.
    pub fn is(&self, offered: &CodeHash) -> bool {
        self.hash.same_as(offered)
    }

    /// The hash, to be kept of a code that was used.
    pub fn into_hash(self) -> CodeHash {
        self.hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_made_of_as_many_numbers() {
        let code = |number: u32| random_code(number.to_be_bytes()).map(|code| code.reveal());
        assert_eq!(code(7).as_deref(), Some("000007"));
        assert_eq!(code(4_293_999_999).as_deref(), Some("999999"));
        assert_eq!(code(4_294_000_000), None);
        assert_eq!(code(u32::MAX), None);
    }

    #[test]
    fn a_code_counts_until_the_second_before_its_end() {
        let sent = UnixTime::from_secs(1_700_000_000);
        let code = LiveCode::new(CodeHash::new([7; 32]), sent);
        for (after, counts) in [(0, true), (1, true), (299, true), (300, false), (301, false)] {
            assert_eq!(code.counts(sent.plus(Seconds(after))), counts, "{after}");
        }
        for (before, counts) in [(1, true), (299, true), (300, false), (86_400, false)] {
            let back = UnixTime::from_secs(sent.as_secs() - before);
            assert_eq!(code.counts(back), counts, "{before} before");
        }
        assert!(code.is(&CodeHash::new([7; 32])) && !code.is(&CodeHash::new([8; 32])));
    }
}
