//! Devices that are being enrolled at prompts. They are in memory alone: a restart, an abort or ten
//! minutes end them, and nothing of them is ever in the store.
//!
//! Whoever knows no more than a name can begin as many as they like where a host's stack lets them come
//! that far. So their number is bounded by where they come from, and who is one too many displaces their
//! own oldest: nobody elsewhere is kept from enrolling. Who comes from everywhere displaces what no code
//! was shown of, before what waits for the end of its login alone.

use std::{
    cmp::Reverse,
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
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
/// What of an IPv6 address is a network that one customer has whole.
const NETWORK: u128 = u128::MAX << 64;
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
    /// What is one, however it is written: another service of a host is no other, and neither is
    /// another address of its network.
    fn source(&self) -> Source {
        // The zone of an address of a link is none of the address.
        let address = self.from.split_once('%').map_or(self.from.as_str(), |(bare, _)| bare);
        let host = match address.parse::<IpAddr>().map(|address| address.to_canonical()) {
            Ok(IpAddr::V4(address)) => Host::Address(address.into()),
            Ok(IpAddr::V6(address)) => {
                Host::Address(Ipv6Addr::from_bits(address.to_bits() & NETWORK).into())
            }
            Err(_) => Host::Name(self.from.clone()),
        };
        Source { host, by: self.by.clone() }
    }
}

/// Where candidates are counted together.
#[derive(PartialEq, Eq, Hash)]
struct Source {
    host: Host,
    by: String,
}

#[derive(PartialEq, Eq, Hash)]
enum Host {
    Address(IpAddr),
    /// What has no numeric address, as it is.
    Name(String),
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
        let source = new.place.source();
        let own = |other: &Candidate| {
            other.person.name == new.person.name && other.place.source() == source
        };
        if all.iter().filter(|other| own(other)).count() >= OF_ONE {
            // A code of theirs may have been shown, and the login be about to end.
            drop_first(&mut all, |one| own(one).then(|| (one.proof.is_none(), Reverse(one.begun))));
        }
        if all.len() >= OF_ALL {
            let counts = counts(&all);
            // The source with the most comes first, so that proving does not help who floods from one.
            drop_first(&mut all, |one| {
                let count = counts.get(&one.place.source()).copied();
                Some((count, one.proof.is_none(), Reverse(one.begun)))
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

/// Drops the one of the greatest rank, if any has one.
fn drop_first<R: Ord>(all: &mut Vec<Candidate>, rank: impl Fn(&Candidate) -> Option<R>) {
    let ranked = all.iter().enumerate().filter_map(|(at, one)| Some((rank(one)?, Reverse(at))));
    if let Some((_, Reverse(at))) = ranked.max() {
        all.remove(at);
    }
}

/// How many each source has.
fn counts(all: &[Candidate]) -> HashMap<Source, usize> {
    let mut counts = HashMap::new();
    for one in all {
        *counts.entry(one.place.source()).or_default() += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use otp_core::{
        Algorithm, Digits, Entry, Offer, Period, Secret, TimeStep, Uid, UnixTime, UserName, totp,
    };

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

    /// The owner's, number 0, whose code was shown.
    fn proved(all: &Candidates, host: &str, now: Instant) {
        all.add(candidate(0, "alice", host, now), now);
        let one = all.take(&ticket(0), (&person("alice"), &from(host)), now).unwrap();
        let (clock, secret) = (UnixTime::from_secs(1_700_000_000), one.newcomer.secret());
        let step = TimeStep::at(clock, Period::default());
        let code = totp(secret, step, Algorithm::Sha1, Digits::SIX).reveal();
        let Entry::Code(code) = Entry::parse(&code).unwrap() else { panic!("no code") };
        let proved = one.newcomer.prove(&Offer::Code(code), clock).unwrap();
        all.proven(one, Proof { proved, codes: Vec::new() }, now);
    }

    #[test]
    fn whoever_floods_from_everywhere_displaces_nothing_proved() {
        let (all, now) = (Candidates::default(), monotonic());
        let at = |number: u16| now + Duration::from_millis(number.into());
        proved(&all, "192.0.2.7", now);
        for number in 1..=1024 {
            let host = format!("10.0.{}.{}", number >> 8, number & 255);
            all.add(candidate(number, "alice", &host, at(number)), at(number));
        }
        assert_eq!(all.0.lock().unwrap().len(), OF_ALL);
        assert!(has(&all, 0, "alice", "192.0.2.7", at(1024)));
        assert!(has(&all, 1024, "alice", "10.0.4.0", at(1024)));
        assert!(!has(&all, 1, "alice", "10.0.0.1", at(1024)), "the oldest goes first");
    }

    #[test]
    fn a_network_of_ipv6_is_one_source() {
        let (all, now) = (Candidates::default(), monotonic());
        let at = |number: u16| now + Duration::from_millis(number.into());
        proved(&all, "2001:db8:0:1::7", now);
        all.add(candidate(2000, "bob", "2001:db8:0:3::7", now), now);
        for number in 1..=600 {
            let (host, user) = (format!("2001:db8:0:2::{number:x}"), format!("user{number}"));
            all.add(candidate(number, "alice", &host, at(number)), at(number));
            all.add(candidate(number, &user, &host, at(number)), at(number));
        }
        let of_alice = |one: &&Candidate| one.person.name.as_str() == "alice";
        assert_eq!(all.0.lock().unwrap().iter().filter(of_alice).count(), 1 + OF_ONE);
        assert!(has(&all, 0, "alice", "2001:db8:0:1::7", at(600)));
        assert!(has(&all, 2000, "bob", "2001:db8:0:3::7", at(600)), "nor what is unproved");
    }

    #[test]
    fn a_source_is_one_however_it_is_written() {
        let one = |a: &str, b: &str| from(a).source() == from(b).source();
        assert!(one("::ffff:192.0.2.7", "192.0.2.7"));
        assert!(one("2001:DB8::1", "2001:db8:0:0:ffff::2"));
        assert!(one("fe80::1%eth0", "fe80::2"));
        assert!(!one("192.0.2.7", "192.0.2.8"));
        assert!(!one("2001:db8::1", "2001:db8:0:1::1"));
        assert!(!one("a.example", "b.example"));
        assert!(!one("a%1", "a%2"));
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
