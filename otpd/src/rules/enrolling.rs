//! Whether a rule has people enroll at the prompt, and until when they may without an invitation.

use otp_core::UnixTime;
use serde::Deserialize;

use super::{Methods, Requirement, Rules, Ruling};

/// Seconds of a day.
const DAY: u64 = 86_400;

/// What a rule says of those who have no device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Enrolling {
    /// Nothing: they get one elsewhere.
    #[default]
    No,
    /// They may get one at the prompt; who declines goes on as if nothing had been offered.
    Offered(Until),
    /// They get one at the prompt, or do not get in.
    Required(Until),
}

/// From when on an invitation is needed; none: always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Until(pub Option<UnixTime>);

/// As it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Word {
    Offer,
    Require,
}

/// The last day, by UTC: a date of TOML, or the same as a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub(super) struct LastDay(UnixTime);

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Date(toml::value::Datetime),
    Text(String),
}

impl TryFrom<Written> for LastDay {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let text = match &written {
            Written::Date(date) => date.to_string(),
            Written::Text(text) => text.clone(),
        };
        end_of(&text).map(Self).ok_or_else(|| {
            format!("enroll_by = {text:?} is no day; write a date such as 2027-03-31")
        })
    }
}

/// The first second behind a day. How many days lie before it is counted as the Gregorian calendar
/// does.
fn end_of(text: &str) -> Option<UnixTime> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let whole = parts.next().is_none() && (year.len(), month.len(), day.len()) == (4, 2, 2);
    let digits = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if !whole || !digits {
        return None;
    }
    let (year, month, day): (u64, u64, u64) =
        (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let length = |month| match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap(year) => 29,
        2 => 28,
        _ => 31,
    };
    if !(1970..=9999).contains(&year)
        || !(1..=12).contains(&month)
        || !(1..=length(month)).contains(&day)
    {
        return None;
    }
    let years: u64 = (1970..year).map(|year| if leap(year) { 366 } else { 365 }).sum();
    let months: u64 = (1..month).map(length).sum();
    Some(UnixTime::from_secs((years + months + day) * DAY))
}

/// Reads both keys of a rule against what else it says.
pub(super) fn read(
    word: Option<Word>,
    by: Option<LastDay>,
    (require, methods): (Requirement, &Methods),
) -> Result<Enrolling, String> {
    let until = Until(by.map(|day| day.0));
    let enrolling = match (word, by) {
        (None, None) => return Ok(Enrolling::No),
        (None, Some(_)) => {
            return Err("enroll_by needs enroll; add it, or leave both out".to_owned());
        }
        (Some(Word::Offer), _) => Enrolling::Offered(until),
        (Some(Word::Require), _) => Enrolling::Required(until),
    };
    match (require, methods) {
        (Requirement::None | Requirement::Deny, _) => {
            Err("enroll is for rules that demand a code; leave it out".to_owned())
        }
        (_, Methods::Only(kinds)) if kinds.iter().all(|kind| kind != "totp") => {
            Err("enroll makes totp devices; add \"totp\" to methods, or leave enroll out"
                .to_owned())
        }
        (Requirement::Code | Requirement::Enrolled, Methods::Any | Methods::Only(_)) => {
            Ok(enrolling)
        }
    }
}

impl Ruling {
    /// From when on whoever enrolls under it needs an invitation.
    fn last(&self) -> Option<UnixTime> {
        match self.enrolling {
            Enrolling::No => None,
            Enrolling::Offered(Until(by)) | Enrolling::Required(Until(by)) => by,
        }
    }
}

/// Rules whose time for enrolling at the prompt is over, each with a word about it.
pub fn over(rules: &Rules, now: UnixTime) -> Vec<String> {
    let over = rules.iter().filter(|rule| rule.ruling.last().is_some_and(|by| by <= now));
    let told = over.map(|rule| {
        format!(
            "rule {:?}: enroll_by is past; who has no device needs otpctl invite, or another date",
            rule.name
        )
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn ruling(text: &str) -> Result<Ruling, String> {
        let rule = format!("[[rule]]\nname = 'x'\n{text}\n");
        let config = Config::parse(&rule, "host").map_err(|error| error.to_string())?;
        Ok(config.rules.iter().next().unwrap().ruling.clone())
    }

    fn by(day: &str) -> Option<u64> {
        end_of(day).map(UnixTime::as_secs)
    }

    #[test]
    fn a_day_ends_where_the_next_one_begins() {
        // As date(1) has them: date -u -d DAY+1day +%s.
        for (day, end) in [
            ("1970-01-01", 86_400),
            ("2000-02-29", 951_868_800),
            ("2026-12-31", 1_798_761_600),
            ("2027-03-31", 1_806_537_600),
            ("2100-02-28", 4_107_542_400),
        ] {
            assert_eq!(by(day), Some(end), "{day}");
        }
        for none in [
            "",
            "2027",
            "2027-03",
            "2027-3-31",
            "2027-02-29",
            "2027-04-31",
            "2027-13-01",
            "2027-00-10",
            "2027-01-00",
            "1969-12-31",
            "+027-01-01",
            "2027-01-01-01",
            "2027-01-01T00:00:00",
            "10000-01-01",
        ] {
            assert_eq!(by(none), None, "{none}");
        }
    }

    #[test]
    fn both_ways_of_writing_a_date_are_one() {
        let until = Until(end_of("2027-03-31"));
        for date in ["2027-03-31", "'2027-03-31'"] {
            let text = format!("require = 'code'\nenroll = 'require'\nenroll_by = {date}");
            assert_eq!(ruling(&text).unwrap().enrolling, Enrolling::Required(until));
        }
        let offered = ruling("require = 'enrolled'\nenroll = 'offer'").unwrap().enrolling;
        assert_eq!(offered, Enrolling::Offered(Until(None)));
        assert_eq!(ruling("require = 'code'").unwrap().enrolling, Enrolling::No);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (text, named) in [
            ("require = 'code'\nenroll_by = 2027-03-31", "enroll_by needs enroll"),
            ("require = 'none'\nenroll = 'offer'", "demand a code"),
            ("require = 'deny'\nenroll = 'require'", "demand a code"),
            ("require = 'code'\nenroll = 'require'\nmethods = ['hotp']", "makes totp"),
            ("require = 'code'\nenroll = 'require'\nenroll_by = 2027-02-30", "enroll_by"),
            ("require = 'code'\nenroll = 'require'\nenroll_by = 'soon'", "no day"),
            ("require = 'code'\nenroll = 'require'\nenroll_by = 2027-03-31T10:00:00Z", "no day"),
            ("require = 'code'\nenroll = 'maybe'", "maybe"),
        ] {
            let error = ruling(text).unwrap_err();
            assert!(error.contains(named), "{text}: {error}");
        }
    }

    #[test]
    fn a_date_that_is_past_is_told() {
        let text =
            "[[rule]]\nname = 'x'\nrequire = 'code'\nenroll = 'offer'\nenroll_by = 2027-03-31";
        let rules = Config::parse(text, "host").unwrap().rules;
        let end = end_of("2027-03-31").unwrap();
        assert!(over(&rules, UnixTime::from_secs(end.as_secs() - 1)).is_empty());
        assert!(over(&rules, end).iter().all(|told| told.contains("enroll_by is past")));
        assert_eq!(over(&rules, end).len(), 1);
    }
}
