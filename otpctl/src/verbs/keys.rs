//! `keys`: the keys that seal secrets at rest; listed, added, put to use, retired. It is about the
//! daemon and no user. A key itself is never shown.

use otp_bus::{KeyInfo, KeyRole, Resealing};
use serde::Serialize;

use crate::connect::Connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input::Echo;
use crate::session::{Format, Session};
use crate::text;

/// How many values one call seals anew: few enough that a login waits for no longer than it notices.
const BATCH: u32 = 256;

/// What `keys` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    deed: Deed,
}

/// What can be done with keys.
#[derive(Debug, clap::Subcommand)]
enum Deed {
    /// List the keys, and how many sealed values need each
    List,
    /// Make a new key, which seals from now on
    Add,
    /// Seal with the newest key what older ones have sealed
    Reseal,
    /// Take a key out of the keyring that nothing needs any more
    Retire {
        /// The key, by its tag from `otpctl keys list`
        tag: String,

        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
}

impl Options {
    /// The words that were typed.
    pub(crate) const fn word(&self) -> &'static str {
        match self.deed {
            Deed::List => "keys list",
            Deed::Add => "keys add",
            Deed::Reseal => "keys reseal",
            Deed::Retire { .. } => "keys retire",
        }
    }
}

/// The keys in JSON.
#[derive(Serialize)]
struct Keys<'a> {
    keys: Vec<Key<'a>>,
}

/// One key in JSON.
#[derive(Serialize)]
struct Key<'a> {
    tag: &'a str,
    values: u64,
    role: KeyRole,
}

/// A key that was added or retired, in JSON.
#[derive(Serialize)]
struct OneKey<'a> {
    tag: &'a str,
}

/// What came of resealing, in JSON.
#[derive(Serialize)]
struct Came<'a> {
    resealed: u64,
    left: u64,
    damaged: u32,
    named: &'a [String],
}

/// Does what was asked for.
pub(crate) fn run<C: Connect>(
    options: &Options,
    session: &mut Session<'_, '_, C>,
) -> Result<Exit, Failure> {
    match &options.deed {
        Deed::List => list(session),
        Deed::Add => add(session),
        Deed::Reseal => reseal(session),
        Deed::Retire { tag, yes } => {
            if !yes {
                confirmed(tag, session)?;
            }
            retire(tag, session)
        }
    }
}

fn list<C: Connect>(session: &mut Session<'_, '_, C>) -> Result<Exit, Failure> {
    let keys = session.keys(async |keys| keys.list().await)?;
    let shown =
        keys.iter().map(|KeyInfo { tag, values, role }| Key { tag, values: *values, role: *role });
    session.answer(&Keys { keys: shown.collect() }, || table(&keys))?;
    Ok(Exit::Done)
}

fn add<C: Connect>(session: &mut Session<'_, '_, C>) -> Result<Exit, Failure> {
    let tag = session.keys(async |keys| keys.add().await)?;
    session.answer(&OneKey { tag: &tag }, || {
        format!(
            "added: key {} seals from now on; copy /var/lib/otpd/keyring to where its backup is, \
             then `otpctl keys reseal`",
            text::safe(&tag)
        )
    })?;
    Ok(Exit::Done)
}

fn reseal<C: Connect>(session: &mut Session<'_, '_, C>) -> Result<Exit, Failure> {
    let mut done = 0;
    let mut shown = false;
    let last = loop {
        let step = session.keys(async |keys| keys.reseal(BATCH).await)?;
        done += u64::from(step.done);
        if step.done == 0 || step.left == u64::from(step.damaged) {
            break step;
        }
        shown |= progress(done, step.left, session)?;
    };
    if shown {
        progress(done, last.left, session)?;
        session.tell(if session.interactive() { "\n" } else { "" })?;
    }
    let Resealing { left, damaged, named, .. } = &last;
    let record = Came { resealed: done, left: *left, damaged: *damaged, named };
    session.answer(&record, || match done {
        0 => "nothing to reseal".to_owned(),
        _ => format!("resealed: {}", values(done)),
    })?;
    if last.left == 0 { Ok(Exit::Done) } else { Err(remains(&last)) }
}

/// Tells people how far it is: in one line on a terminal, else a line each time.
fn progress<C: Connect>(
    done: u64,
    left: u64,
    session: &mut Session<'_, '_, C>,
) -> Result<bool, Failure> {
    let line = format!("resealed {done} of {}", done.saturating_add(left));
    match (session.format, session.interactive()) {
        (Format::Json, _) => return Ok(false),
        (Format::People, true) => session.tell(&format!("\r{line}"))?,
        (Format::People, false) => session.tell(&format!("{line}\n"))?,
    }
    Ok(true)
}

fn remains(last: &Resealing) -> Failure {
    let more = u64::from(last.damaged).saturating_sub(u64::try_from(last.named.len()).unwrap_or(0));
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    Failure::new(
        Exit::Conflict,
        "damaged",
        format!("{} left that did not open: {}{more}", values(last.left), last.named.join("; ")),
        "put the missing key back, restore the store from backup, or remove these devices and \
         enroll them anew; the keys that they need stay",
    )
}

fn retire<C: Connect>(tag: &str, session: &mut Session<'_, '_, C>) -> Result<Exit, Failure> {
    session.keys(async |keys| keys.retire(tag).await)?;
    session.answer(&OneKey { tag }, || {
        format!("retired: key {}; backups made before this need it", text::safe(tag))
    })?;
    Ok(Exit::Done)
}

fn confirmed<C: Connect>(tag: &str, session: &mut Session<'_, '_, C>) -> Result<(), Failure> {
    if !session.interactive() {
        let again = format!("`otpctl keys retire {} --yes`", text::shell_word(tag));
        return Err(Failure::usage("nobody can be asked here whether to retire the key", again));
    }
    let prompt =
        format!("Retire key {tag}? Backups made before now cannot be opened without it. [y/N] ");
    let answer =
        session.ask(&prompt, Echo::Shown).map_err(|error| Failure::input(&error, "an answer"))?;
    if matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
        return Ok(());
    }
    let message = format!("key {tag} was not retired");
    Err(Failure::new(Exit::Refused, "declined", message, "nothing changed; answer y to retire it"))
}

fn table(keys: &[KeyInfo]) -> String {
    let head = ["TAG", "VALUES", "ROLE"].map(str::to_owned);
    let rows = keys.iter().map(|KeyInfo { tag, values, role }| {
        let tag = if tag.is_empty() { "-".to_owned() } else { text::safe(tag) };
        [tag, values.to_string(), word(*role).to_owned()]
    });
    let rows = std::iter::once(head).chain(rows);
    // A tag has 16 characters at most.
    let lines = rows.map(|[tag, values, role]| format!("{tag:16}  {values:>8}  {role}"));
    lines.collect::<Vec<_>>().join("\n")
}

/// As in JSON and on the bus.
const fn word(role: KeyRole) -> &'static str {
    match role {
        KeyRole::Seals => "seals",
        KeyRole::Opens => "opens",
        KeyRole::Missing => "missing",
        KeyRole::Unreadable => "unreadable",
    }
}

fn values(number: u64) -> String {
    format!("{number} value{}", if number == 1 { "" } else { "s" })
}
