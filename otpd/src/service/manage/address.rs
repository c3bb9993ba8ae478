//! Enrolling an address: the device is made, and its confirming code is sent at once.

use otp_bus::{Caution, Error, NewDevice};
use otp_deliver::wire::Purpose;

use super::{
    super::{Call, answer, messages::wanted_address},
    ManageService,
};
use crate::{
    engine::{Asked, Elsewhere, Right},
    nss::Person,
};

impl ManageService {
    /// Adds an address and has its confirming code sent. Where that fails, the device is there all
    /// the same, and another code can be asked for.
    pub(super) async fn enroll_address(
        &self,
        call: &Call,
        user: &str,
        person: Person,
        (asked, device): (Asked, &NewDevice),
    ) -> Result<(String, String, String, Vec<Caution>), Error> {
        let engine = &self.services.engine;
        let wanted = wanted_address(device, &engine.config())?;
        let invited = matches!(asked.right, Right::Invitation(_));
        let made = engine.enroll_address(person.clone(), asked, wanted, call.before).await;
        let made = made.map_err(|error| self.unavailable(user, error.into()))?;
        let made = made.map_err(|refusal| answer::error(refusal, user))?;
        let (made, elsewhere) = made.map_err(|wrong| {
            if invited { self.uninvited(wrong, user) } else { self.unproven(wrong, user) }
        })?;
        let id = made.id.to_string();
        let by = if invited { " by invitation" } else { "" };
        self.managed(call, &format!("enrolled {id}{by}"), user);
        let sent = self.services.send_to(call, person, (id.clone(), Purpose::Confirm)).await;
        let unsent = sent.map(drop).map_err(|refused| self.unavailable(user, refused));
        let elsewhere = (elsewhere == Elsewhere::Yes).then_some(Caution::AddressElsewhere);
        let warnings = elsewhere.into_iter().chain(unsent.err().map(|_| Caution::NotSent));
        Ok((id, String::new(), String::new(), warnings.collect()))
    }
}
