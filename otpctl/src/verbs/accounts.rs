//! `list --all`: every account, damaged ones among them. Asked for page by page, a call each, so
//! that logins are served in between.

use otp_bus::AccountInfo;
use serde::Serialize;

use super::list::aligned;
use crate::connect::Connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::record::wall_time;
use crate::remedy;
use crate::session::Session;
use crate::text;

/// How many accounts are asked for at once; the daemon may give fewer.
const PAGE: u32 = 256;

/// The answer in JSON.
#[derive(Serialize)]
struct Record<'a> {
    accounts: Vec<Account<'a>>,
}

/// One account in JSON. Times are seconds since 1970 UTC.
#[derive(Serialize)]
struct Account<'a> {
    user: &'a str,
    uid: Option<u32>,
    enrolled: Option<bool>,
    /// Confirmed ones.
    devices: Option<u32>,
    locked: Option<&'a [String]>,
    last_used: Option<u64>,
    exempt_until: Option<u64>,
    created: Option<u64>,
    damaged: Option<&'a str>,
}

impl<'a> From<&'a AccountInfo> for Account<'a> {
    fn from(account: &'a AccountInfo) -> Self {
        Self {
            user: &account.name,
            uid: account.uid,
            enrolled: account.enrolled,
            devices: account.devices,
            locked: account.locked.as_deref(),
            last_used: account.last_used,
            exempt_until: account.exempt_until,
            created: account.created,
            damaged: account.damaged.as_deref(),
        }
    }
}

/// Lists the accounts.
pub(crate) fn run<C: Connect>(session: &mut Session<'_, '_, C>) -> Result<Exit, Failure> {
    let mut accounts: Vec<AccountInfo> = Vec::new();
    loop {
        let after = accounts.last().map_or_else(String::new, |account| account.name.clone());
        let page = session.admin(async |admin| admin.accounts(&after, PAGE).await)?;
        if page.is_empty() {
            break;
        }
        accounts.extend(page);
    }
    let record = Record { accounts: accounts.iter().map(Account::from).collect() };
    let zone = session.host.zone.clone();
    session.answer(&record, || {
        if accounts.is_empty() {
            return "there are no accounts; `otpctl enroll -u NAME` makes one".to_owned();
        }
        let damaged = accounts.iter().filter_map(damage);
        table(&accounts, |seconds| wall_time(seconds, &zone)) + &damaged.collect::<String>()
    })?;
    Ok(Exit::Done)
}

/// Names come last: their width in columns is not known, and nothing after them can be misplaced.
fn table(accounts: &[AccountInfo], clock: impl Fn(u64) -> String) -> String {
    let head = ["UID", "ENROLLED", "DEVICES", "LOCKED", "LAST USED", "CREATED", "ACCOUNT"];
    let time = |time: Option<u64>, none: &str| time.map_or_else(|| none.to_owned(), &clock);
    let number = |number: Option<u32>| number.map_or_else(|| "?".to_owned(), |n| n.to_string());
    let rows = accounts.iter().map(|account| {
        let never = if account.damaged.is_some() { "?" } else { "never" };
        [
            number(account.uid),
            state(account).to_owned(),
            number(account.devices),
            text::safe(&locked(account)),
            time(account.last_used, never),
            time(account.created, "?"),
            text::safe(&account.name),
        ]
    });
    let rows: Vec<[String; 7]> = std::iter::once(head.map(str::to_owned)).chain(rows).collect();
    aligned(&rows)
}

fn state(account: &AccountInfo) -> &'static str {
    match (&account.damaged, account.enrolled) {
        (Some(_), _) => "damaged",
        (None, _) if account.exempt_until.is_some() => "exempt",
        (None, Some(true)) => "yes",
        (None, Some(false)) => "no",
        (None, None) => "?",
    }
}

fn locked(account: &AccountInfo) -> String {
    match account.locked.as_deref() {
        None => "?".to_owned(),
        Some([]) => "no".to_owned(),
        Some(lanes) => lanes.join(","),
    }
}

fn damage(account: &AccountInfo) -> Option<String> {
    let damaged = account.damaged.as_ref()?;
    let (name, why) = (text::safe(&account.name), text::safe(damaged));
    let next = text::safe(&remedy::damaged(&account.name));
    Some(format!("\n{name} is damaged and lets nobody in: {why}\n  next: {next}"))
}
