//! What was promised about one user's devices while they are enrolled, confirmed and removed
//! without pause, to be compared with what the daemon lists after a fault.

use std::collections::BTreeMap;

use data_encoding::BASE32_NOPAD;
use otp_bus::{DeviceFilter, NewDevice, Warrant};

use crate::{Context, Device, Failure, Kind, Result, manage};

/// Devices that are kept; then the oldest goes.
const KEPT: usize = 5;

/// A user whose devices come and go.
#[derive(Debug)]
pub struct Registry {
    user: String,
    /// By label: what is known of each.
    devices: BTreeMap<String, Known>,
    /// The label that the last change was about, where its answer never came.
    doubt: Option<String>,
    made: usize,
    /// How many changes were acknowledged.
    pub acknowledged: usize,
}

#[derive(Clone, Debug)]
struct Known {
    device: Device,
    confirmed: bool,
}

impl Registry {
    /// For a user who has no device yet.
    pub fn new(user: &str) -> Self {
        let user = user.to_owned();
        Self { user, devices: BTreeMap::new(), doubt: None, made: 0, acknowledged: 0 }
    }

    /// Makes the next change; tells whether it was acknowledged.
    pub fn change(&mut self) -> Result<bool> {
        let waiting = self.devices.iter().find(|(_, known)| !known.confirmed);
        let waiting = waiting.map(|(label, known)| (label.clone(), known.device.clone()));
        let done = match (waiting, self.devices.first_key_value()) {
            (Some((label, device)), _) => self.confirm(label, &device)?,
            (None, Some((label, _))) if self.devices.len() >= KEPT => self.remove(label.clone()),
            (None, _) => self.enroll()?,
        };
        self.acknowledged += usize::from(done);
        Ok(done)
    }

    fn enroll(&mut self) -> Result<bool> {
        self.made += 1;
        let label = format!("d{:06}", self.made);
        let new = NewDevice {
            kind: "hotp".to_owned(),
            label: Some(label.clone()),
            ..NewDevice::default()
        };
        let Ok(made) =
            manage(async |proxy| proxy.enroll(&self.user, &Warrant::default(), &new).await)
        else {
            self.doubt = Some(label);
            return Ok(false);
        };
        let secret = BASE32_NOPAD.decode(made.secret.as_bytes()).context("a secret in base32")?;
        let mut device = Device::known(Kind::Hotp, secret);
        device.id = made.device;
        self.devices.insert(label, Known { device, confirmed: false });
        Ok(true)
    }

    fn confirm(&mut self, label: String, device: &Device) -> Result<bool> {
        let (code, id) = (device.code(0)?, &device.id);
        if manage(async |proxy| proxy.confirm(&self.user, id, &code).await).is_err() {
            self.doubt = Some(label);
            return Ok(false);
        }
        let known = self.devices.get_mut(&label).context("what was confirmed")?;
        known.confirmed = true;
        Ok(true)
    }

    fn remove(&mut self, label: String) -> bool {
        if manage(async |proxy| proxy.remove(&self.user, &Warrant::default(), &label).await)
            .is_err()
        {
            self.doubt = Some(label);
            return false;
        }
        self.devices.remove(&label);
        true
    }

    /// Compares with a daemon that answers again: every change that was acknowledged is there, and
    /// none that was not asked for. Whatever became of the one in doubt is taken over.
    pub fn settle(&mut self) -> Result {
        if let Some(label) = self.doubt.take() {
            self.clear_up(&label)?;
        }
        let known: BTreeMap<String, bool> =
            self.devices.iter().map(|(label, known)| (label.clone(), known.confirmed)).collect();
        let listed = self.listed()?;
        if listed == known {
            return Ok(());
        }
        Err(Failure::new(format!("{}: {listed:?} are listed, not {known:?}", self.user)))
    }

    fn clear_up(&mut self, label: &str) -> Result {
        match (self.listed()?.get(label).copied(), self.devices.get_mut(label)) {
            // It was to be made and was not.
            (None, None) => Ok(()),
            // It was to be removed and was: only confirmed ones are.
            (None, Some(Known { confirmed: true, .. })) => {
                self.devices.remove(label);
                Ok(())
            }
            // It was to be confirmed or removed: no step back, perhaps one forward.
            (Some(confirmed), Some(known)) if confirmed || !known.confirmed => {
                known.confirmed = confirmed;
                Ok(())
            }
            // It was made, but its secret was never told.
            (Some(false), None) => {
                manage(async |proxy| proxy.remove(&self.user, &Warrant::default(), label).await)
                    .map(drop)
            }
            (listed, known) => {
                let text = format!("{}: {label} is {listed:?}, after {known:?}", self.user);
                Err(Failure::new(text))
            }
        }
    }

    fn listed(&self) -> Result<BTreeMap<String, bool>> {
        let listed = manage(async |proxy| proxy.list(&self.user, DeviceFilter::All).await)?;
        Ok(listed.into_iter().map(|device| (device.label, device.confirmed)).collect())
    }
}
