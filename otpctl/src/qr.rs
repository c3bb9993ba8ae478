//! A QR code in a terminal, such that a phone's camera reads it on dark and light terminals alike:
//! the quiet zone that ISO/IEC 18004 demands, and colours of its own where there are any. It
//! refuses to draw what the terminal would break into pieces.

use std::fmt::Write;

use qrcode::types::QrError;
use qrcode::{Color, EcLevel, QrCode};

use crate::host::Screen;

/// Light modules around the symbol on each side (ISO/IEC 18004, 6.3.8).
const QUIET: usize = 4;
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

/// The modules with their quiet zone; `true` is dark.
struct Symbol {
    side: usize,
    modules: Vec<bool>,
}

/// Draws `data` for `screen`.
pub(crate) fn draw(data: &str, when: When, screen: Screen) -> Result<Drawing, QrError> {
    let columns = match (when, screen.columns) {
        (When::Never, _) | (When::Auto, None) => return Ok(Drawing::None),
        (When::Auto, Some(columns)) => usize::from(columns),
        (When::Always, _) => usize::MAX,
    };
    let symbol = Symbol::encode(data)?;
    let form = match (screen.colours, screen.utf8) {
        (true, true) => Form::ColouredHalves,
        (true, false) => Form::ColouredBlanks,
        (false, true) => Form::Halves,
        (false, false) => Form::Hashes,
    };
    let needed = match form {
        Form::ColouredHalves | Form::Halves => symbol.side,
        Form::ColouredBlanks | Form::Hashes => 2 * symbol.side,
    };
    if needed > columns {
        return Ok(Drawing::TooNarrow(needed));
    }
    Ok(Drawing::Drawn(symbol.render(form)))
}

impl Symbol {
    /// Level L: a screen is neither torn nor dirty, and fewer modules are larger ones.
    fn encode(data: &str) -> Result<Self, QrError> {
        let code = QrCode::with_error_correction_level(data, EcLevel::L)?;
        let width = code.width();
        let side = width + 2 * QUIET;
        let mut modules = vec![false; side * QUIET];
        for row in code.to_colors().chunks(width) {
            modules.extend([false; QUIET]);
            modules.extend(row.iter().map(|color| *color == Color::Dark));
            modules.extend([false; QUIET]);
        }
        modules.resize(side * side, false);
        Ok(Self { side, modules })
    }

    fn render(&self, form: Form) -> String {
        let mut text = String::new();
        let rows: Vec<&[bool]> = self.modules.chunks(self.side).collect();
        match form {
            Form::ColouredHalves | Form::Halves => {
                for pair in rows.chunks(2) {
                    let (upper, lower) = match pair {
                        [upper, lower] => (*upper, Some(*lower)),
                        [upper] => (*upper, None),
                        _ => continue,
                    };
                    self.halves(&mut text, upper, lower, form);
                }
            }
            Form::ColouredBlanks | Form::Hashes => {
                for row in rows {
                    whole(&mut text, row, form);
                }
            }
        }
        text
    }

    /// One line of characters from two rows of modules; a missing lower row is quiet zone.
    fn halves(&self, text: &mut String, upper: &[bool], lower: Option<&[bool]>, form: Form) {
        let quiet = vec![false; self.side];
        let lower = lower.unwrap_or(&quiet);
        let mut last = None;
        for (upper, lower) in upper.iter().zip(lower) {
            if matches!(form, Form::ColouredHalves) {
                if last != Some((upper, lower)) {
                    let (ink, paper) = (shade(*upper), shade(*lower));
                    let _ = write!(text, "\x1b[38;5;{ink};48;5;{paper}m");
                    last = Some((upper, lower));
                }
                text.push('▀');
            } else {
                text.push(match (upper, lower) {
                    (false, false) => '█',
                    (false, true) => '▀',
                    (true, false) => '▄',
                    (true, true) => ' ',
                });
            }
        }
        text.push_str(if last.is_some() { "\x1b[0m\n" } else { "\n" });
    }
}

/// One line of characters from one row of modules.
fn whole(text: &mut String, row: &[bool], form: Form) {
    for run in row.chunk_by(|one, next| one == next) {
        let dark = run.first() == Some(&true);
        if matches!(form, Form::ColouredBlanks) {
            let _ = write!(text, "\x1b[48;5;{}m{}", shade(dark), "  ".repeat(run.len()));
        } else {
            text.push_str(&(if dark { "  " } else { "##" }).repeat(run.len()));
        }
    }
    text.push_str(if matches!(form, Form::ColouredBlanks) { "\x1b[0m\n" } else { "\n" });
}

const fn shade(dark: bool) -> u8 {
    if dark { BLACK } else { WHITE }
}

#[cfg(test)]
mod tests;
