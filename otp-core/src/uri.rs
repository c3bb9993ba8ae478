//! `otpauth://` URIs, as authenticators scan them: Google's key URI format, written here and read
//! in `uri/read.rs`.

mod read;

use zeroize::Zeroizing;

use crate::{Secret, UserName, device::KindState};

pub use read::{Otpauth, UriError};

/// Writes a device as a URI in the key URI format; none for a kind that authenticators do not hold.
/// As secret as the secret.
pub fn otpauth_uri(
    secret: &Secret,
    state: &KindState,
    issuer: &str,
    user: &UserName,
) -> Option<Zeroizing<String>> {
    let (algorithm, digits, moving) = match state {
        KindState::Totp(totp) => {
            (totp.algorithm, totp.digits, format!("period={}", totp.period.as_secs()))
        }
        KindState::Hotp(hotp) => (hotp.algorithm, hotp.digits, format!("counter={}", hotp.next.0)),
        KindState::Recovery(_) | KindState::Message(_) => return None,
    };
    Some(Zeroizing::new(format!(
        "otpauth://{}/{}:{}?secret={}&issuer={}&algorithm={algorithm}&digits={}&{moving}",
        state.kind(),
        escape(issuer),
        escape(user.as_str()),
        *secret.to_base32(),
        escape(issuer),
        digits.count(),
    )))
}

/// The shortest URI of a device of what every authenticator takes for granted: SHA-1, six digits, thirty
/// seconds. Its QR code has fewer modules, and fits terminals that the whole one does not.
pub fn short_uri(secret: &Secret, issuer: &str, user: &UserName) -> Zeroizing<String> {
    Zeroizing::new(format!(
        "otpauth://totp/{}:{}?secret={}",
        escape(issuer),
        escape(user.as_str()),
        *secret.to_base32()
    ))
}

/// Percent-encodes all but RFC 3986's unreserved characters. A colon in the issuer or the name must
/// not be taken for the one between them.
fn escape(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let encode =
        |byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Algorithm, Counter, Digits, Period,
        device::{HotpState, TotpState},
    };

    #[test]
    fn writes_what_authenticators_read() {
        let secret = Secret::from_bytes(b"12345678901234567890".to_vec()).unwrap();
        let user = UserName::parse("DOM\\zoë q").unwrap();
        let totp = KindState::Totp(TotpState::new(Algorithm::Sha1, Digits::SIX, Period::default()));
        assert_eq!(
            otpauth_uri(&secret, &totp, "Example & Co: dev", &user).unwrap().as_str(),
            "otpauth://totp/Example%20%26%20Co%3A%20dev:DOM%5Czo%C3%AB%20q?secret=GEZDGNBVGY3TQOJQ\
             GEZDGNBVGY3TQOJQ&issuer=Example%20%26%20Co%3A%20dev&algorithm=SHA1&digits=6&period=30"
        );
        let eight = Digits::try_from(8).unwrap();
        let hotp = KindState::Hotp(HotpState::new(Algorithm::Sha256, eight, Counter(7)));
        let user = UserName::parse("alice").unwrap();
        assert_eq!(
            otpauth_uri(&secret, &hotp, "host", &user).unwrap().as_str(),
            "otpauth://hotp/host:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=host\
             &algorithm=SHA256&digits=8&counter=7"
        );
    }
}
