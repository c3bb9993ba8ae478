//! `[prompt]`: what hosts tell people at the prompt.

use otp_bus::Tell;
use serde::Deserialize;

/// The table as it is written.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Prompt {
    /// Who hears why a code was refused.
    pub(super) tell: Tell,
}
