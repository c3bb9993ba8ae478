//! `org.otpd1.Sessions`: hosts that run as root say that they open and close sessions, and any
//! process asks how its own logged in. There is no argument for whose: that is the kernel's to say.

use otp_bus::{Error, SessionLogin, names};
use zbus::{Connection, interface, message::Header};

use super::{Call, Services};
use crate::{
    audit::Event,
    caller::{self, ROOT, Way},
    policy::{Action, Answer, Relation, may},
    process::Process,
};

/// The object, on one way in.
pub(super) struct SessionsService {
    services: Services,
    way: Way,
}

#[interface(name = "org.otpd1.Sessions")]
impl SessionsService {
    /// Says that the caller opens a session of this PAM service.
    async fn open(
        &self,
        service: &str,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        let call = self.services.enter(self.way, connection, &header).await?;
        self.permit(&call)?;
        let host = self.process(&call, connection, &header).await?;
        if service.len() > names::MAX_FIELD_BYTES {
            let text = "service is longer than 1024 bytes; check the host program".to_owned();
            return Err(Error::InvalidArgument(text));
        }
        self.services.sessions.opened(&host, service);
        Ok(())
    }

    /// Says that the caller closes the session that it opened.
    async fn close(
        &self,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        let call = self.services.enter(self.way, connection, &header).await?;
        self.permit(&call)?;
        let host = self.process(&call, connection, &header).await?;
        self.services.sessions.closed(&host);
        Ok(())
    }

    /// Tells how the caller's session logged in: one login, or none where that is not known or not
    /// the caller's to know.
    async fn current(
        &self,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Vec<SessionLogin>, Error> {
        let call = self.services.enter(self.way, connection, &header).await?;
        let process = self.process(&call, connection, &header).await?;
        let Some((opened, login)) = self.services.sessions.of(&process) else {
            return Ok(Vec::new());
        };
        let relation = match call.uid {
            ROOT => Relation::Root,
            uid if uid == login.uid => Relation::Owner,
            _ => Relation::Stranger,
        };
        match may(Action::Session, relation) {
            Answer::Allowed => Ok(vec![SessionLogin {
                user: login.user,
                uid: login.uid.0,
                service: login.service,
                from: login.from,
                method: login.method,
                device: login.device,
                rule: login.rule,
                at: login.at.as_secs(),
                process: opened.number,
            }]),
            Answer::Denied | Answer::WithWarrant | Answer::Polkit(_) | Answer::Listed => {
                Ok(Vec::new())
            }
        }
    }
}

impl SessionsService {
    /// The object for one way in.
    pub(super) fn new(services: Services, way: Way) -> Self {
        Self { services, way }
    }

    /// The process that is calling. A number that belongs to somebody else by now is not the
    /// caller's.
    async fn process(
        &self,
        call: &Call,
        connection: &Connection,
        header: &Header<'_>,
    ) -> Result<Process, Error> {
        let process = caller::process(self.way, connection, header).await;
        let process = process.filter(|process| process.runs_as(call.uid));
        process.ok_or_else(|| {
            let text = "it cannot be told which process is calling; see hidepid in otpd(8)";
            Error::Unavailable(text.to_owned())
        })
    }

    fn permit(&self, call: &Call) -> Result<(), Error> {
        let relation = if call.uid == ROOT { Relation::Root } else { Relation::Stranger };
        match may(Action::OpenSession, relation) {
            Answer::Allowed => Ok(()),
            Answer::Denied | Answer::WithWarrant | Answer::Polkit(_) | Answer::Listed => {
                let (uid, action) = (call.uid, Action::OpenSession.verb());
                let event = Event::NotAllowed { uid, action, user: super::permit::ALL, why: None };
                self.services.log.log_of(Some(uid), &event);
                let text =
                    format!("uid {uid} may not {action}; that is for those who let people in");
                Err(Error::NotAllowed(text))
            }
        }
    }
}
