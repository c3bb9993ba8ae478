//! A device that is an address: its code is made here, and sent. One code counts at a time; it is
//! kept as a keyed hash, under a key of the device's own that is sealed with the address, so that
//! nobody finds it by trying all of them on what is stored.

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{Hint, KindState, Matched, Probe};
use crate::{
    Code, CodeHash, UnixTime,
    message::{Address, LiveCode, Pace, SendLimits, Unsent},
};

/// Where codes go, and the key under which they are kept. Sealed at rest as a device's secret.
pub struct Recipient {
    address: Address,
    key: Zeroizing<[u8; Recipient::KEY_BYTES]>,
}

/// What of a device that is an address may be stored in the open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageState {
    /// The configured channel.
    pub channel: String,
    live: Option<LiveCode>,
    spent: Option<CodeHash>,
    pace: Pace,
}

impl Recipient {
    /// Bytes of the key.
    pub const KEY_BYTES: usize = 32;

    /// An address with a new random key.
    pub fn new(address: Address, key: [u8; Self::KEY_BYTES]) -> Self {
        Self { address, key: Zeroizing::new(key) }
    }

    /// Reads what [`store`](Self::store) wrote.
    pub fn load(bytes: &[u8]) -> Option<Self> {
        let (key, address) = bytes.split_first_chunk()?;
        let address = Address::load(std::str::from_utf8(address).ok()?).ok()?;
        Some(Self::new(address, *key))
    }

    /// What is sealed.
    pub fn store(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(self.key.to_vec());
        bytes.extend_from_slice(self.address.store().as_bytes());
        bytes
    }

    /// Where codes go.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// How a code is kept. None only where HMAC took no key of this length, which it does.
    pub(crate) fn hash(&self, code: &Code) -> Option<CodeHash> {
        let mac = Hmac::<Sha256>::new_from_slice(self.key.as_slice()).ok()?;
        let text = Zeroizing::new(code.reveal());
        let bytes = mac.chain_update(text.as_bytes()).finalize().into_bytes();
        Some(CodeHash::new(bytes.into()))
    }
}

impl MessageState {
    /// The kind's name.
    pub const KIND: &'static str = "message";

    /// A device to which nothing was sent yet.
    pub fn new(channel: String) -> Self {
        Self { channel, live: None, spent: None, pace: Pace::default() }
    }

    /// The state once this code is sent; the one before it counts no more.
    ///
    /// # Errors
    /// When it is too soon for another.
    pub(crate) fn sending(
        &self,
        code: CodeHash,
        limits: &SendLimits,
        now: UnixTime,
    ) -> Result<Self, Unsent> {
        self.pace.admit(limits, now)?;
        let (live, pace) = (Some(LiveCode::new(code, now)), Pace::sent(now));
        Ok(Self { live, pace, channel: self.channel.clone(), spent: self.spent.clone() })
    }

    /// Both hashes are compared, so that time does not tell which it was.
    pub(super) fn probe(&self, recipient: &Recipient, code: &Code, now: UnixTime) -> Probe {
        let none = Probe::NoMatch { hint: Hint::None, candidate: None };
        let Some(offered) = recipient.hash(code) else { return none };
        let spent = self.spent.as_ref().is_some_and(|spent| spent.same_as(&offered));
        let live = self.live.as_ref().filter(|live| live.is(&offered));
        match live {
            Some(live) if live.counts(now) => {
                let (spent, pace) = (Some(live.clone().into_hash()), Pace::reset());
                let next = Self { channel: self.channel.clone(), live: None, spent, pace };
                Probe::Match(KindState::Message(next), Matched::Message)
            }
            Some(_) | None if spent => Probe::Used,
            Some(_) | None => none,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Seconds, message::AddressKind};

    fn recipient(key: u8) -> Recipient {
        let address = Address::parse(AddressKind::Phone, "+4915123456742").unwrap();
        Recipient::new(address, [key; 32])
    }

    fn code(text: &str) -> Code {
        Code::parse(text).unwrap()
    }

    fn at(secs: u64) -> UnixTime {
        UnixTime::from_secs(1_700_000_000 + secs)
    }

    fn sent(state: &MessageState, text: &str, now: UnixTime) -> Result<MessageState, Unsent> {
        let hash = recipient(1).hash(&code(text)).unwrap();
        state.sending(hash, &SendLimits::default(), now)
    }

    fn probe(state: &MessageState, text: &str, now: UnixTime) -> Probe {
        state.probe(&recipient(1), &code(text), now)
    }

    fn accepted(state: &MessageState, text: &str, now: UnixTime) -> Option<MessageState> {
        match probe(state, text, now) {
            Probe::Match(KindState::Message(next), Matched::Message) => Some(next),
            Probe::Match(..) | Probe::Used | Probe::NoMatch { .. } => None,
        }
    }

    #[test]
    fn a_code_counts_for_300_s_and_once() {
        let state = sent(&MessageState::new("sms".to_owned()), "123456", at(0)).unwrap();
        for (after, counts) in [(0, true), (299, true), (300, false), (301, false)] {
            assert_eq!(accepted(&state, "123456", at(after)).is_some(), counts, "{after}");
        }
        assert!(accepted(&state, "123457", at(0)).is_none());
        let next = accepted(&state, "123456", at(10)).unwrap();
        assert_eq!(probe(&next, "123456", at(10)), Probe::Used);
        assert!(state.probe(&recipient(2), &code("123456"), at(0)) != Probe::Used);
        assert!(matches!(
            state.probe(&recipient(2), &code("123456"), at(0)),
            Probe::NoMatch { .. }
        ));
    }

    #[test]
    fn a_resend_ends_the_code_before_it() {
        let state = sent(&MessageState::new("sms".to_owned()), "123456", at(0)).unwrap();
        assert_eq!(sent(&state, "654321", at(59)), Err(Unsent::Lately(Seconds(1))));
        let state = sent(&state, "654321", at(60)).unwrap();
        assert!(accepted(&state, "123456", at(60)).is_none());
        assert!(accepted(&state, "654321", at(60)).is_some());
    }

    #[test]
    fn a_right_code_ends_the_pause() {
        let state = sent(&MessageState::new("sms".to_owned()), "123456", at(0)).unwrap();
        let next = accepted(&state, "123456", at(1)).unwrap();
        let next = sent(&next, "222222", at(1)).unwrap();
        assert_eq!(probe(&next, "123456", at(1)), Probe::Used);
        // By chance the same code comes again: it is a new one.
        let next = accepted(&next, "222222", at(2)).unwrap();
        let again = sent(&next, "222222", at(2)).unwrap();
        assert!(accepted(&again, "222222", at(2)).is_some());
    }

    #[test]
    fn what_is_sealed_is_read_again() {
        let stored = recipient(7).store();
        let read = Recipient::load(&stored).unwrap();
        assert_eq!(read.address().expose(), "+4915123456742");
        assert_eq!(read.hash(&code("123456")), recipient(7).hash(&code("123456")));
        assert!(Recipient::load(b"short").is_none());
        assert!(Recipient::load(&[b'x'; 60]).is_none());
    }
}
