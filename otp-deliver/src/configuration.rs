//! The channels of `/etc/otpd/otpd.toml`, read anew for each message: what was changed counts at
//! once, and nothing has to be started again. The rest of the file is otpd's to judge.

use std::{fs, io};

use otp_deliver::channel::Channels;
use serde::Deserialize;

/// Where the configuration is.
const PATH: &str = "/etc/otpd/otpd.toml";

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    channel: Channels,
}

/// The channels as they are configured now; none where there is no file.
pub(crate) fn read() -> Result<Channels, String> {
    match fs::read_to_string(PATH) {
        Ok(text) => parse(&text).map_err(|error| format!("{PATH}: {error}")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Channels::new()),
        Err(error) => Err(format!("{PATH}: {error}; make it readable by _otpd-deliver")),
    }
}

fn parse(text: &str) -> Result<Channels, toml::de::Error> {
    toml::from_str(text).map(|File { channel }| channel)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_otpds_is_passed_over_and_what_is_ours_is_not() {
        let text =
            "issuer = 'x'\n[throttle]\nfree = 2\n[channel.sms]\ncommand = ['/x']\n[[rule]]\n";
        assert_eq!(parse(text).unwrap().len(), 1);
        assert!(parse("").unwrap().is_empty());
        let error = parse("[channel.sms]\ncommand = ['x']").unwrap_err().to_string();
        assert!(error.contains("line 1") && error.contains("absolute path"), "{error}");
    }

    #[test]
    fn the_shipped_example_is_valid_with_its_channels() {
        let example = include_str!("../../packaging/otpd.toml");
        let from = example.find("#[channel.").unwrap();
        let shown: Vec<&str> = example[from..]
            .lines()
            .map_while(|line| line.strip_prefix('#'))
            .filter(|line| !line.starts_with("password_credential"))
            .collect();
        let channels = parse(&shown.join("\n")).unwrap();
        assert_eq!(channels.len(), 2);
    }
}
