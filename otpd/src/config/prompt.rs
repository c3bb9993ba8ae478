//! `[prompt]`: what is shown at prompts.

use otp_bus::Tell;
use serde::Deserialize;

/// `[prompt]` as it is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Prompt {
    /// Who is told why a code was refused.
    pub(super) tell: Tell,
    /// How the QR code of an enrolment is drawn.
    pub(super) qr: Qr,
}

/// How a QR code is drawn where nothing is known of the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Qr {
    /// In block elements of Unicode.
    #[default]
    Utf8,
    /// In characters that every terminal and every locale has, four times as large.
    Ascii,
    /// Not at all: the secret is to be typed.
    None,
}
