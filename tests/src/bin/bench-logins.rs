//! `make bench`: what a whole login costs, by PAM and nothing else: the same counter token in
//! `pam_otp`, `pam_oath` and `pam_google_authenticator`, and a stack that asks for nothing, in turns, so
//! that whatever else the machine does meets all of them. Compare within one run only.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    time::Duration,
};

use data_encoding::{BASE32_NOPAD, HEXLOWER};
use testbed::{
    Activation, Bus, Context, Daemon, Deadline, Device, Failure, Kind, Result, World, enter,
    pamtester,
};

/// Logins by each module.
const LOGINS: u64 = 300;

/// The secret of the token, which every module gets.
const SECRET: &[u8; 20] = b"hotp-of-alice-------";

/// Where the peers keep alice's token.
const OATH_FILE: &str = "/etc/users.oath";
const GOOGLE_FILE: &str = "/etc/google-of-alice";

/// What is measured: a name for people, the service, and whether it asks for a code.
const STACKS: [(&str, &str, bool); 4] = [
    ("nothing asked", "bench-none", false),
    ("pam_otp", "bench-otp", true),
    ("pam_oath", "bench-oath", true),
    ("pam_google_authenticator", "bench-google", true),
];

fn main() -> Result {
    enter()?;
    let world = World::new()?.quiet();
    let _bus = Bus::start(&world, Activation::Off)?;
    let _daemon = Daemon::start(&world)?;
    let token = Device::enroll(&world.alice, Kind::Hotp, 0)?;
    peers(&world)?;
    let clock = Deadline::after(Duration::from_secs(3600));
    let mut took: [Vec<Duration>; 4] = Default::default();
    for counter in 1..=LOGINS {
        let code = token.code(counter)?;
        for ((name, service, asks), times) in STACKS.iter().zip(&mut took) {
            let before = clock.left();
            let mut login = pamtester(service, "alice").on_pipes()?;
            if *asks {
                login.answer(&code)?;
            }
            let ended = login.end()?;
            times.push(before.saturating_sub(clock.left()));
            if !ended.status.success() {
                return Err(Failure::new(format!("{name}, login {counter}: {}", ended.output)));
            }
        }
    }
    report(took)
}

/// Gives the token to the peers, in their own formats.
fn peers(world: &World) -> Result {
    let hex = HEXLOWER.encode(SECRET);
    fs::write(OATH_FILE, format!("HOTP alice - {hex}\n")).context(OATH_FILE)?;
    let base32 = BASE32_NOPAD.encode(SECRET);
    fs::write(GOOGLE_FILE, format!("{base32}\n\" HOTP_COUNTER 1\n")).context(GOOGLE_FILE)?;
    for file in [OATH_FILE, GOOGLE_FILE] {
        fs::set_permissions(file, fs::Permissions::from_mode(0o600)).context(file)?;
    }
    world.stack("bench-none", &["required pam_permit.so"])?;
    world.stack("bench-otp", &["requisite pam_otp.so"])?;
    let oath = format!("requisite pam_oath.so usersfile={OATH_FILE} window=5 digits=6");
    world.stack("bench-oath", &[&oath])?;
    let google = format!("requisite pam_google_authenticator.so secret={GOOGLE_FILE} user=root");
    world.stack("bench-google", &[&google])
}

fn report(took: [Vec<Duration>; 4]) -> Result {
    let mut out = io::stdout();
    writeln!(out, "{LOGINS} logins each by pamtester, its own start included; milliseconds")?;
    writeln!(out, "{:<26}{:>8}{:>8}{:>8}{:>22}", "", "p50", "p95", "p99", "p50 without the start")?;
    let mut start = None;
    for ((name, ..), mut times) in STACKS.iter().zip(took) {
        times.sort();
        let at = |share: usize| -> f64 {
            let place = (times.len() * share / 100).min(times.len().saturating_sub(1));
            times.get(place).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
        };
        let alone = at(50) - *start.get_or_insert(at(50));
        writeln!(out, "{name:<26}{:>8.2}{:>8.2}{:>8.2}{alone:>22.2}", at(50), at(95), at(99))?;
    }
    Ok(())
}
