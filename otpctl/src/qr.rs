//! A QR code in a terminal, such that a phone's camera reads it on dark and light terminals alike:
//! the quiet zone that ISO/IEC 18004 demands, and colours of its own where there are any. It
//! refuses to draw what the terminal would break into pieces.

use std::fmt::Write;

use otp_core::qr::{Quiet, Symbol, TooLong};

use crate::host::Screen;

/// Black and white of the 256-colour cube: the first sixteen are whatever the user's theme says.
const BLACK: u8 = 16;
const WHITE: u8 = 231;

/// When to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum When {
    /// Where it can be seen whole: standard output is a terminal that is wide enough
    Auto,
    /// Whatever standard output is
    Always,
    /// Never
    Never,
}

/// What became of the wish to draw.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Drawing {
    /// Lines, each with its end.
    Drawn(String),
    /// Nothing was asked for.
    None,
    /// The terminal must have this many columns.
    TooNarrow(usize),
}

/// How modules become characters.
#[derive(Clone, Copy)]
enum Form {
    /// Two modules a character, one above the other, in colours.
    ColouredHalves,
    /// Two blanks a module, in colours.
    ColouredBlanks,
    /// Two modules a character; light is ink, as terminals without colours are mostly dark.
    Halves,
    /// Two ASCII characters a module; light is ink.
    Hashes,
}

/// Draws `data` for `screen`.
pub(crate) fn draw(data: &str, when: When, screen: Screen) -> Result<Drawing, TooLong> {
    let columns = match (when, screen.columns) {
        (When::Never, _) | (When::Auto, None) => return Ok(Drawing::None),
        (When::Auto, Some(columns)) => usize::from(columns),
        (When::Always, _) => usize::MAX,
    };
    let symbol = Symbol::encode(data, Quiet::Standard)?;
    let form = match (screen.colours, screen.utf8) {
        (true, true) => Form::ColouredHalves,
        (true, false) => Form::ColouredBlanks,
        (false, true) => Form::Halves,
        (false, false) => Form::Hashes,
    };
    let needed = match form {
        Form::ColouredHalves | Form::Halves => symbol.side(),
        Form::ColouredBlanks | Form::Hashes => 2 * symbol.side(),
    };
    if needed > columns {
        return Ok(Drawing::TooNarrow(needed));
    }
    Ok(Drawing::Drawn(render(&symbol, form)))
}

fn render(symbol: &Symbol, form: Form) -> String {
    match form {
        Form::ColouredHalves => symbol.pairs().map(|line| coloured_halves(&line)).collect(),
        Form::ColouredBlanks => symbol.rows().map(coloured_blanks).collect(),
        Form::Halves => symbol.halves(),
        Form::Hashes => symbol.hashes(),
    }
}

/// One line of characters from two rows of modules.
fn coloured_halves(line: &[(bool, bool)]) -> String {
    let mut text = String::new();
    for run in line.chunk_by(|one, next| one == next) {
        let Some((upper, lower)) = run.first() else { continue };
        let (ink, paper) = (shade(*upper), shade(*lower));
        let _ = write!(text, "\x1b[38;5;{ink};48;5;{paper}m{}", "▀".repeat(run.len()));
    }
    text + "\x1b[0m\n"
}

/// One line of characters from one row of modules.
fn coloured_blanks(row: &[bool]) -> String {
    let mut text = String::new();
    for run in row.chunk_by(|one, next| one == next) {
        let dark = run.first() == Some(&true);
        let _ = write!(text, "\x1b[48;5;{}m{}", shade(dark), "  ".repeat(run.len()));
    }
    text + "\x1b[0m\n"
}

const fn shade(dark: bool) -> u8 {
    if dark { BLACK } else { WHITE }
}

#[cfg(test)]
mod tests;
