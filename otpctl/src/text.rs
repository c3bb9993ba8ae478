//! Words for the terminal: what came from elsewhere is made harmless, what is to be typed again
//! is quoted. It refuses to pass on any character that could move the cursor, change colours or
//! reorder what is read, whoever chose it.

use std::fmt::Write;

/// Text from a daemon, a user database or an argument, safe to print: characters that command a
/// terminal or hide from the eye are written as `\u{1b}`.
pub(crate) fn safe(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut safe, c| {
        if hidden(c) {
            safe.extend(c.escape_default());
        } else {
            safe.push(c);
        }
        safe
    })
}

/// The same within JSON, in JSON's own notation. Such characters occur inside strings only, since
/// the rest of a serialised value is ASCII.
pub(crate) fn safe_json(json: &str) -> String {
    let mut units = [0; 2];
    json.chars().fold(String::with_capacity(json.len()), |mut safe, c| {
        if hidden(c) {
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(c);
        }
        safe
    })
}

/// Whether a character commands a terminal (C0, DEL, C1), reorders text (bidirectional controls;
/// "Trojan Source", CVE-2021-42574) or is drawn as nothing.
fn hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// A word as a shell reads it back: as it is where that is safe, else in single quotes.
pub(crate) fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-./@%+=:,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// A secret in groups of four, for reading it off and typing it.
pub(crate) fn in_fours(secret: &str) -> String {
    let characters: Vec<char> = secret.chars().collect();
    characters.chunks(4).map(String::from_iter).collect::<Vec<_>>().join(" ")
}

/// Several lines as one, each run of white space as one blank.
pub(crate) fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A number with its noun: `1 device`, `2 devices`.
pub(crate) fn counted(number: u32, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// The seconds of a time as it is typed: a number and a unit. None: too many to count.
///
/// # Errors
/// When it is no time.
pub(crate) fn time(text: &str) -> Result<Option<u32>, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let factor = match unit {
        "s" => 1,
        "min" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err("a time is a number and s, min, h or d, such as 24h".to_owned()),
    };
    Ok(number.parse::<u32>().ok().and_then(|number| number.checked_mul(factor)))
}

/// A stretch of time as people say it, rounded up: `12 s`, `3 min`, `2 h`.
pub(crate) fn stretch(seconds: u32) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds.div_ceil(60)),
        7200.. => format!("{} h", seconds.div_ceil(3600)),
    }
}

/// The same, rounded down: `at least 22 h`.
pub(crate) fn at_least(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        7200.. => format!("{} h", seconds / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_commands_a_terminal_gets_through() {
        assert_eq!(safe("a\u{1b}[2Jb\r\n\u{9b}31m\u{7f}"), r"a\u{1b}[2Jb\r\n\u{9b}31m\u{7f}");
        assert_eq!(safe("x\u{202e}y\u{2066}z\u{200b}"), r"x\u{202e}y\u{2066}z\u{200b}");
        assert_eq!(safe(r"DOM\jürgen 日本 🔑"), r"DOM\jürgen 日本 🔑");
    }

    #[test]
    fn json_stays_json_and_keeps_its_meaning() {
        let label = "\u{1b}]0;x\u{7}\u{9b}\u{202e}\u{e0041}ü\"\\";
        let json = safe_json(&serde_json::to_string(label).unwrap());
        assert!(!json.chars().any(hidden), "{json}");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), label);
    }

    #[test]
    fn a_quoted_word_is_one_word_to_a_shell() {
        for word in ["alice", r"DOM\al ice", "it's", "$(id)", "", "-", "jürgen"] {
            let output = std::process::Command::new("sh")
                .arg("-c")
                .arg(format!("printf %s {}", shell_word(word)))
                .output()
                .unwrap();
            assert_eq!(output.stdout, word.as_bytes(), "{word}");
        }
    }

    #[test]
    fn fours_and_stretches() {
        assert_eq!(in_fours("ABCDEFGHIJ"), "ABCD EFGH IJ");
        assert_eq!(in_fours(""), "");
        assert_eq!(
            [119, 120, 121, 7200, 7201].map(stretch),
            ["119 s", "2 min", "3 min", "2 h", "3 h"]
        );
        assert_eq!(
            [119, 120, 179, 7199, 7200, 10_799].map(at_least),
            ["119 s", "2 min", "2 min", "119 min", "2 h", "2 h"]
        );
        assert_eq!([0, 1, 2].map(|n| counted(n, "lane")), ["0 lanes", "1 lane", "2 lanes"]);
    }
}
