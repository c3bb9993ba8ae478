//! PAM stacks of the world.

use std::fs;

use crate::{Context, Result};

/// Writes the stack of a service: these `auth` lines and nothing else that could refuse.
pub(crate) fn stack(service: &str, auth: &[&str]) -> Result {
    let rest = ["account required pam_unix.so", "session required pam_permit.so", ""];
    let auth = auth.iter().map(|line| format!("auth {line}"));
    let text = auth.chain(rest.map(str::to_owned)).collect::<Vec<_>>().join("\n");
    let path = format!("/etc/pam.d/{service}");
    fs::write(&path, text).context(format!("writing {path}"))
}
