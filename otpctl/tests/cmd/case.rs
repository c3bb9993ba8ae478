//! One command line in surroundings of a test's choice, and the file that says what it prints.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::Write;
use std::path::Path;

use jiff::tz::TimeZone;
use otp_core::UnixTime;
use otpctl::{Caller, Connect, Echo, Host, Input, InputError, Screen};
use zeroize::Zeroizing;

use crate::fake::Fake;

/// The time of every run: 2026-07-15 12:00:17 UTC, 13 seconds before a step ends.
const NOW: u64 = 1_784_116_817;

/// What is typed: lines, after which the input ends.
pub(crate) struct Script {
    person: bool,
    lines: VecDeque<Result<&'static str, InputError>>,
}

impl Script {
    fn next(&mut self) -> Result<Zeroizing<String>, InputError> {
        let line = self.lines.pop_front().unwrap_or(Err(InputError::Ended))?;
        Ok(Zeroizing::new(line.to_owned()))
    }
}

impl Input for Script {
    fn interactive(&self) -> bool {
        self.person
    }

    fn ask(
        &mut self,
        prompt: &str,
        echo: Echo,
        out: &mut dyn Write,
    ) -> Result<Zeroizing<String>, InputError> {
        assert!(self.person, "nobody is there to be asked");
        writeln!(out, "{prompt}[{echo:?}]").unwrap();
        self.next()
    }

    fn line(&mut self) -> Result<Zeroizing<String>, InputError> {
        assert!(!self.person, "a person must be asked");
        self.next()
    }
}

/// A run to be made.
pub(crate) struct Case {
    args: Vec<&'static str>,
    caller: Caller,
    script: Script,
    screen: Screen,
    broken_output: bool,
}

/// A run that was made.
pub(crate) struct Run {
    pub(crate) exit: u8,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Standard output that nobody reads any more.
struct Broken;

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Case {
    /// Root, without a terminal, with nothing to read.
    pub(crate) fn root(args: &[&'static str]) -> Self {
        Self {
            args: args.to_vec(),
            caller: Caller { uid: 0, name: Some("root".into()) },
            script: Script { person: false, lines: VecDeque::new() },
            screen: Screen { columns: None, colours: false, utf8: true },
            broken_output: false,
        }
    }

    /// The user alice.
    pub(crate) fn alice(args: &[&'static str]) -> Self {
        Self::root(args).caller(1000, Some("alice"))
    }

    pub(crate) fn caller(mut self, uid: u32, name: Option<&str>) -> Self {
        self.caller = Caller { uid, name: name.map(str::to_owned) };
        self
    }

    /// At a terminal, these lines are typed.
    pub(crate) fn types(self, lines: &[&'static str]) -> Self {
        self.person(lines.iter().copied().map(Ok).collect())
    }

    /// At a terminal, these things happen.
    pub(crate) fn person(mut self, lines: Vec<Result<&'static str, InputError>>) -> Self {
        self.script = Script { person: true, lines: lines.into() };
        self
    }

    /// From a pipe, these lines are read.
    pub(crate) fn pipe(mut self, lines: &[&'static str]) -> Self {
        self.script = Script { person: false, lines: lines.iter().copied().map(Ok).collect() };
        self
    }

    pub(crate) fn screen(mut self, columns: Option<u16>, colours: bool, utf8: bool) -> Self {
        self.screen = Screen { columns, colours, utf8 };
        self
    }

    pub(crate) fn broken_output(mut self) -> Self {
        self.broken_output = true;
        self
    }

    /// Runs it against anything that leads anywhere.
    pub(crate) fn run(mut self, connector: &impl Connect) -> Run {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut broken = Broken;
        let mut host = Host {
            caller: self.caller,
            input: &mut self.script,
            out: if self.broken_output { &mut broken } else { &mut out },
            err: &mut err,
            screen: self.screen,
            zone: TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap(),
            clock: || UnixTime::from_secs(NOW),
        };
        let args = std::iter::once("otpctl").chain(self.args).map(OsString::from);
        let exit = otpctl::run(args, &mut host, connector).number();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Run { exit, out: text(out), err: text(err) }
    }

    /// Runs it against the daemon and compares all that can be seen with `expected/NAME.txt`.
    pub(crate) fn expect(self, name: &str, daemon: &Fake) {
        let mut seen = format!("$ otpctl {}\n", self.args.join(" "));
        let run = self.run(daemon);
        writeln!(seen, "-- stdout\n{}-- stderr\n{}-- asked", run.out, run.err).unwrap();
        for call in daemon.asked() {
            writeln!(seen, "{call}").unwrap();
        }
        writeln!(seen, "-- exit {}", run.exit).unwrap();
        compare(name, &seen);
    }
}

/// Compares with a pinned file.
pub(crate) fn compare(name: &str, seen: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/cmd/expected/{name}.txt"));
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, seen).unwrap();
    }
    let expected = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; BLESS=1 writes it", path.display()));
    assert!(seen == expected, "{name} differs.\n== expected\n{expected}\n== seen\n{seen}");
}
