//! `session`: how the session logged in in which this runs, by the daemon's word. The environment says
//! so too, and can be altered by whoever has the session.

use otp_bus::SessionLogin;
use serde::Serialize;

use crate::connect::Connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::record::wall_time;
use crate::session::Session;
use crate::text;

/// The answer in JSON.
#[derive(Serialize)]
struct Record<'a> {
    user: &'a str,
    uid: u32,
    service: &'a str,
    from: &'a str,
    method: &'a str,
    device: &'a str,
    rule: &'a str,
    at: u64,
    process: u32,
}

/// Shows the login, or ends in a status of its own where there is none.
pub(crate) fn run<C: Connect>(session: &mut Session<'_, '_, C>) -> Result<Exit, Failure> {
    let logins = session.sessions(async |sessions| sessions.current().await)?;
    let Some(login) = logins.first() else {
        return Err(Failure::new(
            Exit::NotFound,
            "no-login",
            "otpd knows of no login that opened this session",
            "none is known without a session line of pam_otp in the service's PAM stack, nor one from \
             before otpd was started; see pam_otp(8)",
        ));
    };
    let SessionLogin { user, service, from, method, device, rule, .. } = login;
    let record = Record {
        user,
        uid: login.uid,
        service,
        from,
        method,
        device,
        rule,
        at: login.at,
        process: login.process,
    };
    let zone = session.host.zone.clone();
    session.answer(&record, || {
        let place = if from.is_empty() { String::new() } else { format!(" from {from}") };
        let told = format!(
            "{user} logged in by {service}{place} at {}: {method}, device {device}, rule {rule:?}, \
             process {}",
            wall_time(login.at, &zone),
            login.process
        );
        text::safe(&told)
    })?;
    Ok(Exit::Done)
}
