//! `pass extend`, `pass deactivate`, `pass list`.

use jiff::tz::TimeZone;
use otp_bus::passes::MAX_LISTED;
use otp_bus::{PassInfo, PassTerm, WhichPasses};
use serde::Serialize;
use zeroize::Zeroizing;

use super::record::{Record, sentence};
use super::{Term, Whose};
use crate::connect::Connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::record::wall_time;
use crate::session::Session;
use crate::text;
use crate::verbs::list::aligned;

/// What `pass extend` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Extend {
    /// The pass, by its id from `otpctl pass list`
    pass: String,

    #[command(flatten)]
    term: Term,

    #[command(flatten)]
    pub(super) whose: Whose,
}

/// What `pass deactivate` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Deactivate {
    /// For what they are
    purpose: String,

    /// Only the one whose key is typed at the terminal, or read as one line from a pipe
    #[arg(long, conflicts_with = "related")]
    key: bool,

    /// Only those that have to do with exactly this; may be repeated, in any order
    #[arg(long, value_name = "NAME")]
    related: Vec<String>,

    #[command(flatten)]
    pub(super) whose: Whose,
}

/// What `pass list` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Everybody's, and nobody's
    #[arg(long)]
    pub(super) all: bool,
}

/// Passes in JSON; `user` is null for everybody's.
#[derive(Serialize)]
struct Listed<'a> {
    user: Option<&'a str>,
    passes: Vec<Record<'a>>,
}

/// What was called back, in JSON.
#[derive(Serialize)]
struct Called<'a> {
    user: Option<&'a str>,
    deactivated: &'a [String],
}

#[derive(Serialize)]
struct One<'a> {
    pass: Record<'a>,
}

/// Lets one live longer.
pub(super) fn extend<C: Connect>(
    options: &Extend,
    session: &mut Session<'_, '_, C>,
) -> Result<Exit, Failure> {
    let (user, zone) = (session.subject.name().to_owned(), session.host.zone.clone());
    let term = PassTerm { seconds: options.term.length, until: options.term.until(&zone)? };
    let pass = session.change_pass(&async |passes, warrant| {
        passes.extend(&user, warrant, &options.pass, &term).await
    })?;
    session.answer(&One { pass: Record::from(&pass) }, || sentence(&pass, &zone))?;
    Ok(Exit::Done)
}

/// Calls them back.
pub(super) fn deactivate<C: Connect>(
    options: &Deactivate,
    session: &mut Session<'_, '_, C>,
) -> Result<Exit, Failure> {
    let key = if options.key { Some(session.key(&[])?) } else { None };
    let related = (!options.related.is_empty()).then(|| options.related.clone());
    let which = WhichPasses { key: key.map(|key| key.to_string()), related };
    let user = session.subject.name().to_owned();
    let ended =
        session.passes(async |passes| passes.deactivate(&user, &options.purpose, &which).await);
    drop(which.key.map(Zeroizing::new));
    let ended = ended?;
    let record = Called { user: session.subject.one(), deactivated: &ended };
    let told = || format!("deactivated: {}", text::safe(&ended.join(", ")));
    session.host.answer(session.format, &record, told)?;
    Ok(Exit::Done)
}

/// Lists them, the newest first.
pub(super) fn list<C: Connect>(
    options: &List,
    session: &mut Session<'_, '_, C>,
) -> Result<Exit, Failure> {
    let user = session.subject.name().to_owned();
    let mut all: Vec<PassInfo> = Vec::new();
    loop {
        let after = all.last().map(|pass| pass.id.clone()).unwrap_or_default();
        let page = session.passes(async |passes| passes.list(&user, &after, MAX_LISTED).await)?;
        // Whatever is not behind the last one would be told again and again.
        let behind = page.first().is_some_and(|pass| pass.id > after);
        if !behind {
            break;
        }
        all.extend(page);
    }
    all.sort_by(|one, other| other.created.cmp(&one.created).then(one.id.cmp(&other.id)));
    let record =
        Listed { user: session.subject.one(), passes: all.iter().map(Record::from).collect() };
    let zone = session.host.zone.clone();
    session.host.answer(session.format, &record, || match (all.is_empty(), options.all) {
        (true, true) => "there are no passes".to_owned(),
        (true, false) => format!("{} has no passes", text::safe(&user)),
        (false, _) => table(&all, &zone),
    })?;
    Ok(Exit::Done)
}

/// Why it was made comes last: its width in columns is not known.
fn table(passes: &[PassInfo], zone: &TimeZone) -> String {
    let head =
        ["ID", "OWNER", "PURPOSE", "STATE", "EXPIRES", "MADE BY", "REASON"].map(str::to_owned);
    let rows = passes.iter().map(|pass| {
        [
            text::safe(&pass.id),
            pass.owner.as_deref().map_or_else(|| "-".to_owned(), text::safe),
            text::safe(&pass.purpose),
            text::safe(&pass.state),
            wall_time(pass.expires, zone),
            text::safe(&pass.origin),
            pass.reason.as_deref().map(text::safe).unwrap_or_default(),
        ]
    });
    aligned(&std::iter::once(head).chain(rows).collect::<Vec<[String; 7]>>())
}
