//! The exit statuses: one word and one number each, the same in the manual page, in `--help` and
//! in scripts. It refuses to grow statuses without a meaning of their own for a script.

/// How the program ends.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done, or accepted.
    Done,
    /// The code was refused, or a question was answered with no.
    Refused,
    /// The command line, or a value in it, cannot be used.
    Usage,
    /// The caller may not do this.
    NotAllowed,
    /// No such user or device, or nothing enrolled.
    NotFound,
    /// The daemon cannot be reached or cannot answer now.
    Unavailable,
    /// What there is stands against it: the account's state, or the keyring's.
    Conflict,
    /// Something typed could not be read, or an answer not be written.
    Terminal,
    /// Ctrl-C at a prompt.
    Interrupted,
}

impl Exit {
    /// Every status, in the order of their numbers.
    pub const ALL: [Self; 9] = [
        Self::Done,
        Self::Refused,
        Self::Usage,
        Self::NotAllowed,
        Self::NotFound,
        Self::Unavailable,
        Self::Conflict,
        Self::Terminal,
        Self::Interrupted,
    ];

    /// The status that the shell sees.
    pub const fn number(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Refused => 1,
            Self::Usage => 2,
            Self::NotAllowed => 3,
            Self::NotFound => 4,
            Self::Unavailable => 5,
            Self::Conflict => 6,
            Self::Terminal => 7,
            Self::Interrupted => 130,
        }
    }

    /// What it means, in one line.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done, or the code was accepted",
            Self::Refused => "the code was refused, or a question was answered with no",
            Self::Usage => "the command line, or a value in it, cannot be used",
            Self::NotAllowed => "the caller may not do this",
            Self::NotFound => "no such user, account or device, or nothing is enrolled",
            Self::Unavailable => "otpd cannot be reached or cannot answer now",
            Self::Conflict => "what there is stands against it: taken, full, needed, another uid",
            Self::Terminal => "something could not be read from or written to the terminal",
            Self::Interrupted => "interrupted at a prompt",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_differ_and_ascend() {
        let numbers: Vec<u8> = Exit::ALL.into_iter().map(Exit::number).collect();
        assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
    }
}
