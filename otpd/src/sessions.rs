//! Which login opened which session. An accepted login belongs to the process that asked, until that
//! process, or the parent that it asked for as sshd does, opens a session; from then on it belongs to
//! that process and to whatever descends from it. Nothing is handed to anybody that could be stolen
//! or altered: processes are known by the kernel's word alone. It is kept in memory: after a restart of
//! the daemon a session that was open is known no more, and never taken for another.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
};

use otp_core::{Uid, UnixTime};

use crate::process::{Pid, Process};

/// Logins at once that have not opened a session yet; the oldest one goes.
const WAITING: usize = 1024;

/// Sessions at once. Those whose process has ended go first.
const OPEN: usize = 8192;

/// How far up a process is looked for.
const ANCESTORS: usize = 128;

/// An accepted login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Who, by canonical name.
    pub user: String,
    /// The uid.
    pub uid: Uid,
    /// The PAM service.
    pub service: String,
    /// The remote host.
    pub from: String,
    /// By what.
    pub method: String,
    /// The device, by id.
    pub device: String,
    /// The rule that decided.
    pub rule: String,
    /// When.
    pub at: UnixTime,
}

/// A login and who is to open a session with it.
struct Waiting {
    asked: Pid,
    parent: Option<Pid>,
    login: Accepted,
}

/// Logins and the sessions that they opened.
#[derive(Default)]
pub struct Sessions(Mutex<State>);

#[derive(Default)]
struct State {
    waiting: VecDeque<Waiting>,
    /// By the process that opened it; none: a session of a service without a login of ours.
    open: HashMap<Pid, Option<Accepted>>,
}

impl Sessions {
    /// A process asks what a login must do: what it was told of one before is over.
    pub fn begun(&self, host: &Process) {
        self.with(|state| state.waiting.retain(|one| one.asked != host.pid));
    }

    /// A login of this process was accepted.
    pub fn accepted(&self, host: &Process, login: Accepted) {
        let parent = host.parent().map(|parent| parent.pid);
        self.with(|state| {
            state.waiting.retain(|one| one.asked != host.pid);
            if state.waiting.len() >= WAITING {
                state.waiting.pop_front();
            }
            state.waiting.push_back(Waiting { asked: host.pid, parent, login });
        });
    }

    /// This process opens a session of a service. Each login opens one.
    pub fn opened(&self, host: &Process, service: &str) {
        self.with(|state| {
            let own = |one: &Waiting| one.asked == host.pid || one.parent == Some(host.pid);
            let mut newest_first = (0..state.waiting.len()).rev();
            let found = newest_first.find(|at| {
                state.waiting.get(*at).is_some_and(|one| own(one) && one.login.service == service)
            });
            let login = found.and_then(|at| state.waiting.remove(at)).map(|one| one.login);
            state.waiting.retain(|one| !own(one));
            if state.open.len() >= OPEN {
                state.open.retain(|pid, _| lives(*pid));
            }
            if state.open.len() < OPEN {
                state.open.insert(host.pid, login);
            }
        });
    }

    /// This process closes the session that it opened.
    pub fn closed(&self, host: &Process) {
        self.with(|state| drop(state.open.remove(&host.pid)));
    }

    /// The login that opened the session in which this process is, and the process that did.
    pub fn of(&self, process: &Process) -> Option<(Pid, Accepted)> {
        let ancestors = std::iter::successors(Some(*process), Process::parent).take(ANCESTORS);
        let ancestors: Vec<Pid> = ancestors.map(|process| process.pid).collect();
        self.with(|state| {
            let mut known = ancestors.iter().filter_map(|pid| Some((*pid, state.open.get(pid)?)));
            let (pid, login) = known.next()?;
            Some((pid, login.clone()?))
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn lives(pid: Pid) -> bool {
    Process::of(pid.number).is_some_and(|process| process.pid == pid)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(service: &str, user: &str) -> Accepted {
        Accepted {
            user: user.into(),
            uid: Uid(1000),
            service: service.into(),
            from: "192.0.2.7".into(),
            method: "totp".into(),
            device: "totp/7f3a9c01".into(),
            rule: "default".into(),
            at: UnixTime::from_secs(1_700_000_000),
        }
    }

    /// This process and its parent, which are as good as any.
    fn family() -> (Process, Process) {
        let own = Process::of(std::process::id()).unwrap();
        (own, own.parent().unwrap())
    }

    #[test]
    fn who_asked_or_its_parent_opens_the_session_of_that_service() {
        let (own, parent) = family();
        for opener in [own, parent] {
            let sessions = Sessions::default();
            sessions.accepted(&own, login("sshd", "alice"));
            assert_eq!(sessions.of(&own), None, "no session is open yet");
            sessions.opened(&opener, "sshd");
            assert_eq!(sessions.of(&own), Some((opener.pid, login("sshd", "alice"))));
            sessions.closed(&opener);
            assert_eq!(sessions.of(&own), None);
        }
        let sessions = Sessions::default();
        sessions.accepted(&parent, login("sshd", "alice"));
        sessions.opened(&own, "sshd");
        assert_eq!(sessions.of(&own), None, "a child of who asked opens no session with it");
    }

    #[test]
    fn a_login_opens_one_session_of_its_own_service() {
        let (own, _) = family();
        let sessions = Sessions::default();
        sessions.accepted(&own, login("sudo", "alice"));
        sessions.opened(&own, "cron");
        assert_eq!(sessions.of(&own), None);
        sessions.opened(&own, "sudo");
        assert_eq!(sessions.of(&own), None, "what another service left is over");
        sessions.accepted(&own, login("sudo", "alice"));
        sessions.opened(&own, "sudo");
        sessions.opened(&own, "sudo");
        assert_eq!(sessions.of(&own), None, "a second session needs a second login");
    }

    /// Else whoever comes after alice in the same process would pass for her.
    #[test]
    fn a_login_is_over_where_another_begins() {
        let (own, _) = family();
        let sessions = Sessions::default();
        sessions.accepted(&own, login("sudo", "alice"));
        sessions.begun(&own);
        sessions.opened(&own, "sudo");
        assert_eq!(sessions.of(&own), None);
        sessions.accepted(&own, login("sudo", "alice"));
        sessions.accepted(&own, login("sudo", "bob"));
        sessions.opened(&own, "sudo");
        assert_eq!(sessions.of(&own).map(|(_, login)| login.user), Some("bob".to_owned()));
    }

    #[test]
    fn the_nearest_session_counts_and_one_without_a_login_too() {
        let (own, parent) = family();
        let sessions = Sessions::default();
        sessions.accepted(&parent, login("sshd", "alice"));
        sessions.opened(&parent, "sshd");
        assert_eq!(sessions.of(&own), Some((parent.pid, login("sshd", "alice"))));
        sessions.accepted(&own, login("sudo", "alice"));
        sessions.opened(&own, "sudo");
        assert_eq!(sessions.of(&own).map(|(_, login)| login.service), Some("sudo".to_owned()));
        sessions.opened(&own, "su");
        assert_eq!(sessions.of(&own), None, "a session within is not the one around it");
        assert!(sessions.of(&parent).is_some());
    }

    #[test]
    fn a_process_of_the_same_number_is_another() {
        let (own, _) = family();
        let sessions = Sessions::default();
        let former = Process { pid: Pid { started: own.pid.started - 1, ..own.pid }, ..own };
        sessions.accepted(&former, login("sudo", "alice"));
        sessions.opened(&former, "sudo");
        assert_eq!(sessions.of(&own), None);
    }

    #[test]
    fn neither_grows_without_end() {
        let (own, _) = family();
        let sessions = Sessions::default();
        for started in 0..20_000 {
            let gone = Process { pid: Pid { number: u32::MAX, started }, ..own };
            sessions.accepted(&gone, login("sudo", "alice"));
            if started % 2 == 0 {
                sessions.opened(&gone, "sudo");
            }
        }
        let state = sessions.0.lock().unwrap();
        assert!(state.waiting.len() <= WAITING && state.open.len() <= OPEN);
    }
}
