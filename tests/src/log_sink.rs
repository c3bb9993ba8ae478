//! `/dev/log` of the world: whatever sshd, sudo, the module and the daemon log, in one order.

use std::{
    fs,
    os::unix::{fs::PermissionsExt, net::UnixDatagram},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use crate::{Context, Deadline, Failure, Result};

const SOCKET: &str = "/dev/log";

/// How long a line may take that something just done must have caused.
const PATIENCE: Duration = Duration::from_secs(10);

/// Collects what is logged.
#[derive(Clone, Debug)]
pub struct LogSink(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    lines: Mutex<Vec<Line>>,
    more: Condvar,
}

/// One record.
#[derive(Clone, Debug)]
pub struct Line {
    /// The syslog facility's number; 10 is authpriv.
    pub facility: u8,
    /// What follows the priority: usually a time, a tag and the text.
    pub text: String,
}

impl LogSink {
    /// Binds the socket and begins to listen.
    pub(crate) fn open() -> Result<Self> {
        let socket = UnixDatagram::bind(SOCKET).context(format!("binding {SOCKET}"))?;
        fs::set_permissions(SOCKET, fs::Permissions::from_mode(0o666)).context(SOCKET)?;
        let sink = Self(Arc::default());
        let shared = Arc::clone(&sink.0);
        thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(length) = socket.recv(&mut buffer) {
                let record = buffer.get(..length).unwrap_or_default();
                shared.lock().push(Line::parse(&String::from_utf8_lossy(record)));
                shared.more.notify_all();
            }
        });
        Ok(sink)
    }

    /// Waits for a line that holds all `fragments`, and gives the first.
    pub fn expect(&self, fragments: &[&str]) -> Result<Line> {
        let fits = |line: &Line| fragments.iter().all(|fragment| line.text.contains(fragment));
        let found = |lines: &[Line]| lines.iter().find(|line| fits(line)).cloned();
        self.wait(PATIENCE, found).map_err(|lines| {
            Failure::new(format!("no line with {fragments:?} was logged, but:\n{}", text(&lines)))
        })
    }

    /// Waits for lines beyond the first `known`; none if none come in that time.
    pub fn beyond(&self, known: usize, time: Duration) -> Vec<Line> {
        let newer = |lines: &[Line]| {
            lines.get(known..).filter(|lines| !lines.is_empty()).map(<[Line]>::to_vec)
        };
        self.wait(time, newer).unwrap_or_default()
    }

    /// How many lines hold all `fragments`.
    pub fn count(&self, fragments: &[&str]) -> usize {
        let fits = |line: &&Line| fragments.iter().all(|fragment| line.text.contains(fragment));
        self.0.lock().iter().filter(fits).count()
    }

    /// Once everything is in that was sent before this.
    pub fn settled(&self) -> Result<&Self> {
        let mark = "the testbed looks at the log";
        let socket = UnixDatagram::unbound().context(SOCKET)?;
        socket.send_to(mark.as_bytes(), SOCKET).context(SOCKET)?;
        self.expect(&[mark])?;
        self.0.lock().retain(|line| line.text != mark);
        Ok(self)
    }

    /// Forgets what was logged so far.
    pub fn clear(&self) {
        self.0.lock().clear();
    }

    /// Every record.
    pub fn lines(&self) -> Vec<Line> {
        self.0.lock().clone()
    }

    /// All lines, to be read.
    pub fn text(&self) -> String {
        text(&self.0.lock())
    }

    fn wait<T>(
        &self,
        time: Duration,
        found: impl Fn(&[Line]) -> Option<T>,
    ) -> std::result::Result<T, Vec<Line>> {
        let deadline = Deadline::after(time);
        let mut lines = self.0.lock();
        loop {
            if let Some(found) = found(&lines) {
                return Ok(found);
            }
            if deadline.passed() {
                return Err(lines.clone());
            }
            let waited = self.0.more.wait_timeout(lines, deadline.left());
            lines = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

fn text(lines: &[Line]) -> String {
    lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n")
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Vec<Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    fn parse(record: &str) -> Self {
        let split = record.strip_prefix('<').and_then(|rest| rest.split_once('>'));
        let (priority, text) = split.unwrap_or(("0", record));
        let facility = priority.parse::<u16>().map_or(0, |priority| priority >> 3);
        Self {
            facility: u8::try_from(facility).unwrap_or(u8::MAX),
            text: text.trim_end_matches(['\0', '\n']).to_owned(),
        }
    }
}
