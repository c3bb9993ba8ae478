//! A mail server's password: from a file that nobody else can read, or from a credential of systemd.
//! It is read for each mail and not kept.

use std::{
    env, fs,
    io::Read,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use otp_deliver::channel::Password;

/// The longest password.
const MOST: u64 = 1024;

/// The password, without the line break behind it.
pub(crate) fn read(password: &Password) -> Result<String, String> {
    let path = match password {
        Password::File(path) => path.clone(),
        Password::Credential(name) => credential(name)?,
    };
    let mut text = String::new();
    let file = open(&path)?;
    let read = file.take(MOST + 1).read_to_string(&mut text);
    read.map_err(|error| format!("{}: {error}", path.display()))?;
    let password = text.trim_end_matches(['\n', '\r']);
    if password.is_empty() || text.len() as u64 > MOST || password.chars().any(char::is_control) {
        return Err(format!("{}: no password of one line", path.display()));
    }
    Ok(password.to_owned())
}

fn credential(name: &str) -> Result<PathBuf, String> {
    let dir = env::var_os("CREDENTIALS_DIRECTORY").ok_or_else(|| {
        format!("credential {name} is not there; LoadCredential= in otp-deliver.service names it")
    })?;
    Ok(Path::new(&dir).join(name))
}

/// Looked at once it is open, so that nothing can be put in its place meanwhile.
fn open(path: &Path) -> Result<fs::File, String> {
    let at = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let mut options = fs::OpenOptions::new();
    let file = options.read(true).custom_flags(libc::O_NONBLOCK | libc::O_CLOEXEC).open(path);
    let file = file.map_err(|error| at(&error))?;
    let found = file.metadata().map_err(|error| at(&error))?;
    if !found.is_file() {
        return Err(at(&"is no file"));
    }
    let own = nix::unistd::geteuid().as_raw();
    if found.uid() != 0 && found.uid() != own {
        return Err(at(&format_args!("uid {} owns it, who is not root; chown root", found.uid())));
    }
    if found.mode() & 0o027 != 0 {
        return Err(at(&format_args!(
            "mode {:o} lets others read or write it; chmod 0640, chgrp _otpd-deliver",
            found.mode() & 0o777
        )));
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_password_that_others_can_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("password");
        fs::write(&path, "hunter2\n").unwrap();
        let password = Password::File(path.clone());
        for (mode, fits) in [
            (0o600, true),
            (0o640, true),
            (0o400, true),
            (0o644, false),
            (0o660, false),
            (0o602, false),
            (0o610, true),
        ] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let said = read(&password);
            assert_eq!(said.is_ok(), fits, "{mode:o}: {said:?}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(read(&password).unwrap(), "hunter2");
        for text in ["", "\n", "two\nlines\n", &"x".repeat(1025)] {
            fs::write(&path, text).unwrap();
            assert!(read(&password).is_err(), "{text:?}");
        }
        assert!(read(&Password::File(dir.path().to_owned())).is_err(), "a directory");
        assert!(read(&Password::File(dir.path().join("none"))).is_err());
    }
}
