//! Enrolling at the prompt: what is kept in memory until a login has succeeded, and then settled in one
//! step of the store. The core decides who may, whether a code is right, and what counts in the end.

use std::time::Instant;

use otp_core::{
    Changed, CodeHash, DeviceSummary, Entry, InvitationToken, Origin, RecoveryCode, Refusal,
    Secret, Uid, UnixTime, UserName,
    at_prompt::{self, Entitled, Newcomer, Settling},
    device::RECOVERY_CODES,
    short_uri,
};
use zeroize::Zeroizing;

use super::{
    Engine, Unavailable,
    candidates::{Candidate, Left, Place, Proof, Ticket},
    recovery_codes,
    steps::{OnAccount, OnPerson, Whose},
};
use crate::{
    clock::monotonic,
    entropy,
    nss::Person,
    store::{Key, Persisted, Query, Records, Store, StoreError},
};

/// How many random bytes a ticket has.
const TICKET_BYTES: usize = 32;

/// A candidate as it is shown, once.
pub struct Shown {
    /// What names it.
    pub ticket: Zeroizing<Vec<u8>>,
    /// Its secret in base32.
    pub secret: Zeroizing<String>,
    /// What an authenticator scans.
    pub uri: Zeroizing<String>,
}

/// What a code of a candidate came to.
pub enum Shot {
    /// It was right; these are the recovery codes, which nobody can tell again.
    Right(Vec<RecoveryCode>),
    /// It was wrong.
    Wrong(Left),
    /// There is no such candidate, or its code was shown already.
    Unknown,
}

impl Engine {
    /// By what somebody may enroll at the prompt, where all may until `by`.
    pub async fn entitled(
        &self,
        person: Person,
        by: Option<UnixTime>,
        before: Instant,
    ) -> Result<Result<Entitled, Refusal>, Unavailable> {
        let query = May { whose: Whose::new(person), by };
        Ok(self.store.snapshot(query, before).await?)
    }

    /// Looks at an invitation's token that was typed at a prompt, and counts a wrong one.
    pub async fn shown_token(
        &self,
        person: Person,
        caller: Uid,
        token: &InvitationToken,
        (origin, place): (Origin, Place),
        before: Instant,
    ) -> Result<Persisted<Changed<()>>, Unavailable> {
        let (kept, policy) = (self.kept(token)?, self.throttle());
        let missing = Refusal::UnknownInvitation;
        let step = OnAccount::new(person, caller, missing, move |account, now| {
            let (service, from) = (place.service.as_str(), place.from.as_str());
            let login = at_prompt::Login { origin: &origin, service, from };
            at_prompt::shown(account, &kept, &login, &policy, now)
        });
        Ok(self.store.transact(step, before).await?)
    }

    /// Makes a device that is nowhere but here.
    ///
    /// # Errors
    /// When no random bytes or no hash can be had.
    pub fn begin_enrolment(
        &self,
        person: Person,
        place: Place,
        token: Option<&InvitationToken>,
    ) -> Result<Shown, Unavailable> {
        let failed = |error: otp_core::SecretError| StoreError::Failed(error.to_string());
        let bytes = entropy::secret(Secret::DEFAULT_BYTES)?;
        let newcomer = Newcomer::new(Secret::from_bytes(bytes.to_vec()).map_err(failed)?);
        let ticket = entropy::secret(TICKET_BYTES)?;
        let shown = Shown {
            ticket: ticket.clone(),
            secret: newcomer.secret().to_base32(),
            uri: short_uri(newcomer.secret(), &self.config().issuer, &person.name),
        };
        let token = token.map(|token| self.kept(token)).transpose()?;
        let (whom, now) = ((person, place), monotonic());
        self.candidates.add(Candidate::new((Ticket::new(ticket), newcomer), whom, token, now), now);
        Ok(shown)
    }

    /// Checks a code of a candidate.
    pub async fn prove_enrolment(
        &self,
        (person, place): (Person, Place),
        ticket: &Ticket,
        entry: Entry,
        before: Instant,
    ) -> Result<Shot, Unavailable> {
        let offer = self.offer(entry)?;
        let taken = self.candidates.take(ticket, (&person, &place), monotonic());
        let Some(one) = taken.filter(|one| one.proof.is_none()) else { return Ok(Shot::Unknown) };
        let now = self.store.snapshot(Now, before).await?;
        let Some(proved) = one.newcomer.prove(&offer, now) else {
            return Ok(Shot::Wrong(self.candidates.failed(one, monotonic())));
        };
        let codes = recovery_codes(RECOVERY_CODES)?;
        let kept: Vec<CodeHash> =
            codes.iter().map(|code| self.hashed(code)).collect::<Result<_, _>>()?;
        self.candidates.proven(one, Proof { proved, codes: kept }, monotonic());
        Ok(Shot::Right(codes))
    }

    /// Makes a candidate count whose code was shown, where all may enroll until `by` or it was invited;
    /// none where there is no such one.
    pub async fn settle_enrolment(
        &self,
        (person, place): (Person, Place),
        (caller, by): (Uid, Option<UnixTime>),
        ticket: &Ticket,
        before: Instant,
    ) -> Result<Option<Persisted<DeviceSummary>>, Unavailable> {
        let taken = self.candidates.take(ticket, (&person, &place), monotonic());
        let Some((one, Proof { proved, codes })) =
            taken.and_then(|mut one| one.proof.take().map(|proof| (one, proof)))
        else {
            return Ok(None);
        };
        let settling = Settling {
            secret: Zeroizing::new(one.newcomer.secret().expose().to_vec()),
            proved,
            codes,
            random: [entropy::array()?, entropy::array()?],
            token: one.token,
            by,
            service: place.service,
            from: place.from,
        };
        let step = OnPerson::new(person, caller, move |account, person: &Person, now| {
            let name: &UserName = &person.name;
            at_prompt::settle(account, (name, person.uid), &settling, now)
        });
        Ok(Some(self.store.transact(step, before).await?))
    }

    /// Forgets a candidate; whether there was one.
    pub fn drop_enrolment(&self, (person, place): (&Person, &Place), ticket: &Ticket) {
        drop(self.candidates.take(ticket, (person, place), monotonic()));
    }
}

/// By what somebody may enroll.
struct May {
    whose: Whose,
    by: Option<UnixTime>,
}

impl Query for May {
    type Row = Result<Entitled, Refusal>;

    fn keys(&self) -> &[Key] {
        &self.whose.keys
    }

    fn answer(&self, seen: &Records, now: UnixTime) -> Self::Row {
        Ok(at_prompt::entitled(self.whose.account(seen)?, self.by, now))
    }
}

/// The time by which the store decides.
struct Now;

impl Query for Now {
    type Row = UnixTime;

    fn keys(&self) -> &[Key] {
        &[]
    }

    fn answer(&self, _: &Records, now: UnixTime) -> UnixTime {
        now
    }
}
