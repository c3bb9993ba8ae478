//! Passes: made, shown, used, extended, called back, listed, cleaned up; and logins where a pass may let
//! in. Keys are made here of the kernel's random bytes, and leave this file once.

use std::{sync::Arc, time::Instant};

use otp_core::{
    Account, Asker, Attempt, ByPass, Changed, CodeHash, Data, Decision, Ended, Expiry, Generator,
    KeyDeed, Keyed, NewPass, Offer, Old, Origin, Owner, Pass, PassId, PassKey, PassPlace,
    PassPolicy, PassRefusal, Purpose, Reason, Refusal, Related, Remembering, Restrictions,
    Standing, Surroundings, ThrottlePolicy, Tried, Uid, UnixTime, UserName, Verified, attempt_with,
    clean_passes, end_passes, extend_pass, keyed, make_pass, remember,
};

use super::{Asked, Engine, Login, Unavailable, steps::Whose};
use crate::{
    caller::ROOT,
    daemon::host,
    entropy,
    nss::Person,
    store::{Key, Listing, Persisted, Query, Records, Step, Store, StoreError},
};

/// How often another key is made where one was taken.
const KEYS: usize = 8;

/// A pass that somebody asks for.
#[derive(Clone)]
pub struct WantedPass {
    /// What it is for.
    pub purpose: Purpose,
    /// How its key is made.
    pub generator: Generator,
    /// When it is to be over.
    pub expiry: Expiry,
    /// Why.
    pub reason: Option<Reason>,
    /// Where it counts.
    pub restrictions: Restrictions,
    /// What it has to do with.
    pub related: Related,
    /// Data of its maker.
    pub data: Option<Data>,
    /// What becomes of those before it.
    pub old: Old,
}

/// Where a key is shown, as far as the caller is believed.
pub struct ShownAt {
    /// By which service.
    pub service: String,
    /// From where.
    pub origin: Origin,
}

/// Which passes are called back.
pub enum Meant {
    /// Every one.
    All,
    /// The one with this key.
    Key(PassKey),
    /// Those that have to do with exactly these objects.
    Related(Related),
}

impl Engine {
    /// Makes a pass, and its key, which nobody can tell again.
    pub async fn make_pass(
        &self,
        owner: Option<Person>,
        asked: Asked,
        wanted: WantedPass,
        before: Instant,
    ) -> Result<Result<Changed<(Pass, PassKey)>, Refusal>, Unavailable> {
        let maker = self.nss.holder(asked.by, asked.by, before).await?.map(|maker| maker.name);
        let (asked, config) = (Arc::new(asked), self.config());
        for _ in 0..KEYS {
            let key = made_key(wanted.generator)?;
            let new =
                new_pass(&wanted, self.hashed_key(&wanted.purpose, &key)?, &asked, maker.as_ref())?;
            let (owner, asked) = (owner.clone(), asked.clone());
            let policies = (config.throttle, config.passes);
            let step = Make::new(owner, (asked, maker.clone()), new, policies);
            match self.store.transact(step, before).await?.into_result() {
                Err(Refusal::Pass(PassRefusal::KeyTaken)) => {}
                done => return Ok(done.map(|changed| changed.map(|pass| (pass, key)))),
            }
        }
        Ok(Err(Refusal::Pass(PassRefusal::KeyTaken)))
    }

    /// Looks at a key, or uses it up.
    pub async fn show_key(
        &self,
        by: Uid,
        (purpose, key): (Purpose, PassKey),
        (deed, shown): (KeyDeed, ShownAt),
        before: Instant,
    ) -> Result<Persisted<Keyed>, Unavailable> {
        let digest = self.hashed_key(&purpose, &key)?;
        let keys = vec![Key::pass(&digest), Key::Caller(by, Tried::Passes)];
        let step = ShowKey { by, digest, deed, shown, policy: self.throttle(), keys };
        Ok(self.store.transact(step, before).await?)
    }

    /// Lets a live pass of this owner, or of none, live longer.
    pub async fn extend_pass(
        &self,
        owner: Option<Person>,
        asked: Asked,
        (id, expiry): (PassId, Expiry),
        before: Instant,
    ) -> Result<Persisted<Changed<Pass>>, Unavailable> {
        let config = self.config();
        let whose = owner.map(Whose::new);
        let mut keys = whose.as_ref().map(|whose| whose.keys.clone()).unwrap_or_default();
        keys.push(Key::PassCalled(id.clone()));
        let policies = (config.throttle, config.passes);
        let step = Extend { whose, asked, id, expiry, policies, keys };
        Ok(self.store.transact(step, before).await?)
    }

    /// Calls live passes of this owner, or of none, back.
    pub async fn end_passes(
        &self,
        owner: Option<Person>,
        by: Uid,
        (purpose, meant): (Purpose, Meant),
        before: Instant,
    ) -> Result<Persisted<Vec<Pass>>, Unavailable> {
        let digest = match &meant {
            Meant::Key(key) => Some(self.hashed_key(&purpose, key)?),
            Meant::All | Meant::Related(_) => None,
        };
        let whose = owner.map(Whose::new);
        let mut keys = whose.as_ref().map(|whose| whose.keys.clone()).unwrap_or_default();
        keys.push(Key::Unended(whose.as_ref().map(|whose| whose.name().clone()), purpose));
        let step = End { whose, by, meant, digest, keys };
        Ok(self.store.transact(step, before).await?)
    }

    /// The first `most` passes behind an id, and how they stand.
    pub async fn passes(
        &self,
        owner: Option<Person>,
        (after, most): (String, u32),
        before: Instant,
    ) -> Result<Vec<(Pass, Standing)>, Unavailable> {
        let listing = owner.map_or(Listing::All, |owner| Listing::Of(owner.name));
        let query = List([Key::Passes(listing, after, most)]);
        Ok(self.store.snapshot(query, before).await?)
    }

    /// Forgets what has been over for long enough.
    pub async fn clean_passes(&self, before: Instant) -> Result<(), Unavailable> {
        let done = self.store.transact(Clean(self.config().passes), before).await?;
        // It cannot be refused: it is about whatever there is.
        let _ = done.into_result();
        Ok(())
    }

    /// Checks a code or a key, and spends it, where a pass may let in.
    pub(super) async fn verify_with_pass(
        &self,
        person: Person,
        by: Uid,
        (login, key): (Login, PassKey),
        before: Instant,
    ) -> Result<Persisted<Verified>, Unavailable> {
        let Login { entry, key: _, device: _, kinds, origin, service, from, remember } = login;
        let (offer, policy) = (self.offer(entry)?, self.throttle());
        let digest = self.hashed_key(&Purpose::login(), &key)?;
        let whose = Whose::new(person);
        let mut keys = whose.keys.clone();
        keys.push(Key::pass(&digest));
        let wanted = remember;
        let step =
            LogIn { whose, by, offer, digest, kinds, origin, service, from, wanted, policy, keys };
        Ok(self.store.transact(step, before).await?)
    }

    fn hashed_key(&self, purpose: &Purpose, key: &PassKey) -> Result<CodeHash, Unavailable> {
        let hash = self.store.pepper().pass(purpose.as_str().as_bytes(), key.expose());
        let failed = || StoreError::Failed("no hash could be made".to_owned());
        hash.map(CodeHash::new).ok_or_else(|| failed().into())
    }
}

fn made_key(generator: Generator) -> Result<PassKey, Unavailable> {
    for _ in 0..KEYS {
        if let Some(key) = generator.make(&entropy::secret(generator.random_bytes())?) {
            return Ok(key);
        }
    }
    Err(StoreError::Failed("no key could be made".to_owned()).into())
}

fn new_pass(
    wanted: &WantedPass,
    digest: CodeHash,
    asked: &Asked,
    maker: Option<&UserName>,
) -> Result<NewPass, Unavailable> {
    let maker = maker.map_or_else(|| format!("uid {}", asked.by), |name| name.as_str().to_owned());
    let WantedPass { purpose, generator, expiry, reason, restrictions, related, data, old } =
        wanted.clone();
    let (id, origin) = (PassId::new(entropy::array()?), format!("{maker}@{}", host()));
    Ok(NewPass {
        id,
        digest,
        generator,
        purpose,
        expiry,
        origin,
        reason,
        restrictions,
        related,
        data,
        old,
    })
}

/// The account behind an owner, where there is an owner.
fn account_of<'a>(
    whose: Option<&Whose>,
    seen: &'a Records,
) -> Result<Option<&'a Account>, Refusal> {
    whose.map(|whose| whose.account(seen)).transpose().map(Option::flatten)
}

fn owner_of<'a>(whose: Option<&'a Whose>, account: Option<&'a Account>) -> Option<Owner<'a>> {
    whose.map(|whose| Owner { account, name: whose.name(), uid: whose.uid() })
}

struct Make {
    whose: Option<Whose>,
    asked: Arc<Asked>,
    maker: Option<UserName>,
    new: NewPass,
    policies: (ThrottlePolicy, PassPolicy),
    keys: Vec<Key>,
}

impl Make {
    fn new(
        owner: Option<Person>,
        (asked, maker): (Arc<Asked>, Option<UserName>),
        new: NewPass,
        policies: (ThrottlePolicy, PassPolicy),
    ) -> Self {
        let whose = owner.map(Whose::new);
        let mut keys = whose.as_ref().map(|whose| whose.keys.clone()).unwrap_or_default();
        let name = whose.as_ref().map(|whose| whose.name().clone());
        // Whoever is root's equal is nobody's to lock out.
        let maker = maker.filter(|_| asked.by != ROOT);
        keys.extend(
            maker.iter().filter(|maker| Some(*maker) != name.as_ref()).cloned().map(Key::Account),
        );
        keys.extend([
            Key::pass(&new.digest),
            Key::Unended(name.clone(), new.purpose.clone()),
            Key::Lives(name, asked.by),
        ]);
        Self { whose, asked, maker, new, policies, keys }
    }
}

impl Step for Make {
    type Outcome = Changed<Pass>;

    fn keys(&self) -> &[Key] {
        &self.keys
    }

    fn by(&self) -> Uid {
        self.asked.by
    }

    fn decide(&self, seen: &Records, now: UnixTime) -> Decision<Self::Outcome> {
        let Self { whose, asked, maker, new, policies: (throttle, policy), .. } = self;
        let account = match account_of(whose.as_ref(), seen) {
            Ok(account) => account,
            Err(refusal) => return Decision::Unchanged(refusal),
        };
        let maker = maker.as_ref().and_then(|maker| seen.account(maker));
        let around = Surroundings {
            same: seen.pass(&new.digest),
            old: seen.some_passes(),
            owned: &seen.lives().owned,
            made: &seen.lives().made,
            maker: maker.filter(|maker| maker.uid == Some(asked.by)),
        };
        let owner = owner_of(whose.as_ref(), account);
        make_pass(owner, new, &around, &asked.asking(throttle, now), policy)
    }
}

struct ShowKey {
    by: Uid,
    digest: CodeHash,
    deed: KeyDeed,
    shown: ShownAt,
    policy: ThrottlePolicy,
    keys: Vec<Key>,
}

impl Step for ShowKey {
    type Outcome = Keyed;

    fn keys(&self) -> &[Key] {
        &self.keys
    }

    fn by(&self) -> Uid {
        self.by
    }

    fn decide(&self, seen: &Records, now: UnixTime) -> Decision<Keyed> {
        let Self { by, digest, deed, shown, policy, .. } = self;
        let place = PassPlace { service: &shown.service, origin: &shown.origin };
        let asker = Asker { uid: *by, failed: seen.caller(*by, Tried::Passes) };
        keyed(seen.pass(digest), *deed, &place, &asker, (policy, now))
    }
}

struct Extend {
    whose: Option<Whose>,
    asked: Asked,
    id: PassId,
    expiry: Expiry,
    policies: (ThrottlePolicy, PassPolicy),
    keys: Vec<Key>,
}

impl Step for Extend {
    type Outcome = Changed<Pass>;

    fn keys(&self) -> &[Key] {
        &self.keys
    }

    fn by(&self) -> Uid {
        self.asked.by
    }

    fn decide(&self, seen: &Records, now: UnixTime) -> Decision<Self::Outcome> {
        let Self { whose, asked, id, expiry, policies: (throttle, policy), .. } = self;
        let account = match account_of(whose.as_ref(), seen) {
            Ok(account) => account,
            Err(refusal) => return Decision::Unchanged(refusal),
        };
        let owner = owner_of(whose.as_ref(), account);
        extend_pass(owner, seen.pass_called(id), *expiry, &asked.asking(throttle, now), policy)
    }
}

struct End {
    whose: Option<Whose>,
    by: Uid,
    meant: Meant,
    digest: Option<CodeHash>,
    keys: Vec<Key>,
}

impl Step for End {
    type Outcome = Vec<Pass>;

    fn keys(&self) -> &[Key] {
        &self.keys
    }

    fn by(&self) -> Uid {
        self.by
    }

    fn decide(&self, seen: &Records, now: UnixTime) -> Decision<Self::Outcome> {
        let Self { whose, meant, digest, .. } = self;
        if let Err(refusal) = account_of(whose.as_ref(), seen) {
            return Decision::Unchanged(refusal);
        }
        let which = match (meant, digest) {
            (Meant::Key(_), Some(digest)) => Ended::Key(digest),
            (Meant::Related(related), _) => Ended::Related(related),
            (Meant::All, _) => Ended::All,
            // Without its hash no key means any pass.
            (Meant::Key(_), None) => {
                return Decision::Unchanged(Refusal::Pass(PassRefusal::None));
            }
        };
        end_passes(whose.as_ref().map(Whose::name), seen.some_passes(), which, now)
    }
}

struct List([Key; 1]);

impl Query for List {
    type Row = Vec<(Pass, Standing)>;

    fn keys(&self) -> &[Key] {
        &self.0
    }

    fn answer(&self, seen: &Records, now: UnixTime) -> Self::Row {
        seen.some_passes().iter().map(|pass| (pass.clone(), pass.standing(now))).collect()
    }
}

struct Clean(PassPolicy);

impl Step for Clean {
    type Outcome = ();

    fn keys(&self) -> &[Key] {
        &[]
    }

    fn by(&self) -> Uid {
        ROOT
    }

    fn decide(&self, _: &Records, now: UnixTime) -> Decision<()> {
        clean_passes(&self.0, now)
    }
}

struct LogIn {
    whose: Whose,
    by: Uid,
    offer: Offer,
    digest: CodeHash,
    kinds: Option<Vec<String>>,
    origin: Origin,
    service: String,
    from: String,
    wanted: Option<Remembering>,
    policy: ThrottlePolicy,
    keys: Vec<Key>,
}

impl Step for LogIn {
    type Outcome = Verified;

    fn keys(&self) -> &[Key] {
        &self.keys
    }

    fn by(&self) -> Uid {
        self.by
    }

    fn decide(&self, seen: &Records, now: UnixTime) -> Decision<Verified> {
        let Self { whose, offer, digest, kinds, origin, service, from, wanted, policy, .. } = self;
        let account = match whose.account(seen) {
            Ok(Some(account)) => account,
            Ok(None) => return Decision::Unchanged(Refusal::NotEnrolled),
            Err(refusal) => return Decision::Unchanged(refusal),
        };
        let typed = Attempt { offer, device: None, kinds: kinds.as_deref(), origin, service, from };
        let by_pass = ByPass::Asked(seen.pass(digest));
        let decision = attempt_with(account, &typed, by_pass, policy, now);
        // A pass is never remembered; the code of a device may be.
        match wanted {
            Some(wanted) => remember(decision, account, wanted, now),
            None => decision,
        }
    }
}
