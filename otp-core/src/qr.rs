//! QR codes as plain text, for terminals of whose colours nothing is known, and their modules for
//! whoever draws in colours. Light is ink, as terminals are mostly dark.

use qrcode::{Color, EcLevel, QrCode};

/// How many light modules surround the symbol on each side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quiet {
    /// Four, as ISO/IEC 18004 (6.3.8) has it.
    Standard,
    /// Two, with which cameras cope too, where each module is two characters wide.
    Narrow,
}

impl Quiet {
    const fn modules(self) -> usize {
        match self {
            Self::Standard => 4,
            Self::Narrow => 2,
        }
    }
}

/// What was to be drawn fits no QR code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text is too long for a QR code; use it as it is")]
pub struct TooLong;

/// The modules with their quiet zone; `true` is dark.
pub struct Symbol {
    side: usize,
    modules: Vec<bool>,
}

impl Symbol {
    /// Level L: a screen is neither torn nor dirty, and fewer modules are larger ones.
    ///
    /// # Errors
    /// When there is no code so large.
    pub fn encode(data: &str, quiet: Quiet) -> Result<Self, TooLong> {
        let code = QrCode::with_error_correction_level(data, EcLevel::L).map_err(|_| TooLong)?;
        let (width, quiet) = (code.width(), quiet.modules());
        let side = width + 2 * quiet;
        let mut modules = vec![false; side * quiet];
        for row in code.to_colors().chunks(width) {
            modules.extend(vec![false; quiet]);
            modules.extend(row.iter().map(|color| *color == Color::Dark));
            modules.extend(vec![false; quiet]);
        }
        modules.resize(side * side, false);
        Ok(Self { side, modules })
    }

    /// How many modules a side has, with the quiet zone.
    pub fn side(&self) -> usize {
        self.side
    }

    /// Row by row.
    pub fn rows(&self) -> impl Iterator<Item = &[bool]> {
        self.modules.chunks(self.side)
    }

    /// Two rows at a time, one above the other; a missing lower one is quiet zone.
    pub fn pairs(&self) -> impl Iterator<Item = Vec<(bool, bool)>> {
        let rows: Vec<&[bool]> = self.rows().collect();
        let pairs: Vec<Vec<(bool, bool)>> = rows
            .chunks(2)
            .map(|pair| {
                let lower = pair.get(1).into_iter().flat_map(|row| row.iter().copied());
                let upper = pair.first().into_iter().flat_map(|row| row.iter().copied());
                upper.zip(lower.chain(std::iter::repeat(false))).collect()
            })
            .collect();
        pairs.into_iter()
    }

    /// Two modules a character, in block elements of Unicode.
    pub fn halves(&self) -> String {
        let character = |modules| match modules {
            (false, false) => '█',
            (false, true) => '▀',
            (true, false) => '▄',
            (true, true) => ' ',
        };
        self.pairs()
            .map(|line| line.into_iter().map(character).collect::<String>() + "\n")
            .collect()
    }

    /// Two characters of ASCII a module.
    pub fn hashes(&self) -> String {
        let characters = |dark: &bool| if *dark { "  " } else { "##" };
        self.rows().map(|row| row.iter().map(characters).collect::<String>() + "\n").collect()
    }
}
