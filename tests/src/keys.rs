//! The keys that seal what the daemon keeps, as root changes them through the daemon's own socket.

use otp_bus::{Error, KeyInfo, KeyRole, KeysProxy, names::SOCKET_PATH};
use tokio::runtime::Builder;
use zbus::connection;

use crate::{Context, Failure, Result};

/// Calls `org.otpd1.Keys` as root.
pub fn keys<T>(
    call: impl AsyncFnOnce(&KeysProxy<'_>) -> std::result::Result<T, Error>,
) -> Result<T> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let address = format!("unix:path={SOCKET_PATH}");
        let socket = connection::Builder::address(address.as_str()).p2p().build().await;
        let socket = socket.context(format!("connecting to {SOCKET_PATH}"))?;
        let proxy = KeysProxy::new(&socket).await.context("making a proxy")?;
        call(&proxy).await.map_err(|error| Failure::new(format!("org.otpd1.Keys: {error}")))
    })
}

/// What is promised of keys that are changed until something is not answered.
#[derive(Debug, Default)]
pub struct Rotation {
    added: Option<String>,
    retired: Vec<String>,
}

impl Rotation {
    /// Adds a key, puts it to use and retires the others; tells whether all was answered.
    pub fn change(&mut self) -> Result<bool> {
        let Ok(tag) = keys(async |keys| keys.add().await) else { return Ok(false) };
        self.added = Some(tag);
        loop {
            match keys(async |keys| keys.reseal(2).await) {
                Ok(step) if step.damaged > 0 => return Err(Failure::new(format!("{step:?}"))),
                Ok(step) if step.done == 0 => break,
                Ok(_) => {}
                Err(_) => return Ok(false),
            }
        }
        let Ok(listed) = keys(async |keys| keys.list().await) else { return Ok(false) };
        for KeyInfo { tag, .. } in listed.into_iter().filter(|key| key.role == KeyRole::Opens) {
            if keys(async |keys| keys.retire(&tag).await).is_err() {
                return Ok(false);
            }
            self.retired.push(tag);
        }
        Ok(true)
    }

    /// Compares with a daemon that answers again: what was added is there, what was retired is not,
    /// and nothing needs a key that is not there. Then brings it to an end, so that one key is left.
    pub fn settle(&mut self) -> Result {
        let listed = keys(async |keys| keys.list().await)?;
        let told = || Failure::new(format!("{self:?}, but {listed:?}"));
        let has = |tag: &String| listed.iter().any(|key| key.tag == *tag);
        if self.added.as_ref().is_some_and(|tag| !has(tag)) || self.retired.iter().any(has) {
            return Err(told());
        }
        let held = |key: &KeyInfo| matches!(key.role, KeyRole::Seals | KeyRole::Opens);
        if !listed.iter().all(held) {
            return Err(told());
        }
        *self = Self::default();
        if !self.change()? {
            return Err(Failure::new(format!("keys cannot be changed: {listed:?}")));
        }
        let left = keys(async |keys| keys.list().await)?;
        *self = Self::default();
        match left.as_slice() {
            [KeyInfo { role: KeyRole::Seals, .. }] => Ok(()),
            _ => Err(Failure::new(format!("more than one key is left: {left:?}"))),
        }
    }
}
