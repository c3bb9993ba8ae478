//! How a message is handed over: one frame to otp-deliver, one frame back, on a connection of its
//! own. A frame is its length in four bytes, the highest first, and as much JSON. It refuses what is
//! longer than a message can be, and fields that it does not know.

use std::fmt;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// Where otp-deliver listens. The socket is `_otpd`'s alone.
pub const SOCKET_PATH: &str = "/run/otp-deliver/socket";

/// The longest frame, without its length. The longest fields of a message together are shorter.
pub const MAX_FRAME: usize = 8192;

/// Bytes of a frame's length.
pub const PREFIX: usize = 4;

/// A message to be sent, now and once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// The configured channel.
    pub channel: String,
    /// A telephone number as `+49…`, or a mailbox.
    pub address: String,
    /// The code. Secret.
    pub code: String,
    /// For whom.
    pub user: String,
    /// Who sends it, as the configuration says.
    pub issuer: String,
    /// What the code is for.
    pub purpose: Purpose,
    /// For how many seconds it counts.
    pub valid_for: u32,
}

/// What a code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// A login, or proof of who asks for a change.
    Login,
    /// To show that whoever asked has the address.
    Confirm,
    /// To sign up at an application.
    SignUp,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Answer {
    /// The provider took it.
    Sent,
    /// It was not sent, or nobody knows; in words for an administrator.
    Failed(String),
    /// As many messages of that channel are under way as may be.
    Busy,
}

/// Why bytes are no frame of this protocol.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// Longer than [`MAX_FRAME`], or empty.
    #[error("a frame of {0} bytes; 1 to {MAX_FRAME} are a message")]
    Length(usize),
    /// Not the JSON that belongs there; what it was is not repeated.
    #[error("not understood, at byte {0}; see whether otpd and otp-deliver are of one version")]
    Malformed(usize),
}

impl Purpose {
    /// As commands and templates are told.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Confirm => "confirm",
            Self::SignUp => "sign-up",
        }
    }
}

/// A frame.
///
/// # Errors
/// When it would be too long.
pub fn frame(value: &impl Serialize) -> Result<Vec<u8>, WireError> {
    let body = serde_json::to_vec(value).map_err(|error| malformed(&error))?;
    let length = checked(body.len())?;
    let mut frame = Vec::with_capacity(PREFIX + body.len());
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(&body);
    Ok(frame)
}

/// How many bytes follow this prefix.
///
/// # Errors
/// When it is none that a frame can have.
pub fn length(prefix: [u8; PREFIX]) -> Result<usize, WireError> {
    let length = usize::try_from(u32::from_be_bytes(prefix)).unwrap_or(usize::MAX);
    checked(length).map(|_| length)
}

/// What a frame holds, without its prefix.
///
/// # Errors
/// When that is not understood.
pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, WireError> {
    checked(body.len())?;
    serde_json::from_slice(body).map_err(|error| malformed(&error))
}

fn checked(length: usize) -> Result<u32, WireError> {
    let fits = (1..=MAX_FRAME).contains(&length);
    u32::try_from(length).ok().filter(|_| fits).ok_or(WireError::Length(length))
}

/// The error's own words may repeat what was sent.
fn malformed(error: &serde_json::Error) -> WireError {
    WireError::Malformed(error.column())
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("channel", &self.channel).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message() -> Message {
        Message {
            channel: "sms".to_owned(),
            address: "+4915123456742".to_owned(),
            code: "123456".to_owned(),
            user: "alice".to_owned(),
            issuer: "host.example".to_owned(),
            purpose: Purpose::Login,
            valid_for: 300,
        }
    }

    fn parts(frame: &[u8]) -> (usize, &[u8]) {
        let (prefix, body) = frame.split_first_chunk::<PREFIX>().unwrap();
        (length(*prefix).unwrap(), body)
    }

    #[test]
    fn what_is_framed_is_read_again() {
        let framed = frame(&message()).unwrap();
        let (length, body) = parts(&framed);
        assert_eq!(length, body.len());
        assert_eq!(read::<Message>(body).unwrap(), message());
        for answer in [Answer::Sent, Answer::Busy, Answer::Failed("no route".to_owned())] {
            let framed = frame(&answer).unwrap();
            assert_eq!(read::<Answer>(parts(&framed).1).unwrap(), answer);
        }
    }

    #[test]
    fn lengths_are_bounded() {
        for (prefix, fits) in
            [(0, false), (1, true), (8192, true), (8193, false), (u32::MAX, false)]
        {
            assert_eq!(length(prefix.to_be_bytes()).is_ok(), fits, "{prefix}");
        }
        let long = Message { user: "x".repeat(MAX_FRAME), ..message() };
        assert!(frame(&long).is_err());
        assert!(read::<Message>(&[b' '; MAX_FRAME + 1]).is_err());
    }

    #[test]
    fn the_longest_of_every_field_fit() {
        let longest = Message {
            channel: "x".repeat(64),
            address: "x".repeat(254),
            code: "x".repeat(64),
            user: "\u{1}".repeat(256),
            issuer: "\u{1}".repeat(64),
            purpose: Purpose::SignUp,
            valid_for: u32::MAX,
        };
        assert!(frame(&longest).is_ok());
    }

    #[test]
    fn nothing_unknown_is_passed_over_and_nothing_is_shown() {
        let text = serde_json::to_string(&message()).unwrap();
        assert!(read::<Message>(text.replace("\"user\"", "\"uzer\"").as_bytes()).is_err());
        assert!(read::<Message>(text.replace('{', "{\"more\":1,").as_bytes()).is_err());
        assert!(read::<Message>(text.replace("\"login\"", "\"lunch\"").as_bytes()).is_err());
        assert!(read::<Answer>(b"\"perhaps\"").is_err());
        let error = read::<Message>(b"{\"code\":\"123456\",\"x\":1}").unwrap_err().to_string();
        assert!(!error.contains("123456") && !format!("{:?}", message()).contains("123456"));
    }

    proptest! {
        #[test]
        fn bytes_never_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = read::<Message>(&bytes);
            let _ = read::<Answer>(&bytes);
        }
    }
}
