//! `reload`: puts the configuration in force as its files are now. It is about the daemon and no
//! user.

use serde::Serialize;

use crate::connect::Connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;
use crate::text;

/// The answer in JSON.
#[derive(Serialize)]
struct Record<'a> {
    files: &'a [String],
    rules: u32,
    remarks: &'a [String],
}

/// Reloads it.
pub(crate) fn run<C: Connect>(session: &mut Session<'_, '_, C>) -> Result<Exit, Failure> {
    let told = session.admin(async |admin| admin.reload().await)?;
    let record = Record { files: &told.files, rules: told.rules, remarks: &told.remarks };
    session.answer(&record, || {
        let files = told.files.iter().map(|file| text::safe(file)).collect::<Vec<_>>();
        let from = if files.is_empty() { "no file".to_owned() } else { files.join(", ") };
        let rules = text::counted(told.rules, "rule");
        let remarks = told.remarks.iter().map(|remark| format!("\n  {}", text::safe(remark)));
        format!("in force: {rules}, from {from}{}", remarks.collect::<String>())
    })?;
    Ok(Exit::Done)
}
