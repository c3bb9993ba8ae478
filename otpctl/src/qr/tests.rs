//! Drawn codes are read back from the characters, as a camera would: by a decoder that shares
//! nothing with the crate that drew them.

use qrcode::{Color, EcLevel, QrCode};

use super::*;

const URI: &str =
    "otpauth://totp/host.example:alice?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=host.example";

const fn screen(columns: Option<u16>, colours: bool, utf8: bool) -> Screen {
    Screen { columns, colours, utf8 }
}

fn drawn(screen: Screen) -> String {
    let Drawing::Drawn(text) = draw(URI, When::Always, screen).unwrap() else {
        panic!("nothing was drawn");
    };
    text
}

/// The modules that characters show, row by row; `true` is dark. Understands escape sequences.
fn seen(text: &str, halves: bool) -> Vec<Vec<bool>> {
    let mut rows = Vec::new();
    for line in text.lines() {
        let (mut upper, mut lower) = (Vec::new(), Vec::new());
        let (mut fore, mut back) = (false, false);
        let mut rest = line.chars();
        while let Some(c) = rest.next() {
            match c {
                '\x1b' => {
                    let sequence: String = rest.by_ref().take_while(|c| *c != 'm').collect();
                    if let Some((_, shade)) = sequence.split_once("38;5;") {
                        fore = shade.starts_with("16");
                    }
                    if let Some((_, shade)) = sequence.split_once("48;5;") {
                        back = shade.starts_with("16");
                    }
                }
                '▀' if line.contains('\x1b') => (upper.push(fore), lower.push(back)).0,
                '█' => (upper.push(false), lower.push(false)).0,
                '▀' => (upper.push(false), lower.push(true)).0,
                '▄' => (upper.push(true), lower.push(false)).0,
                ' ' if line.contains('\x1b') => upper.push(back),
                ' ' => (upper.push(true), lower.push(true)).0,
                '#' => upper.push(false),
                other => panic!("{other:?}"),
            }
        }
        if halves {
            rows.extend([upper, lower]);
        } else {
            rows.push(
                upper.chunks(2).map(|pair| (assert_eq!(pair[0], pair[1]), pair[0]).1).collect(),
            );
        }
    }
    rows
}

fn decode(modules: &[Vec<bool>]) -> String {
    const SCALE: usize = 4;
    let (width, height) = (modules[0].len(), modules.len());
    let mut image =
        rqrr::PreparedImage::prepare_from_greyscale(width * SCALE, height * SCALE, |x, y| {
            if modules[y / SCALE][x / SCALE] { 0 } else { 255 }
        });
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1);
    grids[0].decode().unwrap().1
}

#[test]
fn every_form_decodes_to_the_uri() {
    for colours in [true, false] {
        for utf8 in [true, false] {
            let text = drawn(screen(None, colours, utf8));
            assert_eq!(decode(&seen(&text, utf8)), URI, "colours {colours}, utf8 {utf8}\n{text}");
        }
    }
}

#[test]
fn the_modules_are_the_encoders_and_a_quiet_zone_surrounds_them() {
    // As the standard has it, not as the code says.
    const QUIET: usize = 4;
    let code = QrCode::with_error_correction_level(URI, EcLevel::L).unwrap();
    for (colours, utf8) in [(true, true), (true, false), (false, true), (false, false)] {
        let rows = seen(&drawn(screen(None, colours, utf8)), utf8);
        let (width, side) = (code.width(), code.width() + 2 * QUIET);
        assert!(rows.iter().all(|row| row.len() == side));
        for (y, row) in rows.iter().enumerate() {
            for (x, dark) in row.iter().enumerate() {
                let inside =
                    (QUIET..QUIET + width).contains(&x) && (QUIET..QUIET + width).contains(&y);
                let expected = inside && code[(x - QUIET, y - QUIET)] == Color::Dark;
                assert_eq!(*dark, expected, "module {x},{y}");
            }
        }
        assert!(rows.len() >= side);
    }
}

#[test]
fn each_coloured_line_sets_its_colours_and_gives_them_back() {
    for utf8 in [true, false] {
        for line in drawn(screen(None, true, utf8)).lines() {
            assert!(line.starts_with("\x1b[") && line.ends_with("\x1b[0m"), "{line:?}");
        }
    }
    assert!(drawn(screen(None, true, false)).is_ascii());
    assert!(drawn(screen(None, false, false)).is_ascii());
    assert!(!drawn(screen(None, false, true)).contains('\x1b'));
}

#[test]
fn auto_draws_on_a_terminal_that_is_wide_enough() {
    let auto = |screen| draw(URI, When::Auto, screen).unwrap();
    let side = u16::try_from(Symbol::encode(URI, Quiet::Standard).unwrap().side()).unwrap();
    assert_eq!(auto(screen(None, true, true)), Drawing::None);
    assert!(matches!(auto(screen(Some(side), true, true)), Drawing::Drawn(_)));
    assert_eq!(auto(screen(Some(side - 1), true, true)), Drawing::TooNarrow(usize::from(side)));
    assert_eq!(auto(screen(Some(side), true, false)), Drawing::TooNarrow(2 * usize::from(side)));
    assert!(matches!(auto(screen(Some(2 * side), true, false)), Drawing::Drawn(_)));
    assert_eq!(draw(URI, When::Never, screen(Some(200), true, true)).unwrap(), Drawing::None);
}

#[test]
fn the_usual_uri_fits_eighty_columns() {
    assert!(Symbol::encode(URI, Quiet::Standard).unwrap().side() <= 80);
}
