//! `explain` with a service: what a login there would have to show, which rule says so, and what of
//! the user's devices, failures and account stands in its way.

use otp_bus::{Decision, DeviceFits, LaneStatus, Login, RuleSeen};
use serde::Serialize;

use crate::connect::Connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::record::named;
use crate::session::{Session, Subject};
use crate::verbs::status::{Lane, lane_line};
use crate::{remedy, text};

/// What `explain` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// A PAM service, or `self`: what a login there must show, and why
    service: Option<String>,

    /// The remote host that it comes from
    #[arg(long, value_name = "ADDRESS", default_value = "", requires = "service")]
    from: String,

    /// The terminal
    #[arg(long, value_name = "TTY", default_value = "", requires = "service")]
    tty: String,
}

impl Options {
    /// The login that is asked about, if it is about one.
    pub(crate) fn login(&self, user: &str) -> Option<Login> {
        let service = self.service.clone()?;
        let (user, rhost, tty) = (user.to_owned(), self.from.clone(), self.tty.clone());
        Some(Login { user, service, rhost, tty, ..Login::default() })
    }
}

/// The answer in JSON.
#[derive(Serialize)]
struct Record<'a> {
    user: &'a str,
    service: &'a str,
    from: &'a str,
    tty: &'a str,
    rules: Vec<OneRule<'a>>,
    rule: &'a str,
    demand: &'a str,
    exempt_until: Option<u64>,
    exempt_reason: Option<&'a str>,
    why: Option<&'a str>,
    enrolled: bool,
    nullok: bool,
    methods: Option<&'a [String]>,
    remember: Option<u64>,
    enroll: Option<&'a str>,
    devices: Vec<Fits<'a>>,
    lane: Option<Lane<'a>>,
    pam: Pam,
}

/// One rule in JSON.
#[derive(Serialize)]
struct OneRule<'a> {
    rule: &'a str,
    seen: &'a str,
    why: &'a [String],
}

/// One confirmed device in JSON.
#[derive(Serialize)]
struct Fits<'a> {
    device: &'a str,
    label: &'a str,
    counts: bool,
}

/// What the module answers: whether it asks, and what then.
#[derive(Serialize)]
struct Pam {
    asks: bool,
    right: &'static str,
    wrong: Option<&'static str>,
}

/// Explains what a login must show.
pub(crate) fn run<C: Connect>(
    login: &Login,
    session: &mut Session<'_, '_, C>,
) -> Result<Exit, Failure> {
    let told = session.manage(async |manage| manage.decide(login).await)?;
    let subject = session.subject.clone();
    session.answer(&record(&told, login), || people(&told, login, &subject))?;
    Ok(Exit::Done)
}

fn record<'a>(told: &'a Decision, login: &'a Login) -> Record<'a> {
    let rule = |RuleSeen { rule, seen, why }: &'a RuleSeen| OneRule { rule, seen, why };
    let device = |DeviceFits { device, label, counts }: &'a DeviceFits| Fits {
        device,
        label,
        counts: *counts,
    };
    Record {
        user: &told.user,
        service: &login.service,
        from: &login.rhost,
        tty: &login.tty,
        rules: told.rules.iter().map(rule).collect(),
        rule: &told.rule,
        demand: &told.demand,
        exempt_until: told.exempt_until,
        exempt_reason: told.exempt_reason.as_deref(),
        why: told.why.as_deref(),
        enrolled: told.enrolled,
        nullok: told.nullok,
        methods: told.methods.as_deref(),
        remember: told.remember,
        enroll: told.enroll.as_deref(),
        devices: told.devices.iter().map(device).collect(),
        lane: told.lane.as_ref().map(Lane::from),
        pam: pam(told),
    }
}

/// As the module's one table of outcomes has it.
fn pam(told: &Decision) -> Pam {
    let looks = told.lane.as_ref().is_some_and(|lane| !lane.locked && lane.wait == 0);
    let some_count = looks && told.devices.iter().any(|device| device.counts);
    match told.demand.as_str() {
        "nothing" => Pam { asks: false, right: "PAM_IGNORE", wrong: None },
        "enroll" => Pam { asks: true, right: "PAM_SUCCESS", wrong: Some("PAM_AUTH_ERR") },
        "code" if some_count => {
            Pam { asks: true, right: "PAM_SUCCESS", wrong: Some("PAM_AUTH_ERR") }
        }
        _ => Pam { asks: true, right: "PAM_AUTH_ERR", wrong: Some("PAM_AUTH_ERR") },
    }
}

fn people(told: &Decision, login: &Login, subject: &Subject) -> String {
    let from = if login.rhost.is_empty() {
        String::new()
    } else {
        format!(" from {}", text::safe(&login.rhost))
    };
    let head = format!("{} at {}{from}:", text::safe(&told.user), text::safe(&login.service));
    let mut lines = vec![head];
    lines.extend(told.rules.iter().map(rule_line));
    lines.extend(told.enroll.as_deref().map(|word| enroll(word, &told.user)));
    lines.push(demand(told));
    if told.demand == "code" {
        lines.extend(devices(told));
        lines.push(nullok(told));
        lines.extend(told.remember.map(|secs| remembered(secs, subject)));
        lines.extend(told.lane.as_ref().map(|lane| throttle(lane, subject)));
    }
    lines.push(format!("  {}", ending(&pam(told))));
    lines.join("\n")
}

fn rule_line(rule: &RuleSeen) -> String {
    let why = rule.why.iter().map(|why| text::safe(why)).collect::<Vec<_>>().join(", ");
    let seen = match rule.seen.as_str() {
        "matches" => "fits, and decides".to_owned(),
        "differs" => format!("does not fit: {why}"),
        "undecided" => format!("cannot be decided: {why}"),
        "not-reached" => "is not reached".to_owned(),
        other => text::safe(other),
    };
    format!("  rule \"{}\" {seen}", text::safe(&rule.rule))
}

fn demand(told: &Decision) -> String {
    if let Some(reason) = &told.exempt_reason {
        return format!("  nothing is demanded for a while: exempt: {}", text::safe(reason));
    }
    let by = match told.rule.as_str() {
        "default" => "no rule decides".to_owned(),
        rule => format!("rule \"{}\"", text::safe(rule)),
    };
    let why = told.why.as_ref().map(|why| text::safe(why)).unwrap_or_default();
    match (told.demand.as_str(), &told.methods) {
        ("code", None) => format!("  {by}: a code is demanded"),
        ("code", Some(kinds)) => {
            format!("  {by}: a code is demanded, of {}", text::safe(&kinds.join(" or ")))
        }
        ("enroll", _) => format!("  {by}: a code of the new device is demanded"),
        ("nothing", _) => format!("  {by}: nothing is demanded"),
        ("denied", _) => format!("  denied, whatever is typed: {why}"),
        (other, _) => format!("  {by}: {}", text::safe(other)),
    }
}

/// What becomes of who has no device.
fn enroll(word: &str, user: &str) -> String {
    let line = "`account required pam_otp.so` before all other account lines";
    match word {
        "required" => format!("  it enrolls at the prompt, for which the stack needs {line}"),
        "required-invited" => {
            format!(
                "  it enrolls at the prompt by its invitation, for which the stack needs {line}"
            )
        }
        "offered" => {
            format!("  first it is offered to enroll at the prompt, if the stack has {line}")
        }
        "offered-invited" => format!(
            "  first it is offered to enroll at the prompt by its invitation, if the stack has {line}"
        ),
        "over" => format!(
            "  the time to enroll at the prompt is over; otpctl invite -u {}",
            text::safe(user)
        ),
        other => format!("  enrolling at the prompt: {}", text::safe(other)),
    }
}

fn devices(told: &Decision) -> Vec<String> {
    let user = text::safe(&told.user);
    let mut lines: Vec<String> = told.devices.iter().map(device).collect();
    if told.devices.is_empty() {
        lines.push(format!("  {user} has no confirmed device, so no code is right"));
    } else if told.devices.iter().all(|device| !device.counts) {
        let kinds = told.methods.as_ref().map(|kinds| kinds.join(", ")).unwrap_or_default();
        let kinds = text::safe(&kinds);
        lines.push(format!("  no device of {user} fits methods {kinds}, so no code is right"));
    }
    lines
}

fn device(device: &DeviceFits) -> String {
    let counts = if device.counts { "counts" } else { "does not count" };
    format!("  {} {counts}", named(&device.device, &device.label))
}

fn nullok(told: &Decision) -> String {
    match (told.nullok, told.rule.as_str()) {
        (true, _) => "  with nullok it passes without a code: not enrolled".to_owned(),
        (false, "default") => "  nullok changes nothing: enrolled".to_owned(),
        (false, _) => "  nullok changes nothing: a rule decides".to_owned(),
    }
}

fn remembered(secs: u64, subject: &Subject) -> String {
    let word = subject.word();
    format!(
        "  then remembered for {secs} s; `otpctl remembered -u {word}` shows where it is already"
    )
}

fn throttle(lane: &LaneStatus, subject: &Subject) -> String {
    let line = lane_line(lane);
    let unlock = if lane.locked { format!("; {}", remedy::unlock(subject)) } else { String::new() };
    format!("{}{unlock}", line.replacen("  ", "  lane ", 1))
}

fn ending(pam: &Pam) -> String {
    match (pam.asks, pam.wrong) {
        (false, _) => format!("the module answers {} and asks nothing", pam.right),
        (true, Some(wrong)) if wrong != pam.right => {
            format!("the module answers {} to a right code, else {wrong}", pam.right)
        }
        (true, _) => format!("the module asks, and answers {} to whatever is typed", pam.right),
    }
}
