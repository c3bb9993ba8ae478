//! A message by a command of the administrator. It gets the message on its standard input as one
//! line of JSON, and nothing else: no shell, no environment of ours, and neither code nor address in
//! its arguments, which everybody on the machine can read. Its exit status says whether the message
//! was sent; when its time is over it is killed with all that it started.

use std::{
    io::{Read, Write},
    os::unix::process::CommandExt,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use nix::{
    sys::{
        signal::{Signal, killpg},
        wait::{Id, WaitPidFlag, waitid},
    },
    unistd::Pid,
};
use otp_deliver::wire::Message;

use crate::said::blanked;

/// Where the command finds programs.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// The most that is read of what it complains about, in bytes.
const COMPLAINT: u64 = 4096;
/// How long to wait for the end of its complaints once it is dead: something that it started
/// elsewhere can keep them open.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Sends by this command, within this time.
pub(crate) fn send(argv: &[String], message: &Message, within: Duration) -> Result<(), String> {
    let mut child = start(argv)?;
    let complaints = complaints(&mut child);
    let pid = Pid::from_raw(i32::try_from(child.id()).map_err(|error| error.to_string())?);
    let ended = end(pid)?;
    // As much as this fits into a pipe. A command that does not read it says by its status what it
    // did.
    if let (Some(mut stdin), Ok(mut line)) = (child.stdin.take(), serde_json::to_vec(message)) {
        line.push(b'\n');
        let _ = stdin.write_all(&line);
    }
    let in_time = ended.recv_timeout(within).is_ok();
    // It is not waited for yet, so the group is still its own. What it left behind goes with it.
    let _ = killpg(pid, Signal::SIGKILL);
    let status = child.wait().map_err(|error| format!("the command: {error}"))?;
    let complaint = complaints.recv_timeout(LAST_WORDS).unwrap_or_default();
    let complaint = blanked(&String::from_utf8_lossy(&complaint), message);
    outcome(in_time.then_some(status), &complaint, within)
}

fn start(argv: &[String]) -> Result<Child, String> {
    let (program, arguments) = argv.split_first().ok_or("no command is configured")?;
    let mut command = Command::new(program);
    command.args(arguments).env_clear().env("PATH", PATH).env("LC_ALL", "C.UTF-8");
    command.current_dir("/").process_group(0);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    command.spawn().map_err(|error| format!("cannot run {program}: {error}"))
}

/// Told once it has ended; it is a zombie then, which keeps its number.
fn end(pid: Pid) -> Result<mpsc::Receiver<()>, String> {
    let (tell, ended) = mpsc::channel();
    let wait = move || {
        if waitid(Id::Pid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT).is_ok() {
            let _ = tell.send(());
        }
    };
    let spawned = thread::Builder::new().spawn(wait);
    spawned.map(|_| ended).map_err(|error| {
        let _ = killpg(pid, Signal::SIGKILL);
        error.to_string()
    })
}

/// What it complains about, as far as it is read. The rest is read too, and dropped, so that it
/// does not hang on us.
fn complaints(child: &mut Child) -> mpsc::Receiver<Vec<u8>> {
    let (tell, complaints) = mpsc::channel();
    if let Some(stderr) = child.stderr.take() {
        let _ = thread::Builder::new().spawn(move || {
            let (mut kept, mut first) = (Vec::new(), stderr.take(COMPLAINT));
            let _ = first.read_to_end(&mut kept);
            let mut rest = first.into_inner();
            let _ = std::io::copy(&mut rest, &mut std::io::sink());
            let _ = tell.send(kept);
        });
    }
    complaints
}

fn outcome(status: Option<ExitStatus>, complaint: &str, within: Duration) -> Result<(), String> {
    let behind = if complaint.is_empty() { String::new() } else { format!(": {complaint}") };
    match status {
        None => Err(format!(
            "the command took longer than {} s and was killed{behind}",
            within.as_secs()
        )),
        Some(status) if status.success() => Ok(()),
        Some(status) => Err(format!("the command failed ({status}){behind}")),
    }
}

#[cfg(test)]
mod tests;
