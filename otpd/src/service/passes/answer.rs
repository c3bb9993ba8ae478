//! Passes as they are told, and why a key does not count: in one sentence for every reason, as whoever
//! guesses learns from each that differs.

use otp_bus::{Error, PassInfo};
use otp_core::{CodeHash, Ending, Pass, PassState, Reason, Refusal, Seconds, Standing, UnixTime};

use crate::{audit::Escaped, service::answer};

/// How many bytes of passes one answer holds: calls and answers end at 64 KiB.
const PAGE_BYTES: usize = 40 * 1024;

/// What a pass has beside its texts, in bytes, roughly and rather too many.
const PASS_BYTES: usize = 600;

/// A pass as it may be shown.
pub(super) fn info(pass: &Pass, standing: Standing) -> PassInfo {
    let PassState { purpose, origin, reason, created, expires, generator, .. } = &pass.state;
    let PassState { restrictions, related, ended, .. } = &pass.state;
    let state = match standing {
        Standing::Live => "live",
        Standing::Expired => "expired",
        Standing::Ended(Ending::Used) => "used",
        Standing::Ended(Ending::Deactivated) => "deactivated",
    };
    PassInfo {
        id: pass.id.to_string(),
        owner: pass.owner.as_ref().map(ToString::to_string),
        purpose: purpose.to_string(),
        origin: origin.clone(),
        reason: reason.as_ref().map(|reason| reason.as_str().to_owned()),
        created: created.as_secs(),
        expires: expires.as_secs(),
        generator: generator.to_string(),
        restrictions: restrictions.clone().into(),
        related: related.clone().into(),
        digest: digest(&pass.digest),
        state: state.to_owned(),
        ended: ended.map(|(at, _)| UnixTime::as_secs(at)),
    }
}

fn digest(hash: &CodeHash) -> String {
    hash.clone().into()
}

/// As many of these as an answer holds, and one at least, so that who asks again gets further.
pub(super) fn fitting(passes: impl Iterator<Item = PassInfo>) -> Vec<PassInfo> {
    let mut bytes = 0_usize;
    let size = |pass: &PassInfo| {
        let texts = pass.restrictions.iter().chain(&pass.related).chain(&pass.reason);
        PASS_BYTES + pass.origin.len() + texts.map(|text| text.len() + 8).sum::<usize>()
    };
    passes
        .enumerate()
        .take_while(|(at, pass)| {
            bytes = bytes.saturating_add(size(pass));
            *at == 0 || bytes <= PAGE_BYTES
        })
        .map(|(_, pass)| pass)
        .collect()
}

/// What was made, for the log.
pub(super) fn made(pass: &Pass) -> String {
    let PassState { purpose, created, expires, reason, .. } = &pass.state;
    let reason = reason.as_ref().map(Reason::as_str);
    let reason = reason.map(|text| format!(", reason {:?},", Escaped(text).to_string()));
    let seconds = expires.since(*created).0;
    format!("made {} for {purpose}, live {seconds} s{}", pass.id, reason.unwrap_or_default())
}

/// A key that does not count.
pub(super) fn wrong_key(wait: Seconds) -> Error {
    let text = "no such pass is live for this purpose here: it was mistyped, used, called back, or is \
                over; ask for another";
    match wait {
        Seconds(0) => Error::WrongCode(text.to_owned()),
        Seconds(wait) => Error::WrongCode(format!("{text}; the next key is looked at in {wait} s")),
    }
}

/// A key that was not looked at.
pub(super) fn held(refusal: &Refusal) -> Error {
    if let Refusal::Throttled { failures, wait: Seconds(wait), .. } = refusal {
        return Error::Throttled(format!(
            "you have shown {failures} wrong keys in a row; try again in {wait} s"
        ));
    }
    answer::error(refusal.clone(), "nobody")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(related: usize) -> PassInfo {
        PassInfo {
            id: "pass/0000000000000000".to_owned(),
            owner: Some("a".repeat(256)),
            purpose: "login".to_owned(),
            origin: format!("{}@{}", "a".repeat(256), "h".repeat(64)),
            reason: None,
            created: 0,
            expires: 0,
            generator: "alnum:20".to_owned(),
            restrictions: Vec::new(),
            related: vec!["x".repeat(256); related],
            digest: "0".repeat(64),
            state: "live".to_owned(),
            ended: None,
        }
    }

    /// An answer that is too long for its reader would end every listing at the same place.
    #[test]
    fn a_page_ends_where_an_answer_does() {
        let page = |related| fitting((0..100).map(|_| listed(related)));
        for (related, least) in [(0, 30), (16, 5)] {
            let page = page(related);
            let message = zbus::Message::method_call("/a", "M").build(&(&page,)).unwrap();
            assert!(page.len() >= least && message.data().len() < 60_000, "{}", page.len());
        }
        let huge = PassInfo { origin: "x".repeat(PAGE_BYTES * 2), ..listed(0) };
        assert_eq!(fitting([huge.clone(), huge].into_iter()).len(), 1);
    }
}
