//! Whether a service's stack runs an account line of ours, read as libpam reads it: `/etc/pam.d/SERVICE`,
//! then `/usr/lib/pam.d/SERVICE`, what they include, and `other` where they say nothing of accounts.
//!
//! It refuses to guess: what cannot be read has no such line, and a line that another one before it could
//! skip is none either. sudo goes on where credentials are refused, so that nothing behind this would stop
//! it.

use std::fs;
use std::path::Path;

/// Where services are, the first one that has a file wins.
pub(crate) const PLACES: [&str; 2] = ["/etc/pam.d", "/usr/lib/pam.d"];
/// What a service has that has no file, or no line of a kind.
const OTHER: &str = "other";
/// Our own file.
const MODULE: &str = "pam_otp.so";
/// How deep files include each other; libpam goes no deeper than this.
const DEPTH: usize = 16;

/// What the account lines say that were read so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    /// There are none.
    Nothing,
    /// There are others, each of which goes on to the next or fails.
    Others,
    /// There are others, one of which may be the last one that runs.
    Skips,
    /// Ours runs.
    Ours,
    /// Ours is behind one that may skip it.
    Skipped,
}

/// Looks for the line; else why it is not there, and what to do.
pub(crate) fn has_account_line(places: &[&str], service: &str) -> Result<(), String> {
    let name = service.rsplit('/').next().unwrap_or(service).to_lowercase();
    let seen = match file(places, &name, (Seen::Nothing, DEPTH)) {
        Seen::Nothing => file(places, OTHER, (Seen::Nothing, DEPTH)),
        seen @ (Seen::Others | Seen::Skips | Seen::Ours | Seen::Skipped) => seen,
    };
    let place = places.first().unwrap_or(&"");
    match seen {
        Seen::Ours => Ok(()),
        Seen::Skipped => Err(format!(
            "an account line of {place}/{name} may skip the one of pam_otp, so that an enrolment might \
             not count; put `account required pam_otp.so` before all others"
        )),
        Seen::Nothing | Seen::Others | Seen::Skips => Err(format!(
            "{place}/{name} has no account line of pam_otp, so that no enrolment would ever count; put \
             `account required pam_otp.so` before all others"
        )),
    }
}

fn file(places: &[&str], name: &str, (mut seen, depth): (Seen, usize)) -> Seen {
    let paths = places.iter().map(|place| Path::new(place).join(name));
    let text = paths.map(fs::read_to_string).find_map(Result::ok).unwrap_or_default();
    let Some(depth) = depth.checked_sub(1) else { return Seen::Skips };
    // A line goes on behind a backslash at its end.
    for line in text.replace("\\\n", " ").lines() {
        let line = line.split('#').next().unwrap_or_default();
        seen = read(places, line, (seen, depth));
    }
    seen
}

/// One line: `TYPE CONTROL MODULE ...`, or `@include FILE`.
fn read(places: &[&str], line: &str, (seen, depth): (Seen, usize)) -> Seen {
    let mut words = line.split_whitespace();
    let (kind, control) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if kind == "@include" {
        return file(places, control, (seen, depth));
    }
    if !kind.trim_start_matches('-').eq_ignore_ascii_case("account") {
        return seen;
    }
    if control.starts_with('[') && !control.ends_with(']') {
        let _ = words.find(|word| word.ends_with(']'));
    }
    let target = words.next().unwrap_or_default();
    let ours = target.rsplit('/').next() == Some(MODULE);
    match (seen, control.to_lowercase().as_str()) {
        (Seen::Ours | Seen::Skipped, _) => seen,
        (_, "include" | "substack") => file(places, target, (seen, depth)),
        (Seen::Skips, _) if ours => Seen::Skipped,
        (Seen::Nothing | Seen::Others, _) if ours => Seen::Ours,
        (Seen::Nothing | Seen::Others, "required" | "requisite" | "optional") => Seen::Others,
        (Seen::Nothing | Seen::Others | Seen::Skips, _) => Seen::Skips,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(files: &[(&str, &str)], service: &str) -> bool {
        let dir =
            std::env::temp_dir().join(format!("pam-otp-stack-{}-{service}", std::process::id()));
        let dir = dir.join(format!("{:x}", files.as_ptr() as usize));
        fs::create_dir_all(&dir).unwrap();
        for (name, text) in files {
            fs::write(dir.join(name), text).unwrap();
        }
        let place = dir.to_str().unwrap();
        let found = has_account_line(&["/nowhere", place], service);
        fs::remove_dir_all(&dir).unwrap();
        found.is_ok()
    }

    #[test]
    fn a_line_is_found_as_libpam_finds_it() {
        for text in [
            "account required pam_otp.so",
            "-account\toptional\t/usr/local/lib/pam_otp.so debug",
            "ACCOUNT required pam_unix.so\naccount [default=die success=ok]  pam_otp.so",
            "account required pam_otp.so\naccount sufficient pam_unix.so",
            "account required \\\n  pam_otp.so",
            "account include common",
            "account substack common # as elsewhere",
            "@include common",
        ] {
            let common = ("common", "auth required x.so\naccount required pam_otp.so\n");
            assert!(says(&[("sshd", text), common], "sshd"), "{text}");
        }
        assert!(says(&[("other", "account required pam_otp.so")], "sshd"));
        assert!(says(&[("sshd", "account required pam_otp.so")], "/usr/sbin/SSHD"));
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        for text in [
            "",
            "auth required pam_otp.so",
            "# account required pam_otp.so",
            "account required pam_otp.so.bak",
            "account required pam_unix.so pam_otp.so",
            "auth include common",
            "account include nowhere",
            "account include sshd",
            "account sufficient pam_permit.so\naccount required pam_otp.so",
            "account [success=1 default=ignore] pam_unix.so\naccount required pam_otp.so",
            "account [success=done] pam_unix.so\n@include common",
        ] {
            let common = ("common", "account required pam_otp.so\n");
            assert!(!says(&[("sshd", text), common], "sshd"), "{text}");
        }
        let other = ("other", "account required pam_otp.so");
        assert!(!says(&[("sshd", "account required pam_unix.so"), other], "sshd"));
        assert!(!says(&[], "sshd"));
    }
}
