//! Whether there is memory enough for what comes next, asked before it begins.
//!
//! Rust ends the process where an allocation fails, with words on its stderr, and that process is
//! somebody's sshd. So a login asks first, in a way that may fail, and refuses to begin without
//! enough. What was asked for is given back at once, to be had again piece by piece; another thread of the
//! host can be faster, and then the process ends.

use std::hint::black_box;

/// For a login. One takes about 4 KiB, and an answer as long as any that is read sixteen times that. Below
/// the size from which glibc maps memory anew instead of keeping it at hand.
pub(crate) const LOGIN: usize = 96 * 1024;
/// For a line in the log.
pub(crate) const LINE: usize = 8 * 1024;

/// Whether so many bytes can be had in one piece.
pub(crate) fn has(bytes: usize) -> bool {
    let mut room: Vec<u8> = Vec::new();
    let had = room.try_reserve_exact(bytes).is_ok();
    // Or the compiler would leave out an allocation that nobody uses, and call it successful.
    black_box(&mut room);
    had
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_had_is_not_there() {
        assert!(has(LOGIN) && has(LINE));
        assert!(!has(usize::MAX / 4));
        assert!(!has(usize::MAX));
    }
}
