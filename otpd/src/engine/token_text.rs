//! The text of a token: what it is, its family, the number of its pair, 256 random bits, and a keyed
//! hash over these by which it shows that it was made here. What does not show that is not looked up.

use data_encoding::BASE64URL_NOPAD;
use otp_core::{CodeHash, FamilyId, Generation, PairHashes, ShownToken, TokenKind};
use zeroize::Zeroizing;

use super::Unavailable;
use crate::{entropy, store::StoreError, vault::Pepper};

const RANDOM_BYTES: usize = 32;
const HASH_BYTES: usize = 32;
const SAID_BYTES: usize = FamilyId::BYTES + 4 + RANDOM_BYTES;

/// What a token begins with, so that one that leaked is known for what it is.
const fn prefix(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::Access => "otpd_at_",
        TokenKind::Refresh => "otpd_rt_",
    }
}

/// Two tokens, to be told once.
pub struct Pair {
    /// The access token.
    pub access: Zeroizing<String>,
    /// The refresh token.
    pub refresh: Zeroizing<String>,
}

/// Makes a pair, and the hashes by which it is kept.
pub(super) fn pair(
    pepper: &Pepper,
    family: FamilyId,
    generation: Generation,
) -> Result<(Pair, PairHashes), Unavailable> {
    let (access, access_hash) = make(pepper, TokenKind::Access, family, generation)?;
    let (refresh, refresh_hash) = make(pepper, TokenKind::Refresh, family, generation)?;
    Ok((Pair { access, refresh }, PairHashes { access: access_hash, refresh: refresh_hash }))
}

fn make(
    pepper: &Pepper,
    kind: TokenKind,
    family: FamilyId,
    generation: Generation,
) -> Result<(Zeroizing<String>, CodeHash), Unavailable> {
    let failed = || StoreError::Failed("no token could be made".to_owned());
    let random = entropy::secret(RANDOM_BYTES)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(SAID_BYTES + HASH_BYTES));
    bytes.extend_from_slice(family.bytes());
    bytes.extend_from_slice(&generation.0.to_be_bytes());
    bytes.extend_from_slice(&random);
    let origin = origin(pepper, kind, &bytes).ok_or_else(failed)?;
    bytes.extend_from_slice(&origin);
    let mut text = Zeroizing::new(String::with_capacity(128));
    text.push_str(prefix(kind));
    BASE64URL_NOPAD.encode_append(&bytes, &mut text);
    let hash = pepper.token(text.as_bytes()).ok_or_else(failed)?;
    Ok((text, CodeHash::new(hash)))
}

/// Reads a token; none: it was not made here.
pub(super) fn read(pepper: &Pepper, text: &str) -> Option<ShownToken> {
    let mut kinds = [TokenKind::Access, TokenKind::Refresh].into_iter();
    let (kind, rest) = kinds.find_map(|kind| Some((kind, text.strip_prefix(prefix(kind))?)))?;
    if rest.len() != BASE64URL_NOPAD.encode_len(SAID_BYTES + HASH_BYTES) {
        return None;
    }
    let bytes = Zeroizing::new(BASE64URL_NOPAD.decode(rest.as_bytes()).ok()?);
    let (said, shown) = bytes.split_at_checked(SAID_BYTES)?;
    let shown = CodeHash::new(shown.try_into().ok()?);
    if !CodeHash::new(origin(pepper, kind, said)?).same_as(&shown) {
        return None;
    }
    let (family, rest) = said.split_first_chunk::<{ FamilyId::BYTES }>()?;
    let (generation, _) = rest.split_first_chunk::<4>()?;
    Some(ShownToken {
        kind,
        family: FamilyId::new(*family),
        generation: Generation(u32::from_be_bytes(*generation)),
        hash: CodeHash::new(pepper.token(text.as_bytes())?),
    })
}

fn origin(pepper: &Pepper, kind: TokenKind, said: &[u8]) -> Option<[u8; HASH_BYTES]> {
    let mut message = Zeroizing::new(prefix(kind).as_bytes().to_vec());
    message.extend_from_slice(said);
    pepper.token_origin(&message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pepper(seed: u8) -> Pepper {
        Pepper::new(Zeroizing::new(vec![seed; Pepper::BYTES]))
    }

    #[test]
    fn a_token_is_read_as_it_was_made() {
        let (family, generation) = (FamilyId::new([9; 8]), Generation(0x0102_0304));
        let (texts, hashes) = pair(&pepper(1), family, generation).unwrap();
        for (text, kind, hash) in [
            (&texts.access, TokenKind::Access, hashes.access),
            (&texts.refresh, TokenKind::Refresh, hashes.refresh),
        ] {
            let shown = read(&pepper(1), text).unwrap();
            assert_eq!((shown.kind, shown.family, shown.generation), (kind, family, generation));
            assert!(shown.hash.same_as(&hash));
            assert!(text.len() < 128, "{} bytes are grown into", text.len());
        }
        let (again, _) = pair(&pepper(1), family, generation).unwrap();
        assert!(*again.access != *texts.access && *again.refresh != *texts.refresh);
    }

    #[test]
    fn what_was_not_made_here_is_none() {
        let pepper_of_ours = pepper(1);
        let (texts, _) = pair(&pepper_of_ours, FamilyId::new([9; 8]), Generation(7)).unwrap();
        let good = texts.refresh.as_str();
        assert!(read(&pepper(2), good).is_none(), "another store's");
        // As any one character is another, and as the one kind is given for the other.
        for place in 0..good.len() {
            let mut bytes = good.as_bytes().to_vec();
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
            let text = String::from_utf8(bytes).unwrap();
            assert!(read(&pepper_of_ours, &text).is_none(), "{place}");
        }
        let cut = &good[..good.len() - 1];
        let kind = good.replace("_rt_", "_at_");
        let long = format!("{good}A");
        for text in ["", "otpd_rt_", cut, &kind, &long, &good.to_uppercase(), "\u{e9}"] {
            assert!(read(&pepper_of_ours, text).is_none(), "{text:?}");
        }
    }
}
