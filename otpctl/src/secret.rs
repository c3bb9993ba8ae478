//! A secret as people have it: base32 as vendors print it, or hexadecimal. It becomes bytes here
//! or is refused, without ever being repeated in an error.

use data_encoding::{BASE32_NOPAD, DecodeError, HEXLOWER_PERMISSIVE};
use zeroize::Zeroizing;

use crate::failure::Failure;

/// The bounds of the contract, in bytes (RFC 4226, 4 R6, asks for 16; vendors give 10).
const BYTES: std::ops::RangeInclusive<usize> = 10..=128;
const HEX: &str = "hex:";
const AGAIN: &str = "pipe it in or type it: base32 (A to Z, 2 to 7), or hexadecimal after `hex:`";

/// Reads a secret. Spaces and hyphens are dropped, case does not count, base32's padding may be
/// there or not.
pub(crate) fn parse(text: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let kept = |c: &char| !c.is_whitespace() && *c != '-';
    // Two characters a byte at most, four bytes a character: never moves while it grows.
    let mut plain = Zeroizing::new(String::with_capacity(text.len()));
    plain.extend(text.chars().filter(kept).map(|c| c.to_ascii_lowercase()));
    let (encoding, digits) = match plain.strip_prefix(HEX) {
        Some(digits) => ("hexadecimal", digits),
        None => ("base32", plain.trim_end_matches('=')),
    };
    let bytes = if encoding == "base32" {
        BASE32_NOPAD.decode(Zeroizing::new(digits.to_ascii_uppercase()).as_bytes())
    } else {
        HEXLOWER_PERMISSIVE.decode(digits.as_bytes())
    };
    let bytes = Zeroizing::new(bytes.map_err(|error| refuse(encoding, error))?);
    if !BYTES.contains(&bytes.len()) {
        let (least, most) = (BYTES.start(), BYTES.end());
        let message =
            format!("the secret has {} bytes, {least} to {most} are accepted", bytes.len());
        return Err(Failure::usage(message, AGAIN));
    }
    Ok(bytes)
}

fn refuse(encoding: &str, error: DecodeError) -> Failure {
    let place = error.position + 1;
    let what = match error.kind {
        data_encoding::DecodeKind::Symbol => format!("character {place} does not belong there"),
        data_encoding::DecodeKind::Length => "a character is missing or too many".to_owned(),
        data_encoding::DecodeKind::Trailing | data_encoding::DecodeKind::Padding => {
            "it is cut off at its end".to_owned()
        }
    };
    Failure::usage(format!("the secret is not {encoding}: {what} (blanks not counted)"), AGAIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The seed of RFC 4226, appendix D.
    const SEED: &[u8] = b"12345678901234567890";

    #[test]
    fn the_same_secret_in_every_dress() {
        for text in [
            "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
            "gezd gnbv gy3t qojq gezd gnbv gy3t qojq",
            " GEZD-GNBV-GY3T-QOJQ-GEZD-GNBV-GY3T-QOJQ==\t",
            "hex:3132333435363738393031323334353637383930",
            "HEX: 3132 3334 3536 3738 3930 3132 3334 3536 3738 3930",
        ] {
            assert_eq!(parse(text).unwrap().as_slice(), SEED, "{text}");
        }
    }

    #[test]
    fn hexadecimal_in_either_case() {
        assert_eq!(parse("hex:ABCDEF0123abcdef0123").unwrap()[..3], [0xab, 0xcd, 0xef]);
    }

    #[test]
    fn what_is_refused_is_not_repeated() {
        for (text, part) in [
            ("GEZDGNBVGY3TQ0JQ", "character 14"),
            ("GEZ DGN BVG Y1TQOJQ", "character 11"),
            ("hex:31323334353637383930zz", "character 21"),
            ("hex:313", "missing or too many"),
            ("GEZDGNBVGY3TQOJQA", "missing or too many"),
            ("GEZDGNBVGY3TQOJQGB", "cut off"),
            ("GEZDGNBVGY3TQ", "8 bytes"),
            ("GEZDGNBVGY3TQO", "missing or too many"),
            ("", "0 bytes"),
            ("ÄÖÜÖGEZDGNBVGY3TQOJQ", "character 1"),
        ] {
            let failure = parse(text).unwrap_err();
            assert!(failure.message.contains(part), "{text}: {}", failure.message);
            let told = format!("{}{}", failure.message, failure.next);
            assert!(text.is_empty() || !told.contains(text));
        }
    }

    #[test]
    fn the_bounds_are_the_contracts() {
        let hex = |bytes: usize| parse(&format!("hex:{}", "5a".repeat(bytes)));
        assert!(hex(9).is_err());
        assert!(hex(10).is_ok());
        assert!(hex(128).is_ok());
        assert!(hex(129).is_err());
    }
}
