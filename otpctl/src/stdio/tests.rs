//! The terminal's side of it, on a real pseudo-terminal and a real pipe.

use std::fs::File;
use std::io::Read;

use nix::pty::{OpenptyResult, openpty};

use super::*;

/// A terminal, and the person at it.
fn terminal() -> (File, Typed<File>) {
    let OpenptyResult { master, slave } = openpty(None, None).unwrap();
    (File::from(master), Typed { from: File::from(slave), person: true })
}

/// Types `keys` as soon as the prompt is there: what is typed before belongs to nobody.
struct Keyboard<'a>(&'a File, &'static [u8]);

impl Write for Keyboard<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut person = self.0;
        person.write_all(self.1)
    }
}

fn typed(keys: &'static [u8], echo: Echo) -> (Result<Zeroizing<String>, InputError>, String, bool) {
    let (mut master, mut input) = terminal();
    let before = tcgetattr(&input.from).unwrap();
    let line = input.ask("Code: ", echo, &mut Keyboard(&master, keys));
    let restored = tcgetattr(&input.from).unwrap() == before;
    drop(input);
    // What the terminal showed; EIO says that the other end is closed and all was read.
    let mut shown = Vec::new();
    let _ = master.read_to_end(&mut shown);
    (line, String::from_utf8(shown).unwrap(), restored)
}

#[test]
fn a_hidden_line_is_read_and_never_shown() {
    let (line, shown, restored) = typed(b"123456\n", Echo::Hidden);
    assert_eq!(*line.unwrap(), "123456");
    assert_eq!(shown.trim(), "");
    assert!(restored);
}

#[test]
fn a_shown_line_is_shown() {
    let (line, shown, restored) = typed(b"yes\n", Echo::Shown);
    assert_eq!(*line.unwrap(), "yes");
    assert_eq!(shown.trim(), "yes");
    assert!(restored);
}

#[test]
fn ctrl_c_ends_the_prompt_and_gives_the_echo_back() {
    let (line, shown, restored) = typed(b"123\x03", Echo::Hidden);
    assert!(matches!(line, Err(InputError::Interrupted)), "{line:?}");
    assert!(!shown.contains("123"), "{shown:?}");
    assert!(restored);
}

#[test]
fn ctrl_d_is_the_end_of_the_input() {
    let (line, _, restored) = typed(b"\x04", Echo::Hidden);
    assert!(matches!(line, Err(InputError::Ended)), "{line:?}");
    assert!(restored);
}

#[test]
fn a_pipe_cannot_be_asked_without_echo() {
    let (reader, _writer) = io::pipe().unwrap();
    let mut input = Typed { from: reader, person: false };
    let line = input.ask("Code: ", Echo::Hidden, &mut io::sink());
    assert!(matches!(line, Err(InputError::Io(_))), "{line:?}");
}

fn piped(bytes: &[u8]) -> Result<Zeroizing<String>, InputError> {
    let (reader, mut writer) = io::pipe().unwrap();
    writer.write_all(bytes).unwrap();
    drop(writer);
    Typed { from: reader, person: false }.line()
}

#[test]
fn lines_of_a_pipe() {
    assert_eq!(*piped(b"123456\r\nnot read\n").unwrap(), "123456");
    assert_eq!(*piped(b"no end").unwrap(), "no end");
    assert_eq!(*piped(b"\n").unwrap(), "");
    assert!(matches!(piped(b""), Err(InputError::Ended)));
    assert!(matches!(piped(b"\xff\n"), Err(InputError::NotText)));
}

#[test]
fn a_line_has_a_longest_length() {
    let mut line = vec![b'1'; MAX_LINE];
    assert_eq!(piped(&line).unwrap().len(), MAX_LINE);
    line.push(b'1');
    assert!(matches!(piped(&line), Err(InputError::TooLong)));
}

#[test]
fn nothing_beyond_the_line_is_taken_from_a_pipe() {
    let (reader, mut writer) = io::pipe().unwrap();
    writer.write_all(b"first\nsecond\n").unwrap();
    let mut input = Typed { from: reader, person: false };
    assert_eq!(*input.line().unwrap(), "first");
    assert_eq!(*input.line().unwrap(), "second");
}

#[test]
fn the_first_locale_variable_that_is_not_empty_decides() {
    let locale = |all: &'static str, ctype: &'static str, lang: &'static str| {
        speaks_utf8(move |name| match name {
            "LC_ALL" => Some(all.into()),
            "LC_CTYPE" => Some(ctype.into()),
            _ => Some(lang.into()),
        })
    };
    assert!(locale("", "", "de_DE.UTF-8"));
    assert!(locale("", "C.utf8", "C"));
    assert!(!locale("C", "C.UTF-8", "C.UTF-8"));
    assert!(!locale("", "", "POSIX"));
    assert!(!speaks_utf8(|_| None));
}
