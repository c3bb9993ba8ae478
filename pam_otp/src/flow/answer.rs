//! What was typed, parted where the administrator said so: the password, which stays on this
//! machine's side of the daemon, and the code, which alone is sent.
//!
//! Where the parts meet is told by the configuration and by what was typed, never by the account:
//! strangers' answers are parted alike. It refuses to send on what holds no code: words that are none
//! go to the daemon in its place, by the same call and in the same time.

use otp_bus::Terms;
use otp_bus::names::MAX_CODE_BYTES;
use zeroize::Zeroizing;

use super::words::{self, Word};
use crate::args::Content;
use crate::host::Typed;

/// How sshd begins what it puts in the place of the answers of those whom it refuses anyway.
const REPLACED: &[u8] = b"\x08\n\r\x7f";
/// What is sent where an answer holds no code; the daemon says so in its log.
const NO_CODE: &[u8] = b"no code";
/// The digits of a code of any device.
const CODE_DIGITS: std::ops::RangeInclusive<usize> = 6..=10;
/// A recovery code as it is shown: `xxxx-xxxx`.
const RECOVERY_BYTES: usize = 9;
/// Where its hyphen is.
const RECOVERY_HYPHEN: usize = 4;

/// An answer to the prompt.
pub(super) struct Answer {
    /// What the daemon is asked about.
    pub(super) code: Zeroizing<String>,
    /// What the next module of the stack is to get, if the code is right.
    pub(super) password: Option<Typed>,
}

impl Answer {
    /// Reads what was typed.
    pub(super) fn read(typed: &Typed, content: Content, terms: &Terms) -> Self {
        match content {
            Content::Code => Self { code: text(typed), password: None },
            Content::PasswordAndCode => match words::read(typed, terms.words()) {
                Word::Exact => Self { code: text(typed), password: None },
                // A short password is sent no more than a long one; what is sent is as long.
                Word::Like => {
                    let like: Vec<u8> =
                        REPLACED.iter().copied().cycle().take(typed.len()).collect();
                    Self { code: text(&like), password: None }
                }
                Word::No => Self::both(typed, terms),
            },
        }
    }

    fn both(typed: &Typed, terms: &Terms) -> Self {
        // No answer of a person; the daemon knows it, and says so in its log.
        if typed.starts_with(REPLACED) {
            return Self { code: text(typed), password: None };
        }
        match part(typed, terms) {
            Some((password, code)) => {
                Self { code: text(code), password: Some(Typed::new(password.to_vec())) }
            }
            None if typed.is_empty() => Self { code: text(typed), password: None },
            None => Self { code: text(NO_CODE), password: None },
        }
    }
}

/// Password and code of an answer that ends in a code.
fn part<'a>(typed: &'a [u8], terms: &Terms) -> Option<(&'a [u8], &'a [u8])> {
    let separator = terms.forward_separator.byte();
    if let Some(at) = typed.iter().rposition(|byte| *byte == separator) {
        let (password, rest) = typed.split_at_checked(at)?;
        let (_, code) = rest.split_first()?;
        if is_code(code) {
            return Some((password, code));
        }
    }
    let at = typed.len().checked_sub(terms.forward_digits.count())?;
    let (password, code) = typed.split_at_checked(at)?;
    code.iter().all(u8::is_ascii_digit).then_some((password, code))
}

/// Whether this is a code as it is shown. Spaces and hyphens in digits, which a prompt for a code
/// alone passes over, would make codes of more passwords.
fn is_code(text: &[u8]) -> bool {
    let digits = CODE_DIGITS.contains(&text.len()) && text.iter().all(u8::is_ascii_digit);
    let shown = |(at, byte): (usize, &u8)| match at {
        RECOVERY_HYPHEN => *byte == b'-',
        _ => byte.is_ascii_alphanumeric(),
    };
    digits || (text.len() == RECOVERY_BYTES && text.iter().enumerate().all(shown))
}

/// A code as the contract carries it. What is too long for that is no code whatever it holds, and
/// so is the empty one that is sent in its place: same calls, same time.
pub(super) fn text(typed: &[u8]) -> Zeroizing<String> {
    let text = Zeroizing::new(String::from_utf8_lossy(typed).into_owned());
    if text.len() <= MAX_CODE_BYTES { text } else { Zeroizing::new(String::new()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(typed: &[u8], content: Content) -> (String, Option<Vec<u8>>) {
        let answer = Answer::read(&Typed::new(typed.to_vec()), content, &Terms::default());
        (answer.code.to_string(), answer.password.map(|password| password.to_vec()))
    }

    fn parted(typed: &str) -> (String, String) {
        let (code, password) = read(typed.as_bytes(), Content::PasswordAndCode);
        (String::from_utf8(password.expect(typed)).unwrap(), code)
    }

    fn pair(password: &str, code: &str) -> (String, String) {
        (password.to_owned(), code.to_owned())
    }

    #[test]
    fn a_code_alone_is_taken_whole() {
        assert_eq!(read(b"secret,123456", Content::Code), ("secret,123456".to_owned(), None));
        assert_eq!(read(&[b'7'; MAX_CODE_BYTES], Content::Code).0.len(), MAX_CODE_BYTES);
        assert_eq!(read(&[b'7'; MAX_CODE_BYTES + 1], Content::Code).0, "");
    }

    #[test]
    fn the_last_digits_are_the_code_whatever_the_password() {
        for password in [
            "secret",
            "secret12",
            "12345678",
            "",
            "a b",
            "caf\u{e9}",
            ",a",
            "a,b",
            "a,b12",
            "a,b-c",
        ] {
            assert_eq!(parted(&format!("{password}123456")), pair(password, "123456"));
        }
    }

    #[test]
    fn behind_the_separator_a_code_has_any_shape_and_the_password_too() {
        for code in ["123456", "12345678", "1234567890", "abcd-2345", "ABCD-EFGH", "2345-abcd"] {
            for password in
                ["secret", "secret12", "a,b", "a,12", "a,", "", ",123456", "a,abcd-2345"]
            {
                assert_eq!(parted(&format!("{password},{code}")), pair(password, code));
            }
        }
    }

    #[test]
    fn a_separator_within_a_password_parts_nothing() {
        // Too few, too many, and other things than a code has, so that the last six are the code.
        assert_eq!(parted("a,12345678901"), pair("a,12345", "678901"));
        assert_eq!(parted("a,b1234567"), pair("a,b1", "234567"));
        assert_eq!(parted("a,bc123456"), pair("a,bc", "123456"));
        assert_eq!(parted("a,ab-123456"), pair("a,ab-", "123456"));
        // What only its owner can tell apart: as the manual says, they type one more.
        assert_eq!(parted("a,123456"), pair("a", "123456"));
        assert_eq!(parted("a,12345678"), pair("a", "12345678"));
        assert_eq!(parted("a,12,345678"), pair("a,12", "345678"));
    }

    #[test]
    fn where_no_code_is_nothing_of_a_password_is_sent() {
        let none = ("no code".to_owned(), None);
        for typed in ["12345", "secret", "secret12345", "secret 123 456", "secret,12345"] {
            assert_eq!(read(typed.as_bytes(), Content::PasswordAndCode), none);
        }
        for typed in ["hunter,password", "hunter,abcdefgh", "a,abc-defgh", "a,abcd-efg\u{e9}"] {
            assert_eq!(read(typed.as_bytes(), Content::PasswordAndCode), none);
        }
        let arabic = "secret\u{661}\u{662}\u{663}\u{664}\u{665}\u{666}";
        assert_eq!(read(arabic.as_bytes(), Content::PasswordAndCode), none);
        assert_eq!(read(b"", Content::PasswordAndCode), (String::new(), None));
    }

    /// Every answer of up to eight of the characters that matter, and what all of them have in
    /// common.
    #[test]
    fn an_answer_is_its_parts_and_a_separator_before_the_code_is_always_right() {
        let mut answers = vec![Vec::new()];
        let mut parted = 0;
        while let Some(answer) = answers.pop() {
            if let Some((password, code)) = part(&answer, &Terms::default()) {
                let joined = [[password, code].concat(), [password, code].join(&b',')];
                assert!(joined.contains(&answer), "{answer:?}");
                assert!(is_code(code), "{answer:?}");
                parted += 1;
            }
            for code in [&b"123456"[..], b"1234567890", b"abcd-2345"] {
                let typed = [&answer[..], b",", code].concat();
                assert_eq!(part(&typed, &Terms::default()), Some((&answer[..], code)));
            }
            if answer.len() < 8 {
                answers.extend(b",-1a".map(|byte| [&answer[..], &[byte]].concat()));
            }
        }
        assert!(parted > 0);
    }

    #[test]
    fn a_password_need_not_be_text() {
        let (code, password) = read(b"caf\xe9\xff123456", Content::PasswordAndCode);
        assert_eq!((code.as_str(), password.unwrap().as_slice()), ("123456", &b"caf\xe9\xff"[..]));
    }

    #[test]
    fn what_sshd_puts_in_the_place_of_answers_is_handed_on() {
        for typed in [&b"\x08\n\r\x7fINCORRECT\x08\n\r\x7fINC"[..], b"\x08\n\r\x7fINC"] {
            let (code, password) = read(typed, Content::PasswordAndCode);
            assert_eq!((code.as_bytes(), password), (typed, None));
        }
    }

    #[test]
    fn digits_and_separator_are_the_administrators() {
        let terms = Terms {
            forward_digits: 8.try_into().unwrap(),
            forward_separator: "/".to_owned().try_into().unwrap(),
            ..Terms::default()
        };
        let parts = |typed: &str| {
            part(typed.as_bytes(), &terms).map(|(password, code)| (password.len(), code.len()))
        };
        assert_eq!(parts("secret12345678"), Some((6, 8)));
        assert_eq!(parts("secret/123456"), Some((6, 6)));
        assert_eq!(parts("secret,123456"), None);
    }
}
