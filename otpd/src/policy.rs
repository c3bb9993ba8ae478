//! Who may do what: one table, every action in it, for each kind of caller. What a
//! configuration leaves to a user is read here too, and can only take away from the table.

use crate::config::{SelfService, Switch};

/// Something a caller can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Ask what a login must do.
    Begin,
    /// Have a code checked, and spent.
    Verify,
    /// Have a device enrolled at the prompt of a login.
    EnrollAtPrompt,
    /// Add a device.
    Enroll,
    /// Confirm a device by a code.
    Confirm,
    /// Have a code sent.
    Send,
    /// See the devices.
    List,
    /// See failures and locks.
    Status,
    /// See what happened to an account.
    Log,
    /// See what an attacker could hope for.
    Explain,
    /// See what a login must show, and by which of the administrator's rules.
    Decide,
    /// Give a device another label.
    Rename,
    /// Give a device another secret.
    Replace,
    /// Remove a device.
    Remove,
    /// Make new recovery codes.
    Recovery,
    /// Move a device to where two codes of it show that it is.
    Resync,
    /// Clear failures and locks.
    Unlock,
    /// Let a user enroll without a code, once.
    Invite,
    /// Open and close sessions.
    OpenSession,
    /// See how a session logged in.
    Session,
    /// See which logins are remembered.
    Remembered,
    /// Forget remembered logins.
    ForgetRemembered,
    /// Let a user log in without a code for a while, or end that.
    Exempt,
    /// Give an account to the uid or name that its user has now.
    Adopt,
    /// Remove an account with all its devices.
    Forget,
    /// See which accounts there are, and what happened to all of them.
    Accounts,
    /// Put the configuration in force as its files are now.
    Reload,
    /// See, add, use and retire the keys of the store.
    Keys,
    /// Exchange codes for tokens, and see, refresh and revoke those.
    Grant,
    /// Have codes sent to addresses and enroll people at them.
    SignUp,
    /// See which tokens an account has, and end them.
    Tokens,
    /// Make a pass, or let one live longer.
    Pass,
    /// Call passes back.
    EndPass,
    /// See which passes there are.
    ListPasses,
    /// Show a key: whoever has one may, whosever it is, and wrong ones count against the caller.
    ShowKey,
}

/// What a caller is to the account that it asks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// The caller's uid is 0.
    Root,
    /// The caller's uid is the user's.
    Owner,
    /// Anybody else. Whether there is such a user is not theirs to learn.
    Stranger,
}

/// Whether a caller may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Answer {
    /// It may.
    Allowed,
    /// It may not, whatever anybody else says.
    Denied,
    /// It changes what is its own: with a fresh code or an invitation, and where the
    /// configuration leaves that to users.
    WithWarrant,
    /// It may if polkit says so of the caller and this action.
    Polkit(&'static str),
    /// It may where the configuration names its uid.
    Listed,
}

/// Whether a caller that is this to an account may do this with it.
pub const fn may(action: Action, relation: Relation) -> Answer {
    let Row { root, owner, stranger } = row(action);
    match relation {
        Relation::Root => root,
        Relation::Owner => owner,
        Relation::Stranger => stranger,
    }
}

/// What each caller may of one action.
struct Row {
    root: Answer,
    owner: Answer,
    stranger: Answer,
}

/// The table: each action stands in it once.
const fn row(action: Action) -> Row {
    let by_polkit = match action.polkit() {
        Some(id) => Answer::Polkit(id),
        None => Answer::Denied,
    };
    let (root, owner, stranger) = match action {
        // Somebody else's codes are nobody's to try, or to spend.
        Action::Begin | Action::Verify | Action::Session => {
            (Answer::Allowed, Answer::Allowed, Answer::Denied)
        }
        // What hosts alone do.
        Action::OpenSession | Action::EnrollAtPrompt => {
            (Answer::Allowed, Answer::Denied, Answer::Denied)
        }
        // Forgetting and ending take away alone: whoever has the session is asked the sooner.
        Action::Send
        | Action::List
        | Action::Status
        | Action::Log
        | Action::Explain
        | Action::Remembered
        | Action::ForgetRemembered
        | Action::Tokens
        | Action::EndPass
        | Action::ListPasses => (Answer::Allowed, Answer::Allowed, by_polkit),
        // Who has the user's session has not the user's devices.
        Action::Enroll
        | Action::Confirm
        | Action::Rename
        | Action::Replace
        | Action::Remove
        | Action::Recovery
        | Action::Resync
        | Action::Pass => (Answer::Allowed, Answer::WithWarrant, by_polkit),
        // The key itself is the right.
        Action::ShowKey => (Answer::Allowed, Answer::Allowed, Answer::Allowed),
        // Nobody unlocks, invites, exempts or forgets themselves, not even with an administrator's
        // password: each of these would stand in for the code that a change of one's own needs.
        Action::Unlock
        | Action::Invite
        | Action::Exempt
        | Action::Adopt
        | Action::Forget
        | Action::Accounts
        | Action::Decide
        | Action::Reload
        | Action::Keys => (Answer::Allowed, Answer::Denied, by_polkit),
        // What a caller is to the account tells nothing of what it does with tokens of it.
        Action::Grant | Action::SignUp => (Answer::Listed, Answer::Listed, Answer::Listed),
    };
    Row { root, owner, stranger }
}

/// What the administrator leaves to users where the table says [`Answer::WithWarrant`]. What is no
/// change of one's own devices is nothing that could be left to them.
pub const fn left_to_users(action: Action, to: &SelfService) -> Switch {
    match action {
        Action::Enroll => to.enroll,
        Action::Replace => to.replace,
        Action::Remove => to.remove,
        Action::Recovery => to.recovery,
        Action::Pass => to.pass,
        // What an administrator began its user must be able to end; a label and a counter let
        // nobody in who was not in.
        Action::Confirm | Action::Rename | Action::Resync => Switch::On,
        Action::Begin
        | Action::Verify
        | Action::Send
        | Action::List
        | Action::Status
        | Action::Log
        | Action::Explain
        | Action::Decide
        | Action::Unlock
        | Action::Invite
        | Action::OpenSession
        | Action::EnrollAtPrompt
        | Action::Session
        | Action::Remembered
        | Action::ForgetRemembered
        | Action::Exempt
        | Action::Adopt
        | Action::Forget
        | Action::Accounts
        | Action::Reload
        | Action::Keys
        | Action::Grant
        | Action::SignUp
        | Action::Tokens
        | Action::EndPass
        | Action::ListPasses
        | Action::ShowKey => Switch::Off,
    }
}

impl Action {
    /// As a verb, for messages and the log.
    pub const fn verb(self) -> &'static str {
        match self {
            Self::Begin | Self::Verify => "verify codes",
            Self::Enroll => "enroll devices",
            Self::Confirm => "confirm devices",
            Self::Send => "have codes sent",
            Self::List => "list devices",
            Self::Status => "see the status",
            Self::Log => "see the log",
            Self::Explain => "see the bounds",
            Self::Decide => "see the rules",
            Self::Rename => "rename devices",
            Self::Replace => "replace devices",
            Self::Remove => "remove devices",
            Self::Recovery => "make recovery codes",
            Self::Resync => "resynchronise devices",
            Self::Unlock => "unlock",
            Self::Invite => "invite",
            Self::OpenSession => "open sessions",
            Self::EnrollAtPrompt => "enroll devices at the prompt",
            Self::Session => "see how a session logged in",
            Self::Remembered => "see remembered logins",
            Self::ForgetRemembered => "forget remembered logins",
            Self::Exempt => "give exemptions",
            Self::Adopt => "adopt accounts",
            Self::Forget => "forget accounts",
            Self::Accounts => "list accounts",
            Self::Reload => "reload the configuration",
            Self::Keys => "manage keys",
            Self::Grant => "exchange codes for tokens",
            Self::SignUp => "sign people up",
            Self::Tokens => "see and end tokens",
            Self::Pass => "make passes",
            Self::EndPass => "deactivate passes",
            Self::ListPasses => "list passes",
            Self::ShowKey => "show keys",
        }
    }

    /// Its id in polkit; none for what polkit is never asked about.
    pub const fn polkit(self) -> Option<&'static str> {
        match self {
            Self::Begin
            | Self::Verify
            | Self::OpenSession
            | Self::EnrollAtPrompt
            | Self::Session
            | Self::Grant
            | Self::SignUp
            | Self::ShowKey => None,
            Self::Enroll => Some("org.otpd1.enroll"),
            Self::Confirm => Some("org.otpd1.confirm"),
            Self::Send => Some("org.otpd1.send"),
            Self::List => Some("org.otpd1.list"),
            Self::Status => Some("org.otpd1.status"),
            Self::Log => Some("org.otpd1.log"),
            Self::Explain => Some("org.otpd1.explain"),
            Self::Decide => Some("org.otpd1.decide"),
            Self::Rename => Some("org.otpd1.rename"),
            Self::Replace => Some("org.otpd1.replace"),
            Self::Remove => Some("org.otpd1.remove"),
            Self::Recovery => Some("org.otpd1.recovery"),
            Self::Resync => Some("org.otpd1.resync"),
            Self::Unlock => Some("org.otpd1.unlock"),
            Self::Invite => Some("org.otpd1.invite"),
            Self::Remembered => Some("org.otpd1.remembered"),
            Self::ForgetRemembered => Some("org.otpd1.forget-remembered"),
            Self::Exempt => Some("org.otpd1.exempt"),
            Self::Adopt => Some("org.otpd1.adopt"),
            Self::Forget => Some("org.otpd1.forget"),
            Self::Accounts => Some("org.otpd1.accounts"),
            Self::Reload => Some("org.otpd1.reload"),
            Self::Keys => Some("org.otpd1.keys"),
            Self::Tokens => Some("org.otpd1.tokens"),
            Self::Pass => Some("org.otpd1.pass-for-others"),
            Self::EndPass => Some("org.otpd1.pass-deactivate"),
            Self::ListPasses => Some("org.otpd1.pass-list"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACTIONS: [Action; 33] = [
        Action::Begin,
        Action::Verify,
        Action::Enroll,
        Action::Confirm,
        Action::Send,
        Action::List,
        Action::Status,
        Action::Log,
        Action::Explain,
        Action::Decide,
        Action::Rename,
        Action::Replace,
        Action::Remove,
        Action::Recovery,
        Action::Resync,
        Action::Unlock,
        Action::Invite,
        Action::OpenSession,
        Action::EnrollAtPrompt,
        Action::Session,
        Action::Remembered,
        Action::ForgetRemembered,
        Action::Exempt,
        Action::Adopt,
        Action::Forget,
        Action::Accounts,
        Action::Reload,
        Action::Keys,
        Action::Tokens,
        Action::Pass,
        Action::EndPass,
        Action::ListPasses,
        Action::ShowKey,
    ];

    #[test]
    fn no_user_gets_further_than_the_own_account_without_polkit() {
        for action in ACTIONS {
            assert_eq!(may(action, Relation::Root), Answer::Allowed, "{action:?}");
            let stranger = may(action, Relation::Stranger);
            if action == Action::ShowKey {
                // The key itself is the right.
                assert_eq!((stranger, action.polkit()), (Answer::Allowed, None));
                continue;
            }
            assert_eq!(
                action.polkit().map(Answer::Polkit),
                match stranger {
                    Answer::Denied => None,
                    Answer::Allowed | Answer::WithWarrant | Answer::Listed => {
                        panic!("{action:?}: {stranger:?}")
                    }
                    Answer::Polkit(_) => Some(stranger),
                }
            );
            let owner = may(action, Relation::Owner);
            assert!(!matches!(owner, Answer::Polkit(_)), "{action:?} by its owner");
        }
    }

    /// Not even root: it is told by the configuration too.
    #[test]
    fn tokens_are_for_those_alone_whom_the_configuration_names() {
        for relation in [Relation::Root, Relation::Owner, Relation::Stranger] {
            assert_eq!(may(Action::Grant, relation), Answer::Listed);
            assert_eq!(may(Action::SignUp, relation), Answer::Listed);
        }
        assert_eq!(Action::Grant.polkit(), None);
        assert_eq!(left_to_users(Action::Grant, &SelfService::default()), Switch::Off);
    }

    #[test]
    fn what_is_left_to_users_is_what_needs_a_warrant() {
        let to = SelfService::default();
        for action in ACTIONS {
            let own = may(action, Relation::Owner) == Answer::WithWarrant;
            assert_eq!(left_to_users(action, &to) == Switch::On, own, "{action:?}");
        }
        let nothing = SelfService {
            enroll: Switch::Off,
            replace: Switch::Off,
            remove: Switch::Off,
            recovery: Switch::Off,
            ..to
        };
        for action in [Action::Enroll, Action::Replace, Action::Remove, Action::Recovery] {
            assert_eq!(left_to_users(action, &nothing), Switch::Off, "{action:?}");
        }
    }

    /// Each action is described to polkit, owned by the daemon's user, and guarded by default.
    #[test]
    fn the_shipped_policy_has_every_action_and_no_other() {
        let policy = include_str!("../../packaging/polkit/org.otpd1.policy");
        let shipped: Vec<(&str, &str)> = policy
            .split("<action id=\"")
            .skip(1)
            .filter_map(|rest| rest.split_once("</action>")?.0.split_once('"'))
            .collect();
        let ids: Vec<&str> = ACTIONS.iter().filter_map(|action| action.polkit()).collect();
        assert_eq!(shipped.iter().map(|(id, _)| *id).collect::<Vec<_>>(), ids);
        for (id, text) in shipped {
            assert!(text.contains("policykit.owner\">unix-user:_otpd<"), "{id}");
            assert!(text.contains("<message>") && text.contains("<description>"), "{id}");
            assert!(!text.contains(">yes<") && !text.contains(">auth_self"), "{id}");
        }
    }
}
