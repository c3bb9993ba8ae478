//! `[forward_pass]`: how a password and a code in one answer are parted.

use otp_bus::{ForwardDigits, Separator};
use serde::Deserialize;

/// The table as it is written.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ForwardPass {
    /// How many digits at the end are the code.
    pub(super) digits: ForwardDigits,
    /// What may stand between the two.
    pub(super) separator: Separator,
}
