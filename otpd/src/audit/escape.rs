//! Names in log lines. What a remote stranger types as a user name must not be able to read like a
//! line of ours, nor break the line.

use std::fmt;

/// Writes plain names as they are and anything else in quotes, with control characters escaped.
#[derive(Clone, Copy, Debug)]
pub struct Escaped<'a>(pub &'a str);

/// The longest name that is logged whole, in characters.
const MOST: usize = 300;

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-@$+:%".contains(c);
        if !self.0.is_empty() && self.0.chars().all(plain) && self.0.len() <= MOST {
            return f.write_str(self.0);
        }
        let shown: String = self.0.chars().take(MOST).collect();
        let cut = if shown.len() < self.0.len() { "..." } else { "" };
        write!(f, "{shown:?}{cut}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_stay_and_others_are_quoted() {
        for (name, shown) in [
            ("alice", "alice"),
            ("fe80::1%eth0", "fe80::1%eth0"),
            ("", "\"\""),
            ("root accepted by sshd", "\"root accepted by sshd\""),
            ("a\nb\u{1b}[2J\"", "\"a\\nb\\u{1b}[2J\\\"\""),
            ("DOM\\user", "\"DOM\\\\user\""),
            ("\u{202e}live", "\"\\u{202e}live\""),
        ] {
            assert_eq!(Escaped(name).to_string(), shown);
        }
        assert!(Escaped(&"x".repeat(10_000)).to_string().len() < 400);
    }
}
