//! Faults at the Nth system call, by `strace`: the daemon is killed there, or the call fails there.

use std::fmt;

use crate::{Context, Deadline, Invocation, Result, Service};

/// What happens at which system calls.
#[derive(Clone, Debug)]
pub struct Tracer {
    calls: String,
    fault: String,
}

impl Tracer {
    /// The process is killed as it enters the Nth of these calls that any of its threads makes; N
    /// counts from 1.
    pub fn kills(calls: &str, at: usize) -> Self {
        Self { calls: calls.to_owned(), fault: format!("signal=KILL:when={at}") }
    }

    /// The Nth of these calls that any of its threads makes fails with this error.
    pub fn fails(calls: &str, error: &str, at: usize) -> Self {
        Self { calls: calls.to_owned(), fault: format!("error={error}:when={at}") }
    }

    /// Each of these calls fails with this error.
    pub fn always_fails(calls: &str, error: &str) -> Self {
        Self { calls: calls.to_owned(), fault: format!("error={error}") }
    }

    /// A program that runs under it.
    pub fn over(&self, invocation: &Invocation) -> Invocation {
        invocation.behind(&[
            "strace",
            "-f",
            "-qqq",
            "-o",
            "/dev/null",
            "-e",
            &format!("trace={}", self.calls),
            "-e",
            &format!("inject={}:{}", self.calls, self.fault),
        ])
    }

    /// Seizes a running process; dropping or stopping what is returned lets go of it.
    pub fn seize(&self, pid: u32) -> Result<Service> {
        let trace = Invocation::of("strace")
            .args(["-f", "-qqq", "-o", "/dev/null", "-p", &pid.to_string()])
            .args(["-e", &format!("trace={}", self.calls)])
            .args(["-e", &format!("inject={}:{}", self.calls, self.fault)]);
        let mut service = Service::start(&trace)?;
        let status = format!("/proc/{pid}/task");
        Deadline::after(std::time::Duration::from_secs(10)).poll("strace's hold", || {
            service.must_run()?;
            let mut held = true;
            for task in std::fs::read_dir(&status).context(&status)? {
                let status = std::fs::read_to_string(task?.path().join("status"))?;
                held &= !status.contains("TracerPid:\t0\n");
            }
            Ok(held.then_some(()))
        })?;
        Ok(service)
    }
}

impl fmt::Display for Tracer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.calls, self.fault)
    }
}
