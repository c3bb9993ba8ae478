//! Proxies for programs that have a runtime: the command line and the tests.

use zbus::proxy;

use crate::{
    AccountInfo, AccountStatus, Adoption, Candidate, Challenge, Decision, DeviceFilter, DeviceInfo,
    Enrolment, Error, Explanation, Identified, InForce, Invitation, IssuedTokens, KeyInfo,
    LaneStatus, LogEntry, Login, MadePass, NewCodes, NewDevice, NewPass, PassInfo, PassPlace,
    PassTerm, Proof, RecoveryCodes, RememberedLogin, Resealing, Sending, SessionLogin, Settled,
    ShownPass, SignedUp, StoredAccount, TokenFamily, TokenInfo, Verdict, Warrant, WhichPasses,
};

/// `org.otpd1.Auth`: for hosts that let somebody in.
#[proxy(interface = "org.otpd1.Auth", default_service = "org.otpd1", default_path = "/org/otpd1")]
pub trait Auth {
    /// Says what a login must do. That one is remembered is recorded. Where messages are all that the
    /// account has, one is sent once the answer is on its way, for uid 0 alone.
    fn begin(&self, login: &Login) -> Result<Challenge, Error>;

    /// Checks a code and spends it. An accepting answer means that the code is recorded as spent
    /// on disk. Never to be sent twice: a second sending is a second attempt.
    fn verify(&self, login: &Login, code: &str) -> Result<Verdict, Error>;

    /// The same of one device alone, by id or label; a code of another device is wrong.
    fn verify_device(&self, login: &Login, device: &str, code: &str) -> Result<Verdict, Error>;

    /// Makes a device that counts for nothing yet, where `Begin` said so. `invitation` is what was typed,
    /// empty where none was asked for. For hosts of uid 0, as what follows.
    fn begin_enrolment(&self, login: &Login, invitation: &str) -> Result<Candidate, Error>;

    /// Checks a code of it, and tells its recovery codes, once. After three wrong ones it is gone.
    fn prove_enrolment(&self, login: &Login, token: &str, code: &str) -> Result<Proof, Error>;

    /// Makes it count, now that the login as a whole has succeeded; once, and on disk.
    fn settle_enrolment(&self, login: &Login, token: &str) -> Result<Settled, Error>;

    /// Forgets it.
    fn drop_enrolment(&self, login: &Login, token: &str) -> Result<(), Error>;
}

/// `org.otpd1.Manage`: for those who enroll, repair and inspect. `user` is any name of the user;
/// `device` an id or a label that only one device has. Where polkit decides, a caller that has an
/// authentication agent is asked for a password, which can take minutes.
#[proxy(interface = "org.otpd1.Manage", default_service = "org.otpd1", default_path = "/org/otpd1")]
pub trait Manage {
    /// Adds an unconfirmed device and gives its secret, once.
    #[zbus(allow_interactive_auth)]
    fn enroll(&self, user: &str, warrant: &Warrant, device: &NewDevice)
    -> Result<Enrolment, Error>;

    /// Confirms a device by a code of it, which is thereby spent. One that replaces another takes
    /// its place by this.
    #[zbus(allow_interactive_auth)]
    fn confirm(&self, user: &str, device: &str, code: &str) -> Result<DeviceInfo, Error>;

    /// Has a code sent to a device that is an address, confirmed or not, and tells where to.
    #[zbus(allow_interactive_auth)]
    fn send(&self, user: &str, device: &str) -> Result<Sending, Error>;

    /// Lists devices in the order of their enrolment.
    #[zbus(allow_interactive_auth)]
    fn list(&self, user: &str, filter: DeviceFilter) -> Result<Vec<DeviceInfo>, Error>;

    /// Tells whether the account has a confirmed device.
    #[zbus(allow_interactive_auth)]
    fn has_device(&self, user: &str) -> Result<bool, Error>;

    /// Tells the kinds of the account's confirmed devices, each once.
    #[zbus(allow_interactive_auth)]
    fn kinds(&self, user: &str) -> Result<Vec<String>, Error>;

    /// Shows an account's state.
    #[zbus(allow_interactive_auth)]
    fn status(&self, user: &str) -> Result<AccountStatus, Error>;

    /// Tells what an attacker who guesses codes can hope for, at most.
    fn explain(&self, user: &str) -> Result<Explanation, Error>;

    /// Tells what a login would have to show, and why. For administrators: it shows their rules.
    #[zbus(allow_interactive_auth)]
    fn decide(&self, login: &Login) -> Result<Decision, Error>;

    /// Gives a device another label.
    #[zbus(allow_interactive_auth)]
    fn rename(
        &self,
        user: &str,
        warrant: &Warrant,
        device: &str,
        label: &str,
    ) -> Result<DeviceInfo, Error>;

    /// Removes a device and tells which it was. The account stays enrolled.
    #[zbus(allow_interactive_auth)]
    fn remove(&self, user: &str, warrant: &Warrant, device: &str) -> Result<DeviceInfo, Error>;

    /// Makes recovery codes and tells them, once. Those of the set before them count no more.
    #[zbus(allow_interactive_auth)]
    fn renew_recovery(
        &self,
        user: &str,
        warrant: &Warrant,
        codes: &NewCodes,
    ) -> Result<RecoveryCodes, Error>;

    /// Moves a device to where two codes that it showed one after the other show that it is; they
    /// are thereby spent.
    #[zbus(allow_interactive_auth)]
    fn resync(
        &self,
        user: &str,
        device: &str,
        first: &str,
        second: &str,
    ) -> Result<DeviceInfo, Error>;

    /// Clears all failures and locks of an account and tells what there was.
    #[zbus(allow_interactive_auth)]
    fn unlock(&self, user: &str) -> Result<Vec<LaneStatus>, Error>;

    /// Tells what happened to an account, the newest first, at most so many.
    #[zbus(allow_interactive_auth)]
    fn log(&self, user: &str, most: u32) -> Result<Vec<LogEntry>, Error>;

    /// Tells what happened to all accounts, the newest first, at most so many.
    #[zbus(allow_interactive_auth)]
    fn log_all(&self, most: u32) -> Result<Vec<LogEntry>, Error>;

    /// Lets the user enroll one device without a code within so many seconds, and tells the token
    /// for it, once. An invitation that there was before counts no more.
    #[zbus(allow_interactive_auth)]
    fn invite(&self, user: &str, seconds: u32) -> Result<Invitation, Error>;

    /// Lists the logins that need no code again for a while, as long as the rules say so.
    #[zbus(allow_interactive_auth)]
    fn remembered(&self, user: &str) -> Result<Vec<RememberedLogin>, Error>;

    /// Forgets one of them by its number, or with [`ALL_REMEMBERED`](crate::ALL_REMEMBERED) all, and
    /// tells which there were.
    #[zbus(allow_interactive_auth)]
    fn forget_remembered(&self, user: &str, number: u32) -> Result<Vec<RememberedLogin>, Error>;
    /// Lets the user log in without a code for so many seconds, wherever no rule denies it, and tells
    /// until when, in seconds since 1970 UTC. The reason is logged with each such login. An
    /// exemption that there was before counts no more.
    #[zbus(allow_interactive_auth)]
    fn exempt(&self, user: &str, seconds: u32, reason: &str) -> Result<u64, Error>;

    /// Ends an exemption before its time; whether there was one.
    #[zbus(allow_interactive_auth)]
    fn end_exemption(&self, user: &str) -> Result<bool, Error>;
}

/// `org.otpd1.Admin`: for administrators alone, about accounts as a whole. `account` is the exact
/// name that an account is stored under; the user database is not asked about it.
#[proxy(interface = "org.otpd1.Admin", default_service = "org.otpd1", default_path = "/org/otpd1")]
pub trait Admin {
    /// Gives an account to the uid that `user` has now; with `from`, the account of that name,
    /// which is renamed. Everything in it stays as it is.
    #[zbus(allow_interactive_auth)]
    fn adopt(&self, user: &str, from: &str) -> Result<Adoption, Error>;

    /// Removes an account with all that it has, be it damaged or not, and tells what there was.
    /// Afterwards it is as if the user had never enrolled.
    #[zbus(allow_interactive_auth)]
    fn forget(&self, account: &str) -> Result<StoredAccount, Error>;

    /// Shows what is stored under a name.
    #[zbus(allow_interactive_auth)]
    fn account(&self, account: &str) -> Result<StoredAccount, Error>;

    /// Lists accounts in the order of their names' bytes: at most `most` of those behind `after`,
    /// and at most as many as the daemon gives at once. An empty list is the end.
    #[zbus(allow_interactive_auth)]
    fn accounts(&self, after: &str, most: u32) -> Result<Vec<AccountInfo>, Error>;

    /// Puts the configuration in force as its files are now, and tells what that is. One that is
    /// not valid changes nothing.
    #[zbus(allow_interactive_auth)]
    fn reload(&self) -> Result<InForce, Error>;
}

/// `org.otpd1.Keys`: for those who change the keys that seal secrets at rest.
#[proxy(interface = "org.otpd1.Keys", default_service = "org.otpd1", default_path = "/org/otpd1")]
pub trait Keys {
    /// Lists the keys in the order of the keyring, then those that are missing.
    #[zbus(allow_interactive_auth)]
    fn list(&self) -> Result<Vec<KeyInfo>, Error>;

    /// Makes a key, which seals from now on, and tells its tag. It is on disk by then.
    #[zbus(allow_interactive_auth)]
    fn add(&self) -> Result<String, Error>;

    /// Seals up to `most` values with the sealing key that others have sealed. To be called until
    /// nothing is done any more.
    #[zbus(allow_interactive_auth)]
    fn reseal(&self, most: u32) -> Result<Resealing, Error>;

    /// Takes a key out of the keyring that nothing needs. Backups made before still need it.
    #[zbus(allow_interactive_auth)]
    fn retire(&self, tag: &str) -> Result<(), Error>;
}

/// `org.otpd1.Sessions`: which login opened which session. Who is calling is the kernel's to say.
#[proxy(
    interface = "org.otpd1.Sessions",
    default_service = "org.otpd1",
    default_path = "/org/otpd1"
)]
pub trait Sessions {
    /// Says that the calling process, which runs as root, opens a session of this PAM service with
    /// the login that it, or a child of it, was let in by.
    fn open(&self, service: &str) -> Result<(), Error>;

    /// Says that the calling process closes the session that it opened.
    fn close(&self) -> Result<(), Error>;

    /// Tells how the session logged in in which the calling process is: one login, or none where
    /// that is not known, or is not the caller's to know.
    fn current(&self) -> Result<Vec<SessionLogin>, Error>;
}
/// `org.otpd1.Tokens`: for applications that exchange somebody's code for tokens, each by its own uid
/// and where the configuration names that; and for people who end them.
#[proxy(interface = "org.otpd1.Tokens", default_service = "org.otpd1", default_path = "/org/otpd1")]
pub trait Tokens {
    /// Exchanges a code of somebody, which is thereby spent, for tokens. An empty scope is all that
    /// the application may ask for.
    fn grant(&self, user: &str, code: &str, scope: &str) -> Result<IssuedTokens, Error>;

    /// Tells what is known of a token of the caller's.
    fn inspect(&self, token: &str) -> Result<TokenInfo, Error>;

    /// Gives the next two tokens for a refresh token. Never to be sent twice: whoever shows one
    /// again is taken for a thief, and the family is over.
    fn refresh(&self, token: &str) -> Result<IssuedTokens, Error>;

    /// Revokes an access token, or a refresh token with its family. An unknown one is no error.
    fn revoke(&self, token: &str) -> Result<(), Error>;

    /// Lists the families of an account, those that ran out lately among them; an empty name: of
    /// all accounts, at most 1000.
    #[zbus(allow_interactive_auth)]
    fn list(&self, user: &str) -> Result<Vec<TokenFamily>, Error>;

    /// Ends a family of an account, or all of them where none is named; those that were open.
    #[zbus(allow_interactive_auth)]
    fn end(&self, user: &str, family: &str) -> Result<Vec<String>, Error>;
}

/// `org.otpd1.Contacts`: for applications by which people sign up, where the configuration names them
/// and the channel. An address is a telephone number such as `+49 151 23456789`, or a mailbox.
#[proxy(
    interface = "org.otpd1.Contacts",
    default_service = "org.otpd1",
    default_path = "/org/otpd1"
)]
pub trait Contacts {
    /// Has a code sent to an address and tells for how many seconds it counts. The answer is the same
    /// whoever has the address, and whether or not anything is sent.
    fn request(&self, address: &str, channel: &str) -> Result<u32, Error>;

    /// Checks the code that was sent last and gives an identifier for it, once.
    fn verify(&self, address: &str, code: &str) -> Result<Identified, Error>;

    /// Enrolls a device at the identifier's address, which needs no further code, for a user of the
    /// system or, with an empty name, for a person of the application's.
    #[zbus(allow_interactive_auth)]
    fn enroll(&self, user: &str, identifier: &str) -> Result<SignedUp, Error>;
}

/// `org.otpd1.Passes`: one-time passwords made for somebody. `user` is whose, or empty for nobody's,
/// which only those may touch who manage passes; where polkit decides, a caller that has an
/// authentication agent is asked for a password. A key that does not count is one failure of the
/// calling uid, whoever's it would have been.
#[proxy(interface = "org.otpd1.Passes", default_service = "org.otpd1", default_path = "/org/otpd1")]
pub trait Passes {
    /// Makes a pass and tells its key, once. For oneself it needs a fresh code of a device.
    #[zbus(allow_interactive_auth)]
    fn create(&self, user: &str, warrant: &Warrant, pass: &NewPass) -> Result<MadePass, Error>;

    /// Tells whether a key counts now, here and for this purpose. It is not used up.
    fn check(&self, purpose: &str, key: &str, place: &PassPlace) -> Result<bool, Error>;

    /// Shows the pass of a key that counts. It is not used up.
    fn get(&self, purpose: &str, key: &str, place: &PassPlace) -> Result<ShownPass, Error>;

    /// Uses a key up, and shows its pass. Of many who do so at once, one hears that it counted; that
    /// it is used is on disk by then.
    #[zbus(name = "Use")]
    fn use_up(&self, purpose: &str, key: &str, place: &PassPlace) -> Result<ShownPass, Error>;

    /// Lets a live pass live longer, never shorter.
    #[zbus(allow_interactive_auth)]
    fn extend(
        &self,
        user: &str,
        warrant: &Warrant,
        pass: &str,
        term: &PassTerm,
    ) -> Result<PassInfo, Error>;

    /// Calls live passes of a purpose back, and tells which they were by id.
    #[zbus(allow_interactive_auth)]
    fn deactivate(
        &self,
        user: &str,
        purpose: &str,
        which: &WhichPasses,
    ) -> Result<Vec<String>, Error>;

    /// Lists passes in the order of their ids, those among them that are over: at most `most` of those
    /// behind `after`. An empty list is the end. Of an empty `user`: everybody's.
    #[zbus(allow_interactive_auth)]
    fn list(&self, user: &str, after: &str, most: u32) -> Result<Vec<PassInfo>, Error>;
}
