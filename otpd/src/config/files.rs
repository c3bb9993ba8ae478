//! The files of the configuration: `otpd.toml`, which need not be there, and beside it
//! `otpd.toml.d`, whose files hold more rules and nothing else. They are read as one: what changes
//! meanwhile is read again, for half of an old policy and half of a new one are a third.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::ConfigError;
use crate::rules::Rule;

/// How often it is read anew where it changes all the time.
const TRIES: u32 = 5;

/// A file of `otpd.toml.d`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MoreRules {
    #[serde(default)]
    pub(super) rule: Vec<Rule>,
}

/// What was read, file by file; the first is `otpd.toml`.
pub(super) struct Texts {
    /// The text of `otpd.toml`; none where there is no such file.
    pub(super) first: Option<String>,
    /// The files beside it, by name.
    pub(super) more: Vec<(PathBuf, String)>,
}

/// What a file was when it was looked at; another one has another stamp.
type Stamp = Option<(u64, u64, u64, i64, i64, i64, i64)>;

/// Reads all files as they were at one moment.
pub(super) fn texts(path: &Path) -> Result<Texts, ConfigError> {
    for _ in 0..TRIES {
        let before = stamps(path)?;
        let read = read(path);
        if stamps(path)? == before {
            return read;
        }
    }
    Err(ConfigError::Changing { path: path.display().to_string() })
}

fn read(path: &Path) -> Result<Texts, ConfigError> {
    let first = match text(path) {
        Err(ConfigError::Unreadable { error, .. }) if error.kind() == io::ErrorKind::NotFound => {
            None
        }
        other => Some(other?),
    };
    let more = further(path)?.into_iter().map(|path| text(&path).map(|text| (path, text)));
    Ok(Texts { first, more: more.collect::<Result<_, _>>()? })
}

fn stamps(path: &Path) -> Result<Vec<(PathBuf, Stamp)>, ConfigError> {
    let all = std::iter::once(path.to_owned()).chain(further(path)?);
    Ok(all.map(|path| (stamp(&path), path)).map(|(stamp, path)| (path, stamp)).collect())
}

fn stamp(path: &Path) -> Stamp {
    let found = fs::metadata(path).ok()?;
    let (changed, written) =
        ((found.ctime(), found.ctime_nsec()), (found.mtime(), found.mtime_nsec()));
    Some((found.dev(), found.ino(), found.size(), changed.0, changed.1, written.0, written.1))
}

fn text(path: &Path) -> Result<String, ConfigError> {
    fs::read_to_string(path).map_err(|error| unreadable(path, error))
}

fn unreadable(path: &Path, error: io::Error) -> ConfigError {
    ConfigError::Unreadable { path: path.display().to_string(), error }
}

/// What does not end in `.toml` is passed over: editors and package managers leave such things.
fn further(path: &Path) -> Result<Vec<PathBuf>, ConfigError> {
    let mut dir = path.as_os_str().to_owned();
    dir.push(".d");
    let dir = PathBuf::from(dir);
    let entries = match fs::read_dir(&dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(&dir, error)),
    };
    let paths: Result<Vec<PathBuf>, io::Error> =
        entries.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut paths = paths.map_err(|error| unreadable(&dir, error))?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    Ok(paths)
}
