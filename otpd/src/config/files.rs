//! The files of the configuration: `otpd.toml`, which need not be there, and beside it
//! `otpd.toml.d`, whose files hold more rules and nothing else.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::{ConfigError, invalid};
use crate::rules::Rule;

/// A file of `otpd.toml.d`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MoreRules {
    #[serde(default)]
    rule: Vec<Rule>,
}

/// The text of `otpd.toml`; where there is none, it says nothing.
pub(super) fn first(path: &Path) -> Result<String, ConfigError> {
    match text(path) {
        Err(ConfigError::Unreadable { error, .. }) if error.kind() == io::ErrorKind::NotFound => {
            Ok(String::new())
        }
        other => other,
    }
}

/// The rules of the files beside it, by the files' names.
pub(super) fn more_rules(path: &Path) -> Result<Vec<Rule>, ConfigError> {
    let mut rules = Vec::new();
    for more in further(path)? {
        let MoreRules { rule } =
            toml::from_str(&text(&more)?).map_err(|error| invalid(&more, error))?;
        rules.extend(rule);
    }
    Ok(rules)
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
