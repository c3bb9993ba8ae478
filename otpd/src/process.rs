//! Processes as the kernel tells of them in `/proc`: who their parent is, in which session they are,
//! on which terminal, and when they were started. Numbers of processes come again; a number together
//! with its start does not, within one boot. What cannot be read is nothing, and never guessed.

use std::{fs, net::IpAddr};

use otp_core::{Terminal, Uid};

/// A process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pid {
    /// Its number.
    pub number: u32,
    /// When it was started, in the kernel's ticks since the boot.
    pub started: u64,
}

/// What is known of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process {
    /// Which.
    pub pid: Pid,
    /// The number of its parent.
    pub(crate) parent: u32,
    /// The number of its session, which is its leader's.
    pub(crate) session: u32,
    /// Its controlling terminal's device number; 0 for none.
    pub(crate) tty: u64,
}

impl Process {
    /// The process of a number, as long as it lives.
    pub fn of(number: u32) -> Option<Self> {
        let stat = fs::read(format!("/proc/{number}/stat")).ok()?;
        parsed(number, &String::from_utf8_lossy(&stat))
    }

    /// Its parent; none where that has ended or cannot be told.
    pub fn parent(&self) -> Option<Self> {
        let parent = Self::of(self.parent)?;
        // A parent that was started later has the number of one that has ended.
        (parent.pid.started <= self.pid.started).then_some(parent)
    }

    /// Whether it still is what it was, and a process of this uid, real, effective or saved.
    pub fn runs_as(&self, uid: Uid) -> bool {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid.number));
        let status = status.unwrap_or_default();
        let uids = status.lines().find_map(|line| line.strip_prefix("Uid:"));
        let mut uids = uids.unwrap_or_default().split_ascii_whitespace();
        let own = uids.any(|text| text.parse() == Ok(uid.0));
        own && Self::of(self.pid.number).is_some_and(|process| process.pid == self.pid)
    }

    /// The session that it is in, if that is on a terminal and its leader lives.
    pub fn terminal(&self) -> Option<Terminal> {
        if self.tty == 0 {
            return None;
        }
        let leader = Self::of(self.session)?;
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        let Self { tty, session, .. } = *self;
        let leads = leader.session == session && leader.tty == tty;
        let started = leader.pid.started;
        leads.then(|| Terminal { tty, session, started, boot: boot.trim().to_owned() })
    }

    /// Whether an address is the machine's own, as this process sees its network; none where that
    /// cannot be told.
    pub fn owns(&self, address: IpAddr) -> Option<bool> {
        let table = |name: &str| fs::read_to_string(self.net(name)).ok();
        match address.to_canonical() {
            IpAddr::V4(address) => {
                let locals = locals(&table("fib_trie")?);
                let mut bits = locals.iter().map(|(local, prefix)| {
                    let mask = u32::MAX.checked_shl(32 - prefix).unwrap_or(0);
                    (local.to_bits() ^ address.to_bits()) & mask
                });
                (!locals.is_empty()).then(|| bits.any(|difference| difference == 0))
            }
            IpAddr::V6(address) => {
                let hex = format!("{:032x}", address.to_bits());
                Some(table("if_inet6")?.lines().any(|line| line.starts_with(&hex)))
            }
        }
    }

    fn net(&self, name: &str) -> String {
        format!("/proc/{}/net/{name}", self.pid.number)
    }
}

/// Reads `/proc/PID/stat` (`proc_pid_stat(5)`). The command's name can hold anything, parentheses too.
fn parsed(number: u32, stat: &str) -> Option<Process> {
    let (_, rest) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let field = |at: usize| fields.get(at).copied();
    // The kernel prints the terminal's number with a sign.
    let tty: i64 = field(4)?.parse().ok()?;
    Some(Process {
        pid: Pid { number, started: field(19)?.parse().ok()? },
        parent: field(1)?.parse().ok()?,
        session: field(3)?.parse().ok()?,
        tty: u64::try_from(tty).unwrap_or(0),
    })
}

/// The networks that `/proc/PID/net/fib_trie` calls local.
fn locals(trie: &str) -> Vec<(std::net::Ipv4Addr, u32)> {
    let mut last = None;
    let mut locals = Vec::new();
    for line in trie.lines() {
        if let Some((_, address)) = line.split_once("|-- ") {
            last = address.trim().parse().ok();
        } else if let Some((_, kind)) = line.split_once('/')
            && let Some((prefix, "host LOCAL")) = kind.trim().split_once(' ')
            && let (Some(address), Ok(prefix @ 0..=32)) = (last, prefix.parse())
        {
            locals.push((address, prefix));
        }
    }
    locals
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_hold_anything() {
        let tail = "S 41 43 44 34816 43 4194304 1 2 3 4 5 6 7 8 20 0 1 0 9876 10 11";
        for name in ["(sh)", "(a b)", "()) S 1 1 1)", "(\u{fffd}\n)"] {
            let process = parsed(42, &format!("42 {name} {tail}")).unwrap();
            assert_eq!(process.pid, Pid { number: 42, started: 9876 });
            assert_eq!((process.parent, process.session, process.tty), (41, 44, 34816));
        }
        for stat in ["", "42 (sh", "42 (sh) S 41", "42 (sh) S x 43 44 0"] {
            assert_eq!(parsed(42, stat), None, "{stat}");
        }
    }

    #[test]
    fn who_we_are_and_where_we_come_from() {
        let own = Process::of(std::process::id()).unwrap();
        assert_eq!(
            own.parent().map(|parent| parent.pid.number),
            Some(std::os::unix::process::parent_id())
        );
        assert_eq!(Process::of(0), None);
        assert_eq!(Process::of(u32::MAX), None);
    }

    #[test]
    fn whose_it_is() {
        let own = Process::of(std::process::id()).unwrap();
        let uid = nix::unistd::getuid().as_raw();
        assert!(own.runs_as(Uid(uid)) && !own.runs_as(Uid(uid + 1)));
        let former = Process { pid: Pid { started: own.pid.started + 1, ..own.pid }, ..own };
        assert!(!former.runs_as(Uid(uid)));
    }

    #[test]
    fn a_process_without_a_terminal_is_in_no_session_on_one() {
        let own = Process::of(std::process::id()).unwrap();
        assert_eq!(Process { tty: 0, ..own }.terminal(), None);
        // Its leader is on none, or on another.
        assert_eq!(Process { tty: u64::MAX, ..own }.terminal(), None);
    }

    #[test]
    fn addresses_of_this_machine() {
        let own = Process::of(std::process::id()).unwrap();
        for (address, is_own) in [
            ("127.0.0.1", true),
            ("127.9.9.9", true),
            ("192.0.2.77", false),
            ("::ffff:127.0.0.1", true),
        ] {
            assert_eq!(own.owns(address.parse().unwrap()), Some(is_own), "{address}");
        }
        let gone = Process { pid: Pid { number: u32::MAX, started: 0 }, ..own };
        assert_eq!(gone.owns("192.0.2.77".parse().unwrap()), None);
    }

    #[test]
    fn a_table_of_routes() {
        let trie = "Main:\n  +-- 0.0.0.0/0 2 0 2\n     |-- 192.0.2.0\n        /24 link UNICAST\n     \
                    |-- 192.0.2.1\n        /32 host LOCAL\nLocal:\n     |-- 198.51.100.0\n        \
                    /25 host LOCAL\n     |-- 192.0.2.255\n        /32 link BROADCAST\n";
        let expected = [("192.0.2.1", 32), ("198.51.100.0", 25)];
        let expected = expected.map(|(address, prefix)| (address.parse().unwrap(), prefix));
        assert_eq!(locals(trie), expected);
    }
}
