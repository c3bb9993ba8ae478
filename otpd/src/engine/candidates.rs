//! Devices that are being enrolled at prompts. They are in memory alone: a restart, an abort or ten
//! minutes end them, and nothing of them is ever in the store.
//!
//! Whoever knows no more than a name can begin as many as they like where a host's stack lets them come
//! that far. So their number is bounded by where they come from, and who is one too many displaces their
//! own oldest: nobody elsewhere is kept from enrolling.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use otp_core::{
    CodeHash,
    at_prompt::{Newcomer, Proved},
};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::nss::Person;

/// How long one waits for its code, and for the end of its login.
const LIFE: Duration = Duration::from_secs(600);
/// How many there are of one user and one place.
const OF_ONE: usize = 4;
/// How many there are in all.
const OF_ALL: usize = 512;
/// How many wrong codes end it.
const WRONG: u8 = 3;

/// What names a candidate: nobody guesses 256 bits.
pub struct Ticket(Zeroizing<Vec<u8>>);

impl Ticket {
    /// Of random bytes, or as it came back.
    pub fn new(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }
}

/// Where somebody is asked, as far as the daemon believes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The PAM service.
    pub service: String,
    /// The remote host.
    pub from: String,
    /// The asking user.
    pub by: String,
}

impl Place {
    /// Whether both are one source: another service of a host is no other.
    fn is_one_with(&self, other: &Self) -> bool {
        (&self.from, &self.by) == (&other.from, &other.by)
    }
}

/// A device that is being enrolled.
pub(super) struct Candidate {
    pub(super) ticket: Ticket,
    pub(super) person: Person,
    pub(super) place: Place,
    pub(super) token: Option<CodeHash>,
    pub(super) newcomer: Newcomer,
    pub(super) proof: Option<Proof>,
    begun: Instant,
    wrong: u8,
}

/// A code of it was shown, and these recovery codes were.
pub(super) struct Proof {
    pub(super) proved: Proved,
    pub(super) codes: Vec<CodeHash>,
}

/// Whether there is another try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// There is.
    Some,
    /// There is none: it is gone.
    None,
}

/// All of them, the oldest first.
#[derive(Default)]
pub(super) struct Candidates(Mutex<Vec<Candidate>>);

impl Candidate {
    pub(super) fn new(
        (ticket, newcomer): (Ticket, Newcomer),
        (person, place): (Person, Place),
        token: Option<CodeHash>,
        begun: Instant,
    ) -> Self {
        Self { ticket, person, place, token, newcomer, proof: None, begun, wrong: 0 }
    }

    fn lives(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.begun) < LIFE
    }
}

impl Candidates {
    /// Adds one, and drops what is too many.
    pub(super) fn add(&self, new: Candidate, now: Instant) {
        let mut all = self.living(now);
        let own = |other: &Candidate| {
            other.person.name == new.person.name && other.place.is_one_with(&new.place)
        };
        if all.iter().filter(|other| own(other)).count() >= OF_ONE {
            drop_oldest(&mut all, own);
        }
        if all.len() >= OF_ALL {
            let most = busiest(&all);
            drop_oldest(&mut all, |other| {
                most.as_ref().is_some_and(|most| other.place.is_one_with(most))
            });
        }
        all.push(new);
    }

    /// Takes out the one of this ticket, user and place: only one call at a time has it.
    pub(super) fn take(
        &self,
        ticket: &Ticket,
        (person, place): (&Person, &Place),
        now: Instant,
    ) -> Option<Candidate> {
        let mut all = self.living(now);
        let mut found = None;
        // All are looked at, so that time does not tell how near one came.
        for (at, one) in all.iter().enumerate() {
            let same = bool::from(one.ticket.0.ct_eq(&ticket.0));
            if same && one.person.name == person.name && one.place == *place {
                found = Some(at);
            }
        }
        found.map(|at| all.remove(at))
    }

    /// Puts back one whose code was right.
    pub(super) fn proven(&self, one: Candidate, proof: Proof, now: Instant) {
        self.living(now).push(Candidate { proof: Some(proof), ..one });
    }

    /// Puts back one whose code was wrong, unless that was once too often.
    pub(super) fn failed(&self, one: Candidate, now: Instant) -> Left {
        let wrong = one.wrong.saturating_add(1);
        if wrong >= WRONG {
            return Left::None;
        }
        self.living(now).push(Candidate { wrong, ..one });
        Left::Some
    }

    fn living(&self, now: Instant) -> MutexGuard<'_, Vec<Candidate>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|one| one.lives(now));
        all
    }
}

fn drop_oldest(all: &mut Vec<Candidate>, which: impl Fn(&Candidate) -> bool) {
    let oldest =
        all.iter().enumerate().filter(|(_, one)| which(one)).min_by_key(|(_, one)| one.begun);
    if let Some(at) = oldest.map(|(at, _)| at) {
        all.remove(at);
    }
}

/// The place with the most.
fn busiest(all: &[Candidate]) -> Option<Place> {
    let at = |place: &Place| all.iter().filter(|one| one.place.is_one_with(place)).count();
    all.iter().map(|one| &one.place).max_by_key(|place| at(place)).cloned()
}

#[cfg(test)]
mod tests {
    use otp_core::{Secret, Uid, UserName};

    use super::*;
    use crate::clock::monotonic;

    fn person(name: &str) -> Person {
        Person { name: UserName::parse(name).unwrap(), uid: Uid(1000) }
    }

    fn from(host: &str) -> Place {
        Place { service: "sshd".to_owned(), from: host.to_owned(), by: String::new() }
    }

    fn ticket(number: u16) -> Ticket {
        Ticket::new(Zeroizing::new(number.to_be_bytes().to_vec()))
    }

    fn candidate(number: u16, name: &str, host: &str, begun: Instant) -> Candidate {
        let newcomer = Newcomer::new(Secret::from_bytes(vec![7; 20]).unwrap());
        Candidate::new((ticket(number), newcomer), (person(name), from(host)), None, begun)
    }

    fn has(all: &Candidates, number: u16, name: &str, host: &str, now: Instant) -> bool {
        let found = all.take(&ticket(number), (&person(name), &from(host)), now);
        found.is_some_and(|one| {
            all.0.lock().unwrap().push(one);
            true
        })
    }

    #[test]
    fn a_ticket_is_good_for_its_own_login_alone() {
        let (all, now) = (Candidates::default(), monotonic());
        all.add(candidate(1, "alice", "a", now), now);
        assert!(!has(&all, 2, "alice", "a", now));
        assert!(!has(&all, 1, "bob", "a", now));
        assert!(!has(&all, 1, "alice", "b", now));
        assert!(has(&all, 1, "alice", "a", now));
        assert!(all.take(&ticket(1), (&person("alice"), &from("a")), now).is_some());
        assert!(all.take(&ticket(1), (&person("alice"), &from("a")), now).is_none(), "once");
    }

    #[test]
    fn ten_minutes_end_it() {
        let (all, now) = (Candidates::default(), monotonic());
        all.add(candidate(1, "alice", "a", now), now);
        assert!(has(&all, 1, "alice", "a", now + (LIFE / 2)));
        assert!(!has(&all, 1, "alice", "a", now + LIFE));
    }

    #[test]
    fn whoever_floods_displaces_their_own() {
        let (all, now) = (Candidates::default(), monotonic());
        let at = |number: u16| now + Duration::from_millis(number.into());
        all.add(candidate(0, "alice", "owner", at(0)), at(0));
        for number in 1..=1000 {
            all.add(candidate(number, "alice", "stranger", at(number)), at(number));
            all.add(
                candidate(number, &format!("user{number}"), "stranger", at(number)),
                at(number),
            );
        }
        assert!(has(&all, 0, "alice", "owner", at(1000)));
        assert!(all.0.lock().unwrap().len() <= OF_ALL);
        assert!(has(&all, 1000, "alice", "stranger", at(1000)));
        assert!(!has(&all, 1000 - 4, "alice", "stranger", at(1000)));
    }

    #[test]
    fn the_third_wrong_code_ends_it() {
        let (all, now) = (Candidates::default(), monotonic());
        all.add(candidate(1, "alice", "a", now), now);
        for left in [Left::Some, Left::Some, Left::None] {
            let one = all.take(&ticket(1), (&person("alice"), &from("a")), now).unwrap();
            assert_eq!(all.failed(one, now), left);
        }
        assert!(!has(&all, 1, "alice", "a", now));
    }
}
