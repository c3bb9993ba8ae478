//! What keeps keys and secrets within this process's memory: no core dump, no debugger of the same
//! user, and no page of it on a swap disk where that is allowed without risk. Memory is wiped when
//! it is given back: `main` sees to that, for every program's copies alike.

use std::fs;

use nix::{
    errno::Errno,
    sys::{
        mman::{MlockAllFlags, mlockall},
        prctl,
        resource::{RLIM_INFINITY, Resource, getrlimit, rlim_t, setrlimit},
    },
};

/// Linux's `CAP_IPC_LOCK`, which no limit binds.
const CAP_IPC_LOCK: u32 = 14;

/// Whether pages may be written to a swap disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Swap {
    /// They may not.
    Never,
    /// They may, for this reason.
    Possible(String),
}

/// No core dumps, no debugger of the same user, and no more rights than there are.
///
/// # Errors
/// Which call was refused.
pub fn close() -> Result<(), (&'static str, Errno)> {
    let call = |what| move |errno| (what, errno);
    prctl::set_no_new_privs().map_err(call("no_new_privs"))?;
    prctl::set_dumpable(false).map_err(call("dumpable"))?;
    setrlimit(Resource::RLIMIT_CORE, 0, 0).map_err(call("RLIMIT_CORE"))
}

/// Lets the process lock all its memory, while it is root. Where it may not, [`lock`] says so.
pub fn raise_limit() {
    let _ = setrlimit(Resource::RLIMIT_MEMLOCK, RLIM_INFINITY, RLIM_INFINITY);
}

/// Locks what is in memory now and what will be, each page once it is used. Under a limit that does
/// not happen: locked memory counts against it, and what is then refused is not the locking but the
/// memory itself, at any later moment.
pub fn lock() -> Swap {
    let limit = match getrlimit(Resource::RLIMIT_MEMLOCK) {
        Ok((limit, _)) => limit,
        Err(errno) => return Swap::Possible(format!("RLIMIT_MEMLOCK: {errno}")),
    };
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    if !is_unbounded(limit, &status) {
        return Swap::Possible(format!("RLIMIT_MEMLOCK is {} KiB, not infinity", limit / 1024));
    }
    let on_fault = MlockAllFlags::from_bits_retain(libc::MCL_ONFAULT);
    match mlockall(MlockAllFlags::MCL_CURRENT | MlockAllFlags::MCL_FUTURE | on_fault) {
        Ok(()) => Swap::Never,
        Err(errno) => Swap::Possible(format!("mlockall: {errno}")),
    }
}

/// Whether nothing bounds what the process of this `/proc/self/status` locks.
fn is_unbounded(limit: rlim_t, status: &str) -> bool {
    let capabilities = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let capabilities = capabilities.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok());
    limit == RLIM_INFINITY || capabilities.is_some_and(|set| set >> CAP_IPC_LOCK & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn under_a_limit_nothing_is_locked() {
        let with = |set: &str| format!("Name:\totpd\nCapEff:\t{set}\nSeccomp:\t2\n");
        assert!(is_unbounded(RLIM_INFINITY, &with("0000000000000000")));
        assert!(is_unbounded(8 << 20, &with("0000000000004000")));
        for status in [with("0000000000000000"), with("ffffffffffffbfff"), String::new()] {
            assert!(!is_unbounded(8 << 20, &status), "{status}");
            assert!(!is_unbounded(1 << 40, &status), "{status}");
        }
    }
}
