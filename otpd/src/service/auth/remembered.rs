//! Remembered logins: what a rule would have remembered of one, and whether this one is. Only a host
//! that runs as root is believed to say where somebody comes from, and the kernel says the rest.

use otp_core::{Origin, Recalled, Remembered, Remembering, Source};

use super::{
    super::{
        Call, Refused,
        ruling::{Decided, Ruling},
    },
    AuthService, Believed,
};
use crate::{
    audit::{Event, Severity},
    caller::ROOT,
    nss::Person,
    rules::Methods,
};

impl AuthService {
    /// What is remembered of this login; nothing where no rule says so, or where the place that it
    /// comes from is not told, or not one person's alone.
    pub(super) fn remembering(
        &self,
        call: &Call,
        believed: &Believed,
        decided: &Decided,
    ) -> Option<Remembering> {
        let length = decided.remember?;
        let source = if call.uid == ROOT { self.source(call, believed)? } else { return None };
        let (rule, service) = (decided.rule.clone(), believed.who.service.clone());
        Some(Remembering { rule, length, service, source })
    }

    fn source(&self, call: &Call, believed: &Believed) -> Option<Source> {
        let host = call.process?;
        match &believed.origin {
            Origin::Own | Origin::Named | Origin::Application => None,
            Origin::Local => host.terminal().map(Source::Terminal),
            Origin::Address(address) => {
                let config = self.services.engine.config();
                let shared = |address| config.shared_sources.contain(address);
                // Where it cannot be told whose it is, it is nobody's alone.
                match host.owns(*address) {
                    Some(false) => Source::of_address(*address, shared),
                    Some(true) | None => None,
                }
            }
        }
    }

    /// The login before, if this one is remembered and goes on without a code.
    pub(super) async fn recalled(
        &self,
        call: &Call,
        believed: &Believed,
        person: &Person,
        decided: &Decided,
    ) -> Result<Option<Remembered>, Refused> {
        let Some(wanted) = self.remembering(call, believed, decided) else { return Ok(None) };
        let kinds = match &decided.ruling {
            Ruling::Code(Methods::Any) | Ruling::Enrolled(Methods::Any) => None,
            Ruling::Code(Methods::Only(kinds)) | Ruling::Enrolled(Methods::Only(kinds)) => {
                Some(kinds.clone())
            }
            Ruling::Default | Ruling::Nothing | Ruling::Denied(_) => return Ok(None),
        };
        let origin = believed.origin.clone();
        let (engine, log) = (&self.services.engine, &self.services.log);
        let recalled =
            engine.recall(person.clone(), call.uid, wanted, (origin, kinds), call.before).await?;
        match recalled.into_result() {
            Ok(Recalled::Yes(login)) => {
                log.log(&Event::Remembered(&believed.who, &login));
                Ok(Some(login))
            }
            Ok(Recalled::Forgotten(count)) => {
                let text = format!(
                    "the clock was set back: {count} remembered logins of {} are forgotten",
                    person.name
                );
                log.log(&Event::Daemon(Severity::Warning, &text));
                Ok(None)
            }
            // Why it is asked for a code is told once that is refused.
            Err(_) => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests;
