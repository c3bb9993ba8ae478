//! What was promised to one user, to be compared with what the daemon knows after a fault: every
//! code that was accepted is spent and in the log, none that was not sent is, and the next one lets in.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
};

use otp_bus::{DeviceFilter, Reason};

use crate::{
    Context, Device, Failure, Kind, Result,
    callers::{Answer, verify},
    manage,
};

/// How many codes are made at once.
const CODES: usize = 1_000;

/// How many logins an account's log keeps.
const LOGINS_KEPT: usize = 128;

/// A user with a HOTP device, whose codes are sent one after the other.
#[derive(Clone, Debug)]
pub struct Ledger {
    /// The user.
    pub user: String,
    device: Device,
    codes: Vec<String>,
    /// The counter of the first of `codes`.
    first: usize,
    /// The lowest counter whose code was not accepted as far as anybody knows.
    next: usize,
    /// Whether that code was sent and its answer never came or said that nothing is known.
    doubt: bool,
    /// How many codes were accepted.
    pub accepted: usize,
}

impl Ledger {
    /// Enrolls and confirms a device of the user.
    pub fn open(user: &str) -> Result<Self> {
        let device = Device::enroll_name(user, Kind::Hotp, 0)?;
        let (codes, user) = (Vec::new(), user.to_owned());
        Ok(Self { user, device, codes, first: 0, next: 1, doubt: false, accepted: 0 })
    }

    /// Opens one for each user.
    pub fn open_all(users: &[String]) -> Result<Vec<Self>> {
        users.iter().map(|user| Self::open(user)).collect()
    }

    /// The code at a counter.
    pub fn code(&mut self, counter: usize) -> Result<String> {
        let here = counter.checked_sub(self.first).and_then(|at| self.codes.get(at));
        if let Some(code) = here {
            return Ok(code.clone());
        }
        self.first = counter.saturating_sub(1);
        self.codes = self.device.codes(self.first, CODES)?;
        self.codes.get(counter - self.first).cloned().context("a code from oathtool")
    }

    /// The code that is next to let in.
    pub fn next_code(&mut self) -> Result<String> {
        self.code(self.next)
    }

    /// Sends the next code; tells whether there was an answer. An answer that breaks a promise is a
    /// failure.
    pub fn login(&mut self) -> Result<bool> {
        let code = self.next_code()?;
        match verify(&self.user, &code)? {
            Answer::Accepted => {
                (self.next, self.doubt) = (self.next + 1, false);
                self.accepted += 1;
                Ok(true)
            }
            Answer::Unavailable(_) | Answer::Silence(_) => {
                self.doubt = true;
                Ok(false)
            }
            ref answer @ Answer::Refused(_) if self.doubt && answer.is_refusal(Reason::Used) => {
                (self.next, self.doubt) = (self.next + 1, false);
                Ok(true)
            }
            answer @ (Answer::Refused(_) | Answer::Busy) => {
                let Self { user, next, doubt, .. } = self;
                Err(Failure::new(format!(
                    "{user}: code {next} (in doubt: {doubt}) was answered {answer:?}"
                )))
            }
        }
    }

    /// The counter of the next code, for who sends it in another way; it may be spent from here on.
    pub fn doubted(&mut self) -> Result<String> {
        self.doubt = true;
        self.next_code()
    }

    /// Compares with a daemon that answers again: it must have moved behind every code that was
    /// accepted and behind none that was not sent, must refuse the last one, and must have counted
    /// no failure.
    pub fn settle(&mut self) -> Result {
        let user = self.user.clone();
        let counter = self.counter()?;
        let moved = counter.checked_sub(self.next).context(format!(
            "{user}: the daemon is at counter {counter}, before the accepted {}",
            self.next
        ))?;
        if moved > usize::from(self.doubt) {
            let text = format!("{user}: at counter {counter}, but {} was never sent", self.next);
            return Err(Failure::new(text));
        }
        (self.next, self.doubt) = (counter, false);
        let last = self.code(counter - 1)?;
        let answer = verify(&user, &last)?;
        if !answer.is_refusal(Reason::Used) {
            return Err(Failure::new(format!("{user}: the last code again: {answer:?}")));
        }
        let status = manage(async |proxy| proxy.status(&user).await)?;
        if !status.enrolled || status.lanes.iter().any(|lane| lane.failures > 0) {
            return Err(Failure::new(format!("{user}: {status:?}")));
        }
        self.compare_log(counter)
    }

    /// Each code behind the one that confirmed has its event, and no other has, whatever fell in
    /// between: they are written in one transaction.
    fn compare_log(&self, counter: usize) -> Result {
        let log = manage(async |proxy| proxy.log(&self.user, 1000).await)?;
        let told = log.iter().filter(|entry| entry.event == "accepted").count();
        if told == (counter - 1).min(LOGINS_KEPT) {
            return Ok(());
        }
        let user = &self.user;
        Err(Failure::new(format!("{user}: at counter {counter} with {told} logins in the log")))
    }

    /// Settles all, side by side.
    pub fn settle_all(ledgers: &mut [Self]) -> Result {
        side_by_side(ledgers, Self::settle)
    }

    /// Sends every user's next code, side by side; all must let in.
    pub fn all_get_in(ledgers: &mut [Self]) -> Result {
        side_by_side(ledgers, |ledger| {
            let before = ledger.accepted;
            ledger.login()?;
            if ledger.accepted == before + 1 {
                return Ok(());
            }
            Err(Failure::new(format!("{} does not get in", ledger.user)))
        })
    }

    /// Lets all log in side by side and without pause while `meanwhile` runs, which sees how many
    /// were accepted, and until each has met an answer that did not come.
    pub fn under_load(
        ledgers: &mut [Self],
        meanwhile: impl FnOnce(&AtomicUsize) -> Result,
    ) -> Result {
        let (stop, accepted) = (AtomicBool::new(false), AtomicUsize::new(0));
        thread::scope(|scope| {
            let callers: Vec<_> = ledgers
                .iter_mut()
                .map(|ledger| {
                    let (stop, accepted) = (&stop, &accepted);
                    scope.spawn(move || -> Result {
                        while !stop.load(Ordering::SeqCst) && ledger.login()? {
                            accepted.fetch_add(1, Ordering::SeqCst);
                        }
                        Ok(())
                    })
                })
                .collect();
            let done = meanwhile(&accepted);
            stop.store(true, Ordering::SeqCst);
            join(callers)?;
            done
        })
    }

    fn counter(&self) -> Result<usize> {
        let list = manage(async |proxy| proxy.list(&self.user, DeviceFilter::Confirmed).await)?;
        let mine = list.iter().find(|device| device.id == self.device.id);
        let counter = mine.and_then(|device| device.counter);
        let counter = counter.context(format!("{}: the device is gone: {list:?}", self.user))?;
        Ok(usize::try_from(counter)?)
    }
}

fn side_by_side(ledgers: &mut [Ledger], what: impl Fn(&mut Ledger) -> Result + Sync) -> Result {
    let what = &what;
    thread::scope(|scope| {
        join(ledgers.iter_mut().map(|ledger| scope.spawn(move || what(ledger))).collect())
    })
}

fn join(threads: Vec<thread::ScopedJoinHandle<'_, Result>>) -> Result {
    let ended: Vec<_> = threads.into_iter().map(thread::ScopedJoinHandle::join).collect();
    ended.into_iter().try_for_each(|result| {
        result.unwrap_or_else(|_| Err(Failure::new("a caller's thread panicked")))
    })
}
