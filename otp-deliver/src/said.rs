//! What others said about a message, made fit for the log: a provider or a command may repeat the
//! code or the address, and neither belongs there.

use otp_deliver::wire::Message;

/// The most of it that is passed on, in characters.
const MOST: usize = 300;

/// In one line, without the code and the address, however their characters are parted.
pub(crate) fn blanked(text: &str, message: &Message) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let text: String = text.trim().chars().map(plain).collect();
    let text = without(&text, &message.address, "[address]");
    let text = without(&text, message.address.trim_start_matches('+'), "[address]");
    let text = without(&text, &message.code, "[code]");
    text.chars().take(MOST).collect()
}

/// The text without any run of these characters, whatever their case and with spaces, dots and
/// hyphens between them.
fn without(text: &str, hidden: &str, shown: &str) -> String {
    let (text, hidden): (Vec<char>, Vec<char>) = (text.chars().collect(), hidden.chars().collect());
    let mut kept = String::with_capacity(text.len());
    let mut rest = text.as_slice();
    while let Some((first, after)) = rest.split_first() {
        match run(rest, &hidden) {
            Some(behind) => {
                kept.push_str(shown);
                rest = behind;
            }
            None => {
                kept.push(*first);
                rest = after;
            }
        }
    }
    kept
}

/// What is behind the characters, where the text begins with them.
fn run<'a>(text: &'a [char], hidden: &[char]) -> Option<&'a [char]> {
    let mut rest = text;
    let mut wanted = hidden.iter();
    let mut next = wanted.next()?;
    loop {
        let (c, after) = rest.split_first()?;
        let begun = rest.len() < text.len();
        if c.eq_ignore_ascii_case(next) {
            rest = after;
            match wanted.next() {
                Some(more) => next = more,
                None => return Some(rest),
            }
        } else if begun && matches!(c, ' ' | '-' | '.') {
            rest = after;
        } else {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use otp_deliver::wire::Purpose;

    use super::*;

    fn message(address: &str) -> Message {
        Message {
            channel: "sms".to_owned(),
            address: address.to_owned(),
            code: "123456".to_owned(),
            user: "alice".to_owned(),
            issuer: "host".to_owned(),
            purpose: Purpose::Login,
            valid_for: 300,
        }
    }

    #[test]
    fn code_and_address_are_blanked_however_they_are_written() {
        for (said, kept) in [
            ("cannot send 123456\nto +4915123456742", "cannot send [code] to [address]"),
            ("123 456, 123-456, 1.2.3.4.5.6", "[code], [code], [code]"),
            ("to 49 151 234-56742: no route", "to [address]: no route"),
            ("x123456y1234567", "x[code]y[code]7"),
            ("12345 is another", "12345 is another"),
            ("\u{1b}[31mred", "[31mred"),
        ] {
            assert_eq!(blanked(said, &message("+4915123456742")).trim(), kept.trim(), "{said}");
        }
        let said = "550 <Alice@Example.ORG> unknown";
        assert_eq!(blanked(said, &message("alice@example.org")), "550 <[address]> unknown");
        assert_eq!(blanked(&"x".repeat(5000), &message("a@b")).len(), MOST);
    }
}
