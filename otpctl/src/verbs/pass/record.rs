//! A pass as it is told, to programs and to people. Shapes only grow: a key is never renamed, never
//! removed, and always there.

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use otp_bus::PassInfo;
use serde::Serialize;

use crate::record::wall_clock;
use crate::text;

/// A pass in JSON. Times are seconds since 1970 UTC.
#[derive(Serialize)]
pub(super) struct Record<'a> {
    id: &'a str,
    owner: Option<&'a str>,
    purpose: &'a str,
    origin: &'a str,
    reason: Option<&'a str>,
    created: u64,
    expires: u64,
    generator: &'a str,
    restrictions: &'a [String],
    related: &'a [String],
    digest: &'a str,
    state: &'a str,
    ended: Option<u64>,
}

impl<'a> From<&'a PassInfo> for Record<'a> {
    fn from(pass: &'a PassInfo) -> Self {
        Self {
            id: &pass.id,
            owner: pass.owner.as_deref(),
            purpose: &pass.purpose,
            origin: &pass.origin,
            reason: pass.reason.as_deref(),
            created: pass.created,
            expires: pass.expires,
            generator: &pass.generator,
            restrictions: &pass.restrictions,
            related: &pass.related,
            digest: &pass.digest,
            state: &pass.state,
            ended: pass.ended,
        }
    }
}

/// Which it is, for what, whose and until when.
pub(super) fn sentence(pass: &PassInfo, zone: &TimeZone) -> String {
    let whose = pass.owner.as_deref().map_or_else(|| "nobody".to_owned(), text::safe);
    let (id, purpose) = (text::safe(&pass.id), text::safe(&pass.purpose));
    format!("{id}, of {whose}, for {purpose}, until {}", wall_clock(pass.expires, zone))
}

/// All that is known of it, a line each.
pub(super) fn details(pass: &PassInfo, data: &str, zone: &TimeZone) -> String {
    let mut lines = sentence(pass, zone);
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            let _ = write!(lines, "\n  {name:13} {}", text::safe(value));
        }
    };
    line("state", &pass.state);
    line("made by", &pass.origin);
    line("reason", pass.reason.as_deref().unwrap_or_default());
    line("restrictions", &pass.restrictions.join(", "));
    line("related", &pass.related.join(", "));
    line("data", data);
    lines
}
